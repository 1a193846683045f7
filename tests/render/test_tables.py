"""CSV for spreadsheets: no cell acts, whatever the program takes for the end of a cell."""

from __future__ import annotations

import csv
import io

import pytest

from musk_id.render.tables import csv_text

ACTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("sign", ACTS)
@pytest.mark.parametrize("before", ["", " ", "a;", "a; ", 'a;"', "a\n", "a\r\n ", "a;\n;", "a\t", "a\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_begins_with_what_acts(sign: str, before: str, delimiter: str) -> None:
    data = csv_text([["x", f"{before}{sign}1+1", "plain, quoted"]]).decode("utf-8")
    for row in csv.reader(io.StringIO(data, newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip(' "').startswith(ACTS), (cell, delimiter)


def test_plain_text_stays_as_it_is() -> None:
    text = 'a; b - c\n"d"; 1-2'
    ((cell,),) = csv.reader(io.StringIO(csv_text([[text]]).decode("utf-8"), newline=""))
    assert cell == text
