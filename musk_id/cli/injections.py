"""Reference substances of chemical batches: their spectra, unchanged since the controls were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from musk_id.cli.evidence_files import read_steadily
from musk_id.errors import InputFormatError, IntegrityError
from musk_id.model.controls import ControlsRecord
from musk_id.model.injections import SequenceInjections
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import Sha256
from musk_id.records.files import resolve_inside
from musk_id.stages.injections import injections_of
from musk_id.vocabulary import Reason

__all__ = ["chemical_sequences"]


def chemical_sequences(root: Path, controls: Iterable[ControlsRecord]) -> dict[str, SequenceInjections]:
    """Injections of the chemical batches among some, by batch.

    A spectrum of a reference that is missing, was changed, is not as declared, or is not one spectrum, is left
    out: its reference then identifies nothing.
    """
    found: dict[str, SequenceInjections] = {}
    for record in controls:
        injections = injections_of(record.sheet, _spectra(root / "batches" / record.batch_id, record))
        if injections is not None:
            found[record.batch_id] = replace(injections, failed=Reason.CONTROL_FAILED in record.reasons)
    return found


def _spectra(batch_dir: Path, record: ControlsRecord) -> dict[str, MassSpectrum]:
    digests = {file.path: file.sha256 for file in record.files}
    spectra: dict[str, MassSpectrum] = {}
    for row in record.sheet.rows:
        declared = {file.path: file.sha256 for file in row.files}
        for peak in row.peaks or ():
            if peak.spectrum is None or digests.get(peak.spectrum) is None:
                continue
            if declared[peak.spectrum] not in (None, digests[peak.spectrum]):
                continue
            path = resolve_inside(batch_dir, peak.spectrum)
            if path.is_file():
                _add(spectra, peak.spectrum, path, digests[peak.spectrum])
    return spectra


def _add(spectra: dict[str, MassSpectrum], name: str, path: Path, known: Sha256 | None) -> None:
    from musk_id.formats.spectra_files import read_spectra

    try:
        read = read_steadily([path], [known], lambda: read_spectra(path))
    except (InputFormatError, IntegrityError):
        return
    if len(read) == 1:
        spectra[name] = read[0]
