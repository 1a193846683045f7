"""JCAMP-DX files: blocks with their labelled data, tables decoded, mass spectra as spectra."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.formats.jcamp_ordinates import MAX_POINTS, decode_ordinates
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.formats.peaks import spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["JcampBlock", "read_blocks", "read_jcamp"]

MAX_BYTES = 50_000_000
MAX_BLOCKS = 10_000
MAX_DEPTH = 8

# Some writers end a block with '##END' without the equals sign.
_LABEL = re.compile(r"##(?:(END)\s*$|([^=]*)=(.*))")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,3})?")
_TABLES = frozenset({"XYDATA", "XYPOINTS", "PEAKTABLE", "DATATABLE"})
_PAIRS = re.compile(r"\(X\s*Y\s*\.\.\s*X\s*Y\)|\(X[A-Z]\s*\.\.\s*X[A-Z]\)", re.IGNORECASE)
_SERIES = re.compile(r"\(X\+\+\s*\(([A-Z])\s*\.\.\s*\1\)\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class JcampBlock:
    """A block with a table: labels (upper case, without spaces, slashes, hyphens, underscores), x and y."""

    title: str
    data_type: str
    labels: tuple[tuple[str, str], ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def label(self, name: str) -> str | None:
        """Value of a label, or ``None``."""
        return next((value for key, value in self.labels if key == name), None)


@dataclass(slots=True)
class _Entry:
    label: str
    value: str
    line: int
    lines: list[tuple[int, str]]


def _entries(text: str, name: str) -> Iterator[_Entry]:
    current: _Entry | None = None
    for number, raw in enumerate(split_lines(text), 1):
        line = raw.split("$$", 1)[0].rstrip()
        match = _LABEL.match(line.lstrip())
        if match:
            if current is not None:
                yield current
            label = re.sub(r"[\s/\-_]", "", match[1] or match[2]).upper()
            current = _Entry(label, (match[3] or "").strip(), number, [])
        elif line.strip():
            if current is None:
                raise InputFormatError("the file does not begin with a '##' label", where=f"{name}, line {number}")
            current.lines.append((number, line))
    if current is not None:
        yield current


def read_blocks(path: Path, *, max_bytes: int = MAX_BYTES) -> tuple[JcampBlock, ...]:
    """All blocks of a file that hold a table, in file order.

    Raises
    ------
    InputFormatError
        With line number, if the file is no JCAMP-DX, a table cannot be decoded, or counts do not agree.
    """
    text = decode_text(read_bytes(path, max_bytes), path.name)
    blocks: list[JcampBlock] = []
    stack: list[list[_Entry]] = []
    for entry in _entries(text, path.name):
        where = f"{path.name}, line {entry.line}"
        if entry.label == "TITLE":
            stack.append([])
            if len(stack) > MAX_DEPTH:
                raise InputFormatError(f"blocks nested more than {MAX_DEPTH} deep", where=where)
        if not stack:
            raise InputFormatError(f"'##{entry.label[:30]}=' stands outside a block", where=where)
        stack[-1].append(entry)
        if entry.label == "END":
            blocks.extend(_block(stack.pop(), path.name))
            if len(blocks) > MAX_BLOCKS:
                raise InputFormatError(f"more than {MAX_BLOCKS} tables", where=where)
    if stack:
        raise InputFormatError("the last block has no '##END=': the file may be cut off", where=path.name)
    if not blocks:
        raise InputFormatError("no table in the file", where=path.name)
    return tuple(blocks)


def _block(entries: list[_Entry], name: str) -> list[JcampBlock]:
    labels = tuple((entry.label, entry.value) for entry in entries if entry.label not in _TABLES)
    found = dict(reversed(labels))
    if "NTUPLES" in found:
        return _ntuples(entries, labels, found, name)
    return [_table(entry, labels, found, name) for entry in entries if entry.label in _TABLES]


def _table(entry: _Entry, labels: tuple[tuple[str, str], ...], found: dict[str, str], name: str) -> JcampBlock:
    x, y = _xy(entry, found, name)
    declared = found.get("NPOINTS")
    if declared is not None and _integer(declared, f"{name}: NPOINTS") != x.size:
        raise InputFormatError(
            f"{x.size} points were found, ##NPOINTS= declares {declared}", where=f"{name}, line {entry.line}"
        )
    return JcampBlock(found.get("TITLE", ""), found.get("DATATYPE", ""), labels, x, y)


def _xy(entry: _Entry, found: dict[str, str], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    where = f"{name}, line {entry.line}"
    x_factor = _float(found.get("XFACTOR", "1"), f"{name}: XFACTOR")
    y_factor = _float(found.get("YFACTOR", "1"), f"{name}: YFACTOR")
    if _PAIRS.search(entry.value):
        x, y = _pairs(entry, name)
        return _scaled(x, x_factor, where), _scaled(y, y_factor, where)
    if not _SERIES.search(entry.value):
        raise InputFormatError(f"tables of form {entry.value[:40]!r} are not read", where=where)
    table = decode_ordinates(entry.lines, name)
    y = _scaled(np.asarray(table.ordinates, dtype=np.float64), y_factor, where)
    if y.size == 0:
        raise InputFormatError("the table is empty", where=where)
    return _abscissas(y.size, table.line_abscissas, found, x_factor, where), y


def _scaled(values: NDArray[np.float64], factor: float, where: str) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        scaled = values * factor
    if not np.isfinite(scaled).all():
        raise InputFormatError(f"numbers are too large when multiplied by the factor {factor:g}", where=where)
    return scaled


def _abscissas(
    count: int,
    line_abscissas: list[tuple[int, float]],
    found: dict[str, str],
    x_factor: float,
    where: str,
) -> NDArray[np.float64]:
    """Evenly spaced x from FIRSTX and LASTX; the abscissas that begin the lines must lie on it."""
    if "FIRSTX" not in found or "LASTX" not in found:
        raise InputFormatError("##FIRSTX= or ##LASTX= is missing", where=where)
    first, last = _float(found["FIRSTX"], where), _float(found["LASTX"], where)
    x = np.linspace(first, last, count) if count > 1 else np.array([first])
    step = abs(last - first) / max(count - 1, 1)
    for index, value in line_abscissas:
        # A last line may hold nothing but its abscissa.
        if index < count and abs(value * x_factor - x[index]) > 1.01 * step + 1e-6 * max(abs(first), abs(last)):
            raise InputFormatError(
                f"the line that begins with x = {value:g} should begin near {x[index] / x_factor:g}: "
                "points are missing or too many",
                where=where,
            )
    return x


def _pairs(entry: _Entry, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    numbers: list[float] = []
    for line_number, text in entry.lines:
        where = f"{name}, line {line_number}"
        words = _NUMBER.findall(text)
        if len(words) % 2 or re.sub(r"[\s,;]", "", _NUMBER.sub("", text)):
            raise InputFormatError(f"{text[:40]!r} holds no pairs of numbers", where=where)
        numbers += [_float(word, where) for word in words]
        if len(numbers) > 2 * MAX_POINTS:
            raise InputFormatError(f"more than {MAX_POINTS} points", where=where)
    pairs = np.asarray(numbers, dtype=np.float64).reshape(-1, 2)
    if pairs.size == 0:
        raise InputFormatError("the table is empty", where=f"{name}, line {entry.line}")
    return pairs[:, 0], pairs[:, 1]


def _ntuples(
    entries: list[_Entry], labels: tuple[tuple[str, str], ...], found: dict[str, str], name: str
) -> list[JcampBlock]:
    """One block for each page; scales of the variables come from the lists of the NTUPLES labels."""
    symbols = [part.strip().upper() for part in found.get("SYMBOL", "").split(",")]
    lists = {
        key: [part.strip() for part in found.get(key, "").split(",")]
        for key in ("FACTOR", "FIRST", "LAST", "VARDIM")
    }
    blocks: list[JcampBlock] = []
    page = ""
    points: str | None = None
    for entry in entries:
        if entry.label == "PAGE":
            page, points = entry.value, None
        elif entry.label == "NPOINTS":
            points = entry.value
        elif entry.label in _TABLES:
            form = entry.value.split("),")[0] + ")" if "++" not in entry.value else entry.value
            y_symbol = _y_symbol(entry.value)
            own = {
                "XFACTOR": _at(lists["FACTOR"], symbols, "X") or "1",
                "YFACTOR": _at(lists["FACTOR"], symbols, y_symbol) or "1",
            }
            for key, label in (("FIRST", "FIRSTX"), ("LAST", "LASTX")):
                value = _at(lists[key], symbols, "X")
                if value:
                    own[label] = value
            count = points or ("" if _PAIRS.search(form) else _at(lists["VARDIM"], symbols, y_symbol))
            if count:
                own["NPOINTS"] = count
            page_labels = (("PAGE", page), *(pair for pair in labels if pair[0] not in ("PAGE", "NPOINTS")))
            blocks.append(
                _table(
                    entry,
                    page_labels,
                    {"TITLE": found.get("TITLE", ""), "DATATYPE": found.get("DATATYPE", ""), **own},
                    name,
                )
            )
    return blocks


def _y_symbol(form: str) -> str:
    series = _SERIES.search(form)
    if series:
        return series[1].upper()
    pair = re.search(r"\(X\s*([A-Z])", form, re.IGNORECASE)
    return pair[1].upper() if pair else "Y"


def _at(values: list[str], symbols: list[str], symbol: str) -> str:
    index = symbols.index(symbol) if symbol in symbols else -1
    return values[index] if 0 <= index < len(values) else ""


def _float(text: str, where: str) -> float:
    try:
        value = float(text.strip()) if text.isascii() and "_" not in text else float("nan")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputFormatError(f"{text[:30]!r} is no number", where=where)
    return value


def _integer(text: str, where: str) -> int:
    value = _float(text, where)
    if value != int(value) or value < 0:
        raise InputFormatError(f"{text[:30]!r} is no count", where=where)
    return int(value)


def read_jcamp(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_BLOCKS
) -> tuple[MassSpectrum, ...]:
    """Mass spectra of a JCAMP-DX file.

    Raises
    ------
    InputFormatError
        As for :func:`read_blocks`, or if no block holds a mass spectrum.
    """
    blocks = read_blocks(path, max_bytes=max_bytes)
    spectra = [_spectrum(block, path.name) for block in blocks if "MASS SPECTRUM" in block.data_type.upper()]
    if not spectra:
        kinds = ", ".join(sorted({block.data_type[:40] or "not stated" for block in blocks}))
        raise InputFormatError(f"no mass spectrum in the file; it holds: {kinds}", where=path.name)
    if len(spectra) > max_spectra:
        raise InputFormatError(f"{len(spectra)} spectra, at most {max_spectra} are read", where=path.name)
    return tuple(spectra)


def _spectrum(block: JcampBlock, name: str) -> MassSpectrum:
    if (block.y < 0).any():
        raise InputFormatError("a mass spectrum holds a negative intensity", where=name)
    order = np.argsort(block.x, kind="stable")
    metadata = tuple((key.lower(), value[:2000]) for key, value in block.labels)
    return spectrum(
        block.title[:500] or "unnamed spectrum", block.x[order].tolist(), block.y[order].tolist(), metadata, name
    )
