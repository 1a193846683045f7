"""Write ``docs/completeness.tsv``: clause, what it asks for, field of the record, tests: ``make completeness``."""

from __future__ import annotations

from pathlib import Path

from musk_id.form_vocabulary import Need
from musk_id.model.clauses import ALWAYS, AT_ISSUE, CLAUSES, FIELDS, NEVER
from musk_id.records.files import write_atomic

TABLE = Path(__file__).parents[1] / "docs" / "completeness.tsv"
HEAD = "clauses\tnumber\tneed\theld_by\tfield\ttest\ttest_of_pages\n"
TESTS = "tests/stages/test_completeness.py::"
ON_PAGES = "tests/render/test_clauses_on_pages.py::test_what_is_called_present_stands_on_the_page"


def held_by(need: Need) -> str:
    """Who gives what is needed: the type of a record, the papers of a case, people at issue, nobody."""
    if need in ALWAYS:
        return "type"
    if need in AT_ISSUE:
        return "issue"
    return "nobody" if need in NEVER else "case"


def test_of(need: Need) -> str:
    """The test of a need."""
    kind = held_by(need)
    if need is Need.OTHER_PROVIDERS:
        return f"{TESTS}test_what_does_not_apply_is_not_missing[{need.value}]"
    if kind == "case":
        return f"{TESTS}test_what_is_taken_away_is_named[{need.value}]"
    return f"{TESTS}test_what_no_paper_of_a_case_can_give[{need.value}]"


def test_of_pages(need: Need) -> str:
    """The test that what the field holds stands on the pages; none where no field does."""
    return f"{ON_PAGES}[{need.value}]" if need in FIELDS else ""


def completeness_table() -> str:
    """The table as text."""
    rows = (
        (
            str(clause.clauses),
            clause.number,
            need.value,
            held_by(need),
            FIELDS.get(need, ""),
            test_of(need),
            test_of_pages(need),
        )
        for clause in CLAUSES
        for need in clause.needs
    )
    return HEAD + "".join("\t".join(row) + "\n" for row in rows)


if __name__ == "__main__":
    write_atomic(TABLE, completeness_table().encode("utf-8"))
