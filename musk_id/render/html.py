"""Pages as one HTML file: no script, no external address, a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import load_catalogue
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Document
from musk_id.vocabulary import Language

__all__ = ["document_html", "environment", "render_html"]

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


def render_html(record: CaseRecord, record_json: bytes, language: Language) -> bytes:
    """HTML of a record in one language; the canonical JSON is attached as a download.

    Parameters
    ----------
    record : CaseRecord
        The record.
    record_json : bytes
        Its canonical JSON.
    language : Language
        Language of the pages.
    """
    return document_html(build_document(record, record_json, load_catalogue(language)), record_json)


def document_html(document: Document, data: bytes) -> bytes:
    """HTML of a document; ``data`` is attached as a download under the document's name for it."""
    from markupsafe import Markup

    style = (TEMPLATES / "record.css").read_text(encoding="utf-8")
    text: str = (
        environment()
        .get_template("record.html.j2")
        .render(
            doc=document,
            draw=_draw,
            # Pictures are drawn by this package from escaped text; they are the only markup that passes as it is.
            picture=Markup,
            kind_of=lambda block: type(block).__name__,
            style=Markup(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
            data_base64=base64.b64encode(data).decode("ascii"),
        )
    )
    return text.encode("utf-8")
