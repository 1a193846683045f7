"""Spectral scores beside matchms and ms_entropy: first equality, then time per pair.

Only scores with one definition are compared. On unit-mass spectra without intensities of 1 the square of the
cosine of square roots is the "Similarity, EI simple" match factor; spectral entropy similarity is one
definition in both packages (ms_entropy computes in float32). NIST "Identity" has no open peer in Python:
it is checked against the published cases only. The retrieval figure is on pool D of ``BASELINES.md``.
"""

from __future__ import annotations

import csv
import gzip
import importlib.metadata
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
from measuring import timed  # noqa: E402
from wide_margins import file_sha256  # noqa: E402

from musk_id.formats.msp import read_msp  # noqa: E402
from musk_id.kernels.spectral import (  # noqa: E402
    UnitMassSpectrum,
    entropy_similarity,
    identity_match_factor,
    match_factors,
    similarity_match_factor,
    to_unit_mass,
)
from musk_id.stages.spectral_library import compound_key  # noqa: E402

__all__ = ["PACKAGES", "pairs", "published_cases", "retrieval", "spectra_versions"]

PACKAGES = ("matchms", "ms_entropy")
CASES = "peers/nist_identity_cases.json"
LIBRARY = "spectra/massbank/massbank_ei.msp.gz"
POOLS = "spectra/massbank/massbank_ei_pools.tsv.gz"
MIN_PEAKS = 10
COSINE_EQUAL = 1e-9
ENTROPY_EQUAL = 1e-5

TOLERANCE_DA = 0.1
INDEX_QUERIES = 3
SIMILARITY, ENTROPY = "similarity match factor", "entropy similarity"

Score = Callable[[UnitMassSpectrum, UnitMassSpectrum], float]


def spectra_versions() -> dict[str, str | None]:
    """Versions of the packages that are installed in this environment."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def published_cases(refdata: Path) -> dict[str, object]:
    """Match factors of the published cases, met to 1e-6."""
    factors = {"identity_normal": identity_match_factor, "similarity_simple": similarity_match_factor}
    cases = json.loads((refdata / CASES).read_text(encoding="utf-8"))
    errors = []
    for case in cases:
        query, library = (
            UnitMassSpectrum(np.array(case[key][0], dtype=np.int64), np.array(case[key][1], dtype=np.int64))
            for key in ("u", "l")
        )
        limits = {"mz_min": case["mz_min"], "mz_max": case["mz_max"]}
        found = factors[case["algorithm"]](query, library, reverse=case["search"] == "reverse", **limits)
        errors.append(abs(found - case["expected"]))
    return {
        "data": CASES,
        "data_sha256": file_sha256(refdata / CASES),
        "met": {"k": sum(error <= 1e-6 for error in errors), "n": len(errors)},
        "largest_difference": max(errors),
    }


def _pool(refdata: Path) -> list[tuple[dict[str, str], UnitMassSpectrum]]:
    """Pool D in file order: row of the table and unit-mass spectrum."""
    with gzip.open(refdata / POOLS, "rt", encoding="utf-8", newline="") as handle:
        rows = {row["accession"]: row for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)}
    found = []
    for spectrum in read_msp(refdata / LIBRARY):
        row = rows[spectrum.field("db#") or ""]
        if row["pool_D"] == "1":
            found.append((row, to_unit_mass(spectrum.mz, spectrum.intensity)))
    return found


def _without_ones(spectrum: UnitMassSpectrum) -> UnitMassSpectrum:
    """The match factor ignores intensities of 1, a cosine does not: they are left out for both."""
    kept = spectrum.intensity > 1
    return UnitMassSpectrum(spectrum.mz[kept], spectrum.intensity[kept])


def _similarity(query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
    # From m/z 1 on, so that nothing is cut away and the peer scores the same peaks.
    return similarity_match_factor(query, library, reverse=False, mz_min=1)


OWN_SCORES: dict[str, Callable[[UnitMassSpectrum, UnitMassSpectrum], object]] = {
    SIMILARITY: _similarity,
    ENTROPY: entropy_similarity,
    "all four match factors": match_factors,
}


def _cosine_squared(query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
    """What the match factor says of the cosine of square roots; spectra without a common ion have factor 0."""
    factor = _similarity(query, library)
    return (factor + 0.5) / 1000.0 if factor != 0.0 else 0.0


def pairs(refdata: Path, queries: int, library: int, repeats: int) -> dict[str, object]:
    """Scores of ``queries`` x ``library`` pairs of pool D: largest difference to each peer, time per pair.

    The indexed search of ms_entropy is timed on the whole pool, where it shows what it is made for.
    """
    pool = [s for s in (_without_ones(s) for _, s in _pool(refdata)) if s.mz.size >= MIN_PEAKS]
    step = max(1, len(pool) // (queries + library))
    chosen = pool[::step][: queries + library]
    asked, held = chosen[:queries], chosen[queries:]
    own_us = {
        name: _per_pair(lambda score=score: [score(a, b) for a in asked for b in held], asked, held, repeats)
        for name, score in OWN_SCORES.items()
    }
    versions = spectra_versions()
    result: dict[str, object] = {
        "data": LIBRARY,
        "data_sha256": file_sha256(refdata / LIBRARY),
        "pairs": len(asked) * len(held),
        "mean_peaks": sum(s.mz.size for s in chosen) / len(chosen),
        "own_us_per_pair": own_us,
        "matchms": [_cosine_greedy(asked, held, repeats, own_us[SIMILARITY])] if versions["matchms"] else [],
        "ms_entropy": [],
    }
    if versions["ms_entropy"]:
        result["ms_entropy"] = [
            _entropy_pairs(asked, held, repeats, own_us[ENTROPY]),
            _entropy_index(asked[:INDEX_QUERIES], pool, repeats, own_us[ENTROPY]),
        ]
    return result


def _per_pair(
    work: Callable[[], object],
    asked: Sequence[UnitMassSpectrum],
    held: Sequence[UnitMassSpectrum],
    repeats: int,
) -> float:
    """Median time per pair in microseconds; a first run is not counted (compilation, caches)."""
    work()
    return 1e6 * timed(work, repeats).median / (len(asked) * len(held))


def _against(
    score: str, own: str, differences: Sequence[float], allowed: float, peer_us: float, own_us: float
) -> dict[str, object]:
    equal = max(differences) <= allowed
    return {
        "score": score,
        "compared_with": own,
        "largest_difference": max(differences),
        "allowed_difference": allowed,
        "equal": equal,
        # A ratio between different scores would say nothing.
        "us_per_pair": peer_us if equal else None,
        "ratio_to_own": peer_us / own_us if equal else None,
    }


def _cosine_greedy(
    asked: Sequence[UnitMassSpectrum], held: Sequence[UnitMassSpectrum], repeats: int, own_us: float
) -> dict[str, object]:
    from matchms import Spectrum
    from matchms.similarity import CosineGreedy

    def converted(spectra: Sequence[UnitMassSpectrum]) -> list[Spectrum]:
        return [
            Spectrum(s.mz.astype(float), s.intensity.astype(float), metadata={}, metadata_harmonization=False)
            for s in spectra
        ]

    cosine = CosineGreedy(tolerance=0.1, mz_power=0.0, intensity_power=0.5)
    left, right = converted(asked), converted(held)
    differences = [
        abs(float(cosine.pair(b, a)["score"]) ** 2 - _cosine_squared(q, r))
        for a, q in zip(left, asked, strict=True)
        for b, r in zip(right, held, strict=True)
    ]
    # Pair by pair: the package's matrix of the same score was not faster.
    peer = _per_pair(lambda: [cosine.pair(b, a) for a in left for b in right], asked, held, repeats)
    return _against(
        "CosineGreedy, intensity_power 0.5, squared", SIMILARITY, differences, COSINE_EQUAL, peer, own_us
    )


def _peaks(spectrum: UnitMassSpectrum) -> np.ndarray:
    return np.column_stack([spectrum.mz, spectrum.intensity / spectrum.intensity.sum()]).astype(np.float32)


def _entropy_pairs(
    asked: Sequence[UnitMassSpectrum], held: Sequence[UnitMassSpectrum], repeats: int, own_us: float
) -> dict[str, object]:
    from ms_entropy import calculate_entropy_similarity

    def score(a: np.ndarray, b: np.ndarray) -> float:
        return float(calculate_entropy_similarity(a, b, ms2_tolerance_in_da=TOLERANCE_DA, clean_spectra=False))

    left, right = [_peaks(s) for s in asked], [_peaks(s) for s in held]
    differences = [
        abs(score(a, b) - entropy_similarity(q, r))
        for a, q in zip(left, asked, strict=True)
        for b, r in zip(right, held, strict=True)
    ]
    peer = _per_pair(lambda: [score(a, b) for a in left for b in right], asked, held, repeats)
    return _against("calculate_entropy_similarity", ENTROPY, differences, ENTROPY_EQUAL, peer, own_us)


def _entropy_index(
    asked: Sequence[UnitMassSpectrum], pool: Sequence[UnitMassSpectrum], repeats: int, own_us: float
) -> dict[str, object]:
    """The indexed search over the whole pool; building the index is timed apart."""
    from ms_entropy import FlashEntropySearch

    # No peak may be dropped: unit-mass EI has no precursor, and weak ions count in both scores.
    cleaning = {"precursor_ions_removal_da": None, "noise_threshold": 0.0}
    search = FlashEntropySearch(max_ms2_tolerance_in_da=TOLERANCE_DA)
    # The index puts spectra in the order of their precursors: numbers in file order keep that order.
    spectra = [{"precursor_mz": float(row + 1), "peaks": _peaks(s)} for row, s in enumerate(pool)]
    build = timed(lambda: search.build_index(spectra, **cleaning), 1)

    def run() -> list[np.ndarray]:
        queries = [search.clean_spectrum_for_search(1.0, _peaks(s), **cleaning) for s in asked]
        return [search.open_search(peaks=q, ms2_tolerance_in_da=TOLERANCE_DA) for q in queries]

    own = np.array([[entropy_similarity(q, s) for s in pool] for q in asked])
    differences = np.abs(np.array(run()) - own).max(axis=1).tolist()
    peer = _per_pair(run, asked, pool, repeats)
    found = _against(f"FlashEntropySearch, {len(pool)} spectra", ENTROPY, differences, ENTROPY_EQUAL, peer, own_us)
    return {**found, "index_s": build.median}


def retrieval(refdata: Path, every: int) -> dict[str, object]:
    """R@1 and R@10 of every ``every``-th query of pool D, by the definition of ``BASELINES.md``."""
    pool = _pool(refdata)
    keys = [compound_key(row["inchikey"]) for row, _ in pool]
    authors = [row["authors"] for row, _ in pool]
    queries = [row for row, (entry, _) in enumerate(pool) if entry["query_D"] == "1"][::every]
    scores: dict[str, Score] = {
        "identity": lambda a, b: identity_match_factor(a, b, reverse=False),
        "similarity": lambda a, b: similarity_match_factor(a, b, reverse=False),
        "entropy": entropy_similarity,
    }
    result: dict[str, object] = {"data": LIBRARY, "data_sha256": file_sha256(refdata / LIBRARY), "every": every}
    for name, score in scores.items():
        ranks = [_rank(query, pool, keys, authors, score) for query in queries]
        result[name] = {
            "n": len(ranks),
            "first": sum(rank <= 1 for rank in ranks),
            "among_ten": sum(rank <= 10 for rank in ranks),
        }
    return result


def _rank(
    query: int,
    pool: Sequence[tuple[dict[str, str], UnitMassSpectrum]],
    keys: Sequence[str],
    authors: Sequence[str],
    score: Score,
) -> int:
    """Other compounds that score strictly higher than the best spectrum of the true one, plus one."""
    best: dict[str, float] = {}
    for row, (_, spectrum) in enumerate(pool):
        if keys[row] == keys[query] and authors[row] == authors[query]:
            continue
        value = score(pool[query][1], spectrum)
        best[keys[row]] = max(best.get(keys[row], -math.inf), value)
    own = best.pop(keys[query])
    return 1 + sum(value > own for value in best.values())
