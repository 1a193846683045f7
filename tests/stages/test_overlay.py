"""Records of a laboratory's own beside the release: nearer, competing, named apart, never alone decisive."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from barcode_cases import METHOD, item, mutated, records, reference, rich_barcodes, single
from hypothesis import given
from hypothesis import strategies as st
from spectra_libraries import built, msp

from musk_id.cli import main
from musk_id.kernels.spectral import to_unit_mass
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.values import Line, Text
from musk_id.refdb.overlay import overlay_spectra
from musk_id.refdb.release import load_release, locate_release
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import Finding, Locus, Rank, Reason

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RELEASE = load_release(locate_release("2026.1"))
SHORT = Locus.RRNA_12S


def own(like: BarcodeReference, sequence: str, name: str = "OWN-1", **changes: object) -> BarcodeReference:
    base = {"accession": Line(name), "individual": Line(f"lab {name}"), "overlay": Line("lab"), "note": None}
    return reference(like, sequence=Text(sequence), **{**base, **changes})


def with_overlay(*overlay: BarcodeReference, release: ReferenceRelease = RELEASE) -> BarcodeLibrary:
    return BarcodeLibrary.from_release(release, METHOD, overlay)


def test_an_own_record_alone_does_not_carry_the_genus() -> None:
    like = records(RELEASE, SHORT)[0]
    far = mutated(like.sequence, 12, random.Random(3))
    assert single(with_overlay(), far).finding is Finding.INCONCLUSIVE
    result = single(with_overlay(own(like, far)), far)
    assert result.finding is Finding.INCONCLUSIVE
    assert Reason.OVERLAY_ONLY in result.reasons
    assert result.call is not None
    assert result.call.rank is Rank.NONE
    assert result.hits[0].overlay == "lab"
    criterion = next(c for c in result.call.trace if c.name == "barcode.release_alone")
    assert criterion.outcome == "FAILED"


def test_an_own_record_beside_the_release_is_named_apart() -> None:
    like = records(RELEASE, SHORT)[0]
    letters = mutated(like.sequence, 1, random.Random(5))
    plain = single(with_overlay(), letters)
    result = single(with_overlay(own(like, letters)), letters)
    assert (plain.finding, result.finding) == (Finding.DETECTED, Finding.DETECTED)
    assert [hit.overlay for hit in result.hits if hit.rank == 1] == ["lab"]
    assert all(hit.overlay is None for hit in plain.hits)
    # The names of the release's nearest records stay not excluded.
    before = {n.species for n in plain.call.not_excluded}
    assert before <= {n.species for n in result.call.not_excluded}


@given(st.integers(0, 10_000))
def test_own_records_of_the_genus_never_add_a_call(seed: int) -> None:
    rng = random.Random(seed)
    like = rng.choice(records(RELEASE, SHORT))
    query = mutated(like.sequence, rng.randint(0, 14), rng)
    overlay = [own(like, mutated(query, rng.randint(0, 2), rng), f"OWN-{n}") for n in range(rng.randint(1, 4))]
    plain, mixed = single(with_overlay(), query), single(with_overlay(*overlay), query)
    if mixed.call is not None and mixed.call.taxon == METHOD.genus:
        assert plain.call is not None
        assert (plain.call.rank, plain.call.taxon) == (mixed.call.rank, mixed.call.taxon)


def test_an_own_record_of_another_genus_is_a_competitor() -> None:
    like = records(RELEASE, SHORT)[0]
    goat = next(r for r in RELEASE.barcodes_at(SHORT) if r.genus == "Capra")
    near = mutated(like.sequence, 1, random.Random(8))
    assert single(with_overlay(), like.sequence).finding is Finding.DETECTED
    result = single(with_overlay(own(goat, near)), like.sequence)
    assert result.finding is Finding.INCONCLUSIVE
    assert Reason.MARGIN_TOO_SMALL in result.reasons


def test_an_own_record_does_not_carry_the_margin_of_the_genus() -> None:
    like = records(RELEASE, SHORT)[0]
    goat = next(r for r in RELEASE.barcodes_at(SHORT) if r.genus == "Capra")
    near = mutated(like.sequence, 1, random.Random(8))
    release = replace(
        RELEASE, barcodes=(*RELEASE.barcodes, reference(goat, accession=Line("GOAT-2"), sequence=Text(near)))
    )
    letters = mutated(like.sequence, 1, random.Random(9))
    assert single(with_overlay(release=release), letters).finding is Finding.INCONCLUSIVE
    for number in range(4):
        query = mutated(like.sequence, 1, random.Random(number))
        assert single(with_overlay(own(like, query), release=release), query).finding is Finding.INCONCLUSIVE


def test_an_own_record_hides_no_contradiction_between_markers() -> None:
    goat = next(r for r in RELEASE.barcodes_at(Locus.RRNA_16S) if r.genus == "Capra")
    like = records(RELEASE, Locus.RRNA_16S)[0]
    letters = (records(RELEASE, SHORT)[0].sequence, mutated(goat.sequence, 6, random.Random(2)))
    plain = item(with_overlay(), *letters)
    assert plain.moschus is Finding.INCONCLUSIVE and plain.reasons
    mixed = item(with_overlay(own(like, letters[1])), *letters)
    assert (mixed.moschus, mixed.reasons) == (plain.moschus, plain.reasons)


def test_an_own_record_names_no_other_animal_and_carries_no_exclusion() -> None:
    like = next(r for r in RELEASE.barcodes_at(Locus.COI) if r.genus != METHOD.genus)
    # Transitions at third positions keep the amino acids: far from every record, and no stop codon.
    swap = str.maketrans("ACGT", "GTAC")
    found = []
    for phase in range(3):
        letters = "".join(c.translate(swap) if n % 6 == phase else c for n, c in enumerate(like.sequence))
        assert single(with_overlay(), letters).finding is Finding.INCONCLUSIVE
        mine = own(like, letters, genus=Line("Bos"), organism_as_deposited=Line("Bos taurus"))
        found.append(single(with_overlay(mine), letters))
    assert {result.finding for result in found} == {Finding.INCONCLUSIVE}
    (result,) = (result for result in found if Reason.STOP_CODON not in result.reasons)
    assert Reason.OVERLAY_ONLY in result.reasons


def test_an_own_record_does_not_make_a_person_an_animal() -> None:
    person = next(r for r in RELEASE.barcodes if r.genus == "Homo" and r.locus is Locus.COI)
    goat = next(r for r in RELEASE.barcodes_at(Locus.COI) if r.genus == "Capra")
    letters = mutated(person.sequence, 3, random.Random(6))
    result = single(with_overlay(own(goat, letters)), letters)
    assert Reason.HUMAN_DNA in result.reasons
    assert not result.hits and result.picture is None and result.sequence_sha256 is None


def test_own_animals_do_not_count_for_the_species() -> None:
    barcodes = rich_barcodes(RELEASE, Locus.CYTB)
    mine = [r for r in barcodes if r.organism_as_deposited == "Moschus moschiferus" and r.locus is Locus.CYTB]
    rest = [r for r in barcodes if r not in mine]
    short = next(r for r in records(RELEASE, SHORT) if r.organism_as_deposited == "Moschus moschiferus")
    letters = (mine[0].sequence, short.sequence)
    whole = BarcodeLibrary.from_release(replace(RELEASE, barcodes=tuple(barcodes)), METHOD)
    assert item(whole, *letters).rank is Rank.SPECIES
    # The same animals, all but one of them the laboratory's own: these do not count.
    released = replace(RELEASE, barcodes=(*rest, mine[0]))
    overlay = tuple(replace(r, overlay=Line("lab")) for r in mine[1:])
    call = item(BarcodeLibrary.from_release(released, METHOD, overlay), *letters)
    assert call.moschus is Finding.DETECTED
    assert call.rank is Rank.GENUS
    measured = {c.name: c.measured for c in call.trace}
    assert measured["barcode.species_individuals"] == "1"


def test_a_library_without_own_records_adds_no_criterion() -> None:
    letters = records(RELEASE, SHORT)[0].sequence
    names = [c.name for c in single(with_overlay(), letters).call.trace]
    assert "barcode.release_alone" not in names


# Made up for this test: no published spectrum of muscone may be kept here.
PEAKS = {41: 520, 55: 999, 69: 610, 85: 905, 97: 430, 111: 200, 125: 190, 209: 120, 223: 90, 238: 460}
MUSCONE = (
    "Name: muscone\nDB#: OWN-S1\nInChIKey: ALHUZKCOMYUFRB-UHFFFAOYSA-N\nFormula: C16H30O\n"
    f"Num Peaks: {len(PEAKS)}\n" + "".join(f"{mz} {value}\n" for mz, value in PEAKS.items()) + "\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The example laboratory with a library of its own: a record beside the sequence of case A."""
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    sources = tmp_path / "sources"
    sources.mkdir()
    entry = 'path = "own.fasta"\ntaxonomy = "names.tsv"\nsource = "own"\nlicence = "own"\nredistribute = false\n'
    head = 'library_id = "own-1"\ndate = "2026-11-25"\ntitle = "Own data"\n'
    spectra = 'path = "own.msp"\nsource = "own"\nlicence = "own"\nredistribute = false\nionisation = "EI"\n'
    (sources / "library.toml").write_text(f"{head}[[sequences]]\n{entry}[[spectra]]\n{spectra}")
    (sources / "own.msp").write_text(MUSCONE)
    letters = (root / "cases" / "DEMO-A" / "A1-R1_12S-V5.fasta").read_text().split("\n", 1)[1]
    (sources / "own.fasta").write_text(f">OWN-MUSK-1\n{letters}")
    names = "accession\tspecies\tfamily\torder\nOWN-MUSK-1\tMoschus moschiferus\tMoschidae\tArtiodactyla\n"
    (sources / "names.tsv").write_text(names)
    assert main(["refdb", "build", str(sources), "--out", str(root / "overlays")]) == 0
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8") + "overlays: [own-1]\n", encoding="utf-8")
    return root


def test_own_data_stand_in_record_and_pages(root: Path, tmp_path: Path) -> None:
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / "cases" / "DEMO-A" / "record"
    record = json.loads((folder / "record.json").read_bytes())
    (overlay,) = record["release"]["overlays"]
    assert (overlay["library_id"], overlay["barcode_records"]) == ("own-1", 1)
    assert any(i["name"] == "overlay own-1" for i in record["barcode"]["provenance"]["inputs"])
    hits = [hit for s in record["barcode"]["sequences"] for hit in s["hits"] if hit["overlay"] == "own-1"]
    assert [hit["accession"] for hit in hits] == ["OWN-MUSK-1"]
    page = (folder / "record.en.html").read_text(encoding="utf-8")
    assert "own data own-1" in page
    assert "Own data own-1 of 2026-11-25: barcodes 1, spectra 1" in page
    assert "named apart" in page
    assert b"SPECIES" not in json.dumps([i["rank"] for i in record["barcode"]["items"]]).encode()


def test_own_spectra_cost_nothing_in_a_case_without_spectra(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musk_id.refdb import overlay

    asked = []
    whole = overlay.overlay_spectra
    monkeypatch.setattr(overlay, "overlay_spectra", lambda library: asked.append(library) or whole(library))
    for case, times in (("DEMO-A", 0), ("DEMO-C", 1)):
        assert main(["examine", str(root / "cases" / case), "--out", str(tmp_path / case)]) == 0
        assert len(asked) == times, case


def test_unit_masses_of_own_spectra_are_those_of_peaks_as_a_release_holds_them(tmp_path: Path) -> None:
    rng = random.Random(12)
    # m/z next to a step of the nominal mass, at the fifth decimal and beyond it, and heights about one half.
    near = [50 + n + 0.649 + rng.choice((-2e-5, -5e-6, -4e-6, 0, 4e-6, 5e-6, 2e-5)) for n in range(60)]
    texts = []
    for number in range(20):
        peaks = {round(mz, 7): rng.choice((999.0, 0.4, 0.5, 0.5000001, 1.5, 2.5, 77.3)) for mz in near}
        texts.append(msp(f"S{number}", {43.0: 999.0} | peaks))
    library = built(tmp_path, "".join(texts))
    assert library.spectra is not None
    found = overlay_spectra(library)
    assert len(found) == 20
    for number, own in enumerate(found):
        mz, height = library.spectra.peaks(number)
        kept = [(m, float(round(h))) for m, h in zip(mz.tolist(), height.tolist(), strict=True) if round(h) > 0]
        expected = to_unit_mass(np.array([m for m, _ in kept]), np.array([h for _, h in kept]))
        assert own.mz.tolist() == expected.mz.tolist()
        assert own.intensity.tolist() == expected.intensity.tolist()


def test_an_own_spectrum_makes_a_marker_searchable_and_stays_tentative(root: Path, tmp_path: Path) -> None:
    case = root / "cases" / "DEMO-C"
    measured = {mz: round(value * (1.04 if mz % 2 else 0.97)) for mz, value in PEAKS.items()}
    peaks = "".join(f"{mz} {value}\n" for mz, value in measured.items())
    (case / "C1-R2_peak2.msp").write_text(f"Name: peak\nNum Peaks: {len(PEAKS)}\n{peaks}\n")
    assert main(["examine", str(case), "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / "cases" / "DEMO-C" / "record"
    record = json.loads((folder / "record.json").read_bytes())
    result = next(s for s in record["spectra"]["spectra"] if s["run"]["run_id"] == "C1-R2")
    # Macrocycles are named by their group: a mass spectrum alone does not tell them apart.
    assert (result["call"]["name"], result["call"]["status"]) == ("cyclic ketones C12 to C17", "TENTATIVE")
    assert result["hits"][0]["overlay"] == "own-1"
    status = {m["name"]: m["status"] for m in record["spectra"]["markers"]}
    assert status["muscone"] not in ("NO_REFERENCE", "IDENTIFIED")
    assert status["muscopyridine"] == "NO_REFERENCE"
    natural = next(a for a in record["evidence"]["answers"] if a["kind"] == "NATURAL_MUSK_PRESENT")
    assert natural["finding"] == "INCONCLUSIVE"
    assert "own data own-1" in (folder / "record.en.html").read_text(encoding="utf-8")


def test_a_missing_or_changed_overlay_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = str(root / "cases" / "DEMO-A")
    path = root / "overlays" / "own-1" / "records.tsv"
    path.write_bytes(path.read_bytes() + b"x")
    assert main(["examine", case, "--out", str(tmp_path / "out")]) == 4
    assert "records.tsv" in capsys.readouterr().err
    shutil.rmtree(root / "overlays")
    assert main(["examine", case, "--out", str(tmp_path / "out")]) == 2
    assert "own-1" in capsys.readouterr().err
