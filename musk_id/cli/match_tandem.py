"""``musk-id spectra match`` with a file of product-ion spectra as the library: hits of the same precursor."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.match_table import in_order, progress, table_line, target
from musk_id.errors import InputFormatError, UsageError

if TYPE_CHECKING:
    from musk_id.model.spectrum import MassSpectrum
    from musk_id.stages.tandem_match import HeldTandem, TandemMatcher, TandemRow

__all__ = ["TANDEM_COLUMNS", "is_tandem_library", "match_tandem"]

BATCH = 64
MAX_LIBRARY_SPECTRA = 1_000_000
LIBRARY_SUFFIXES = (".msp", ".mgf", ".massbank")
DEFAULT_PRECURSOR_DA, DEFAULT_PRODUCT_DA = "0.01", "0.02"
MAX_TOLERANCE_DA = 5.0
TANDEM_COLUMNS = (
    "number", "id", "precursor_mz", "status", "rank", "accession", "compound", "inchikey", "library_precursor_mz",
    "precursor_difference_da", "score", "matched_ions", "query_ions", "library_ions", "ties", "compared",
    "score_name", "precursor_tolerance_da", "product_tolerance_da", "reasons",
)  # fmt: skip


def is_tandem_library(named: str) -> bool:
    """Whether a library is named as a file of product-ion spectra, and not as a release or a built library."""
    name = named.lower().removesuffix(".gz")
    return name.endswith(LIBRARY_SUFFIXES) and not Path(named).is_dir()


def match_tandem(arguments: argparse.Namespace) -> int:
    """Write one row a hit; the table appears as a whole or not at all."""
    from musk_id.formats.spectra_stream import SpectrumStream
    from musk_id.stages.tandem_match import TANDEM_SCORES, TandemMatcher

    out, queries = str(arguments.out), Path(arguments.queries)
    score = arguments.score or "entropy"
    _require_options(arguments, score, tuple(TANDEM_SCORES))
    for path in (queries, Path(arguments.library)):
        if out != "-" and Path(out).resolve() == path.resolve():
            raise UsageError("the table would overwrite the spectra", where="--out")
    precursor = _tolerance(arguments.precursor_tolerance_da or DEFAULT_PRECURSOR_DA, "--precursor-tolerance-da")
    product = _tolerance(arguments.product_tolerance_da or DEFAULT_PRODUCT_DA, "--product-tolerance-da")
    stream = SpectrumStream(queries)
    matcher = TandemMatcher(_held(Path(arguments.library), product), score, arguments.hits, precursor, product)
    if not len(matcher):
        raise UsageError("the library holds no product ions below their precursors", where=str(arguments.library))
    told = (score, _da(precursor), _da(product))
    processes = max(1, arguments.processes or os.cpu_count() or 1)
    with target(out) as table:
        table.write(table_line(TANDEM_COLUMNS))
        with progress(stream, "spectra") as show:
            work = partial(_lines, matcher, told)
            for done, lines in in_order(stream.batches(BATCH), work, processes, BATCH):
                table.write(lines)
                show(done)
    return 0


def _require_options(arguments: argparse.Namespace, score: str, scores: tuple[str, ...]) -> None:
    if score not in scores:
        raise UsageError(
            f"score {score} is one of EI spectra; product ions are compared by {' or '.join(scores)}",
            where="--score",
        )
    for option in ("index", "calibration"):
        if getattr(arguments, option) is not None:
            raise UsageError("belongs to a library of EI spectra, the library is a file of product ions",
                             where=f"--{option}")  # fmt: skip


def _tolerance(text: str, option: str) -> int:
    """A tolerance in units of 1e-6 Da."""
    from musk_id.kernels.spectral_tandem import UNITS_PER_DA

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    units = value * UNITS_PER_DA
    if not (value.is_finite() and 0 <= value <= Decimal(MAX_TOLERANCE_DA) and units == int(units)):
        raise UsageError(
            f"{text[:20]!r} is no tolerance from 0 to {MAX_TOLERANCE_DA:g} Da in steps of 0.000001", where=option
        )
    return int(units)


def _da(units: int) -> str:
    return f"{Decimal(units).scaleb(-6).normalize():f}"


def _held(path: Path, tolerance: int) -> Iterator[HeldTandem]:
    """Spectra of the library file, one by one."""
    from musk_id.formats.spectra_stream import SpectrumStream
    from musk_id.stages.tandem_match import held_tandem

    number = 0
    for batch in SpectrumStream(path).batches(BATCH):
        for spectrum in batch:
            number += 1
            if number > MAX_LIBRARY_SPECTRA:
                raise InputFormatError(
                    f"more than {MAX_LIBRARY_SPECTRA} spectra, which are held in memory",
                    where=path.name,
                    hint="split the library and match against each part",
                )
            yield held_tandem(spectrum, number, tolerance, path.name)


def _lines(matcher: TandemMatcher, told: tuple[str, ...], batch: list[MassSpectrum], first: int) -> bytes:
    return b"".join(table_line(_cells(row, told)) for row in matcher.rows(batch, first))


def _cells(row: TandemRow, told: tuple[str, ...]) -> tuple[str, ...]:
    held = row.held
    known = (
        ("", "", "", "") if held is None else (held.accession, held.name, held.inchikey, str(held.precursor_mz))
    )
    return (
        str(row.number),
        row.name,
        row.precursor_mz,
        row.status,
        _number(row.rank),
        *known,
        row.precursor_difference,
        row.score,
        _number(row.matched_ions),
        _number(row.query_ions),
        _number(row.library_ions),
        _number(row.ties),
        _number(row.compared),
        *told,
        " ".join(row.reasons),
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
