"""A second person's calls beside those of the software (a blind reading tells what the first one may have missed).

The comparison is made after the technical stages, which see nothing of it. Names agree if one is the other or
holds it: a species agrees with its genus, a genus with its family. Who names a lower rank than the software goes
further than the method allows, and that is said in place of an agreement. A difference changes no finding, for
anybody can compute the software's call again; it takes the grade to C until people have resolved it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from musk_id.model.barcode import BarcodeRecord, ItemCall, SequenceResult
from musk_id.model.evidence import GradePart, Statement
from musk_id.model.examination import Examination
from musk_id.model.reference import ReferenceRelease
from musk_id.model.second_reading import ReadingComparison, SecondReading, SecondReadings
from musk_id.model.values import Identifier, Line
from musk_id.stages.persons import first_persons
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, Grade, Rank, Reason

__all__ = ["compare_readings", "differing_part", "families_of", "reading_statements"]

_HUMAN = "Homo"


def families_of(release: ReferenceRelease) -> dict[str, str]:
    """Family of each genus of the release."""
    return {str(record.genus): str(record.family) for record in release.barcodes}


def compare_readings(
    readings: SecondReadings | None,
    item_id: Identifier,
    examination: Examination,
    barcode: BarcodeRecord,
    families: Mapping[str, str],
) -> tuple[ReadingComparison, ...]:
    """Second readings of an item and its runs, in the order of the paper."""
    results = [r for r in barcode.sequences if r.run.item_id == item_id]
    runs = {r.run.run_id for r in results}
    nobody = {c.run.run_id for c in examination.runs() if c.run.run_id in runs and not first_persons(c)}
    calls = [call for call in barcode.items if call.item_id == item_id]
    found = []
    for reading in () if readings is None else readings.readings:
        if reading.item_id == item_id:
            found.append(
                _compared(reading, {t for call in calls for t in _taxa_of_item(call)}, families, not nobody)
            )
        elif reading.run_id in runs:
            own = {t for r in results if r.run.run_id == reading.run_id for t in _taxa_of_run(r)}
            found.append(_compared(reading, own, families, reading.run_id not in nobody))
    return tuple(found)


def _taxa_of_item(call: ItemCall) -> set[str]:
    own = {str(call.taxon)} if call.moschus is Finding.DETECTED and call.taxon is not None else set()
    others = {str(taxon.taxon) for taxon in call.other_taxa}
    return own | others or ({_HUMAN} if call.human else set())


def _taxa_of_run(result: SequenceResult) -> set[str]:
    if Reason.HUMAN_DNA in result.reasons:
        return {_HUMAN}
    call = result.call
    return set() if call is None or call.rank is Rank.NONE or call.taxon is None else {str(call.taxon)}


def _compared(
    reading: SecondReading, software: set[str], families: Mapping[str, str], first_recorded: bool
) -> ReadingComparison:
    called = None if reading.called is None else " ".join(reading.called.split()).casefold()
    if called is None or not software:
        agrees, further = called is None and not software, False
    else:
        names = [taxon.casefold() for taxon in software]
        agrees = all(_agree(called, name, families) for name in names)
        further = agrees and any(name != called and name in _line(called, families) for name in names)
    return ReadingComparison(
        subject=reading.item_id or reading.run_id or Identifier("-"),
        person=reading.person,
        date=reading.date,
        blind=reading.blind,
        called=reading.called,
        software=Line(", ".join(sorted(software))) if software else None,
        agrees=agrees,
        further=further,
        first_recorded=first_recorded,
    )


def _agree(called: str, software: str, families: Mapping[str, str]) -> bool:
    """Whether one name is the other, or lies in it."""
    return called in _line(software, families) or software in _line(called, families)


def _line(name: str, families: Mapping[str, str]) -> list[str]:
    """A name, its genus and its family as far as known; without case."""
    known = {genus.casefold(): family.casefold() for genus, family in families.items()}
    genus = name.split(" ")[0]
    return [name, genus, *([known[genus]] if genus in known else [])]


def differing_part() -> GradePart:
    """The part of the grade: people and software have to agree, or to say why they do not."""
    return GradePart(
        subject=Line("dna"),
        grade=Grade.C,
        reasons=(Reason.SECOND_READING_DIFFERS,),
        statement=say("grade.second_reading_differs"),
    )


def reading_statements(comparisons: Iterable[ReadingComparison]) -> tuple[Statement, ...]:
    """Each second reading in words."""
    said = []
    for entry in comparisons:
        phrase = "reading.agrees" if entry.agrees else "reading.differs"
        phrase = "reading.further" if entry.further else phrase
        values = {"subject": entry.subject, "person": entry.person, "date": entry.date}
        said.append(say(phrase, **values, called=entry.called or "-", software=entry.software or "-"))
        if not entry.blind:
            said.append(say("reading.not_blind", subject=entry.subject, person=entry.person))
        if not entry.first_recorded:
            said.append(say("reading.no_first_person", subject=entry.subject, person=entry.person))
    return tuple(said)
