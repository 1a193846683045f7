"""Calibration of small libraries, against figures counted by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from calibration_cases import RELEASE, Case, base, calibrated, changed, figures, release, write_sources

from musk_id.cli import main
from musk_id.errors import InputFormatError, MuskIdError, ReferenceDataError
from musk_id.kernels.intervals import proportion_upper
from musk_id.library_vocabulary import CongenerStratum, DistanceKind, Withheld
from musk_id.model.calibration import Calibration, ErrorCounts, RatioCounts, WindowCalibration
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS, EVIDENCE_METHODS
from musk_id.records.canonical import canonical_json
from musk_id.records.schemas import json_schema
from musk_id.refdb.calibrate import calibrate_library, read_calibration, write_calibration
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.refdb.shipped_calibration import find_calibration, load_release_calibration
from musk_id.vocabulary import CurationState, Locus

SHORT = Locus.RRNA_12S
BASE = base(SHORT)

# Edits: A1-A2 1, A1-B1 3, A2-B1 4; C1 to them 9, 10 and 12; D1 to them 12, 13 and 15, to C1 21.
CASES = [
    Case("A1", "Moschus primus", BASE),
    Case("A2", "Moschus primus", changed(BASE, (5,))),
    Case("B1", "Moschus secundus", changed(BASE, (12, 19, 26))),
    Case("C1", "Cervus tertius", changed(BASE, tuple(range(33, 60, 3)))),
    Case("D1", "Bos quartus", changed(BASE, tuple(range(62, 98, 3)))),
]


def short(tmp_path: Path, cases: list[Case], **more: object) -> WindowCalibration:
    calibration = calibrated(tmp_path, {"all": (cases, False)}, SHORT, **more)  # type: ignore[arg-type]
    (locus,) = calibration.loci
    (window,) = locus.windows
    return window


def counts(window: WindowCalibration, withheld: Withheld, radius: str, margin: str) -> ErrorCounts:
    return next(
        row
        for row in window.errors
        if (row.withheld, row.stratum, row.radius, row.margin) == (withheld, CongenerStratum.ALL, radius, margin)
    )


def test_distributions_are_those_counted_by_hand(tmp_path: Path) -> None:
    window = short(tmp_path, CASES)
    assert (window.individuals, window.species, window.genera, window.haplotypes) == (5, 4, 3, 5)

    def seen(kind: DistanceKind) -> tuple[int, int, int, str | None, str | None]:
        entry = figures(window, kind)
        return entry.observations, entry.individuals, entry.species, entry.smallest, entry.largest

    assert seen(DistanceKind.WITHIN_SPECIES) == (1, 2, 1, "1", "1")
    assert seen(DistanceKind.WITHIN_SPECIES_LARGEST) == (1, 2, 1, "1", "1")
    assert seen(DistanceKind.WITHIN_GENUS) == (2, 3, 2, "3", "4")
    assert seen(DistanceKind.NEAREST_CONGENER) == (3, 3, 2, "3", "4")
    assert seen(DistanceKind.NEAREST_OTHER_GENUS) == (5, 5, 4, "9", "12")
    # A1: 9 - 1, A2: 10 - 1, B1: 12 - 3; with the species left out A1: 9 - 3, A2: 10 - 4, B1: 12 - 3.
    assert seen(DistanceKind.MARGIN_INDIVIDUAL_WITHHELD) == (3, 3, 2, "8", "9")
    assert seen(DistanceKind.MARGIN_SPECIES_WITHHELD) == (3, 3, 2, "6", "9")
    assert figures(window, DistanceKind.NEAREST_CONGENER).observations_of_target == 3


def test_answers_are_those_counted_by_hand(tmp_path: Path) -> None:
    window = short(tmp_path, CASES)
    row = counts(window, Withheld.INDIVIDUAL, "2", "2")
    assert (row.right, row.wrong, row.none, row.n) == (2, 0, 3, 5)
    row = counts(window, Withheld.SPECIES, "4", "2")
    assert (row.right, row.wrong, row.none, row.n) == (3, 0, 2, 5)
    assert row.wrong_upper == f"{proportion_upper(0, 5):.6f}"
    assert counts(window, Withheld.GENUS, "5", "1").right == 0


def test_the_target_has_its_radius_its_neighbours_and_its_counts(tmp_path: Path) -> None:
    cases = [*CASES, Case("C2", "Cervus alius", changed(CASES[3].letters, (100,)))]
    target = short(tmp_path, cases).target
    assert (target.genus, target.individuals, target.species) == ("Moschus", 3, 2)
    assert (target.within_largest, target.nearest_other) == ("4", "9")
    assert target.nearest_records == ("C1 Cervus tertius",)
    basis = target.radius_basis
    assert (basis.own.observations, basis.pooled.observations, basis.borrowed_percent) == (3, 5, "40.0")
    assert [row.haplotypes for row in target.within_radius] == [0] * 6
    assert {row.haplotypes_compared for row in target.within_radius} == {3}
    assert target.ratio is not None
    # Radius 2: no *Moschus* is named with its species withheld (3 edits); Familidae are not on the list.
    assert (target.ratio.k1, target.ratio.n1, target.ratio.k2, target.ratio.n2) == (0, 3, 0, 0)
    assert target.ratio.lower is None and not target.ratio.enough


def test_collapsed_inputs_do_not_speak_on_distances_within_species(tmp_path: Path) -> None:
    calibration = calibrated(tmp_path, {"one": (CASES[:1], False), "two": (CASES[1:], True)}, SHORT)
    window = calibration.loci[0].windows[0]
    assert figures(window, DistanceKind.WITHIN_SPECIES).observations == 0
    assert figures(window, DistanceKind.WITHIN_SPECIES_WITH_COLLAPSED).observations == 1
    assert [entry.collapsed for entry in calibration.library.inputs] == [False, True]
    assert [entry.windows_kept for entry in calibration.library.inputs] == [1, 4]


def test_only_records_in_state_reference_are_types(tmp_path: Path) -> None:
    row = "B1\t\tname_unresolved\t\tsomebody\t2026-11-25\ttold by a test\n"
    calibration = calibrated(tmp_path, {"all": (CASES, False)}, SHORT, curation=row)
    (locus,) = calibration.loci
    assert [(count.state, count.records) for count in locus.not_types] == [(CurationState.NAME_UNRESOLVED, 1)]
    assert locus.windows[0].individuals == 4
    assert figures(locus.windows[0], DistanceKind.WITHIN_GENUS).observations == 0


def test_neither_order_nor_a_second_record_of_an_individual_changes_a_figure(tmp_path: Path) -> None:
    plain = short(tmp_path / "plain", CASES)
    assert short(tmp_path / "turned", CASES[::-1]) == plain
    again = [*CASES, Case("A1.1", "Moschus primus", BASE), Case("C1.2", "Cervus tertius", CASES[3].letters)]
    assert short(tmp_path / "again", again) == plain


def test_an_individual_under_two_names_is_left_out(tmp_path: Path) -> None:
    cases = [*CASES, Case("D1.1", "Bos alius", CASES[4].letters)]
    calibration = calibrated(tmp_path, {"all": (cases, False)}, SHORT)
    assert calibration.loci[0].individuals_of_two_names == 1
    assert calibration.loci[0].windows[0].individuals == 4


def test_coding_markers_are_measured_whole_and_truncated(tmp_path: Path) -> None:
    letters = base(Locus.COI)
    cases = [
        Case("A1", "Moschus primus", letters),
        Case("A2", "Moschus primus", changed(letters, (10, 300))),
        Case("B1", "Moschus secundus", changed(letters, range(20, 620, 60))),
        Case("C1", "Cervus tertius", changed(letters, range(3, 633, 7))),
    ]
    calibration = calibrated(tmp_path, {"all": (cases, False)}, Locus.COI, panel=True)
    windows = {(w.length_bp, w.first_column): w for w in calibration.loci[0].windows}
    assert sorted(windows) == [
        (200, 0), (200, 229), (200, 458), (300, 0), (300, 179), (300, 358), (450, 0), (450, 104), (450, 208),
        (658, 0),
    ]  # fmt: skip
    whole = windows[658, 0]
    assert figures(whole, DistanceKind.WITHIN_SPECIES).largest == f"{2 / 658:.4f}"
    assert figures(windows[200, 0], DistanceKind.WITHIN_SPECIES).largest == f"{1 / 200:.4f}"
    assert figures(windows[200, 458], DistanceKind.WITHIN_SPECIES).largest == "0.0000"
    assert whole.target.nearest_other == f"{90 / 658:.4f}"
    assert whole.target.panel is not None and whole.target.panel.release_id == "2026.1"
    assert (whole.target.panel.records, whole.target.panel.called) == (1, 0)
    assert windows[200, 0].target.panel is None


def test_a_calibration_is_canonical_obeys_its_schema_and_is_read_back(tmp_path: Path) -> None:
    calibration = calibrated(tmp_path, {"all": (CASES, False)}, SHORT, panel=True)
    path = tmp_path / "calibration.json"
    write_calibration(path, calibration)
    assert path.read_bytes() == canonical_json(calibration)
    assert read_calibration(path) == calibration
    jsonschema.validate(json.loads(path.read_bytes()), json_schema(Calibration))
    path.write_bytes(path.read_bytes().replace(b'"n":5', b'"n": 5', 1))
    with pytest.raises(MuskIdError, match="canonical"):
        read_calibration(path)


def test_command_writes_the_figures_and_tells_the_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrated(tmp_path, {"all": (CASES, False)}, SHORT)
    out = tmp_path / "figures.json"
    assert main(["refdb", "calibrate", str(tmp_path / "built" / "small"), "--out", str(out)]) == 0
    assert (
        "Moschus: 3 individuals; largest distance within 4 edits, nearest other genus 9" in capsys.readouterr().out
    )
    assert read_calibration(out).loci[0].windows[0].individuals == 5
    assert main(["refdb", "calibrate", str(tmp_path / "built" / "small"), "--out", str(tmp_path)]) == 2
    assert main(["refdb", "calibrate", str(tmp_path / "nowhere"), "--out", str(out)]) == 4


def test_command_puts_the_figures_beside_the_release_that_was_the_panel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrated(tmp_path, {"all": (CASES, False)}, SHORT)
    releases = tmp_path / "root" / "reference_db"
    shutil.copytree(RELEASE, releases / "2026.1")
    library = str(tmp_path / "built" / "small")
    command = ["refdb", "calibrate", library, "--beside-release", "--releases", str(releases)]
    assert main(command) == 2
    assert "--panel" in capsys.readouterr().err
    assert main([*command, "--panel", "2026.1"]) == 0
    place = releases / "calibration" / "2026.1"
    assert find_calibration(releases / "2026.1") == place
    found = load_release_calibration(place, release().manifest_sha256, BARCODE_METHODS[-1], ANIMAL_METHODS[-1])
    assert found is not None and found.calibration.loci[0].windows[0].individuals == 5
    # The same again is no change; other figures in its place are refused and stay.
    before = (place / "calibration.json").read_bytes()
    assert main([*command, "--panel", "2026.1"]) == 0
    (place / "calibration.json").write_bytes(before + b" ")
    assert main([*command, "--panel", "2026.1"]) == 4
    assert (place / "calibration.json").read_bytes() == before + b" "


@pytest.mark.parametrize("name", ["12s-v5.collapsed.npy", "inputs.tsv", "manifest.json"])
def test_changed_and_incomplete_libraries_are_refused(tmp_path: Path, name: str) -> None:
    calibrated(tmp_path, {"all": (CASES, False)}, SHORT)
    path = tmp_path / "built" / "small" / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x02")
    with pytest.raises(ReferenceDataError):
        load_library(path.parent)
    path.unlink()
    with pytest.raises(ReferenceDataError):
        load_library(path.parent)


def test_collapsed_has_to_be_a_truth_value(tmp_path: Path) -> None:
    write_sources(tmp_path, {"all": (CASES, True)}, SHORT)
    toml = tmp_path / "library.toml"
    toml.write_text(toml.read_text().replace("collapsed = true", 'collapsed = "yes"'))
    with pytest.raises(InputFormatError) as error:
        build_library(tmp_path, tmp_path, tmp_path / "built", release(), BARCODE_METHODS[-1])
    assert "collapsed" in error.value.diagnostics()


def test_records_with_extra_letters_are_laid_along_whole_frames(tmp_path: Path) -> None:
    # A neighbour that begins late must not become the frame: everything would be shifted by its missing letters.
    letters = base(Locus.COI)
    late = changed(letters, range(30, 600, 40))
    twice = "".join(late[place] * (2 if place in (90, 180, 270, 420, 500) else 1) for place in range(9, 650))
    cases = [Case("A1", "Moschus primus", late[9:]), Case("A2", "Moschus primus", twice)]
    calibration = calibrated(tmp_path, {"all": (cases, False)}, Locus.COI)
    assert figures(calibration.loci[0].windows[0], DistanceKind.WITHIN_SPECIES).largest == "0.0000"


# With other names the alternatives are on the closed list.
LISTED = [
    *CASES[:3],
    Case("C1", "Sus tertius", CASES[3].letters),
    Case("D1", "Equus quartus", CASES[4].letters),
    Case("D2", "Equus quartus", changed(CASES[4].letters, (3,))),
]


def counts_for_a_ratio(tmp_path: Path, cases: list[Case], individuals: int, species: int) -> RatioCounts:
    write_sources(tmp_path / "sources", {"all": (cases, False)}, SHORT)
    shipped, method = release(), BARCODE_METHODS[-1]
    built = build_library(tmp_path / "sources", tmp_path / "sources", tmp_path / "built", shipped, method)
    evidence = replace(EVIDENCE_METHODS[-1], min_individuals_h1=individuals, min_species_h2=species)
    (locus,) = calibrate_library(load_library(built), built, method, evidence, None).loci
    ratio = locus.windows[0].target.ratio
    assert ratio is not None
    return ratio


def test_items_behind_a_ratio_are_those_counted_by_hand(tmp_path: Path) -> None:
    ratio = counts_for_a_ratio(tmp_path, LISTED, 3, 2)
    assert (ratio.k1, ratio.n1, ratio.k2, ratio.n2, ratio.enough) == (0, 3, 0, 2, True)
    # The own species withheld: A1 9 - 3, A2 10 - 4, B1 12 - 3; C1 21 - 9; D1 21 - 12 and D2 22 - 13.
    assert [(i.name, i.group, i.is_h1, i.named, i.score) for i in ratio.items] == [
        ("A1", "Moschus primus", True, False, "6"),
        ("A2", "Moschus primus", True, False, "6"),
        ("B1", "Moschus secundus", True, False, "9"),
        ("Equus quartus", "Familidae", False, False, "9"),
        ("Sus tertius", "Familidae", False, False, "12"),
    ]
    assert ratio.lower == "0.00"


def test_counts_of_a_ratio_are_sums_over_its_items(tmp_path: Path) -> None:
    near = [
        Case("A1", "Moschus primus", BASE),
        Case("B1", "Moschus secundus", changed(BASE, (12, 19))),
        Case("S1", "Sus tertius", changed(BASE, (40,))),
        *LISTED[4:],
    ]
    ratio = counts_for_a_ratio(tmp_path, near, 2, 2)
    own, other = [i for i in ratio.items if i.is_h1], [i for i in ratio.items if not i.is_h1]
    assert (sum(i.named for i in own), len(own)) == (ratio.k1, ratio.n1) == (0, 2)
    assert (sum(i.named for i in other), len(other)) == (ratio.k2, ratio.n2) == (1, 2)
    assert [i.name for i in other if i.named] == ["Sus tertius"]
    assert ratio.lower == "0.00"


def test_below_the_smallest_numbers_no_item_is_listed(tmp_path: Path) -> None:
    ratio = counts_for_a_ratio(tmp_path, LISTED, 4, 2)
    assert ratio.items == () and ratio.lower is None and not ratio.enough
