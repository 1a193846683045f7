"""Differences: what was planted is found and nothing else; the other way round is the mirror."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_library import Input, Made, build, files_of, made_from, panel, with_spectra, write_sources
from spectra_libraries import msp

from musk_id.cli import main
from musk_id.library_vocabulary import ChangeKind, RecordAspect, SpectrumAspect
from musk_id.model.refdiff import CollectionDiff, FieldChange, RecordChange, RowChange, SpectrumChange
from musk_id.model.reference import ReferenceRelease
from musk_id.records.canonical import parse_record
from musk_id.records.files import sha256_bytes
from musk_id.refdb.build import build_release
from musk_id.refdb.diff import diff_sides
from musk_id.refdb.diff_sides import Side, library_side, release_side
from musk_id.refdb.freeze import freeze_release
from musk_id.refdb.library_read import read_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.vocabulary import CurationState, Locus

BASE = Path(__file__).resolve().parents[2] / "reference_db" / "releases" / "2026.1"
OTHER_WAY = {
    ChangeKind.ADDED: ChangeKind.REMOVED,
    ChangeKind.REMOVED: ChangeKind.ADDED,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}
RELEASE = load_release(locate_release("2026.1"))


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return RELEASE


def mirrored(diff: CollectionDiff) -> CollectionDiff:
    def record(r: RecordChange) -> RecordChange:
        return replace(r, change=OTHER_WAY[r.change], before=r.after, after=r.before)

    def row(r: RowChange) -> RowChange:
        fields = tuple(FieldChange(column=f.column, before=f.after, after=f.before) for f in r.fields)
        return replace(r, change=OTHER_WAY[r.change], fields=fields)

    def spectrum(s: SpectrumChange) -> SpectrumChange:
        fields = tuple(FieldChange(column=f.column, before=f.after, after=f.before) for f in s.fields)
        named = next((f.after for f in fields if f.column == "name" and s.change is ChangeKind.CHANGED), s.name)
        return replace(s, name=named, change=OTHER_WAY[s.change], fields=fields)

    return replace(
        diff,
        before=diff.after,
        after=diff.before,
        spectra=tuple(map(spectrum, diff.spectra)),
        records=tuple(map(record, diff.records)),
        rows=tuple(map(row, diff.rows)),
    )


PLANTS = ("removed", "letters", "species", "state", "revised", "individual", "note")
ASPECTS = {
    "letters": (RecordAspect.LETTERS, RecordAspect.HAPLOTYPE),
    "species": (RecordAspect.SPECIES,),
    "state": (RecordAspect.STATE,),
    "revised": (RecordAspect.REVISED_NAMES,),
    "individual": (RecordAspect.INDIVIDUAL,),
    "note": (RecordAspect.PROVENANCE,),
}


def _planted(plants: dict[int, str]) -> ReferenceRelease:
    barcodes = []
    for number, r in enumerate(RELEASE.barcodes):
        plant = plants.get(number)
        letters = r.sequence[:40] + ("A" if r.sequence[40] != "A" else "C") + r.sequence[41:]
        changed = {
            None: r,
            "letters": replace(r, sequence=letters, sha256=sha256_bytes(letters.encode())),
            "species": replace(r, organism_as_deposited=f"{r.genus} planted"),
            "state": replace(
                r,
                state=CurationState.REFERENCE if r.state is CurationState.UNUSABLE else CurationState.UNUSABLE,
            ),
            "revised": replace(r, organism_revised=(*r.organism_revised, f"{r.genus} planted")),
            "individual": replace(r, individual="planted"),
            "note": replace(r, note="planted"),
        }
        if plant != "removed":
            barcodes.append(changed[plant])
    return replace(RELEASE, barcodes=tuple(barcodes))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.integers(0, len(RELEASE.barcodes) - 1), st.sampled_from(PLANTS), max_size=8))
def test_what_was_planted_in_a_release_is_found(plants: dict[int, str]) -> None:
    before, after = release_side(BASE, RELEASE), release_side(BASE, _planted(plants))
    diff = diff_sides(before, after)
    found = {(r.locus, r.accession): (r.change, r.aspects) for r in diff.records}
    expected = {}
    for number, plant in plants.items():
        r = RELEASE.barcodes[number]
        change = ChangeKind.REMOVED if plant == "removed" else ChangeKind.CHANGED
        expected[r.locus, r.accession] = (change, ASPECTS.get(plant, ()))
    assert found == expected
    assert diff.rows == ()
    assert diff_sides(after, before) == mirrored(diff)
    assert diff_sides(after, after).records == ()


def _library(folder: Path, records: list[Made], release: ReferenceRelease, curation: str = "") -> Side:
    built = build(write_sources(folder / "s", {"a": Input(tuple(records))}, curation=curation), release, folder)
    return library_side(built, read_library(built))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6))
def test_what_was_planted_in_a_library_is_found(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = random.Random(seed)
    references = [*panel(RELEASE, Locus.COI, 4), *panel(RELEASE, Locus.RRNA_12S, 4)]
    records = [
        made_from(r, f"AB00010{i}.1", individual=f"animal {i % 5}", species=references[0].organism_as_deposited)
        for i, r in enumerate(references)
    ]
    plants = {i: rng.choice(["removed", "letters", "country", "none"]) for i in range(8)}
    plants[rng.randrange(8)] = "none"
    changed = [made_from(references[0], "AA000001.1", 5)]
    for i, record in enumerate(records):
        if plants[i] == "letters":
            other = made_from(references[i], "other", 4)
            changed.append(replace(record, letters=other.letters))
        elif plants[i] == "country":
            changed.append(replace(record, country="Kenya"))
        elif plants[i] == "none":
            changed.append(record)
    folder = tmp_path_factory.mktemp("libraries")
    before, after = _library(folder / "a", records, RELEASE), _library(folder / "b", changed, RELEASE)
    diff = diff_sides(before, after)
    found = {r.accession: (r.change, r.aspects) for r in diff.records}
    aspects = {
        "letters": (ChangeKind.CHANGED, (RecordAspect.LETTERS, RecordAspect.HAPLOTYPE)),
        "country": (ChangeKind.CHANGED, (RecordAspect.PROVENANCE,)),
        "removed": (ChangeKind.REMOVED, ()),
    }
    expected = {records[i].accession: aspects[plant] for i, plant in plants.items() if plant != "none"}
    # Numbers of haplotypes and of animals are all others now; none of that is a change.
    assert found == expected | {"AA000001.1": (ChangeKind.ADDED, ())}
    assert diff_sides(after, before) == mirrored(diff)
    assert diff_sides(before, before).records == diff_sides(before, before).rows == ()


def test_moves_between_haplotypes_and_animals_are_told(release: ReferenceRelease, tmp_path: Path) -> None:
    first, second = panel(release, Locus.RRNA_12S, 2)
    name = {"species": first.organism_as_deposited}
    records = [
        made_from(first, "AB000001.1", 0, individual="a"),
        made_from(first, "AB000002.1", 0, individual="a"),
        made_from(second, "AB000003.1", 0, **name),
    ]
    moved = [*records[:1], replace(records[1], letters=records[2].letters, individual=""), records[2]]
    curation = "AB000003.1\t\tunusable\t\tA Person\t2026-03-01\twhy\n"
    diff = diff_sides(
        _library(tmp_path / "a", records, release), _library(tmp_path / "b", moved, release, curation)
    )
    changes = {r.accession: r for r in diff.records}
    assert changes["AB000001.1"].aspects == (RecordAspect.INDIVIDUAL,)
    two = changes["AB000002.1"]
    assert set(two.aspects) == {
        RecordAspect.LETTERS,
        RecordAspect.HAPLOTYPE,
        RecordAspect.INDIVIDUAL,
        RecordAspect.PROVENANCE,
    }
    assert (two.before.haplotype_of, two.after.haplotype_of) == ("AB000001.1", "AB000002.1")
    assert two.after.haplotype_sha256 == diff_sides_of(changes["AB000003.1"])
    assert (two.before.individual, two.after.individual) == (("AB000001.1", "AB000002.1"), ("AB000002.1",))
    assert changes["AB000003.1"].aspects == (RecordAspect.STATE,)
    assert [(r.table, r.change) for r in diff.rows if r.table == "curation.tsv"] == [
        ("curation.tsv", ChangeKind.ADDED)
    ]


def diff_sides_of(change: RecordChange) -> str:
    assert change.before.haplotype_sha256 == change.after.haplotype_sha256
    return change.after.haplotype_sha256


def test_rows_of_other_tables_are_compared(tmp_path: Path) -> None:
    from library_sources import append, copied, edit

    sources = copied(tmp_path)
    text = (sources / "release.toml").read_text()
    (sources / "release.toml").write_text(text.replace("2026.1", "2026.9"))
    row = (sources / "legal.tsv").read_text("utf-8").split("\n")[1].split("\t")[0]
    edit(sources, "legal.tsv", row, listing="III")
    append(sources, "names.tsv", "Moschus moschiferus\ten\tA new name\tThis test")
    peaks = (sources / "spectra.tsv").read_text("utf-8").split("\n")[1].split("\t")
    edit(sources, "spectra.tsv", peaks[0], peaks=peaks[-1].rsplit(" ", 1)[0])
    changed = build_release(sources, tmp_path / "out")
    diff = diff_sides(release_side(BASE, RELEASE), release_side(changed, load_release(changed)))
    found = {(r.table, r.key): r for r in diff.rows}
    assert [f.column for f in found["legal.tsv", row].fields] == ["listing"]
    assert found["legal.tsv", row].fields[0].after == "III"
    assert found["names.tsv", "Moschus moschiferus | en | A new name"].change is ChangeKind.ADDED
    (spectrum,) = diff.spectra
    (field,) = spectrum.fields
    assert (spectrum.accession, spectrum.aspects) == (peaks[0], (SpectrumAspect.PEAKS,))
    assert (field.column, "SHA-256" in field.before) == ("peaks", True)
    assert diff.records == ()
    assert {table for table, _ in found} == {"legal.tsv", "names.tsv"}


def test_command_prints_writes_and_compares_answers(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = panel(release, Locus.COI, 1)[0]
    novel = made_from(short, "AB000001.1", 60, species="Novus primus", family="Novidae", order="Novida")
    library = build(write_sources(tmp_path / "s", {"a": Input((novel,))}), release, tmp_path / "lib")
    frozen = freeze_release(library, BASE, "2026.2", "2026-11-25", tmp_path / "rel")
    fasta = tmp_path / "panel.fa"
    same = panel(release, Locus.RRNA_12S, 1)[0]
    fasta.write_text(f">same\n{same.sequence}\n>near the new one\n{novel.letters}\n")
    told = [
        "refdb",
        "diff",
        "2026.1",
        str(frozen.folder),
        "--panel",
        str(fasta),
        "--json",
        str(tmp_path / "d.json"),
    ]
    assert main(told) == 0
    out = capsys.readouterr().out
    assert "added COI-658 AB000001.1 Novus primus (reference)" in out
    assert "2 sequences and 0 spectra, 1 answer changes, 0 more on other records" in out
    assert main(told) == 0
    assert capsys.readouterr().out == out
    diff = parse_record(CollectionDiff, (tmp_path / "d.json").read_bytes(), "d.json")
    (change,) = diff.panel.changed
    assert (change.number, change.name) == (2, "near the new one")
    assert change.before != change.after
    assert change.after.taxon == "Novus"
    assert "AB000001.1" in change.after.deciding and "AB000001.1" not in change.before.deciding
    assert main(["refdb", "diff", "2026.1", "2026.1"]) == 0
    assert capsys.readouterr().out.count("no difference") == 3


def test_spectra_of_libraries_are_compared(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = {31.0: 999.0, 45.0: 500.0, 46.0: 200.0}
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1")
    texts = {
        "one": "".join(msp(f"SP{n}", peaks) for n in (1, 2, 3, 5, 6, 7)),
        "two": msp("SP1", peaks | {45.0: 501.0})
        + msp("SP2", peaks, Authors="B. Person")
        + msp("SP4", peaks)
        + msp("SP5", peaks, CITES_permit="MN 1")
        + msp("SP6", peaks | {47.0: 1.0}, Instrument="other"),
    }
    made = {}
    for name, text in texts.items():
        unusable = "SP7\t\tunusable\t\tA Person\t2026-03-01\twhy\n" if name == "two" else ""
        sources = write_sources(tmp_path / name, {"a": Input((record,))}, curation=unusable)
        folder = build(with_spectra(sources, text + msp("SP7", peaks) * (name == "two")), release, tmp_path / name)
        made[name] = library_side(folder, read_library(folder)), folder
    (one, first), (two, second) = made.values()
    diff = diff_sides(one, two)
    assert diff.records == ()
    assert "spectra.tsv" not in {r.table for r in diff.rows}
    found = {s.accession: (s.change, s.aspects, [f.column for f in s.fields]) for s in diff.spectra}
    assert found["SP1"] == (ChangeKind.CHANGED, (SpectrumAspect.PEAKS,), ["peaks_sha256"])
    assert found["SP2"] == (ChangeKind.CHANGED, (SpectrumAspect.PROVENANCE,), ["authors"])
    assert (found["SP3"][0], found["SP4"][0]) == (ChangeKind.REMOVED, ChangeKind.ADDED)
    assert found["SP5"] == (ChangeKind.CHANGED, (SpectrumAspect.PROVENANCE,), ["cites_permit"])
    aspects = (SpectrumAspect.PEAKS, SpectrumAspect.METADATA)
    assert found["SP6"] == (ChangeKind.CHANGED, aspects, ["instrument", "peaks_sha256"])
    assert found["SP7"] == (ChangeKind.CHANGED, (SpectrumAspect.STATE,), ["state"])
    assert len(found) == 7
    assert diff_sides(two, one) == mirrored(diff)
    assert diff_sides(one, one).rows == diff_sides(one, one).spectra == ()
    assert main(["refdb", "diff", str(first), str(second)]) == 0
    out = capsys.readouterr().out
    assert "records of sequences: no difference" in out
    assert "spectra: 1 added, 5 changed, 1 removed (METADATA 1, PEAKS 2, PROVENANCE 2, STATE 1)" in out


def test_what_cannot_be_compared(release: ReferenceRelease, tmp_path: Path) -> None:
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1")
    library = build(write_sources(tmp_path / "s", {"a": Input((record,))}), release, tmp_path / "lib")
    fasta = tmp_path / "p.fa"
    fasta.write_text(f">x\n{record.letters}\n")
    assert main(["refdb", "diff", "2026.1", str(library)]) == 2
    assert main(["refdb", "diff", "2026.1", "2026.1", "--answers", str(tmp_path / "a.tsv")]) == 2
    assert main(["refdb", "diff", str(library), str(library), "--panel"]) == 2  # nothing of its own to ask
    assert main(["refdb", "diff", "2026.1", "1999.1"]) == 2
    assert main(["refdb", "diff", "2026.1", str(tmp_path)]) == 4
    fasta.write_text("no fasta")
    assert main(["refdb", "diff", "2026.1", "2026.1", "--panel", str(fasta)]) == 3
    before = files_of(library)
    assert main(["refdb", "diff", str(library), str(library)]) == 0
    assert files_of(library) == before
