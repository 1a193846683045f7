"""GenBank flat files of nucleotide records, read strictly.

Biopython parses the annotation. The frame (LOCUS line, ``//``) and the letters are read here a second
time, because Biopython repairs or only warns of what a truncated file looks like.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.library_vocabulary import PublicationState
from musk_id.model.deposited import DepositedRecord, DepositedReference
from musk_id.model.values import RULES, Accession, IsoDate, Line, Text

if TYPE_CHECKING:
    from Bio.SeqFeature import Reference
    from Bio.SeqRecord import SeqRecord

__all__ = ["FlatRecord", "parse_flat_record", "read_genbank", "read_genbank_bytes", "split_flat_records"]

MAX_BYTES = 50_000_000
MAX_RECORD_BYTES = 2_000_000
MAX_RECORDS = 10_000
MAX_LENGTH_BP = 200_000
MAX_LINE_LENGTH = 5_000
MAX_REFERENCES = 200

END = "//"
_LOCUS = re.compile(
    r"LOCUS {7}(?P<name>\S{1,40}) +(?P<length>[0-9]{1,9}) (?P<unit>bp|aa) +(?P<molecule>[A-Za-z-]{2,12})"
    r" +(?:(?P<topology>linear|circular) +)?[A-Z]{3} (?P<day>[0-9]{2})-(?P<month>[A-Z]{3})-(?P<year>[0-9]{4})"
)
_LETTER_LINE = re.compile(r" *([0-9]{1,9})((?: [A-Za-z]{1,10}){1,6}) *")
_LETTERS = re.compile(r"[ACGTRYSWKMBDHVN]+")
_MOLECULES = re.compile(r"(?:(?:ss|ds|ms)-)?(?:DNA|[a-z]{0,2}RNA)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FEATURE = re.compile(r" {5}\S")
# Sentences of RefSeq comments, such as "The reference sequence was derived from KC013352."
_DERIVED = re.compile(r"\b(?:derived from|identical to)\s+([^;]{1,400}?)(?:\.(?:\s|$)|;|$)")
_NAMED_ACCESSION = re.compile(r"\b(?:[A-Z]{1,2}[0-9]{5,8}|[A-Z]{2}_[0-9]{6,9})(?:\.[1-9][0-9]{0,2})?\b")


@dataclass(frozen=True, slots=True)
class FlatRecord:
    """Lines of one record, ``LOCUS`` to ``//``, and the place of its first line in the text."""

    first_line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The record with one line feed after each line."""
        return "\n".join(self.lines) + "\n"


def read_genbank(path: Path, *, max_bytes: int = MAX_BYTES) -> tuple[DepositedRecord, ...]:
    """Records of a GenBank flat file, gzip or not, in file order.

    Raises
    ------
    InputFormatError
        With line number, if the file is no complete GenBank file of nucleotide records or beyond a limit.
    """
    return read_genbank_bytes(read_bytes(path, max_bytes), path.name)


def read_genbank_bytes(data: bytes, file_name: str) -> tuple[DepositedRecord, ...]:
    """As :func:`read_genbank`, for content that is already in memory and not compressed."""
    text = decode_text(data, file_name)
    records = tuple(parse_flat_record(flat, file_name) for flat in split_flat_records(text, file_name))
    if not records:
        raise InputFormatError("no record in the file", where=file_name)
    return records


def split_flat_records(text: str, name: str) -> Iterator[FlatRecord]:
    """Complete records of a text, in their order; those before a fault come before the error.

    Raises
    ------
    InputFormatError
        If something else than a ``LOCUS`` line stands where a record must begin, the text ends within a
        record, or a limit is passed.
    """
    current: list[str] = []
    first = size = count = 0
    for number, line in enumerate(split_lines(text), 1):
        where = f"{name}, line {number}"
        if not current and not line.strip():
            continue
        if not current:
            if not line.startswith("LOCUS "):
                raise InputFormatError(
                    f"a record begins with 'LOCUS', here stands {_shown(line)}",
                    where=where,
                    hint="hand in GenBank flat files as the database gives them",
                )
            if count == MAX_RECORDS:
                raise InputFormatError(f"more than {MAX_RECORDS} records", where=where)
            first, size, count = number, 0, count + 1
        _require_plain(line, where)
        size += len(line) + 1
        if size > MAX_RECORD_BYTES:
            raise InputFormatError(f"a record is longer than {MAX_RECORD_BYTES} characters", where=where)
        current.append(line)
        if line.rstrip(" ") == END:
            yield FlatRecord(first, tuple(current))
            current = []
    if current:
        raise InputFormatError(
            "the text ends within a record ('//' is missing): it is truncated", where=f"{name}, line {first}"
        )


def parse_flat_record(record: FlatRecord, name: str) -> DepositedRecord:
    """One record: its frame and letters checked, its annotation as Biopython reads it.

    Raises
    ------
    InputFormatError
        With line number where it is known.
    """
    where = f"{name}, line {record.first_line}"
    locus = _LOCUS.fullmatch(record.lines[0].rstrip(" "))
    if locus is None:
        raise InputFormatError(
            f"the LOCUS line cannot be read: {_shown(record.lines[0])}",
            where=where,
            hint="fetch the record anew: the layout that the database has used since 2002 is read",
        )
    if locus["unit"] != "bp" or not _MOLECULES.fullmatch(locus["molecule"]):
        raise InputFormatError(f"no nucleotide record: {locus['length']} {locus['unit']}", where=where)
    letters = _read_letters(record, name)
    if len(letters) != int(locus["length"]):
        raise InputFormatError(
            f"the LOCUS line says {locus['length']} letters, the record holds {len(letters)}", where=where
        )
    parsed = _parse_with_biopython(record, where)
    if str(parsed.seq).upper() != letters:
        raise InputFormatError("the letters cannot be read without doubt", where=where)
    return _deposited(parsed, locus, letters, where)


def _require_plain(line: str, where: str) -> None:
    if len(line) > MAX_LINE_LENGTH:
        raise InputFormatError(
            f"a line has {len(line)} characters, at most {MAX_LINE_LENGTH} are read", where=where
        )
    # Beyond the controls that decode_text refuses: bidi marks, line separators and the like.
    bad = next((c for c in line if c != "\t" and not c.isprintable()), None)
    if bad is not None:
        raise InputFormatError(f"character U+{ord(bad):04X} in a flat file", where=where)


def _read_letters(record: FlatRecord, name: str) -> str:
    """Letters of the ORIGIN block, each line numbered by the letters before it."""
    start = next((i for i, line in enumerate(record.lines) if line.split(" ", 1)[0] == "ORIGIN"), None)
    if start is None:
        raise InputFormatError(
            "the record has no letters (no ORIGIN block)", where=f"{name}, line {record.first_line}"
        )
    parts: list[str] = []
    length = 0
    for number, line in enumerate(record.lines[start + 1 : -1], record.first_line + start + 1):
        match = _LETTER_LINE.fullmatch(line)
        where = f"{name}, line {number}"
        if match is None:
            raise InputFormatError(f"no line of letters: {_shown(line)}", where=where)
        if int(match[1]) != length + 1:
            raise InputFormatError(f"the line is numbered {match[1]}, letter {length + 1} is due", where=where)
        parts.append(match[2].replace(" ", "").upper())
        if not _LETTERS.fullmatch(parts[-1]):
            bad = next(c for c in parts[-1] if not _LETTERS.fullmatch(c))
            raise InputFormatError(f"{bad!r} is no DNA letter", where=where)
        length += len(parts[-1])
        if length > MAX_LENGTH_BP:
            raise InputFormatError(f"longer than {MAX_LENGTH_BP} letters", where=where)
    return "".join(parts)


def _parse_with_biopython(record: FlatRecord, where: str) -> SeqRecord:
    from Bio import BiopythonParserWarning, SeqIO

    text = "\n".join(_without_other_features(record.lines)) + "\n"
    with warnings.catch_warnings():
        # What matters of what it warns of (lengths, letters, truncation) is checked here and refused.
        warnings.simplefilter("ignore", BiopythonParserWarning)
        try:
            parsed: list[SeqRecord] = list(SeqIO.parse(io.StringIO(text), "genbank"))  # type: ignore[no-untyped-call]
        # Biopython raises whatever its parser trips over.
        except (ValueError, LookupError, AssertionError, AttributeError, TypeError, NotImplementedError) as error:
            raise InputFormatError(f"the record cannot be read: {_shown(str(error))}", where=where) from error
    if len(parsed) != 1:
        raise InputFormatError(f"{len(parsed)} records between LOCUS and //", where=where)
    return parsed[0]


def _without_other_features(lines: tuple[str, ...]) -> list[str]:
    """The record without features other than ``source``: unused here, and their locations are hard to read."""
    kept: list[str] = []
    in_features, is_kept = False, True
    for line in lines:
        if not line.startswith(" "):
            in_features, is_kept = line.startswith("FEATURES "), True
        elif in_features and _FEATURE.match(line):
            is_kept = line.split()[0] == "source"
        if is_kept:
            kept.append(line)
    return kept


def _deposited(parsed: SeqRecord, locus: re.Match[str], letters: str, where: str) -> DepositedRecord:
    notes = parsed.annotations
    accession = str(parsed.id)
    if not RULES[Accession].accepts(accession) or "." not in accession:
        raise InputFormatError(f"{_shown(accession)} is no accession with version (VERSION line)", where=where)
    cited: list[Reference] = notes.get("references", [])  # type: ignore[assignment]
    if len(cited) > MAX_REFERENCES:
        raise InputFormatError(f"more than {MAX_REFERENCES} references", where=where)
    references = tuple(_reference(reference, where) for reference in cited)
    journals = [reference.journal or "" for reference in references]
    lineage: list[str] = notes.get("taxonomy", [])  # type: ignore[assignment]
    return DepositedRecord(
        accession=Line(accession),
        organism=_line(str(notes.get("organism", "")), "ORGANISM", where),
        lineage=tuple(_line(taxon, "lineage", where) for taxon in lineage),
        molecule_type=Line(locus["molecule"]),
        is_circular=locus["topology"] == "circular",
        date=_date(locus, where),
        letters=letters,
        organelle=next(iter(_qualifiers(parsed, ("organelle",), where)), None),
        specimen_vouchers=_qualifiers(parsed, ("specimen_voucher",), where),
        isolates=_qualifiers(parsed, ("isolate",), where),
        # "country" became "geo_loc_name" in 2024; old copies of a record carry the old word.
        places=_qualifiers(parsed, ("geo_loc_name", "country"), where),
        collectors=_qualifiers(parsed, ("collected_by",), where),
        references=references,
        publication=_publication(journals),
        submissions=tuple(Text(journal) for journal in journals if journal.startswith("Submitted")),
        derived_from=_derived_from(str(notes.get("comment", ""))),
    )


def _date(locus: re.Match[str], where: str) -> IsoDate:
    try:
        day = date(int(locus["year"]), _MONTHS.index(locus["month"]) + 1, int(locus["day"]))
    except ValueError:
        raise InputFormatError("the date of the LOCUS line is no date", where=where) from None
    return IsoDate(day.isoformat())


def _line(value: str, what: str, where: str) -> Line:
    text = " ".join(value.split())
    if not RULES[Line].accepts(text):
        raise InputFormatError(f"{what}: {_shown(text)} is not {RULES[Line].described}", where=where)
    return Line(text)


def _text(value: object, what: str, where: str) -> Text | None:
    text = " ".join(str(value).split())
    if text and not RULES[Text].accepts(text):
        raise InputFormatError(f"{what}: {_shown(text)} is not {RULES[Text].described}", where=where)
    return Text(text) if text else None


def _qualifiers(parsed: SeqRecord, names: tuple[str, ...], where: str) -> tuple[Line, ...]:
    values = [
        _line(str(value), name, where)
        for feature in parsed.features
        for name in names
        for value in feature.qualifiers.get(name, [])
        if str(value).strip()
    ]
    return tuple(dict.fromkeys(values))


def _reference(reference: Reference, where: str) -> DepositedReference:
    pubmed = _text(reference.pubmed_id, "PUBMED", where)
    return DepositedReference(
        authors=_text(reference.authors or reference.consrtm, "AUTHORS", where),
        title=_text(reference.title, "TITLE", where),
        journal=_text(reference.journal, "JOURNAL", where),
        pubmed_id=None if pubmed is None else _line(pubmed, "PUBMED", where),
    )


def _publication(journals: list[str]) -> PublicationState:
    cited = [journal for journal in journals if journal and not journal.startswith("Submitted")]
    final = [journal for journal in cited if journal != "Unpublished" and "In press" not in journal]
    if final:
        return PublicationState.PUBLISHED
    if any("In press" in journal for journal in cited):
        return PublicationState.IN_PRESS
    if cited:
        return PublicationState.UNPUBLISHED
    return PublicationState.SUBMISSION_ONLY if any(journals) else PublicationState.NOT_STATED


def _derived_from(comment: str) -> tuple[Line, ...]:
    flat = " ".join(comment.split())
    named = [Line(found) for part in _DERIVED.findall(flat) for found in _NAMED_ACCESSION.findall(part)]
    return tuple(dict.fromkeys(named))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
