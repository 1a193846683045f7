"""The calibration of a release as rows of the shared schema ``musk-id/validation/1``.

Windows are those that a query admitted by the method can have, rules those in force: the same figures that case
records quote. Limits that the calibration does not hold are computed from its counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.library_vocabulary import CongenerStratum, IntervalKind, Withheld
from musk_id.model.calibration import Calibration, LocusCalibration, PanelFigures, RatioCounts, WindowCalibration
from musk_id.model.error_figures import ComparisonErrors
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import DecimalText, Line, RelativePath, Sha256, Text, decimal_text
from musk_id.stages.error_figures import comparison_errors, insert_length
from musk_id.vocabulary import Locus

__all__ = ["calibration_validation"]

NOTE = (
    "This rate describes the comparison step on public reference sequences. It does not include sampling, "
    "contamination, exchange of samples, or wrong names in the references; it is not the probability that this "
    "result is wrong. The rules are radius and margin alone. Strata: distance to the nearest other species of the "
    "genus; where the genus, or the only species of one, is left out, no answer can be right."
)
RATE_DIGITS = 6

WITHHELD = {
    Withheld.INDIVIDUAL: "individual left out",
    Withheld.SPECIES: "its species left out",
    Withheld.GENUS: "its genus left out",
}
STRATA = {
    CongenerStratum.ALL: "all",
    CongenerStratum.BELOW_2_PERCENT: "nearest other species below 2 %",
    CongenerStratum.FROM_2_TO_7_PERCENT: "nearest other species at 2 to 7 %",
    CongenerStratum.ABOVE_7_PERCENT: "nearest other species above 7 %",
    CongenerStratum.NO_CONGENER: "no other species of the genus held",
}


def calibration_validation(
    calibration: Calibration,
    release: ReferenceRelease,
    method: BarcodeMethod,
    animals: AnimalMethod,
    loci_of: Mapping[str, tuple[Locus, ...]],
    benchmark: str,
) -> Validation:
    """Rows of a calibration.

    Parameters
    ----------
    calibration : Calibration
        Whole or reduced to what the stages use; the rows are the same.
    release : ReferenceRelease
        The release of its panel.
    method, animals : BarcodeMethod, AnimalMethod
        The rules.
    loci_of : mapping
        Markers of each input, by its path.
    benchmark : str
        Script that measures the figures.
    """
    rows: list[ValidationRow] = []
    for locus in calibration.loci:
        data = tuple(e.sha256 for e in calibration.library.inputs if locus.locus in loci_of[e.path])
        letters = insert_length(release, locus.locus, method)
        for window in _admitted(locus, method):
            comparisons = comparison_errors(locus, window, letters, method, animals, others=True)
            writer = _Rows(locus, window, data)
            rows += writer.of_genus(method.version, comparisons[0])
            for comparison in comparisons:
                rows += writer.errors(comparison)
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(benchmark),
        methods=(method.version, animals.version),
        release_id=release.release_id,
        release_sha256=release.manifest_sha256,
        note=Text(f"{NOTE} Library: {calibration.library.title}, of {calibration.library.date}."),
        data=tuple(
            ValidationData(path=RelativePath(f"sequences/{e.path}"), sha256=e.sha256, records=e.windows_kept)
            for e in calibration.library.inputs
        ),
        rows=tuple(rows),
    )


def _admitted(locus: LocusCalibration, method: BarcodeMethod) -> list[WindowCalibration]:
    """The whole window, and truncations not shorter than the method's shortest query."""
    shortest = {limits.locus: limits.min_compared_bp for limits in method.long_loci}
    return [w for w in locus.windows if w.length_bp is None or w.length_bp >= shortest[locus.locus]]


class _Rows:
    """Rows of one window."""

    def __init__(self, locus: LocusCalibration, window: WindowCalibration, data: tuple[Sha256, ...]) -> None:
        self.locus, self.window, self.data = locus, window, data
        first, length = window.first_column, window.length_bp
        self.place = "whole inserts" if length is None else f"columns {first + 1} to {first + length}"

    def here(self, stratum: str) -> str:
        """A stratum of this window."""
        return f"{self.place}; {stratum}"

    def row(self, measure: str, method: str, stratum: str, **more: Any) -> ValidationRow:
        return ValidationRow(
            measure=Line(measure),
            method=Line(method),
            locus=self.locus.locus,
            stratum=Line(stratum),
            data=self.data,
            listed=tuple(map(Line, more.pop("listed", ()))),
            **more,
        )

    def of_genus(self, method: str, figures: ComparisonErrors) -> Iterator[ValidationRow]:
        """What concerns the genus of interest: its individuals, its radius, others within it."""
        target, genus = self.window.target, self.window.target.genus
        basis, unit = target.radius_basis, self.locus.unit

        def distance(measure: str, value: DecimalText | None, **more: Any) -> Iterator[ValidationRow]:
            if value is not None:
                yield self.row(measure, method, self.place, value=value, unit=unit, **more)

        yield self.row(f"individuals of {genus}", method, self.place, k=target.individuals)
        yield self.row(f"species of {genus}", method, self.place, k=target.species)
        yield from distance(f"largest distance within {genus}", target.within_largest)
        yield from distance(f"nearest other genus to {genus}", target.nearest_other, listed=target.nearest_records)
        for name in ("smallest", "middle", "largest"):
            measure = f"{genus} to the nearest other species of the genus, {name}"
            yield from distance(measure, getattr(figures, f"own_{name}"))
        pooled, own = basis.pooled.individuals, basis.own.individuals
        yield self.row(
            "individuals behind the radius that are of other genera",
            method,
            self.place,
            k=pooled - own,
            n=pooled,
            value=basis.borrowed_percent,
            unit=Line("percent"),
        )
        within = figures.within_radius
        if within is not None:
            haplotypes = (within.haplotypes, within.haplotypes_compared, within.haplotypes_upper)
            species = (within.species, within.species_compared, within.species_upper)
            for name, counts in (("haplotypes", haplotypes), ("species", species)):
                measure = f"{name} of other genera within the radius"
                yield self.row(measure, method, self.place, **_at_most(*counts))
        if target.panel is not None:
            yield from self._panel(method, genus, target.panel)
        if target.ratio is not None:
            yield from self._ratio(method, genus, target.ratio)

    def _panel(self, method: str, genus: str, panel: PanelFigures) -> Iterator[ValidationRow]:
        stratum = "records of other genera, of any length, against the release as shipped"
        n = panel.records
        yield self.row(f"called {genus}", method, stratum, **_at_most(panel.called, n, panel.called_upper))
        yield self.row(f"{genus} nearest", method, stratum, **_at_most(panel.nearest_is_target, n))
        yield self.row(f"{genus} nearest, by the margin", method, stratum, **_at_most(panel.with_margin, n))
        yield self.row(f"species with {genus} nearest", method, stratum, k=panel.nearest_is_target_species)

    def _ratio(self, method: str, genus: str, ratio: RatioCounts) -> Iterator[ValidationRow]:
        measure = f"called {genus}, own species left out"
        lower = decimal_text(proportion_lower(ratio.k1, ratio.n1), RATE_DIGITS)
        limits = Interval(kind=IntervalKind.ONE_SIDED_95, lower=lower)
        first, second = self.here(f"individuals of {genus}"), self.here(f"species of {ratio.alternatives}")
        yield self.row(measure, method, first, k=ratio.k1, n=ratio.n1, interval=limits)
        yield self.row(measure, method, second, **_at_most(ratio.k2, ratio.n2))

    def errors(self, figures: ComparisonErrors) -> Iterator[ValidationRow]:
        """Answers of one rule."""
        for entry in figures.errors:
            name = STRATA[entry.stratum]
            if entry.stratum is figures.own_stratum:
                name += f" (like {figures.genus})"
            rule = f"radius {figures.radius}, margin {figures.margin}"
            stratum = self.here(f"{rule}; {WITHHELD[entry.withheld]}; {name}")
            wrong = _at_most(entry.wrong, entry.n, entry.wrong_upper)
            yield self.row("another genus named", figures.method, stratum, **wrong)
            limits = Interval(kind=IntervalKind.ONE_SIDED_95, lower=entry.right_lower)
            yield self.row("own genus named", figures.method, stratum, k=entry.right, n=entry.n, interval=limits)


def _at_most(k: int, n: int, upper: DecimalText | None = None) -> dict[str, Any]:
    limit = upper if upper is not None else decimal_text(proportion_upper(k, n), RATE_DIGITS)
    return {"k": k, "n": n, "interval": Interval(kind=IntervalKind.ONE_SIDED_95, upper=limit)}
