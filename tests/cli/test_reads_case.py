"""Cases of sequencing reads from files to records: replicates, blanks, mixtures, persons, damaged files."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_reads import noisy_reads
from mapped_reads import mapped_person
from read_cases import CASE, Runs, read_root
from refdata import REFDATA, needs_refdata

from musk_id.cli import main
from musk_id.stages.read_runs import sequence_digest
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

GENERA = ("Sus", "Moschus", "Homo", "Bos")


@pytest.fixture(scope="module")
def inserts(shipped_release) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in shipped_release.barcodes:
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE:
            found.setdefault(record.genus, record.sequence)
    return {genus: found[genus] for genus in GENERA}


def examined(root: Path, out: Path) -> dict[str, Any]:
    assert main(["examine", str(root / "cases" / CASE), "--root", str(root), "--out", str(out)]) == 0
    return json.loads((out / "cases" / CASE / "record" / "record.json").read_bytes())


def item(record: dict[str, Any]) -> dict[str, Any]:
    (found,) = [i for i in record["barcode"]["items"] if i["item_id"] == "A1"]
    return found


def answer(record: dict[str, Any]) -> dict[str, Any]:
    return next(a for a in record["evidence"]["answers"] if a["kind"] == "MUSK_DEER_PRESENT")


def grades(record: dict[str, Any]) -> set[str]:
    return {part["grade"] for i in record["evidence"]["items"] for part in i["grade_parts"]}


def four(mixture: dict[str, int]) -> Runs:
    return {(extract, pcr): mixture for extract in (1, 2) for pcr in (1, 2)}


def test_a_minor_musk_deer_is_detected_with_its_replicates(tmp_path, inserts) -> None:
    root = read_root(tmp_path, four({inserts["Sus"]: 500, inserts["Moschus"]: 40}))
    record = examined(root, tmp_path / "out")
    call = item(record)
    assert (call["moschus"], call["rank"], call["taxon"]) == ("DETECTED", "GENUS", "Moschus")
    assert "SEVERAL_SEQUENCES" in call["reasons"]
    variants = [s for s in record["barcode"]["sequences"] if s["call"] and s["call"]["taxon"] == "Moschus"]
    assert len(variants) == 4
    for variant in variants:
        support = variant["reads"]
        assert (support["amplifications"], support["amplifications_read"], support["extracts"]) == (4, 4, 2)
        assert 30 < support["reads"] <= 40 and support["marker_reads"] > 500
        assert variant["finding"] == "DETECTED"
    assert [run["total"] for run in record["barcode"]["read_runs"]] == [540] * 4
    folder = tmp_path / "out" / "cases" / CASE / "record"
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))
    assert "Reads (not amount of material)" in pages and "amplifications 4 of 4; extractions 2" in pages
    # Reads carry no more than screening, whatever the controls.
    assert "C" in grades(record)


@pytest.mark.parametrize(
    "chosen",
    [[(1, 1)], [(1, 1), (1, 2), (1, 3)], [(1, 1), (2, 1)]],
    ids=["one amplification", "one extraction", "in one of two"],
)
def test_without_replicates_nothing_is_reported(tmp_path, inserts, chosen) -> None:
    mixture = {inserts["Sus"]: 300, inserts["Moschus"]: 40}
    runs = dict.fromkeys(chosen, mixture)
    if chosen == [(1, 1), (2, 1)]:
        runs = {(1, 1): mixture, (2, 1): {inserts["Sus"]: 300}}
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert "NO_REPLICATES" in item(record)["reasons"]
    assert answer(record)["finding"] == "INCONCLUSIVE"


def test_two_amplifications_of_three_are_enough(tmp_path, inserts) -> None:
    mixture = {inserts["Sus"]: 300, inserts["Moschus"]: 40}
    runs = {(1, 1): mixture, (1, 2): {inserts["Sus"]: 300}, (2, 1): mixture}
    assert item(examined(read_root(tmp_path, runs), tmp_path / "out"))["moschus"] == "DETECTED"
    more = {**runs, (2, 2): {inserts["Sus"]: 300}}
    other = tmp_path / "other"
    other.mkdir()
    assert item(examined(read_root(other, more), other / "out"))["moschus"] == "INCONCLUSIVE"


@pytest.mark.parametrize(("in_blank", "finding"), [(3, "DETECTED"), (6, "INCONCLUSIVE")])
def test_ten_times_the_blank(tmp_path, inserts, in_blank, finding) -> None:
    """About 40 reads against 3 or 6 in the blank."""
    runs = four({inserts["Sus"]: 300, inserts["Moschus"]: 42})
    record = examined(read_root(tmp_path, runs, blank={inserts["Moschus"]: in_blank}), tmp_path / "out")
    assert item(record)["moschus"] == finding
    if finding == "INCONCLUSIVE":
        assert "READS_BELOW_LIMIT" in item(record)["reasons"]
    held = [c["reads"] for c in record["controls"][0]["controls"] if c["reads"]]
    digest = sequence_digest(inserts["Moschus"])
    entries = {entry["sequence_sha256"] or entry["genus"]: entry["reads"] for entry in held[0]}
    assert set(entries) == {digest, "Moschus"}
    assert entries["Moschus"] == in_blank


def test_musk_deer_in_a_blank_takes_every_marker(tmp_path, inserts) -> None:
    runs = four({inserts["Sus"]: 300, inserts["Moschus"]: 200})
    record = examined(read_root(tmp_path, runs, blank={inserts["Moschus"]: 15}), tmp_path / "out")
    assert set(record["controls"][0]["invalid_loci"]) == {locus.value for locus in RELEASE_MARKERS}
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert "CONTROL_FAILED" in item(record)["reasons"]


def test_a_person_is_a_word(tmp_path, inserts) -> None:
    runs = four({inserts["Sus"]: 200, inserts["Homo"]: 200})
    record = examined(read_root(tmp_path, runs, blank={inserts["Homo"]: 9}), tmp_path / "out")
    call = item(record)
    assert call["human"] is True and call["moschus"] == "NOT_DETECTED"
    digest = sequence_digest(inserts["Homo"])
    # The evidence files themselves stay as they were handed in.
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and path.suffix != ".fastq":
            data = path.read_bytes()
            assert inserts["Homo"].encode() not in data and digest.encode() not in data, path.name


def test_a_chimera_names_nothing(tmp_path, inserts) -> None:
    chimera = inserts["Moschus"][:53] + inserts["Sus"][53:]
    runs = four({inserts["Sus"]: 300, inserts["Moschus"]: 200, chimera: 30})
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    marked = [s for s in record["barcode"]["sequences"] if "CHIMERA_SUSPECTED" in s["reasons"]]
    assert len(marked) == 4
    assert {s["finding"] for s in marked} == {"INCONCLUSIVE"}
    said = [s["phrase"] for s in answer(record)["statements"]]
    assert "dna.read_traces" in said and "dna.runs_unnamed" not in said
    assert item(record)["moschus"] == "DETECTED"


def test_the_order_of_reads_changes_no_byte_of_the_calls(tmp_path, inserts) -> None:
    runs = four({inserts["Sus"]: 60, inserts["Bos"]: 30})
    root = read_root(tmp_path, runs)
    first = examined(root, tmp_path / "first")
    case = root / "cases" / CASE
    for number in range(1, 5):
        both = [(case / f"R{number}_R{mate}.fastq").read_text().splitlines() for mate in (1, 2)]
        order = sorted(range(len(both[0]) // 4), key=lambda i: hashlib.sha256(str(i).encode()).digest())
        for mate, lines in zip((1, 2), both, strict=True):
            text = "".join("\n".join(lines[4 * i : 4 * i + 4]) + "\n" for i in order)
            (case / f"R{number}_R{mate}.fastq").write_text(text)
    second = examined(root, tmp_path / "second")
    for part in ("sequences", "items", "read_runs"):
        assert first["barcode"][part] == second["barcode"][part]


@pytest.mark.parametrize("fault", ["cut", "missing", "mates", "three", "pickle"])
def test_files_that_cannot_be_used_are_told(tmp_path, inserts, fault) -> None:
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 30}})
    case = root / "cases" / CASE
    second = case / "R1_R2.fastq"
    if fault == "cut":
        second.write_text(second.read_text()[:-70])
    elif fault == "missing":
        second.unlink()
    elif fault == "mates":
        second.write_text(second.read_text().replace("@r3 ", "@x3 "))
    elif fault == "pickle":
        second.write_bytes(b"\x80\x04\x95" + bytes(200))
    else:
        shutil.copy(second, case / "R1_R3.fastq")
        path = case / "examination.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        run = content["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]["runs"][0]
        run["files"].append({"path": "R1_R3.fastq", "role": "READS"})
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    (result,) = [s for s in record["barcode"]["sequences"] if s["run"]["run_id"] == "R1"]
    expected = "FILE_MISSING" if fault == "missing" else "FILE_UNREADABLE"
    assert (result["finding"], result["reasons"]) == ("NOT_EXAMINED", [expected])


@needs_refdata
def test_public_reads_without_controls_and_replicates(tmp_path, inserts) -> None:
    """Meat, by their own primers: the release holds no window there, so that nothing is named; grade C."""
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 20}}, batch=False)
    case = root / "cases" / CASE
    source = REFDATA / "reads" / "meat_mixture_16S" / "ERR10436108_5k.fastq.gz"
    shutil.copy(source, case / "meat.fastq.gz")
    path = case / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    product = content["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]
    product["forward_primer"], product["reverse_primer"] = "GACGAGAAGACCCTATGGAGC", "TCCGAGGTCRCCCCAACC"
    del product["locus"]
    product["runs"][0]["files"] = [{"path": "meat.fastq.gz", "role": "READS"}]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    call = item(record)
    assert call["moschus"] == "INCONCLUSIVE" and {"LOCUS_NOT_RECOGNISED", "NO_REPLICATES"} <= set(call["reasons"])
    (run,) = record["barcode"]["read_runs"]
    assert (run["total"], run["used"]) == (5000, 4771)
    primers = {s["reads"]["primers"] for s in record["barcode"]["sequences"]}
    assert "GACGAGAAGACCCTATGGAGC/TCCGAGGTCRCCCCAACC" in primers
    assert "C" in grades(record)


def with_files(case: Path, names: list[str], **product: str) -> None:
    """The first run of the case with other files."""
    path = case / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    entry = content["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]
    del entry["locus"]
    entry.update(product)
    entry["runs"][0]["files"] = [{"path": name, "role": "READS"} for name in names]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@needs_refdata
def test_mapped_reads_of_a_person_in_a_case(tmp_path, inserts) -> None:
    """The word, and no stretch of the person's reads or of what they agree on in anything that is kept."""
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 20}}, batch=False)
    case = root / "cases" / CASE
    path = mapped_person(tmp_path)
    shutil.move(path, case / "person.bam")
    with_files(case, ["person.bam"])
    record = examined(root, tmp_path / "out")
    assert item(record)["human"] is False and item(record)["moschus"] == "INCONCLUSIVE"
    results = [s for s in record["barcode"]["sequences"] if s["run"]["run_id"] == "R1"]
    assert {s["locus"] for s in results} == {locus.value for locus in RELEASE_MARKERS}
    for result in results:
        assert "HUMAN_DNA" in result["reasons"] and result["sequence_sha256"] is None
        assert not result["hits"] and result["picture"] is None and result["sequence_name"] == "human"
    (run,) = record["barcode"]["read_runs"]
    assert run["piled"] is True and run["total"] == 15440
    with gzip.open(REFDATA / "reads" / "human_chrM_shotgun" / "reference_NC_012920.1.fasta.gz", "rt") as handle:
        genome = "".join(handle.read().split("\n")[1:])
    other = str.maketrans("ACGT", "TGCA")
    words = {w for g in (genome, genome.translate(other)[::-1]) for w in (g[i : i + 40] for i in range(len(g)))}
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file() and file.suffix not in {".bam", ".fastq", ".fasta", ".fa"}:
            for stretch in re.findall(r"[ACGT]{40,}", file.read_bytes().decode("latin-1")):
                assert not {stretch[i : i + 40] for i in range(len(stretch) - 39)} & words, file.name


def test_long_reads_in_a_case(tmp_path, inserts, shipped_release) -> None:
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 20}}, batch=False)
    case = root / "cases" / CASE
    coi = {
        r.genus: r.sequence
        for r in shipped_release.barcodes
        if r.locus is Locus.COI and r.state is CurationState.REFERENCE
    }
    noisy_reads(case / "long.fastq", {coi["Sus"]: 80, coi["Moschus"]: 20}, 3, 0.05)
    with_files(case, ["long.fastq"])
    record = examined(root, tmp_path / "out")
    results = [s for s in record["barcode"]["sequences"] if s["run"]["run_id"] == "R1"]
    assert {s["call"]["taxon"] for s in results if s["call"]} == {"Sus", "Moschus"}
    assert "NO_REPLICATES" in item(record)["reasons"] and "C" in grades(record)
    # The numbers of reads stand in the record, and how they were read on the page.
    assert [s["reads"]["reads"] for s in results if s["call"]] == [80, 20]
    folder = tmp_path / "out" / "cases" / CASE / "record"
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))
    assert "what the reads of a haplotype agree on" in pages


@pytest.mark.parametrize("index", ["same", "own", "none"])
def test_one_library_in_two_files_is_one_amplification(tmp_path, inserts, index) -> None:
    mixture = {inserts["Sus"]: 120, inserts["Moschus"]: 40}
    root = read_root(tmp_path, {(1, 1): mixture, (2, 1): mixture})
    case = root / "cases" / CASE
    for number in (1, 2):
        for mate in (1, 2):
            path = case / f"R{number}_R{mate}.fastq"
            tag = {"same": "ATCACGAA", "own": "ATCACG" + "ACGT"[number] * 2, "none": ""}[index]
            name = rf"@M1:62:JPF7Y:1:1101:{number}\1:7 {mate}:N:0:{tag}"
            path.write_text(re.sub(r"@r(\d+) \d:N", name, path.read_text()))
    record = examined(root, tmp_path / "out")
    runs = {run["run"]["run_id"]: run["counted_with"] for run in record["barcode"]["read_runs"]}
    folder = tmp_path / "out" / "cases" / CASE / "record"
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))
    if index != "own":
        assert runs == {"R1": None, "R2": "A1-S1-E1-P1"}
        assert item(record)["moschus"] == "INCONCLUSIVE" and "NO_REPLICATES" in item(record)["reasons"]
    else:
        assert runs == {"R1": None, "R2": None} and item(record)["moschus"] == "DETECTED"
    assert ("both count as one amplification" in pages) is (index != "own")


@pytest.mark.parametrize(("shared", "finding"), [(30, "INCONCLUSIVE"), (0, "DETECTED")])
def test_files_that_share_reads_are_one_amplification(tmp_path, inserts, shared, finding) -> None:
    """Reads without telling names, dealt into two files of which some stand in both."""
    mixture = {inserts["Sus"]: 120, inserts["Moschus"]: 40}
    root = read_root(tmp_path, {(1, 1): mixture, (2, 1): mixture})
    case = root / "cases" / CASE
    for mate in (1, 2):
        first, second = (case / f"R{number}_R{mate}.fastq" for number in (1, 2))
        taken = first.read_text().splitlines()[: 4 * shared]
        second.write_text("".join(line + "\n" for line in taken) + second.read_text().replace("@r", "@s"))
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == finding
    assert ("NO_REPLICATES" in item(record)["reasons"]) is (shared > 0)
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8").replace("reads-4", "reads-3"), encoding="utf-8")
    assert item(examined(root, tmp_path / "earlier"))["moschus"] == "DETECTED"


def test_an_earlier_method_does_not_read_mapped_reads(tmp_path, inserts) -> None:
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 20}}, batch=False)
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8").replace("reads-4", "reads-1"), encoding="utf-8")
    (root / "cases" / CASE / "x.bam").write_bytes(b"@HD\tVN:1.6\n")
    with_files(root / "cases" / CASE, ["x.bam"])
    record = examined(root, tmp_path / "out")
    (result,) = [s for s in record["barcode"]["sequences"] if s["run"]["run_id"] == "R1"]
    assert result["reasons"] == ["FILE_UNREADABLE"] and "reads-1 does not read" in result["sequence_name"]


@pytest.mark.parametrize(("key", "value"), [("forward_primer", "ACGTACGTACGT"), ("reverse_primer", "acgt")])
def test_primers_that_are_none_are_refused(tmp_path, inserts, capsys, key, value) -> None:
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 10}})
    path = root / "cases" / CASE / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["items"][0]["sub_samples"][0]["extracts"][0]["products"][0][key] = value
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    told = ["examine", str(root / "cases" / CASE), "--root", str(root), "--out", str(tmp_path / "out")]
    assert main(told) == 2
    assert "primer" in capsys.readouterr().err


def test_the_same_reads_under_several_products_are_one_amplification(tmp_path, inserts) -> None:
    root = read_root(tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 40}))
    case = root / "cases" / CASE
    for number in (2, 3, 4):
        for mate in (1, 2):
            lines = (case / f"R1_R{mate}.fastq").read_text().splitlines()
            entries = [lines[i : i + 4] for i in range(0, len(lines), 4)]
            # Another order and other names: another file, the same reads.
            moved = entries[number:] + entries[:number]
            text = "".join("\n".join([f"@x{i}", *entry[1:]]) + "\n" for i, entry in enumerate(moved))
            (case / f"R{number}_R{mate}.fastq").write_text(text)
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE" and "NO_REPLICATES" in item(record)["reasons"]
    supports = [s["reads"] for s in record["barcode"]["sequences"]]
    assert {(s["amplifications"], s["amplifications_read"], s["extracts"]) for s in supports} == {(1, 4, 1)}


def test_an_amplification_without_a_single_variant_counts_as_read(tmp_path, inserts) -> None:
    mixture = {inserts["Sus"]: 100, inserts["Moschus"]: 40}
    nothing = {inserts["Sus"]: 2}
    runs = {(1, 1): mixture, (1, 2): nothing, (2, 1): mixture, (2, 2): nothing}
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert {s["reads"]["amplifications_read"] for s in record["barcode"]["sequences"]} == {4}


def test_a_blank_is_held_against_both_strands() -> None:
    from musk_id.kernels.nucleotides import reverse_complement_text

    letters = "ACGGTTACAGGT"
    assert sequence_digest(letters) == sequence_digest(reverse_complement_text(letters))
    assert sequence_digest(letters) != sequence_digest(letters[:-1] + "A")


def test_a_blank_that_was_not_sequenced_is_no_blank(tmp_path, inserts) -> None:
    root = read_root(tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 40}), blank=None)
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE" and "CONTROL_ABSENT" in item(record)["reasons"]
    assert {s["reads"]["largest_in_blank"] for s in record["barcode"]["sequences"]} == {None}


def test_naming_the_primers_of_a_published_assay_changes_nothing(tmp_path, inserts) -> None:
    root = read_root(tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 40}))
    before = item(examined(root, tmp_path / "before"))
    path = root / "cases" / CASE / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for extract in content["items"][0]["sub_samples"][0]["extracts"]:
        for product in extract["products"]:
            product["forward_primer"], product["reverse_primer"] = "ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert item(examined(root, tmp_path / "after")) == before
    assert before["moschus"] == "DETECTED"


def test_musk_deer_in_a_blank_counts_with_all_its_errors_and_on_either_strand(tmp_path, inserts) -> None:
    """Nine reads, each with a wrong letter of its own, uncut, on the other strand: 60 are not ten times nine."""
    from musk_id.kernels.nucleotides import reverse_complement_text

    root = read_root(tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 60}))
    batch = root / "batches" / "DEMO-DNA-1"
    deer, lines = inserts["Moschus"], []
    for number in range(9):
        place = 10 + 9 * number
        wrong = deer[:place] + ("A" if deer[place] != "A" else "C") + deer[place + 1 :]
        lines.append(f"@b{number}\n{reverse_complement_text(wrong)}\n+\n{'I' * len(wrong)}\n")
    (batch / "single.fastq").write_text("".join(lines))
    path = batch / "sheet.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    row = next(r for r in content["rows"] if r["kind"] == "PCR_NEGATIVE" and r.get("locus") == "12S-V5")
    row["files"] = [{"path": "single.fastq", "role": "READS"}]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    deer_reads = [s["reads"] for s in record["barcode"]["sequences"] if s["reads"]["largest_in_blank"] == 9]
    assert len(deer_reads) == 4


def test_an_abundant_crowd_hides_no_musk_deer(tmp_path, inserts) -> None:
    from made_reads import made

    crowd = dict.fromkeys(made(17, 205), 12)
    mixture = {inserts["Sus"]: 300, **crowd, inserts["Moschus"]: 11}
    runs = {(1, 1): mixture, (2, 1): mixture}
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    assert item(record)["moschus"] == "DETECTED"


def test_few_reads_of_musk_deer_are_a_trace_and_not_nothing(tmp_path, inserts) -> None:
    runs = four({inserts["Sus"]: 300, inserts["Homo"]: 100, inserts["Moschus"]: 5})
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE" and "READS_BELOW_LIMIT" in item(record)["reasons"]


def test_amplifications_whose_files_are_missing_count_as_attempts(tmp_path, inserts) -> None:
    mixture = {inserts["Sus"]: 100, inserts["Moschus"]: 40}
    root = read_root(tmp_path, {(e, p): mixture for e in (1, 2) for p in (1, 2)})
    for number in (2, 3, 4):
        (root / "cases" / CASE / f"R{number}_R1.fastq").unlink()
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    supports = [s["reads"] for s in record["barcode"]["sequences"] if s["reads"]]
    assert {(s["amplifications"], s["amplifications_read"]) for s in supports} == {(1, 4)}


def test_half_a_person_in_a_chimera_is_not_printed(tmp_path, inserts) -> None:
    chimera = inserts["Homo"][:50] + inserts["Sus"][50:]
    runs = four({inserts["Homo"]: 100, inserts["Sus"]: 200, chimera: 40})
    record = examined(read_root(tmp_path, runs), tmp_path / "out")
    marked = [s for s in record["barcode"]["sequences"] if "CHIMERA_SUSPECTED" in s["reasons"]]
    assert len(marked) == 4
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and path.suffix != ".fastq":
            assert inserts["Homo"][:40].encode() not in path.read_bytes(), path.name


def test_what_a_failed_control_took_out_is_not_said_to_be_absent(tmp_path, inserts) -> None:
    runs = four({inserts["Homo"]: 300, inserts["Moschus"]: 60})
    record = examined(read_root(tmp_path, runs, blank={inserts["Sus"]: 15}), tmp_path / "out")
    assert record["controls"][0]["invalid_loci"] == ["12S-V5"]
    assert item(record)["moschus"] == "INCONCLUSIVE" and "CONTROL_FAILED" in item(record)["reasons"]


def test_reads_of_the_marker_are_all_of_its_reads_with_primers_and_without(tmp_path, inserts) -> None:
    """Twelve reads without primers beside 8,000 with them are 0.15 % of the marker, not all of it."""
    from made_reads import amplicon

    root = read_root(tmp_path, four({inserts["Sus"]: 4}))
    case = root / "cases" / CASE
    path = case / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    number = 0
    for extract in content["items"][0]["sub_samples"][0]["extracts"]:
        for product in extract["products"]:
            number += 1
            reads = [amplicon(inserts["Sus"])] * (8000 + number) + [inserts["Moschus"]] * 12
            lines = [f"@r{i}\n{read}\n+\n{'I' * len(read)}\n" for i, read in enumerate(reads)]
            (case / f"single{number}.fastq").write_text("".join(lines))
            product["runs"][0]["files"] = [{"path": f"single{number}.fastq", "role": "READS"}]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    deer = [s for s in record["barcode"]["sequences"] if s["call"] and s["call"]["taxon"] == "Moschus"]
    assert sorted(s["reads"]["marker_reads"] for s in deer) == [8013, 8014, 8015, 8016]
    assert all("READS_BELOW_LIMIT" in s["reasons"] for s in deer)
    assert item(record)["moschus"] != "DETECTED"


def test_a_blank_that_was_emptied_is_no_empty_blank(tmp_path, inserts) -> None:
    """The sheet names the digest of what was read; the file holds nothing any more."""
    root = read_root(
        tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 200}), blank={inserts["Moschus"]: 15}
    )
    batch = root / "batches" / "DEMO-DNA-1"
    path = batch / "sheet.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    row = next(r for r in content["rows"] if r["kind"] == "PCR_NEGATIVE" and r.get("locus") == "12S-V5")
    for file in row["files"]:
        file["sha256"] = hashlib.sha256((batch / file["path"]).read_bytes()).hexdigest()
        (batch / file["path"]).write_bytes(b"")
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert "12S-V5" in record["controls"][0]["invalid_loci"]


def test_one_library_in_two_mapped_files_is_one_amplification(tmp_path, inserts) -> None:
    """Halves of a BAM file under two products, told by their read group."""
    import pysam

    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 5}, (2, 1): {inserts["Sus"]: 6}})
    case = root / "cases" / CASE
    path = case / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    deer = inserts["Moschus"]
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chrM", "LN": 400}],
        "RG": [{"ID": "g", "SM": "S1", "LB": "lib7"}],
    }
    for number, extract in enumerate(content["items"][0]["sub_samples"][0]["extracts"]):
        with pysam.AlignmentFile(str(case / f"half{number}.bam"), "wb", header=header) as handle:
            for n in range(40 + number):
                record = pysam.AlignedSegment(handle.header)
                record.query_name, record.query_sequence = f"h{number}n{n}", deer
                record.flag, record.reference_id, record.reference_start = 16 * (n % 2), 0, 100
                record.mapping_quality, record.cigarstring = 60, f"{len(deer)}M"
                record.set_tag("RG", "g")
                handle.write(record)
        extract["products"][0]["runs"][0]["files"] = [{"path": f"half{number}.bam", "role": "READS"}]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    assert [s["call"]["taxon"] for s in record["barcode"]["sequences"] if s["call"]] == ["Moschus", "Moschus"]
    assert item(record)["moschus"] == "INCONCLUSIVE" and "NO_REPLICATES" in item(record)["reasons"]


def test_a_few_mapped_reads_of_a_blank_are_counted(tmp_path, inserts) -> None:
    """Four reads are too few for a sequence; 30 of an exhibit are less than ten times four."""
    import pysam

    root = read_root(tmp_path, four({inserts["Sus"]: 100, inserts["Moschus"]: 30}))
    batch = root / "batches" / "DEMO-DNA-1"
    deer = inserts["Moschus"]
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chrM", "LN": 400}]}
    with pysam.AlignmentFile(str(batch / "blank.bam"), "wb", header=header) as handle:
        for n in range(4):
            record = pysam.AlignedSegment(handle.header)
            record.query_name, record.query_sequence = f"b{n}", deer
            record.flag, record.reference_id, record.reference_start = 16 * (n % 2), 0, 100
            record.mapping_quality, record.cigarstring = 60, f"{len(deer)}M"
            handle.write(record)
    path = batch / "sheet.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    row = next(r for r in content["rows"] if r["kind"] == "PCR_NEGATIVE" and r.get("locus") == "12S-V5")
    row["files"] = [{"path": "blank.bam", "role": "READS"}]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert "READS_BELOW_LIMIT" in item(record)["reasons"]
