"""``musk-id spectra match``: a table of the library spectra that are most alike to each of many spectra.

A file of product-ion spectra as the library is one of :mod:`musk_id.cli.match_tandem`.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.match_table import in_order, progress, table_line, target
from musk_id.cli.match_tandem import is_tandem_library, match_tandem
from musk_id.errors import UsageError
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.values import Line, decimal_text

if TYPE_CHECKING:
    from musk_id.kernels.spectral_scores import Score
    from musk_id.kernels.spectral_screen import Screen
    from musk_id.model.spectrum import MassSpectrum
    from musk_id.stages.spectra_match import MatchedLibrary, SpectraMatcher, SpectrumRow
    from musk_id.stages.spectral_ranking import LibraryRanking

__all__ = ["COLUMNS", "run_match"]

BATCH = 64
MAX_HITS = 1_000
COLUMNS = (
    "number", "id", "status", "rank", "accession", "compound", "inchikey", "derivative", "score",
    "identity_forward", "identity_reverse", "similarity_forward", "similarity_reverse", "matched_ions",
    "library_ions", "gap", "ties", "certified", "scored", "compound_rank", "outcome", "probability",
    "first_accession", "first_compound", "isomers", "compared", "reasons",
)  # fmt: skip
FACTOR_DIGITS = 1
NOT_CERTIFIED = "NOT_CERTIFIED"


def run_match(arguments: argparse.Namespace) -> int:
    """Write one row a hit; the table appears as a whole or not at all."""
    from musk_id.formats.spectra_stream import SpectrumStream
    from musk_id.stages.spectra_match import SCORES, SpectraMatcher

    if not 1 <= arguments.hits <= MAX_HITS:
        raise UsageError(f"{arguments.hits} hits, from 1 to {MAX_HITS} can be listed", where="--hits")
    if is_tandem_library(arguments.library):
        return match_tandem(arguments)
    for option in ("precursor_tolerance_da", "product_tolerance_da"):
        if getattr(arguments, option) is not None:
            raise UsageError(
                "is one of product ions: name a file of them as the library (.msp, .mgf, .massbank)",
                where=f"--{option.replace('_', '-')}",
            )
    queries, out = Path(arguments.queries), str(arguments.out)
    if out != "-" and Path(out).resolve() == queries.resolve():
        raise UsageError("the table would overwrite the spectra", where="--out")
    stream = SpectrumStream(queries)
    library, ranking = _library(arguments.library, arguments.releases, arguments.calibration)
    score = SCORES[arguments.score or "cosine"]
    screen = _screen(arguments.index, library, score)
    matcher = SpectraMatcher(library, score, arguments.hits, screen, ranking)
    processes = max(1, arguments.processes or os.cpu_count() or 1)
    with target(out) as table:
        table.write(table_line(COLUMNS))
        with progress(stream, "spectra") as show:
            for done, lines in in_order(stream.batches(BATCH), partial(_lines, matcher), processes, BATCH):
                table.write(lines)
                show(done)
    return 0


def _library(
    named: str, releases: Path | None, calibration: Path | None
) -> tuple[MatchedLibrary, LibraryRanking | None]:
    """Spectra of a built library, of a release's folder, or of a release by its id; ranked if calibrated."""
    from musk_id.cli.library_ranking import RankedLibrary, calibrated_ranking
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.ranked_spectra import (
        find_spectral_calibration,
        known_compounds,
        ranked_references,
        released_references,
    )
    from musk_id.refdb.release import load_release, locate_release
    from musk_id.stages.spectra_match import MatchedLibrary
    from musk_id.stages.spectral_library import SpectralLibrary

    folder = Path(named)
    if is_library := (folder / "library.json").is_file():
        library = load_library(folder)
        found, name = MatchedLibrary.of_library(library), Line(library.library_id)
        known = list(known_compounds(library.spectra))
    else:
        if not folder.is_dir():
            folder = locate_release(named, releases)
        elif not (folder / "release.toml").is_file():
            raise UsageError("the folder holds neither a library nor a release", where=named)
        release = load_release(folder)
        prepared = SpectralLibrary.from_release(release)
        found = MatchedLibrary.of_release(prepared, release.manifest_sha256)
        name, known = release.release_id, prepared.known_compounds
    if not len(found.table):
        raise UsageError("the library holds no spectrum that takes part", where=named)
    calibration = calibration or find_spectral_calibration(folder)
    ranked = RankedLibrary(
        name,
        found.sha256,
        lambda: ranked_references(library.spectra) if is_library else released_references(release),
        calibration,
    )
    return found, calibrated_ranking(ranked, known)


def _screen(index: Path | None, library: MatchedLibrary, score: Score) -> Screen | None:
    """The screen of the index folder, which is made first where there is none."""
    from musk_id.refdb.spectra_index import HEAD_NAME, build_index, load_index

    if index is None:
        return None
    folder = index / score.weights.name
    if not (folder / HEAD_NAME).is_file():
        build_index(folder, library.table, score.weights, library.sha256)
    return load_index(folder, library.table, score.weights, library.sha256)


def _lines(matcher: SpectraMatcher, batch: list[MassSpectrum], first: int) -> bytes:
    return b"".join(table_line(_cells(row)) for row in matcher.rows(batch, first))


def _cells(row: SpectrumRow) -> tuple[str, ...]:
    entry = row.entry
    known = ("", "", "", "")
    if entry is not None:
        known = (entry.accession, entry.name, entry.inchikey, entry.derivative)
    factors = ("", "", "", "")
    if row.factors is not None:
        forward, reverse, simple_forward, simple_reverse = (
            decimal_text(value, FACTOR_DIGITS) for value in astuple(row.factors)
        )
        factors = (forward, reverse, simple_forward, simple_reverse)
    certified = "" if row.certified is None else "yes" if row.certified else NOT_CERTIFIED
    return (
        str(row.number),
        row.name,
        row.status,
        _number(row.rank),
        *known,
        row.score,
        *factors,
        _number(row.matched_ions),
        _number(row.library_ions),
        row.gap,
        _number(row.ties),
        certified,
        _number(row.scored),
        *_ranked(row),
        " ".join(row.reasons),
    )


def _ranked(row: SpectrumRow) -> tuple[str, ...]:
    ranking = row.ranking
    if ranking is None:
        return ("", "" if row.status == "refused" else NameOutcome.NOT_CALIBRATED, "", "", "", "", "")
    return (
        _number(row.compound_rank),
        ranking.outcome,
        ranking.probability or "",
        " ".join(name.accession for name in ranking.first),
        "; ".join(name.name for name in ranking.first),
        _number(ranking.isomers),
        str(ranking.references),
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
