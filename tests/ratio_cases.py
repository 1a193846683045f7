"""Calibrations made for tests of likelihood ratios: the shipped one with other counts and items."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from musk_id.model.calibration import Calibration, LocusCalibration, RatioCounts, RatioItem, WindowCalibration
from musk_id.model.methods import BARCODE_METHODS, EVIDENCE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import DecimalText, Line
from musk_id.refdb.shipped_calibration import load_shipped_calibration
from musk_id.stages.likelihood_ratio import RatioBasis
from musk_id.vocabulary import Locus

SHIPPED = Path(__file__).resolve().parents[1] / "reference_db" / "calibration" / "2026.1"
FAMILIES = ("Bovidae", "Cervidae", "Suidae")
Counts = tuple[int, int, int, int]


def shipped(release: ReferenceRelease) -> Calibration:
    return load_shipped_calibration(SHIPPED, release.manifest_sha256)


def items(counts: Counts) -> tuple[RatioItem, ...]:
    """Individuals of three species and species of three families; the last ones are those in error."""
    k1, n1, k2, n2 = counts
    h1 = [
        RatioItem(
            name=Line(f"M{i:03}"),
            group=Line(f"Moschus s{i % 3}"),
            is_h1=True,
            named=i < k1,
            score=DecimalText(str(9 + i % 5 if i < k1 else 1)),
        )
        for i in range(n1)
    ]
    h2 = [
        RatioItem(
            name=Line(f"Genus s{i:03}"),
            group=Line(FAMILIES[i % 3]),
            is_h1=False,
            named=i < k2,
            score=DecimalText(str(3 if i < k2 else -2 - i % 7)),
        )
        for i in range(n2)
    ]
    return (*h1, *h2)


def counted(ratio: RatioCounts, counts: Counts, *, with_items: bool = True) -> RatioCounts:
    k1, n1, k2, n2 = counts
    held = items(counts) if with_items else ()
    return replace(ratio, k1=k1, n1=n1, k2=k2, n2=n2, enough=True, items=held)


def made(calibration: Calibration, by_locus: dict[Locus, Counts], *, with_items: bool = True) -> Calibration:
    """The calibration with other counts at some markers, in all windows."""

    def window(locus: LocusCalibration, w: WindowCalibration) -> WindowCalibration:
        if locus.locus not in by_locus or w.target.ratio is None:
            return w
        ratio = counted(w.target.ratio, by_locus[locus.locus], with_items=with_items)
        return replace(w, target=replace(w.target, ratio=ratio))

    loci = tuple(
        replace(locus, windows=tuple(window(locus, w) for w in locus.windows)) for locus in calibration.loci
    )
    return replace(calibration, loci=loci)


def basis(calibration: Calibration | None, release: ReferenceRelease) -> RatioBasis:
    return RatioBasis(calibration, BARCODE_METHODS[-1], EVIDENCE_METHODS[-1], release)
