"""The shipped calibration and ``validation/calibration.json`` say the same; the page is that of the files."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import calibration as benchmark
from scipy.special import betaincinv

from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.refdb.release import load_release
from musk_id.refdb.shipped_calibration import load_release_calibration, load_shipped_calibration

PROJECT = Path(__file__).resolve().parents[2]
# Both files as plain JSON: the test shares no code with what wrote the rows.
TREE = json.loads((PROJECT / "reference_db" / "calibration" / "2026.1" / "calibration.json").read_bytes())
FILE = PROJECT / "validation" / "calibration.json"
VALIDATION = json.loads(FILE.read_bytes())
RULES = {
    ("moschus-barcode-1", "12S-V5"): ("2", "2"),
    ("moschus-barcode-1", "16S-mam"): ("3", "3"),
    ("moschus-barcode-1", "COI-658"): ("0.085", "0.03"),
    ("moschus-barcode-1", "CYTB"): ("0.10", "0.03"),
    ("general-mammal-1", "COI-658"): ("0.015", "0.03"),
    ("general-mammal-1", "CYTB"): ("0.015", "0.03"),
}
WITHHELD = {"individual left out": "INDIVIDUAL", "its species left out": "SPECIES", "its genus left out": "GENUS"}
STRATA = {
    "all": "ALL",
    "nearest other species below 2 %": "BELOW_2_PERCENT",
    "nearest other species at 2 to 7 %": "FROM_2_TO_7_PERCENT",
    "nearest other species above 7 %": "ABOVE_7_PERCENT",
    "no other species of the genus held": "NO_CONGENER",
}
# Letters of an insert of Moschus, counted by hand; shares of coding markers are taken of 1.
INSERT = {"12S-V5": 106, "16S-mam": 94, "COI-658": 1, "CYTB": 1}


def upper(k: int, n: int) -> str:
    """One-sided 95 % upper limit by the inverse of the incomplete beta function."""
    return "1.000000" if k == n else f"{Decimal(float(betaincinv(k + 1, n - k, 0.95))):.6f}"


def lower(k: int, n: int) -> str:
    return "0.000000" if k == 0 else f"{Decimal(float(betaincinv(k, n - k + 1, 0.05))):.6f}"


def place(window: dict[str, Any]) -> str:
    first, length = window["first_column"], window["length_bp"]
    return "whole inserts" if length is None else f"columns {first + 1} to {first + length}"


def windows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Windows that a query of at least 450 columns can have, and whole inserts."""
    for locus in TREE["loci"]:
        for window in locus["windows"]:
            if window["length_bp"] is None or window["length_bp"] >= 450:
                yield locus["locus"], window


def like_moschus(locus: str, where: str) -> str:
    """Stratum of the middle distance of *Moschus* to the nearest other species of the genus."""
    (window,) = [w for name, w in windows() if name == locus and place(w) == where]
    own = window["target"]["radius_basis"]["own"]["quantiles"]
    (middle,) = [Decimal(q["value"]) for q in own if q["share"] == "0.50"]
    percent = 100 * middle / INSERT[locus]
    return "BELOW_2_PERCENT" if percent < 2 else "FROM_2_TO_7_PERCENT" if percent <= 7 else "ABOVE_7_PERCENT"


def answers() -> Iterator[tuple[tuple[str, ...], tuple[int, int, str | None, str | None]]]:
    """Rows that the errors of the calibration have to give, limits computed anew."""
    for locus, window in windows():
        for (method, marker), rule in RULES.items():
            for entry in window["errors"]:
                if marker != locus or (entry["radius"], entry["margin"]) != rule:
                    continue
                n = entry["n"]
                key = (locus, place(window), method, *rule, entry["withheld"], entry["stratum"])
                yield (*key, "another genus named"), (entry["wrong"], n, None, upper(entry["wrong"], n))
                yield (*key, "own genus named"), (entry["right"], n, lower(entry["right"], n), None)


def figures(row: dict[str, Any]) -> tuple[int, int, str | None, str | None]:
    limits = row["interval"]
    assert limits["kind"] == "ONE_SIDED_95"
    return row["k"], row["n"], limits["lower"], limits["upper"]


def test_every_answer_of_the_calibration_is_a_row_and_no_row_is_another_one() -> None:
    found: dict[tuple[str, ...], tuple[int, int, str | None, str | None]] = {}
    for row in VALIDATION["rows"]:
        if row["measure"] not in ("another genus named", "own genus named"):
            continue
        where, rule, withheld, stratum = row["stratum"].split("; ")
        radius, margin = re.fullmatch(r"radius (\S+), margin (\S+)", rule).groups()
        like = stratum.removesuffix(" (like Moschus)")
        assert (stratum != like) == (STRATA[like] == like_moschus(row["locus"], where))
        key = (
            row["locus"],
            where,
            row["method"],
            radius,
            margin,
            WITHHELD[withheld],
            STRATA[like],
            row["measure"],
        )
        assert key not in found
        found[key] = figures(row)
    expected = dict(answers())
    assert len(expected) == 2 * (2 * 11 + 8 * 2 * 11) and found == expected


def test_figures_of_the_genus_and_of_the_panel_are_rows() -> None:
    rows = {
        (r["locus"], r["stratum"], r["measure"]): r for r in VALIDATION["rows"] if r["method"].startswith("mos")
    }
    for locus, window in windows():
        target, where = window["target"], place(window)
        basis, radius = target["radius_basis"], RULES["moschus-barcode-1", locus][0]
        assert rows[locus, where, "individuals of Moschus"]["k"] == target["individuals"]
        assert rows[locus, where, "species of Moschus"]["k"] == target["species"]
        assert rows[locus, where, "largest distance within Moschus"]["value"] == target["within_largest"]
        nearest = rows[locus, where, "nearest other genus to Moschus"]
        assert (nearest["value"], nearest["listed"]) == (target["nearest_other"], target["nearest_records"])
        for name, value in (
            ("smallest", basis["own"]["smallest"]),
            ("middle", next(q["value"] for q in basis["own"]["quantiles"] if q["share"] == "0.50")),
            ("largest", basis["own"]["largest"]),
        ):
            assert (
                rows[locus, where, f"Moschus to the nearest other species of the genus, {name}"]["value"] == value
            )
        borrowed = rows[locus, where, "individuals behind the radius that are of other genera"]
        pooled, own = basis["pooled"]["individuals"], basis["own"]["individuals"]
        assert (borrowed["k"], borrowed["n"]) == (pooled - own, pooled)
        assert borrowed["value"] == f"{Decimal(100 * (pooled - own) / pooled):.1f}"
        (within,) = [w for w in target["within_radius"] if w["radius"] == radius]
        for name in ("haplotypes", "species"):
            k, n = within[name], within[f"{name}_compared"]
            assert figures(rows[locus, where, f"{name} of other genera within the radius"]) == (
                k,
                n,
                None,
                upper(k, n),
            )
        ratio = target["ratio"]
        for stratum, k, n, limits in (
            ("individuals of Moschus", ratio["k1"], ratio["n1"], (lower(ratio["k1"], ratio["n1"]), None)),
            (
                f"species of {ratio['alternatives']}",
                ratio["k2"],
                ratio["n2"],
                (None, upper(ratio["k2"], ratio["n2"])),
            ),
        ):
            assert figures(rows[locus, f"{where}; {stratum}", "called Moschus, own species left out"]) == (
                k,
                n,
                *limits,
            )
        panel = target["panel"]
        if panel is None:
            continue
        where = "records of other genera, of any length, against the release as shipped"
        for measure, k in (
            ("called Moschus", panel["called"]),
            ("Moschus nearest", panel["nearest_is_target"]),
            ("Moschus nearest, by the margin", panel["with_margin"]),
        ):
            assert figures(rows[locus, where, measure]) == (k, panel["records"], None, upper(k, panel["records"]))
        assert rows[locus, where, "species with Moschus nearest"]["k"] == panel["nearest_is_target_species"]
    told = Counter(r["measure"] for r in VALIDATION["rows"])
    whole = len(list(windows()))
    # Nothing stands in the file that is not checked above.
    counted = {**dict.fromkeys(told, whole), "called Moschus, own species left out": 2 * whole}
    panels = (
        "called Moschus",
        "Moschus nearest",
        "Moschus nearest, by the margin",
        "species with Moschus nearest",
    )
    counted |= dict.fromkeys(panels, len(TREE["loci"]))
    answered = Counter(key[-1] for key, _ in answers())
    assert told == Counter({**counted, **answered})


def test_what_the_stages_load_gives_the_same_rows_as_the_whole_file() -> None:
    release = load_release(benchmark.RELEASE)
    whole = benchmark.validation(load_shipped_calibration(benchmark.SHIPPED, release.manifest_sha256))
    reduced = load_release_calibration(
        benchmark.SHIPPED, release.manifest_sha256, BARCODE_METHODS[-1], ANIMAL_METHODS[-1]
    )
    assert reduced is not None
    assert benchmark.validation(reduced.calibration) == whole
    assert benchmark.canonical_json(whole) == FILE.read_bytes()


def test_the_page_of_figures_is_that_of_the_files() -> None:
    path = PROJECT / "scripts" / "write_validation.py"
    spec = importlib.util.spec_from_file_location("write_validation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (PROJECT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert written == module.page(sorted((PROJECT / "validation").glob("*.json")))
    # Every count of every file is on it.
    for path in (PROJECT / "validation").glob("*.json"):
        for row in json.loads(path.read_bytes())["rows"]:
            assert row["n"] is None or f"{row['k']}/{row['n']}" in written
            assert row["value"] is None or row["value"] in written
