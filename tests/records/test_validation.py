"""Every file of figures obeys the shared schema, and figures that contradict themselves are refused."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from musk_id.errors import IntegrityError
from musk_id.library_vocabulary import IntervalKind
from musk_id.model.validation import Interval, Validation, ValidationRow
from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.records.schemas import json_schema
from musk_id.records.validation import read_validation, write_validation

FOLDER = Path(__file__).resolve().parents[2] / "validation"
FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_obeys_the_schema(path: Path) -> None:
    validation = read_validation(path)
    jsonschema.validate(json.loads(path.read_bytes()), json_schema(Validation))
    assert (FOLDER.parent / validation.benchmark).is_file()
    assert validation.rows and validation.data


def test_there_is_nothing_else_in_the_folder() -> None:
    assert FILES and set(FOLDER.iterdir()) == set(FILES)


def test_what_was_measured_on_the_release_is_kept() -> None:
    rows = read_validation(FOLDER / "panel-specificity.json").rows
    false_calls = {
        (row.k, row.n) for row in rows if row.measure == "called Moschus" and "other genera" in row.stratum
    }
    assert {n for _, n in false_calls} == {5426, 5348, 1111, 1167, 1447} and {k for k, _ in false_calls} == {0}


def row(**fields: object) -> ValidationRow:
    given: dict[str, object] = {
        "measure": Line("m"),
        "method": Line("x"),
        "stratum": Line("s"),
        "data": (),
        **fields,
    }
    return ValidationRow(**given)  # type: ignore[arg-type]


def test_a_row_holds_a_figure_and_limits_stand_beside_counts() -> None:
    limits = Interval(kind=IntervalKind.ONE_SIDED_95, upper=DecimalText("0.5"))
    row(k=1, n=2, interval=limits)
    for fields, message in (
        ({}, "k or a value"),
        ({"k": 3, "n": 2}, "k = 3, n = 2"),
        ({"value": DecimalText("1"), "n": 2}, "k of n"),
        ({"k": 1, "interval": limits}, "limits"),
    ):
        with pytest.raises(ValueError, match=message):
            row(**fields)


def test_rows_name_listed_data_and_files_are_canonical(tmp_path: Path) -> None:
    good = read_validation(FILES[0])
    path = tmp_path / "copy.json"
    write_validation(path, good)
    assert path.read_bytes() == FILES[0].read_bytes()
    tree = json.loads(path.read_bytes())
    tree["rows"][0]["data"] = ["0" * 64]
    path.write_bytes(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(IntegrityError):
        read_validation(path)
    with pytest.raises(ValueError, match="not listed"):
        Validation(**{**{name: getattr(good, name) for name in Validation.__slots__}, "data": ()})
    assert Sha256("0" * 64) not in {entry.sha256 for entry in good.data}
