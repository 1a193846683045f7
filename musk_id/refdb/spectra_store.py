"""The spectra of a library on disk: ``spectra.tsv`` for people, arrays of peaks, and what must hold of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ReferenceDataError
from musk_id.kernels.spectral import BASE_PEAK
from musk_id.model.columns import TextColumn
from musk_id.model.spectral_table import FORMER_COLUMNS, SPECTRUM_COLUMNS, SpectrumEntry, SpectrumTable
from musk_id.model.values import Sha256
from musk_id.records.files import sha256_bytes
from musk_id.refdb.arrays import mapped_arrays, npy_bytes
from musk_id.refdb.tables import table_bytes
from musk_id.vocabulary import CurationState

__all__ = [
    "SPECTRA_NAME",
    "SPECTRA_NAMES",
    "entries_bytes",
    "load_spectra",
    "peaks_digest",
    "row_column",
    "spectra_files",
    "spectra_head",
    "spectra_part",
]

SPECTRA_NAME = "spectra.tsv"
_STEM = "spectra"
_ARRAYS: dict[str, tuple[str, int]] = {
    "state": ("|u1", 1),
    "offsets": ("<u8", 1),
    "mz": ("<f8", 1),
    "intensity": ("<f4", 1),
    "unit_offsets": ("<u8", 1),
    "unit_mz": ("<u4", 1),
    "unit_intensity": ("<u2", 1),
}

SPECTRA_NAMES = frozenset({SPECTRA_NAME} | {f"{_STEM}.{name}.npy" for name in _ARRAYS})
"""Names of the files of a table of spectra."""


def entries_bytes(entries: Iterable[SpectrumEntry]) -> bytes:
    """Bytes of ``spectra.tsv``."""
    return table_bytes(SPECTRUM_COLUMNS, (tuple(map(_cell, astuple(entry))) for entry in entries))


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def spectra_part(table: SpectrumTable, keep: Sequence[int]) -> tuple[SpectrumTable, bytes]:
    """Some spectra of a table, with their peaks bit by bit, and the bytes of ``spectra.tsv``.

    Parameters
    ----------
    table : SpectrumTable
        The whole.
    keep : sequence of int
        Places of the spectra that stay, ascending.

    Notes
    -----
    The unit-mass form is taken over, not made anew: it was rounded from the published intensities, and making it
    from those in single precision could round another way.
    """
    places = np.asarray(keep, dtype=np.int64)
    tsv = entries_bytes(table.entry(int(place)) for place in places)
    offsets, peaks = _sliced(table.offsets, places)
    unit_offsets, unit_peaks = _sliced(table.unit_offsets, places)
    part = SpectrumTable(
        rows=row_column(tsv),
        state=np.asarray(table.state)[places],
        offsets=offsets,
        mz=np.asarray(table.mz)[peaks],
        intensity=np.asarray(table.intensity)[peaks],
        unit_offsets=unit_offsets,
        unit_mz=np.asarray(table.unit_mz)[unit_peaks],
        unit_intensity=np.asarray(table.unit_intensity)[unit_peaks],
    )
    return part, tsv


def _sliced(
    offsets: NDArray[np.uint64], places: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Offsets of a part, and the places of its peaks in the whole."""
    bounds = np.asarray(offsets).astype(np.int64)
    sizes = bounds[places + 1] - bounds[places]
    new = np.zeros(places.size + 1, dtype=np.uint64)
    np.cumsum(sizes.astype(np.uint64), out=new[1:])
    ranges = [np.arange(bounds[place], bounds[place + 1]) for place in places.tolist()]
    return new, np.concatenate([np.empty(0, dtype=np.int64), *ranges])


def peaks_digest(table: SpectrumTable, record: int) -> Sha256:
    """Digest of the peaks of a spectrum, as published and in unit mass."""
    arrays = (*table.peaks(record), *table.unit_peaks(record))
    return sha256_bytes(b"".join(array.tobytes() for array in arrays))


def spectra_files(table: SpectrumTable, tsv: bytes) -> dict[str, bytes]:
    """Bytes of the files of a table of spectra."""
    arrays = {f"{_STEM}.{name}.npy": npy_bytes(getattr(table, name), kind) for name, (kind, _) in _ARRAYS.items()}
    return {SPECTRA_NAME: tsv, **arrays}


def spectra_head(table: SpectrumTable) -> dict[str, int]:
    """Counts of a table of spectra, as ``library.json`` states them."""
    compounds = len({entry.compound for entry in table.entries()})
    return {"records": len(table), "compounds": compounds, "peaks": int(table.mz.size)}


def row_column(tsv: bytes) -> TextColumn:
    """Rows of a table's bytes as they lie in the file, the header left out.

    Raises
    ------
    ReferenceDataError
        If the table is larger than its offsets can tell.
    """
    if len(tsv) > np.iinfo(np.uint32).max:
        raise ReferenceDataError(f"{len(tsv)} bytes, at most {np.iinfo(np.uint32).max}", where=SPECTRA_NAME)
    data = np.frombuffer(tsv, dtype=np.uint8)
    return TextColumn((np.flatnonzero(data == ord("\n")) + 1).astype(np.uint32), data)


def load_spectra(directory: Path, head: dict[str, Any]) -> SpectrumTable:
    """Table of the spectra of a library; its arrays are mapped.

    Raises
    ------
    ValueError
        If the files contradict each other or hold what no build writes.
    """
    tsv = (directory / SPECTRA_NAME).read_bytes()
    tsv.decode("utf-8")
    columns = tuple(tsv.partition(b"\n")[0].decode("utf-8").split("\t"))
    if not tsv.endswith(b"\n") or columns not in (SPECTRUM_COLUMNS, FORMER_COLUMNS):
        raise ValueError(f"{SPECTRA_NAME} has other columns, or is cut off")
    arrays = mapped_arrays(directory, _STEM, _ARRAYS)
    table = SpectrumTable(rows=row_column(tsv), **arrays)
    records = int(head["records"])
    if len(table) != records or table.state.size != records or int(head["peaks"]) != table.mz.size:
        raise ValueError(
            f"{records} spectra with {head['peaks']} peaks are announced, {len(table)} rows, {table.state.size} "
            f"states and {table.mz.size} peaks are there"
        )
    if records and int(table.state.max()) >= len(CurationState):
        raise ValueError("a curation state that does not exist")
    _check_peaks("spectra", table.offsets, table.mz, table.intensity, records)
    _check_peaks("spectra in unit mass", table.unit_offsets, table.unit_mz, table.unit_intensity, records)
    return table


def _check_peaks(
    what: str, offsets: NDArray[np.uint64], mz: NDArray[Any], intensity: NDArray[Any], records: int
) -> None:
    if offsets.size != records + 1 or int(offsets[0]) != 0 or int(offsets[-1]) != mz.size:
        raise ValueError(f"{what}: the offsets do not cover the peaks of {records} records")
    if (offsets[1:] <= offsets[:-1]).any():
        raise ValueError(f"{what}: offsets that do not rise, or a record without peaks")
    if mz.size != intensity.size:
        raise ValueError(f"{what}: {mz.size} m/z for {intensity.size} intensities")
    if not records:
        return
    # Written so that a NaN fails each comparison.
    if not (bool((mz > 0).all()) and bool((intensity > 0).all()) and float(intensity.max()) <= BASE_PEAK):
        raise ValueError(f"{what}: m/z or intensities out of range")
    rises = mz[1:] > mz[:-1]
    rises[offsets[1:-1].astype(np.int64) - 1] = True
    if not (bool(rises.all()) and bool(np.isfinite(mz).all())):
        raise ValueError(f"{what}: m/z do not rise inside a record")
