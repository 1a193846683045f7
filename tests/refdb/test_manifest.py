"""The manifest: any change of any byte of a release is found and named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_sources import RELEASE

from musk_id.errors import ReferenceDataError
from musk_id.refdb.manifest import manifest_bytes, read_verified
from musk_id.refdb.release import load_release

FILES = sorted(path.name for path in RELEASE.iterdir())


def copy(folder: Path) -> Path:
    target = folder / "2026.1"
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(RELEASE, target))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_and_named(tmp_path: Path, name: str, place: float, bit: int) -> None:
    release = copy(tmp_path)
    data = bytearray((release / name).read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    (release / name).write_bytes(bytes(data))
    with pytest.raises(ReferenceDataError, match=name.replace(".", r"\.")) as caught:
        load_release(release)
    assert caught.value.exit_code == 4


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    release = copy(tmp_path)
    (release / "sets.tsv").unlink()
    (release / "extra.txt").write_text("x")
    (release / "taxa.tsv").write_text("x")
    with pytest.raises(ReferenceDataError) as caught:
        read_verified(release)
    said = caught.value.message
    assert "sets.tsv is missing" in said
    assert "extra.txt is not in it" in said
    assert "taxa.tsv differs" in said
    assert "legal.tsv" not in said


def test_folder_inside_a_release_is_an_added_file(tmp_path: Path) -> None:
    release = copy(tmp_path)
    (release / "more").mkdir()
    with pytest.raises(ReferenceDataError, match="more is not in it"):
        read_verified(release)


@pytest.mark.parametrize("name", ["manifest.json", "taxa.tsv"])
def test_link_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    release = copy(tmp_path)
    shutil.move(release / name, tmp_path / name)
    (release / name).symlink_to(tmp_path / name)
    with pytest.raises(ReferenceDataError, match=f"{name} is no regular file"):
        read_verified(release)


def test_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    release = copy(tmp_path)
    (release / "taxa.tsv").unlink()
    os.mkfifo(release / "taxa.tsv")
    with pytest.raises(ReferenceDataError, match=r"taxa\.tsv is no regular file"):
        read_verified(release)


def test_missing_manifest_and_missing_folder(tmp_path: Path) -> None:
    release = copy(tmp_path)
    (release / "manifest.json").unlink()
    with pytest.raises(ReferenceDataError, match=r"manifest\.json is missing"):
        read_verified(release)
    with pytest.raises(ReferenceDataError, match="no such folder"):
        read_verified(tmp_path / "absent")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b'{"format": 1}',
        b"\xff",
        (RELEASE / "manifest.json").read_bytes() + b"\n",
        (RELEASE / "manifest.json").read_bytes().replace(b'"size": ', b'"size": 0', 1),
        manifest_bytes("2026.1", "2026-13-01", {}),
        manifest_bytes("2026.1", "2026-11-22", {"../taxa.tsv": b""}),
        manifest_bytes("2026.1", "2026-11-22", {"manifest.json": b""}),
    ],
)
def test_manifest_in_another_form_is_refused(tmp_path: Path, data: bytes) -> None:
    release = copy(tmp_path)
    (release / "manifest.json").write_bytes(data)
    with pytest.raises(ReferenceDataError, match="not in the form"):
        read_verified(release)


def test_oversized_manifest_is_refused(tmp_path: Path) -> None:
    release = copy(tmp_path)
    (release / "manifest.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(ReferenceDataError, match="larger than 1000000 bytes"):
        read_verified(release)
