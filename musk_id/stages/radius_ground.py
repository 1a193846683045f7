"""What a radius rests on, put beside it in the rule trace: decision rules, section 4, last line.

The figures are those of the window of the calibration that is nearest to the query: the least difference between
its length and the compared length, the shorter one of two equally near; of windows of one length the one that
holds most letters of the query, then the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from musk_id.library_vocabulary import DistanceKind
from musk_id.model.barcode import LocusCall
from musk_id.model.calibration import LocusCalibration, WindowCalibration
from musk_id.model.methods import BarcodeMethod
from musk_id.model.radius import QueryWindow, RadiusGround
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.placement import Placement
from musk_id.vocabulary import Locus, Reason

__all__ = ["RADIUS", "grounded", "nearest_window", "query_window"]

RADIUS = "barcode.radius"
NONE_MEASURED = RadiusGround(reason=Reason.NOT_CALIBRATED)


def grounded(call: LocusCall, placed: Placement, library: BarcodeLibrary, method: BarcodeMethod) -> LocusCall:
    """The call with the ground of its radius in the rule trace; nothing else changes.

    Parameters
    ----------
    call : LocusCall
        A call with its rule trace.
    placed : Placement
        The compared part of the sequence, whose marker is known.
    library : BarcodeLibrary
        The library with its calibration, if there is one.
    method : BarcodeMethod
        Names the genus of interest.
    """
    nearest = {genus for view in call.views for genus in view.nearest_genus}
    ground = _ground(placed, library, own=nearest == {method.genus})
    trace = tuple(replace(c, ground=ground) if c.name == RADIUS else c for c in call.trace)
    return replace(call, trace=trace)


def _ground(placed: Placement, library: BarcodeLibrary, *, own: bool) -> RadiusGround:
    calibration = library.calibration
    loci = () if calibration is None else calibration.calibration.loci
    found = next((locus for locus in loci if locus.locus is placed.locus), None)
    if found is None:
        return NONE_MEASURED
    window = nearest_window(found.windows, placed)
    return _of_genus(found, window) if own else _of_other_mammals(found, window)


def nearest_window(windows: Sequence[WindowCalibration], placed: Placement) -> WindowCalibration:
    """The window nearest to a query (at least one window is needed)."""
    masks = placed.masks
    columns = np.empty(0, np.int64) if masks is None else np.flatnonzero(masks > 0)

    def rank(window: WindowCalibration) -> tuple[int, int, int, int]:
        if window.length_bp is None:
            return 0, 0, 0, window.first_column
        last = window.first_column + window.length_bp
        inside = int(np.count_nonzero((columns >= window.first_column) & (columns < last)))
        return abs(window.length_bp - placed.compared_bp), window.length_bp, -inside, window.first_column

    return min(windows, key=rank)


def query_window(locus: Locus, window: WindowCalibration) -> QueryWindow:
    """A window as records name it, its columns counted from 1."""
    return QueryWindow(locus=locus, first_column=window.first_column + 1, length_bp=window.length_bp)


def _of_genus(locus: LocusCalibration, window: WindowCalibration) -> RadiusGround:
    target, pooled = window.target, window.target.radius_basis.pooled
    return RadiusGround(
        window=query_window(locus.locus, window),
        genus=target.genus,
        individuals=target.individuals,
        species=target.species,
        pooled_individuals=pooled.individuals,
        pooled_species=pooled.species,
        pooled_genera=pooled.genera,
        borrowed_percent=target.radius_basis.borrowed_percent,
        within_largest=target.within_largest,
        nearest_other=target.nearest_other,
        nearest_records=target.nearest_records,
    )


def _of_other_mammals(locus: LocusCalibration, window: WindowCalibration) -> RadiusGround:
    """Of a single other genus the calibration holds no figures: those over all genera are told."""
    pooled = window.target.radius_basis.pooled
    between = next((d for d in window.distances if d.kind is DistanceKind.NEAREST_OTHER_GENUS), None)
    return RadiusGround(
        window=query_window(locus.locus, window),
        pooled_individuals=pooled.individuals,
        pooled_species=pooled.species,
        pooled_genera=pooled.genera,
        nearest_other=None if between is None else between.smallest,
    )
