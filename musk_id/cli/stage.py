"""``musk-id stage``: one stage over the cases of a shard, JSON Lines in and out.

A case that fails becomes a failure record, later stages pass it on, and the stage still ends well: one bad
case must not stop a thousand others.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from musk_id.cli import casework as work
from musk_id.cli.memory_limit import LIMIT_VARIABLE, limit_memory
from musk_id.cli.output import Sealable, content_digest, seal_case, write_case
from musk_id.cli.output_place import refuse_output_over_sources
from musk_id.cli.overview_rows import write_rows, written_contents
from musk_id.cli.progress import cases_told
from musk_id.cli.run_lock import hold_job
from musk_id.cli.shards import REMARK, read_list
from musk_id.cli.workplace import Casework
from musk_id.errors import IntegrityError, MuskIdError, StorageError, UsageError, counted, told_problems
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.intake import IntakeRecord
from musk_id.model.record import CaseFailure, CaseRecord
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Line, Sha256, Text
from musk_id.records.canonical import decode_record
from musk_id.records.files import read_limited
from musk_id.records.lines import read_jsonl, read_trees, write_jsonl

__all__ = ["failure_of", "run_stage"]

MAX_MESSAGE_LENGTH = 400
MAX_LIST_BYTES = 200_000_000
# Faults of the machine, not of a case: the job fails and is run again when they are mended.
_MACHINE_FAULTS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
    # A shared file system that went away for a while, or that is damaged.
    | {errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EREMOTEIO, errno.EHOSTDOWN, errno.EHOSTUNREACH}
    | {errno.EUCLEAN}
)


def failure_of(case_id: str, stage: str, error: Exception) -> CaseFailure:
    """The failure record of a case."""
    known = isinstance(error, MuskIdError)
    message = str(error) if known else f"bug in this software: {type(error).__name__}"
    problems = error.problems if isinstance(error, MuskIdError) else ()
    return CaseFailure(
        schema=Line(CaseFailure.SCHEMA),
        case_id=Line(case_id),
        stage=Line(stage),
        code=Line(error.code if isinstance(error, MuskIdError) else "BUG"),
        exit_code=error.exit_code if isinstance(error, MuskIdError) else 1,
        message=Text(message[:MAX_MESSAGE_LENGTH] or "no message"),
        hint=Text(error.hint) if isinstance(error, MuskIdError) and error.hint else None,
        problems=tuple(Text(told[:MAX_MESSAGE_LENGTH]) for told in told_problems(problems)),
    )


def _each(
    stage: str, entries: Iterable[tuple[str, Any]], function: Callable[[str, Any], Any], tell: Callable[[], None]
) -> list[Any]:
    """The function's record for each entry; failures are passed on or made. ``tell`` is called after each."""
    found: list[Any] = []
    for number, (case_id, entry) in enumerate(entries):
        if number:
            tell()
        if isinstance(entry, CaseFailure):
            found.append(entry)
            continue
        try:
            found.append(function(case_id, entry))
        except MemoryError as error:
            raise _out_of_memory(case_id) from error
        except OSError as error:
            if error.errno == errno.ENOMEM:
                raise _out_of_memory(case_id) from error
            if error.errno in _MACHINE_FAULTS:
                raise
            found.append(failure_of(case_id, stage, StorageError.of(error, whole_path=False)))
        except Exception as error:
            if not isinstance(error, MuskIdError):
                traceback.print_exc(file=sys.stderr)
            found.append(failure_of(case_id, stage, error))
    return found


def _out_of_memory(case_id: str) -> StorageError:
    limit = os.environ.get(LIMIT_VARIABLE, "0")
    told = "the memory is exhausted" if limit == "0" else f"the limit of {limit} MB of memory for a job is reached"
    return StorageError(
        told,
        where=f"case or batch {case_id}",
        hint="set memory_limit_mb higher or cases_per_shard lower in the workflow's settings, and run it again",
    )


_AGAIN = "the file was cut off or changed: delete it and run the workflow again"
_RECORDS: dict[str, type[Any]] = {
    "intake": IntakeRecord,
    "barcode": BarcodeRecord,
    "spectra": SpectraRecord,
    "evidence": EvidenceRecord,
    "record": CaseRecord,
}


def _state_of(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


class _Shard:
    """Earlier records of a shard, by case."""

    def __init__(self, arguments: argparse.Namespace, tell: Callable[[], None]) -> None:
        self.tell = tell
        self._list: Path = arguments.shard
        listed = read_list(self._list)
        self._listed = read_limited(self._list, MAX_LIST_BYTES)
        self._state = _state_of(self._list)
        self.ids = [entry.identifier for entry in listed]
        self._batches = frozenset(batch for entry in listed for batch in entry.batches)
        self._folder: Path = arguments.shard.parent
        self._controls: list[Path] = arguments.controls

    def require_same_list(self) -> None:
        """Write nothing for a list that is no longer that of the shard.

        A job of a node that was lost may come back when a later run has planned the shard anew.

        Raises
        ------
        IntegrityError
            If the list was changed since the job began.
        """
        if _state_of(self._list) != self._state and read_limited(self._list, MAX_LIST_BYTES) != self._listed:
            raise IntegrityError(
                "the list of the shard was changed while the job was at work; nothing is written",
                where=self._list.name,
                hint="run the workflow again",
            )

    def require_grounds(self, grounds: tuple[str, ...]) -> None:
        """Make no record on other grounds than the plan's, which the stages before may have rested on.

        Raises
        ------
        IntegrityError
            If software, laboratory file, release or libraries were replaced since the plan.
        """
        planned = [line for line in self._listed.decode("ascii").splitlines() if line.startswith(REMARK)]
        changed = sorted(set(planned).symmetric_difference(f"{REMARK} {ground}" for ground in grounds))
        if planned and changed:
            raise IntegrityError(
                "software, laboratory file, release or libraries were replaced since the run was planned: "
                + "; ".join(line.removeprefix(f"{REMARK} ")[:60] for line in changed[:4]),
                where=self._list.name,
                hint="run the workflow again: all stages are redone",
            )

    def sealable(self) -> list[tuple[str, Any]]:
        """Case ids in the order of the shard, each with what its sealing needs of its record, or its failure.

        Of a record, the largest thing of a case, the digest and the inputs are needed: its line is looked at as a
        whole (canonical, of the right schema) and not made into objects.
        """
        name = "record.jsonl"
        found: list[Any] = []
        for number, (tree, sha256) in enumerate(read_trees(self._folder / name), 1):
            where = f"{name}, line {number}"
            if tree.get("schema") == CaseRecord.SCHEMA:
                intake = decode_record(IntakeRecord, tree.get("intake"), where)
                found.append(Sealable(str(tree.get("case_id")), sha256, intake))
            elif tree.get("schema") == CaseFailure.SCHEMA:
                found.append(decode_record(CaseFailure, tree, where))
            else:
                raise IntegrityError("a record is not one of stage record", where=where, hint=_AGAIN)
        records = self._one_each(found, name)
        return [(case_id, records[case_id]) for case_id in self.ids]

    def load(self, stage: str) -> dict[str, Any]:
        """Records of an earlier stage by case id, one for each case of the shard.

        Raises
        ------
        IntegrityError
            If a record is missing, stands twice, or is of another stage.
        """
        name = f"{stage}.jsonl"
        entries = read_jsonl(self._folder / name)
        expected = (_RECORDS[stage], CaseFailure)
        if any(not isinstance(entry, expected) for entry in entries):
            raise IntegrityError(f"a record is not one of stage {stage}", where=name, hint=_AGAIN)
        return self._one_each(entries, name)

    def _one_each(self, entries: list[Any], name: str) -> dict[str, Any]:
        if sorted(entry.case_id for entry in entries) != sorted(self.ids):
            raise IntegrityError(
                f"{len(entries)} records for {len(self.ids)} cases, one for each is needed",
                where=name,
                hint=_AGAIN,
            )
        return {entry.case_id: entry for entry in entries}

    def pairs(self, stage: str) -> list[tuple[str, Any]]:
        """Case ids in the order of the shard, each with its record of an earlier stage."""
        records = self.load(stage)
        return [(case_id, records[case_id]) for case_id in self.ids]

    def controls(self) -> dict[str, ControlsRecord]:
        """Controls records of the shard's batches; a batch whose sheet failed stops the cases that name it."""
        # A list of bare ids does not say which batches are wanted.
        only = self._batches or None
        entries = [entry for path in self._controls for entry in read_jsonl(path, only)]
        if any(not isinstance(entry, ControlsRecord | CaseFailure) for entry in entries):
            raise IntegrityError("a record is not one of stage controls", where="controls.jsonl", hint=_AGAIN)
        return {entry.case_id if isinstance(entry, CaseFailure) else entry.batch_id: entry for entry in entries}


def _checked_controls(casework: Casework, controls: dict[str, Any], intake: Any) -> dict[str, ControlsRecord]:
    for batch in intake.batch_ids:
        entry = controls.get(batch)
        # Absent controls lower the grade: they must not seem absent because the plan missed a batch.
        if entry is None and (casework.root / "batches" / batch).is_dir():
            raise IntegrityError(
                f"batch {batch} was not planned with this case",
                where="list.tsv",
                hint="run the workflow again: the plan is made anew at its start",
            )
        if isinstance(entry, CaseFailure):
            raise UsageError(f"batch {batch}: {entry.message}", hint=entry.hint or "")
    return {batch: entry for batch, entry in controls.items() if isinstance(entry, ControlsRecord)}


def run_stage(arguments: argparse.Namespace) -> int:
    """Run the command."""
    limit_memory()
    casework = Casework(arguments.root.resolve())
    folder: Path = arguments.shard.parent
    with hold_job(folder), cases_told(folder, arguments.name) as tell:
        start = time.process_time()
        shard = _Shard(arguments, tell)
        records = _STAGES[arguments.name](casework, shard, arguments)
        shard.require_same_list()
        write_jsonl(arguments.out, records)
        # For the log alone: what a job costs beside this is starting and loading.
        cases = counted(len(shard.ids), "case", "cases")
        print(f"stage {arguments.name}: {cases}, {time.process_time() - start:.2f} s of processor time")
    return 0


def _intake(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    cases = casework.root / "cases"
    there = [(i, None) for i in shard.ids]
    return _each("intake", there, lambda i, _: work.intake_case(casework, cases / i), shard.tell)


def _controls(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    batches = casework.root / "batches"
    # A batch that was taken away after the plan is one that nobody handed in: its controls count as absent,
    # as they do where one case is examined alone.
    there = [(i, None) for i in shard.ids if (batches / i).is_dir()]
    return _each("controls", there, lambda i, _: work.controls_batch(casework, batches / i), shard.tell)


def _barcode(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    cases, controls = casework.root / "cases", shard.controls()

    def one(case_id: str, intake: Any) -> Any:
        return work.barcode_case(casework, intake, _checked_controls(casework, controls, intake), cases / case_id)

    return _each("barcode", shard.pairs("intake"), one, shard.tell)


def _spectra(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    cases, controls = casework.root / "cases", shard.controls()

    def one(case_id: str, intake: Any) -> Any:
        return work.spectra_case(casework, intake, _checked_controls(casework, controls, intake), cases / case_id)

    return _each("spectra", shard.pairs("intake"), one, shard.tell)


def _evidence(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    intakes, barcodes, controls = shard.load("intake"), shard.load("barcode"), shard.controls()

    def one(case_id: str, spectra: Any) -> Any:
        barcode, intake = barcodes[case_id], intakes[case_id]
        if isinstance(barcode, CaseFailure):
            return barcode
        own = _checked_controls(casework, controls, intake)
        return work.evidence_case(casework, intake, own, barcode, spectra)

    return _each("evidence", shard.pairs("spectra"), one, shard.tell)


def _record(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    intakes, barcodes, spectra = shard.load("intake"), shard.load("barcode"), shard.load("spectra")
    controls, target = shard.controls(), _cases_folder(arguments)
    shard.require_grounds(casework.grounds())
    contents: dict[str, Sha256] = {}

    def one(case_id: str, evidence: Any) -> CaseRecord:
        intake = intakes[case_id]
        own = _checked_controls(casework, controls, intake)
        record = work.record_case(casework, intake, own, barcodes[case_id], spectra[case_id], evidence)
        shard.require_same_list()
        place = write_case(record, casework.root / "cases" / case_id, casework.laboratory_path, target)
        contents[case_id] = content_digest(place, case_id)
        return record

    records = _each("record", shard.pairs("evidence"), one, shard.tell)
    if arguments.rows is not None:
        shard.require_same_list()
        write_rows(arguments.rows, records, contents)
    return records


def _seal(casework: Casework, shard: _Shard, arguments: argparse.Namespace) -> list[Any]:
    target, contents = _cases_folder(arguments), written_contents(arguments.shard.parent)

    def one(case_id: str, record: Any) -> Any:
        return seal_case(target / case_id, record, None, contents.get(case_id))

    return _each("seal", shard.sealable(), one, shard.tell)


def _cases_folder(arguments: argparse.Namespace) -> Path:
    if arguments.cases is None:
        raise UsageError("--cases is needed for the stages record and seal")
    folder: Path = arguments.cases
    refuse_output_over_sources(folder, arguments.root)
    return folder


_STAGES: dict[str, Callable[[Casework, _Shard, argparse.Namespace], list[Any]]] = {
    "intake": _intake,
    "controls": _controls,
    "barcode": _barcode,
    "spectra": _spectra,
    "evidence": _evidence,
    "record": _record,
    "seal": _seal,
}
