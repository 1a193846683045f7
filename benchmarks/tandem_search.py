"""Identity search of product-ion spectra beside ms_entropy: public spectra, and copies of them with jitter.

Copies: precursor and product ions are moved together by a number uniform from -10 to 10 Da, each product ion by
0.002 Da times a standard normal number more, and intensities are multiplied by exp(0.2 z). A peak that comes too
close to another one is left out. Seed: that of ``made_spectra.py``.

Both programs get spectra that are cleaned once, and tolerances of 0.01 Da for precursors and 0.02 Da for products.
They return the scores of all spectra within the precursor tolerance.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from made_spectra import SEED
from measuring import print_table

from musk_id.formats.msp import read_msp
from musk_id.kernels.spectral_tandem import UNITS_PER_DA, TandemLibrary, TandemSpectrum, cleaned, fixed_point
from musk_id.kernels.spectral_weights import EntropyWeights

__all__ = ["tandem"]

PUBLIC = "spectra/massbank/massbank_lcmsms.msp.gz"
PRECURSOR_DA, PRODUCT_DA = 0.01, 0.02
QUERIES = 1_000
EQUAL = 1e-4
Tree = dict[str, object]


def public_tandem(refdata: Path) -> list[TandemSpectrum]:
    """Public spectra that state their precursor, cleaned; those left without peaks are dropped."""
    tolerance = int(fixed_point(PRODUCT_DA))
    found = []
    for spectrum in read_msp(refdata / PUBLIC):
        stated = spectrum.field("precursormz")
        if stated is not None:
            one = cleaned(spectrum.mz, spectrum.intensity, float(stated), tolerance=tolerance)
            found.append(one)
    return [spectrum for spectrum in found if spectrum.mz.size]


def copies(spectra: Sequence[TandemSpectrum], count: int) -> list[TandemSpectrum]:
    """``count`` jittered copies of each spectrum."""
    rng = np.random.default_rng(SEED + 2)
    # The peer holds m/z in single precision and refuses peaks that are no further apart there.
    apart = int(fixed_point(2 * PRODUCT_DA + 0.0002))
    found = []
    for _ in range(count):
        for spectrum in spectra:
            shift = int(fixed_point(rng.uniform(-10, 10)))
            mz = spectrum.mz + shift + fixed_point(0.002 * rng.standard_normal(spectrum.mz.size))
            order = np.argsort(mz, kind="stable")
            heights = (spectrum.intensity * np.exp(0.2 * rng.standard_normal(mz.size)))[order]
            mz = mz[order]
            kept = mz > 0
            while kept.sum() > 1 and (np.diff(mz[kept]) <= apart).any():
                kept[np.flatnonzero(kept)[1:][np.diff(mz[kept]) <= apart]] = False
            if kept.any():
                found.append(TandemSpectrum(spectrum.precursor + shift, mz[kept], heights[kept]))
    return found


def tandem(refdata: Path, count: int) -> Tree:
    """Identity search on the public spectra, and on ``count`` copies of them."""
    public = public_tandem(refdata)
    step = max(1, len(public) // QUERIES)
    queries = public[::step][:QUERIES]
    results = [_compared("public", public, queries)]
    if count:
        results.append(_compared(f"{count} copies", copies(public, count), queries))
    rows = [
        [r["library"], r["spectra"], f"{r['own_us']:.0f}", f"{r.get('peer_us', 0):.0f}",
         f"{r.get('ratio', 0):.1f}",
         f"{r.get('wall_ratio', 0):.1f}", f"{r['own_build_s']:.1f}", f"{r.get('peer_build_s', 0):.1f}",
         f"{r.get('largest_difference', 0):.1e}", r.get("pairs", 0), r.get("pairs_at_the_tolerance", 0)]
        for r in results
    ]  # fmt: skip
    columns = ["library", "spectra", "us", "peer us", "times slower", "by wall", "build s", "peer build s",
               "difference", "pairs", "at tolerance"]  # fmt: skip
    print_table("Identity search of product-ion spectra, processor time a query (median)", columns, rows)
    return {"tandem": results, "data": PUBLIC}


def _compared(name: str, library: Sequence[TandemSpectrum], queries: Sequence[TandemSpectrum]) -> Tree:
    tolerance, near = int(fixed_point(PRODUCT_DA)), int(fixed_point(PRECURSOR_DA))
    start = time.process_time()
    own = TandemLibrary(library, tolerance, EntropyWeights())
    tree: Tree = {"library": name, "spectra": len(library), "own_build_s": time.process_time() - start}
    processor, wall = _times(lambda q: own.identity(q, near), queries)
    tree |= {"own_us": processor, "own_wall_us": wall, "queries": len(queries)}
    try:
        from ms_entropy import FlashEntropySearch
    except ImportError:
        return tree
    flash = FlashEntropySearch(max_ms2_tolerance_in_da=PRODUCT_DA)
    spectra = [
        {"precursor_mz": s.precursor / UNITS_PER_DA, "peaks": _peaks(s), "row": row}
        for row, s in enumerate(library)
    ]
    start = time.process_time()
    order = [s["row"] for s in flash.build_index(spectra, clean_spectra=False)]
    tree["peer_build_s"] = time.process_time() - start
    asked = {id(q): (q.precursor / UNITS_PER_DA, _peaks(q)) for q in queries}

    def ask(query: TandemSpectrum) -> np.ndarray:
        precursor, peaks = asked[id(query)]
        return flash.identity_search(
            precursor_mz=precursor,
            peaks=peaks,
            ms1_tolerance_in_da=PRECURSOR_DA,
            ms2_tolerance_in_da=PRODUCT_DA,
        )

    processor, wall = _times(ask, queries)
    tree |= {"peer_us": processor, "peer_wall_us": wall}
    tree |= _differences(own, library, queries, ask, np.array(order), near, tolerance)
    if tree["largest_difference"] <= EQUAL:
        tree |= {"ratio": processor / float(tree["own_us"]), "wall_ratio": wall / float(tree["own_wall_us"])}
    return tree


def _peaks(spectrum: TandemSpectrum) -> np.ndarray:
    heights = spectrum.intensity / spectrum.intensity.sum()
    return np.column_stack([spectrum.mz / UNITS_PER_DA, heights]).astype(np.float32)


def _times(work: Callable[[TandemSpectrum], object], queries: Sequence[TandemSpectrum]) -> tuple[float, float]:
    """Median processor and wall times in microseconds; a first round is not counted."""
    for query in queries[:20]:
        work(query)
    processor, wall = [], []
    for query in queries:
        start, clock = time.process_time_ns(), time.perf_counter_ns()
        work(query)
        processor.append((time.process_time_ns() - start) / 1e3)
        wall.append((time.perf_counter_ns() - clock) / 1e3)
    return statistics.median(processor), statistics.median(wall)


def _differences(
    own: TandemLibrary,
    library: Sequence[TandemSpectrum],
    queries: Sequence[TandemSpectrum],
    ask: Callable[[TandemSpectrum], np.ndarray],
    order: np.ndarray,
    near: int,
    tolerance: int,
) -> Tree:
    """Largest difference to the peer, but for pairs at the very tolerance, which single precision loses."""
    place = np.empty(len(library), np.int64)
    place[order] = np.arange(len(library))
    largest, pairs, at_tolerance = 0.0, 0, 0
    for query in queries[:300]:
        scores = ask(query)
        hits = own.identity(query, near)
        for row, score in zip(hits.rows.tolist(), hits.scores.tolist(), strict=True):
            other = library[row]
            pairs += 1
            # Single precision holds m/z of 1,000 to 61 units.
            room = 150
            gaps = np.abs(np.abs(query.mz[:, None] - other.mz[None, :]) - tolerance)
            if int(gaps.min()) <= room or abs(abs(query.precursor - other.precursor) - near) <= room:
                at_tolerance += 1
                continue
            largest = max(largest, abs(float(scores[place[row]]) - score))
    return {"largest_difference": largest, "pairs": pairs, "pairs_at_the_tolerance": at_tolerance}
