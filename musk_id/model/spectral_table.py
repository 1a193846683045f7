"""Spectra of a built library: peaks as arrays, what is known of each as text that is parsed when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ReferenceDataError
from musk_id.model.columns import TextColumn
from musk_id.model.reference import SpectrumReference
from musk_id.model.values import RULES, DecimalText, Line, RelativePath, Text
from musk_id.vocabulary import CurationState

__all__ = ["FORMER_COLUMNS", "SPECTRUM_COLUMNS", "OwnSpectrum", "SpectrumEntry", "SpectrumTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumEntry:
    """What is known of a spectrum; what its source does not state is ``None``.

    ``exact_mass`` is computed from ``formula``, ``stated_mass`` is what the record says. ``formula`` is that of
    the compound named, ``derivative_formula`` that of the substance measured where the record gives it. The last
    seven fields say where the substance comes from that was measured, and under which permits.
    """

    accession: Line
    name: Line
    other_names: Text | None = None
    inchikey: Line | None = None
    smiles: Text | None = None
    inchi: Text | None = None
    formula: Line
    exact_mass: DecimalText
    stated_mass: DecimalText | None = None
    instrument: Line | None = None
    instrument_type: Line | None = None
    ionisation: Line
    electron_energy_ev: DecimalText | None = None
    derivative: Line | None = None
    derivative_formula: Line | None = None
    retention_index: DecimalText | None = None
    phase: Line | None = None
    licence: Line
    authors: Line | None = None
    input: RelativePath
    voucher: Line | None = None
    country: Line | None = None
    collected_by: Line | None = None
    publication: Line | None = None
    collection_permit: Line | None = None
    informed_consent: Line | None = None
    cites_permit: Line | None = None

    @property
    def compound(self) -> str:
        """First block of the InChIKey (connectivity), or the SMILES text where no key is given."""
        return self.inchikey.split("-")[0] if self.inchikey else str(self.smiles)


_KINDS: dict[str, Callable[[str], str]] = {
    "other_names": Text,
    "smiles": Text,
    "inchi": Text,
    "exact_mass": DecimalText,
    "stated_mass": DecimalText,
    "electron_energy_ev": DecimalText,
    "retention_index": DecimalText,
    "input": RelativePath,
}
_REQUIRED = frozenset({"accession", "name", "formula", "exact_mass", "ionisation", "licence", "input"})

SPECTRUM_COLUMNS = tuple(field.name for field in fields(SpectrumEntry))

FORMER_COLUMNS = SPECTRUM_COLUMNS[: SPECTRUM_COLUMNS.index("input") + 1]
"""Columns of libraries that were built before provenance was kept; nothing is stated there."""


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumTable:
    """Spectra in ascending order of their accessions.

    Attributes
    ----------
    rows : TextColumn
        Row of each spectrum in ``spectra.tsv``, with its line end.
    state : ndarray of uint8, shape (n,)
        Curation state, index into ``tuple(CurationState)``.
    offsets : ndarray of uint64, shape (n + 1,)
        Peaks of spectrum ``i`` are ``mz[offsets[i]:offsets[i + 1]]``.
    mz : ndarray of float64
        m/z as published, ascending inside a spectrum.
    intensity : ndarray of float32
        Intensities, the largest of each spectrum 999.
    unit_offsets, unit_mz, unit_intensity : ndarray of uint64, uint32, uint16
        The same in unit mass (:func:`musk_id.kernels.spectral.to_unit_mass`).
    """

    rows: TextColumn
    state: NDArray[np.uint8]
    offsets: NDArray[np.uint64]
    mz: NDArray[np.float64]
    intensity: NDArray[np.float32]
    unit_offsets: NDArray[np.uint64]
    unit_mz: NDArray[np.uint32]
    unit_intensity: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.rows)

    def entry(self, record: int) -> SpectrumEntry:
        """What is known of a spectrum.

        Raises
        ------
        ReferenceDataError
            If its row is not one that a build writes.
        """
        return _parsed(self.rows[record], record)

    def entries(self) -> Iterator[SpectrumEntry]:
        """What is known of every spectrum, in order."""
        for record, row in enumerate(self.rows):
            yield _parsed(row, record)

    def state_of(self, record: int) -> CurationState:
        """Curation state of a spectrum."""
        return tuple(CurationState)[int(self.state[record])]

    def peaks(self, record: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """m/z and intensities of a spectrum."""
        start, end = int(self.offsets[record]), int(self.offsets[record + 1])
        return self.mz[start:end], self.intensity[start:end]

    def unit_peaks(self, record: int) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
        """Unit-mass m/z and intensities of a spectrum."""
        start, end = int(self.unit_offsets[record]), int(self.unit_offsets[record + 1])
        return self.unit_mz[start:end], self.unit_intensity[start:end]


@dataclass(frozen=True, slots=True, eq=False)
class OwnSpectrum:
    """A spectrum of a laboratory's own beside those of a release.

    Attributes
    ----------
    reference : SpectrumReference
        What is known of it; its ``peaks`` are left empty.
    mz, intensity : ndarray of int64, shape (n,)
        Its peaks in unit mass.
    """

    reference: SpectrumReference
    mz: NDArray[np.int64]
    intensity: NDArray[np.int64]


def _parsed(row: str, record: int) -> SpectrumEntry:
    where = f"spectra.tsv, line {record + 2}"
    cells = row.removesuffix("\n").split("\t")
    if len(cells) not in (len(SPECTRUM_COLUMNS), len(FORMER_COLUMNS)):
        raise ReferenceDataError(f"{len(cells)} fields, there are {len(SPECTRUM_COLUMNS)} columns", where=where)
    known: dict[str, str] = {}
    for column, cell in zip(SPECTRUM_COLUMNS, cells, strict=False):
        if not cell and column not in _REQUIRED:
            continue
        if not RULES[_KINDS.get(column, Line)].accepts(cell):
            raise ReferenceDataError(f"{column}: {cell[:60]!r} is not what a build writes", where=where)
        known[column] = cell
    if "inchikey" not in known and "smiles" not in known:
        raise ReferenceDataError("neither InChIKey nor SMILES", where=where)
    return SpectrumEntry(**known)  # type: ignore[arg-type]
