"""From the run sheet of a chemical batch to what identification needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from musk_id.errors import MuskIdError, Problem
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.kernels.retention import linear_retention_index
from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.injections import BlankPeaks, InjectedReference, SequenceInjections
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import IsoDate, Line
from musk_id.vocabulary import BatchKind, ControlKind, ControlResult

__all__ = ["begun_by", "injections_of", "sheet_peak_problems"]


def injections_of(sheet: RunSheet, spectra: Mapping[str, MassSpectrum]) -> SequenceInjections | None:
    """Injections of a chemical batch; ``None`` for one of another kind.

    Parameters
    ----------
    sheet : RunSheet
        Its control rows at least.
    spectra : mapping of str to MassSpectrum
        Spectra of reference substances by path below the batch folder, as far as they can be used.
    """
    if sheet.kind is not BatchKind.CHEMISTRY:
        return None
    return SequenceInjections(
        batch_id=sheet.batch_id,
        date=sheet.date,
        rule=sheet.spectra_rule,
        references=tuple(r for row in sheet.rows for r in _references(sheet, row, spectra)),
        ladder=tuple(
            (peak.carbons, peak.retention_time_min)
            for row in sheet.rows
            if row.kind is ControlKind.LADDER
            for peak in row.peaks or ()
            if peak.carbons is not None
        ),
        process_blanks=_blanks(sheet, ControlKind.PROCESS_BLANK),
        carry_over_blanks=_blanks(sheet, ControlKind.CARRY_OVER_BLANK),
    )


def _references(
    sheet: RunSheet, row: SheetRow, spectra: Mapping[str, MassSpectrum]
) -> Iterator[InjectedReference]:
    if row.kind is not ControlKind.STANDARD:
        return
    for number, peak in enumerate(row.peaks or (), 1):
        if peak.inchikey is None or peak.name is None or peak.formula is None:
            continue
        several = len(row.peaks or ()) > 1
        yield InjectedReference(
            batch_id=sheet.batch_id,
            position=Line(f"{row.position}/{number}" if several else row.position),
            name=peak.name,
            inchikey=peak.inchikey,
            formula=peak.formula,
            retention_time_min=peak.retention_time_min,
            retention_index=peak.retention_index,
            retention_index_sd=peak.retention_index_sd,
            spectrum=None if peak.spectrum is None else spectra.get(peak.spectrum),
        )


def _blanks(sheet: RunSheet, kind: ControlKind) -> tuple[BlankPeaks, ...]:
    """Blanks of a kind; a result "no product" says as much as an empty list of peaks.

    An empty list beside the result that there was something says nothing: the two contradict each other.
    """
    told = {ControlResult.NO_PRODUCT: (), ControlResult.PRODUCT: None, ControlResult.NOT_AS_EXPECTED: None}
    return tuple(
        BlankPeaks(position=row.position, peaks=row.peaks or told.get(row.result, row.peaks))
        for row in sheet.rows
        if row.kind is kind
    )


def begun_by(sequence: SequenceInjections, run_date: IsoDate | None) -> SequenceInjections:
    """A sequence as a run of it sees it: a run recorded before its batch was measured when it says so."""
    if run_date is None or sequence.date is None or run_date >= sequence.date:
        return sequence
    return replace(sequence, date=run_date)


def sheet_peak_problems(sheet: RunSheet) -> Iterator[Problem]:
    """Formulas that are none, and ladders on which the alkanes do not follow one another."""
    for number, row in enumerate(sheet.rows):
        for place, peak in enumerate(row.peaks or ()):
            if peak.formula is None:
                continue
            try:
                monoisotopic_mass(peak.formula)
            except MuskIdError as error:
                yield Problem(f"rows[{number}].peaks[{place}].formula", error.message)
    ladder = [
        (peak.carbons, Fraction(peak.retention_time_min))
        for row in sheet.rows
        if row.kind is ControlKind.LADDER
        for peak in row.peaks or ()
        if peak.carbons is not None
    ]
    try:
        linear_retention_index(Fraction(0), ladder)
    except ValueError as error:
        yield Problem("rows of kind LADDER", str(error), "alkanes in ascending order, each once")
