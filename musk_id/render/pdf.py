"""A case record as PDF/A with its canonical JSON embedded, set by Typst from data alone.

The template lies in ``templates/record.typ`` and reads one JSON file; only Typst's own fonts are used, so
the bytes depend on the record and the software version and on nothing of the machine.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from musk_id.errors import IntegrityError
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import load_catalogue
from musk_id.render.glyphs import Medium, drawable, with_breaks
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Document, Figure
from musk_id.vocabulary import Language

__all__ = ["PDF_STANDARDS", "document_pdf", "render_pdf"]

TEMPLATE = Path(__file__).parent / "templates" / "record.typ"
PDF_STANDARDS: tuple[Literal["a-3a", "ua-1"], ...] = ("a-3a", "ua-1")


def render_pdf(record: CaseRecord, record_json: bytes, language: Language) -> bytes:
    """PDF of a record in one language.

    Parameters
    ----------
    record : CaseRecord
        The record.
    record_json : bytes
        Its canonical JSON, which is embedded.
    language : Language
        Language of the pages.
    """
    return document_pdf(build_document(record, record_json, load_catalogue(language)), record_json)


def document_pdf(document: Document, data: bytes) -> bytes:
    """PDF of a document; ``data`` is embedded under the document's name for it.

    Raises
    ------
    IntegrityError
        If the typesetter gives no PDF.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="musk-id-") as folder:
        root = Path(folder)
        tree = _Tree(root).document(document)
        (root / "document.json").write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
        (root / document.attachment).write_bytes(data)
        (root / "record.typ").write_bytes(TEMPLATE.read_bytes())
        compiler = typst.Compiler(
            input=str(root / "record.typ"), root=str(root), font_paths=[], ignore_system_fonts=True
        )
        result = compiler.compile(format="pdf", pdf_standards=list(PDF_STANDARDS))
    if not isinstance(result, bytes):
        raise IntegrityError("Typst gave no PDF")
    return result


class _Tree:
    """JSON tree of a document: texts made drawable, pictures written beside it as files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._figures = 0

    def document(self, document: Document) -> dict[str, Any]:
        # Annexes and viewers are for HTML; the pages name the annexes and say where they are.
        tree = self._value(dataclasses.replace(document, annexes=(), viewer_words=()))
        # The footer's template keeps its placeholders, and the digest stays in one piece.
        tree["page_of"], tree["digest"], tree["date"] = document.page_of, document.digest, document.date
        tree["attachment"] = document.attachment
        return dict(tree)

    def _value(self, value: object) -> Any:
        if isinstance(value, StrEnum):
            return value.value
        if isinstance(value, str):
            return with_breaks(drawable(value, Medium.PDF))
        if isinstance(value, tuple):
            return [self._value(part) for part in value]
        if isinstance(value, Figure):
            return {**self._fields(value), "svg": self._picture(value.svg)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._fields(value)
        return value

    def _fields(self, value: Any) -> dict[str, Any]:
        names = (f.name for f in dataclasses.fields(value) if f.name not in ("svg", "view"))
        fields = {name: self._value(getattr(value, name)) for name in names}
        return {"type": type(value).__name__, **fields}

    def _picture(self, svg: str) -> str:
        self._figures += 1
        name = f"figure-{self._figures}.svg"
        (self._root / name).write_text(svg, encoding="utf-8")
        return name
