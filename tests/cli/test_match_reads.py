"""``musk-id barcode match`` on reads: variants with their reads, nothing of a person, no table on a fault."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
from pathlib import Path

import pytest
from made_reads import noisy_reads, sequenced
from mapped_reads import mapped_person
from refdata import REFDATA, needs_refdata

from musk_id.cli import main
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus


def insert_of(release, genus: str) -> str:
    return next(
        r.sequence
        for r in release.barcodes
        if r.genus == genus and r.locus is Locus.RRNA_12S and r.state is CurationState.REFERENCE
    )


def matched(queries: Path, mates: Path | None, out: Path, *more: str) -> int:
    words = [] if mates is None else ["--mates", str(mates)]
    return main(["barcode", "match", str(queries), *words, "--library", "2026.1", "--out", str(out), *more])


def table(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_a_mixture_with_a_person_in_it(tmp_path, shipped_release, capsys) -> None:
    pig, deer, person = (insert_of(shipped_release, genus) for genus in ("Sus", "Moschus", "Homo"))
    paths = sequenced(tmp_path, {pig: 900, deer: 60, person: 30})
    out = tmp_path / "t.tsv"
    assert matched(*paths, out) == 0
    rows = table(out)
    assert [(row["id"], row["answer"]) for row in rows] == [
        ("variant 1", "Sus"),
        ("variant 2", "Moschus"),
        ("Homo sapiens", "Homo sapiens"),
    ]
    assert {row["finding"] for row in rows} == {"INCONCLUSIVE"}
    assert all("NO_REPLICATES" in row["reasons"] for row in rows)
    assert [row["primers"] for row in rows] == ["12S-V5 Riaz 2011"] * 3
    assert 850 < int(rows[0]["reads"]) <= 900 and 55 < int(rows[1]["reads"]) <= 60
    assert sum(int(row["reads"]) for row in rows) <= int(rows[0]["reads_of_marker"])
    assert person not in out.read_text(encoding="utf-8")
    assert "990 reads or pairs:" in capsys.readouterr().err
    # The same reads in another order, and a second time.
    again = tmp_path / "u.tsv"
    assert matched(*paths, again) == 0
    assert again.read_bytes() == out.read_bytes()


def test_few_reads_are_a_trace(tmp_path, shipped_release) -> None:
    pig, deer = (insert_of(shipped_release, genus) for genus in ("Sus", "Moschus"))
    out = tmp_path / "t.tsv"
    assert matched(*sequenced(tmp_path, {pig: 5200, deer: 10}), out) == 0
    rows = {row["answer"]: row for row in table(out)}
    assert "READS_BELOW_LIMIT" not in rows["Sus"]["reasons"]
    assert "READS_BELOW_LIMIT" in rows["Moschus"]["reasons"]


def test_a_chimera_is_marked_and_names_nothing_as_detected(tmp_path, shipped_release) -> None:
    pig, deer = (insert_of(shipped_release, genus) for genus in ("Sus", "Moschus"))
    chimera = deer[:53] + pig[53:]
    out = tmp_path / "t.tsv"
    assert matched(*sequenced(tmp_path, {pig: 500, deer: 400, chimera: 60}), out) == 0
    rows = table(out)
    assert [row["chimera"] for row in rows] == ["not testable", "not testable", "chimera"]
    assert "CHIMERA_SUSPECTED" in rows[2]["reasons"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--primers", "ACGT"], 2),
        (["--primers", "ACGTACGTACGT,ACGT!CGTACGT"], 2),
        (["--primers", "A" * 12 + "," + "C" * 12] * 21, 2),
    ],
)
def test_faults_of_primers(tmp_path, shipped_release, words, code) -> None:
    paths = sequenced(tmp_path, {insert_of(shipped_release, "Sus"): 20})
    assert matched(*paths, tmp_path / "t.tsv", *words) == code
    assert not (tmp_path / "t.tsv").exists()


def test_faults_of_reads_leave_no_table(tmp_path, shipped_release) -> None:
    first, second = sequenced(tmp_path, {insert_of(shipped_release, "Sus"): 20})
    second.write_text(second.read_text()[:-40])
    assert matched(first, second, tmp_path / "t.tsv") == 3
    assert matched(tmp_path / "absent.fq.gz", None, tmp_path / "t.tsv") == 3
    assert not (tmp_path / "t.tsv").exists()
    fasta = tmp_path / "q.fasta"
    fasta.write_text(">a\nACGT\n")
    assert matched(fasta, second, tmp_path / "t.tsv") == 2


@needs_refdata
def test_mapped_reads_of_a_person_are_a_word(tmp_path) -> None:
    path = mapped_person(tmp_path)
    out = tmp_path / "t.tsv"
    assert matched(path, None, out) == 0
    rows = table(out)
    assert {(row["id"], row["answer"], row["nearest"], row["distance"]) for row in rows} == {
        ("Homo sapiens", "Homo sapiens", "", "")
    }
    assert {row["locus"] for row in rows} == {locus.value for locus in RELEASE_MARKERS}
    letters = re.findall("[ACGTN]{12,}", out.read_text(encoding="utf-8"))
    assert not letters
    assert not list(tmp_path.glob("*.bai")) and not list(tmp_path.glob("*.csi"))


def test_long_reads_with_errors(tmp_path, shipped_release, capsys) -> None:
    coi = {
        r.genus: r.sequence
        for r in shipped_release.barcodes
        if r.locus is Locus.COI and r.state is CurationState.REFERENCE
    }
    inserts = {coi["Sus"]: 150, coi["Moschus"]: 25, coi["Homo"]: 30}
    primers = ("TTCTCAACCAACCACAAAGACATTGG", "TAGACTTCTGGGTGGCCAAAGAATCA")
    path = noisy_reads(tmp_path / "long.fastq", inserts, 3, 0.05, primers)
    out = tmp_path / "t.tsv"
    assert matched(path, None, out) == 0
    found = {row["answer"]: row for row in table(out)}
    assert set(found) == {"Sus", "Moschus", "Homo sapiens"}
    assert found["Sus"]["distance"] == found["Moschus"]["distance"] == "0.0000"
    assert coi["Homo"][100:130] not in out.read_text(encoding="utf-8")
    assert "205 reads, piled up:" in capsys.readouterr().err


def test_faults_of_mapped_reads_leave_no_table(tmp_path) -> None:
    for name, data in (("a.bam", b""), ("b.bam", b"no such thing"), ("c.cram", b"CRAM\3\0"), ("d.sam", b"@HD\t")):
        path = tmp_path / name
        path.write_bytes(data)
        assert matched(path, None, tmp_path / "t.tsv") == 3
    assert not (tmp_path / "t.tsv").exists()


MEAT = REFDATA / "reads" / "meat_mixture_16S" / "ERR10436108_5k.fastq.gz"
LIBRARY = """
library_id = "food-{number}"
date = "2026-11-26"
title = "Public 16S genes"

[[sequences]]
path = "{path}"
taxonomy = "mldsp/mammal_16S.tsv"
loci = ["16S-mam", "16S-food"]
source = "public"
licence = "none stated"
redistribute = false
"""


def built(folder: Path, inputs: Path, path: str, number: int) -> Path:
    """A library of whole 16S genes at both markers of theirs."""
    sources = folder / f"sources-{number}"
    sources.mkdir()
    (sources / "library.toml").write_text(LIBRARY.format(number=number, path=path))
    words = ["refdb", "build", str(sources), "--inputs", str(inputs), "--out", str(folder / "libraries")]
    assert main(words) == 0
    return folder / "libraries" / f"food-{number}"


@needs_refdata
def test_a_meat_mixture_is_pig_and_no_second_mammal(tmp_path) -> None:
    """No mammal but *Sus* above 0.2 % and 10 reads; two more variants lie 27 edits from any mammal."""
    library = built(tmp_path, REFDATA / "sequences", "mldsp/mammal_16S.fasta.gz", 1)
    out = tmp_path / "t.tsv"
    for more in ([], ["--primers", "GACGAGAAGACCCTATGGAGC,TCCGAGGTCRCCCCAACC"]):
        assert main(["barcode", "match", str(MEAT), "--library", str(library), "--out", str(out), *more]) == 0
        rows = table(out)
        assert {row["answer"] for row in rows} == {"Sus", ""}
        first = rows[0]
        assert (first["locus"], first["rank"], first["answer"]) == ("16S-food", "GENUS", "Sus")
        assert int(first["reads"]) > 4000 and "READS_BELOW_LIMIT" not in first["reasons"]
        assert {(row["finding"], "NO_REPLICATES" in row["reasons"]) for row in rows} == {("INCONCLUSIVE", True)}
        # Whatever else has reads enough to be reported is at no marker of mammals.
        told = [row for row in rows if "READS_BELOW_LIMIT" not in row["reasons"] and row["answer"] != "Sus"]
        assert {row["locus"] for row in told} == {""}


@needs_refdata
def test_a_persons_stretch_is_a_word_or_withheld(tmp_path) -> None:
    genes = gzip.decompress((REFDATA / "sequences" / "mldsp" / "mammal_16S.fasta.gz").read_bytes()).decode("ascii")
    records = dict(part.split("\n", 1) for part in genes.split(">")[1:])
    person = next(text.replace("\n", "") for name, text in records.items() if name.startswith("NC_012920.1|"))
    first = person.index("GACGAGAAGACCCTATGGAGC") + 21
    letters = person[first : first + 73]
    queries = tmp_path / "q.fasta"
    queries.write_text(f">Ms Example\n{letters}\n>Ms Example 2\n{letters[:30]}A{letters[31:]}\n")
    others = tmp_path / "inputs" / "mldsp"
    others.mkdir(parents=True)
    (others / "others.fasta").write_text(
        "".join(
            f">{name}\n{text}" for name, text in records.items() if "|Homo_" not in name and "UNRES" not in name
        )
    )
    shutil.copy(REFDATA / "sequences" / "mldsp" / "mammal_16S.tsv", others)
    told = {}
    for number, (inputs, path) in enumerate(
        ((REFDATA / "sequences", "mldsp/mammal_16S.fasta.gz"), (tmp_path / "inputs", "mldsp/others.fasta"))
    ):
        library, out = built(tmp_path, inputs, path, number), tmp_path / f"{number}.tsv"
        assert main(["barcode", "match", str(queries), "--library", str(library), "--out", str(out)]) == 0
        assert "Example" not in out.read_text(encoding="utf-8")
        told[number] = {
            (row["id"], row["locus"], row["nearest"], row["answer"], row["reasons"]) for row in table(out)
        }
    assert told[0] == {("Homo sapiens", "16S-food", "", "Homo sapiens", "HUMAN_DNA")}
    assert told[1] == {("withheld", "16S-food", "", "", "HUMAN_NOT_EXCLUDED")}


@needs_refdata
def test_public_reads_of_another_marker_are_no_animal(tmp_path) -> None:
    """The release has no window where these reads lie: no name, and no error."""
    out = tmp_path / "t.tsv"
    assert matched(MEAT, None, out, "--primers", "GACGAGAAGACCCTATGGAGC,TCCGAGGTCRCCCCAACC") == 0
    rows = table(out)
    assert {row["answer"] for row in rows} == {""}
    assert int(rows[0]["reads"]) > 0.9 * int(rows[0]["reads_of_marker"])


def test_a_file_that_is_called_bam_and_is_none_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reads.bam"
    path.write_bytes(bytes(range(256)) * 100)
    assert main(["barcode", "match", str(path), "--library", "2026.1", "--out", str(tmp_path / "t.tsv")]) == 3
    told = capsys.readouterr().err
    assert "reads.bam: no BAM file" in told and "FASTQ: name" not in told
    assert not (tmp_path / "t.tsv").exists()
