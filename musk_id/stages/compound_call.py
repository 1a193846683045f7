"""What may be said of the compound behind a spectrum (decision rules, section 6).

With a library reference only, a compound is tentative at best. Retention, signal and blanks are part of the
rule and are listed as not tested where a single spectrum cannot show them.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.methods import SpectraMethod
from musk_id.model.spectra import CompoundCall
from musk_id.model.trace import Criterion
from musk_id.model.values import Line, decimal_text
from musk_id.stages.known_isomers import known_isomers
from musk_id.stages.placement import criterion
from musk_id.stages.spectral_library import LibrarySpectrum, SpectralLibrary, compound_key
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

__all__ = [
    "ScoredReference",
    "call_compound",
    "factor_criterion",
    "gap_criterion",
    "group_names",
    "ion_criteria",
    "not_tested",
    "nothing_called",
]

# Fraction of the base peak from which a molecular ion, or M - 15, counts as present in a reference.
MOLECULAR_ION_MIN = 0.02
DIAGNOSTIC_ION_MIN = 0.05
DIAGNOSTIC_IONS = 6

_NOT_TESTED = (
    ("spectra.retention_time", "within 0.2 % of the reference injected in the same sequence"),
    ("spectra.retention_index", "within 5 of the reference"),
    ("spectra.signal_to_noise", ">= 10 at the base ion, >= 3 at the weakest"),
    ("spectra.process_blank", ">= 10 times the process blank"),
    ("spectra.carry_over_blank", "clean"),
)


@dataclass(frozen=True, slots=True)
class ScoredReference:
    """A library spectrum with its NIST Identity match factors against the query."""

    library: LibrarySpectrum
    forward: float
    reverse: float


def call_compound(
    query: UnitMassSpectrum,
    scored: tuple[ScoredReference, ...],
    library: SpectralLibrary,
    method: SpectraMethod,
) -> CompoundCall:
    """Call from the references in order of their forward match factor (at least one)."""
    best = scored[0]
    reference = best.library.reference
    key = compound_key(reference.inchikey)
    other = next((s for s in scored if compound_key(s.library.reference.inchikey) != key), None)
    group = library.group_of(reference.inchikey)
    ions = ion_criteria(query, best.library, method)
    trace = (
        factor_criterion("spectra.forward_match_factor", best.forward, method.min_forward_match_factor, best),
        factor_criterion("spectra.reverse_match_factor", best.reverse, method.min_reverse_match_factor, best),
        *ions,
        *gap_criterion(best, other, method),
        *(not_tested(name, limit) for name, limit in _NOT_TESTED),
    )
    required = trace[: 2 + len(ions)]
    if any(c.outcome is CriterionOutcome.FAILED for c in required):
        return nothing_called(trace)
    near = [s for s in scored[1:] if best.forward - s.forward < method.confusable_min_gap]
    isomers = known_isomers(reference, (s.library.reference for s in scored), library)
    confused = _confused(best, near, library) or isomers.keep_it_open
    names = {s.library.reference.name for s in near} | group_names(group, library) | isomers.listed
    names = names | {reference.name} if confused else names - {reference.name}
    return CompoundCall(
        status=CompoundStatus.TENTATIVE,
        name=reference.name if not confused else None if group is None else Line(group.name),
        inchikey=None if confused else reference.inchikey,
        accession=None if confused else reference.accession,
        confusables=tuple(sorted(Line(name) for name in names)),
        reasons=(
            (Reason.CONFUSABLE_NOT_SEPARATED, Reason.LIBRARY_REFERENCE_ONLY)
            if confused
            else (Reason.LIBRARY_REFERENCE_ONLY,)
        ),
        trace=(*trace, isomers.criterion(reference.accession)),
    )


def nothing_called(trace: tuple[Criterion, ...]) -> CompoundCall:
    """The call of a spectrum that no library spectrum is alike enough to."""
    return CompoundCall(
        status=CompoundStatus.NOT_DETECTED,
        name=None,
        inchikey=None,
        accession=None,
        confusables=(),
        reasons=(Reason.NO_LIBRARY_MATCH,),
        trace=trace,
    )


def factor_criterion(name: str, value: float, limit: int, best: ScoredReference) -> Criterion:
    """A match factor of the best reference against its limit."""
    accession = best.library.reference.accession
    return criterion(name, decimal_text(value, 1), f">= {limit}", value >= limit, "of_999", (accession,))


def not_tested(name: str, limit: str) -> Criterion:
    """A criterion that a single spectrum cannot show."""
    return Criterion(name=Line(name), measured=Line("-"), limit=Line(limit), outcome=CriterionOutcome.NOT_TESTED)


def gap_criterion(
    best: ScoredReference, other: ScoredReference | None, method: SpectraMethod
) -> tuple[Criterion, ...]:
    """Distance of the best reference to the best of another compound; none if there is no other."""
    if other is None:
        return ()
    gap = best.forward - other.forward
    return (
        criterion(
            "spectra.gap_to_other_compound",
            decimal_text(gap, 1),
            f">= {method.confusable_min_gap}",
            gap >= method.confusable_min_gap,
            "of_999",
            (other.library.reference.accession,),
        ),
    )


def ion_criteria(
    query: UnitMassSpectrum, library: LibrarySpectrum, method: SpectraMethod
) -> tuple[Criterion, ...]:
    """Diagnostic ions of the reference whose ratio to its base ion the query repeats."""
    expected = dict(zip(library.unit_mass.mz.tolist(), library.unit_mass.intensity.tolist(), strict=True))
    found = dict(zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
    base_mz = min(expected, key=lambda mz: (-expected[mz], mz))
    base = expected[base_mz]
    diagnostic = _diagnostic_ions(expected, library.nominal_mass, base, method)
    tolerance = method.ion_ratio_tolerance_percent / 100
    base_found = found.get(base_mz, 0)
    agreeing = [
        mz
        for mz in diagnostic
        if base_found
        and abs(found.get(mz, 0) / base_found - expected[mz] / base) <= tolerance * expected[mz] / base
    ]
    heavy = [mz for mz in agreeing if mz in (library.nominal_mass, library.nominal_mass - 15)]
    return (
        criterion(
            "spectra.diagnostic_ions",
            f"{len(agreeing)} of {len(diagnostic)}: " + ", ".join(map(str, agreeing)),
            f">= {method.min_diagnostic_ions}",
            len(agreeing) >= method.min_diagnostic_ions,
            "ions",
        ),
        criterion(
            "spectra.molecular_ion",
            ", ".join(map(str, heavy)) or "-",
            f"{library.nominal_mass} or {library.nominal_mass - 15}",
            bool(heavy),
            "mz",
        ),
    )


def _diagnostic_ions(expected: dict[int, int], nominal_mass: int, base: int, method: SpectraMethod) -> list[int]:
    strong = [
        mz
        for mz, value in expected.items()
        if mz >= method.min_diagnostic_mz and value >= DIAGNOSTIC_ION_MIN * base
    ]
    chosen = set(sorted(strong, key=lambda mz: (-expected[mz], mz))[:DIAGNOSTIC_IONS])
    for mz in (nominal_mass, nominal_mass - 15):
        if expected.get(mz, 0) >= MOLECULAR_ION_MIN * base:
            chosen.add(mz)
    return sorted(chosen)


def _confused(best: ScoredReference, near: list[ScoredReference], library: SpectralLibrary) -> bool:
    """Whether the members of the compound's group stay together.

    Macrocycles and sterols do so without a retention index, however far the next spectrum lies; others if
    another member lies within the gap.
    """
    group = library.group_of(best.library.reference.inchikey)
    own = compound_key(best.library.reference.inchikey)
    if group is not None and library.needs_index(own):
        return True
    return group is not None and any(
        compound_key(s.library.reference.inchikey) != own
        and library.group_of(s.library.reference.inchikey) == group
        for s in near
    )


def group_names(group: object, library: SpectralLibrary) -> set[Line]:
    """Names of the library spectra of a group."""
    return {
        s.reference.name
        for s in library.spectra
        if group is not None and library.group_of(s.reference.inchikey) == group
    }
