"""Freezing spectra: what enters a release and how, what is left out and why, and that a case is matched to it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_library import Input, build, files_of, made_from, panel, rows, with_spectra, write_sources
from spectra_libraries import anchors, msp

from musk_id.cli import main
from musk_id.formats.msp import read_msp_bytes
from musk_id.kernels.spectral import to_unit_mass
from musk_id.model.barcode import RunIdentity
from musk_id.model.methods import SPECTRA_METHODS
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import Identifier
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes
from musk_id.refdb.freeze import FrozenRelease, freeze_release, left_out_path
from musk_id.refdb.library_store import load_library
from musk_id.refdb.overlay import overlay_spectra
from musk_id.refdb.release import load_release
from musk_id.refdb.report import verify_release
from musk_id.stages.spectra import examine_spectrum
from musk_id.stages.spectral_library import SpectralLibrary
from musk_id.vocabulary import Locus, Technique

PROJECT = Path(__file__).resolve().parents[2]
BASE = PROJECT / "reference_db" / "releases" / "2026.1"
DATE = "2026-11-25"
MUSCONE = {"InChIKey": "ALHUZKCOMYUFRB-UHFFFAOYSA-N", "Formula": "C16H30O", "ExactMass": "238.22967"}
# Made up for these tests: no published spectrum of muscone may be kept here.
PEAKS = {
    41.0: 520.0, 55.0548: 999.0, 69.07: 610.0, 85.0: 905.0, 97.0: 430.0, 111.0: 200.0, 125.0: 190.0, 209.0: 120.0,
    223.0: 90.0, 238.2291: 460.0,
}  # fmt: skip


def muscone(accession: str, peaks: dict[float, float] = PEAKS, **fields: str) -> str:
    return msp(accession, peaks, **({"Name": "muscone"} | MUSCONE | fields))


def other(seed: int) -> dict[float, float]:
    """Peaks of their own: no near-duplicate of another list."""
    return {40.0 + 3 * seed: 999.0, 41.0 + 3 * seed: 300.0, 100.0: 50.0, 238.2: 200.0}


def _freeze(tmp_path: Path, text: str, curation: str = "", records: tuple = ()) -> FrozenRelease:
    inputs = {"a": Input(records)} if records else {}
    sources = with_spectra(write_sources(tmp_path / "s", inputs, curation=curation), text)
    library = build(sources, anchors(), tmp_path / "lib")
    return freeze_release(library, BASE, "2026.2", DATE, tmp_path / "rel")


def test_a_spectrum_enters_with_its_terms_and_its_marker(tmp_path: Path) -> None:
    fields = {
        "Country": "Mongolia", "CITES_permit": "MN 001", "RetentionIndex": "1850.5", "Column": "DB-5",
        "Synon": "Moschus ketone",
    }  # fmt: skip
    text = muscone("OWN-1", {**PEAKS, 245.5: 7.0, 60.0: 0.2}, **fields)
    frozen = _freeze(tmp_path, text, "OWN-1\t\treference\t\tA Person\t2026-02-01\tseen\n")
    made, base = load_release(frozen.folder), anchors()
    verify_release(frozen.folder)
    (added,) = set(made.spectra) - set(base.spectra)
    assert added == frozen.spectra[0]
    assert (added.accession, added.inchikey, added.licence, added.authors) == (
        "OWN-1", MUSCONE["InChIKey"], "CC BY", "A. Person",
    )  # fmt: skip
    assert [(p.mz, p.intensity) for p in added.peaks] == [
        ("41", 520), ("55.0548", 999), ("69.07", 610), ("85", 905), ("97", 430), ("111", 200), ("125", 190),
        ("209", 120), ("223", 90), ("238.2291", 460), ("245.5", 7),
    ]  # fmt: skip
    assert added.other_names == "Moschus ketone" and added.overlay is None
    for part in (
        "Library lib-1, s.msp.", "Peaks of at least 1 of 999 kept (11 of 12).",
        "Above the molecular ion: m/z 245.5.",
        "Retention index 1850.5 on DB-5.", "Stated: country Mongolia; cites_permit MN 001.",
        "seen (A Person, 2026-02-01)",
    ):  # fmt: skip
        assert part in added.note
    marker = next(m for m in made.markers if m.marker_id == "muscone")
    assert marker.accessions == ("OWN-1",)
    assert [m for m in made.markers if m.marker_id != "muscone"] == [
        m for m in base.markers if m.marker_id != "muscone"
    ]
    gone = set(base.gaps) - set(made.gaps)
    assert {(g.subject, g.where) for g in gone} == {("muscone", "EI spectrum")} and set(made.gaps) < set(base.gaps)
    (source,) = set(made.sources) - set(base.sources)
    assert "s.msp" in source.citation and source.terms == "CC BY; may be passed on."
    assert made.barcodes == base.barcodes and made.confusables == base.confusables
    differ = {n for n, data in files_of(BASE).items() if files_of(frozen.folder)[n] != data}
    assert differ == {"spectra.tsv", "markers.tsv", "gaps.tsv", "sources.tsv", "release.toml", "manifest.json"}


def test_a_frozen_spectrum_is_in_the_next_base(tmp_path: Path) -> None:
    first = _freeze(tmp_path / "a", muscone("OWN-1"))
    again = _freeze(tmp_path / "b", muscone("OWN-1"))
    assert files_of(first.folder) == files_of(again.folder)
    sources = with_spectra(
        write_sources(tmp_path / "c", {}, library_id="lib-2"), muscone("OWN-1") + muscone("OWN-2", other(2))
    )
    library = build(sources, anchors(), tmp_path / "lib")
    second = freeze_release(library, first.folder, "2026.3", DATE, tmp_path / "rel")
    made = load_release(second.folder)
    assert next(m for m in made.markers if m.marker_id == "muscone").accessions == ("OWN-1", "OWN-2")
    assert [(s.entry.accession, s.reason.value) for s in second.spectra_left_out] == [("OWN-1", "IN_BASE_ALREADY")]


def test_what_is_left_out_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = anchors().spectra[0]
    same = {float(p.mz): float(p.intensity) for p in held.peaks}
    named = {"InChIKey": held.inchikey, "Formula": held.formula, "ExactMass": held.exact_mass}
    near = {mz: value + (mz > 100) * 0.6 for mz, value in same.items()}
    text = (
        muscone("A-GOOD", other(0))
        + muscone(held.accession, other(1))
        + muscone("B-UNUSABLE", other(2))
        + muscone("C-DUPLICATE", other(3))
        + muscone("D-FLAGGED", {**other(4), 300.0: 500.0})
        + muscone("E-DECIDED", {**other(5), 300.0: 500.0})
        + muscone("F-SMILES", other(6), InChIKey="", SMILES="CC1CCCCCCCCCCCCC(=O)C1")
        + muscone("G-BLOCK", other(7), InChIKey=MUSCONE["InChIKey"][:14])
        + muscone("H-TMS", other(8), Derivatization_type="1 TMS", Derivative_form="C19H38OSi")
        + muscone("I-20EV", other(9), Ionization_energy="20 eV")
        + muscone("J-SILENT", other(10), Ionization_energy="")
        + muscone("K-SAME", same, **named)
        + muscone("L-SAME-OTHER", same)
        + muscone("M-NEAR", near, **named)
        + muscone("N-WEAK", {50.0: 999.0, 60.0: 0.3, 70.0: 0.2})
    )
    curation = "".join(
        f"{name}\t\t{state}\t\tA Person\t2026-02-01\twhy\n"
        for name, state in (
            ("B-UNUSABLE", "unusable"), ("C-DUPLICATE", "duplicate"), ("E-DECIDED", "reference"),
            # Decided, so that the copies are judged by the base and not by the audit.
            ("K-SAME", "reference"), ("L-SAME-OTHER", "reference"), ("M-NEAR", "reference"),
            ("N-WEAK", "reference"),
        )
    )  # fmt: skip
    sources = with_spectra(write_sources(tmp_path / "s", {}, curation=curation), text, redistribute=False)
    library = build(sources, anchors(), tmp_path / "lib")
    told = ["refdb", "freeze", "--base", "2026.1", "--release", "2026.2", "--date", DATE]
    assert main([*told, "--out", str(tmp_path / "rel"), str(library)]) == 0
    out = capsys.readouterr().out
    made = load_release(tmp_path / "rel" / "2026.2")
    added = {s.accession for s in made.spectra} - {s.accession for s in anchors().spectra}
    listed = {r["accession"]: (r["reason"], r["state"]) for r in rows(left_out_path(tmp_path / "rel" / "2026.2"))}
    assert added == {"A-GOOD", "E-DECIDED", "J-SILENT"}
    assert listed == {
        held.accession: ("IN_BASE_ALREADY", "reference"),
        "B-UNUSABLE": ("SPECTRUM_NOT_REFERENCE", "unusable"),
        "C-DUPLICATE": ("SPECTRUM_NOT_REFERENCE", "duplicate"),
        "D-FLAGGED": ("SPECTRUM_FLAGGED", "reference"),
        "F-SMILES": ("STRUCTURE_INCOMPLETE", "reference"),
        "G-BLOCK": ("STRUCTURE_INCOMPLETE", "reference"),
        "H-TMS": ("SPECTRUM_FLAGGED", "reference"),
        "I-20EV": ("ELECTRON_ENERGY_OTHER", "reference"),
        "K-SAME": ("PEAKS_IN_BASE_ALREADY", "reference"),
        "L-SAME-OTHER": ("PEAKS_IN_BASE_ALREADY", "reference"),
        "M-NEAR": ("PEAKS_IN_BASE_ALREADY", "reference"),
        "N-WEAK": ("SPECTRUM_FAULTY", "reference"),
    }
    assert "  spectra: 3 added\n" in out and "  3 spectra left out for PEAKS_IN_BASE_ALREADY\n" in out
    (source,) = set(made.sources) - set(anchors().sources)
    assert source.terms == "CC BY; not to be passed on."


def test_derivatives_that_somebody_decided_on_stay_out(tmp_path: Path) -> None:
    text = muscone("H-TMS", other(8), Derivatization_type="1 TMS") + muscone("OWN-1")
    frozen = _freeze(tmp_path, text, "H-TMS\t\treference\t\tA Person\t2026-02-01\tseen\n")
    assert [(s.entry.accession, s.reason.value) for s in frozen.spectra_left_out] == [("H-TMS", "DERIVATISED")]


def test_nothing_to_add_makes_no_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = with_spectra(write_sources(tmp_path / "s", {}), muscone("I-20EV", Ionization_energy="20 eV"))
    library = build(sources, anchors(), tmp_path / "lib")
    told = ["refdb", "freeze", "--base", "2026.1", "--release", "2026.2", "--date", DATE]
    assert main([*told, "--out", str(tmp_path / "rel"), str(library)]) == 2
    told_err = capsys.readouterr().err
    assert "of 1 spectrum none may enter: no release was made" in told_err
    assert "ELECTRON_ENERGY_OTHER: 1 spectrum" in told_err
    assert not (tmp_path / "rel").exists()


def test_a_library_whose_spectra_stay_out_leaves_the_tables_of_spectra_as_they_are(tmp_path: Path) -> None:
    record = made_from(panel(anchors(), Locus.COI, 1)[0], "AB000001.1")
    frozen = _freeze(tmp_path, muscone("I-20EV", Ionization_energy="20 eV"), records=(record,))
    assert len(frozen.added) == 1 and frozen.spectra == ()
    for name in ("spectra.tsv", "markers.tsv"):
        assert (frozen.folder / name).read_bytes() == (BASE / name).read_bytes()


def test_another_stereoisomer_is_searched_but_no_reference_of_the_marker(tmp_path: Path) -> None:
    key = MUSCONE["InChIKey"][:14] + "-OAHLLOKOSA-N"
    made = load_release(_freeze(tmp_path, muscone("R-1", InChIKey=key)).folder)
    assert next(m for m in made.markers if m.marker_id == "muscone").accessions == ()
    assert SpectralLibrary.from_release(made).holds(MUSCONE["InChIKey"])


def _answer(library: SpectralLibrary, text: str) -> bytes:
    run = RunIdentity(
        item_id=Identifier("a"),
        sub_sample_id=Identifier("a"),
        extract_id=Identifier("a"),
        product_id=Identifier("a"),
        run_id=Identifier("a"),
        technique=Technique.GC_MS_EI,
    )
    spectra = read_msp_bytes(text.encode(), "q.msp")
    evidence = SpectrumEvidence(run=run, file_sha256=sha256_bytes(b""), spectra=spectra)
    result = examine_spectrum(spectra[0], evidence, library, SPECTRA_METHODS[-1])
    hits = tuple(replace(hit, overlay=None) for hit in result.hits)
    return canonical_json(replace(result, hits=hits))


def test_the_release_answers_as_the_library_beside_its_base_did(tmp_path: Path) -> None:
    peaks = {50.6490001: 200.0, 51.649: 300.0, 69.07: 999.0, 85.0001: 404.5, 97.123456789: 0.5, 238.2291: 460.0}
    frozen = _freeze(tmp_path, muscone("OWN-1") + muscone("OWN-2", peaks))
    assert len(frozen.spectra) == 2
    before = SpectralLibrary.from_release(anchors(), overlay_spectra(load_library(tmp_path / "lib" / "lib-1")))
    after = SpectralLibrary.from_release(load_release(frozen.folder))
    for of in (PEAKS, peaks):
        query = msp("", {mz: value * (1.04 if int(mz) % 2 else 0.97) for mz, value in of.items()}, Name="peak")
        answer = _answer(after, query)
        assert answer == _answer(replace(before, release_id=after.release_id), query)
        assert b"OWN-1" in answer and b"OWN-2" in answer
    table = load_library(tmp_path / "lib" / "lib-1").spectra
    held = next(s for s in after.spectra if s.reference.accession == "OWN-2")
    mz, intensity = table.peaks(1)
    assert held.unit_mass.mz.tolist() == to_unit_mass(mz, intensity.round().astype(float)).mz.tolist()


def test_cases_are_examined_with_the_frozen_spectra(tmp_path: Path) -> None:
    frozen = _freeze(tmp_path, muscone("OWN-1"))
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root"))
    shutil.copytree(frozen.folder, root / "reference_db" / "2026.2")
    path = root / "laboratory.yaml"
    # The marker table of ei-identify-1 is that of release 2026.1.
    text = path.read_text("utf-8").replace("ei-identify-1", "ei-library-1")
    path.write_text(text.replace('"2026.1"', '"2026.2"'), "utf-8")
    case = root / "cases" / "DEMO-C"
    measured = {mz: round(value * (1.04 if int(mz) % 2 else 0.97)) for mz, value in PEAKS.items()}
    (case / "C1-R2_peak2.msp").write_text(msp("", measured, Name="peak", InChIKey="", Formula="", ExactMass=""))
    assert main(["examine", str(case), "--out", str(tmp_path / "out")]) == 0
    record = json.loads((tmp_path / "out" / "cases" / "DEMO-C" / "record" / "record.json").read_bytes())
    assert record["spectra"]["provenance"]["release_id"] == "2026.2"
    result = next(s for s in record["spectra"]["spectra"] if s["run"]["run_id"] == "C1-R2")
    assert result["hits"][0]["accession"] == "OWN-1" and result["hits"][0]["overlay"] is None
    assert result["call"]["status"] == "TENTATIVE"
    status = {m["name"]: m["status"] for m in record["spectra"]["markers"]}
    assert status["muscone"] not in ("NO_REFERENCE", "IDENTIFIED")
    assert status["muscopyridine"] == "NO_REFERENCE"
    natural = next(a for a in record["evidence"]["answers"] if a["kind"] == "NATURAL_MUSK_PRESENT")
    assert natural["finding"] == "INCONCLUSIVE"
