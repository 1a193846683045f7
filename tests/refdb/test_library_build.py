"""Libraries from files: what goes in is kept or set aside, the same bytes every time, nothing half-written."""

from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import numpy as np
import pytest
from refdata import REFDATA, needs_refdata

from musk_id.cli import main
from musk_id.errors import MuskIdError, ReferenceDataError
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import decode, reverse_complement_text
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

METHOD = BARCODE_METHODS[-1]


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(locate_release("2026.1"))


ENTRY = """
[[sequences]]
path = "{path}"
taxonomy = "names.tsv"
loci = [{loci}]
source = "made for this test"
licence = "none"
redistribute = false
"""


def write_sources(
    folder: Path,
    files: dict[str, str],
    names: list[tuple[str, ...]],
    *,
    head: str = "accession\tspecies\tfamily\torder",
    loci: tuple[Locus, ...] = RELEASE_MARKERS,
    curation: str | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = 'library_id = "test-1"\ndate = "2026-11-25"\ntitle = "Test"\n'
    for path, content in files.items():
        (folder / path).write_text(content)
        text += ENTRY.format(path=path, loci=", ".join(f'"{locus}"' for locus in loci))
    (folder / "library.toml").write_text(text)
    (folder / "names.tsv").write_text("\n".join([head, *("\t".join(row) for row in names)]) + "\n")
    if curation is not None:
        header = "accession\tlocus\tstate\trevised_names\tperson\tdate\treason\n"
        (folder / "curation.tsv").write_text(header + curation)
    return folder


def fasta(records: dict[str, str]) -> str:
    return "".join(f">{name}\n{letters}\n" for name, letters in records.items())


def panel(release: ReferenceRelease, locus: Locus, count: int) -> dict[str, str]:
    records = [r for r in release.barcodes if r.locus is locus and r.state is CurationState.REFERENCE]
    return {r.accession: r.sequence for r in records[:count]}


def row(release: ReferenceRelease, accession: str) -> tuple[str, str, str, str]:
    r = next(r for r in release.barcodes if r.accession == accession)
    return accession, r.organism_as_deposited, r.family, r.order


def build(sources: Path, release: ReferenceRelease, out: Path) -> Path:
    return build_library(sources, sources, out, release, METHOD)


def table(folder: Path, name: str) -> list[dict[str, str]]:
    lines = (folder / name).read_text(encoding="utf-8").split("\n")
    head = lines[0].split("\t")
    return [dict(zip(head, line.split("\t"), strict=True)) for line in lines[1:-1]]


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_letters_in_are_letters_out_on_either_strand(
    locus: Locus, release: ReferenceRelease, tmp_path: Path
) -> None:
    records = panel(release, locus, 6)
    turned = {
        name: reverse_complement_text(letters) if i % 2 else letters
        for i, (name, letters) in enumerate(records.items())
    }
    sources = write_sources(tmp_path / "s", {"a.fasta": fasta(turned)}, [row(release, a) for a in records])
    library = load_library(build(sources, release, tmp_path / "out"))
    found = library.loci[locus]
    assert list(found.accessions) == sorted(records)
    frame = unpack_nibbles(np.asarray(found.packed), found.width)
    for number, accession in enumerate(found.accessions):
        letters = decode(frame[found.haplotype[number]]).replace("-", "")
        expected = records[accession][: found.width] if locus is Locus.CYTB else records[accession]
        assert letters == expected
        assert library.taxa[found.taxon[number]].species == row(release, accession)[1]
        turned_record = list(records).index(accession) % 2 == 1
        assert found.strand[number] == (-1 if turned_record else 1)


def test_order_of_records_and_files_does_not_show(release: ReferenceRelease, tmp_path: Path) -> None:
    records = panel(release, Locus.RRNA_12S, 8)
    names = [row(release, a) for a in records]
    shuffled = dict(random.Random(4).sample(list(records.items()), len(records)))
    first = build(write_sources(tmp_path / "a", {"x.fa": fasta(records)}, names), release, tmp_path / "o1")
    again = write_sources(tmp_path / "b", {"x.fa": fasta(shuffled)}, names[::-1])
    second = build(again, release, tmp_path / "o2")
    for path in first.iterdir():
        if path.name not in ("manifest.json", "inputs.tsv"):
            assert (second / path.name).read_bytes() == path.read_bytes(), path.name
    assert build(again, release, tmp_path / "o2") == second


def test_everything_is_kept_or_set_aside_with_its_reason(release: ReferenceRelease, tmp_path: Path) -> None:
    good = panel(release, Locus.COI, 3)
    names = [row(release, a) for a in good]
    first, second, third = good.values()
    bad = {
        "NONAME": first,
        "HYBRID": first,
        "SHORT": first[:300],
        "NOISE": "".join(random.Random(1).choices("ACGT", k=500)),
        "DIRTY": first[:200] + "N" * 60 + first[260:],
        "BROKEN": "".join(second[i] for i in range(len(second)) if i % 20),
        "UNWANTED": panel(release, Locus.CYTB, 1).popitem()[1],
        "BOTH": third + "N" * 20 + reverse_complement_text(third),
    }
    higher = names[0][2:]
    names += [(a, "Bos taurus", *higher) for a in bad if a not in ("NONAME", "HYBRID")]
    names.append(("HYBRID", "Bos taurus x Bison bison", *higher))
    sources = write_sources(
        tmp_path / "s",
        {"all.fasta": fasta(good | bad), "again.fasta": fasta({next(iter(good)): first})},
        names,
        loci=(Locus.COI,),
    )
    folder = build(sources, release, tmp_path / "out")
    aside = {(r["accession"], r["reason"]) for r in table(folder, "set_aside.tsv")}
    assert aside == {
        ("NONAME", "NAME_MISSING"),
        ("HYBRID", "NAME_NO_SPECIES"),
        ("SHORT", "TOO_SHORT"),
        ("NOISE", "LOCUS_NOT_RECOGNISED"),
        ("DIRTY", "TOO_AMBIGUOUS"),
        ("BROKEN", "FRAME_BROKEN"),
        ("UNWANTED", "LOCUS_NOT_WANTED"),
        ("BOTH", "LOCUS_AMBIGUOUS"),
        (next(iter(good)), "DUPLICATE_ACCESSION"),
    }
    assert {r["accession"] for r in table(folder, "records.tsv")} == set(good)
    for entry in table(folder, "inputs.tsv"):
        assert int(entry["records_in"]) == int(entry["records_kept"]) + int(entry["records_set_aside"])
    assert sum(int(e["records_in"]) for e in table(folder, "inputs.tsv")) == len(good) + len(bad) + 1


def test_missing_letters_leave_gaps_and_are_counted(release: ReferenceRelease, tmp_path: Path) -> None:
    (accession, letters), *_ = panel(release, Locus.COI, 1).items()
    cut = "".join(letter for i, letter in enumerate(letters) if i % 70 != 69)
    sources = write_sources(tmp_path / "s", {"a.fa": fasta({accession: cut})}, [row(release, accession)])
    folder = build(sources, release, tmp_path / "out")
    (record,) = table(folder, "records.tsv")
    assert int(record["indels"]) == len(letters) - len(cut)
    found = load_library(folder).loci[Locus.COI]
    placed = decode(unpack_nibbles(np.asarray(found.packed), found.width)[0])
    differing = sum(a != b and a != "-" for a, b in zip(placed, letters, strict=True))
    assert placed.replace("-", "") == cut
    assert differing <= 2  # beside a lost letter the place of the gap may be open


def test_a_conflict_of_two_files_is_told_and_the_first_one_kept(release: ReferenceRelease, tmp_path: Path) -> None:
    (accession, letters), (_, other), *_ = panel(release, Locus.RRNA_16S, 2).items()
    files = {"one.fa": fasta({accession: letters}), "two.fa": fasta({accession: other})}
    folder = build(write_sources(tmp_path / "s", files, [row(release, accession)]), release, tmp_path / "out")
    assert [r["input"] for r in table(folder, "records.tsv")] == ["one.fa"]
    assert [(r["input"], r["reason"]) for r in table(folder, "set_aside.tsv")] == [
        ("two.fa", "ACCESSION_CONFLICT")
    ]


def test_curation_is_dated_kept_and_the_last_entry_holds(release: ReferenceRelease, tmp_path: Path) -> None:
    records = panel(release, Locus.RRNA_12S, 3)
    first, second, _ = records
    lines = (
        f"{first}\t\tunusable\t\tA Person\t2026-03-02\tlater entry\n"
        f"{first}\t\tname_unresolved\tBos taurus\tA Person\t2026-03-01\tearlier entry\n"
        f"{second}\t12S-V5\tname_disproved\t{row(release, first)[1]}\tB Person\t2026-03-01\tpaper\n"
    )
    names = [row(release, a) for a in records]
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, names, curation=lines)
    library = load_library(build(sources, release, tmp_path / "out"))
    found = library.loci[Locus.RRNA_12S]
    states = {accession: found.state_of(number) for number, accession in enumerate(found.accessions)}
    assert states[first] is CurationState.UNUSABLE
    assert states[second] is CurationState.NAME_DISPROVED
    revised = found.revised[list(found.accessions).index(second)]
    assert [library.taxa[number].species for number in revised] == [row(release, first)[1]]
    kept = table(tmp_path / "out" / "test-1", "curation.tsv")
    assert len(kept) == 3
    assert [entry["date"] for entry in kept] == sorted(entry["date"] for entry in kept)


def test_an_accession_and_what_it_was_made_from_are_one_individual(
    release: ReferenceRelease, tmp_path: Path
) -> None:
    (a, letters), (b, other), *_ = panel(release, Locus.RRNA_12S, 2).items()
    species, family, order = row(release, a)[1:]
    names = [
        ("NC_900001.1", species, family, order, "KC900001"),
        ("KC900001.1", species, family, order, ""),
        ("KC900002.1", species, family, order, ""),
    ]
    records = {"NC_900001.1": letters, "KC900001.1": letters, "KC900002.1": other}
    head = "accession\tspecies\tfamily\torder\tindividual"
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, names, head=head)
    library = load_library(build(sources, release, tmp_path / "out"))
    individual = dict(
        zip(library.loci[Locus.RRNA_12S].accessions, library.loci[Locus.RRNA_12S].individual, strict=True)
    )
    assert individual["NC_900001.1"] == individual["KC900001.1"] != individual["KC900002.1"]
    assert (library.individuals, a == b) == (2, False)


FAULTS = {
    "unknown key": ('title = "Test"', 'title = "Test"\nsize = 3', "unknown key"),
    "no date": ('date = "2026-11-25"', 'date = "yesterday"', "date"),
    "path out of the folder": ('path = "a.fa"', 'path = "../a.fa"', "path"),
    "unknown marker": ("loci = [", 'loci = ["D-LOOP", ', "loci"),
    "redistribution not stated": ("redistribute = false", "", "redistribute"),
    "no TOML": ('library_id = "test-1"', "library_id = ", "TOML"),
    "missing file": ('path = "a.fa"', 'path = "b.fa"', "b.fa"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_sources_are_told_and_nothing_is_written(
    fault: str, release: ReferenceRelease, tmp_path: Path
) -> None:
    records = panel(release, Locus.RRNA_12S, 2)
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, [row(release, a) for a in records])
    old, new, word = FAULTS[fault]
    text = (sources / "library.toml").read_text()
    assert old in text
    (sources / "library.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(MuskIdError) as caught:
        build(sources, release, tmp_path / "out")
    assert word in caught.value.diagnostics()
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_hostile_sequence_files_end_with_3_and_one_message(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accession = next(iter(panel(release, Locus.RRNA_12S, 1)))
    for name, content in {
        "protein": b">a\nMFADRWLFSTNHKDIGTLYLLF\n",
        "binary": bytes(range(256)),
        "cut off": gzip.compress(b">a\nACGT\n")[:-6],
        "twice": b">a\nACGT\n>a\nACGT\n",
        "empty": b"",
    }.items():
        folder = tmp_path / name.replace(" ", "-")
        sources = write_sources(folder, {"a.fa": "x"}, [row(release, accession)])
        (sources / "a.fa").write_bytes(content)
        code = main(["refdb", "build", str(sources), "--out", str(tmp_path / "out")])
        message = capsys.readouterr().err
        assert code == 3, (name, message)
        assert "a.fa" in message
        assert "Traceback" not in message
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_faulty_tables_of_names_end_with_3(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accession = next(iter(panel(release, Locus.RRNA_12S, 1)))
    for name in ("columns", "twice"):
        sources = write_sources(tmp_path / name, {"a.fa": f">{accession}\nACGT\n"}, [row(release, accession)])
        (table,) = sources.glob("*.tsv")
        head, own = table.read_text().split("\n", 1)
        table.write_text("accession\n" if name == "columns" else f"{head}\n{own}{own}")
        assert main(["refdb", "build", str(sources), "--out", str(tmp_path / "out")]) == 3, name
        assert table.name in capsys.readouterr().err
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_changed_library_is_refused_and_the_file_named(release: ReferenceRelease, tmp_path: Path) -> None:
    records = panel(release, Locus.RRNA_12S, 4)
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, [row(release, a) for a in records])
    folder = build(sources, release, tmp_path / "out")
    for path in sorted(folder.iterdir()):
        data = bytearray(path.read_bytes())
        if not data:
            continue
        data[len(data) // 2] ^= 1
        original = path.read_bytes()
        path.write_bytes(bytes(data))
        with pytest.raises(ReferenceDataError) as caught:
            load_library(folder)
        assert path.name in str(caught.value)
        path.write_bytes(original)
    load_library(folder)
    with pytest.raises(ReferenceDataError, match="other content"):
        write_sources(tmp_path / "s", {"a.fa": fasta(dict(list(records.items())[:2]))}, [])
        build(
            write_sources(tmp_path / "s2", {"a.fa": fasta(records)}, [row(release, next(iter(records)))]),
            release,
            tmp_path / "out",
        )


def test_build_command_says_what_became_of_the_records(
    release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = panel(release, Locus.RRNA_16S, 5)
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, [row(release, a) for a in records])
    assert main(["refdb", "build", str(sources), "--out", str(tmp_path / "out")]) == 0
    assert "16S-mam: 5 records" in capsys.readouterr().out
    assert main(["refdb", "verify", str(tmp_path / "out" / "test-1")]) == 0
    assert "intact" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("library.toml", "library_id = [", "not readable as TOML"),
        ("library.toml", 'library_id = "a"\n', "date: is missing"),
        ("curation.tsv", "accession\tlocus\n", "curation.tsv"),
        (
            "curation.tsv",
            "accession\tlocus\tstate\trevised_names\tperson\tdate\treason\nX1\t\todd\t\tA\t2026-11-25\tr\n",
            "odd",
        ),
        ("names.tsv", "accession\n", "lacks the columns"),
        ("a.fa", "no fasta\n", "a.fa"),
    ],
)
def test_a_fault_of_any_source_is_unreadable_input(
    name: str, text: str, told: str, release: ReferenceRelease, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = panel(release, Locus.RRNA_16S, 2)
    sources = write_sources(tmp_path / "s", {"a.fa": fasta(records)}, [row(release, a) for a in records])
    (sources / name).write_text(text)
    assert main(["refdb", "build", str(sources), "--out", str(tmp_path / "out")]) == 3
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out" / "test-1").exists()


@pytest.mark.full
@needs_refdata
def test_public_mammal_sets_are_built_end_to_end(release: ReferenceRelease, tmp_path: Path) -> None:
    sets = {
        "kruger/kruger_mammal_COI": "COI-658",
        "mldsp/mammal_COX1": "COI-658",
        "mitoclub/mammal_cytb_refseq2023": "CYTB",
        "mldsp/mammal_12S": "12S-V5",
        "screenforbio2023/mammal_12S-V5_amplicon_2023": "12S-V5",
        "screenforbio2023/mammal_16S_amplicon_2023": "16S-mam",
    }
    text = 'library_id = "wide"\ndate = "2026-11-25"\ntitle = "Wide"\n'
    for path, locus in sets.items():
        entry = ENTRY.format(path=f"{path}.fasta.gz", loci=f'"{locus}"')
        text += entry.replace('"names.tsv"', f'"{path}.tsv"')
    (tmp_path / "library.toml").write_text(text)
    folder = build_library(tmp_path, REFDATA / "sequences", tmp_path / "out", release, METHOD)
    inputs = table(folder, "inputs.tsv")
    assert [int(e["records_in"]) for e in inputs] == [1167, 1115, 1453, 1115, 5437, 5359]
    for entry in inputs:
        kept, aside = int(entry["records_kept"]), int(entry["records_set_aside"])
        assert kept + aside == int(entry["records_in"])
        assert kept >= 0.94 * (kept + aside), entry["input"]
    start = time.perf_counter()
    library = load_library(folder)
    print(f"loaded {sum(t.records for t in library.loci.values())} records in {time.perf_counter() - start:.3f} s")
