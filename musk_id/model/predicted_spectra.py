"""Whether a record says that its spectrum was computed and not measured.

Predicted spectra stand in public collections beside measured ones: they say so in a title, a comment, the
instrument or the kind of the spectrum, in words or by the program's name: ``Instrument_type: in-silico QTOF``,
``##TITLE= Theoretical in-silico spectrum (QCxMS)``. A record that says nothing of it cannot be told from a
measured one.
"""

from __future__ import annotations

import re

from musk_id.model.spectrum import MassSpectrum

__all__ = ["stated_prediction"]

_SHOWN = 100

# Fields that hold structures, ids and lists of names say nothing of how a spectrum was made.
_SILENT_FIELDS = re.compile(
    r"(ch\$)?(inchi|inchikey|inchi key|inchi_key|smiles|computed smiles|formula|cas|casno|cas#|link|iupac)"
    r"|synon(ym)?s?|pk\$.*|num peaks|numpeaks|num_peaks|splash"
)
# Programs whose output is a predicted spectrum. Names that are words of their own are left out.
_PROGRAM = re.compile(
    r"\bin[ _-]?silico\b|\bCFM-?(?:ID|EI)\b|\bQC-?EI-?MS\b|\bQC-?x-?MS2?\b|\bNEIMS\b|\bRASSP\b|\bLipidBlast\b"
    r"|\bMassFormer\b|\bCIDMD\b",
    re.IGNORECASE,
)
_WORD = r"(?:predicted|simulated|theoretical|computer[ -]generated)"
# A comment may also speak of a predicted property, so that the word needs to be about the spectrum there.
_IN_TEXT = re.compile(
    rf"\b{_WORD}\b[^\";]{{0,30}}\b(?:spectr(?:um|a)|fragmentation|(?:GC-?|EI-?|LC-?)?MS(?:/MS)?)\b"
    rf"|\bspectr(?:um|a)\b[^\";]{{0,20}}\b{_WORD}\b"
    rf"|(?:^|=)\s*\"?{_WORD}\s*(?=[\";.]|$)"
    r"|\bpredicted (?:by|with|using|from)\b|\bsimulated\b",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"\b{_WORD}\b", re.IGNORECASE)
_KINDS = re.compile(
    r"name|(ac\$)?(instrument([ _]?type)?|spectrum[ _]?type|data[ _]?type|origin|source([ _]instrument)?|library"
    r"|ionization|ionisation|ms[ _]?type|method)( .*)?"
)


def stated_prediction(spectrum: MassSpectrum) -> str | None:
    """The field and words by which a record says that its spectrum was predicted, or ``None``."""
    for key, value in (("name", spectrum.name), *spectrum.metadata):
        if key != "name" and _SILENT_FIELDS.fullmatch(key):
            continue
        found = _PROGRAM.search(value) or _IN_TEXT.search(value)
        if found is None and _KINDS.fullmatch(key):
            found = _ALONE.search(value)
        if found is not None:
            return f"{key}: {' '.join(found[0].split())}"[:_SHOWN]
    return None
