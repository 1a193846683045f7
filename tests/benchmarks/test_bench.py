"""The benchmarks on a tiny fraction of their size, without the programs they compare with."""

from __future__ import annotations

import json
from pathlib import Path

import barcode_peers
import numpy as np
import pytest
import side_by_side
import spectra_peers
from measuring import BUDGET_S, Timing, print_table, timed, write_json
from panel_specificity import RELEASE
from refdata import REFDATA, needs_refdata
from sequence_peers import RULES, Entry, PeerHit, named_by, program_version
from wide_margins import PublicRecord

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.release import load_release

LIBRARY = (Entry("Moschus cupreus", "ACGT"), Entry("Moschus fuscus", "ACGT"), Entry("Bison bonasus", "ACGA"))
RULE = {rule.name: rule for rule in RULES}


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(RELEASE)


@pytest.mark.parametrize(
    ("rule", "hits", "genera", "species"),
    [
        ("vsearch top hit >= 98 %", [(0, 98.0, 100.0, 0.0)], {"Moschus"}, {"Moschus cupreus"}),
        ("vsearch top hit >= 98 %", [(0, 97.9, 100.0, 0.0)], set(), set()),
        ("vsearch top hit >= 90 %", [(2, 90.0, 100.0, 0.0)], {"Bison"}, {"Bison bonasus"}),
        # The second-best hit is not read, however similar a part of it is.
        ("blastn top hit >= 98 %", [(2, 97.0, 100.0, 90.0), (0, 100.0, 20.0, 50.0)], set(), set()),
        (
            "blastn top hit >= 98 %",
            [(0, 99.0, 100.0, 90.0), (2, 99.0, 100.0, 90.0)],
            {"Moschus", "Bison"},
            {"Moschus cupreus", "Bison bonasus"},
        ),
        ("blastn top hit >= 98 %, cover >= 90 %", [(0, 100.0, 89.0, 90.0)], set(), set()),
        ("blastn top hit >= 98 %", [], set(), set()),
    ],
)
def test_rules_read_the_top_hit(
    rule: str, hits: list[tuple[int, float, float, float]], genera: set[str], species: set[str]
) -> None:
    assert named_by(RULE[rule], [PeerHit(*hit) for hit in hits], LIBRARY) == (genera, species)


def answer(*species: str) -> barcode_peers.Answer:
    return barcode_peers.Answer(frozenset(s.split(" ")[0] for s in species), frozenset(species))


def test_several_genera_are_no_answer() -> None:
    records = [PublicRecord(f"A{n}", "Bison bonasus", "ok", "ACGT") for n in range(4)]
    given = [answer("Moschus fuscus"), answer("Moschus fuscus", "Bison bonasus"), answer("Bison bison"), answer()]
    found = barcode_peers.count(records, given)
    assert found["called_records"] == ["A0 Bison bonasus"]
    assert (found["genus_right"], found["genus_wrong"], found["no_genus"]) == (1, 1, 2)


def test_species_are_compared_with_the_deposited_name() -> None:
    records = [PublicRecord(f"A{n}", "Moschus cupreus", "ok", "ACGT") for n in range(4)]
    given = [
        answer("Moschus cupreus"),
        answer("Moschus fuscus"),
        answer("Moschus fuscus", "Moschus cupreus"),
        answer("Bison bonasus"),
    ]
    found = barcode_peers._species_count(records, given)
    assert found["called_moschus"] == {"k": 3, "n": 4} and found["wrong_genus"] == 1
    assert (found["species_named"], found["species_as_deposited"]) == (3, 1)
    assert found["species_other_than_deposited"] == {"k": 2, "n": 4}


def test_a_program_that_is_not_there_has_no_version() -> None:
    assert program_version("no-such-program-of-this-name") is None


def test_times_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(timed(lambda: None, 3).seconds) == 3
    assert Timing((3.0, 1.0, 2.0)).tree() == {"median_s": 2.0, "fastest_s": 1.0, "slowest_s": 3.0, "runs": 3}
    assert BUDGET_S > 0
    print_table("Title", ("name", "n"), [("long name", 7)])
    assert capsys.readouterr().out == "\nTitle\nname       n\nlong name  7\n"
    write_json(tmp_path / "new" / "a.json", {"b": 1})
    assert json.loads((tmp_path / "new" / "a.json").read_text()) == {"b": 1}


@needs_refdata
def test_barcode_counts_without_programs(release: ReferenceRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barcode_peers, "WIDE", barcode_peers.WIDE[:1])
    tree: dict[str, object] = {
        "panel": barcode_peers.panel(release, REFDATA, 600, (), 1),
        "wide": barcode_peers.wide(release, REFDATA, 300, (), 1),
        "target": barcode_peers.target(release, REFDATA, 6, ()),
        "cores": 2,
    }
    for entry in (*tree["panel"], *tree["wide"]):
        found = entry["answers"][barcode_peers.OWN]
        assert found["called_moschus"]["k"] == 0 and found["called_moschus"]["n"] == entry["queries"] > 0
    for entry in tree["target"]:
        found = entry["answers"][barcode_peers.OWN]
        assert found["species_named"] == found["wrong_genus"] == 0
    kept = side_by_side.counts_only(tree)
    assert "cores" not in kept and not any("times" in e for k in ("panel", "wide", "target") for e in kept[k])
    side_by_side.show_barcode(tree)


def spectrum(first: int) -> UnitMassSpectrum:
    mz = np.arange(first, first + 15, dtype=np.int64)
    return UnitMassSpectrum(mz, (mz * 7919 % 900 + 2).astype(np.int64))


@needs_refdata
def test_spectra_without_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spectra_peers.published_cases(REFDATA)["met"] == {"k": 400, "n": 400}
    pool = [
        ({"inchikey": f"KEY{n // 2}-X", "authors": f"lab {n % 2}", "query_D": "1"}, spectrum(40 + 10 * (n // 2)))
        for n in range(6)
    ]
    monkeypatch.setattr(spectra_peers, "_pool", lambda _: pool)
    monkeypatch.setattr(spectra_peers, "spectra_versions", lambda: dict.fromkeys(spectra_peers.PACKAGES))
    monkeypatch.setattr(side_by_side, "QUERIES", 2)
    monkeypatch.setattr(side_by_side, "LIBRARY", 4)
    tree = side_by_side.spectra(REFDATA, 1, 1)
    found = tree["retrieval"]
    assert isinstance(found, dict)
    assert all(found[name] == {"n": 6, "first": 6, "among_ten": 6} for name in ("identity", "entropy"))
    side_by_side.show_spectra(tree)


def test_cosine_of_a_pair_without_common_ions_is_nothing() -> None:
    one = spectrum(40)
    assert spectra_peers._cosine_squared(one, one) == pytest.approx(1.0)
    assert spectra_peers._cosine_squared(one, spectrum(90)) == 0.0


def test_release_without_public_margins_takes_public_records(release: ReferenceRelease) -> None:
    record = PublicRecord("X1", "Bison bonasus", "ok", "ACGT" * 26)
    made = barcode_peers._wide_release(release, [record], barcode_peers.WIDE[0][0], {"X1": "Bovidae"})
    assert made.wide_margins == () and [b.genus for b in made.barcodes] == ["Bison"]
