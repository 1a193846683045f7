"""What a spectrum must not show if it is to be that of a formula: heavier peaks, another isotope pattern, company.

TMS records stand in public libraries under the InChIKey of the parent compound: there the peaks above the
molecular ion are the only sign.
"""

from __future__ import annotations

from fractions import Fraction

from musk_id.kernels.formula import atoms_of
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.trace import Criterion
from musk_id.model.values import Line, decimal_text
from musk_id.stages.placement import criterion
from musk_id.vocabulary import CriterionOutcome

__all__ = [
    "MIXTURE_GAP",
    "above_molecular_ion",
    "has_peaks_above",
    "isotope_criterion",
    "mixture_criterion",
    "unexplained_criterion",
]

# Share of the base peak from which a peak above the molecular ion counts, and how far isotopes reach above it.
FOREIGN_SHARE = Fraction(2, 100)
ISOTOPES_REACH = 6
# Siloxanes of the column: m/z and two isotopes each.
COLUMN_BLEED = frozenset(mz + isotope for mz in (207, 281, 355, 429) for isotope in (0, 1, 2))

# Natural abundance of the heavier isotope beside the lighter one, in units of 0.0001 (IUPAC, rounded).
_HEAVIER = {"C": 108, "N": 37, "Si": 508, "S": 79}
# The molecular ion must be strong enough for its isotope peak to be one.
MOLECULAR_ION_LEAST = Fraction(10, 100)
# Of 3,525 public 70 eV spectra with such a molecular ion 84 % lie within these limits.
ISOTOPE_LEAST, ISOTOPE_MOST = Fraction(1, 2), Fraction(2)

STRONG_SHARE, LACKING_SHARE = Fraction(10, 100), Fraction(1, 100)

MIXTURE_GAP = 100
"""Reverse less forward match factor from which other compounds are looked for in a spectrum."""


def has_peaks_above(spectrum: UnitMassSpectrum, formula: str, nominal_mass: int) -> list[int]:
    """m/z of peaks that a compound of this formula cannot give, column bleed left out."""
    atoms = atoms_of(formula)
    reach = nominal_mass + ISOTOPES_REACH + 2 * (atoms.get("Cl", 0) + atoms.get("Br", 0))
    if not spectrum.intensity.size:
        return []
    least = FOREIGN_SHARE * int(spectrum.intensity.max())
    return [
        mz
        for mz, value in zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)
        if mz > reach and value >= least and mz not in COLUMN_BLEED
    ]


def above_molecular_ion(query: UnitMassSpectrum, formula: str, nominal_mass: int, record: str) -> Criterion:
    """Whether the query has no peak above the molecular ion of a reference."""
    heavier = has_peaks_above(query, formula, nominal_mass)
    shown = ", ".join(map(str, heavier[:6])) + (", ..." if len(heavier) > 6 else "")
    return criterion(
        "spectra.above_molecular_ion",
        shown or "-",
        f"> {nominal_mass + ISOTOPES_REACH}: < 2 %",
        not heavier,
        "mz",
        (record,),
    )


def isotope_criterion(query: UnitMassSpectrum, formula: str, nominal_mass: int, record: str) -> Criterion:
    """Whether the peak after the molecular ion is that of the formula's heavier isotopes."""
    found = dict(zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
    molecular, heavier = found.get(nominal_mass, 0), found.get(nominal_mass + 1, 0)
    expected = Fraction(sum(_HEAVIER.get(e, 0) * n for e, n in atoms_of(formula).items()), 10_000)
    low, high = ISOTOPE_LEAST * expected, ISOTOPE_MOST * expected
    limit = Line(f"{decimal_text(float(low), 3)}-{decimal_text(float(high), 3)}")
    base = int(query.intensity.max()) if query.intensity.size else 0
    if base and not molecular and heavier >= base * Fraction(5, 100):
        measured, outcome = f"{nominal_mass + 1}; {nominal_mass} = 0", CriterionOutcome.FAILED
    elif not base or molecular < MOLECULAR_ION_LEAST * base or not expected:
        measured, outcome = "-", CriterionOutcome.NOT_TESTED
    else:
        ratio = Fraction(heavier, molecular)
        measured = decimal_text(float(ratio), 3)
        outcome = CriterionOutcome.PASSED if low <= ratio <= high else CriterionOutcome.FAILED
    return Criterion(
        name=Line("spectra.isotopes"),
        measured=Line(measured),
        limit=limit,
        outcome=outcome,
        deciding_records=(Line(record),),
    )


def mixture_criterion(forward: float, reverse: float, record: str) -> Criterion:
    """Whether the query holds little beside the reference: its reverse factor is not far above the forward one."""
    gap = reverse - forward
    return criterion(
        "spectra.reverse_less_forward",
        decimal_text(gap, 1),
        f"<= {MIXTURE_GAP}",
        gap <= MIXTURE_GAP,
        "of_999",
        (record,),
    )


def unexplained_criterion(query: UnitMassSpectrum, reference: UnitMassSpectrum, record: str) -> Criterion:
    """Whether the reference has every strong ion of the query, on the range that both cover.

    An ion of 10 % of the base peak that the reference lacks (less than 1 % there) is another compound's, after the
    practice of the EPA for tentatively identified compounds.
    """
    held = dict(zip(reference.mz.tolist(), reference.intensity.tolist(), strict=True))
    start = max(int(query.mz[0]), int(reference.mz[0]))
    base, top = int(query.intensity.max()), int(reference.intensity.max())
    extra = [
        mz
        for mz, value in zip(query.mz.tolist(), query.intensity.tolist(), strict=True)
        if mz >= start and value >= STRONG_SHARE * base and held.get(mz, 0) < LACKING_SHARE * top
    ]
    shown = ", ".join(map(str, extra[:6])) + (", ..." if len(extra) > 6 else "")
    return criterion("spectra.unexplained_ions", shown or "-", ">= 10 %: -", not extra, "mz", (record,))
