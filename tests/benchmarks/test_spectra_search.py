"""The benchmark of the library search on a tiny library: recipe, brute force, certificates."""

from __future__ import annotations

import numpy as np
import spectra_search
from made_spectra import made_library, made_queries
from tandem_search import copies

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_scores import CosineScore
from musk_id.kernels.spectral_search import SpectralSearch
from musk_id.kernels.spectral_tandem import TandemLibrary, TandemSpectrum
from musk_id.kernels.spectral_weights import EntropyWeights


def some_spectra(count: int = 30) -> list[UnitMassSpectrum]:
    rng = np.random.default_rng(3)
    sizes = rng.integers(10, 60, count)
    return [
        UnitMassSpectrum(np.sort(rng.choice(np.arange(30, 400), n, replace=False)), rng.integers(1, 1000, n))
        for n in sizes.tolist()
    ]


def test_the_recipe_gives_the_same_library_again() -> None:
    one, other = (made_library(some_spectra(), 300) for _ in range(2))
    assert len(one) == 300 and int(one.intensity.max()) == 999 and int(one.intensity.min()) >= 1
    assert np.array_equal(one.mz, other.mz) and np.array_equal(one.intensity, other.intensity)
    assert all((np.diff(one.spectrum(row).mz) > 0).all() and one.spectrum(row).mz.size >= 3 for row in range(300))
    assert not np.array_equal(one.mz, made_library(some_spectra(), 300, seed=1).mz[: one.mz.size])
    queries = made_queries(one, 5)
    assert [q.mz.tolist() for q in queries] == [q.mz.tolist() for q in made_queries(other, 5)]


def test_certificates_on_a_tiny_library() -> None:
    tree = spectra_search.certificates(some_spectra(), 400, 6)
    for found in tree["scores"].values():
        assert found["wrong"] == 0 and found["queries"] == 6 and found["scored_most"] <= 400
    assert tree["scores"]["cosine m^1.3 I^0.53"]["certified"] == 6
    spectra_search.show_certificates(tree)


def test_a_wrong_list_would_be_counted(monkeypatch) -> None:
    monkeypatch.setattr(spectra_search, "listed_by_brute_force", lambda *_: [])
    tree = spectra_search.certificates(some_spectra(), 400, 3)
    assert all(found["wrong"] == found["certified"] for found in tree["scores"].values())


def test_brute_force_is_that_of_the_search() -> None:
    table = made_library(some_spectra(), 200)
    score = CosineScore(1.3, 0.53)
    for query in made_queries(table, 4):
        close = score.close(query, table.between(0, 200))
        (hits,) = SpectralSearch(table, score).hits([query], 10)
        own = list(zip(hits.rows.tolist(), hits.scores.tolist(), hits.ranks.tolist(), strict=True))
        assert own == spectra_search.listed_by_brute_force(score, query, table, close, 10)


def test_searching_a_tiny_library_without_peers(monkeypatch) -> None:
    monkeypatch.setattr(spectra_search, "spectra_versions", lambda: {"matchms": None, "ms_entropy": None})
    tree = spectra_search.ei_search(some_spectra(), 300, 4, 100)
    assert tree["peers"] == [] and all(own["certified"] == 4 for own in tree["own"].values())


def test_jittered_copies_can_be_searched() -> None:
    spectra = [
        TandemSpectrum(300_000_000, np.arange(5) * 7_000_000 + 90_000_000, np.arange(1.0, 6.0)),
        TandemSpectrum(310_000_000, np.array([90_000_000, 90_040_001]), np.ones(2)),
    ]
    made = copies(spectra, 20)
    assert len(made) == 40
    TandemLibrary(made, 20_000, EntropyWeights())
    assert [s.precursor for s in made] == [s.precursor for s in copies(spectra, 20)]
