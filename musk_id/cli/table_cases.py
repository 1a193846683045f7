"""Requests and examinations from the rows of a table of cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from musk_id.errors import Problem, RequestError
from musk_id.formats.case_table import CASE_COLUMNS, ITEM_COLUMNS, RUN_COLUMNS, TableRow
from musk_id.model.examination import Examination
from musk_id.model.request import Request
from musk_id.records.ids import id_problems
from musk_id.records.inputs import decode_input
from musk_id.records.tree import TextTree
from musk_id.stages.intake import case_problems
from musk_id.vocabulary import FileRole, Technique

__all__ = ["TableCase", "cases_of"]

_ROLES = {
    Technique.SEQUENCE: (FileRole.SEQUENCE,),
    Technique.SANGER_TRACE: (FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE),
    Technique.SEQUENCING_READS: (FileRole.READS, FileRole.READS),
}
_SPECTRUM_ROLES = (FileRole.SPECTRUM,)
_RUN_NEEDS = ("sub_sample_id", "extract_id", "extract_kind", "product_id", "run_id", "technique")
_STEP = ("date", "analyst", "method_version")


@dataclass(slots=True)
class TableCase:
    """A case of the table: its two inputs as trees, the files that its runs name, what is wrong with it.

    ``known`` has the parts of the examination by their list and id: looking through the lists for each row would
    take the square of their number.
    """

    case_id: str
    request: dict[str, Any]
    examination: dict[str, Any]
    files: dict[str, int] = field(default_factory=dict)
    known: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def cases_of(rows: tuple[TableRow, ...]) -> list[TableCase]:
    """Cases of a table in the order of their first rows, each checked as ``musk-id case check`` checks it.

    A cell of a case or an item may be left empty, or repeated, in its further rows.
    """
    grouped: dict[str, list[TableRow]] = {}
    for row in rows:
        grouped.setdefault(row.cells.get("case_id", ""), []).append(row)
    return [_case(case_id, members) for case_id, members in grouped.items()]


def _case(case_id: str, rows: list[TableRow]) -> TableCase:
    problems: list[Problem] = []
    questions = sorted({key for row in rows for key in row.cells if key.startswith("question_")})
    facts = _agreed(rows, (*CASE_COLUMNS, *questions), problems)
    case = TableCase(case_id, _request(facts), _examination(facts), problems=problems)
    items: dict[str, list[TableRow]] = {}
    for row in rows:
        items.setdefault(row.cells.get("item_id", ""), []).append(row)
    for item_id, members in items.items():
        _add_item(case, item_id, _agreed(members, ITEM_COLUMNS, problems), members)
    first = f"line {rows[0].line}"
    _check(case, first)
    return case


def _agreed(rows: list[TableRow], columns: tuple[str, ...], problems: list[Problem]) -> dict[str, str]:
    """The cells of some columns, which further rows may repeat or leave empty but not change."""
    found: dict[str, str] = {}
    for row in rows:
        for column in columns:
            cell = row.cells.get(column)
            if cell is not None and found.setdefault(column, cell) != cell:
                problems.append(
                    Problem(f"line {row.line}", f"{column} is {cell[:60]!r}", f"{found[column][:60]!r}, as before")
                )
    return found


def _request(facts: dict[str, str]) -> dict[str, Any]:
    authority = {"name": "authority", "country": "authority_country", "reference": "authority_reference"}
    numbers = sorted({key.split("_")[1] for key in facts if key.startswith("question_")})
    return {
        "schema": Request.SCHEMA,
        "case_id": facts.get("case_id", ""),
        "authority": {key: facts[column] for key, column in authority.items() if column in facts},
        **{key: facts[key] for key in ("legal_ground", "date_of_request") if key in facts},
        "questions": [
            {
                "question_id": f"Q{number}",
                **{
                    key: facts[f"question_{number}_{key}"]
                    for key in ("kind", "text")
                    if f"question_{number}_{key}" in facts
                },
            }
            for number in numbers
        ],
        "items": [],
    }


def _examination(facts: dict[str, str]) -> dict[str, Any]:
    return {
        "schema": Examination.SCHEMA,
        "case_id": facts.get("case_id", ""),
        **{key: facts[key] for key in ("accession_number", "accession_date") if key in facts},
        "items": [],
    }


def _add_item(case: TableCase, item_id: str, facts: dict[str, str], rows: list[TableRow]) -> None:
    asked = ("item_id", "described_as", "seal_number", "label_text", "units_total")
    case.request["items"].append({key: facts[key] for key in asked if key in facts})
    item: dict[str, Any] = {"item_id": item_id}
    if "material" in facts:
        item["found_to_be"] = {
            "material": facts["material"],
            "description": facts.get("material_description", facts["material"]),
        }
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if any(column in row.cells for column in RUN_COLUMNS):
            _add_run(case, row, parts)
    if parts:
        item["sub_samples"] = parts["sub_samples"]
    case.examination["items"].append(item)


def _add_run(case: TableCase, row: TableRow, parts: dict[str, list[dict[str, Any]]]) -> None:
    """Put a run below its product, extract and sub-sample, which earlier rows may have made."""
    cells, where = row.cells, f"line {row.line}"
    missing = [column for column in _RUN_NEEDS if column not in cells]
    if missing:
        case.problems.append(Problem(where, f"a run without {', '.join(missing)}", "all of a run's ids"))
        return
    technique = next((t for t in Technique if t.value == cells["technique"]), None)
    roles = _ROLES.get(technique, _SPECTRUM_ROLES) if technique is not None else _SPECTRUM_ROLES
    named = [cells[column] for column in ("file", "reverse_file") if column in cells]
    if len(named) > len(roles) or ("reverse_file" in cells and "file" not in cells):
        case.problems.append(
            Problem(where, f"{len(named)} files of a {cells['technique']}", f"{len(roles)}, first 'file'")
        )
        return
    case.files |= dict.fromkeys(named, row.line)
    levels = (
        ("sub_samples", {"sub_sample_id": "sub_sample_id"}),
        ("extracts", {"extract_id": "extract_id", "kind": "extract_kind", "batch_id": "extract_batch"}),
        (
            "products",
            {
                "product_id": "product_id",
                **{key: key for key in ("locus", "forward_primer", "reverse_primer")},
                "batch_id": "product_batch",
            },
        ),
    )
    holder: dict[str, Any] = parts
    for key, columns in levels:
        wanted = {name: cells[column] for name, column in columns.items() if column in cells}
        holder = _part(case, holder.setdefault(key, []), wanted, where)
    columns = {key: key for key in ("run_id", "technique", *_STEP, "instrument", "position", "simulated")}
    run: dict[str, Any] = {key: cells[column] for key, column in columns.items() if column in cells}
    if "run_batch" in cells:
        run["batch_id"] = cells["run_batch"]
    run["files"] = [
        {"path": path.rsplit("/", 1)[-1], "role": role.value} for path, role in zip(named, roles, strict=False)
    ]
    holder.setdefault("runs", []).append(run)


def _part(case: TableCase, parts: list[dict[str, Any]], wanted: dict[str, Any], where: str) -> dict[str, Any]:
    """The part of an id among its siblings, made if it is new; what a later row says otherwise is a problem."""
    key = next(iter(wanted))
    part = case.known.setdefault((id(parts), wanted[key]), wanted)
    if part is wanted:
        parts.append(wanted)
        return wanted
    for name, value in wanted.items():
        if part.setdefault(name, value) != value:
            case.problems.append(
                Problem(where, f"{name} of {wanted[key]} is {value[:60]!r}", f"{part[name]!r}, as before")
            )
    return part


def _check(case: TableCase, first: str) -> None:
    decoded: dict[str, Any] = {}
    for cls, stem, tree in ((Request, "request", case.request), (Examination, "examination", case.examination)):
        case.problems += [replace(p, where=f"{first}: {p.where}") for p in id_problems(stem, tree, case.case_id)]
        try:
            decoded[stem] = decode_input(cls, TextTree(tree), stem)
        except RequestError as error:
            case.problems += [replace(p, where=f"{first}: {stem}: {p.where}") for p in error.problems]
    if len(decoded) == 2:
        found = case_problems(decoded["request"], decoded["examination"])
        case.problems += [replace(p, where=f"{first}: {p.where}") for p in found]
    case.problems += _same_names(case.files)


def _same_names(files: dict[str, int]) -> Iterator[Problem]:
    """Files of different folders that would be one file of the case."""
    seen: dict[str, str] = {}
    for path, line in files.items():
        name = path.rsplit("/", 1)[-1].lower()
        if seen.setdefault(name, path) != path:
            yield Problem(f"line {line}", f"{path[:60]} and {seen[name][:60]} have one name", "names of their own")
