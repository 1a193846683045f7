"""Beside every radius stands what it rests on, from the window of the calibration nearest to the query."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from barcode_cases import ANIMALS, METHOD, single
from hypothesis import given
from hypothesis import strategies as st

from musk_id.model.barcode import SequenceResult
from musk_id.model.calibration import WindowCalibration
from musk_id.model.error_figures import ReleaseCalibration
from musk_id.model.radius import QueryWindow, RadiusGround
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Line
from musk_id.refdb.shipped_calibration import find_calibration, load_release_calibration
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.placement import Placement
from musk_id.stages.radius_ground import nearest_window
from musk_id.vocabulary import RELEASE_MARKERS, Locus, Reason, Strand

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "reference_db" / "calibration" / "2026.1"
# Read as plain JSON: another way than that of the program.
TREE = json.loads((FOLDER / "calibration.json").read_bytes())


def measured(locus: Locus, first: int = 0, length: int | None = None) -> dict[str, Any]:
    """A window of the file; the whole one without a length."""
    (found,) = [entry for entry in TREE["loci"] if entry["locus"] == locus.value]
    if length is None:
        return found["windows"][0]
    (window,) = [w for w in found["windows"] if (w["first_column"], w["length_bp"]) == (first, length)]
    return window


@pytest.fixture(scope="module")
def calibration(shipped_release: ReferenceRelease) -> ReleaseCalibration:
    found = load_release_calibration(FOLDER, shipped_release.manifest_sha256, METHOD, ANIMALS)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def library(shipped_release: ReferenceRelease, calibration: ReleaseCalibration) -> BarcodeLibrary:
    return BarcodeLibrary.from_release(shipped_release, METHOD, (), calibration)


def letters(release: ReferenceRelease, locus: Locus, genus: str = "Moschus") -> str:
    own = (r for r in release.barcodes_at(locus) if r.genus == genus and set(r.sequence) <= set("ACGT"))
    return max((record.sequence for record in own), key=len)


def grounds(result: SequenceResult) -> list[RadiusGround]:
    assert result.call is not None
    assert [c.name for c in result.call.trace if c.ground is not None] == ["barcode.radius"]
    return [c.ground for c in result.call.trace if c.ground is not None]


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_the_radius_of_the_genus_tells_its_individuals_and_what_is_borrowed(
    library: BarcodeLibrary, shipped_release: ReferenceRelease, locus: Locus
) -> None:
    (ground,) = grounds(single(library, letters(shipped_release, locus)))
    window = measured(locus)
    target, pooled = window["target"], window["target"]["radius_basis"]["pooled"]
    length = None if locus in (Locus.RRNA_12S, Locus.RRNA_16S) else window["length_bp"]
    assert ground.window == QueryWindow(locus=locus, first_column=1, length_bp=length)
    assert (ground.reason, ground.genus) == (None, "Moschus")
    assert (ground.individuals, ground.species) == (target["individuals"], target["species"])
    assert ground.pooled_individuals == pooled["individuals"]
    # The share is recomputed from the counts.
    own = target["radius_basis"]["own"]["individuals"]
    borrowed = 100 * (pooled["individuals"] - own) / pooled["individuals"]
    assert ground.borrowed_percent == f"{borrowed:.1f}"
    assert (ground.within_largest, ground.nearest_other) == (target["within_largest"], target["nearest_other"])
    assert list(ground.nearest_records) == target["nearest_records"]


@pytest.mark.parametrize(("part", "first"), [(slice(0, 470), 0), (slice(340, 800), 345), (slice(680, 1140), 690)])
def test_a_short_query_gets_the_figures_of_the_window_that_it_covers(
    library: BarcodeLibrary, shipped_release: ReferenceRelease, part: slice, first: int
) -> None:
    (ground,) = grounds(single(library, letters(shipped_release, Locus.CYTB)[part]))
    assert ground.window == QueryWindow(locus=Locus.CYTB, first_column=first + 1, length_bp=450)
    target = measured(Locus.CYTB, first, 450)["target"]
    assert (ground.within_largest, ground.nearest_other) == (target["within_largest"], target["nearest_other"])


def test_other_mammals_get_figures_over_all_genera(
    library: BarcodeLibrary, shipped_release: ReferenceRelease
) -> None:
    result = single(library, letters(shipped_release, Locus.CYTB, "Sus"))
    assert result.call is not None and result.call.taxon == "Sus"
    (ground,) = grounds(result)
    window = measured(Locus.CYTB)
    pooled = window["target"]["radius_basis"]["pooled"]
    (between,) = [d for d in window["distances"] if d["kind"] == "NEAREST_OTHER_GENUS"]
    assert (ground.genus, ground.individuals, ground.borrowed_percent, ground.within_largest) == (None,) * 4
    told = (ground.pooled_individuals, ground.pooled_species, ground.pooled_genera, ground.nearest_other)
    assert told == (pooled["individuals"], pooled["species"], pooled["genera"], between["smallest"])


def test_without_a_calibration_the_radius_says_so_and_nothing_else_changes(
    library: BarcodeLibrary, barcode_library: BarcodeLibrary, shipped_release: ReferenceRelease
) -> None:
    for locus in RELEASE_MARKERS:
        with_figures = single(library, letters(shipped_release, locus))
        without = single(barcode_library, letters(shipped_release, locus))
        (ground,) = grounds(without)
        assert ground == RadiusGround(reason=Reason.NOT_CALIBRATED)
        assert _bare(with_figures) == _bare(without)


def test_a_marker_that_was_not_calibrated_says_so(
    shipped_release: ReferenceRelease, calibration: ReleaseCalibration
) -> None:
    loci = tuple(locus for locus in calibration.calibration.loci if locus.locus is not Locus.COI)
    less = replace(calibration, calibration=replace(calibration.calibration, loci=loci))
    library = BarcodeLibrary.from_release(shipped_release, METHOD, (), less)
    (ground,) = grounds(single(library, letters(shipped_release, Locus.COI)))
    assert ground.reason is Reason.NOT_CALIBRATED


def _bare(result: SequenceResult) -> SequenceResult:
    assert result.call is not None
    trace = tuple(replace(c, ground=None) for c in result.call.trace)
    return replace(result, call=replace(result.call, trace=trace))


def _placed(first: int, last: int) -> Placement:
    masks = np.zeros(1140, np.uint8)
    masks[first:last] = 1
    return Placement(Locus.CYTB, Strand.FORWARD, masks, last - first, (), (), True)


@given(st.data())
def test_the_nearest_window_is_that_of_an_exhaustive_search(
    calibration: ReleaseCalibration, data: st.DataObject
) -> None:
    (locus,) = [entry for entry in calibration.calibration.loci if entry.locus is Locus.CYTB]
    lengths = (200, 300, 450)
    windows = [
        replace(locus.windows[0], first_column=first, length_bp=length)
        for length in lengths
        for first in (0, (1140 - length) // 2, 1140 - length)
    ] + [replace(locus.windows[0], first_column=0, length_bp=1140)]
    first = data.draw(st.integers(0, 1139))
    last = data.draw(st.integers(first + 1, 1140))
    chosen = nearest_window(data.draw(st.permutations(windows)), _placed(first, last))

    def gap(window: WindowCalibration) -> int:
        return abs((window.length_bp or 0) - (last - first))

    def shared(window: WindowCalibration) -> int:
        return len(
            set(range(first, last)) & set(range(window.first_column, window.first_column + window.length_bp))
        )

    assert gap(chosen) == min(map(gap, windows))
    assert chosen.length_bp == min(w.length_bp for w in windows if gap(w) == gap(chosen))
    alike = [w for w in windows if w.length_bp == chosen.length_bp]
    best = [w for w in alike if shared(w) == max(map(shared, alike))]
    assert chosen.first_column == min(w.first_column for w in best)


def test_the_calibration_of_another_method_is_none(shipped_release: ReferenceRelease) -> None:
    other = replace(METHOD, version=Line("moschus-barcode-0"))
    assert load_release_calibration(FOLDER, shipped_release.manifest_sha256, other, ANIMALS) is None
    assert find_calibration(PROJECT / "reference_db" / "releases" / "2026.1") == FOLDER


@pytest.mark.parametrize(("length", "expected"), [(795, 450), (796, 1140), (794, 450), (450, 450)])
def test_of_two_windows_equally_near_the_shorter_one_speaks(
    calibration: ReleaseCalibration, length: int, expected: int
) -> None:
    (locus,) = [entry for entry in calibration.calibration.loci if entry.locus is Locus.CYTB]
    for windows in (locus.windows, locus.windows[::-1]):
        assert nearest_window(windows, _placed(0, length)).length_bp == expected
