"""What `refdb list` and `refdb verify` are given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from library_sources import RELEASE, RELEASES, SOURCES

from musk_id.errors import ReferenceDataError
from musk_id.refdb.build import release_files
from musk_id.refdb.manifest import manifest_bytes
from musk_id.refdb.report import list_releases, verify_release
from musk_id.vocabulary import Locus


def test_verified_release_is_counted() -> None:
    summary = verify_release(RELEASE)
    assert (summary.release_id, summary.taxa, summary.spectra) == ("2026.1", 39, 7)
    assert dict(summary.barcodes_by_locus) == {
        Locus.COI: 34, Locus.CYTB: 36, Locus.RRNA_12S: 45, Locus.RRNA_16S: 45,
    }  # fmt: skip


def test_contradiction_under_a_fitting_manifest_is_found(tmp_path: Path) -> None:
    _, files = release_files(SOURCES)
    changed = {name: data for name, data in files.items() if name != "manifest.json"}
    changed["sets.tsv"] = changed["sets.tsv"].replace(b"NC_013753.1", b"NC_013753.9")
    changed["manifest.json"] = manifest_bytes("2026.1", "2026-11-22", changed)
    folder = tmp_path / "2026.1"
    folder.mkdir()
    for name, data in changed.items():
        (folder / name).write_bytes(data)
    with pytest.raises(ReferenceDataError, match=r"NC_013753\.9 is not in barcodes"):
        verify_release(folder)


def test_releases_are_listed_by_number_with_their_faults(tmp_path: Path) -> None:
    shutil.copytree(RELEASE, tmp_path / "2026.1")
    for name in ("2026.10", "2026.2", "drafts", "notes.1"):
        (tmp_path / name).mkdir()
    listed = list_releases(tmp_path)
    assert [entry.directory.name for entry in listed] == ["2026.1", "2026.2", "2026.10"]
    assert listed[0].summary == verify_release(RELEASE)
    assert listed[0].fault == ""
    assert listed[1].summary is None
    assert "manifest.json is missing" in listed[1].fault


def test_folder_of_releases_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match="no such folder"):
        list_releases(tmp_path / "absent")
    assert [entry.directory for entry in list_releases(RELEASES)] == [RELEASE]
