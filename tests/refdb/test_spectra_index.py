"""The index of a library's spectra: found again as made, refused when it is of something else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from musk_id.errors import IntegrityError
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_scores import CosineScore, EntropyScore, FactorScore
from musk_id.kernels.spectral_search import SpectralSearch
from musk_id.refdb import spectra_index
from musk_id.refdb.spectra_index import HEAD_NAME, build_index, load_index

DIGEST = "0" * 64


def library(count: int = 40) -> PeakTable:
    rng = np.random.default_rng(7)
    return PeakTable.of(
        [
            UnitMassSpectrum(np.sort(rng.choice(np.arange(30, 90), 12, replace=False)), rng.integers(1, 1000, 12))
            for _ in range(count)
        ]
    )


@pytest.mark.parametrize(
    "score", [CosineScore(1.3, 0.53), EntropyScore(), FactorScore(identity=True, reverse=True)]
)
def test_an_index_gives_the_lists_that_it_was_made_for(tmp_path, score):
    table = library()
    build_index(tmp_path / "i", table, score.weights, DIGEST)
    assert [path.name for path in tmp_path.iterdir()] == ["i"]
    screen = load_index(tmp_path / "i", table, score.weights, DIGEST)
    # Mapped, not read.
    assert isinstance(screen.matrix.base, np.memmap)
    query = table.spectrum(3)
    fresh, kept = SpectralSearch(table, score), SpectralSearch(table, score, screen)
    assert np.array_equal(fresh.screen.matrix, screen.matrix)
    for one, other in zip(fresh.hits([query], 5), kept.hits([query], 5), strict=True):
        assert one.rows.tolist() == other.rows.tolist() and one.scores.tolist() == other.scores.tolist()
        assert one.certified and other.certified


def test_equal_libraries_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        build_index(tmp_path / name, library(), EntropyScore().weights, DIGEST)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 6
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_an_index_of_something_else_is_refused(tmp_path):
    table, weights, folder = library(), EntropyScore().weights, tmp_path / "i"
    build_index(folder, table, weights, DIGEST)
    with pytest.raises(IntegrityError, match="source_sha256"):
        load_index(folder, table, weights, "1" * 64)
    with pytest.raises(IntegrityError, match="weights"):
        load_index(folder, table, CosineScore(1.3, 0.53).weights, DIGEST)
    with pytest.raises(IntegrityError, match="not one of 39 spectra"):
        load_index(folder, library(39), weights, DIGEST)
    with pytest.raises(IntegrityError, match="not the head"):
        load_index(tmp_path, table, weights, DIGEST)


@pytest.mark.parametrize("name", ["screen.matrix.npy", "screen.strong.npy", "screen.masses.npy"])
def test_a_changed_byte_is_refused(tmp_path, name):
    table, weights, folder = library(), EntropyScore().weights, tmp_path / "i"
    build_index(folder, table, weights, DIGEST)
    path = folder / name
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=f"{name} is not what index.json says"):
        load_index(folder, table, weights, DIGEST)


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.update(format="musk-id-spectral-index/0"),
        lambda head: head.update(scale=255),
        lambda head: head.pop("arrays"),
        lambda head: head["arrays"].pop("matrix"),
        lambda head: head.update(arrays=[1]),
        lambda head: head.update(arrays=list(head["arrays"])),
    ],
)
def test_a_changed_head_is_refused(tmp_path, change):
    table, weights, folder = library(), EntropyScore().weights, tmp_path / "i"
    build_index(folder, table, weights, DIGEST)
    head = json.loads((folder / HEAD_NAME).read_text())
    change(head)
    (folder / HEAD_NAME).write_text(json.dumps(head))
    with pytest.raises(IntegrityError):
        load_index(folder, table, weights, DIGEST)


def test_a_build_that_fails_leaves_the_old_index_and_nothing_else(tmp_path, monkeypatch):
    table, weights, folder = library(), EntropyScore().weights, tmp_path / "i"
    build_index(folder, table, weights, DIGEST)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fails(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(spectra_index, "build_screen", fails)
        with pytest.raises(OSError, match="no room"):
            build_index(folder, library(10), weights, "1" * 64)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["i"]
    build_index(folder, library(10), weights, "1" * 64)
    assert len(load_index(folder, library(10), weights, "1" * 64)) == 10


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    folder = tmp_path / "i"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(IntegrityError, match=r"thesis\.txt is no part of an index"):
        build_index(folder, library(), EntropyScore().weights, DIGEST)
    assert (folder / "thesis.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["i"]
