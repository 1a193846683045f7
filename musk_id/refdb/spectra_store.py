"""The spectra of a library on disk: ``spectra.tsv`` for people, arrays of peaks, and what must hold of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ReferenceDataError
from musk_id.kernels.spectral import BASE_PEAK
from musk_id.model.columns import TextColumn
from musk_id.model.spectral_table import SPECTRUM_COLUMNS, SpectrumTable
from musk_id.refdb.arrays import mapped_arrays, npy_bytes
from musk_id.vocabulary import CurationState

__all__ = ["SPECTRA_NAME", "load_spectra", "row_column", "spectra_files", "spectra_head"]

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
    if not tsv.endswith(b"\n") or tsv.partition(b"\n")[0].decode("utf-8").split("\t") != list(SPECTRUM_COLUMNS):
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
