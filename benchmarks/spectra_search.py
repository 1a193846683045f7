"""Library search beside ms_entropy and matchms: equality of scores first, then time a query and size.

``ei``: a made unit-mass library (``made_spectra.py``), exact top-10, one process; FlashEntropySearch on spectral
entropy similarity, FlashSimilarity of matchms on the cosine of intensities. ``certificates``: lists of every score
against all spectra scored. ``tandem``: identity search on public product-ion spectra (``tandem_search.py``).

Times are those of the processor that the process used, which a busy machine changes least, and of the wall clock.
Both programs run one after the other in one process with one thread. An index is built once; queries are asked
one by one. matchms makes its index anew in every call, and needs 4 kB a spectrum: it is asked on a part of the
library with all queries at once, and its time is scaled to the whole.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# One thread on both sides, said before numpy is imported.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from made_spectra import SEED, made_library, made_queries, public_spectra  # noqa: E402
from measuring import print_table, write_json  # noqa: E402
from spectra_peers import PACKAGES, published_cases, spectra_versions  # noqa: E402
from tandem_search import tandem  # noqa: E402
from wide_margins import PROJECT, REFDATA  # noqa: E402

from musk_id.kernels.spectral import UnitMassSpectrum  # noqa: E402
from musk_id.kernels.spectral_many import SpectralTable  # noqa: E402
from musk_id.kernels.spectral_peaks import PeakTable  # noqa: E402
from musk_id.kernels.spectral_scores import CosineScore, EntropyScore, FactorScore, Score  # noqa: E402
from musk_id.kernels.spectral_search import HitList, SpectralSearch, level  # noqa: E402

__all__ = ["certificates", "ei_search", "listed_by_brute_force"]

PARTS = ("ei", "tandem", "certificates")
TOP = 10
SCORES: tuple[Score, ...] = (
    CosineScore(1.3, 0.53),
    EntropyScore(),
    FactorScore(identity=True, reverse=False),
    FactorScore(identity=True, reverse=True),
    FactorScore(identity=False, reverse=False),
    FactorScore(identity=False, reverse=True),
)
FLASH_TOLERANCE_DA = 0.1
# Flash computes in single precision.
FLASH_EQUAL = 1e-5
MATCHMS_EQUAL = 1e-9
Tree = dict[str, object]


def each_timed(work: Callable[[UnitMassSpectrum], object], queries: Sequence[UnitMassSpectrum]) -> Tree:
    """Times of one query after the other in milliseconds; three queries before are not counted."""
    for query in queries[:3]:
        work(query)
    processor, wall = [], []
    for query in queries:
        start, clock = time.process_time(), time.perf_counter()
        work(query)
        processor.append(1e3 * (time.process_time() - start))
        wall.append(1e3 * (time.perf_counter() - clock))
    return {
        "queries": len(queries),
        "processor_ms": statistics.median(processor),
        "processor_ms_p90": float(np.percentile(processor, 90)),
        "wall_ms": statistics.median(wall),
        "wall_ms_fastest": min(wall),
        "wall_ms_p90": float(np.percentile(wall, 90)),
    }


def _built(work: Callable[[], object]) -> tuple[object, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def ei_search(
    public: list[UnitMassSpectrum], count: int, asked: int, part: int, peers: Sequence[str] = PACKAGES
) -> Tree:
    """Search of a made library by entropy and by cosines, beside the peers that are asked for and installed."""
    table = made_library(public, count)
    queries = made_queries(table, asked)
    versions = spectra_versions()
    tree: Tree = {
        "library": count,
        "peaks_per_spectrum": table.mz.size / count,
        "peaks_per_query": float(np.mean([q.mz.size for q in queries])),
        "seed": SEED,
        "own": {},
        "peers": [],
    }
    own: dict[str, Tree] = {}
    engines: dict[str, SpectralSearch] = {}
    for score in (EntropyScore(), CosineScore(1.3, 0.53), CosineScore(0.0, 1.0)):
        engine, build = _built(lambda score=score: SpectralSearch(table, score))
        assert isinstance(engine, SpectralSearch)
        engines[score.name] = engine
        hits: list[HitList] = []
        times = each_timed(lambda q, e=engine, h=hits: h.extend(e.hits([q], TOP)), queries)
        batch = _built(lambda e=engine: list(e.hits(queries, TOP)))[1]
        own[score.name] = {
            **times,
            "batch_processor_ms": 1e3 * batch / len(queries),
            "build_s": build,
            "bytes_per_cell": _bytes_per_cell(table, engine),
            "certified": sum(h.certified for h in hits[3:]),
            "scored_median": statistics.median(h.scored for h in hits[3:]),
            "scored_most": max(h.scored for h in hits[3:]),
        }
    tree["own"] = own
    show_own(tree)
    found: list[Tree] = []
    if versions["ms_entropy"] and "ms_entropy" in peers:
        found.append(_flash(table, queries, engines["entropy"], own["entropy"]))
    if versions["matchms"] and "matchms" in peers:
        found.append(_matchms(table, queries, part, own["cosine m^0 I^1"]))
    tree["peers"] = found
    show_peers(tree)
    return tree


def _bytes_per_cell(table: PeakTable, engine: SpectralSearch) -> float:
    """Bytes of screen, profile and peaks, for each m/z that occurs and each spectrum."""
    screen = engine.screen
    profile = screen.profile
    arrays = (screen.matrix, screen.masses, profile.first, profile.peaks, profile.strong)
    whole = sum(a.nbytes for a in (*arrays, table.offsets, table.mz, table.intensity))
    return whole / screen.matrix.size


def _flash(table: PeakTable, queries: Sequence[UnitMassSpectrum], engine: SpectralSearch, own: Tree) -> Tree:
    from ms_entropy import FlashEntropySearch

    peaks = table.between(0, len(table))
    shares = peaks.intensity / peaks.sums(peaks.intensity)[peaks.owner]
    lists = np.split(np.column_stack([peaks.mz, shares]).astype(np.float32), table.offsets[1:-1])
    spectra = [{"precursor_mz": float(row + 1), "peaks": one} for row, one in enumerate(lists)]
    search = FlashEntropySearch(max_ms2_tolerance_in_da=FLASH_TOLERANCE_DA)
    # Nothing may be dropped; the spectra are clean already, which spares the peer that work.
    cleaning = {"precursor_ions_removal_da": None, "noise_threshold": 0.0, "min_ms2_difference_in_da": 0.2}
    prepared = [search.clean_spectrum_for_search(1.0, s["peaks"], **cleaning) for s in spectra[:1]]
    assert len(prepared[0]) == len(spectra[0]["peaks"])
    build = _built(lambda: search.build_index(spectra, max_indexed_mz=810.0, **cleaning))[1]
    spectra.clear()

    def ask(query: UnitMassSpectrum) -> tuple[np.ndarray, np.ndarray]:
        peaks = search.clean_spectrum_for_search(1.0, _flash_peaks(query), **cleaning)
        scores = search.open_search(peaks=peaks, ms2_tolerance_in_da=FLASH_TOLERANCE_DA)
        best = np.argpartition(scores, -TOP)[-TOP:]
        return best[np.argsort(-scores[best])], scores

    largest = 0.0
    for query in queries[:16]:
        _, scores = ask(query)
        (hits,) = engine.hits([query], TOP)
        largest = max(largest, float(np.abs(scores[hits.rows] - hits.scores).max()))
        last = float(np.sort(scores)[-TOP])
        # Tied hits stand in the order of their rows.
        largest = max(largest, last - float(np.sort(hits.scores)[-min(TOP, hits.scores.size)]))
    times = each_timed(ask, queries)
    return _compared("ms_entropy FlashEntropySearch", "entropy", largest, FLASH_EQUAL, times, build, own)


def _flash_peaks(spectrum: UnitMassSpectrum) -> np.ndarray:
    return np.column_stack([spectrum.mz, spectrum.intensity / spectrum.intensity.sum()]).astype(np.float32)


def _matchms(table: PeakTable, queries: Sequence[UnitMassSpectrum], part: int, own: Tree) -> Tree:
    from matchms import Spectrum
    from matchms.similarity import FlashSimilarity

    def converted(spectrum: UnitMassSpectrum) -> Spectrum:
        return Spectrum(
            spectrum.mz.astype(float), spectrum.intensity.astype(float), metadata={}, metadata_harmonization=False
        )

    count = min(part, len(table))
    library = [converted(table.spectrum(row)) for row in range(count)]
    asked = [converted(query) for query in queries]
    cosine = FlashSimilarity(score_type="cosine", tolerance=FLASH_TOLERANCE_DA, noise_cutoff=0.0)

    def matrix(wanted: list[Spectrum]) -> np.ndarray:
        return np.asarray(cosine.matrix(wanted, library, n_jobs=1))

    matrix(asked[:2])  # compilation
    fixed = _built(lambda: matrix(asked[:1]))[1]
    found, whole = _built(lambda: matrix(asked))
    assert isinstance(found, np.ndarray)
    score = CosineScore(0.0, 1.0)
    peaks = table.between(0, count)
    largest = max(
        float(np.abs(score.close(query, peaks) - np.ravel(row)).max())
        for query, row in zip(queries[:8], found[:8], strict=True)
    )
    marginal = 1e3 * (whole - fixed) / (len(asked) - 1)
    times: Tree = {
        "queries": len(asked),
        "asked_on": count,
        "processor_ms_on_part": marginal,
        "processor_ms": marginal * len(table) / count,
        "index_of_part_s": fixed,
    }
    return _compared(
        "matchms FlashSimilarity", "cosine m^0 I^1", largest, MATCHMS_EQUAL, times, fixed * len(table) / count, own
    )


def _compared(peer: str, score: str, largest: float, allowed: float, times: Tree, build: float, own: Tree) -> Tree:
    equal = largest <= allowed
    ratios: Tree = {}
    if equal:  # a ratio between different scores would say nothing
        ratios["query_ratio"] = float(times["processor_ms"]) / float(own["processor_ms"])
        ratios["build_ratio"] = build / float(own["build_s"])
        if "wall_ms" in times:
            ratios["query_wall_ratio"] = float(times["wall_ms"]) / float(own["wall_ms"])
    return {
        "peer": peer,
        "score": score,
        "largest_difference": largest,
        "allowed_difference": allowed,
        "equal": equal,
        **times,
        "build_s": build,
        **ratios,
    }


def listed_by_brute_force(
    score: Score, query: UnitMassSpectrum, table: PeakTable, close: np.ndarray, wanted: int
) -> list[tuple[int, float, int]]:
    """Row, score and rank of the best, from close scores of all spectra and exact ones where they decide."""
    step = 10.0**-score.digits
    last = float(np.partition(close, -wanted)[-wanted]) if close.size > wanted else -np.inf
    rows = np.flatnonzero(close >= max(last - step, 0.5 * step) - 2 * score.slack).tolist()
    exact = [score.exact(query, table.spectrum(row)) for row in rows]
    levels = [level(value, score.digits) for value in exact]
    found = []
    for row, value, at in zip(rows, exact, levels, strict=True):
        rank = 1 + sum(other > at for other in levels)
        if at > 0 and rank <= wanted:
            found.append((rank, row, value))
    return [(row, value, rank) for rank, row, value in sorted(found)]


def certificates(public: list[UnitMassSpectrum], count: int, asked: int, seed: int = SEED) -> Tree:
    """Lists of every score against brute force: how many were certified, and how many of those were wrong.

    A quarter of the library may be scored for a query, so that a loose bound shows.
    """
    table = made_library(public, count, seed)
    queries = made_queries(table, asked, seed)
    peaks = table.between(0, count)
    walked = SpectralTable.of_peaks(count, peaks.owner, peaks.mz, peaks.intensity)
    engines = [SpectralSearch(table, score) for score in SCORES]
    found: dict[str, list[tuple[bool, bool, int]]] = {score.name: [] for score in SCORES}
    for query in queries:
        # The four match factors of all spectra come from one walk.
        factors = walked.factors(query)
        for engine in engines:
            score = engine.score
            if isinstance(score, FactorScore):
                kind = "identity" if score.identity else "similarity"
                close = getattr(factors, f"{kind}_{'reverse' if score.reverse else 'forward'}")
            else:
                close = score.close(query, peaks)
            (hits,) = engine.hits([query], TOP, budget=count // 4)
            own = list(zip(hits.rows.tolist(), hits.scores.tolist(), hits.ranks.tolist(), strict=True))
            wrong = hits.certified and own != listed_by_brute_force(score, query, table, close, TOP)
            found[score.name].append((hits.certified, wrong, hits.scored))
    told = {
        name: {
            "queries": len(rows),
            "certified": sum(certified for certified, _, _ in rows),
            "wrong": sum(wrong for _, wrong, _ in rows),
            "scored_median": statistics.median(scored for _, _, scored in rows),
            "scored_most": max(scored for _, _, scored in rows),
        }
        for name, rows in found.items()
    }
    return {"library": count, "seed": seed, "budget": count // 4, "scores": told}


def show_own(tree: Tree) -> None:
    """Table of the search of unit-mass spectra."""
    own = tree["own"]
    rows = [
        [name, f"{t['processor_ms']:.2f}", f"{t['processor_ms_p90']:.2f}", f"{t['wall_ms']:.2f}",
         f"{t['batch_processor_ms']:.2f}", f"{t['build_s']:.1f}", f"{t['bytes_per_cell']:.2f}",
         f"{t['certified']}/{t['queries']}", f"{t['scored_median']:.0f}", t["scored_most"]]
        for name, t in own.items()
    ]  # fmt: skip
    columns = ["score", "ms", "p90", "wall ms", "batch ms", "build s", "B/cell", "certified", "scored", "most"]
    print_table(f"Top {TOP} of {tree['library']} made EI spectra, processor time a query", columns, rows)
    sys.stdout.flush()


def show_peers(tree: Tree) -> None:
    """Table of the peers on the same library."""
    rows = [
        [p["peer"], p["score"], f"{p['largest_difference']:.1e}", f"{p['processor_ms']:.1f}",
         f"{p['build_s']:.1f}", f"{p.get('query_ratio', math.nan):.1f}",
         f"{p.get('query_wall_ratio', math.nan):.1f}", f"{p.get('build_ratio', math.nan):.1f}"]
        for p in tree["peers"]
    ]  # fmt: skip
    columns = ["peer", "score", "difference", "ms", "build s", "times slower", "by wall", "build slower"]
    print_table("Peers on the same library", columns, rows)


def show_certificates(tree: Tree) -> None:
    """Table of the certificates."""
    rows = [
        [name, t["queries"], t["certified"], t["wrong"], f"{t['scored_median']:.0f}", t["scored_most"]]
        for name, t in tree["scores"].items()
    ]
    columns = ["score", "queries", "certified", "wrong", "scored", "most"]
    print_table(f"Certificates against brute force, {tree['library']} made EI spectra", columns, rows)


def main() -> None:
    """Run the parts asked for and write ``build/bench/spectra-search-*.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--library", type=int, default=300_000, help="spectra of the made library")
    parser.add_argument("--queries", type=int, default=128)
    parser.add_argument("--peers", nargs="*", choices=PACKAGES, default=PACKAGES, help="peers of the part 'ei'")
    parser.add_argument("--matchms-part", type=int, default=20_000, help="spectra on which matchms is asked")
    parser.add_argument("--certificate-library", type=int, default=5_000)
    parser.add_argument("--certificate-queries", type=int, default=1_000)
    parser.add_argument("--certificate-seed", type=int, default=SEED, help="another seed is another library")
    parser.add_argument("--copies", type=int, default=45, help="jittered copies of the product-ion spectra")
    parser.add_argument("--out", type=Path, default=PROJECT / "build" / "bench")
    arguments = parser.parse_args()
    if not REFDATA.is_dir():
        print("the public data beside the project are absent: nothing is measured")
        return
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    parts = arguments.parts or PARTS
    cases = published_cases(REFDATA)
    met = cases["met"]
    print(
        f"published match factors met: {met['k']} of {met['n']}, largest error {cases['largest_difference']:.1e}"
    )
    head: Tree = {"peers_installed": spectra_versions(), "published_cases": cases}
    if "tandem" in parts:
        write_json(arguments.out / "spectra-search-tandem.json", head | tandem(REFDATA, arguments.copies))
    if not {"ei", "certificates"} & set(parts):
        return
    public = public_spectra(REFDATA)
    if "ei" in parts:
        tree = ei_search(public, arguments.library, arguments.queries, arguments.matchms_part, arguments.peers)
        write_json(arguments.out / "spectra-search-ei.json", head | tree)
    if "certificates" in parts:
        tree = certificates(
            public, arguments.certificate_library, arguments.certificate_queries, arguments.certificate_seed
        )
        show_certificates(tree)
        write_json(arguments.out / "spectra-search-certificates.json", head | tree)


if __name__ == "__main__":
    main()
