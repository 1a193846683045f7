"""Building: the same bytes on every run, nothing overwritten, every contradiction named."""

from __future__ import annotations

import hashlib
import random
import re
import shutil
from pathlib import Path

import pytest
from library_sources import RELEASE, SOURCES, append, copied, edit

from musk_id.errors import IntegrityError, ReferenceDataError
from musk_id.refdb.build import build_release, release_files
from musk_id.refdb.release import load_release

GALAXOLIDE = "MSBNK-NILU-NL0014"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_release_that_ships_is_what_its_sources_give(tmp_path: Path) -> None:
    assert content(build_release(SOURCES, tmp_path)) == content(RELEASE)


def test_order_of_source_rows_does_not_show(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    for table in sources.glob("*.tsv"):
        header, *rows = table.read_text("utf-8").splitlines()
        random.Random(7).shuffle(rows)
        table.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    assert content(build_release(sources, tmp_path / "out")) == content(RELEASE)


def test_building_again_leaves_the_release_alone(tmp_path: Path) -> None:
    first = build_release(SOURCES, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in first.iterdir()}
    assert build_release(SOURCES, tmp_path) == first
    assert {path.name: path.stat().st_mtime_ns for path in first.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["2026.1"], "no temporary folder stays"


@pytest.mark.parametrize("fault", ["changed", "added", "removed"])
def test_existing_release_is_never_changed(tmp_path: Path, fault: str) -> None:
    folder = build_release(SOURCES, tmp_path)
    target = folder / ("extra.tsv" if fault == "added" else "names.tsv")
    if fault == "removed":
        target.unlink()
    else:
        target.write_text("x")
    before = content(folder)
    with pytest.raises(IntegrityError, match=f"other content: {target.name}$"):
        build_release(SOURCES, tmp_path)
    assert content(folder) == before


def test_failed_build_leaves_nothing(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    edit(sources, "taxa.tsv", "Moschus cupreus", genus="Bos")
    with pytest.raises(ReferenceDataError):
        build_release(sources, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_table_is_named(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    (sources / "sets.tsv").unlink()
    with pytest.raises(ReferenceDataError, match=r"sets\.tsv: cannot be read"):
        release_files(sources)


def test_new_reference_individual_changes_the_gap(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    header, *rows = (sources / "barcodes.tsv").read_text("utf-8").splitlines()
    columns = header.split("\t")
    cells = next(r for r in rows if r.startswith("MW284875\t") and "\t12S-V5\t" in r).split("\t")
    cells[columns.index("accession")] = cells[columns.index("individual")] = "XX000001"
    append(sources, "barcodes.tsv", "\t".join(cells))
    release = load_release(build_release(sources, tmp_path / "out"))
    notes = {gap.note for gap in release.gaps if gap.where == "species rank"}
    assert notes == {"At most 2 reference individual(s) of a species at a locus."}
    assert ("XX000001", "wide margin 12S-V5") in {(gap.subject, gap.where) for gap in release.gaps}


def sequence(text: str) -> dict[str, str]:
    return {"sequence": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def stopped(text: str) -> str:
    """A coding sequence with a stop codon in its fourth codon."""
    return text[:9] + "TAA" + text[12:]


COI = next(
    line.split("\t")[-1]
    for line in (SOURCES / "barcodes.tsv").read_text("utf-8").splitlines()
    if line.startswith("NC_000845.1\t") and "\tCOI-658\t" in line
)

FAULTS = [
    ("taxa.tsv", "Moschus cupreus", {"genus": "Bos"}, "is no name in the genus Bos"),
    ("taxa.tsv", "Moschus cupreus", {"family": "Cervidae"}, "stands in 2 families or orders"),
    ("taxa.tsv", "Moschus cupreus", {"species": "Moschus fuscus"}, "stands 2 times"),
    ("names.tsv", "Moschus cupreus", {"species": "Moschus x"}, r"names\.tsv: Moschus x: is not in taxa"),
    ("ranges.tsv", "Moschus cupreus", {"species": "Moschus x"}, r"ranges\.tsv: Moschus x: is not in taxa"),
    ("ranges.tsv", "Moschus cupreus", {"status": "probable"}, "status 'probable'"),
    ("ranges.tsv", "Moschus cupreus", {"country": "PK"}, "Moschus cupreus PK: stands more than once"),
    ("ranges.tsv", "Moschus cupreus", {"country": "Pakistan"}, "country: 'Pakistan' is not two capital"),
    ("absent.tsv", "Gallus gallus", {"subject": "Sus scrofa"}, r"absent\.tsv: Sus scrofa: is in taxa"),
    ("sources.tsv", "CITES", {"source_id": "INSDC"}, r"sources\.tsv: INSDC: stands more than once"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"row_id": "CITES-MOSCHUS-II-1983"}, "stands 2 times"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"valid_from": ""}, "valid_from is empty"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"valid_to": "1980-01-01"}, "before it begins"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"verified_by": "A. Person"}, "do not stand together"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"except_populations": "CN"}, "and excepted populations"),
    ("legal.tsv", "CITES-MOSCHUS-I-1983", {"source_document": ""}, "source_document: '' is not text"),
    ("barcodes.tsv", "MW284875", {"accession": "KY792714"}, "KY792714.*stands 2 times"),
    ("barcodes.tsv", "MW284875", {"individual": "MG602790"}, "individual with two references"),
    ("barcodes.tsv", "MW284875", {"individual": "XX1"}, "differs between loci of one accession"),
    ("barcodes.tsv", "MW284875", {"organism_as_deposited": "Moschus x"}, "Moschus x is not in taxa"),
    ("barcodes.tsv", "MW284875", {"family": "Bovidae"}, "genus, family or order differ"),
    ("barcodes.tsv", "KY792714", {"organism_revised": "Moschus x"}, "revised name Moschus x is not in taxa"),
    ("barcodes.tsv", "KY792714", {"organism_revised": ""}, "lacks revised name, sits_with or note"),
    ("barcodes.tsv", "KY792714", {"sits_with": ""}, "lacks revised name, sits_with or note"),
    ("barcodes.tsv", "MW284875", {"sits_with": "set B"}, "a reference has a revised name or a place"),
    ("barcodes.tsv", "EU043465", {"individual": "XX1"}, "duplicate of no compared record"),
    ("barcodes.tsv", "AY327518", {"note": ""}, "state unusable without a note"),
    ("barcodes.tsv", "MW284875", {"state": "good"}, "state: 'good' is not one of"),
    ("barcodes.tsv", "MW284875", {"sequence": "ACGT" * 26}, "is not the one of the sha256 column"),
    ("barcodes.tsv", "MW284875", sequence("acgt" * 26), "no capital IUPAC"),
    ("barcodes.tsv", "MW284875", sequence("ACGX" * 26), "letters 'X' are no capital IUPAC"),
    ("barcodes.tsv", "MW284875", sequence("ACGT" * 20), "80 bp .allowed: 95 to 125 bp at 12S-V5"),
    ("sets.tsv", "cupreus", {"accessions": "NC_012694.1"}, "carries no name of the set"),
    ("sets.tsv", "cupreus", {"accessions": "XX1"}, "XX1 is not in barcodes"),
    ("sets.tsv", "cupreus", {"accessions": "MT873042;KY792714"}, "accession: KY792714: stands 2 times"),
    ("sets.tsv", "cupreus", {"species": "Moschus cupreus;Moschus x"}, "Moschus x is not in taxa"),
    ("sets.tsv", "cupreus", {"species": ""}, "without species or accessions"),
    ("wide_margins.tsv", "KY792714", {"locus": "CYTB"}, "KY792714 CYTB: no compared record"),
    ("wide_margins.tsv", "KY792714", {"accession": "AY327518"}, "AY327518 12S-V5: no compared record"),
    ("spectra.tsv", GALAXOLIDE, {"formula": "C18H28O"}, "the formula gives 260.21"),
    ("spectra.tsv", GALAXOLIDE, {"formula": "C18-H26"}, "no molecular formula"),
    ("spectra.tsv", GALAXOLIDE, {"inchikey": "ONKNPOPIGWHAQC"}, "is no InChIKey"),
    ("spectra.tsv", GALAXOLIDE, {"note": "x"}, "281.0513 lies above the molecular ion"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "51.0:5 50.0:999"}, "m/z values do not rise"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "0.5:999"}, "m/z 0.5"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "51.0:998"}, "intensities from 998 to 998"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "51.0:0 52.0:999"}, "intensities from 0 to 999"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "51.0=999"}, "peaks: m/z: '51.0=999' is not a decimal number"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "NaN:999"}, "'NaN' is not a decimal number"),
    ("spectra.tsv", GALAXOLIDE, {"peaks": "51.0:-9"}, "peaks: intensity: '-9' is no whole number"),
    ("spectra.tsv", GALAXOLIDE, {"accession": "MSBNK-NILU-NL0015"}, "NL0015: stands 2 times"),
    ("markers.tsv", "muscone", {"marker_id": "muscol"}, r"markers\.tsv: muscol: stands 2 times"),
    ("markers.tsv", "muscone", {"inchikey": "GVPGXFIINYYZAR-UHFFFAOYSA-N"}, "GVPGX.*stands 2 times"),
    ("markers.tsv", "muscone", {"inchikey": "?"}, "'\\?' is no InChIKey"),
    ("markers.tsv", "muscone", {"formula": "C16H30o"}, "'C16H30o' is no molecular formula"),
    ("markers.tsv", "muscone", {"accessions": "XX1"}, "XX1 is not in spectra"),
    ("markers.tsv", "muscone", {"accessions": GALAXOLIDE}, "InChIKey or formula differ from"),
    ("confusables.tsv", "testosterones", {"members": "XX1"}, "XX1 is neither in markers"),
    ("confusables.tsv", "testosterones", {"members": ""}, "without members"),
    ("confusables.tsv", "testosterones", {"group_id": "brassylates"}, "brassylates: stands 2 times"),
]


@pytest.mark.parametrize(("table", "key", "fields", "said"), FAULTS)
def test_contradiction_in_the_sources_is_named(
    tmp_path: Path, table: str, key: str, fields: dict[str, str], said: str
) -> None:
    sources = copied(tmp_path)
    edit(sources, table, key, **fields)
    with pytest.raises(ReferenceDataError) as caught:
        release_files(sources)
    assert caught.value.exit_code == 4
    report = caught.value.diagnostics()
    assert re.search(said, report), report


def test_stop_codon_inside_a_coding_reference_is_named(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    path = sources / "barcodes.tsv"
    broken = stopped(COI)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in (COI, broken)]
    path.write_text(path.read_text("utf-8").replace(COI, broken).replace(*digests), "utf-8")
    with pytest.raises(ReferenceDataError, match=r"NC_000845\.1 COI-658: stop codon at position 10"):
        release_files(sources)


def test_too_many_peaks_are_named(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    peaks = " ".join(f"{20 + n / 100:.2f}:999" for n in range(5001))
    edit(sources, "spectra.tsv", GALAXOLIDE, peaks=peaks)
    with pytest.raises(ReferenceDataError, match="5001 peaks"):
        release_files(sources)


def test_all_contradictions_are_reported_in_one_run(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    edit(sources, "legal.tsv", "CITES-MOSCHUS-I-1983", valid_from="")
    edit(sources, "markers.tsv", "muscone", inchikey="?")
    edit(sources, "sets.tsv", "cupreus", species="")
    with pytest.raises(ReferenceDataError) as caught:
        release_files(sources)
    tables = {problem.where.split(":")[0] for problem in caught.value.problems}
    assert {"legal.tsv", "markers.tsv", "sets.tsv"} <= tables


def test_source_digest_column_is_checked_for_every_record(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    header, *rows = (sources / "barcodes.tsv").read_text("utf-8").splitlines()
    place = header.split("\t").index("sequence")
    cells = [row.split("\t") for row in rows]
    for cell in cells:
        cell[place] = cell[place][:-1] + ("A" if cell[place][-1] != "A" else "C")
    (sources / "barcodes.tsv").write_text("\n".join([header, *("\t".join(c) for c in cells)]) + "\n", "utf-8")
    with pytest.raises(ReferenceDataError) as caught:
        release_files(sources)
    assert sum("sha256 column" in problem.message for problem in caught.value.problems) == 160


def test_release_of_another_number_is_a_new_folder(tmp_path: Path) -> None:
    sources = copied(tmp_path)
    (sources / "release.toml").write_text('release_id = "2027.1"\ndate = "2027-01-02"\n')
    shutil.copytree(RELEASE, tmp_path / "out" / "2026.1")
    build_release(sources, tmp_path / "out")
    assert load_release(tmp_path / "out" / "2027.1").release_id == "2027.1"
    assert content(tmp_path / "out" / "2026.1") == content(RELEASE)


FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts"


def _facts(name: str) -> dict[tuple[str, ...], dict[str, str]]:
    lines = (FACTS / name).read_text(encoding="utf-8").splitlines()
    head = lines[0].split("\t")
    rows = [dict(zip(head, line.split("\t"), strict=True)) for line in lines[1:]]
    return {(row["accession"], row.get("window", "")): row for row in rows}


@pytest.mark.skipif(not FACTS.is_dir(), reason="the published facts beside the project are absent")
def test_release_rebuilt_from_the_published_facts_has_the_same_manifest(tmp_path: Path) -> None:
    """Every accession, name, state, letter and peak of the sources is taken anew from the facts."""
    sources = copied(tmp_path)
    for name, panel, columns in (
        ("barcodes.tsv", "barcode_panel.tsv", {"state": "role", "locus": "window"}),
        ("spectra.tsv", "ei_panel.tsv", {}),
    ):
        facts = _facts(panel)
        taken = {key: row for key, row in facts.items() if row.get("role") != "example"}
        head, *lines = (sources / name).read_text(encoding="utf-8").splitlines()
        heads = head.split("\t")
        rows = [dict(zip(heads, line.split("\t"), strict=True)) for line in lines]
        assert {(row["accession"], row.get("locus", "")) for row in rows} == set(taken)
        for row in rows:
            fact = taken[row["accession"], row.get("locus", "")]
            stated = {
                column: fact[columns.get(column, column)]
                for column in heads
                if columns.get(column, column) in fact
            }
            # Notes are this project's own words, peaks and names of instruments stand as published.
            kept = {"note", "sits_with", "ionisation_energy"}
            row.update({column: value for column, value in stated.items() if column not in kept})
        (sources / name).write_text(
            "\n".join([head, *("\t".join(row[h] for h in heads) for row in rows)]) + "\n", encoding="utf-8"
        )
    built = build_release(sources, tmp_path / "out")
    assert (built / "manifest.json").read_bytes() == (RELEASE / "manifest.json").read_bytes()
