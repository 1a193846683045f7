"""Tags of a PDF: all that is drawn belongs to one of them or is told to be none, and they are well made.

Numbers in brackets are those of the Matterhorn Protocol 1.1, the list of what ISO 14289-1 can be failed by.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

__all__ = ["tag_faults"]

SHOWS = {"Tj", "TJ", "'", '"', "Do", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "BI"}
HEADINGS = tuple(f"/H{level}" for level in range(1, 7))
# fmt: off
STANDARD = frozenset(f"/{name}" for name in (
    "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index", "NonStruct",
    "Private", "P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD",
    "THead", "TBody", "TFoot", "Span", "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot", "Ruby",
    "RB", "RT", "RP", "Warichu", "WT", "WP", "Figure", "Formula", "Form",
))
# fmt: on
# Which tags may stand below one (09-004 to 09-006), and below which ones a tag must stand.
BELOW = {
    "/Table": {"/TR", "/THead", "/TBody", "/TFoot", "/Caption"},
    **{key: {"/TR"} for key in ("/THead", "/TBody", "/TFoot")},
    "/TR": {"/TH", "/TD"},
    "/L": {"/LI", "/L", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
    "/TOC": {"/TOC", "/TOCI", "/Caption"},
}
ABOVE = {
    **{key: {"/Table"} for key in ("/THead", "/TBody", "/TFoot")},
    "/TR": {"/Table", "/THead", "/TBody", "/TFoot"},
    **{key: {"/TR"} for key in ("/TH", "/TD")},
    "/LI": {"/L"},
    **{key: {"/LI"} for key in ("/Lbl", "/LBody")},
    "/TOCI": {"/TOC"},
}
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass
class _Tree:
    """The tags in their order, with the tag above each, and the marked content that they claim."""

    elements: list[tuple[pikepdf.Dictionary, str, str]] = field(default_factory=list)
    claimed: Counter[tuple[tuple[int, int], int]] = field(default_factory=Counter)


def tag_faults(pdf: pikepdf.Pdf) -> list[str]:
    """Faults of the tags of a file in words."""
    root = pdf.Root.get("/StructTreeRoot")
    if root is None or "/ParentTree" not in root:
        return ["no tags"]
    roles = {str(key): str(root.RoleMap[key]) for key in root.get("/RoleMap", {}).keys()}  # noqa: SIM118
    tree = _Tree()
    _walk(root.get("/K"), "", None, roles, tree)
    return [*_roles(roles, tree), *_content(pdf, root, tree), *_nesting(tree), *_headings(tree), *_kinds(tree)]


def _standard(kind: str, roles: dict[str, str]) -> str:
    """Standard tag that a tag stands for; itself where it has none."""
    seen = set()
    while kind not in STANDARD and kind in roles and kind not in seen:
        seen.add(kind)
        kind = roles[kind]
    return kind


def _walk(value: Any, above: str, page: Any, roles: dict[str, str], tree: _Tree) -> None:
    if isinstance(value, pikepdf.Array):
        for part in value:
            _walk(part, above, page, roles, tree)
    elif isinstance(value, pikepdf.Dictionary) and "/S" in value:
        kind = _standard(str(value.S), roles)
        here = value.get("/Pg", page)
        tree.elements.append((value, kind, above))
        if "/K" in value:
            _walk(value.K, kind, here, roles, tree)
    elif isinstance(value, pikepdf.Dictionary) and "/MCID" in value:
        owner = value.get("/Stm", value.get("/Pg", page))
        tree.claimed[owner.objgen, int(value.MCID)] += 1
    elif isinstance(value, int) and page is not None:
        tree.claimed[page.objgen, value] += 1


def _roles(roles: dict[str, str], tree: _Tree) -> Iterator[str]:
    """02-001, 02-003, 02-004."""
    for kind in sorted(set(roles) & STANDARD):
        yield f"the standard tag {kind} is given another meaning"
    for kind in sorted({kind for _, kind, _ in tree.elements} - STANDARD):
        yield f"the tag {kind} stands for no standard one"


def _content(pdf: pikepdf.Pdf, root: pikepdf.Dictionary, tree: _Tree) -> Iterator[str]:
    """01-003 to 01-005, 28-008, 28-009, 30-002: what is drawn is tagged once, or an artifact, never both."""
    parents = pikepdf.NumberTree(root.ParentTree)
    drawn: set[tuple[tuple[int, int], int]] = set()
    for number, page in enumerate(pdf.pages, 1):
        if page.obj.get("/Tabs") != "/S" or "/StructParents" not in page.obj:
            yield f"page {number}: not bound to the tags"
            continue
        found, faults = _marked(page)
        yield from (f"page {number}: {fault}" for fault in faults)
        owners = parents[int(page.obj.StructParents)]
        for mark in found:
            drawn.add((page.obj.objgen, mark))
            if mark >= len(owners) or not isinstance(owners[mark], pikepdf.Dictionary):
                yield f"page {number}: marked content {mark} has no tag"
    for (_, mark), times in tree.claimed.items():
        if times > 1:
            yield f"marked content {mark} has {times} tags"
    if drawn - tree.claimed.keys():
        yield f"{len(drawn - tree.claimed.keys())} pieces of marked content that no tag claims"
    if tree.claimed.keys() - drawn:
        yield f"{len(tree.claimed.keys() - drawn)} pieces of marked content that tags claim and no page draws"


def _marked(page: Any) -> tuple[list[int], list[str]]:
    """Marked content of a page, and what is drawn outside of it or in two ways at once."""
    stack: list[str | int] = []
    found: list[int] = []
    faults: dict[str, None] = {}
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        if operator in ("BDC", "BMC"):
            mark = _mark(page, instruction.operands)
            if mark == "Artifact" and any(isinstance(held, int) for held in stack):
                faults["an artifact inside of tagged content"] = None
            if isinstance(mark, int) and "Artifact" in stack:
                faults["tagged content inside of an artifact"] = None
            if isinstance(mark, int):
                found.append(mark)
            stack.append(mark)
        elif operator == "EMC":
            stack.pop()
        elif operator in SHOWS and not any(held == "Artifact" or isinstance(held, int) for held in stack):
            faults[f"{operator} outside of marked content"] = None
    if stack:
        faults["marked content that does not end"] = None
    return found, list(faults)


def _mark(page: Any, operands: Any) -> str | int:
    """Number of marked content, or its name where it has none."""
    if len(operands) > 1:
        held = operands[1]
        if isinstance(held, pikepdf.Name):
            held = page.obj.Resources.Properties[str(held)]
        if "/MCID" in held:
            return int(held.MCID)
    return str(operands[0])[1:]


def _nesting(tree: _Tree) -> Iterator[str]:
    for _, kind, above in tree.elements:
        if above in BELOW and kind not in BELOW[above]:
            yield f"{kind} below {above}"
        if kind in ABOVE and above not in ABOVE[kind]:
            yield f"{kind} below {above or 'the root'}"


def _headings(tree: _Tree) -> Iterator[str]:
    """14-002, 14-003, 14-007."""
    level = 0
    kinds = [kind for _, kind, _ in tree.elements]
    if "/H" in kinds and set(kinds) & set(HEADINGS):
        yield "headings of both makes"
    for kind in kinds:
        if kind in HEADINGS:
            found = int(kind[2:])
            if found > level + 1:
                yield f"heading of level {found} after level {level}"
            level = found
    if "/H1" not in kinds:
        yield "no heading of the first level"


def _kinds(tree: _Tree) -> Iterator[str]:
    """11-001, 11-002, 13-004, 15-003, 17-002, 19-003, 19-004, and rows of a table that are not of one length."""
    ids: Counter[bytes] = Counter()
    for element, kind, _ in tree.elements:
        if "/Lang" in element and not LANGUAGE.fullmatch(str(element.Lang)):
            yield f"{kind} in a language {element.Lang}"
        if kind in ("/Figure", "/Formula") and not _text(element, "/Alt") and not _text(element, "/ActualText"):
            yield f"{kind[1:].lower()} without alternative text"
        if "/Alt" in element and not _text(element, "/Alt"):
            yield f"{kind} with an empty alternative text"
        if kind == "/Note":
            if "/ID" not in element:
                yield "note without a name"
            else:
                ids[bytes(element.ID)] += 1
        if kind == "/TH" and not any("/Scope" in held for held in _attributes(element)):
            yield "head of a table without scope"
        if kind == "/Table":
            yield from _table(element)
    if any(times > 1 for times in ids.values()):
        yield "two notes of one name"


def _text(element: pikepdf.Dictionary, key: str) -> str:
    return str(element.get(key, "")).strip()


def _attributes(element: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    held = element.get("/A", [])
    parts = list(held) if isinstance(held, pikepdf.Array) else [held]
    return [part for part in parts if isinstance(part, pikepdf.Dictionary)]


def _below(element: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    held = element.get("/K", [])
    parts = list(held) if isinstance(held, pikepdf.Array) else [held]
    return [part for part in parts if isinstance(part, pikepdf.Dictionary) and "/S" in part]


def _table(table: pikepdf.Dictionary) -> Iterator[str]:
    """Heads, and as many cells in each row, those of several columns or rows counted as many times."""
    rows = [part for part in _below(table) if str(part.S) == "/TR"]
    for part in _below(table):
        if str(part.S) in ("/THead", "/TBody", "/TFoot"):
            rows += [row for row in _below(part) if str(row.S) == "/TR"]
    cells = [_below(row) for row in rows]
    if not any(str(cell.S) == "/TH" for row in cells for cell in row):
        yield "table without a head"
    widths: list[int] = [0] * len(cells)
    for at, row in enumerate(cells):
        for cell in row:
            columns, high = _span(cell, "/ColSpan"), _span(cell, "/RowSpan")
            for below in range(at, at + high):
                if below >= len(cells):
                    yield "a cell that reaches below its table"
                    break
                widths[below] += columns
    if len(set(widths)) > 1:
        yield f"rows of a table with {sorted(set(widths))} cells"


def _span(cell: pikepdf.Dictionary, name: str) -> int:
    return next((int(held[name]) for held in _attributes(cell) if name in held), 1)
