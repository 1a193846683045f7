"""The release that ships: loading, finding, and what it must hold."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from library_sources import RELEASE, RELEASES

from musk_id.errors import ConfigError, ReferenceDataError
from musk_id.refdb.manifest import manifest_bytes
from musk_id.refdb.release import RELEASES_VARIABLE, load_release, locate_release, release_roots
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

SPECIES = {"anhuiensis", "berezovskii", "chrysogaster", "cupreus", "fuscus", "leucogaster", "moschiferus"}
APPENDIX_I = {"AF", "BT", "IN", "MM", "NP", "PK"}


@pytest.fixture(scope="module")
def release():  # type: ignore[no-untyped-def]
    return load_release(RELEASE)


def resealed(tmp_path: Path, **changed: bytes) -> Path:
    """A release with other bytes and a manifest that fits them."""
    target = tmp_path / "2026.1"
    shutil.copytree(RELEASE, target)
    files = {p.name: p.read_bytes() for p in target.iterdir() if p.name != "manifest.json"}
    files |= {name.replace("_tsv", ".tsv").replace("_toml", ".toml"): data for name, data in changed.items()}
    for name, data in files.items():
        (target / name).write_bytes(data)
    (target / "manifest.json").write_bytes(manifest_bytes("2026.1", "2026-11-22", files))
    return target


def test_digest_of_the_release_is_that_of_its_manifest(release) -> None:  # type: ignore[no-untyped-def]
    assert release.manifest_sha256 == hashlib.sha256((RELEASE / "manifest.json").read_bytes()).hexdigest()
    assert (release.release_id, release.date) == ("2026.1", "2026-11-22")


def _processor_seconds(work: Callable[[], object]) -> float:
    durations = []
    for _ in range(5):
        start = time.process_time()
        work()
        durations.append(time.process_time() - start)
    return min(durations)


def _read_plainly() -> list[list[str]]:
    texts = [path.read_bytes() for path in RELEASE.rglob("*") if path.is_file()]
    return [[hashlib.sha256(text).hexdigest(), *text.decode("utf-8").split("\t")] for text in texts]


def test_loading_costs_little_more_than_reading() -> None:
    # About twenty times the cost of hashing the files and cutting them at tabs; no figure in seconds.
    assert _processor_seconds(lambda: load_release(RELEASE)) < 80 * _processor_seconds(_read_plainly)


def test_no_species_and_locus_has_two_reference_individuals(release) -> None:  # type: ignore[no-untyped-def]
    references = [r for r in release.barcodes if r.genus == "Moschus" and r.state == CurationState.REFERENCE]
    counts = Counter((r.organism_as_deposited, r.locus) for r in references)
    assert set(counts.values()) == {1}
    (gap,) = [g for g in release.gaps if g.where == "species rank"]
    assert gap.note == "At most 1 reference individual(s) of a species at a locus."


def test_records_by_state(release) -> None:  # type: ignore[no-untyped-def]
    states = Counter(r.state for r in release.barcodes)
    assert states == {
        CurationState.REFERENCE: 145,
        CurationState.NAME_UNRESOLVED: 11,
        CurationState.DUPLICATE: 3,
        CurationState.UNUSABLE: 1,
    }
    assert "AY327518" not in {r.accession for r in release.barcodes_at(Locus.RRNA_12S)}
    assert "KC013352" not in {r.accession for r in release.barcodes_at(Locus.RRNA_12S)}


@pytest.mark.parametrize(
    ("accession", "deposited", "revised"),
    [
        ("KY792714", "berezovskii", {"chrysogaster", "leucogaster", "fuscus"}),
        ("NC_020093.1", "chrysogaster", {"berezovskii", "anhuiensis"}),
        ("JQ608470", "chrysogaster", {"berezovskii", "anhuiensis"}),
        ("AY504959", "chrysogaster", {"cupreus"}),
    ],
)
def test_unresolved_records_carry_both_names(release, accession, deposited, revised) -> None:  # type: ignore[no-untyped-def]
    records = [r for r in release.barcodes if r.accession == accession]
    assert records
    for record in records:
        assert record.state == CurationState.NAME_UNRESOLVED
        assert record.organism_as_deposited == f"Moschus {deposited}"
        assert set(record.organism_revised) == {f"Moschus {name}" for name in revised}


def test_sets_follow_the_both_names_rule(release) -> None:  # type: ignore[no-untyped-def]
    sets = {group.set_id: {s.removeprefix("Moschus ") for s in group.species} for group in release.sets}
    assert sets == {
        "A": {"berezovskii", "anhuiensis", "chrysogaster"},
        "B": {"chrysogaster", "leucogaster", "fuscus", "berezovskii"},
        "moschiferus": {"moschiferus"},
        "cupreus": {"cupreus"},
    }
    target = {r.accession for locus in RELEASE_MARKERS for r in release.barcodes_at(locus) if r.genus == "Moschus"}
    assert target <= {accession for group in release.sets for accession in group.accessions}


def test_taxa_and_ranges(release) -> None:  # type: ignore[no-untyped-def]
    target = {t.species.removeprefix("Moschus "): t for t in release.taxa if t.genus == "Moschus"}
    assert set(target) == SPECIES
    assert set(target["cupreus"].range_countries) <= APPENDIX_I
    assert set(target["anhuiensis"].range_countries) == {"CN"}
    assert set(target["chrysogaster"].range_countries) == {"CN"}, "disputed countries do not count"
    synonyms = {n.name for n in target["chrysogaster"].names if n.language == "la-synonym"}
    assert "Moschus sifanicus" in synonyms
    for taxon in target.values():
        assert {"en", "ru", "zh"} <= {name.language for name in taxon.names}
        assert taxon.verification is not None and taxon.verification.verified_by is None


def test_listing_is_by_population_and_not_verified(release) -> None:  # type: ignore[no-untyped-def]
    rows = {row.row_id: row for row in release.legal_rows}
    first, second = rows["CITES-MOSCHUS-I-1983"], rows["CITES-MOSCHUS-II-1983"]
    assert set(first.populations) == set(second.except_populations) == APPENDIX_I
    assert first.verification.valid_from == second.verification.valid_from == "1983-07-29"
    assert {row.verification.valid_from for row in rows.values()} == {
        "1975-07-01",
        "1979-06-28",
        "1983-07-29",
    }
    assert all(row.verification.verified_by is None for row in rows.values())


def test_markers_without_spectrum_are_gaps(release) -> None:  # type: ignore[no-untyped-def]
    lacking = {g.subject for g in release.gaps if g.where == "EI spectrum"}
    assert {"muscone", "muscopyridine", "civetone", "musk xylene", "musk ambrette"} <= lacking
    assert lacking == {m.name for m in release.markers if not m.accessions}
    assert {m.marker_id for m in release.markers if m.accessions} == {
        "celestolide", "dehp", "galaxolide", "phantolide", "tonalide", "traseolide", "versalide",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "locus"),
    [
        ("Moschus leucogaster", Locus.COI),
        ("Moschus cupreus", Locus.COI),
        ("Moschus fuscus", Locus.COI),
        ("Moschus chrysogaster", Locus.COI),
        ("Moschus fuscus", Locus.RRNA_12S),
        ("Moschus fuscus", Locus.CYTB),
        ("Moschus chrysogaster", Locus.CYTB),
    ],
)
def test_known_barcode_gaps_are_said(release, subject: str, locus: Locus) -> None:  # type: ignore[no-untyped-def]
    assert (subject, locus) in {(g.subject, g.where) for g in release.gaps}


def test_animals_that_casework_wants_are_gaps(release) -> None:  # type: ignore[no-untyped-def]
    absent = {g.subject.split(" ")[0] for g in release.gaps if g.where == "every marker"}
    assert absent == {"Viverra", "Civettictis", "Canis", "Naemorhedus", "Pseudois", "Gallus"}


def test_every_compared_mini_barcode_has_its_wide_margin(release) -> None:  # type: ignore[no-untyped-def]
    wide = {(m.accession, m.locus): m.edits for m in release.wide_margins}
    for locus, smallest, largest in ((Locus.RRNA_12S, 3, 6), (Locus.RRNA_16S, 6, 8)):
        genus = {r.accession: r.genus for r in release.barcodes_at(locus)}
        found = {accession: edits for (accession, at), edits in wide.items() if at == locus}
        assert set(found) == set(genus)
        moschus = [edits for accession, edits in found.items() if genus[accession] == "Moschus"]
        assert (min(moschus), max(moschus)) == (smallest, largest)


def test_release_in_a_folder_of_another_name_is_refused(tmp_path: Path) -> None:
    shutil.copytree(RELEASE, tmp_path / "2026.2")
    with pytest.raises(ReferenceDataError, match=r"named '2026\.2', the release in it is 2026\.1"):
        load_release(tmp_path / "2026.2")


def test_release_file_that_contradicts_the_manifest_is_refused(tmp_path: Path) -> None:
    folder = resealed(tmp_path, release_toml=b'release_id = "2026.1"\ndate = "2026-01-01"\n')
    with pytest.raises(ReferenceDataError, match=r"release\.toml says 2026\.1 of 2026-01-01"):
        load_release(folder)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"release_id = 2026.1\n", "both texts"),
        (b'release_id = "2026"\ndate = "2026-01-01"\n', "not of the form"),
        (b'release_id = "2026.1"\ndate = "2026-02-30"\n', "no date"),
        (b"\xff", "cannot be read"),
        (b"release_id = \n", "cannot be read"),
    ],
)
def test_malformed_release_file_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ReferenceDataError, match=said):
        load_release(resealed(tmp_path, release_toml=data))


def test_release_with_another_set_of_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match=r"other files than this software reads: more\.tsv"):
        load_release(resealed(tmp_path, more_tsv=b"x\n"))


def test_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    data = (RELEASE / "taxa.tsv").read_bytes().replace(b"68408", b"6840x")
    with pytest.raises(ReferenceDataError, match="ncbi_taxid: '6840x' is no whole number"):
        load_release(resealed(tmp_path, taxa_tsv=data))


def test_release_is_found_beside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RELEASES_VARIABLE, raising=False)
    assert locate_release("2026.1") == RELEASE
    assert release_roots()[1].name == "reference_db_releases"


def test_variable_and_argument_are_the_only_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RELEASES_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match=r"2026\.1 was not found; looked in: ") as caught:
        locate_release("2026.1")
    assert str(tmp_path) in caught.value.message
    assert str(RELEASES) not in caught.value.message
    assert locate_release("2026.1", RELEASES) == RELEASE
    (tmp_path / "2026.1").mkdir()
    assert locate_release("2026.1") == tmp_path / "2026.1"


@pytest.mark.parametrize("release_id", ["", "2026", "2026.1/..", "../2026.1", "latest", "2026.1\n", "2026.12345"])
def test_malformed_release_id_is_refused(release_id: str) -> None:
    with pytest.raises(ConfigError, match="no release id"):
        locate_release(release_id)
