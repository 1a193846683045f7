"""What PDF/A-3a and PDF/UA-1 ask of a file, as far as its objects show it.

A validator of other authors runs over the same files in ``benchmarks/pdf_conformance.py``; these checks need
nothing but pikepdf and run with every test of pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

from tests.pdf_tags import tag_faults
from tests.pdf_text import font_faults

__all__ = ["structure_faults"]

ACTIONS = {"/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Movie", "/Sound"}
DEEPEST_SAVED_STATE = 28
LONGEST_NAME_BYTES, LONGEST_STRING_BYTES = 127, 32767
SMALLEST_PAGE, LARGEST_PAGE = 3.0, 14400.0
PDFUA_SPACE = "http://www.aiim.org/pdfua/ns/id/"
EXTENSION = "pdfaExtension:schemas"
ICC_CLASSES = {b"prtr", b"mntr", b"scnr", b"spac"}


def structure_faults(pdf: pikepdf.Pdf) -> list[str]:
    """Faults of a file in words; none of a sound one.

    Checked are the claims of the metadata and that they say the same as the information dictionary, the output
    intent and colours that it covers, embedded fonts with a letter for every code shown, embedded files with
    their relationship, the absence of actions, encryption, external streams and optional content, the limits of
    the format, tags for all that is drawn and nothing tagged twice, the order of headings, the make of lists and
    tables, text alternatives, and heads of tables with their scope (ISO 19005-3, ISO 14289-1).
    """
    return [
        *_document(pdf),
        *_metadata(pdf),
        *_intents(pdf),
        *_objects(pdf),
        *font_faults(pdf),
        *_files(pdf),
        *_annotations(pdf),
        *_states(pdf),
        *tag_faults(pdf),
    ]


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if not re.fullmatch(r"1\.[0-7]", pdf.pdf_version):
        yield f"version {pdf.pdf_version} of the format"
    if "/Encrypt" in pdf.trailer:
        yield "encrypted"
    if "/ID" not in pdf.trailer:
        yield "no file identifier"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", str(root.get("/Lang", ""))):
        yield "no language"
    marks = root.get("/MarkInfo", {})
    if not marks.get("/Marked"):
        yield "not marked as tagged"
    if marks.get("/Suspects"):
        yield "tags are called suspect"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "title is not displayed"
    for name in ("/OpenAction", "/AA", "/AcroForm", "/OCProperties", "/Requirements", "/NeedsRendering"):
        if name in root:
            yield f"{name} in the catalog"
    for name in ("/JavaScript", "/AlternatePresentations"):
        if name in root.get("/Names", {}):
            yield f"{name} among the names"
    for number, page in enumerate(pdf.pages, 1):
        left, bottom, right, top = (float(side) for side in page.mediabox)
        if not all(SMALLEST_PAGE <= side <= LARGEST_PAGE for side in (right - left, top - bottom)):
            yield f"page {number}: size {right - left} by {top - bottom}"
        if "/AA" in page.obj or "/PresSteps" in page.obj:
            yield f"page {number}: actions or steps"


def _metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    if "/Metadata" not in pdf.Root:
        yield "no metadata"
        return
    if "/Filter" in pdf.Root.Metadata:
        yield "metadata are compressed"
    packet = pdf.Root.Metadata.read_bytes()
    if re.search(rb"<\?xpacket[^>]*\b(bytes|encoding)=", packet):
        yield "metadata state bytes or encoding"
    if EXTENSION.encode() not in packet or packet.count(PDFUA_SPACE.encode()) < 2:
        yield "the metadata do not describe pdfuaid"
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        for name, value in (("pdfaid:part", "3"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
            if metadata.get(name) != value:
                yield f"metadata lack {name} {value}"
        if not str(metadata.get("dc:title") or "").strip():
            yield "no title"
        pairs = (("/Title", "dc:title"), ("/Producer", "pdf:Producer"), ("/Creator", "xmp:CreatorTool"))
        for told, name in pairs:
            if told in pdf.docinfo and str(pdf.docinfo[told]) != str(metadata.get(name)):
                yield f"{told} is not {name}"
        for told, name in (("/CreationDate", "xmp:CreateDate"), ("/ModDate", "xmp:ModifyDate")):
            if told in pdf.docinfo and _digits(pdf.docinfo[told]) != _digits(metadata.get(name)):
                yield f"{told} is not {name}"


def _digits(date: Any) -> str:
    """Year to second of a date in either notation."""
    return re.sub(r"\D", "", str(date))[:14].ljust(14, "0")


def _intents(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents = [intent for intent in pdf.Root.get("/OutputIntents", []) if intent.S == "/GTS_PDFA1"]
    if len(intents) != 1 or "/DestOutputProfile" not in intents[0]:
        yield "no output intent with a profile"
        return
    profile = intents[0].DestOutputProfile
    data = profile.read_bytes()
    if data[36:40] != b"acsp" or data[8] >= 5 or data[12:16] not in ICC_CLASSES:
        yield "the profile of the output intent is none"
    if (data[16:20], int(profile.get("/N", 0))) not in ((b"RGB ", 3), (b"GRAY", 1), (b"CMYK", 4)):
        yield "the profile has another number of colours than it says"


def _objects(pdf: pikepdf.Pdf) -> Iterator[str]:
    """What no object may hold, wherever it stands."""
    for number, held in enumerate(pdf.objects):
        yield from (f"{fault} in object {number}" for fault in _limits(held))
        if not isinstance(held, (pikepdf.Dictionary, pikepdf.Stream)):
            continue
        if str(held.get("/S", "")) in ACTIONS:
            yield f"action {held.S} in object {number}"
        if "/DeviceCMYK" in str(held.get("/ColorSpace", "")):
            yield f"colours beyond the output intent in object {number}"
        transfer = str(held.get("/TR", "")) or str(held.get("/TR2", "/Default"))
        if transfer != "/Default" or "/HTP" in held:
            yield f"transfer function or halftone phase in object {number}"
        if isinstance(held, pikepdf.Stream):
            yield from (f"{fault} in object {number}" for fault in _stream(held))


def _stream(held: pikepdf.Stream) -> Iterator[str]:
    filters = str(held.get("/Filter", ""))
    if "LZW" in filters or "Crypt" in filters:
        yield "a filter that is not allowed"
    if any(name in held for name in ("/F", "/FFilter", "/FDecodeParms")):
        yield "a stream outside of the file"
    if str(held.get("/Subtype", "")) == "/PS" or "/Ref" in held or "/OPI" in held or "/Alternates" in held:
        yield "an object of another file or language"
    if held.get("/Interpolate"):
        yield "an interpolated picture"


def _limits(held: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(held, pikepdf.Name) and len(str(held).encode()) - 1 > LONGEST_NAME_BYTES:
        yield "a name that is too long"
    elif isinstance(held, pikepdf.String) and len(bytes(held)) > LONGEST_STRING_BYTES:
        yield "a string that is too long"
    elif isinstance(held, pikepdf.Array) and depth < 8:
        for part in held:
            if not getattr(part, "is_indirect", False):
                yield from _limits(part, depth + 1)
    elif isinstance(held, pikepdf.Dictionary) and depth < 8:
        for key in held.keys():  # noqa: SIM118 - a dictionary of pikepdf is walked by its keys
            part = held.get(key)
            if not getattr(part, "is_indirect", False):
                yield from _limits(part, depth + 1)


def _files(pdf: pikepdf.Pdf) -> Iterator[str]:
    associated = list(pdf.Root.get("/AF", []))
    if len(associated) != len(pdf.attachments):
        yield "embedded files are not the associated ones"
    for entry in associated:
        if str(entry.get("/AFRelationship", "")) != "/Source":
            yield f"{entry.get('/F')}: not told to be the source"
        if any(name not in entry for name in ("/F", "/UF", "/Desc")) or "/Subtype" not in entry.EF.F:
            yield f"{entry.get('/F')}: no name, description or type"


def _annotations(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Links alone, each with a text; anything else would have to be tagged in ways that no page needs."""
    for number, page in enumerate(pdf.pages, 1):
        for annotation in page.obj.get("/Annots", []):
            if str(annotation.get("/Subtype", "")) != "/Link":
                yield f"page {number}: an annotation {annotation.get('/Subtype')}"
            if not str(annotation.get("/Contents", "")).strip():
                yield f"page {number}: a link without a text"
            if int(annotation.get("/F", 0)) & 0b100110 != 0b100:
                yield f"page {number}: a link that is hidden or not printed"


def _states(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        depth = deepest = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            depth += {"q": 1, "Q": -1}.get(operator, 0)
            deepest = max(deepest, depth)
            if operator in ("k", "K"):
                yield f"page {number}: colours beyond the output intent"
                break
        if depth != 0 or deepest > DEEPEST_SAVED_STATE:
            yield f"page {number}: saved states {deepest} deep, {depth} left"
