"""Calibration of a library: radii, margins and errors, from its own records left out of it in turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musk_id import __version__
from musk_id.errors import ReferenceDataError
from musk_id.model.alternatives import ALTERNATIVES
from musk_id.model.calibration import (
    CalibratedInput,
    CalibratedLibrary,
    Calibration,
    LocusCalibration,
    PanelFigures,
    StateCount,
    WindowCalibration,
)
from musk_id.model.library import Library, LocusTable
from musk_id.model.methods import AmpliconLimits, BarcodeMethod, EvidenceMethod, LongLocusLimits
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import DecimalText, Line, RelativePath, Sha256, Text
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import read_limited, write_atomic
from musk_id.refdb.calibrate_distances import Window, coding_blocks, edit_blocks, in_window, measure
from musk_id.refdb.calibrate_figures import Grid, distances, errors, strata
from musk_id.refdb.calibrate_items import Items, Limits, Selection, select
from musk_id.refdb.calibrate_panel import panel_figures
from musk_id.refdb.calibrate_target import Rule, target_figures
from musk_id.refdb.library_tables import INPUT_COLUMNS, INPUTS_NAME
from musk_id.refdb.tables import Row, parse_rows, parse_table

__all__ = ["calibrate_library", "calibrated_library", "read_calibration", "write_calibration"]

MAX_CALIBRATION_BYTES = 50_000_000
MAX_INPUTS_BYTES = 10_000_000

QUERY_LENGTHS_BP = (200, 300, 450)
# A truncated query, and the part that it shares with a reference, may lack this share of the columns at most.
MAX_MISSING_SHARE = 0.05

_EDIT_RADII = ("0", "1", "2", "3", "4", "5")
_EDIT_MARGINS = ("1", "2", "3", "4")
_P_RADII = ("0.005", "0.01", "0.015", "0.03", "0.05", "0.085", "0.10")
_P_MARGINS = ("0", "0.01", "0.02", "0.03")
_P_DIGITS = 4

NOTE = Text(
    "Figures of the comparison step on public reference sequences: no sampling, contamination, exchange of "
    "samples or wrong names of references is in them, and a rate is not the probability that a result is wrong. "
    "Individuals of one species, and species of one genus, are not independent of each other. Limits of rates "
    "are one-sided 95 % limits after Clopper and Pearson."
)


def calibrate_library(
    library: Library,
    folder: Path,
    method: BarcodeMethod,
    evidence: EvidenceMethod,
    release: ReferenceRelease | None = None,
) -> Calibration:
    """Calibrate a library.

    Parameters
    ----------
    library : Library
        The library.
    folder : Path
        Its folder, whose list of inputs is told along.
    method : BarcodeMethod
        Lengths, radii and margins of the markers, and the genus of interest.
    evidence : EvidenceMethod
        Smallest numbers for a ratio.
    release : ReferenceRelease, optional
        Release whose references the library's records are held against too.

    Raises
    ------
    ReferenceDataError
        If the library holds no marker of the method, or its list of inputs cannot be read.
    """
    limits: tuple[Limits, ...] = (*method.long_loci, *method.amplicons)
    loci = [
        _locus(library, library.loci[entry.locus], entry, method, evidence, release)
        for entry in sorted(limits, key=lambda entry: entry.locus.value)
        if entry.locus in library.loci
    ]
    if not loci:
        raise ReferenceDataError("the library holds no marker that the method knows", where=library.library_id)
    return Calibration(
        schema=Line(Calibration.SCHEMA),
        software_version=Line(__version__),
        methods=(method.version, evidence.version),
        library=calibrated_library(library, folder),
        note=NOTE,
        loci=tuple(loci),
    )


def calibrated_library(library: Library, folder: Path) -> CalibratedLibrary:
    """What a calibration says of its library.

    Raises
    ------
    ReferenceDataError
        If the library's list of inputs cannot be read.
    """
    return CalibratedLibrary(
        library_id=library.library_id,
        title=library.title,
        date=library.date,
        anchors_release=library.anchors_release,
        manifest_sha256=library.manifest_sha256,
        inputs=_inputs(folder),
    )


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration as canonical JSON."""
    write_atomic(path, canonical_json(calibration))


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises
    ------
    InputFormatError
        If the file cannot be read.
    IntegrityError
        If it is not the canonical form of a calibration.
    """
    return parse_record(Calibration, read_limited(path, MAX_CALIBRATION_BYTES), path.name)


def _inputs(folder: Path) -> tuple[CalibratedInput, ...]:
    table = parse_table(read_limited(folder / INPUTS_NAME, MAX_INPUTS_BYTES), INPUTS_NAME, INPUT_COLUMNS)
    return tuple(parse_rows(table, _input))


def _input(row: Row) -> CalibratedInput:
    return CalibratedInput(
        path=row.text("input", RelativePath),
        sha256=row.text("sha256", Sha256),
        source=row.text("source", Text),
        licence=row.text("licence", Line),
        collapsed=row.text("collapsed", Line) == "yes",
        windows_kept=row.integer("windows_kept"),
    )


def _locus(
    library: Library,
    table: LocusTable,
    limits: Limits,
    method: BarcodeMethod,
    evidence: EvidenceMethod,
    release: ReferenceRelease | None,
) -> LocusCalibration:
    coding = isinstance(limits, LongLocusLimits)
    selection = select(library, table, limits)
    grid, rule = _grid(limits), _rule(limits)
    panel = None if release is None else panel_figures(library, table, release, method.genus, coding, grid, rule)
    windows = _windows(table.width, limits.min_compared_bp) if isinstance(limits, LongLocusLimits) else [None]
    return LocusCalibration(
        locus=table.locus,
        unit=Line("p" if coding else "edits"),
        records=table.records,
        haplotypes=table.haplotypes,
        not_types=tuple(StateCount(state=s, records=n) for s, n in sorted(selection.not_types.items())),
        length_not_admitted=selection.length_not_admitted,
        individuals_of_two_names=selection.individuals_of_two_names,
        further_records_of_individuals=selection.further_records,
        windows=tuple(
            _window(selection, window, limits, method.genus, evidence, panel if number == 0 else None)
            for number, window in enumerate(windows)
        ),
    )


def _windows(width: int, least: int) -> list[Window | None]:
    """The whole window first, then truncations at its start, middle and end."""
    found: list[Window | None] = [Window(0, width, least)]
    for length in QUERY_LENGTHS_BP:
        if length < width:
            needed = length - int(MAX_MISSING_SHARE * length)
            found += [Window(first, length, needed) for first in (0, (width - length) // 2, width - length)]
    return found


def _window(
    selection: Selection,
    window: Window | None,
    limits: Limits,
    genus: str,
    evidence: EvidenceMethod,
    panel: PanelFigures | None,
) -> WindowCalibration:
    items = selection.items if window is None else in_window(selection.items, window)
    target = items.number_of(genus)
    grid = _grid(limits)
    blocks = edit_blocks(items, target) if window is None else coding_blocks(items, window)
    measured = measure(items, blocks, target)
    lengths = (items.masks > 0).sum(axis=1)[items.rows].astype(np.float64) if window is None else None
    return WindowCalibration(
        first_column=0 if window is None else window.first,
        length_bp=None if window is None else window.length,
        min_compared_bp=limits.min_length_bp if isinstance(limits, AmpliconLimits) else _least(window),
        individuals=len(items),
        species=int(np.unique(items.species).size),
        genera=int(np.unique(items.genus).size),
        haplotypes=_haplotypes(items),
        distances=distances(measured, target, grid),
        errors=errors(measured, strata(measured, lengths), grid),
        target=target_figures(measured, genus, grid, _rule(limits), ALTERNATIVES[-1], evidence, panel),
    )


def _least(window: Window | None) -> int:
    return 0 if window is None else window.least


def _haplotypes(items: Items) -> int:
    return int(np.unique(items.rows).size)


def _rule(limits: Limits) -> Rule:
    if isinstance(limits, AmpliconLimits):
        return Rule(DecimalText(str(limits.radius_edits)), DecimalText(str(limits.margin_edits)))
    return Rule(limits.radius_p, limits.margin_p)


def _grid(limits: Limits) -> Grid:
    """Radii and margins that are tried, those of the method among them."""
    rule = _rule(limits)
    short = isinstance(limits, AmpliconLimits)
    radii = {*(_EDIT_RADII if short else _P_RADII), rule.radius}
    margins = {*(_EDIT_MARGINS if short else _P_MARGINS), rule.margin}
    return Grid(
        radii=tuple(map(DecimalText, sorted(radii, key=float))),
        margins=tuple(map(DecimalText, sorted(margins, key=float))),
        digits=0 if short else _P_DIGITS,
    )
