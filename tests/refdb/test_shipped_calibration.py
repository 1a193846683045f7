"""The calibration beside release 2026.1: intact, of that release, and what the public data show."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from calibration_cases import RELEASE, release
from refdata import REFDATA, needs_refdata

from musk_id.errors import ReferenceDataError
from musk_id.library_vocabulary import CongenerStratum, DistanceKind, Withheld
from musk_id.model.calibration import LocusCalibration, WindowCalibration
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS, EVIDENCE_METHODS
from musk_id.model.values import Sha256
from musk_id.records.canonical import canonical_bytes
from musk_id.records.files import sha256_file
from musk_id.refdb.calibrate import calibrate_library
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.refdb.manifest import manifest_bytes
from musk_id.refdb.shipped_calibration import (
    find_calibration,
    load_release_calibration,
    load_shipped_calibration,
)
from musk_id.vocabulary import Locus

BESIDE = RELEASE.parents[1]
SHIPPED = BESIDE / "calibration" / "2026.1"
SOURCES = BESIDE / "sources" / "calibration-2026.1"


def shipped() -> dict[Locus, LocusCalibration]:
    calibration = load_shipped_calibration(SHIPPED, release().manifest_sha256)
    return {locus.locus: locus for locus in calibration.loci}


def whole(locus: LocusCalibration) -> WindowCalibration:
    return locus.windows[0]


def test_no_other_genus_lies_within_the_radius_of_a_method() -> None:
    for locus, radius in (
        (Locus.RRNA_12S, "2"), (Locus.RRNA_16S, "4"), (Locus.COI, "0.085"), (Locus.CYTB, "0.10"),
    ):  # fmt: skip
        row = next(r for r in whole(shipped()[locus]).target.within_radius if r.radius == radius)
        assert row.haplotypes == row.species == 0 and row.haplotypes_compared > 1000


def test_no_record_of_another_genus_is_called_and_no_ratio_is_given() -> None:
    for locus in shipped().values():
        target = whole(locus).target
        assert target.panel is not None and target.panel.called == 0
        assert target.ratio is not None and not target.ratio.enough and target.ratio.lower is None
        assert float(target.radius_basis.borrowed_percent or 0) > 99


def test_cytochrome_b_of_the_genus_and_the_nearest_other() -> None:
    target = whole(shipped()[Locus.CYTB]).target
    assert (target.within_largest, target.nearest_other) == ("0.0939", "0.1325")


def test_counts_add_up_and_strata_cover_everyone() -> None:
    for locus in shipped().values():
        for window in locus.windows:
            for withheld in (Withheld.INDIVIDUAL, Withheld.SPECIES):
                rows = [r for r in window.errors if r.withheld is withheld]
                first = [r for r in rows if (r.radius, r.margin) == (rows[0].radius, rows[0].margin)]
                assert all(r.right + r.wrong + r.none == r.n for r in rows)
                parts = [r.n for r in first if r.stratum is not CongenerStratum.ALL]
                assert sum(parts) == window.individuals


def test_a_calibration_of_another_release_or_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match="not measured with this release"):
        load_shipped_calibration(SHIPPED, Sha256("0" * 64))
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "copy"))
    data = (copy / "calibration.json").read_bytes()
    (copy / "calibration.json").write_bytes(data.replace(b"0.1325", b"0.0325", 1))
    with pytest.raises(ReferenceDataError, match="differs"):
        load_shipped_calibration(copy, release().manifest_sha256)


def fraction(tmp_path: Path) -> Path:
    """Sources of the cytochrome b input alone."""
    plan = tomllib.loads((SOURCES / "library.toml").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in plan["sequences"] if entry["loci"] == ["CYTB"]]
    head = [f"{key} = {value!r}".replace("'", '"') for key, value in plan.items() if key != "sequences"]
    body = [f'{key} = "{entry[key]}"' for key in ("path", "taxonomy", "source", "licence")]
    lines = [*head, "[[sequences]]", *body, 'loci = ["CYTB"]', "redistribute = false"]
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "library.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = (REFDATA / "sequences" / entry["taxonomy"]).read_text(encoding="utf-8").split("\n")
    held = {name.split("\t")[0] for name in names}
    first, *rows = (SOURCES / "curation.tsv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.split("\t")[0] in held and row.split("\t")[1] in ("", "CYTB")]
    (sources / "curation.tsv").write_text("\n".join([first, *kept]) + "\n", encoding="utf-8")
    return sources


@needs_refdata
def test_cytochrome_b_is_measured_again_with_the_same_figures(tmp_path: Path) -> None:
    sources = fraction(tmp_path)
    folder = build_library(sources, REFDATA / "sequences", tmp_path / "out", release(), BARCODE_METHODS[-1])
    again = calibrate_library(load_library(folder), folder, BARCODE_METHODS[-1], EVIDENCE_METHODS[-1], release())
    assert again.loci == (shipped()[Locus.CYTB],)


METHOD, ANIMALS = BARCODE_METHODS[-1], ANIMAL_METHODS[-1]


def test_what_the_stages_load_is_the_part_of_the_file_that_is_in_force() -> None:
    found = load_release_calibration(SHIPPED, release().manifest_sha256, METHOD, ANIMALS)
    assert found is not None and found.sha256 == sha256_file(SHIPPED / "calibration.json")
    whole = load_shipped_calibration(SHIPPED, release().manifest_sha256)
    assert replace(found.calibration, loci=()) == replace(whole, loci=())
    rules = {Locus.RRNA_12S: {("2", "2")}, Locus.RRNA_16S: {("3", "3")}}
    others = ("0.015", "0.03")
    rules |= {Locus.COI: {("0.085", "0.03"), others}, Locus.CYTB: {("0.10", "0.03"), others}}
    for kept, all_of_it in zip(found.calibration.loci, whole.loci, strict=True):
        wanted = [w for w in all_of_it.windows if w.length_bp is None or w.length_bp >= 450]
        assert kept == replace(
            all_of_it,
            windows=tuple(
                replace(
                    w,
                    distances=tuple(d for d in w.distances if d.kind is DistanceKind.NEAREST_OTHER_GENUS),
                    errors=tuple(e for e in w.errors if (e.radius, e.margin) in rules[kept.locus]),
                )
                for w in wanted
            ),
        )
        assert all(w.errors and w.distances for w in kept.windows)


def test_where_the_calibration_of_a_release_is_looked_for(tmp_path: Path) -> None:
    assert find_calibration(RELEASE) == SHIPPED
    own = tmp_path / "laboratory" / "reference_db" / "2026.1"
    own.mkdir(parents=True)
    assert find_calibration(own) is None
    for beside in (own.parent.parent / "reference_db_calibration", own.parent.parent / "calibration"):
        (beside / "2026.1").mkdir(parents=True)
        assert find_calibration(own) == beside / "2026.1"
    (own.parent / "calibration" / "2026.1").mkdir(parents=True)
    assert find_calibration(own) == own.parent / "calibration" / "2026.1"


def _rewritten(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The shipped calibration changed, under a manifest that fits."""
    tree = json.loads((SHIPPED / "calibration.json").read_bytes())
    change(tree)
    data = canonical_bytes(tree)
    folder = tmp_path / "calibration" / "2026.1"
    folder.mkdir(parents=True)
    (folder / "calibration.json").write_bytes(data)
    (folder / "manifest.json").write_bytes(manifest_bytes("2026.1", "2026-11-25", {"calibration.json": data}))
    return folder


def test_a_calibration_that_does_not_fit_is_refused_with_its_reason(tmp_path: Path) -> None:
    digest = release().manifest_sha256
    with pytest.raises(ReferenceDataError, match="not measured with this release"):
        load_release_calibration(SHIPPED, Sha256("0" * 64), METHOD, ANIMALS)

    def without_panel(tree: dict[str, Any]) -> None:
        for locus in tree["loci"]:
            locus["windows"][0]["target"]["panel"] = None

    def without_windows(tree: dict[str, Any]) -> None:
        del tree["loci"][0]["windows"]

    def with_text_for_a_count(tree: dict[str, Any]) -> None:
        tree["loci"][0]["windows"][0]["target"]["individuals"] = "8"

    def with_radius_in_words(tree: dict[str, Any]) -> None:
        tree["loci"][0]["windows"][0]["errors"][0]["radius"] = "two"

    for number, (change, message) in enumerate(
        (
            (without_panel, "not measured with this release"),
            (without_windows, "cannot be read"),
            (with_text_for_a_count, "breaks its schema"),
            (with_radius_in_words, "cannot be read"),
        )
    ):
        folder = _rewritten(tmp_path / str(number), change)
        with pytest.raises(ReferenceDataError, match=message):
            load_release_calibration(folder, digest, METHOD, ANIMALS)
