"""What PDF/A-3a and PDF/UA-1 ask of a file, as far as its objects show it (no validator runs in the tests)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf

__all__ = ["structure_faults"]

ACTIONS = {"/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Movie", "/Sound"}
SHOWS = {"Tj", "TJ", "'", '"', "Do", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh"}
HEADINGS = tuple(f"/H{level}" for level in range(1, 7))


def structure_faults(pdf: pikepdf.Pdf) -> list[str]:
    """Faults of a file in words; none of a sound one.

    Checked are the claims of the metadata, the output intent, embedded fonts with their letters, embedded
    files with their relationship, the absence of actions and encryption, tags for all that is drawn, the
    order of headings, text alternatives, and heads of tables with their scope (ISO 19005-3, ISO 14289-1).
    """
    return [*_document(pdf), *_actions(pdf), *_fonts(pdf), *_files(pdf), *_pages(pdf), *_tags(pdf)]


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if "/Encrypt" in pdf.trailer:
        yield "encrypted"
    if "/ID" not in pdf.trailer:
        yield "no file identifier"
    if not root.get("/Lang"):
        yield "no language"
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "not marked as tagged"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "title is not displayed"
    intents = [intent for intent in root.get("/OutputIntents", []) if intent.S == "/GTS_PDFA1"]
    if len(intents) != 1 or "/DestOutputProfile" not in intents[0]:
        yield "no output intent with a profile"
    if "/Filter" in root.Metadata:
        yield "metadata are compressed"
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        for name, value in (("pdfaid:part", "3"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
            if metadata.get(name) != value:
                yield f"metadata lack {name} {value}"
        if not metadata.get("dc:title"):
            yield "no title"


def _actions(pdf: pikepdf.Pdf) -> Iterator[str]:
    for name in ("/OpenAction", "/AA", "/AcroForm"):
        if name in pdf.Root:
            yield f"{name} in the catalog"
    for number, held in enumerate(pdf.objects):
        if isinstance(held, (pikepdf.Dictionary, pikepdf.Stream)) and str(held.get("/S", "")) in ACTIONS:
            yield f"action {held.S} in object {number}"
        if isinstance(held, pikepdf.Stream) and "LZW" in str(held.get("/Filter", "")):
            yield f"LZW in object {number}"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for font in pdf.objects:
        if not isinstance(font, pikepdf.Dictionary) or font.get("/Type") != "/Font":
            continue
        if "/DescendantFonts" in font and "/ToUnicode" not in font:
            yield f"{font.BaseFont}: glyphs without letters"
        if "/FontDescriptor" in font:
            descriptor = font.FontDescriptor
            if not any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3")):
                yield f"{font.BaseFont}: not embedded"
        elif "/DescendantFonts" not in font and font.get("/Subtype") != "/Type3":
            yield f"{font.BaseFont}: no descriptor"


def _files(pdf: pikepdf.Pdf) -> Iterator[str]:
    associated = list(pdf.Root.get("/AF", []))
    if len(associated) != len(pdf.attachments):
        yield "embedded files are not the associated ones"
    for entry in associated:
        if "/AFRelationship" not in entry or "/UF" not in entry or "/Subtype" not in entry.EF.F:
            yield f"{entry.get('/F')}: no relationship, name or type"


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        if page.obj.get("/Tabs") != "/S" or "/StructParents" not in page.obj:
            yield f"page {number}: not bound to the tags"
        depth = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in ("BDC", "BMC"):
                depth += 1
            elif operator == "EMC":
                depth -= 1
            elif operator in SHOWS and depth == 0:
                yield f"page {number}: {operator} outside of marked content"
                break


def _elements(value: Any) -> Iterator[pikepdf.Dictionary]:
    if isinstance(value, pikepdf.Array):
        for part in value:
            yield from _elements(part)
    elif isinstance(value, pikepdf.Dictionary):
        if "/S" in value:
            yield value
        if "/K" in value:
            yield from _elements(value.K)


def _attributes(element: pikepdf.Dictionary) -> list[Any]:
    held = element.get("/A", [])
    return list(held) if isinstance(held, pikepdf.Array) else [held]


def _tags(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root.get("/StructTreeRoot")
    if root is None or "/ParentTree" not in root:
        yield "no tags"
        return
    level = 0
    for element in _elements(root.K):
        kind = str(element.S)
        if kind in HEADINGS:
            found = int(kind[2:])
            if found > level + 1:
                yield f"heading of level {found} after level {level}"
            level = found
        if kind == "/Figure" and not str(element.get("/Alt", "")).strip():
            yield "figure without alternative text"
        if kind == "/Table" and not any(str(part.S) == "/TH" for part in _elements(element.get("/K"))):
            yield "table without a head"
        if kind == "/TH" and not any(
            "/Scope" in a for a in _attributes(element) if isinstance(a, pikepdf.Dictionary)
        ):
            yield "head of a table without scope"
