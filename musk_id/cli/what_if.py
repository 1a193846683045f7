"""``musk-id what-if``: would an answer stand without a reference record? Nothing is written."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.cli.casework import barcode_case, controls_batch, intake_case
from musk_id.cli.workplace import Casework, find_root
from musk_id.errors import UsageError
from musk_id.model.barcode import BarcodeRecord, ItemCall, SequenceResult
from musk_id.model.controls import ControlsRecord

__all__ = ["run_what_if"]


def run_what_if(arguments: argparse.Namespace) -> int:
    """Compare the calls of a case with and without some reference records."""
    case_dir: Path = arguments.case_dir.resolve()
    if not case_dir.is_dir():
        raise UsageError("there is no such folder", where=str(arguments.case_dir))
    root = arguments.root.resolve() if arguments.root is not None else find_root(case_dir)
    whole = Casework(root)
    dropped = frozenset(arguments.drop)
    held = {record.accession for locus in whole.barcode_library.loci.values() for record in locus.records}
    unknown = sorted(dropped - held)
    if unknown:
        raise UsageError(
            f"no such record among those compared: {', '.join(unknown)}",
            where="--drop",
            hint="name accessions as they stand in the record, with their version",
        )
    before, after = _calls(whole, case_dir), _calls(Casework(root, dropped=dropped), case_dir)
    print(f"without {', '.join(sorted(dropped))}:")
    for first, second in zip(before.sequences, after.sequences, strict=True):
        _compare(f"run {first.run.run_id}", _sequence_text(first), _sequence_text(second))
    for a, b in zip(before.items, after.items, strict=True):
        _compare(f"item {a.item_id}", _item_text(a), _item_text(b))
    return 0


def _calls(casework: Casework, case_dir: Path) -> BarcodeRecord:
    batches = casework.root / "batches"
    intake = intake_case(casework, case_dir)
    controls: dict[str, ControlsRecord] = {
        batch: controls_batch(casework, batches / batch)
        for batch in intake.batch_ids
        if (batches / batch).is_dir()
    }
    return barcode_case(casework, intake, controls, case_dir)


def _compare(what: str, before: str, after: str) -> None:
    if before == after:
        print(f"  {what}: the same: {before}")
    else:
        print(f"  {what}: CHANGED\n    with:    {before}\n    without: {after}")


def _sequence_text(result: SequenceResult) -> str:
    call = result.call
    if call is None:
        return f"{result.finding} {_codes(result.reasons)}".strip()
    distance = call.views[0].nearest_distance
    names = ", ".join(n.species for n in call.not_excluded)
    text = f"{result.finding} {call.rank} {call.taxon or '-'}, nearest at {distance}"
    text += f", certified margin {call.certified_margin}" if call.certified_margin is not None else ""
    text += f"; not excluded: {names}" if names else ""
    return f"{text} {_codes(result.reasons)}".strip()


def _item_text(call: ItemCall) -> str:
    others = ", ".join(t.taxon for t in call.other_taxa)
    text = f"{call.moschus} {call.rank} {call.taxon or others or '-'}"
    return f"{text} {_codes(call.reasons)}".strip()


def _codes(reasons: tuple[object, ...]) -> str:
    return f"[{', '.join(map(str, reasons))}]" if reasons else ""
