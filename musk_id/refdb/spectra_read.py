"""What must hold between the spectra of a library and its other tables, before anything rests on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from musk_id.errors import ReferenceDataError
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.kernels.spectral import to_unit_mass
from musk_id.model.library import CurationEntry, LibraryInput
from musk_id.model.spectral_table import SpectrumEntry, SpectrumTable
from musk_id.refdb.checks_spectra import MASS_TOLERANCE_DA
from musk_id.refdb.library_spectra import spectrum_states
from musk_id.refdb.spectra_records import MIN_PEAKS
from musk_id.refdb.spectra_store import SPECTRA_NAME

__all__ = ["require_sound_spectra"]

UNIT_ROUNDING = 1
"""Peaks in single precision may round to the neighbour of the whole number that those published gave."""


def require_sound_spectra(
    table: SpectrumTable, inputs: Sequence[LibraryInput], curation: Sequence[CurationEntry], where: str
) -> None:
    """Accessions, inputs, states, masses and both forms of the peaks tell of the same spectra.

    Parameters
    ----------
    table : SpectrumTable
        Spectra as loaded.
    inputs, curation : sequence
        Rows of ``inputs.tsv`` and ``curation.tsv``.
    where : str
        The library, as messages name it.

    Raises
    ------
    ReferenceDataError
        Naming the first spectrum that contradicts another table, or itself.
    """
    entries = list(table.entries())
    problem = (
        _order_problem(entries)
        or _input_problem(entries, inputs)
        or _state_problem(table, entries, curation)
        or _spectrum_problem(table, entries)
    )
    if problem is not None:
        raise ReferenceDataError(
            f"{SPECTRA_NAME} and the other files contradict each other: {problem}",
            where=where,
            hint="build the library again, or ask for it again; a library is never edited",
        )


def _order_problem(entries: Sequence[SpectrumEntry]) -> str | None:
    for first, second in pairwise(entries):
        if first.accession >= second.accession:
            kind = "stands twice" if first.accession == second.accession else "is out of order"
            return f"{second.accession} {kind}"
    return None


def _input_problem(entries: Sequence[SpectrumEntry], inputs: Sequence[LibraryInput]) -> str | None:
    found = Counter(entry.input for entry in entries)
    told = {entry.path: entry.records_kept for entry in inputs}
    for path, count in sorted(found.items()):
        if told.get(path) != count:
            return f"{count} spectra of {path}, inputs.tsv tells of {told.get(path, 'no such input')}"
    return None


def _state_problem(
    table: SpectrumTable, entries: Sequence[SpectrumEntry], curation: Sequence[CurationEntry]
) -> str | None:
    told = spectrum_states([entry.accession for entry in entries], curation)
    for record, (entry, state) in enumerate(zip(entries, told, strict=True)):
        if table.state_of(record) is not state:
            return f"{entry.accession} is {table.state_of(record)}, by curation.tsv {state}"
    return None


def _spectrum_problem(table: SpectrumTable, entries: Sequence[SpectrumEntry]) -> str | None:
    masses: dict[str, Decimal] = {}
    for record, entry in enumerate(entries):
        if entry.formula not in masses:
            masses[entry.formula] = monoisotopic_mass(entry.formula)
        mass = masses[entry.formula]
        if abs(mass - Decimal(entry.exact_mass)) > MASS_TOLERANCE_DA:
            return f"{entry.accession} has the mass {entry.exact_mass}, its formula {mass}"
        mz, _ = table.peaks(record)
        if mz.size < MIN_PEAKS:
            return f"{entry.accession} has {mz.size} peaks, at least {MIN_PEAKS} are needed"
        if not _is_unit_mass_of(table, record):
            return f"the peaks of {entry.accession} and their unit-mass form differ"
    return None


def _is_unit_mass_of(table: SpectrumTable, record: int) -> bool:
    mz, intensity = table.peaks(record)
    unit = to_unit_mass(np.asarray(mz), np.asarray(intensity, dtype=np.float64))
    made = dict(zip(unit.mz.tolist(), unit.intensity.tolist(), strict=True))
    held = dict(zip(*(array.tolist() for array in table.unit_peaks(record)), strict=True))
    return all(abs(made.get(mass, 0) - held.get(mass, 0)) <= UNIT_ROUNDING for mass in made.keys() | held.keys())
