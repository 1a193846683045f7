"""Findings of a record as CSV for people's spreadsheets: no cell can act as a formula."""

from __future__ import annotations

import csv
import io

from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import load_catalogue
from musk_id.render.cells import safe_cell
from musk_id.vocabulary import Language

__all__ = ["csv_text", "findings_csv"]

_HEADS = ("case", "question", "kind", "item", "finding", "grade", "reasons", "statements", "next_steps")


def csv_text(rows: list[list[str]]) -> bytes:
    """CSV (RFC 4180, UTF-8) of rows of text."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows([[safe_cell(cell) for cell in row] for row in rows])
    return stream.getvalue().encode("utf-8")


def findings_csv(record: CaseRecord, language: Language) -> bytes:
    """One row for each answer."""
    catalogue = load_catalogue(language)
    rows = [[catalogue.label(f"csv.{head}") for head in _HEADS]]
    for answer in record.evidence.answers:
        rows.append(
            [
                record.case_id,
                answer.question_id,
                catalogue.word(answer.kind),
                answer.item_id,
                catalogue.word(answer.finding),
                answer.grade.value,
                " ".join(answer.reasons),
                " ".join(catalogue.statement(s) for s in answer.statements),
                " ".join(catalogue.statement(s) for s in answer.next_steps),
            ]
        )
    return csv_text(rows)
