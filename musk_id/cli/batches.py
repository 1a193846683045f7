"""Batches of casework: the run sheet, its control files, and what the controls stage makes of them."""

from __future__ import annotations

from pathlib import Path

from musk_id.cli.batch_exhibits import exhibit_wells, is_compared
from musk_id.cli.evidence_files import measured, read_steadily
from musk_id.cli.read_evidence import control_reads, primers_of
from musk_id.cli.run_sheets import checked_sheet
from musk_id.cli.workplace import Casework
from musk_id.errors import InputFormatError, IntegrityError, RequestError
from musk_id.model.controls import ControlFile, ControlsRecord
from musk_id.model.examination import EvidenceFile
from musk_id.model.methods import SangerMethod
from musk_id.model.provenance import InputDigest
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Line
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.records.inputs import find_input
from musk_id.vocabulary import FileRole

__all__ = ["controls_batch"]


def controls_batch(casework: Casework, batch_dir: Path) -> ControlsRecord:
    """Controls of one batch.

    Raises
    ------
    RequestError
        If the run sheet is malformed or of another batch.
    """
    from musk_id.stages.controls import assess_controls

    path = find_input(batch_dir, "sheet")
    try:
        sheet = checked_sheet(path)
    except RequestError as error:
        # The file's name is the same in every batch.
        where = f"batch {batch_dir.name}: {error.where}"
        raise RequestError(error.message, where=where, hint=error.hint, problems=error.problems) from error
    if sheet.batch_id != batch_dir.name:
        raise RequestError(f"batch_id is {sheet.batch_id!r}, the folder is {batch_dir.name!r}", where=path.name)
    files: list[ControlFile] = []
    sequences: dict[str, tuple[NucleotideSequence, ...] | None] = {}
    reads: dict[str, DistinctReads | PiledReads | None] = {}
    methods = casework.methods
    for row in sheet.rows:
        own = [_control_file(batch_dir, named, row.position) for named in row.files]
        files += own
        for named, fact in zip(row.files, own, strict=True):
            sequences[named.path] = _control_sequences(batch_dir, named, fact, methods.sanger)
        if any(named.role is FileRole.READS for named in row.files):
            reads[row.position] = control_reads(casework, batch_dir, row, own)
    compared = methods.reads is not None and methods.reads.jump_confidence is not None and is_compared(sheet)
    wells, of_wells = exhibit_wells(casework, sheet) if compared else (None, ())
    inputs = [InputDigest(name=Line(path.name), sha256=sha256_file(path))]
    inputs += [InputDigest(name=Line(f.path), sha256=f.sha256) for f in files if f.sha256 is not None]
    inputs += of_wells
    return assess_controls(
        sheet,
        tuple(files),
        sequences,
        casework.barcode_library,
        methods.controls,
        methods.barcode,
        methods.animals,
        casework.provenance(
            (
                methods.controls.version,
                methods.barcode.version,
                methods.sanger.version,
                *((casework.reads_method.version,) if reads else ()),
            ),
            tuple(inputs),
        ),
        reads={
            row.position: (reads[row.position], primers_of(row)) for row in sheet.rows if row.position in reads
        },
        reads_method=casework.reads_method,
        wells=wells,
    )


def _control_file(batch_dir: Path, named: EvidenceFile, position: str) -> ControlFile:
    path = resolve_inside(batch_dir, named.path)
    if not path.is_file():
        return ControlFile(path=named.path, position=Line(position))
    size, sha256 = measured(path, f"batch {batch_dir.name}: {named.path}")
    return ControlFile(path=named.path, position=Line(position), size_bytes=size, sha256=sha256)


def _control_sequences(
    batch_dir: Path, named: EvidenceFile, fact: ControlFile, method: SangerMethod
) -> tuple[NucleotideSequence, ...] | None:
    """Sequences of a control file, or what trimming leaves of a trace; ``None`` if it is not as it should be."""
    from musk_id.formats.ab1 import read_ab1
    from musk_id.formats.sequence_files import read_sequences
    from musk_id.stages.controls import TRACE_ROLES
    from musk_id.stages.sanger import kept_letters

    if named.role not in {FileRole.SEQUENCE} | TRACE_ROLES or fact.sha256 is None:
        return None
    if named.sha256 is not None and named.sha256 != fact.sha256:
        return None
    path = resolve_inside(batch_dir, named.path)
    try:
        if named.role is FileRole.SEQUENCE:
            return read_steadily([path], [fact.sha256], lambda: read_sequences(path))
        letters = kept_letters(read_steadily([path], [fact.sha256], lambda: read_ab1(path)), method)
        return (NucleotideSequence(named.path, letters),) if letters else ()
    except (InputFormatError, IntegrityError):
        return None
