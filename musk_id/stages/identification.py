"""Whether a compound is identified against a reference injected in the same sequence (decision rules, section 6).

Every condition is a criterion with what was measured and what is allowed. What was not recorded is not tested, and
a criterion that is not tested keeps a compound from being called identified.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from musk_id.kernels.retention import linear_retention_index
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.chromatography import MeasuredPeak, SheetPeak
from musk_id.model.identification_rules import IDENTIFICATION_RULES, IdentificationRule, RatioBand
from musk_id.model.injections import BlankPeaks, InjectedReference, SequenceInjections
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText, Line, decimal_at_most, decimal_text
from musk_id.vocabulary import CriterionOutcome

__all__ = [
    "IDENTITY_CRITERIA",
    "Injected",
    "identity_criteria",
    "query_index",
    "reference_index",
    "untested_criteria",
]

_RULES = dict(IDENTIFICATION_RULES)
MOLECULAR_ION_LEAST = Fraction(2, 100)

IDENTITY_CRITERIA = (
    "spectra.reference_same_sequence",
    "spectra.rule_fixed_beforehand",
    "spectra.retention_time",
    "spectra.retention_index",
    "spectra.ion_ratios",
    "spectra.signal_to_noise",
    "spectra.process_blank",
    "spectra.carry_over_blank",
)
"""Criteria beside the match factors, in the order of a trace."""


@dataclass(frozen=True, slots=True, eq=False)
class Injected:
    """A reference of the run's sequence with its spectrum in unit mass, and the controls of that sequence."""

    reference: InjectedReference
    unit_mass: UnitMassSpectrum
    nominal_mass: int
    sequence: SequenceInjections
    against: tuple[Line, ...] = ()
    """What speaks against its being a spectrum of the substance, measured in the sequence."""


@dataclass(frozen=True, slots=True)
class _Window:
    """Retention times that count as one, in minutes."""

    time: Fraction
    tolerance: Fraction

    def holds(self, other: DecimalText) -> bool:
        return abs(Fraction(other) - self.time) <= self.tolerance


def untested_criteria(rule: IdentificationRule) -> tuple[Criterion, ...]:
    """The criteria where no reference was injected in the sequence of the run."""
    return tuple(_untested(name, _limits(rule)[name]) for name in IDENTITY_CRITERIA)


def identity_criteria(
    query: UnitMassSpectrum,
    peak: MeasuredPeak | None,
    injected: Injected,
    rule: IdentificationRule,
    version: str,
    area: DecimalText | None,
) -> tuple[Criterion, ...]:
    """Criteria of a query against one injected reference, beside its match factors.

    Parameters
    ----------
    query : UnitMassSpectrum
        Spectrum of the exhibit.
    peak : MeasuredPeak or None
        What was measured of its peak.
    injected : Injected
        The reference, and the controls of its sequence.
    rule, version : IdentificationRule, str
        The rule, and the method version that it belongs to.
    area : DecimalText or None
        Area of the exhibit's peak that counts.
    """
    peak = peak or MeasuredPeak()
    record = (injected.reference.accession,)
    limits = _limits(rule)
    window = _window(peak, rule)
    return (
        _made(
            "spectra.reference_same_sequence",
            "; ".join((injected.reference.accession, *injected.against)),
            limits,
            not injected.against,
            record,
        ),
        _rule_fixed(injected.sequence, version),
        _retention_time(peak, injected.reference, rule, record),
        _retention_index(peak, injected, rule, record),
        _ion_ratios(query, injected, rule, record),
        _signal_to_noise(peak, rule),
        _process_blank(injected.sequence.process_blanks, window, injected.reference, area, rule),
        _carry_over(injected.sequence.carry_over_blanks, window, injected.reference, limits),
    )


def _limits(rule: IdentificationRule) -> dict[str, str]:
    """Limits in signs, so that they read the same in every language; whole sentences stand in the catalogue."""
    return {
        "spectra.reference_same_sequence": "one of the sequence of the run",
        "spectra.rule_fixed_beforehand": "-",
        "spectra.retention_time": f"± {rule.retention_time_percent} %, ± {rule.retention_time_least_min} min",
        "spectra.retention_index": f"± {rule.retention_index}",
        "spectra.ion_ratios": f">= {rule.min_ions}; m/z >= {rule.one_ion_from_mz}; M, M-15; {_bands(rule)}",
        "spectra.signal_to_noise": (
            f">= {rule.signal_to_noise_base} at the base ion, >= {rule.signal_to_noise_weakest} at the weakest"
        ),
        "spectra.process_blank": f">= {rule.blank_factor} times the process blank",
        "spectra.carry_over_blank": "no peak",
    }


def _bands(rule: IdentificationRule) -> str:
    def one(band: RatioBand) -> str:
        text = f"± {band.tolerance} % ({'rel' if band.relative else 'abs'})"
        return text if len(rule.ratio_bands) == 1 else f">= {band.from_percent} %: {text}"

    return "; ".join(one(band) for band in rule.ratio_bands)


def _made(
    name: str, measured: str, limits: dict[str, str], passed: bool, records: tuple[str, ...] = ()
) -> Criterion:
    return Criterion(
        name=Line(name),
        measured=Line(measured),
        limit=Line(limits[name]),
        outcome=CriterionOutcome.PASSED if passed else CriterionOutcome.FAILED,
        deciding_records=tuple(Line(record) for record in records),
    )


def _untested(name: str, limit: str, measured: str = "-") -> Criterion:
    return Criterion(
        name=Line(name), measured=Line(measured), limit=Line(limit), outcome=CriterionOutcome.NOT_TESTED
    )


def _rule_fixed(sequence: SequenceInjections, version: str) -> Criterion:
    """Fixed on or before the date of the sequence, and the version in force (a departure: see the caller)."""
    name, limit = "spectra.rule_fixed_beforehand", f"{version}, <= {sequence.date or '-'}"
    rule = sequence.rule
    if rule is None or sequence.date is None:
        return _untested(name, limit)
    in_time = rule.fixed_on <= sequence.date
    departure = rule.departure
    named = version == (rule.method_version if departure is None else departure.to_version)
    if departure is not None and rule.method_version not in _RULES:
        named = False  # what the rule that was fixed would have said cannot be computed
    changed = "" if departure is None else f"; -> {departure.to_version}, {departure.date}"
    measured = f"{rule.method_version}, {rule.fixed_on}{changed}"
    return _made(name, measured, {name: limit}, in_time and named, (sequence.batch_id,))


def _window(peak: MeasuredPeak, rule: IdentificationRule) -> _Window | None:
    return None if peak.retention_time_min is None else _around(peak.retention_time_min, rule)


def _around(time: DecimalText, rule: IdentificationRule) -> _Window:
    share = Fraction(time) * Fraction(rule.retention_time_percent) / 100
    return _Window(Fraction(time), max(share, Fraction(rule.retention_time_least_min)))


def _retention_time(
    peak: MeasuredPeak, reference: InjectedReference, rule: IdentificationRule, record: tuple[str, ...]
) -> Criterion:
    name = "spectra.retention_time"
    window = _around(reference.retention_time_min, rule)
    tolerance = decimal_text(float(window.tolerance), 3)
    limit = f"{reference.retention_time_min} ± {tolerance} min"
    if peak.retention_time_min is None:
        return _untested(name, limit)
    return _made(
        name, f"{peak.retention_time_min} min", {name: limit}, window.holds(peak.retention_time_min), record
    )


def _index(time: DecimalText | None, stated: DecimalText | None, sequence: SequenceInjections) -> Fraction | None:
    """Index by the ladder of the sequence where it brackets the time, else the one stated."""
    if time is not None:
        found = linear_retention_index(Fraction(time), [(n, Fraction(at)) for n, at in sequence.ladder])
        if found is not None:
            return found
    return None if stated is None else Fraction(stated)


def query_index(peak: MeasuredPeak | None, sequence: SequenceInjections) -> Fraction | None:
    """Retention index of an exhibit's peak in a sequence."""
    return None if peak is None else _index(peak.retention_time_min, peak.retention_index, sequence)


def reference_index(reference: InjectedReference, sequence: SequenceInjections) -> Fraction | None:
    """Retention index of a reference injected in a sequence."""
    return _index(reference.retention_time_min, reference.retention_index, sequence)


def _retention_index(
    peak: MeasuredPeak, injected: Injected, rule: IdentificationRule, record: tuple[str, ...]
) -> Criterion:
    name = "spectra.retention_index"
    expected = reference_index(injected.reference, injected.sequence)
    found = query_index(peak, injected.sequence)
    if expected is None or found is None:
        measured = "-" if found is None else decimal_text(float(found), 2)
        return _untested(name, _limits(rule)[name], measured)
    limit = f"{decimal_text(float(expected), 2)} ± {rule.retention_index}"
    passed = abs(found - expected) <= Fraction(rule.retention_index)
    return _made(name, decimal_text(float(found), 2), {name: limit}, passed, record)


def _compared_ions(injected: Injected, rule: IdentificationRule) -> tuple[int, list[int]]:
    """Base ion of a reference and the ions held against it: fixed by the reference, not by the query."""
    expected = _ions(injected.unit_mass)
    base_mz = min(expected, key=lambda mz: (-expected[mz], mz))
    base = expected[base_mz]
    strong = [
        mz for mz, value in expected.items() if mz != base_mz and 100 * value >= rule.ion_least_percent * base
    ]
    chosen = set(sorted(strong, key=lambda mz: (-expected[mz], mz))[: rule.ions_compared])
    heavy = [
        mz
        for mz in (injected.nominal_mass, injected.nominal_mass - 15)
        if mz != base_mz and expected.get(mz, 0) >= MOLECULAR_ION_LEAST * base
    ]
    return base_mz, sorted({*chosen, *heavy})


def _ions(spectrum: UnitMassSpectrum) -> dict[int, int]:
    return dict(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))


def _ion_ratios(
    query: UnitMassSpectrum, injected: Injected, rule: IdentificationRule, record: tuple[str, ...]
) -> Criterion:
    name, limits = "spectra.ion_ratios", _limits(rule)
    if not injected.unit_mass.mz.size:
        return _untested(name, limits[name])
    base_mz, compared = _compared_ions(injected, rule)
    expected, found = _ions(injected.unit_mass), _ions(query)
    base, base_found = expected[base_mz], found.get(base_mz, 0)
    differing = [
        mz
        for mz in compared
        if not base_found
        or not _agrees(Fraction(found.get(mz, 0), base_found), Fraction(expected[mz], base), rule)
    ]
    agreeing = ([base_mz] if base_found else []) + [mz for mz in compared if mz not in differing]
    heavy = {injected.nominal_mass, injected.nominal_mass - 15} & set(agreeing)
    passed = (
        not differing
        and len(agreeing) >= rule.min_ions
        and any(mz >= rule.one_ion_from_mz for mz in agreeing)
        and bool(heavy)
    )
    measured = f"{len(agreeing)}/{len(compared) + 1}: {', '.join(map(str, sorted(agreeing))) or '-'}"
    if differing:
        measured += f"; ≠ {', '.join(map(str, differing))}"
    return _made(name, measured, limits, passed, record)


def _agrees(found: Fraction, expected: Fraction, rule: IdentificationRule) -> bool:
    band = next(band for band in rule.ratio_bands if 100 * expected >= band.from_percent)
    allowed = Fraction(band.tolerance, 100) * (expected if band.relative else 1)
    return abs(found - expected) <= allowed


def _signal_to_noise(peak: MeasuredPeak, rule: IdentificationRule) -> Criterion:
    name, limits = "spectra.signal_to_noise", _limits(rule)
    base, weakest = peak.signal_to_noise_base, peak.signal_to_noise_weakest
    if base is None or weakest is None:
        return _untested(name, limits[name])
    passed = Decimal(base) >= rule.signal_to_noise_base and Decimal(weakest) >= rule.signal_to_noise_weakest
    return _made(name, f"{base}; {weakest}", limits, passed)


def _peaks_at(
    blank: BlankPeaks, window: _Window | None, reference: InjectedReference
) -> tuple[SheetPeak, ...] | None:
    """Peaks of a blank that count as the compound; ``None`` if that cannot be told."""
    if blank.peaks is None or (blank.peaks and window is None):
        return None
    return tuple(
        peak
        for peak in blank.peaks
        if peak.inchikey == reference.inchikey or (window is not None and window.holds(peak.retention_time_min))
    )


def _process_blank(
    blanks: tuple[BlankPeaks, ...],
    window: _Window | None,
    reference: InjectedReference,
    area: DecimalText | None,
    rule: IdentificationRule,
) -> Criterion:
    name, limits = "spectra.process_blank", _limits(rule)
    found = [_peaks_at(blank, window, reference) for blank in blanks]
    if not blanks or any(peaks is None for peaks in found):
        return _untested(name, limits[name])
    peaks = [peak for of_blank in found for peak in of_blank or ()]
    positions = tuple(blank.position for blank in blanks)
    if not peaks:
        return _made(name, "no peak", limits, True, positions)
    if area is None or any(peak.area is None for peak in peaks):
        return _untested(name, limits[name])
    largest = max(Fraction(peak.area) for peak in peaks if peak.area is not None)
    ratio = Fraction(area) / largest
    return _made(name, f"{decimal_at_most(float(ratio), 2)} x", limits, ratio >= rule.blank_factor, positions)


def _carry_over(
    blanks: tuple[BlankPeaks, ...],
    window: _Window | None,
    reference: InjectedReference,
    limits: dict[str, str],
) -> Criterion:
    name = "spectra.carry_over_blank"
    found = [_peaks_at(blank, window, reference) for blank in blanks]
    if not blanks or any(peaks is None for peaks in found):
        return _untested(name, limits[name])
    count = sum(len(peaks or ()) for peaks in found)
    measured = "no peak" if count == 0 else str(count)
    return _made(name, measured, limits, count == 0, tuple(blank.position for blank in blanks))
