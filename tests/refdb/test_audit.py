"""The audit finds planted errors, leaves sound libraries alone, and proposes only."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from audit_tables import library, species_sequences
from hypothesis import given, settings
from hypothesis import strategies as st
from refdata import needs_refdata

from musk_id.errors import ReferenceDataError
from musk_id.model.audit import LibraryAudit
from musk_id.model.library import Library
from musk_id.model.methods import BARCODE_METHODS
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.refdb.audit import Provenance, audit_library
from musk_id.refdb.audit_grades import grade
from musk_id.refdb.audit_output import audit_files
from musk_id.refdb.audit_table import submissions
from musk_id.refdb.library_sources import CURATION_COLUMNS, parse_curation
from musk_id.vocabulary import AuditFlag, AuditSide, LibraryGrade, Locus

PROJECT = Path(__file__).resolve().parents[2]
NOTHING = Provenance({}, {})
SPECIES = ("Aus albus", "Aus niger", "Bus ruber", "Cus viridis")


@pytest.fixture(scope="module")
def audit_of(shipped_release):
    def audited(made: Library, provenance: Provenance = NOTHING) -> LibraryAudit:
        return audit_library(made, shipped_release, BARCODE_METHODS[-1], provenance)

    return audited


def names_of(records: int) -> list[str]:
    return [species for species in SPECIES for _ in range(records)]


def in_conflict(audit: LibraryAudit) -> dict[str, str]:
    return {c.accession: c.other_species for c in audit.conflicts if c.flag is AuditFlag.NAME_CONFLICT}


def flagged(audit: LibraryAudit, flag: AuditFlag) -> set[str]:
    return {accession for r in audit.remarks if r.flag is flag for accession in r.accessions}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(1, 3))
def test_a_planted_wrong_name_is_found_and_nothing_else(shipped_release, seed: int, of: int, shift: int) -> None:
    masks, names = species_sequences(seed, 4, 6), names_of(6)
    wrong = of * 6
    names[wrong] = SPECIES[(of + shift) % 4]
    audit = audit_library(library(masks, names), shipped_release, BARCODE_METHODS[-1], NOTHING)
    assert in_conflict(audit) == {f"XX{1000 * (wrong + 1):06d}": SPECIES[of]}
    (conflict,) = audit.conflicts
    assert conflict.side is AuditSide.RECORD
    assert {m.species for m in conflict.others} == {SPECIES[of]}
    assert {m.species for m in conflict.own} == {conflict.species}
    assert max(m.differing for m in conflict.others) < min(m.differing for m in conflict.own)


def test_a_sound_library_has_no_conflict(audit_of) -> None:
    audit = audit_of(library(species_sequences(3, 4, 6), names_of(6)))
    assert audit.conflicts == ()
    assert {g.grade for g in audit.grades} == {LibraryGrade.A}


def test_two_lineages_with_several_animals_each_are_split_not_mislabelled(audit_of) -> None:
    masks = species_sequences(5, 4, 5)
    names = [
        name for name, count in (("Aus albus", 10), ("Bus ruber", 5), ("Cus viridis", 5)) for _ in range(count)
    ]
    audit = audit_of(library(masks, names))
    assert audit.conflicts == ()
    (split,) = [r for r in audit.remarks if r.flag is AuditFlag.SPLIT_SPECIES]
    assert split.species == ("Aus albus",)
    assert {g.species: g.grade for g in audit.grades}["Aus albus"] is LibraryGrade.C


def test_companions_of_one_submission_do_not_vouch_for_each_other(audit_of) -> None:
    masks, names = species_sequences(7, 4, 5), names_of(5)
    accessions = [f"XX{1000 * (i + 1):06d}" for i in range(20)]
    names[0], names[1] = "Bus ruber", "Bus ruber"
    accessions[0], accessions[1] = "YY000001", "YY000002"
    audit = audit_of(library(masks, names, accessions))
    assert set(in_conflict(audit)) == {"YY000001", "YY000002"}
    assert audit.conflicts[0].claim == ("YY000001", "YY000002")


def test_the_neighbour_of_a_wrong_name_keeps_its_own(audit_of) -> None:
    masks, names = species_sequences(9, 4, 6), names_of(6)
    masks[0] = masks[1]
    names[0] = "Cus viridis"
    audit = audit_of(library(masks, names))
    assert set(in_conflict(audit)) == {"XX001000"}
    (equal,) = [r for r in audit.remarks if r.flag is AuditFlag.DUPLICATE_ACROSS_NAMES]
    assert equal.accessions == ("XX001000", "XX002000")
    grades = {g.species: g.grade for g in audit.grades}
    assert grades["Aus albus"] is grades["Cus viridis"] is LibraryGrade.E


def test_a_single_individual_within_another_species_sits_with_it_and_no_side_is_named(audit_of) -> None:
    masks, names = species_sequences(11, 4, 5), names_of(5)
    names[2] = "Dus solus"
    audit = audit_of(library(masks, names))
    (conflict,) = audit.conflicts
    assert (conflict.flag, conflict.species, conflict.other_species, conflict.side, conflict.own) == (
        AuditFlag.SITS_WITH,
        "Dus solus",
        "Aus albus",
        AuditSide.NOT_DECIDED,
        (),
    )


def short_library(names_and_changes: list[tuple[str, tuple[int, ...]]]) -> Library:
    """Library of 12S-V5 records that differ from one sequence in the columns named."""
    base = np.resize(np.array([1, 2, 4, 8, 4, 1, 1, 2], dtype=np.uint8), 106)
    masks = np.tile(base, (len(names_and_changes), 1))
    for row, (_, columns) in enumerate(names_and_changes):
        for column in columns:
            masks[row, column] = 8 if base[column] != 8 else 1
    return library(masks, [name for name, _ in names_and_changes], locus=Locus.RRNA_12S)


def test_two_edits_on_a_short_marker_are_told_but_called_no_conflict(audit_of) -> None:
    home = [("Aus albus", ()), ("Aus albus", ()), ("Aus albus", ())]
    other = [("Bus ruber", (10, 20)), ("Bus ruber", (10, 20)), ("Bus ruber", (10, 20))]
    audit = audit_of(short_library([*home, *other, ("Aus albus", (10, 20))]))
    (conflict,) = audit.conflicts
    assert (conflict.flag, conflict.accession, conflict.side) == (
        AuditFlag.NEARER_OTHER_NAME,
        "XX007000",
        AuditSide.RECORD,
    )
    assert [(m.differing, m.compared) for m in conflict.own] == [(2, 106)] * 3


def test_many_edits_on_a_short_marker_are_a_conflict(audit_of) -> None:
    apart = (5, 10, 20, 30, 40, 50)
    home, other = [("Aus albus", ())] * 3, [("Bus ruber", apart)] * 3
    audit = audit_of(short_library([*home, *other, ("Aus albus", apart)]))
    assert in_conflict(audit) == {"XX007000": "Bus ruber"}


def test_a_record_between_two_names_is_left_alone(audit_of) -> None:
    home, other = [("Aus albus", ())] * 3, [("Bus ruber", (10, 20))] * 3
    assert audit_of(short_library([*home, *other, ("Aus albus", (10,))])).conflicts == ()


def test_refseq_copies_are_no_animals_of_their_own(audit_of) -> None:
    masks = species_sequences(13, 2, 3)
    masks[1] = masks[0]
    accessions = ["AB100000", "NC_000001.1", "AB900000", "CD100000", "CD200000", "CD300000"]
    audit = audit_of(library(masks, ["Aus albus"] * 3 + ["Aus niger"] * 3, accessions))
    assert {g.species: (g.records, g.individuals) for g in audit.grades} == {
        "Aus albus": (3, 2),
        "Aus niger": (3, 3),
    }


def test_faults_of_the_sequence_are_told_with_numbers(audit_of) -> None:
    masks, names = species_sequences(15, 4, 5), names_of(5)
    masks[0, 300:303] = (8, 1, 1)
    masks[6, 400:] = 0
    masks[12, 30:60] = 15
    table = library(masks, names)
    (locus,) = table.loci
    audit = audit_of(table, Provenance({(locus, "XX019000"): 4}, {}))
    assert flagged(audit, AuditFlag.STOP_CODON) == {"XX001000"}
    assert flagged(audit, AuditFlag.TOO_SHORT) == {"XX007000"}
    assert flagged(audit, AuditFlag.TOO_AMBIGUOUS) == {"XX013000"}
    assert flagged(audit, AuditFlag.FRAME_SHIFT) == {"XX019000"}
    (stop,) = [r for r in audit.remarks if r.flag is AuditFlag.STOP_CODON]
    assert stop.measured == "at columns 301"


def test_one_submitter_and_missing_species_are_told(audit_of, shipped_release) -> None:
    made = library(species_sequences(17, 4, 5), names_of(5))
    (locus,) = made.loci
    submitters = {
        (locus, f"XX{1000 * (i + 1):06d}"): "Institute of A" if i < 5 else f"Person {i}" for i in range(20)
    }
    audit = audit_of(made, Provenance({}, submitters))
    (single,) = [r for r in audit.remarks if r.flag is AuditFlag.SINGLE_SUBMITTER]
    assert (single.species, single.measured) == (("Aus albus",), "all from Institute of A")
    missing = {r.species[0] for r in audit.remarks if r.flag is AuditFlag.NO_REFERENCE_AT_LOCUS}
    assert missing == {taxon.species for taxon in shipped_release.taxa}


def test_proposals_hold_only_once_a_person_signs(audit_of) -> None:
    masks, names = species_sequences(19, 4, 6), names_of(6)
    names[0] = "Bus ruber"
    files = audit_files(audit_of(library(masks, names)), ["Moschus"])
    lines = files["proposals.tsv"].decode().splitlines()
    assert lines[0].split("\t") == list(CURATION_COLUMNS)
    assert [line.split("\t")[:3] for line in lines[1:]] == [["XX001000", "COI-658", "name_unresolved"]]
    with pytest.raises(ReferenceDataError, match="person"):
        parse_curation(files["proposals.tsv"], "curation.tsv")
    fields = lines[1].split("\t")
    fields[CURATION_COLUMNS.index("person")] = "A. Person"
    signed = "\n".join([lines[0], "\t".join(fields)]) + "\n"
    (entry,) = parse_curation(signed.encode(), "curation.tsv")
    assert "Aus albus" in entry.reason


def test_the_record_is_the_same_each_time_and_reads_back(audit_of) -> None:
    masks, names = species_sequences(21, 4, 6), names_of(6)
    names[0] = "Bus ruber"
    audit = audit_of(library(masks, names))
    data = canonical_json(audit)
    assert parse_record(LibraryAudit, data, "audit.json") == audit
    assert canonical_json(audit_of(library(masks, names))) == data
    assert json.loads(data)["schema"] == LibraryAudit.SCHEMA


def test_accessions_in_a_row_are_one_submission_refseq_numbers_are_none() -> None:
    numbers = submissions(["AB000010", "AB000011.1", "AB000500", "NC_000010.1", "NC_000011.1", "own sample"])
    assert numbers[0] == numbers[1]
    assert len(set(numbers.tolist())) == 5


@pytest.mark.parametrize(
    ("in_conflict", "individuals", "submitted", "clusters", "expected"),
    [
        (False, 5, 2, 1, "A"),
        (False, 5, 1, 1, "B"),
        (False, 4, 4, 1, "B"),
        (False, 9, 9, 2, "C"),
        (False, 1, 1, 1, "D"),
        (True, 9, 9, 1, "E"),
        (True, 1, 1, 1, "E"),
    ],
)
def test_grades(in_conflict: bool, individuals: int, submitted: int, clusters: int, expected: str) -> None:
    found = grade(in_conflict=in_conflict, individuals=individuals, submissions=submitted, clusters=clusters)
    assert found == expected


@needs_refdata
def test_known_label_problems_and_seeded_names_are_found(tmp_path: Path) -> None:
    sys.path.insert(0, str(PROJECT / "benchmarks"))
    try:
        import refdb_audit as benchmark
    finally:
        sys.path.pop(0)
    tree = benchmark.run(benchmark.REFDATA, quick=True, seeds=range(2))
    assert tree["moschus"]["missed"] == []
    assert tree["moschus"]["others_in_conflict"] == []
    overall = tree["seeded"]["all"]
    assert overall["sensitivity"]["k"] >= 0.9 * overall["sensitivity"]["n"]
    assert overall["precision"]["k"] >= 0.9 * overall["precision"]["n"]


def test_no_accession_is_written_into_the_code() -> None:
    import re

    for path in (PROJECT / "musk_id" / "refdb").glob("audit*.py"):
        assert re.findall(r"\b[A-Z]{1,2}_?[0-9]{5,8}\b", path.read_text(encoding="utf-8")) == [], path.name


def test_the_command_writes_its_files_and_leaves_the_library_alone(
    tmp_path: Path, command, shipped_release
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    records = [r for r in shipped_release.barcodes if r.locus.value in ("COI-658", "CYTB")]
    by_accession = {r.accession: r for r in records}
    fasta = "".join(f">{a}\n{r.sequence}\n" for a, r in sorted(by_accession.items()))
    (sources / "in.fasta").write_text(fasta)
    rows = [f"{a}\t{r.organism_as_deposited}\t{r.family}\t{r.order}\n" for a, r in sorted(by_accession.items())]
    (sources / "in.tsv").write_text("accession\tspecies\tfamily\torder\n" + "".join(rows))
    (sources / "library.toml").write_text(
        'library_id = "small"\ndate = "2026-01-01"\ntitle = "Small"\n\n[[sequences]]\npath = "in.fasta"\n'
        'taxonomy = "in.tsv"\nsource = "release"\nlicence = "CC0"\nredistribute = true\n'
    )
    assert command("refdb", "build", sources, "--out", tmp_path / "libraries").returncode == 0
    folder = tmp_path / "libraries" / "small"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = command("refdb", "audit", folder, "--out", tmp_path / "audit")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "audit").iterdir()) == ["audit.json", "audit.md", "proposals.tsv"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    audit = parse_record(LibraryAudit, (tmp_path / "audit" / "audit.json").read_bytes(), "audit.json")
    assert {g.locus for g in audit.grades} <= {"COI-658", "CYTB"}
    assert command("refdb", "audit", tmp_path / "absent", "--out", tmp_path / "audit").returncode != 0


def test_planes_and_columns_agree_in_distances() -> None:
    from musk_id.refdb.audit_table import audit_table

    masks = species_sequences(23, 2, 3)
    table = audit_table(next(iter(library(masks, ["Aus albus"] * 6).loci.values())))
    differing, compared = table.distances(int(table.haplotype[0]), [int(h) for h in table.haplotype])
    assert differing.tolist() == [int((masks[0] != row).sum()) for row in masks]
    assert np.all(compared == masks.shape[1])
