"""What the laboratory did not record: said in the record, never filled in."""

from __future__ import annotations

from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination
from musk_id.model.intake import IntakeRecord
from musk_id.stages.statements import say
from musk_id.vocabulary import SealState, Selection

__all__ = ["missing_facts"]


def missing_facts(intake: IntakeRecord) -> tuple[Statement, ...]:
    """One statement for each kind of fact that is absent, naming the parts that lack it."""
    request, examination = intake.request, intake.examination
    said: list[Statement] = []
    if request.legal_ground is None:
        said.append(say("missing.legal_ground"))
    if request.date_of_act is None:
        said.append(say("missing.date_of_act"))
    if examination.accession_number is None or examination.accession_date is None:
        said.append(say("missing.accession"))
    if not examination.custody:
        said.append(say("missing.custody"))
    said.extend(_missing_of_items(intake))
    said.extend(_missing_of_runs(examination))
    return tuple(said)


def _missing_of_items(intake: IntakeRecord) -> list[Statement]:
    items = intake.examination.items
    known = {item.item_id: item for item in items}
    absent = {
        "missing.not_received": [i.item_id for i in intake.request.items if i.item_id not in known],
        "missing.morphology": [i.item_id for i in items if i.found_to_be is None],
        "missing.seal": [i.item_id for i in items if i.seal_state is SealState.NOT_RECORDED],
        "missing.photographs": [i.item_id for i in items if not i.photographs],
        "missing.selection": [
            i.item_id
            for i in items
            if i.selection is Selection.NOT_RECORDED and i.units_total is not None and i.units_total > 1
        ],
        "missing.units": [
            asked.item_id
            for asked in intake.request.items
            if asked.units_total is not None
            and asked.units_total > 1
            and asked.item_id in known
            and known[asked.item_id].units_total is None
        ],
        "missing.mass": [s.sub_sample_id for i in items for s in i.sub_samples if s.mass is None],
    }
    return [say(phrase, items=sorted(ids)) for phrase, ids in absent.items() if ids]


def _missing_of_runs(examination: Examination) -> list[Statement]:
    contexts = list(examination.runs())
    absent = {
        "missing.run_date": [c.run.run_id for c in contexts if c.run.date is None],
        "missing.analyst": [c.run.run_id for c in contexts if c.run.analyst is None and c.product.analyst is None],
        "missing.method_version": [
            c.run.run_id for c in contexts if c.run.method_version is None and c.product.method_version is None
        ],
        "missing.instrument": [
            c.run.run_id for c in contexts if c.run.instrument is None and c.product.instrument is None
        ],
        "missing.batch": [c.run.run_id for c in contexts if not c.batch_ids],
    }
    return [say(phrase, items=sorted(ids)) for phrase, ids in absent.items() if ids]
