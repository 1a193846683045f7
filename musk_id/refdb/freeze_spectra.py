"""Which spectra of a library may enter a release, and why the others may not.

As with sequences, nothing enters in doubt: what the audit would have a person look at, and nobody has looked at,
is left out; so is what the spectral stage would not compare (derivatives) or should not (other electron energies).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from musk_id.kernels.near_duplicates import near_duplicates
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.library_vocabulary import LeftOut
from musk_id.model.reference import MarkerCompound, ReferenceRelease, SpectrumReference
from musk_id.model.spectral_table import SpectrumEntry, SpectrumTable
from musk_id.model.values import RULES, DecimalText, Line, Text
from musk_id.refdb.audit_spectra import AUDIT_LIMITS, audit_spectra
from musk_id.refdb.checks_spectra import ABOVE_MOLECULAR_ION_DA, spectrum_problems
from musk_id.refdb.library_read import BuiltLibrary
from musk_id.refdb.spectra_records import MIN_PEAKS
from musk_id.refdb.spectra_reference import NOT_DERIVATISED, reference_spectrum
from musk_id.refdb.tables import LIST_SEPARATOR
from musk_id.vocabulary import CurationState

__all__ = ["LeftOutSpectrum", "marker_rows", "select_spectra", "spectrum_row"]

_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_STATED = (
    "voucher",
    "country",
    "collected_by",
    "publication",
    "collection_permit",
    "informed_consent",
    "cites_permit",
)
_Refused = tuple[LeftOut, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutSpectrum:
    """A spectrum of the library that does not enter the release."""

    entry: SpectrumEntry
    state: CurationState
    reason: LeftOut
    detail: Line


class _Base:
    """Spectra that the base holds, for telling copies of them."""

    def __init__(self, base: ReferenceRelease) -> None:
        self.release_id = base.release_id
        self.accessions = {reference.accession for reference in base.spectra}
        self._by_compound: dict[str, list[tuple[Line, UnitMassSpectrum]]] = defaultdict(list)
        self._by_peaks: dict[bytes, Line] = {}
        for reference in base.spectra:
            unit = _unit_mass(reference)
            self._by_compound[_compound(reference.inchikey)].append((reference.accession, unit))
            self._by_peaks[_bytes(unit)] = reference.accession

    def copied(self, reference: SpectrumReference) -> str | None:
        """The spectrum of the base that another one repeats, and by what."""
        unit = _unit_mass(reference)
        same = self._by_peaks.get(_bytes(unit))
        if same is not None:
            return f"{same} has the same peaks"
        limit = Decimal(AUDIT_LIMITS.near_duplicate_cosine)
        for accession, own in self._by_compound[_compound(reference.inchikey)]:
            pair = near_duplicates(
                [own.mz.astype(np.uint32), unit.mz.astype(np.uint32)],
                [own.intensity.astype(np.uint16), unit.intensity.astype(np.uint16)],
                limit,
            )
            if pair:
                return f"{accession} of this compound has nearly the same peaks (cosine above {limit})"
        return None


def _compound(inchikey: str) -> str:
    return inchikey.split("-")[0]


def _unit_mass(reference: SpectrumReference) -> UnitMassSpectrum:
    mz = np.array([float(peak.mz) for peak in reference.peaks])
    return to_unit_mass(mz, np.array([float(peak.intensity) for peak in reference.peaks]))


def _bytes(unit: UnitMassSpectrum) -> bytes:
    return unit.mz.tobytes() + unit.intensity.tobytes()


def select_spectra(
    built: BuiltLibrary, base: ReferenceRelease
) -> tuple[tuple[SpectrumReference, ...], tuple[LeftOutSpectrum, ...]]:
    """Spectra of a library that enter a release, and the others with their reasons, by accession.

    Parameters
    ----------
    built : BuiltLibrary
        The library.
    base : ReferenceRelease
        The release whose spectra stay.
    """
    table = built.library.spectra
    if table is None:
        return (), ()
    before = _Base(base)
    decided = {entry.accession for entry in built.curation}
    flagged = _flagged(built, decided)
    notes = {e.accession: f"{e.reason} ({e.person}, {e.date})" for e in built.curation if e.locus is None}
    added: list[SpectrumReference] = []
    left: list[LeftOutSpectrum] = []
    for record, entry in enumerate(table.entries()):
        found = _entered(built, table, record, entry, before, flagged, notes.get(entry.accession, ""))
        if isinstance(found, SpectrumReference):
            added.append(found)
        else:
            reason, detail = found
            shown = Line(detail[:500])
            left.append(LeftOutSpectrum(entry=entry, state=table.state_of(record), reason=reason, detail=shown))
    return tuple(added), tuple(left)


def _flagged(built: BuiltLibrary, decided: set[Line]) -> dict[Line, str]:
    """What the audit would have a person look at, of the spectra of which no entry of curation speaks."""
    found: dict[Line, str] = {}
    for finding in audit_spectra(built.library).findings:
        if finding.proposed is not None and finding.accession not in decided:
            found.setdefault(finding.accession, f"{finding.flag}: {finding.measured}")
    return found


def _entered(
    built: BuiltLibrary,
    table: SpectrumTable,
    record: int,
    entry: SpectrumEntry,
    before: _Base,
    flagged: dict[Line, str],
    curated: str,
) -> SpectrumReference | _Refused:
    refused = _refusal(entry, table.state_of(record), before, flagged)
    if refused is not None:
        return refused
    reference = reference_spectrum(table, record)
    if reference is None or not reference.peaks:
        return LeftOut.SPECTRUM_FAULTY, "no peak of a whole number of 999"
    reference = _plain(reference, _note(built, entry, table, record, reference, curated))
    return _fault(reference) or _copy(reference, before) or reference


def _refusal(
    entry: SpectrumEntry, state: CurationState, before: _Base, flagged: dict[Line, str]
) -> _Refused | None:
    if entry.accession in before.accessions:
        return LeftOut.IN_BASE_ALREADY, f"release {before.release_id} holds it"
    if state is not CurationState.REFERENCE:
        return LeftOut.SPECTRUM_NOT_REFERENCE, f"curated as {state}"
    if entry.accession in flagged:
        return LeftOut.SPECTRUM_FLAGGED, f"{flagged[entry.accession]}; no entry of curation decides"
    if entry.inchikey is None or _INCHIKEY.fullmatch(entry.inchikey) is None:
        return LeftOut.STRUCTURE_INCOMPLETE, f"a whole InChIKey is needed, stated is {entry.inchikey or 'none'}"
    if (entry.derivative or NOT_DERIVATISED) != NOT_DERIVATISED:
        return LeftOut.DERIVATISED, f"{entry.derivative}; queries are compared as not derivatised"
    energy = entry.electron_energy_ev
    low, high = AUDIT_LIMITS.electron_energy_min_ev, AUDIT_LIMITS.electron_energy_max_ev
    if energy is not None and not Decimal(low) <= Decimal(energy) <= Decimal(high):
        return LeftOut.ELECTRON_ENERGY_OTHER, f"{energy} eV, compared are {low} to {high} eV"
    return None


def _plain(reference: SpectrumReference, note: str) -> SpectrumReference:
    """The reference with its note, and without what a table of a release cannot hold."""

    def shown(text: str) -> str:
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())

    return replace(
        reference,
        name=Line(shown(reference.name) or "unnamed"),
        other_names=Text(shown(reference.other_names)) if reference.other_names else None,
        instrument=Line(shown(reference.instrument) or "not stated"),
        licence=Line(shown(reference.licence) or "not stated"),
        authors=Line(shown(reference.authors) or "not stated"),
        note=Text(shown(note)),
    )


def _note(
    built: BuiltLibrary,
    entry: SpectrumEntry,
    table: SpectrumTable,
    record: int,
    reference: SpectrumReference,
    curated: str,
) -> str:
    """Where the spectrum comes from, what was left out of it, and peaks that cannot be those of the compound."""
    whole = int(table.offsets[record + 1] - table.offsets[record])
    kept = len(reference.peaks)
    parts = [f"Library {built.library.library_id}, {entry.input}."]
    if kept < whole:
        parts.append(f"Peaks of at least 1 of 999 kept ({kept} of {whole}).")
    limit = Decimal(entry.exact_mass) + ABOVE_MOLECULAR_ION_DA
    above = [peak.mz for peak in reference.peaks if Decimal(peak.mz) > limit]
    if above:
        parts.append(f"Above the molecular ion: m/z {', '.join(above)}.")
    if entry.retention_index is not None:
        parts.append(f"Retention index {entry.retention_index}{f' on {entry.phase}' if entry.phase else ''}.")
    stated = [f"{name} {getattr(entry, name)}" for name in _STATED if getattr(entry, name) is not None]
    if stated:
        parts.append(f"Stated: {'; '.join(stated)}.")
    return " ".join([*parts, curated])


def _fault(reference: SpectrumReference) -> _Refused | None:
    if len(reference.peaks) < MIN_PEAKS:
        return (
            LeftOut.SPECTRUM_FAULTY,
            f"{len(reference.peaks)} peaks of at least 1 of 999, needed are {MIN_PEAKS}",
        )
    if not RULES[Text].accepts(reference.note or "") or not all(
        RULES[DecimalText].accepts(peak.mz) for peak in reference.peaks
    ):
        return LeftOut.SPECTRUM_FAULTY, "its note or its m/z are longer than a release holds"
    problem = next(spectrum_problems(reference, reference.accession), None)
    return None if problem is None else (LeftOut.SPECTRUM_FAULTY, str(problem))


def _copy(reference: SpectrumReference, before: _Base) -> _Refused | None:
    copied = before.copied(reference)
    return None if copied is None else (LeftOut.PEAKS_IN_BASE_ALREADY, copied)


def spectrum_row(reference: SpectrumReference) -> tuple[str, ...]:
    """Row of ``spectra.tsv`` of a release."""
    return (
        reference.accession,
        reference.name,
        reference.other_names or "",
        reference.inchikey,
        reference.formula,
        reference.exact_mass,
        reference.instrument,
        reference.ionisation_energy,
        reference.derivative,
        reference.licence,
        reference.authors,
        reference.note or "",
        " ".join(f"{peak.mz}:{peak.intensity}" for peak in reference.peaks),
    )


def marker_rows(
    markers: Iterable[MarkerCompound], added: Iterable[SpectrumReference]
) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    """Markers whose compound has new spectra, with all accessions that they then have.

    Key and formula have to be those of the marker: another stereoisomer under the same connectivity is searched
    for all the same, but is no reference of the marker as it is named.
    """
    found: dict[tuple[Line, Line], list[Line]] = defaultdict(list)
    for reference in added:
        found[reference.inchikey, reference.formula].append(reference.accession)
    for marker in markers:
        new = found.get((marker.inchikey, marker.formula), [])
        if new and not any(LIST_SEPARATOR in accession for accession in new):
            yield marker.marker_id, (*marker.accessions, *sorted(new))
