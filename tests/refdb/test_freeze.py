"""Freezing: what enters a release and as what, what is left out and why, and that no answer gets easier."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_library import Input, Made, build, files_of, made_from, panel, rows, write_sources

from musk_id.cli import main
from musk_id.errors import ReferenceDataError
from musk_id.library_vocabulary import LeftOut, NotExported
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.refdb.freeze import FrozenRelease, freeze_release, left_out_path
from musk_id.refdb.release import load_release, locate_release
from musk_id.refdb.report import verify_release
from musk_id.vocabulary import CurationState, Locus

PROJECT = Path(__file__).resolve().parents[2]
BASE = PROJECT / "reference_db" / "releases" / "2026.1"
DATE = "2026-11-25"


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(locate_release("2026.1"))


def _of(release: ReferenceRelease, accession: str, locus: Locus) -> BarcodeReference:
    return next(r for r in release.barcodes if r.accession == accession and r.locus is locus)


def _freeze(
    tmp_path: Path,
    release: ReferenceRelease,
    records: tuple[Made, ...],
    curation: str = "",
    sets: bytes | None = None,
) -> FrozenRelease:
    sources = write_sources(tmp_path / "s", {"a": Input(records, "CC-BY-4.0")}, curation=curation)
    return freeze_release(build(sources, release, tmp_path / "lib"), BASE, "2026.2", DATE, tmp_path / "rel", sets)


def _reasons(frozen: FrozenRelease) -> dict[str, str]:
    return {entry.record.accession: entry.reason.value for entry in frozen.left_out}


def test_records_taxa_and_sources_enter(release: ReferenceRelease, tmp_path: Path) -> None:
    coi, short = panel(release, Locus.COI, 2), panel(release, Locus.RRNA_12S, 1)
    genus = coi[0].genus
    records = (
        made_from(coi[0], "AB000001.1"),
        made_from(coi[1], "AB000002.1", species=f"{genus} novus", order="Cetartiodactyla"),
        made_from(short[0], "AB000003.1", species="Novus primus", family="Novidae", order="Novida"),
    )
    frozen = _freeze(tmp_path, release, records)
    made = load_release(frozen.folder)
    verify_release(frozen.folder)
    assert frozen.left_out == ()
    assert {r.accession for r in made.barcodes} - {r.accession for r in release.barcodes} == {
        r.accession for r in records
    }
    assert {t.species for t in made.taxa} - {t.species for t in release.taxa} == {f"{genus} novus", "Novus primus"}
    # An order that the base names otherwise is that of the base.
    assert next(t for t in made.taxa if t.species == f"{genus} novus").order == coi[0].order
    (source,) = set(made.sources) - set(release.sources)
    assert "a.fa" in source.citation
    assert source.terms == "CC-BY-4.0; may be passed on."
    kept = ("legal_rows", "spectra", "markers", "confusables", "sets", "wide_margins")
    assert all(getattr(made, name) == getattr(release, name) for name in kept)
    stated = {g for g in release.gaps if g.where == "verification"}
    assert stated <= set(made.gaps)


def test_same_inputs_same_bytes_and_no_release_is_overwritten(release: ReferenceRelease, tmp_path: Path) -> None:
    coi = panel(release, Locus.COI, 2)
    records = (made_from(coi[0], "AB000001.1"), made_from(coi[1], "AB000002.1"))
    first = _freeze(tmp_path / "a", release, records)
    second = _freeze(tmp_path / "b", release, records)
    assert files_of(first.folder) == files_of(second.folder)
    library, out = tmp_path / "a" / "lib" / "lib-1", tmp_path / "a" / "rel"
    told = ["refdb", "freeze", "--base", "2026.1", "--release", "2026.2", "--out", str(out)]
    assert main([*told, "--date", DATE, str(library)]) == 0
    assert main([*told, "--date", "2026-11-26", str(library)]) == 4
    assert files_of(first.folder) == files_of(second.folder)


def test_base_without_new_records_is_the_base(release: ReferenceRelease, tmp_path: Path) -> None:
    record = panel(release, Locus.COI, 1)[0]
    frozen = _freeze(tmp_path, release, (made_from(record, record.accession.split(".")[0] + ".7"),))
    assert [entry.reason for entry in frozen.left_out] == ["IN_BASE_ALREADY"]
    base, made = files_of(BASE), files_of(frozen.folder)
    assert {name for name in base if base[name] != made[name]} == {"release.toml", "manifest.json"}


def test_a_frozen_release_is_a_base(release: ReferenceRelease, tmp_path: Path) -> None:
    coi = panel(release, Locus.COI, 2)
    first = _freeze(tmp_path, release, (made_from(coi[0], "AB000001.1"),))
    sources = write_sources(tmp_path / "s2", {"b": Input((made_from(coi[1], "AB000002.1"),))}, library_id="lib-2")
    library = build(sources, release, tmp_path / "lib")
    second = freeze_release(library, first.folder, "2026.3", DATE, tmp_path / "rel")
    accessions = {r.accession for r in load_release(second.folder).barcodes}
    assert {"AB000001.1", "AB000002.1"} <= accessions


def test_one_reference_of_an_animal_at_a_marker(release: ReferenceRelease, tmp_path: Path) -> None:
    first, second, *_ = panel(release, Locus.RRNA_12S, 2)
    name = {"species": first.organism_as_deposited}
    records = (
        made_from(first, "AB000001.1", individual="animal 1"),
        made_from(first, "AB000002.1", individual="animal 1"),
        made_from(second, "AB000003.1", **name),
        # The animal of a record of the base.
        made_from(first, "AB000004.1", individual=first.individual),
    )
    made = load_release(_freeze(tmp_path, release, records).folder)
    states = {r.accession: r.state for r in made.barcodes}
    assert states["AB000001.1"] is states["AB000003.1"] is CurationState.REFERENCE
    assert states["AB000002.1"] is states["AB000004.1"] is CurationState.DUPLICATE
    duplicate = _of(made, "AB000004.1", Locus.RRNA_12S)
    assert duplicate.individual == first.individual
    assert first.accession in duplicate.note


def test_what_is_left_out_and_why(release: ReferenceRelease, tmp_path: Path) -> None:
    first, second, third, *_ = panel(release, Locus.COI, 3)
    cytb = panel(release, Locus.CYTB, 1)[0]
    plain = made_from(first, "AB000001.1")
    stop = plain.letters[:99] + "TAA" + plain.letters[102:]
    names = {"species": second.organism_as_deposited, "individual": "animal 9"}
    records = (
        plain,
        made_from(first, "AB000002.1", species=f"{first.organism_as_deposited} minor"),
        replace(made_from(first, "AB000003.1"), letters=plain.letters[:600]),
        replace(made_from(first, "AB000004.1"), letters=plain.letters[30:]),
        replace(made_from(first, "AB000005.1"), letters=stop),
        made_from(first, "AB000006.1", family="Cervidae"),
        made_from(first, "AB000007.1", species="Novus primus", family="not stated"),
        made_from(first, "AB000008.1", individual="animal 9"),
        made_from(second, "AB000009.1", **names),
        made_from(third, "AB000010.1"),
        made_from(third, "AB000011.1"),
        replace(made_from(cytb, "AB000012.1"), letters=cytb.sequence[:500] + cytb.sequence[503:]),
        made_from(third, "AB000013.1", individual=f"{first.individual}"),
        made_from(third, "AB000014.1", individual=f"{second.individual}"),
        made_from(third, "AB000015.1"),
    )
    curation = (
        "AB000010.1\t\tname_unresolved\t\tA Person\t2026-03-01\tno name\n"
        "AB000011.1\t\tduplicate\t\tA Person\t2026-03-01\tof what\n"
        f"AB000015.1\t\treference\t{first.organism_as_deposited}\tA Person\t2026-03-01\twhy\n"
    )
    frozen = _freeze(tmp_path, release, records, curation)
    assert _reasons(frozen) == {
        "AB000002.1": "NAME_NO_SPECIES",
        "AB000003.1": "LENGTH_NOT_OF_WINDOW",
        "AB000004.1": "WINDOW_WITH_GAPS",
        "AB000005.1": "SEQUENCE_FAULTY",
        "AB000006.1": "TAXON_CONFLICT",
        "AB000007.1": "TAXON_INCOMPLETE",
        "AB000008.1": "INDIVIDUAL_CONFLICT",
        "AB000009.1": "INDIVIDUAL_CONFLICT",
        "AB000010.1": "STATE_CONTRADICTS_NAME",
        "AB000011.1": "DUPLICATE_OF_NOTHING",
        "AB000012.1": "WINDOW_WITH_GAPS",
        "AB000013.1": "INDIVIDUAL_CONFLICT",
        "AB000014.1": "INDIVIDUAL_CONFLICT",
        "AB000015.1": "STATE_CONTRADICTS_NAME",
    }
    assert [r.accession for r in frozen.added] == ["AB000001.1"]


def test_states_of_curation_are_kept(release: ReferenceRelease, tmp_path: Path) -> None:
    first, second, *_ = panel(release, Locus.COI, 2)
    records = (made_from(first, "AB000001.1"), made_from(second, "AB000002.1"))
    curation = (
        f"AB000001.1\t\tname_unresolved\t{second.organism_as_deposited}\tA Person\t2026-03-01\tconflict\n"
        "AB000002.1\t\tunusable\t\tA Person\t2026-03-01\tchimera\n"
    )
    made = load_release(_freeze(tmp_path, release, records, curation).folder)
    one, two = (_of(made, accession, Locus.COI) for accession in ("AB000001.1", "AB000002.1"))
    assert (one.state, one.organism_revised) == (CurationState.NAME_UNRESOLVED, (second.organism_as_deposited,))
    assert two.state is CurationState.UNUSABLE
    assert "conflict (A Person, 2026-03-01)" in one.note
    assert "chimera" in two.note


def test_doubt_of_the_base_reaches_other_markers_of_the_animal(release: ReferenceRelease, tmp_path: Path) -> None:
    doubted = _of(release, "KY792714", Locus.RRNA_12S)
    coi = _of(release, "NC_012694.1", Locus.COI)
    record = made_from(coi, "KY792714.1", species=doubted.organism_as_deposited)
    assert _reasons(_freeze(tmp_path, release, (record,))) == {"KY792714.1": "NAME_CONTRADICTS_BASE"}


def _sets(release: ReferenceRelease, **added: tuple[str, ...]) -> bytes:
    lines = (BASE / "sets.tsv").read_text("utf-8").split("\n")
    for place, line in enumerate(lines):
        fields = line.split("\t")
        if fields[0] in added:
            fields[2] = ";".join((fields[2], *added[fields[0]]))
            lines[place] = "\t".join(fields)
    return "\n".join(lines).encode()


def test_musk_deer_enter_only_with_a_decided_set(release: ReferenceRelease, tmp_path: Path) -> None:
    known = _of(release, "NC_013753.1", Locus.COI)
    record = made_from(known, "AB000001.1", individual="animal 1")
    frozen = _freeze(tmp_path / "a", release, (record,))
    assert _reasons(frozen) == {"AB000001.1": "SET_NOT_DECIDED"}
    assert "NC_013753.1 (3 edits)" in frozen.left_out[0].detail
    frozen = _freeze(tmp_path / "b", release, (record,), sets=_sets(release, moschiferus=("AB000001.1",)))
    assert [r.state for r in frozen.added] == [CurationState.REFERENCE]


def test_a_copy_is_no_second_animal_of_a_musk_deer(release: ReferenceRelease, tmp_path: Path) -> None:
    known = _of(release, "NC_013753.1", Locus.COI)
    records = (
        made_from(known, "AB000001.1", 0),
        made_from(known, "AB000002.1", 3),
        replace(made_from(known, "AB000003.1"), letters=made_from(known, "AB000002.1", 3).letters),
        made_from(known, "AB000004.1", 0, individual="animal 4", submitter="Submitted (01-JAN-2020) Institute B"),
    )
    sets = _sets(release, moschiferus=("AB000002.1", "AB000004.1"))
    library = build(write_sources(tmp_path / "s", {"a": Input(records)}), release, tmp_path / "lib")
    frozen = freeze_release(library, BASE, "2026.2", DATE, tmp_path / "rel", sets)
    assert _reasons(frozen) == {"AB000001.1": "SET_NOT_DECIDED", "AB000003.1": "SET_NOT_DECIDED"}
    for copy, original in (("AB000001.1", r"NC_013753\.1"), ("AB000003.1", r"AB000002\.1")):
        more = _sets(release, moschiferus=("AB000002.1", "AB000004.1", copy))
        with pytest.raises(ReferenceDataError, match=rf"{copy}.*INDIVIDUAL_NOT_SHOWN.*{original}"):
            freeze_release(library, BASE, "2026.2", DATE, tmp_path / "other", more)
    assert not (tmp_path / "other").exists() or not list((tmp_path / "other").iterdir())


def test_names_that_contradict_the_letters_are_left_out(release: ReferenceRelease, tmp_path: Path) -> None:
    musk_deer, ox = _of(release, "NC_013753.1", Locus.COI), panel(release, Locus.COI, 1)[0]
    short = _of(release, "NC_013753.1", Locus.RRNA_12S)
    own = {"species": "Moschus moschiferus", "family": "Moschidae"}
    other = {"species": ox.organism_as_deposited, "family": ox.family}
    records = (
        made_from(ox, "AB000001.1", individual="animal 1", **own),
        made_from(musk_deer, "AB000002.1", **other),
        made_from(short, "AB000003.1", 2, **other),
        made_from(ox, "AB000004.1"),
    )
    sets = _sets(release, moschiferus=())
    frozen = _freeze(tmp_path, release, records, sets=sets)
    assert set(_reasons(frozen).values()) == {"NAME_CONTRADICTS_LETTERS"}
    assert [r.accession for r in frozen.added] == ["AB000004.1"]
    assert "Moschus" in next(e.detail for e in frozen.left_out if e.record.accession == "AB000002.1")


def test_animals_of_one_submitter_are_one_voice(release: ReferenceRelease, tmp_path: Path) -> None:
    known = _of(release, "NC_013753.1", Locus.COI)
    submitters = ("", "", "Submitted (01-JAN-2020) Institute B", "Submitted (02-MAR-2021) institute b", "C")
    records = tuple(
        made_from(known, f"AB00000{i}.1", 3 + i, individual=f"animal {i}", submitter=submitter)
        for i, submitter in enumerate(submitters)
    )
    with pytest.raises(ReferenceDataError, match=r"AB000001\.1.*SUBMITTER_COUNTED"):
        _freeze(
            tmp_path / "a", release, records, sets=_sets(release, moschiferus=tuple(r.accession for r in records))
        )
    named = ("AB000000.1", "AB000002.1", "AB000004.1")
    kept = tuple(r for r in records if r.accession in named)
    frozen = _freeze(tmp_path / "b", release, kept, sets=_sets(release, moschiferus=named))
    assert {r.state for r in frozen.added} == {CurationState.REFERENCE}
    assert len(frozen.added) == 3


@pytest.mark.parametrize("fault", ["record", "name", "set"])
def test_sets_may_only_grow(fault: str, release: ReferenceRelease, tmp_path: Path) -> None:
    text = (BASE / "sets.tsv").read_text("utf-8")
    changed = {
        "record": text.replace("NC_020093.1;", ""),
        "name": text.replace(";Moschus anhuiensis", ""),
        "set": "\n".join(line for line in text.split("\n") if not line.startswith("cupreus")),
    }[fault]
    assert changed != text
    (tmp_path / "sets.tsv").write_text(changed)
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1")
    library = build(write_sources(tmp_path / "s", {"a": Input((record,))}), release, tmp_path / "lib")
    told = ["--base", "2026.1", "--release", "2026.2", "--date", DATE, "--out", str(tmp_path / "rel")]
    assert main(["refdb", "freeze", str(library), *told, "--sets", str(tmp_path / "sets.tsv")]) == 4
    assert not (tmp_path / "rel").exists()


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--release", "2026.1", 2),
        ("--release", "2025.9", 2),
        ("--release", "next", 2),
        ("--date", "2026-11-20", 2),
        ("--date", "today", 2),
        ("--base", "2025.1", 2),
        ("--sets", "missing.tsv", 2),
    ],
)
def test_wrong_arguments(option: str, value: str, code: int, release: ReferenceRelease, tmp_path: Path) -> None:
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1")
    library = build(write_sources(tmp_path / "s", {"a": Input((record,))}), release, tmp_path / "lib")
    told = {
        "--base": "2026.1",
        "--release": "2026.2",
        "--date": DATE,
        "--out": str(tmp_path / "rel"),
        option: value,
    }
    assert main(["refdb", "freeze", str(library), *(word for pair in told.items() for word in pair)]) == code
    assert not (tmp_path / "rel").exists()


def test_command_lists_what_was_left_out(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coi = panel(release, Locus.COI, 1)[0]
    records = (made_from(coi, "AB000001.1"), made_from(coi, coi.accession))
    library = build(write_sources(tmp_path / "s", {"a": Input(records)}), release, tmp_path / "lib")
    told = ["--base", "2026.1", "--release", "2026.2", "--date", DATE, "--out", str(tmp_path / "rel")]
    assert main(["refdb", "freeze", str(library), *told]) == 0
    out = capsys.readouterr().out
    assert "1 record added" in out
    assert "1 left out for IN_BASE_ALREADY" in out
    listed = rows(left_out_path(tmp_path / "rel" / "2026.2"))
    assert [(r["accession"], r["reason"]) for r in listed] == [(coi.accession, "IN_BASE_ALREADY")]
    assert main(["refdb", "list", "--releases", str(tmp_path / "rel")]) == 0
    assert capsys.readouterr().out.startswith("2026.2  2026-11-25")


def test_cases_examined_with_a_frozen_release_name_no_musk_deer_species(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The release holds an animal of more species at a marker, yet of none enough: no species, as before."""
    berezovskii = _of(release, "NC_012694.1", Locus.COI)
    chrysogaster = _of(release, "NC_020017.1", Locus.COI)
    records = (
        made_from(berezovskii, "AB000001.1", individual="animal 1"),
        made_from(chrysogaster, "AB000002.1", 6, species="Moschus chrysogaster", individual="animal 2"),
        made_from(chrysogaster, "AB000003.1", 7, species="Moschus leucogaster", individual="animal 3"),
        made_from(panel(release, Locus.COI, 1)[0], "AB000004.1"),
    )
    sets = _sets(release, A=("AB000001.1", "AB000002.1"), B=("AB000003.1",))
    frozen = _freeze(tmp_path, release, records, sets=sets)
    assert len(frozen.added) == 4
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root"))
    shutil.copytree(frozen.folder, root / "reference_db" / "2026.2")
    path = root / "laboratory.yaml"
    path.write_text(path.read_text("utf-8").replace('"2026.1"', '"2026.2"'), "utf-8")
    # The chemical tables stand beside the shipped release; the refusal says how to have them beside another one.
    case = root / "cases" / "DEMO-A"
    assert main(["examine", str(case), "--out", str(tmp_path / "refused")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "copy the shipped tables" in told and "to reference_db/chemistry/2026.2" in told
    tables = root / "reference_db" / "chemistry" / "2026.2"
    shutil.copytree(PROJECT / "reference_db" / "chemistry" / "2026.1", tables)
    for case in sorted((root / "cases").iterdir()):
        assert main(["examine", str(case), "--out", str(tmp_path / "out")]) == 0
        record = json.loads((tmp_path / "out" / "cases" / case.name / "record" / "record.json").read_bytes())
        assert record["barcode"]["provenance"]["release_id"] == "2026.2"
        for item in record["barcode"]["items"]:
            assert item["rank"] != "SPECIES"
            assert not str(item["taxon"]).startswith("Moschus ")


def test_a_library_of_nothing_makes_no_release(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1", species="Capra sp.")
    library = build(write_sources(tmp_path / "s", {"a": Input((record,))}), release, tmp_path / "lib")
    assert len(rows(library / "set_aside.tsv")) == 1
    told = ["refdb", "freeze", "--base", "2026.1", "--release", "2026.2", "--date", DATE]
    assert main([*told, "--out", str(tmp_path / "rel"), str(library)]) == 2
    assert "holds neither sequences nor spectra: no release was made" in capsys.readouterr().err
    assert not (tmp_path / "rel").exists()


def test_every_reason_is_explained() -> None:
    page = (PROJECT / "docs" / "reference-library.md").read_text(encoding="utf-8")
    for word in (*LeftOut, *NotExported):
        assert f"| `{word}` |" in page, word
