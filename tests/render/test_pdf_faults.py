"""Each fault of a PDF that its check looks for is planted once: the check, and another validator, name it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.records.canonical import canonical_json
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language
from tests.pdf_structure import structure_faults

PROJECT = Path(__file__).resolve().parents[2]
Change = Callable[[Pdf], Any]


@pytest.fixture(scope="module")
def paper() -> bytes:
    """Pages with tables, lists, pictures of every kind and an embedded file."""
    record = examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-D")
    return render_pdf(record, canonical_json(record), Language.EN)


def without(name: str) -> Change:
    return lambda pdf: pdf.Root.__delitem__(name)


def catalog(name: str, value: Callable[[Pdf], object]) -> Change:
    return lambda pdf: pdf.Root.__setitem__(name, value(pdf))


def first(pdf: Pdf, key: str, value: str) -> Any:
    """First object that has a value under a key."""
    return next(
        held
        for held in pdf.objects
        if isinstance(held, (Dictionary, pikepdf.Stream)) and str(held.get(key, "")) == value
    )


def cut(key: str, value: str, name: str) -> Change:
    """The first object of a kind without one of its parts."""
    return lambda pdf: first(pdf, key, value).__delitem__(name)


def put(key: str, value: str, name: str, new: Callable[[Pdf], object]) -> Change:
    """The first object of a kind with something else in one of its parts."""
    return lambda pdf: first(pdf, key, value).__setitem__(name, new(pdf))


def tag(kind: str, other: str) -> Change:
    return put("/S", kind, "/S", lambda _: Name(other))


def draw(content: bytes) -> Change:
    return lambda pdf: pdf.pages[0].contents_add(content)


def packet(old: str, new: str) -> Change:
    def change(pdf: Pdf) -> None:
        data = pdf.Root.Metadata.read_bytes()
        assert old.encode() in data
        pdf.Root.Metadata.write(data.replace(old.encode(), new.encode()))

    return change


def _script(pdf: Pdf) -> object:
    return pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=String("1")))


def _no_program(pdf: Pdf) -> None:
    descriptor = next(o for o in pdf.objects if isinstance(o, Dictionary) and "/FontFile3" in o)
    del descriptor.FontFile3


def _no_letters(pdf: Pdf) -> None:
    """A map from codes to letters that has lost its lines."""
    font = first(pdf, "/Subtype", "/Type0")
    data = font.ToUnicode.read_bytes()
    start, end = data.index(b"beginbf"), data.rindex(b"endbf")
    font.ToUnicode.write(data[: start - 2] + data[data.index(b"\n", end) :])


def _twice(pdf: Pdf) -> None:
    """A piece of the page that two tags claim."""
    element = next(
        o
        for o in pdf.objects
        if isinstance(o, Dictionary) and str(o.get("/S", "")) == "/P" and isinstance(o.get("/K"), (int, Array))
    )
    held = element.K if isinstance(element.K, Array) else Array([element.K])
    element.K = Array([*held, held[0]])


def _fewer_cells(pdf: Pdf) -> None:
    row = first(pdf, "/S", "/TR")
    row.K = Array(list(row.K)[:-1])


def _annotation(pdf: Pdf) -> None:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), F=4)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link)])


def _picture(pdf: Pdf) -> None:
    held = pikepdf.Stream(pdf, b"\0", Subtype=Name.Image, Type=Name.XObject, Width=1, Height=1, BitsPerComponent=8)
    held.ColorSpace = Name.DeviceCMYK
    held.Interpolate = True
    pdf.make_indirect(held)


ARTIFACT = b"/Artifact BMC /P <</MCID 900>> BDC 0 0 1 1 re f EMC EMC"
INSIDE = b"/P <</MCID 0>> BDC /Artifact BMC 0 0 1 1 re f EMC EMC"
FAULTS: dict[str, tuple[Change, str]] = {
    "no language": (without("/Lang"), "no language"),
    "no output intent": (without("/OutputIntents"), "no output intent"),
    "no associated file": (without("/AF"), "embedded files"),
    "no tags": (without("/StructTreeRoot"), "no tags"),
    "not marked": (without("/MarkInfo"), "not marked as tagged"),
    "no metadata": (without("/Metadata"), "no metadata"),
    "title not shown": (without("/ViewerPreferences"), "title is not displayed"),
    "suspect tags": (catalog("/MarkInfo", lambda _: Dictionary(Marked=True, Suspects=True)), "suspect"),
    "script at opening": (catalog("/OpenAction", _script), "/OpenAction"),
    "script": (catalog("/OpenAction", _script), "action /JavaScript"),
    "layers": (catalog("/OCProperties", lambda _: Dictionary(OCGs=Array([]))), "/OCProperties"),
    "other part of PDF/A": (packet(">3<", ">2<"), "metadata lack pdfaid:part"),
    "extension not described": (
        packet("pdfaExtension:schemas", "pdfaExtension:others"),
        "do not describe pdfuaid",
    ),
    "no text of a picture": (cut("/S", "/Figure", "/Alt"), "without alternative"),
    "empty text of a picture": (put("/S", "/Figure", "/Alt", lambda _: String(" ")), "without alternative"),
    "no scope": (cut("/S", "/TH", "/A"), "without scope"),
    "fewer cells": (_fewer_cells, "rows of a table"),
    "cell outside of a row": (tag("/TR", "/P"), "below /P"),
    "item outside of a list": (tag("/L", "/Div"), "/LI below /Div"),
    "level left out": (tag("/H2", "/H5"), "heading of level 5"),
    "no first level": (tag("/H1", "/P"), "no heading of the first level"),
    "unknown tag": (tag("/P", "/Paragraph"), "stands for no standard one"),
    "tag that means another": (
        lambda pdf: pdf.Root.StructTreeRoot.__setitem__("/RoleMap", Dictionary(P=Name.Span)),
        "given another meaning",
    ),
    "language of a part": (put("/S", "/P", "/Lang", lambda _: String("not a language")), "in a language"),
    "claimed twice": (_twice, "has 2 tags"),
    "untagged": (draw(b"q 0 0 10 10 re f Q"), "outside of marked content"),
    "tagged in an artifact": (draw(ARTIFACT), "tagged content inside of an artifact"),
    "artifact in a tag": (draw(INSIDE), "an artifact inside of tagged content"),
    "colours of a press": (draw(b"/Artifact BMC 0 0 0 1 k 0 0 1 1 re f EMC"), "colours beyond"),
    "states left": (draw(b"q"), "1 left"),
    "no tab order": (lambda pdf: pdf.pages[0].obj.__delitem__("/Tabs"), "not bound to the tags"),
    "font not embedded": (_no_program, "not embedded"),
    "glyphs without letters": (cut("/Subtype", "/Type0", "/ToUnicode"), "glyphs without letters"),
    "a letter that is none": (_no_letters, "without a letter"),
    "no relationship": (cut("/Type", "/Filespec", "/AFRelationship"), "not told to be the source"),
    "no type of a file": (cut("/Type", "/EmbeddedFile", "/Subtype"), "no name, description or type"),
    "link without a text": (_annotation, "a link without a text"),
    "picture for a press": (_picture, "an interpolated picture"),
}
# What the other validator passes: content that two tags claim, states that are not restored, an empty list of
# layers, one head without a scope among others, blanks for a text; and what the standard asks for only where it is
# used, as the tab order of pages with links, and colours of an object that a page draws.
OURS_ALONE = frozenset(
    {
        *("claimed twice", "states left", "layers", "no scope", "empty text of a picture"),
        *("no tab order", "no output intent", "picture for a press"),
    }
)


def test_a_sound_file_has_none(paper: bytes) -> None:
    with pikepdf.open(BytesIO(paper)) as pdf:
        assert structure_faults(pdf) == []


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_would_be_found(paper: bytes, name: str) -> None:
    change, fault = FAULTS[name]
    with pikepdf.open(BytesIO(paper)) as pdf:
        change(pdf)
        assert any(fault in found for found in structure_faults(pdf))


@pytest.mark.parametrize("name", sorted(set(FAULTS) - OURS_ALONE))
def test_a_validator_of_other_authors_sees_the_same_faults(paper: bytes, name: str) -> None:
    """Only where it is installed (``make bench-pdf`` installs it)."""
    validator = pytest.importorskip("page", reason="page-validation is not installed (make bench-pdf)")

    def rules(data: bytes) -> set[str]:
        reports = (validator.validate_pdf_bytes(data, profile=profile) for profile in ("3a", "ua1"))
        found = {failure.rule_id for report in reports for failure in report.failures}
        return {rule for rule in found if not rule.endswith("STREAM-LENGTH-001")}

    with pikepdf.open(BytesIO(paper)) as pdf:
        FAULTS[name][0](pdf)
        out = BytesIO()
        pdf.save(out)
    assert rules(paper) == set() and rules(out.getvalue()) != set()
