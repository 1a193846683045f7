"""Every reader against damaged files for a short time; kept findings; bytes of any kind."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from fuzz import FOUND, try_reader
from fuzz_targets import targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musk_id.errors import MuskIdError

PROJECT = Path(__file__).resolve().parents[2]
READERS = sorted(targets())
NO_READERS_OF_FILES = {
    "__init__.py",
    "chunked.py",
    "read_ahead.py",  # other readers in threads
    "read_names.py",  # names of reads that a reader has read
    "entrez.py",  # answers of a service, tested with it
    "limited.py",
    "quiet_pysam.py",
    "peaks.py",
    "scans.py",
    "jcamp_ordinates.py",
    "sequence_files.py",  # chooses a reader by the name
    "spectra_files.py",
}


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused(name: str) -> None:
    figures = try_reader(name, inputs=400, seconds=1.5, seed=2)
    assert figures["failed"] == 0
    assert figures["refused"] > 0


@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_read_or_refused(name: str, tmp_path: Path) -> None:
    file_name, reader, _ = targets()[name]
    path = tmp_path / file_name

    @given(data=st.binary(max_size=400))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def read(data: bytes) -> None:
        path.write_bytes(data)
        try:
            reader(path)
        except MuskIdError as error:
            assert str(error)

    read()


@pytest.mark.parametrize("path", sorted(FOUND.glob("*-*")), ids=lambda p: p.name)
def test_kept_findings_stay_mended(path: Path, tmp_path: Path) -> None:
    file_name, reader, _ = targets()[path.name.rsplit("-", 1)[0]]
    (tmp_path / file_name).write_bytes(path.read_bytes())
    with pytest.raises(MuskIdError):
        reader(tmp_path / file_name)


def test_every_format_has_its_target() -> None:
    source = (PROJECT / "benchmarks" / "fuzz_targets.py").read_text(encoding="utf-8")
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "musk_id.formats"
        for alias in node.names
    }
    modules = {p.name for p in (PROJECT / "musk_id" / "formats").glob("*.py")} - NO_READERS_OF_FILES
    assert {f"{name}.py" for name in imported} == modules
