"""Words of a spectrum's record, among which the accession of a reference may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from musk_id.model.spectrum import MassSpectrum

__all__ = ["words_of"]

_WORD = re.compile(r"[^\s,;|\"'()\[\]{}=]+")


def words_of(spectrum: MassSpectrum) -> Iterator[str]:
    """Words of the name and of all fields, and each of them as a whole."""
    for text in (spectrum.name, *(value for _, value in spectrum.metadata)):
        yield text.strip()
        yield from _WORD.findall(text)
