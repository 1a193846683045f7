"""Pages as one HTML file without external addresses, under a strict content security policy.

The only script is that of the viewers, allowed by its digest, in documents that have a figure to view.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from musk_id.model.record import CaseRecord
from musk_id.model.values import RelativePath
from musk_id.render.catalogue import load_catalogue
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.kept import kept
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Cell, Document, Figure, Photos, Section, Style, Table
from musk_id.render.photographs import DrawnPhotograph
from musk_id.vocabulary import Language

__all__ = ["document_html", "environment", "policy_digest", "render_html"]

_UNBROKEN = re.compile(r"\S{25,}")
_PLACES = re.compile(r"(\{pages?\})")
TEMPLATES = Path(__file__).parent / "templates"


def _draw(text: str) -> str:
    return drawable(text, Medium.HTML)


@cache
def environment() -> Any:
    """The template environment: everything is escaped, an unknown name is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render_html(
    record: CaseRecord,
    record_json: bytes,
    language: Language,
    photographs: Mapping[RelativePath, DrawnPhotograph] = MappingProxyType({}),
) -> bytes:
    """HTML of a record in one language; the canonical JSON is attached as a download unless it is very large.

    Parameters
    ----------
    record : CaseRecord
        The record.
    record_json : bytes
        Its canonical JSON.
    language : Language
        Language of the pages.
    photographs : mapping of RelativePath to DrawnPhotograph
        The photographs of the case as drawn.
    """
    document = build_document(record, record_json, load_catalogue(language), photographs)
    return document_html(document, record_json)


def document_html(document: Document, data: bytes) -> bytes:
    """HTML of a document; ``data`` is attached under the document's name for it, unless that says where it is."""
    from markupsafe import Markup

    style = _style(document)
    script = _file("viewers.js") if _has_views((*document.sections, *document.annexes)) else ""
    text: str = (
        environment()
        .get_template("record.html.j2")
        .render(
            doc=document,
            draw=_draw,
            cell=lambda value: Markup(_cell(value)),
            rows=lambda table: Markup(_rows(table)),
            # Pictures are drawn by this package from escaped text; they are the only markup that passes as it is.
            picture=Markup,
            has_photographs=_has_photographs((*document.sections, *document.annexes)),
            base64=lambda data: base64.b64encode(data).decode("ascii"),
            kind_of=lambda block: type(block).__name__,
            style=Markup(style),
            style_hash=policy_digest(style),
            script=Markup(script),
            script_hash=policy_digest(script) if script else "",
            viewer_words=json.dumps(dict(document.viewer_words), ensure_ascii=False, sort_keys=True),
            data_base64="" if document.data_elsewhere else base64.b64encode(data).decode("ascii"),
        )
    )
    return text.encode("utf-8")


@cache
def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy_digest(text: str) -> str:
    """Digest of a style sheet or script as the policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _has_views(sections: tuple[Section, ...]) -> bool:
    return any(isinstance(block, Figure) and block.view for section in sections for block in section.blocks)


def _has_photographs(sections: tuple[Section, ...]) -> bool:
    blocks = (block for section in sections for block in section.blocks)
    return any(entry.jpeg for block in blocks if isinstance(block, Photos) for entry in block.entries)


_MARKS = {Style.BOLD: "strong", Style.ITALIC: "em", Style.MONO: "code"}


@kept
def _span(text: str, style: Style) -> str:
    """Markup of a run of text, escaped; letters that may have to be broken in a cell are marked as long."""
    from markupsafe import escape

    drawn = str(escape(_draw(text)))
    mark = _MARKS.get(style)
    marked = drawn if mark is None else f"<{mark}>{drawn}</{mark}>"
    return marked if _UNBROKEN.search(text) is None else f'<span class="long">{marked}</span>'


def _cell(value: Cell) -> str:
    """Markup of a cell. Here and not in the template: a record has some thousand cells."""
    return "<br>".join("".join(_span(span.text, span.style) for span in line) for line in value)


def _rows(table: Table) -> str:
    """Markup of a table's rows; of a table whose first head is empty the first cells name the rows."""
    first = '<th scope="row">', "</th>"
    other = "<td>", "</td>"
    begin, end = other if table.heads[0] else first
    parts: list[str] = []
    for row in table.rows:
        parts.append("<tr>")
        for number, value in enumerate(row):
            opened, closed = (begin, end) if number == 0 else other
            parts += opened, _cell(value), closed
        parts.append("</tr>")
    return "".join(parts)


def _style(document: Document) -> str:
    """The style sheet, and what stands at the edges of printed sheets."""
    edges = (
        ("top-left", _css_text(document.header)),
        ("top-right", _css_text(document.banner)),
        ("bottom-left", _css_text(f"{document.digest_label}: {document.digest}")),
        ("bottom-right", _page_counter(document.page_of)),
    )
    rules = " ".join(f"@{place} {{ content: {content}; }}" for place, content in edges)
    return f"{_file('record.css')}@page {{ {rules} }}\n"


def _css_text(text: str) -> str:
    """A text as a string of a style sheet, every character but letters and digits of ASCII as its code."""
    drawn = _draw(text).replace("\n", " ")
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in drawn) + '"'


def _page_counter(template: str) -> str:
    """The words of a sheet's number with the browser's counters in their places."""
    counters = {"{page}": "counter(page)", "{pages}": "counter(pages)"}
    return " ".join(counters.get(part) or _css_text(part) for part in _PLACES.split(template) if part)
