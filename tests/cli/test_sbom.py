"""The bill of materials: every installed package, equal bytes, changed files told."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import re
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.cli.sbom import bill_of_materials, changed_files

PROJECT = Path(__file__).resolve().parents[2]


def test_the_bill_names_what_the_constraints_pin(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert main(["runs", "sbom", "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    bill = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    versions = {component["name"]: component["version"] for component in bill["components"]}
    constraints = (PROJECT / "constraints.txt").read_text("ascii")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", constraints, re.MULTILINE))
    for name in ("numpy", "snakemake", "typst", "cryptography"):
        assert versions[name] == importlib.metadata.version(name)
        assert name in pinned
    references = [component["bom-ref"] for component in bill["components"]]
    assert len(references) == len(set(references))
    assert {ref for entry in bill["dependencies"] for ref in entry["dependsOn"]} <= set(references)
    scipy = next(entry for entry in bill["dependencies"] if entry["ref"].startswith("pkg:pypi/scipy@"))
    assert f"pkg:pypi/numpy@{versions['numpy']}" in scipy["dependsOn"]


def _package(folder: Path, content: bytes, recorded: bytes) -> importlib.metadata.Distribution:
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    (folder / "thing.py").write_bytes(content)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nLicense: MIT\n", "utf-8")
    digest = base64.urlsafe_b64encode(hashlib.sha256(recorded).digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"thing.py,sha256={digest},1\nthing-1.0.dist-info/RECORD,,\n", "utf-8")
    return importlib.metadata.Distribution.at(info)


@pytest.mark.parametrize(("recorded", "told"), [(b"x", []), (b"y", ["thing.py: changed"])])
def test_a_changed_file_is_told(tmp_path: Path, recorded: bytes, told: list[str]) -> None:
    package = _package(tmp_path, b"x", recorded)
    assert changed_files(package) == told
    (component,) = bill_of_materials({"thing": package})["components"]
    assert component["licenses"] == [{"license": {"name": "MIT"}}]
    (tmp_path / "thing.py").unlink()
    assert changed_files(package) == ["thing.py: missing or unreadable"]


def test_a_changed_environment_ends_with_the_code_of_integrity(tmp_path: Path, monkeypatch, capsys) -> None:
    package = _package(tmp_path, b"x", b"y")
    monkeypatch.setattr("musk_id.cli.sbom._installed", lambda: {"thing": package})
    assert main(["runs", "sbom", "--check"]) == 4
    assert "thing: thing.py: changed" in capsys.readouterr().err
