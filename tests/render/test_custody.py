"""The picture of custody: every event in its place, a broken line where holder or seal do not follow."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.examination import CustodyEvent
from musk_id.model.record import CaseRecord
from musk_id.model.values import Identifier, IsoDate, Line
from musk_id.render.catalogue import load_catalogue
from musk_id.render.pages.custody import EVENTS_A_PICTURE, custody_blocks
from musk_id.render.pages.document import Annex, Figure, Table
from musk_id.render.pictures.custody import draw_custody
from musk_id.vocabulary import Language

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


def _event(
    number: int, giver: str | None, taker: str | None, before: str | None, after: str | None
) -> CustodyEvent:
    def line(text: str | None) -> Line | None:
        return None if text is None else Line(text)

    return CustodyEvent(
        date=IsoDate(f"2026-02-{number:02d}"),
        item_id=Identifier("A1"),
        event=Line("handed over"),
        from_holder=line(giver),
        to_holder=line(taker),
        seal_before=line(before),
        seal_after=line(after),
    )


def _figures(record: CaseRecord, *events: CustodyEvent) -> list[Figure]:
    examination = dataclasses.replace(record.intake.examination, custody=events)
    intake = dataclasses.replace(record.intake, examination=examination)
    blocks = custody_blocks(dataclasses.replace(record, intake=intake), load_catalogue(Language.EN))
    return [block for block in blocks if isinstance(block, Figure)]


@pytest.mark.parametrize(
    ("second", "gaps"),
    [
        (("B", "C", "1", "2"), 0),
        (("X", "C", "1", "2"), 1),
        (("B", "C", "9", "2"), 1),
        ((None, "C", None, "2"), 0),
    ],
)
def test_a_line_is_broken_where_holder_or_seal_do_not_follow(
    record: CaseRecord, second: tuple[str | None, str | None, str | None, str | None], gaps: int
) -> None:
    (figure,) = _figures(record, _event(1, "A", "B", "1", "1"), _event(2, *second))
    tree = ElementTree.fromstring(figure.svg)  # noqa: S314
    dashed = [e for e in tree.iter("{http://www.w3.org/2000/svg}polyline") if "stroke-dasharray" in e.attrib]
    texts = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}text")]
    # A dashed piece between the events and one in the legend.
    assert len(dashed) == 2 * gaps and texts.count("≠") == gaps
    assert f"{gaps} of which" in figure.alt
    assert "handed over: A → B" in figure.alt and "handed over: A → B" in figure.svg


def test_every_event_of_a_long_custody_is_drawn_and_pieces_are_joined(record: CaseRecord) -> None:
    events = [_event(n % 28 + 1, f"H{n}", f"H{n + 1}", None, None) for n in range(EVENTS_A_PICTURE + 3)]
    figures = _figures(record, *events)
    assert [figure.svg.count("<circle") for figure in figures] == [EVENTS_A_PICTURE, 3]
    assert not any("≠" in figure.svg for figure in figures)
    cut = [*events[:EVENTS_A_PICTURE], _event(28, "other", "H", None, None)]
    second = _figures(record, *cut)[1]
    assert "1 of which" in second.alt and "≠" in second.svg


def test_the_table_still_holds_every_event_of_the_example(record: CaseRecord) -> None:
    blocks = custody_blocks(record, load_catalogue(Language.RU))
    (annex,) = [block for block in blocks if isinstance(block, Annex)]
    (table,) = annex.blocks
    assert isinstance(table, Table)
    assert len(table.rows) == len(record.intake.examination.custody) == 2
    with pytest.raises(ValueError, match="without events"):
        draw_custody([], "", "")
