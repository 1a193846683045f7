"""The rates of a record are those of the calibration, of the windows and rules that the case's sequences met."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from barcode_cases import ANIMALS, METHOD, evidence, examine, identity
from scipy.stats import binom

from musk_id.library_vocabulary import CongenerStratum, Withheld
from musk_id.model.error_figures import CalibrationSummary, ReleaseCalibration
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import DecimalText
from musk_id.records.files import sha256_file
from musk_id.refdb.shipped_calibration import load_release_calibration
from musk_id.stages.error_figures import calibration_summary, insert_length, stratum_of
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import RELEASE_MARKERS, Locus, Reason

FOLDER = Path(__file__).resolve().parents[2] / "reference_db" / "calibration" / "2026.1"
FILE = FOLDER / "calibration.json"
TREE = {entry["locus"]: entry for entry in json.loads(FILE.read_bytes())["loci"]}


@pytest.fixture(scope="module")
def calibration(shipped_release: ReferenceRelease) -> ReleaseCalibration | None:
    return load_release_calibration(FOLDER, shipped_release.manifest_sha256, METHOD, ANIMALS)


def summary(
    release: ReferenceRelease, calibration: ReleaseCalibration | None, *wanted: tuple[Locus, str]
) -> CalibrationSummary:
    library = BarcodeLibrary.from_release(release, METHOD, (), calibration)
    runs = [
        evidence(
            max((r.sequence for r in release.barcodes_at(locus) if r.genus == genus), key=len),
            run=identity(f"R{number}"),
        )
        for number, (locus, genus) in enumerate(wanted)
    ]
    return calibration_summary(calibration, examine(library, *runs), release, METHOD, ANIMALS)


def test_only_what_the_sequences_met_is_told(
    shipped_release: ReferenceRelease, calibration: ReleaseCalibration | None
) -> None:
    told = summary(
        shipped_release, calibration,
        (Locus.RRNA_12S, "Moschus"), (Locus.CYTB, "Moschus"), (Locus.CYTB, "Sus"), (Locus.COI, "Moschus"),
    )  # fmt: skip
    rules = [(str(c.window.locus), c.method, c.radius, c.margin) for c in told.comparisons]
    assert sorted(rules) == [
        ("12S-V5", "moschus-barcode-1", "2", "2"),
        ("COI-658", "moschus-barcode-1", "0.085", "0.03"),
        ("CYTB", "general-mammal-1", "0.015", "0.03"),
        ("CYTB", "moschus-barcode-1", "0.10", "0.03"),
    ]
    assert told.source is not None and told.source.sha256 == sha256_file(FILE)
    nothing = calibration_summary(
        calibration,
        examine(BarcodeLibrary.from_release(shipped_release, METHOD, (), calibration), evidence("ACGT" * 40)),
        shipped_release, METHOD, ANIMALS,
    )  # fmt: skip
    assert nothing.source is not None and nothing.comparisons == ()


def test_every_count_stands_in_the_file_under_the_same_rule(
    shipped_release: ReferenceRelease, calibration: ReleaseCalibration | None
) -> None:
    told = summary(
        shipped_release, calibration, *((locus, "Moschus") for locus in RELEASE_MARKERS), (Locus.CYTB, "Sus")
    )
    assert len(told.comparisons) == len(RELEASE_MARKERS) + 1
    for found in told.comparisons:
        window = TREE[found.window.locus.value]["windows"][0]
        held = {
            (e["withheld"], e["stratum"]): (e["right"], e["wrong"], e["none"], e["n"])
            for e in window["errors"]
            if (Fraction(e["radius"]), Fraction(e["margin"])) == (Fraction(found.radius), Fraction(found.margin))
        }
        assert {(e.withheld, e.stratum): (e.right, e.wrong, e.none, e.n) for e in found.errors} == held
        assert {w for w, _ in held} == set(Withheld)
        for entry in found.errors:
            # The limits by their definition: at them the tail of the binomial distribution holds 5 %.
            upper, lower = float(entry.wrong_upper), float(entry.right_lower)
            if entry.wrong < entry.n:
                assert binom.cdf(entry.wrong, entry.n, upper) == pytest.approx(0.05, abs=5e-4)
            if entry.right > 0:
                assert binom.sf(entry.right - 1, entry.n, lower) == pytest.approx(0.05, abs=5e-4)
        if found.method == METHOD.version:
            assert found.panel is not None and found.within_radius is not None
            panel = window["target"]["panel"]
            assert (found.panel.called, found.panel.records) == (panel["called"], panel["records"])
            assert found.within_radius.radius == found.radius
        else:
            assert found.panel is None and found.within_radius is None


def test_the_stratum_of_the_genus_is_that_of_its_middle_distance(
    shipped_release: ReferenceRelease, calibration: ReleaseCalibration | None
) -> None:
    told = summary(shipped_release, calibration, *((locus, "Moschus") for locus in RELEASE_MARKERS))
    below, between, above = (
        CongenerStratum.BELOW_2_PERCENT, CongenerStratum.FROM_2_TO_7_PERCENT, CongenerStratum.ABOVE_7_PERCENT,
    )  # fmt: skip
    assert {c.window.locus: (c.own_middle, c.own_stratum, c.own_strata) for c in told.comparisons} == {
        Locus.RRNA_12S: ("1", below, (below,)),
        Locus.RRNA_16S: ("0", below, (below, between)),
        Locus.COI: ("0.0152", below, (below, between)),
        Locus.CYTB: ("0.0781", above, (below, above)),
    }


@pytest.mark.parametrize(
    ("distance", "unit", "letters", "expected"),
    [
        ("0.0199", "p", 0, "BELOW_2_PERCENT"),
        ("0.02", "p", 0, "FROM_2_TO_7_PERCENT"),
        ("0.07", "p", 0, "FROM_2_TO_7_PERCENT"),
        ("0.0701", "p", 0, "ABOVE_7_PERCENT"),
        ("2", "edits", 100, "FROM_2_TO_7_PERCENT"),
        ("2", "edits", 101, "BELOW_2_PERCENT"),
        ("7", "edits", 100, "FROM_2_TO_7_PERCENT"),
        ("7", "edits", 99, "ABOVE_7_PERCENT"),
    ],
)
def test_limits_of_the_strata(distance: str, unit: str, letters: int, expected: str) -> None:
    assert stratum_of(DecimalText(distance), unit, letters) is CongenerStratum(expected)


def test_a_release_without_inserts_of_the_genus_has_no_stratum(
    shipped_release: ReferenceRelease, calibration: ReleaseCalibration | None
) -> None:
    assert insert_length(shipped_release, Locus.RRNA_12S, METHOD) == 106
    library = BarcodeLibrary.from_release(shipped_release, METHOD, (), calibration)
    letters = next(r.sequence for r in shipped_release.barcodes_at(Locus.RRNA_12S) if r.genus == "Moschus")
    record = examine(library, evidence(letters))
    bare = replace(shipped_release, barcodes=())
    (found,) = calibration_summary(calibration, record, bare, METHOD, ANIMALS).comparisons
    assert found.own_middle == "1" and found.own_stratum is None and found.own_strata == ()


def test_without_a_calibration_the_reason_stands_alone(shipped_release: ReferenceRelease) -> None:
    told = summary(shipped_release, None, (Locus.RRNA_12S, "Moschus"))
    assert told == CalibrationSummary(reason=Reason.NOT_CALIBRATED)
