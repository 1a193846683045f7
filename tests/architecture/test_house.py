"""Rules of the house, checked on the files themselves."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import musk_id
from musk_id.vocabulary import Reason

PROJECT = Path(__file__).resolve().parents[2]
MODULES = sorted((PROJECT / "musk_id").rglob("*.py"))
MAX_MODULE_LINES = 420
MAX_FUNCTION_LINES = 70


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_modules_and_functions_are_small_and_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_MODULE_LINES
    assert path.stem not in {"utils", "helpers", "misc"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name


def test_help_is_light_and_quick() -> None:
    code = (
        "import sys; from musk_id.cli.parser import build_parser; build_parser().format_help(); "
        "print([m for m in ('numpy', 'scipy', 'yaml', 'jinja2', 'typst', 'Bio', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "musk_id", "--help"], capture_output=True, cwd=PROJECT, check=True)
    print(f"musk-id --help: {time.perf_counter() - start:.2f} s")


def test_versions_agree() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == musk_id.__version__
    assert f"## {musk_id.__version__} " in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_reason_code_is_documented_once() -> None:
    text = (PROJECT / "docs" / "reason-codes.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.MULTILINE)
    assert sorted(documented) == sorted(reason.value for reason in Reason)


def test_workflow_quotes_every_placeholder() -> None:
    for path in (*(PROJECT / "workflow").rglob("*.smk"), PROJECT / "Snakefile"):
        text = path.read_text(encoding="utf-8")
        for shell in re.findall(r"shell:\n((?:\s+\"[^\n]*\"\n?)+)", text):
            assert re.findall(r"\{[a-z._]+\}", shell) == [], path.name


def test_files_name_no_machine_path_and_no_package_index() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("no git checkout: the list of tracked files is not known")
    found = []
    for name in tracked.stdout.split():
        path = PROJECT / name
        if path.suffix in {".png", ".gz"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"(?<![A-Za-z.])/(work|root|home)/[a-z]", text) or "index-url" in text:
            found.append(name)
    assert found == []


def test_config_readme_explains_every_key() -> None:
    readme = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
    keys = re.findall(
        r"^([a-z_]+):", (PROJECT / "config" / "config.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(keys) == 4
    assert all(f"`{key}`" in readme for key in keys)
