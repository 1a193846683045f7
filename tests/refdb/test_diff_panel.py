"""Answers on a panel of files, or of own records with their individual withheld, of releases and libraries."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_library import Input, build, made_from, panel, rows, with_spectra, write_sources
from spectra_libraries import anchors, msp

from musk_id.cli import main
from musk_id.cli.diff_collections import Collection, spectrum_answer
from musk_id.cli.diff_panel import answer_panel
from musk_id.model.library import Library
from musk_id.model.refdiff import CollectionDiff
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spectrum import MassSpectrum
from musk_id.records.canonical import parse_record
from musk_id.refdb.freeze import freeze_release
from musk_id.refdb.library_store import load_library
from musk_id.vocabulary import CurationState, Locus

BASE = Path(__file__).resolve().parents[2] / "reference_db" / "releases" / "2026.1"
RELEASE = anchors()
MUSCONE = {"InChIKey": "ALHUZKCOMYUFRB-UHFFFAOYSA-N", "Formula": "C16H30O", "ExactMass": "238.22967"}
# Made up for these tests: no published spectrum of muscone may be kept here.
PEAKS = {41: 520, 55: 999, 69: 610, 85: 905, 97: 430, 111: 200, 125: 190, 209: 120, 223: 90, 238: 460}
MEASURED = {mz: value * (1.04 if mz % 2 else 0.97) for mz, value in PEAKS.items()}


def _moschus() -> list:
    return [
        r
        for r in RELEASE.barcodes
        if r.genus == "Moschus" and r.state not in (CurationState.UNUSABLE, CurationState.DUPLICATE)
    ]


def _build(folder: Path, records: tuple, text: str, name: str) -> Path:
    inputs = {"a": Input(records)} if records else {}
    sources = write_sources(folder / f"s-{name}", inputs, library_id=name)
    return build(with_spectra(sources, text) if text else sources, RELEASE, folder / "lib")


def test_own_records_are_asked_with_their_individual_withheld() -> None:
    side = Collection(RELEASE)
    answered = answer_panel(side, side, [])
    assert [a.name for a in answered.sequences] == sorted(f"{r.accession} {r.locus}" for r in _moschus())
    assert answered.diff.changed == () and answered.diff.spectra_changed == ()
    owner = {f"{r.accession} {r.locus}": r.individual for r in RELEASE.barcodes}
    animal = {r.accession: r.individual for r in RELEASE.barcodes}
    for answer in answered.sequences:
        assert answer.before == answer.after
        assert answer.before.deciding
        assert owner[answer.name] not in {animal[name] for name in answer.before.deciding}
    # The same, asked by hand of the release without the animal.
    chosen = answered.sequences[len(answered.sequences) // 2]
    record = next(r for r in RELEASE.barcodes if f"{r.accession} {r.locus}" == chosen.name)
    kept = tuple(r for r in RELEASE.barcodes if r.individual != record.individual)
    alone = Collection(replace(RELEASE, barcodes=kept)).answer([NucleotideSequence("x", record.sequence)])
    assert alone == [chosen.before]


def test_own_spectra_are_asked_without_themselves() -> None:
    side = Collection(RELEASE)
    answered = answer_panel(side, side, [])
    asked = {a.name.split(" ")[0]: a.before for a in answered.spectra}
    keys = {m.inchikey for m in RELEASE.markers}
    assert set(asked) == {s.accession for s in RELEASE.spectra if s.inchikey in keys}
    assert all(accession not in answer.deciding for accession, answer in asked.items())
    reference = RELEASE.spectra[0]
    mz = np.array([float(p.mz) for p in reference.peaks])
    query = MassSpectrum("q", mz, np.array([float(p.intensity) for p in reference.peaks]))
    held = spectrum_answer(query, side.prepared(), None)
    assert held.deciding == () or "SELF_MATCH" in held.reasons
    assert "SELF_MATCH" not in asked[reference.accession].reasons


def test_a_library_is_asked_with_its_individuals_withheld(tmp_path: Path) -> None:
    first, second = [r for r in _moschus() if r.locus is Locus.CYTB][:2]
    records = (
        made_from(first, "AB000001.1", individual="animal 1"),
        made_from(first, "AB000002.1", individual="animal 1"),
        made_from(second, "AB000003.1", individual="animal 2"),
        made_from(panel(RELEASE, Locus.CYTB, 1)[0], "AB000004.1"),
    )
    library = load_library(_build(tmp_path, records, "", "one"))
    side = Collection(RELEASE, library)
    answered = answer_panel(side, side, [])
    assert {a.name.split(" ")[0]: a.before.deciding for a in answered.sequences} == {
        "AB000001.1": ("AB000003.1",),
        "AB000002.1": ("AB000003.1",),
        "AB000003.1": answered.sequences[2].before.deciding,
    }
    assert set(answered.sequences[2].before.deciding) <= {"AB000001.1", "AB000002.1"}
    # Withholding touches no file and no other library.
    assert [t.state.max() for t in library.loci.values()] == [0]
    assert isinstance(library, Library)


def test_two_libraries_on_files_row_by_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    goat = panel(RELEASE, Locus.COI, 1)[0]
    other = panel(RELEASE, Locus.COI, 1, family="Cervidae")[0]
    third = made_from(panel(RELEASE, Locus.COI, 1, family="Moschidae")[0], "AB000003.1")
    same = replace(made_from(goat, "AB000001.1"), accession="AB000004.1")
    one = _build(tmp_path, (made_from(goat, "AB000001.1"), third), msp("OLD", {**PEAKS, 99: 5}), "one")
    two = _build(
        tmp_path,
        (made_from(goat, "AB000001.1"), same, made_from(other, "AB000002.1"), third),
        msp("OLD", {**PEAKS, 99: 5}) + msp("NEW", PEAKS, Name="muscone", **MUSCONE),
        "two",
    )
    (tmp_path / "q.fa").write_text(f">near one\n{goat.sequence}\n>near two\n{other.sequence}\n>nothing\nACGT\n")
    (tmp_path / "q.msp").write_text(msp("", MEASURED, Name="peak", License="") + msp("", {30: 1, 31: 2, 32: 3}))
    told = ["refdb", "diff", str(one), str(two), "--panel", str(tmp_path / "q.fa"), str(tmp_path / "q.msp")]
    assert main([*told, "--answers", str(tmp_path / "a.tsv"), "--json", str(tmp_path / "d.json")]) == 0
    out = capsys.readouterr().out
    listed = rows(tmp_path / "a.tsv")
    assert [(r["kind"], r["query"]) for r in listed] == [
        ("sequence", "near one"), ("sequence", "near two"), ("sequence", "nothing"),
        ("spectrum", "peak"), ("spectrum", "nameless"),
    ]  # fmt: skip
    assert [r["changed"] for r in listed][:4] == ["no", "yes", "no", "yes"]
    # The same answer, on one record more: no change, but told.
    decided = (listed[0]["deciding_before"], listed[0]["deciding_after"])
    assert decided == ("AB000001.1", "AB000001.1, AB000004.1")
    assert listed[0]["before"] == listed[0]["after"]
    assert listed[1]["deciding_before"] != listed[1]["deciding_after"] == "AB000002.1"
    assert listed[3]["deciding_before"] == "OLD" and "NEW" in listed[3]["deciding_after"]
    assert listed[3]["before"] != listed[3]["after"]
    diff = parse_record(CollectionDiff, (tmp_path / "d.json").read_bytes(), "d.json")
    assert [c.name for c in diff.panel.changed] == ["near two"]
    assert "peak" in [c.name for c in diff.panel.spectra_changed]
    assert (diff.panel.sequences, diff.panel.spectra) == (3, 2)
    unchanged = [r for r in listed if r["changed"] == "no" and r["deciding_before"] != r["deciding_after"]]
    assert diff.panel.other_records == len(unchanged) >= 1
    assert "panel of files" in out and "deciding records: AB000002.1" in out
    assert main([*told, "--json", str(tmp_path / "e.json")]) == 0
    assert (tmp_path / "e.json").read_bytes() == (tmp_path / "d.json").read_bytes()
    (tmp_path / "bad.msp").write_text("Name: x\nNum Peaks: 3\n1 1\n")
    assert main(["refdb", "diff", str(one), str(two), "--panel", str(tmp_path / "bad.msp")]) == 3


def test_a_release_with_a_new_spectrum_answers_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = _build(tmp_path, (), msp("OWN-S1", PEAKS, Name="muscone", **MUSCONE), "own")
    frozen = freeze_release(library, BASE, "2026.2", "2026-11-25", tmp_path / "rel")
    (tmp_path / "q.msp").write_text(msp("", MEASURED, Name="peak"))
    told = ["refdb", "diff", "2026.1", str(frozen.folder), "--panel", str(tmp_path / "q.msp")]
    assert main([*told, "--json", str(tmp_path / "d.json")]) == 0
    out = capsys.readouterr().out
    assert "spectra: 1 added" in out and "added OWN-S1 muscone" in out
    (change,) = json.loads((tmp_path / "d.json").read_bytes())["panel"]["spectra_changed"]
    assert change["before"]["status"] == "NOT_DETECTED"
    # Macrocycles are named by their group: a mass spectrum alone does not tell them apart.
    assert (change["after"]["status"], change["after"]["name"]) == ("TENTATIVE", "cyclic ketones C12 to C17")
    assert "OWN-S1" in change["after"]["deciding"]


def test_of_human_dna_no_record_is_named(tmp_path: Path) -> None:
    person = next(r for r in RELEASE.barcodes if r.genus == "Homo" and r.locus is Locus.COI)
    (tmp_path / "q.fa").write_text(f">a person\n{person.sequence}\n")
    goat = made_from(panel(RELEASE, Locus.COI, 1)[0], "AB000002.1")
    library = load_library(_build(tmp_path, (made_from(person, "AB000001.1"), goat), "", "one"))
    for side in (Collection(RELEASE), Collection(RELEASE, library)):
        (answer,) = answer_panel(side, side, [tmp_path / "q.fa"]).sequences
        assert "HUMAN_DNA" in answer.before.reasons
        assert answer.before.deciding == ()
        assert answer.name == "human"  # as in the table of many sequences: not the name that it bears


def test_a_record_of_the_earlier_form_is_still_read() -> None:
    side = {"kind": "release", "collection_id": "x", "date": "2026-01-01", "manifest_sha256": "0" * 64}
    answer = {"locus": None, "rank": "NONE", "taxon": None, "not_excluded": [], "reasons": []}
    change = {"number": 1, "name": "q", "before": answer, "after": {**answer, "taxon": "Capra"}}
    former = {"panel_sha256": "0" * 64, "methods": ["a"], "sequences": 1, "changed": [change]}
    tree = {"schema": "musk-id/refdb-diff/1", "before": side, "after": side, "records": [], "rows": []}
    text = json.dumps({**tree, "panel": former}, sort_keys=True, separators=(",", ":")).encode()
    diff = parse_record(CollectionDiff, text, "d.json")
    assert diff.spectra == () and diff.panel.spectra == 0 and diff.panel.panel == "files"
    assert diff.panel.changed[0].after.deciding == ()
