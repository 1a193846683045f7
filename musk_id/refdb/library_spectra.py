"""Spectra of a library: read from their files, kept or set aside with the reason, put into tables and arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ReferenceDataError
from musk_id.formats.massbank import read_massbank
from musk_id.formats.msp import read_msp
from musk_id.kernels.spectral import BASE_PEAK, to_unit_mass
from musk_id.library_vocabulary import SetAside
from musk_id.model.library import CurationEntry, LibraryInput, SetAsideRecord
from musk_id.model.spectral_table import SpectrumEntry, SpectrumTable
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import Line
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.refdb.library_sources import SpectraInput
from musk_id.refdb.spectra_records import SpectrumRefusal, accession_of, normalised
from musk_id.refdb.spectra_store import entries_bytes, row_column
from musk_id.vocabulary import CurationState

__all__ = ["GatheredSpectra", "KeptSpectrum", "gather_spectra", "spectrum_states", "spectrum_table"]

MAX_SHOWN = 60

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class KeptSpectrum:
    """A spectrum that takes part, with what is known of it."""

    entry: SpectrumEntry
    spectrum: MassSpectrum


@dataclass(frozen=True, slots=True)
class GatheredSpectra:
    """What became of the spectra of all inputs; kept ones in ascending order of their accessions."""

    kept: tuple[KeptSpectrum, ...] = ()
    aside: tuple[SetAsideRecord, ...] = ()
    inputs: tuple[LibraryInput, ...] = ()


def gather_spectra(entries: Iterable[SpectraInput], inputs: Path) -> GatheredSpectra:
    """Read every input and keep each spectrum or set it aside.

    Raises
    ------
    InputFormatError
        If a file cannot be read as what its name says.
    IntegrityError
        If a path leaves the folder of inputs.
    """
    held: dict[str, KeptSpectrum] = {}
    aside: list[SetAsideRecord] = []
    listed: list[LibraryInput] = []
    for given in entries:
        path = resolve_inside(inputs, given.path)
        spectra = _read(path)
        before, refused = len(held), len(aside)
        for number, spectrum in enumerate(spectra, 1):
            found = _judged(spectrum, given, held)
            if isinstance(found, SpectrumRefusal):
                aside.append(_aside(spectrum, number, given, found))
            else:
                held[found.entry.accession] = found
        listed.append(
            LibraryInput(
                path=given.path,
                sha256=sha256_file(path),
                licence=given.licence,
                redistribute=given.redistribute,
                source=given.source,
                collapsed=False,
                records_in=len(spectra),
                records_kept=len(held) - before,
                records_set_aside=len(aside) - refused,
                windows_kept=0,
                windows_set_aside=0,
            )
        )
    return GatheredSpectra(tuple(held[name] for name in sorted(held)), tuple(aside), tuple(listed))


def _read(path: Path) -> tuple[MassSpectrum, ...]:
    is_text = path.name.lower().removesuffix(".gz").endswith(".txt")
    return read_massbank(path) if is_text else read_msp(path)


def _judged(
    spectrum: MassSpectrum, given: SpectraInput, held: dict[str, KeptSpectrum]
) -> KeptSpectrum | SpectrumRefusal:
    found = normalised(spectrum, given)
    if isinstance(found, SpectrumRefusal):
        return found
    before = held.get(found.accession)
    if before is None:
        return KeptSpectrum(found, spectrum)
    same = np.array_equal(before.spectrum.mz, spectrum.mz) and np.array_equal(
        before.spectrum.intensity, spectrum.intensity
    )
    reason = SetAside.DUPLICATE_ACCESSION if same else SetAside.ACCESSION_CONFLICT
    measured = "the same peaks" if same else "other peaks than the record kept"
    return SpectrumRefusal(reason, Line(measured), Line("one record of an accession"))


def _aside(spectrum: MassSpectrum, number: int, given: SpectraInput, refusal: SpectrumRefusal) -> SetAsideRecord:
    # A record without accession is named by its place, so that it can be found again in its file.
    name = accession_of(spectrum) or Line(f"record {number}: {' '.join(spectrum.name.split())[:MAX_SHOWN]}")
    return SetAsideRecord(
        input_path=given.path,
        accession=name,
        locus=None,
        reason=refusal.reason,
        measured=refusal.measured,
        allowed=refusal.allowed,
    )


def spectrum_table(kept: Sequence[KeptSpectrum], curation: Iterable[CurationEntry]) -> tuple[SpectrumTable, bytes]:
    """Table and arrays of the spectra that are kept, and the bytes of ``spectra.tsv``."""
    tsv = entries_bytes(k.entry for k in kept)
    units = [to_unit_mass(k.spectrum.mz, k.spectrum.intensity) for k in kept]
    scaled = [_scaled(k.spectrum.intensity) for k in kept]
    states = spectrum_states([k.entry.accession for k in kept], curation)
    table = SpectrumTable(
        rows=row_column(tsv),
        state=np.array([tuple(CurationState).index(state) for state in states], dtype=np.uint8),
        offsets=_offsets([part.size for part in scaled]),
        mz=_joined([k.spectrum.mz for k in kept], np.float64),
        intensity=_joined(scaled, np.float32),
        unit_offsets=_offsets([unit.mz.size for unit in units]),
        unit_mz=_joined([unit.mz for unit in units], np.uint32),
        unit_intensity=_joined([unit.intensity for unit in units], np.uint16),
    )
    return table, tsv


def _scaled(intensity: NDArray[np.float64]) -> NDArray[np.float32]:
    """Intensities with a largest value of 999; none falls to zero in single precision."""
    # Division first: the product of two large numbers could leave the range.
    relative = BASE_PEAK * (intensity / intensity.max())
    scaled: NDArray[np.float32] = np.maximum(relative, np.finfo(np.float32).tiny).astype(np.float32)
    return scaled


def _offsets(sizes: Sequence[int]) -> NDArray[np.uint64]:
    offsets = np.zeros(len(sizes) + 1, dtype=np.uint64)
    np.cumsum(np.array(sizes, dtype=np.uint64), out=offsets[1:])
    return offsets


def _joined(parts: Sequence[NDArray[Any]], dtype: type[_Number]) -> NDArray[_Number]:
    return np.concatenate([np.empty(0, dtype=dtype), *(part.astype(dtype) for part in parts)])


def spectrum_states(accessions: list[Line], curation: Iterable[CurationEntry]) -> list[CurationState]:
    """State of each spectrum: the last dated entry holds.

    Raises
    ------
    ReferenceDataError
        If an entry gives a spectrum a marker or names of species.
    """
    states = dict.fromkeys(accessions, CurationState.REFERENCE)
    for entry in curation:
        if entry.accession not in states:
            continue
        if entry.locus is not None or entry.revised_names:
            raise ReferenceDataError(
                f"curation.tsv gives the spectrum {entry.accession} a marker or names of species",
                hint="an entry on a spectrum states accession, state, person, date and reason",
            )
        states[entry.accession] = entry.state
    return [states[accession] for accession in accessions]
