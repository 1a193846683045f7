"""A case record as PDF/A with its canonical JSON embedded, set by Typst from data alone.

The template lies in ``templates/record.typ`` and reads one JSON file; only Typst's own fonts are used, so
the bytes depend on the record and the software version and on nothing of the machine.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from musk_id.errors import ConfigError, IntegrityError
from musk_id.model.record import CaseRecord
from musk_id.model.values import RelativePath
from musk_id.render.catalogue import Catalogue, load_catalogue
from musk_id.render.fonts import ExtraFont
from musk_id.render.glyphs import Medium, drawable, with_breaks
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Document, Figure, Photo
from musk_id.render.photographs import DrawnPhotograph
from musk_id.vocabulary import Language

__all__ = ["PDF_STANDARDS", "document_pdf", "render_pdf", "require_drawn"]

TEMPLATE = Path(__file__).parent / "templates" / "record.typ"
PDF_STANDARDS: tuple[Literal["a-3a", "ua-1"], ...] = ("a-3a", "ua-1")


def render_pdf(
    record: CaseRecord,
    record_json: bytes,
    language: Language,
    fonts: tuple[ExtraFont, ...] = (),
    photographs: Mapping[RelativePath, DrawnPhotograph] = MappingProxyType({}),
) -> bytes:
    """PDF of a record in one language.

    Parameters
    ----------
    record : CaseRecord
        The record.
    record_json : bytes
        Its canonical JSON, which is embedded.
    language : Language
        Language of the pages.
    fonts : tuple of ExtraFont
        Fonts of the laboratory's own, for what the bundled ones do not draw.
    photographs : mapping of RelativePath to DrawnPhotograph
        The photographs of the case as drawn.

    Raises
    ------
    ConfigError
        If the words of the language need a font that is not there.
    """
    catalogue = load_catalogue(language)
    require_drawn(catalogue, fonts)
    return document_pdf(build_document(record, record_json, catalogue, photographs), record_json, fonts)


def require_drawn(catalogue: Catalogue, fonts: tuple[ExtraFont, ...]) -> None:
    """Check that the fonts at hand draw the words of a language.

    Raises
    ------
    ConfigError
        If they need a font that is not there.
    """
    needed = _undrawn(catalogue, fonts)
    if needed:
        raise ConfigError(
            f"the fonts at hand do not draw {len(needed)} characters of the language '{catalogue.language}', "
            f"{needed[0]} (U+{ord(needed[0]):04X}) among them",
            where="laboratory.yaml: fonts",
            hint="name a font for the language, with its SHA-256",
        )


def _undrawn(catalogue: Catalogue, fonts: tuple[ExtraFont, ...]) -> list[str]:
    """Characters of a catalogue that would be drawn as their codes."""
    extra = _characters(fonts)
    used = {c for texts in (catalogue.phrases, catalogue.labels) for text in texts.values() for c in text}
    return sorted(c for c in used if drawable(c, Medium.PDF, extra).startswith("⟨"))


def _characters(fonts: tuple[ExtraFont, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(font.characters for font in fonts))


def document_pdf(document: Document, data: bytes, fonts: tuple[ExtraFont, ...] = ()) -> bytes:
    """PDF of a document; ``data`` is embedded under the document's name for it.

    Raises
    ------
    IntegrityError
        If the typesetter gives no PDF.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="musk-id-") as folder:
        root = Path(folder)
        tree = _Tree(root, _characters(fonts)).document(document)
        tree["fonts"] = [font.family for font in fonts]
        places = root / "fonts"
        places.mkdir()
        for index, font in enumerate(fonts):
            ending = "ttc" if font.data[:4] == b"ttcf" else "ttf"
            (places / f"font-{index}.{ending}").write_bytes(font.data)
        (root / "document.json").write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
        (root / document.attachment).write_bytes(data)
        (root / "record.typ").write_bytes(TEMPLATE.read_bytes())
        compiler = typst.Compiler(
            input=str(root / "record.typ"),
            root=str(root),
            font_paths=[str(places)] if fonts else _bundled_fonts(),
            ignore_system_fonts=True,
        )
        result = compiler.compile(format="pdf", pdf_standards=list(PDF_STANDARDS))
    if not isinstance(result, bytes):
        raise IntegrityError("Typst gave no PDF")
    return result


@cache
def _bundled_fonts() -> Any:
    """The typesetter's own fonts, looked for once."""
    import typst

    return typst.Fonts(include_system_fonts=False)


@cache
def _drawn_fields(kind: Any) -> tuple[str, ...]:
    """Fields of a class of the pages that the template reads."""
    return tuple(f.name for f in dataclasses.fields(kind) if f.name not in ("svg", "view", "jpeg"))


class _Tree:
    """JSON tree of a document: texts made drawable, pictures written beside it as files."""

    def __init__(self, root: Path, extra: frozenset[str]) -> None:
        self._root = root
        self._extra = extra
        self._figures = 0
        self._photos = 0

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
            return with_breaks(drawable(value, Medium.PDF, self._extra))
        if isinstance(value, tuple):
            return [self._value(part) for part in value]
        if isinstance(value, Figure):
            return {**self._fields(value), "svg": self._picture(value.svg)}
        if isinstance(value, Photo):
            return {**self._fields(value), "file": self._photograph(value.jpeg)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._fields(value)
        return value

    def _fields(self, value: Any) -> dict[str, Any]:
        kind: Any = type(value)
        return {"type": kind.__name__, **{name: self._value(getattr(value, name)) for name in _drawn_fields(kind)}}

    def _picture(self, svg: str) -> str:
        self._figures += 1
        name = f"figure-{self._figures}.svg"
        (self._root / name).write_text(svg, encoding="utf-8")
        return name

    def _photograph(self, jpeg: bytes) -> str:
        if not jpeg:
            return ""
        self._photos += 1
        name = f"photograph-{self._photos}.jpg"
        (self._root / name).write_bytes(jpeg)
        return name
