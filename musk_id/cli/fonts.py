"""Fonts of a laboratory's own, read and held against the digests of ``laboratory.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import IntegrityError
from musk_id.model.laboratory import Laboratory
from musk_id.records.files import resolve_inside, sha256_bytes

if TYPE_CHECKING:
    from musk_id.render.fonts import ExtraFont

__all__ = ["laboratory_fonts"]


def laboratory_fonts(laboratory: Laboratory, root: Path) -> tuple[ExtraFont, ...]:
    """The fonts that a laboratory names, in its order.

    Raises
    ------
    IntegrityError
        If a font is missing or is another file than the one named.
    """
    return tuple(_font(resolve_inside(root, font.path), font.path, font.sha256) for font in laboratory.fonts)


@cache
def _font(path: Path, name: str, sha256: str) -> ExtraFont:
    from musk_id.render.fonts import read_font

    if not path.is_file():
        raise IntegrityError("the font is missing", where=name, hint="put it below the laboratory's root")
    data = path.read_bytes()
    found = sha256_bytes(data)
    if found != sha256:
        raise IntegrityError(
            f"the font is another file: SHA-256 {found}, laboratory.yaml names {sha256}",
            where=name,
            hint="put the file back that laboratory.yaml names, or name the new one",
        )
    return read_font(data, name)
