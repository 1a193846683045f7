"""Intake stage: the case at receipt, frozen; every file with its digest; what does not fit is said.

Order: the files that the inputs name are listed (:func:`declared_files`), somebody with access to the disk
finds size and digest of each, and :func:`freeze_case` makes the record. Contradictions between the inputs
are errors of the request, all told at once; remarks on files become notes of the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

from musk_id.errors import Problem
from musk_id.model.barcode import RunIdentity
from musk_id.model.batch import RunSheet
from musk_id.model.edits import Edits
from musk_id.model.examination import Examination, MassBalance, RunContext
from musk_id.model.intake import FileFact, IntakeNote, IntakeRecord
from musk_id.model.laboratory import Laboratory
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.request import Photograph, Request
from musk_id.model.second_reading import SecondReadings
from musk_id.model.values import Identifier, Line
from musk_id.stages.papers import paper_notes
from musk_id.stages.run_sheets import attempt_notes
from musk_id.stages.sample_names import known_ids, numbered_parts
from musk_id.stages.statements import say
from musk_id.stages.swaps import trace_notes
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = [
    "SUPPORTED_TECHNIQUES",
    "case_problems",
    "declared_files",
    "freeze_case",
    "request_problems",
    "run_identity",
]

INPUT_NAMES = frozenset(
    f"{stem}.{ending}"
    for stem in ("request", "examination", "laboratory", "edits", "second_reading")
    for ending in ("yaml", "yml", "json")
)
# The list stands in the problem of each unknown item: whole, it would grow with the square of their number.
_MAX_SHOWN_ITEMS = 20
# An item takes 25 ms and 2 MB on the pages of two languages, a letter that is drawn as its code 5 kB: a request of
# two megabytes would take a host's memory, and with it all other cases of its shard.
MAX_ITEMS = 1000
MAX_ANSWERS = 5000
MAX_LETTERS = 200_000
SUPPORTED_TECHNIQUES = frozenset(
    {Technique.SEQUENCE, Technique.SANGER_TRACE, Technique.SEQUENCING_READS, Technique.GC_MS_EI}
)


def run_identity(context: RunContext) -> RunIdentity:
    """Ids of a run and its parents, for the technical stages."""
    return RunIdentity(
        item_id=context.item.item_id,
        sub_sample_id=context.sub_sample.sub_sample_id,
        extract_id=context.extract.extract_id,
        product_id=context.product.product_id,
        run_id=context.run.run_id,
        technique=context.run.technique,
        batch_ids=context.batch_ids,
        simulated=context.run.simulated is not None,
    )


def case_problems(request: Request, examination: Examination) -> tuple[Problem, ...]:
    """Contradictions between request and examination, and in their amounts and names of files; all of them."""
    return (
        *request_problems(request),
        *_unknown_items(request, examination),
        *_impossible_amounts(examination),
        *_file_names(request, examination),
        *_laboratory_numbers(examination),
    )


def request_problems(request: Request) -> Iterator[Problem]:
    """Whether a request asks for no more than one record can say."""
    items = len(request.items)
    answers = sum(len(question.item_ids) or items for question in request.questions)
    for where, found, limit, what in (
        ("items", items, MAX_ITEMS, "items in one case"),
        ("questions", answers, MAX_ANSWERS, "answers, one for each question and item"),
        ("texts", _letters(request), MAX_LETTERS, "letters in all texts together"),
    ):
        if found > limit:
            yield Problem(f"request: {where}", f"{found} {what}", f"at most {limit}; divide the request")


def _letters(value: object) -> int:
    """Letters of all texts of a model object."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        return sum(map(_letters, value))
    if is_dataclass(value) and not isinstance(value, type):
        return sum(_letters(getattr(value, field.name)) for field in fields(value))
    return 0


def _laboratory_numbers(examination: Examination) -> Iterator[Problem]:
    """A number that stands for two parts, or is the id of another one, would let one pass for the other."""
    numbered = tuple(numbered_parts(examination))
    counted = Counter(number for _, _, number in numbered)
    names = known_ids(examination)
    for what, identifier, number in numbered:
        where = f"examination: {what}: laboratory_number"
        if counted[number] > 1:
            yield Problem(where, f"{number!r} stands more than once", "numbers used once")
        elif number != identifier and number in names:
            yield Problem(where, f"{number!r} is the id of another part", "a number that is no other part's id")


def _unknown_items(request: Request, examination: Examination) -> Iterator[Problem]:
    known = {item.item_id for item in request.items}
    shown = sorted(known)[:_MAX_SHOWN_ITEMS]
    allowed = "an item of the request: " + ", ".join(shown) + (", …" if len(known) > len(shown) else "")
    named: list[tuple[str, Identifier]] = [
        (f"request: question {q.question_id}", i) for q in request.questions for i in q.item_ids
    ]
    named += [("examination: items", item.item_id) for item in examination.items]
    named += [("examination: custody", event.item_id) for event in examination.custody]
    named += [(f"examination: outside finding {f.finding_id}", f.item_id) for f in examination.outside_findings]
    for where, item_id in named:
        if item_id not in known:
            yield Problem(where, f"names item {item_id!r}", allowed)
    if not request.items:
        yield Problem("request: items", "no item", "at least one")
    if not request.questions:
        yield Problem("request: questions", "no question", "at least one")


def _impossible_amounts(examination: Examination) -> Iterator[Problem]:
    for item in examination.items:
        total, examined = item.units_total, item.units_examined
        if total is not None and examined is not None and examined > total:
            where = f"examination: item {item.item_id}: units_examined"
            yield Problem(where, f"found {examined}", f"at most units_total, {total}")
        for sub_sample in item.sub_samples:
            yield from _mass_problems(sub_sample.mass, f"sub-sample {sub_sample.sub_sample_id}")
            for extract in sub_sample.extracts:
                yield from _mass_problems(extract.mass, f"extract {extract.extract_id}")


def _mass_problems(mass: MassBalance | None, what: str) -> Iterator[Problem]:
    if mass is None:
        return
    where = f"examination: {what}: mass"
    amounts = {"in_mg": mass.in_mg, "used_mg": mass.used_mg, "left_mg": mass.left_mg}
    for name, amount in amounts.items():
        if amount is not None and Decimal(amount) < 0:
            yield Problem(f"{where}.{name}", f"found {amount}", "0 or more")
    if mass.in_mg is not None:
        spent = Decimal(mass.used_mg or "0") + Decimal(mass.left_mg or "0")
        if spent > Decimal(mass.in_mg):
            yield Problem(where, f"used and left together are {spent} mg", f"at most in_mg, {mass.in_mg}")


def _file_names(request: Request, examination: Examination) -> Iterator[Problem]:
    """Evidence named like an input would stand in its place in the sealed case, or beside it as its double."""
    facts = declared_files(request, examination)
    spellings: dict[str, set[str]] = {}
    for fact in facts:
        spellings.setdefault(fact.path.lower(), set()).add(fact.path)
    for lowered, paths in sorted(spellings.items()):
        named = ", ".join(repr(path) for path in sorted(paths))
        if lowered in INPUT_NAMES:
            allowed = (
                "a name other than those of the inputs request, examination, laboratory, edits and second_reading"
            )
            yield Problem("files", f"evidence is named {named}", allowed)
        elif len(paths) > 1:
            yield Problem("files", f"{named} differ by case only", "names that are different on every system")
    for context in examination.runs():
        counted = Counter(file.path for file in context.run.files)
        for path in sorted(path for path, count in counted.items() if count > 1):
            yield Problem(f"examination: run {context.run.run_id}: files", f"{path!r} stands twice", "once")


def declared_files(request: Request, examination: Examination) -> tuple[FileFact, ...]:
    """Files that the inputs name, without digest, sorted by path, owner and run."""
    facts: list[FileFact] = []
    for item in request.items:
        facts += _photographs(item.photographs, f"request, item {item.item_id}")
    for examined in examination.items:
        facts += _photographs(examined.photographs, f"item {examined.item_id}")
        if examined.found_to_be is not None:
            facts += _photographs(examined.found_to_be.photographs, f"morphology of {examined.item_id}")
        for sub_sample in examined.sub_samples:
            facts += _photographs(sub_sample.photographs, f"sub-sample {sub_sample.sub_sample_id}")
    for context in examination.runs():
        facts += [
            FileFact(
                path=file.path,
                role=file.role,
                owner=Line(f"run {context.run.run_id}"),
                run_id=context.run.run_id,
                declared_sha256=file.sha256,
            )
            for file in context.run.files
        ]
    for finding in examination.outside_findings:
        if finding.document is not None:
            facts.append(
                FileFact(
                    path=finding.document.path,
                    role=finding.document.role,
                    owner=Line(f"outside finding {finding.finding_id}"),
                    declared_sha256=finding.document.sha256,
                )
            )
    return tuple(sorted(facts, key=lambda f: (f.path, f.owner, f.run_id or "")))


def _photographs(photographs: Iterable[Photograph], owner: str) -> list[FileFact]:
    return [
        FileFact(
            path=photograph.path,
            role=FileRole.PHOTOGRAPH,
            owner=Line(owner),
            declared_sha256=photograph.sha256,
        )
        for photograph in photographs
    ]


def freeze_case(
    *,
    request: Request,
    examination: Examination,
    laboratory: Laboratory,
    files: tuple[FileFact, ...],
    inputs: tuple[InputDigest, ...],
    software_version: str,
    sheets: Mapping[Identifier, RunSheet] = MappingProxyType({}),
    edits: Edits | None = None,
    second_reading: SecondReadings | None = None,
) -> IntakeRecord:
    """The intake record of a case whose inputs do not contradict each other.

    Parameters
    ----------
    files : tuple of FileFact
        The declared files with size and digest as found (absent where a file is missing).
    inputs : tuple of InputDigest
        Digests of the input files themselves.
    sheets : mapping of Identifier to RunSheet
        Run sheets of the batches that the case names, for the swap search.
    edits, second_reading
        Papers of the case that need not be there.
    """
    return IntakeRecord(
        schema=Line(IntakeRecord.SCHEMA),
        case_id=request.case_id,
        provenance=Provenance(
            software_version=Line(software_version), inputs=tuple(sorted(inputs, key=lambda i: i.name))
        ),
        laboratory=laboratory,
        request=request,
        examination=examination,
        files=files,
        batch_ids=tuple(sorted({b for context in examination.runs() for b in context.batch_ids})),
        notes=(
            *_file_notes(files),
            *_run_notes(examination),
            *_date_notes(request, examination),
            *_seal_notes(request, examination),
            *trace_notes(examination, files, sheets),
            *attempt_notes(examination, sheets),
            *paper_notes(edits, second_reading, examination, files),
        ),
        edits=edits,
        second_reading=second_reading,
    )


def _file_notes(files: tuple[FileFact, ...]) -> Iterator[IntakeNote]:
    by_content: dict[str, list[FileFact]] = {}
    for fact in files:
        runs = (fact.run_id,) if fact.run_id is not None else ()
        if fact.sha256 is None:
            yield IntakeNote(
                reason=Reason.FILE_MISSING,
                subject=Line(fact.path),
                run_ids=runs,
                statement=say("intake.file_missing", path=fact.path),
            )
            continue
        if fact.declared_sha256 is not None and fact.declared_sha256 != fact.sha256:
            yield IntakeNote(
                reason=Reason.FILE_ALTERED,
                subject=Line(fact.path),
                run_ids=runs,
                statement=say("intake.file_altered", path=fact.path),
            )
        if fact.run_id is not None:
            by_content.setdefault(fact.sha256, []).append(fact)
            if fact.trace is not None:
                # The same signals under another name or date are another file, and the same run.
                by_content.setdefault(f"trace {fact.trace.signals_sha256}", []).append(fact)
    for key, facts in by_content.items():
        files_differ = len({fact.sha256 for fact in facts}) > 1
        if len(facts) > 1 and files_differ == key.startswith("trace "):
            paths = sorted({fact.path for fact in facts})
            run_ids = sorted({fact.run_id for fact in facts if fact.run_id is not None})
            yield IntakeNote(
                reason=Reason.FILE_USED_TWICE,
                subject=Line(", ".join(paths)[:500]),
                run_ids=tuple(run_ids),
                statement=say("intake.file_used_twice", paths=paths, runs=run_ids),
            )


def _run_notes(examination: Examination) -> Iterator[IntakeNote]:
    for context in examination.runs():
        run = context.run
        found = []
        if not run.files:
            found.append((Reason.NO_EVIDENCE_FILE, say("intake.no_file", run=run.run_id)))
        if run.technique not in SUPPORTED_TECHNIQUES:
            statement = say("intake.technique_not_evaluated", run=run.run_id, technique=run.technique.value)
            found.append((Reason.TECHNIQUE_NOT_EVALUATED, statement))
        if run.simulated is not None:
            how = " ".join(run.simulated.split())[:500]
            found.append((Reason.SIMULATED_DATA, say("intake.simulated", run=run.run_id, how=how)))
        for reason, statement in found:
            yield IntakeNote(reason=reason, subject=Line(run.run_id), run_ids=(run.run_id,), statement=statement)


def _seal_notes(request: Request, examination: Examination) -> Iterator[IntakeNote]:
    """Items whose seal is not the one that the authority named."""
    named = {item.item_id: item.seal_number for item in request.items}
    for item in examination.items:
        asked, found = named.get(item.item_id), item.seal_number_found
        if asked is not None and found is not None and asked != found:
            yield IntakeNote(
                reason=Reason.SEAL_DIFFERS,
                subject=Line(f"item {item.item_id}"),
                run_ids=tuple(c.run.run_id for c in examination.runs() if c.item.item_id == item.item_id),
                statement=say("intake.seal_differs", item=item.item_id, asked=asked, found=found),
            )


def _date_notes(request: Request, examination: Examination) -> Iterator[IntakeNote]:
    """Steps dated before the step that must come first; ISO dates compare as text."""
    for context in examination.runs():
        steps = [
            ("act", request.date_of_act),
            ("accession", examination.accession_date),
            (f"sub-sample {context.sub_sample.sub_sample_id}", context.sub_sample.date),
            (f"extract {context.extract.extract_id}", context.extract.date),
            (f"product {context.product.product_id}", context.product.date),
            (f"run {context.run.run_id}", context.run.date),
            ("end of the examination", examination.completed_on),
        ]
        dated = [(what, date) for what, date in steps if date is not None]
        for (first, earlier), (second, later) in pairwise(dated):
            if later < earlier:
                yield IntakeNote(
                    reason=Reason.RECORD_INCOMPLETE,
                    subject=Line(second),
                    run_ids=(context.run.run_id,),
                    statement=say("intake.date_order", what=second, later=later, earlier=f"{first}, {earlier}"),
                )
