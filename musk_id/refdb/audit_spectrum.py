"""Rules of the audit that need one spectrum alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.formula import atoms_of, monoisotopic_mass
from musk_id.kernels.spectral import BASE_PEAK, UnitMassSpectrum
from musk_id.model.spectra_audit import SpectraAuditLimits, SpectrumFinding
from musk_id.model.spectral_table import SpectrumEntry
from musk_id.model.values import Line, decimal_text
from musk_id.vocabulary import CurationState, MassPrecision, SpectrumFlag

__all__ = ["Measured", "label_source", "measure", "precisions", "spectrum_findings"]

_SILYL = re.compile(r"TMS|TBDMS|SILYL|TBS", re.IGNORECASE)
_SILYL_IONS = (73, 147)
# Mass that a silyl group adds for a hydrogen, and what the molecular ion then loses: TMS and CH3, TBDMS and C4H9.
_SILYL_GAINS = ((72, 15), (114, 57))
_MAX_SILYL_GROUPS = 8
# Elements with several heavy isotopes beside the most abundant one, on which the formula's mass rests.
_WIDE_ISOTOPES = frozenset({"Ge", "Se", "Mo", "Ru", "Pd", "Cd", "Sn", "Te", "W", "Pt", "Hg", "Pb"})
_METAL_REACH_DA = 10
_NOMINAL_ROUNDING = Decimal("0.649")

# Isotope labels in names: "(2-D1)", "-[d6]", "(2,2,2-2H3)", "-[2-13C, 15N]", "(OD)", "TRIDEUTERIO…".
# "2H-PYRAN" and "1(2H)-ONE" name the place of a hydrogen, "VITAMIN D3" and "PROSTAGLANDIN D2" compounds.
_LABEL_IN_NAME = re.compile(
    r"DEUTER|(?<![0-9A-Z])D[1-9][0-9]?(?![0-9A-Z])|(?<=[^0-9])2H\(?[1-9][0-9]?|\(?\b[ON]D\)|\[\s*2H|"
    r"(?<![0-9A-Z])(?:13C|14C|15N|17O|18O|34S)(?:(?![A-Z]|[0-9]{3})|H[1-3])",
    re.IGNORECASE,
)
_NAMES_WITH_D = re.compile(r"(VITAMIN|PROSTAGLANDIN|CALCIFEROL|CATHEPSIN|PG)[- ]?D[1-9]", re.IGNORECASE)
_LABEL_IN_SMILES = re.compile(r"\[(?:2H|3H|D|T|13C|13CH[0-9]?|14C|15N|15NH[0-9]?|17O|18O|34S)[^\]]*\]")
# The isotopic layer, and the formula layer of an InChI of one component.
_LABEL_IN_INCHI = re.compile(r"/i[0-9HDT]")
_INCHI_FORMULA = re.compile(r"InChI=1S?/([A-Za-z0-9]+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a spectrum shows, in unit mass; intensities are of 999.

    ``silylated`` is the strongest of the ions that silyl groups would give the compound, at ``silylated_mz``;
    ``molecular_mz`` is that of the substance measured, ``None`` where a derivative's formula is not given;
    ``parent_mz`` that of the compound named.
    """

    parent_mz: int
    molecular_mz: int | None
    at_molecular: int
    at_plus_1: int
    silyl: int
    silylated_mz: int
    silylated: int
    highest_mz: int
    lowest_mz: int
    peaks: int
    above_parent: int
    above_molecular: int

    def is_testable(self, limits: SpectraAuditLimits) -> bool:
        """Whether M+1 is strong enough to expect the molecular ion itself."""
        return self.molecular_mz is not None and exceeds_percent(self.at_plus_1, limits.m_plus_1_min_percent)


def nominal(mass: Decimal) -> int:
    """Unit-mass m/z of an ion, rounded as the unit-mass form of spectra is."""
    return math.ceil(mass - _NOMINAL_ROUNDING)


def exceeds_percent(intensity: int, percent: str) -> bool:
    """Whether an intensity of 999 exceeds a percentage of the base peak."""
    return 100 * intensity > Decimal(percent) * BASE_PEAK


def label_source(entry: SpectrumEntry) -> str:
    """Where a record tells of an isotope label: in its structure, else in a name; empty if nowhere."""
    if _LABEL_IN_SMILES.search(entry.smiles or "") or _LABEL_IN_INCHI.search(entry.inchi or ""):
        return "structure"
    names = _NAMES_WITH_D.sub(" ", f" {entry.name} | {entry.other_names or ''}")
    return "name" if _LABEL_IN_NAME.search(names) else ""


def measure(entry: SpectrumEntry, unit: UnitMassSpectrum, peaks: int, limits: SpectraAuditLimits) -> Measured:
    """Values that the rules compare; ``peaks`` is their number as published."""
    parent = nominal(Decimal(entry.exact_mass))
    molecular: int | None = parent
    if entry.derivative is not None and "Si" not in atoms_of(entry.formula):
        form = entry.derivative_formula
        molecular = None if form is None else nominal(monoisotopic_mass(form))
    at = dict(zip(unit.mz.tolist(), unit.intensity.tolist(), strict=True))

    window = limits.isotope_window_da + _isotope_reach(entry.formula)

    def above(mz: int) -> int:
        part = unit.intensity[unit.mz > mz + window]
        return int(part.max()) if part.size else 0

    silylated = max(_silylated(parent), key=lambda mz: (at.get(mz, 0), -mz))
    return Measured(
        parent_mz=parent,
        molecular_mz=molecular,
        at_molecular=0 if molecular is None else at.get(molecular, 0),
        at_plus_1=0 if molecular is None else at.get(molecular + 1, 0),
        silyl=max(at.get(mz, 0) for mz in _SILYL_IONS),
        silylated_mz=silylated,
        silylated=at.get(silylated, 0),
        highest_mz=int(unit.mz[-1]),
        lowest_mz=int(unit.mz[0]),
        peaks=peaks,
        above_parent=above(parent),
        above_molecular=0 if molecular is None else above(molecular),
    )


def _silylated(parent: int) -> Iterator[int]:
    """Unit masses of M and of the usual loss, for one to several silyl groups."""
    for gain, loss in _SILYL_GAINS:
        for groups in range(1, _MAX_SILYL_GROUPS + 1):
            yield parent + gain * groups
            yield parent + gain * groups - loss


def _isotope_reach(formula: str) -> int:
    """How much further than the usual window isotope peaks reach, from the elements of the formula."""
    counts = atoms_of(formula)
    halogens = counts.get("Cl", 0) + counts.get("Br", 0)
    return 2 * halogens + (_METAL_REACH_DA if _WIDE_ISOTOPES & counts.keys() else 0)


def spectrum_findings(
    entry: SpectrumEntry, shown: Measured, precision: MassPrecision, limits: SpectraAuditLimits
) -> Iterator[SpectrumFinding]:
    """Flags of one spectrum, in the order of ``SpectrumFlag``."""
    yield from _molecular_ion(entry, shown, limits)
    yield from _identity(entry, shown, limits)
    yield from _stated_mass(entry, limits)
    yield from _inchi_formula(entry)
    yield from _energy(entry, limits)
    if precision is not MassPrecision.UNIT:
        yield _finding(entry, SpectrumFlag.MASS_PRECISION, f"m/z in {precision.value}", "unit mass")
    if shown.lowest_mz >= limits.starts_high_mz:
        yield _finding(
            entry,
            SpectrumFlag.STARTS_HIGH,
            f"first peak at m/z {shown.lowest_mz}",
            f"below {limits.starts_high_mz}",
        )
    if shown.peaks < limits.few_peaks:
        yield _finding(entry, SpectrumFlag.FEW_PEAKS, f"{shown.peaks} peaks", f"at least {limits.few_peaks}")


def _finding(
    entry: SpectrumEntry, flag: SpectrumFlag, measured: str, allowed: str, proposed: CurationState | None = None
) -> SpectrumFinding:
    return SpectrumFinding(
        accession=entry.accession, flag=flag, measured=Line(measured), allowed=Line(allowed), proposed=proposed
    )


def percent(intensity: int) -> str:
    """Percentage of the base peak, one digit."""
    return decimal_text(Decimal(100 * intensity) / BASE_PEAK, 1)


def _molecular_ion(entry: SpectrumEntry, shown: Measured, limits: SpectraAuditLimits) -> Iterator[SpectrumFinding]:
    mz = shown.molecular_mz
    if shown.is_testable(limits) and shown.at_molecular == 0:
        yield _finding(
            entry,
            SpectrumFlag.MOLECULAR_ION_MISSING,
            f"m/z {mz} absent, m/z {shown.parent_mz + 1 if mz is None else mz + 1} {percent(shown.at_plus_1)} %",
            f"M present where M+1 exceeds {limits.m_plus_1_min_percent} %",
            CurationState.UNUSABLE,
        )
    if exceeds_percent(shown.above_molecular, limits.above_molecular_ion_min_percent):
        yield _finding(
            entry,
            SpectrumFlag.PEAKS_ABOVE_MOLECULAR_ION,
            f"{percent(shown.above_molecular)} % above m/z {mz} (highest m/z {shown.highest_mz})",
            f"at most {limits.above_molecular_ion_min_percent} % above the isotope peaks of M",
            CurationState.NAME_UNRESOLVED,
        )


def _identity(entry: SpectrumEntry, shown: Measured, limits: SpectraAuditLimits) -> Iterator[SpectrumFinding]:
    """Derivatives and isotopologues that stand under the structure of the parent."""
    evidence = _derivative_evidence(entry, shown, limits)
    if evidence:
        yield _finding(
            entry,
            SpectrumFlag.DERIVATIVE_UNDER_PARENT_KEY,
            f"{evidence}; {percent(shown.above_parent)} % above m/z {shown.parent_mz} of {entry.formula}"[:500],
            "structure and formula of the substance measured",
            CurationState.NAME_UNRESOLVED,
        )
    if source := label_source(entry):
        plain = entry.inchikey is not None and "-UHFFFAOY" in entry.inchikey
        where = "full key of the unlabelled parent" if plain else "connectivity block of the unlabelled parent"
        yield _finding(
            entry,
            SpectrumFlag.ISOTOPOLOGUE_UNDER_PARENT_KEY,
            f"labelled by its {source}; {where if entry.inchikey else 'no InChIKey'}",
            "kept apart from the unlabelled compound",
            # A key of its own may well be right; only its first block is shared.
            CurationState.NAME_UNRESOLVED if plain else None,
        )


def _derivative_evidence(entry: SpectrumEntry, shown: Measured, limits: SpectraAuditLimits) -> str:
    """Why the substance measured is a derivative of the compound named; empty if nothing says so."""
    has_silicon = "Si" in atoms_of(entry.formula)
    is_above = exceeds_percent(shown.above_parent, limits.above_molecular_ion_min_percent)
    if entry.derivative is not None:
        other_form = entry.derivative_formula not in (None, entry.formula)
        is_silyl = _SILYL.search(entry.derivative) is not None and not has_silicon
        return f"declared: {entry.derivative[:100]}" if other_form or is_silyl or is_above else ""
    is_silylated = exceeds_percent(shown.silyl, limits.silyl_min_percent) and exceeds_percent(
        shown.silylated, limits.above_molecular_ion_min_percent
    )
    if is_above and is_silylated and not has_silicon:
        return (
            f"not declared; m/z 73 or 147 at {percent(shown.silyl)} %, m/z {shown.silylated_mz} as of a silyl "
            f"derivative at {percent(shown.silylated)} %"
        )
    return ""


def _stated_mass(entry: SpectrumEntry, limits: SpectraAuditLimits) -> Iterator[SpectrumFinding]:
    if entry.stated_mass is None:
        return
    digits = len(entry.stated_mass.partition(".")[2])
    allowed = Decimal(limits.mass_tolerance_da) + Decimal(1).scaleb(-digits) / 2
    difference = abs(Decimal(entry.stated_mass) - Decimal(entry.exact_mass))
    if difference > allowed:
        yield _finding(
            entry,
            SpectrumFlag.MASS_CONTRADICTS_FORMULA,
            f"mass {entry.stated_mass}, {entry.formula} gives {entry.exact_mass}"[:500],
            f"within {allowed} Da",
            CurationState.NAME_UNRESOLVED,
        )


def _inchi_formula(entry: SpectrumEntry) -> Iterator[SpectrumFinding]:
    match = _INCHI_FORMULA.match(entry.inchi or "")
    # An InChI of a charged form states the formula without or with a proton (layers /p and /q).
    if match is None or re.search(r"/[pq]", entry.inchi or "") or atoms_of(match[1]) == atoms_of(entry.formula):
        return
    yield _finding(
        entry,
        SpectrumFlag.FORMULA_CONTRADICTS_KEY,
        f"{entry.formula}, the InChI gives {match[1]}"[:500],
        "the formula of the structure",
        CurationState.NAME_UNRESOLVED,
    )


def _energy(entry: SpectrumEntry, limits: SpectraAuditLimits) -> Iterator[SpectrumFinding]:
    low, high = limits.electron_energy_min_ev, limits.electron_energy_max_ev
    allowed = f"{low} to {high} eV"
    if entry.electron_energy_ev is None:
        yield _finding(entry, SpectrumFlag.ELECTRON_ENERGY_NOT_STATED, "not stated", allowed)
    elif not Decimal(low) <= Decimal(entry.electron_energy_ev) <= Decimal(high):
        yield _finding(entry, SpectrumFlag.ELECTRON_ENERGY_OTHER, f"{entry.electron_energy_ev} eV", allowed)


def precisions(mz: NDArray[np.float64], offsets: NDArray[np.uint64]) -> list[MassPrecision]:
    """How finely the m/z of each spectrum are written; none may be empty."""
    if offsets.size < 2:
        return []
    finer = np.full(mz.size, 3, dtype=np.int8)
    finer[np.round(mz, 1) == mz] = 2
    finer[np.round(2 * mz) == 2 * mz] = 1
    finer[np.round(mz) == mz] = 0
    highest = np.maximum.reduceat(finer, offsets[:-1].astype(np.int64))
    kinds = tuple(MassPrecision)
    return [kinds[place] for place in highest.tolist()]
