"""Long reads with errors and mapped reads become the haplotypes put in, whatever the order of the reads."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_reads import noisy_reads

from musk_id.errors import InputFormatError
from musk_id.formats.fastq import FastqFile
from musk_id.model.methods import BARCODE_METHODS, READS_METHODS
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.reads import AlignedRead
from musk_id.stages.drawn_reads import Drawn
from musk_id.stages.haplotypes import PileRules
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.long_reads import is_noisy, pile_long_reads
from musk_id.stages.mapped_reads import pile_mapped_reads
from musk_id.stages.read_variants import count_reads
from musk_id.vocabulary import CurationState, Locus

METHOD = READS_METHODS[-1]
COI_PRIMERS = ("TTCTCAACCAACCACAAAGACATTGG", "TAGACTTCTGGGTGGCCAAAGAATCA")
CYTB_PRIMERS = ("CCATCCAACATCTCAGCATGATGAAA", "CCCTCAGAATGATATTTGTCCTCA")
RIAZ_PRIMERS = ("ACTGGGATTAGATACCCC", "CAGAACAGGCTCCTCTAG")


@pytest.fixture(scope="module")
def rules(shipped_release) -> PileRules:
    assert METHOD.piles is not None
    library = BarcodeLibrary.from_release(shipped_release, BARCODE_METHODS[-1])
    return PileRules(library, BARCODE_METHODS[-1], METHOD, METHOD.piles, with_genera=True)


@pytest.fixture(scope="module")
def sequence(shipped_release):
    def of(genus: str, locus: Locus) -> str:
        return next(
            r.sequence
            for r in shipped_release.barcodes
            if r.genus == genus and r.locus is locus and r.state is CurationState.REFERENCE
        )

    return of


def piled(path: Path, rules: PileRules, count: int = 5_000):
    return pile_long_reads(FastqFile(path).batches(count), PRIMER_PAIRS, rules)


@pytest.mark.parametrize(
    ("locus", "counts", "primers", "error"),
    [
        (Locus.COI, {"Sus": 300, "Moschus": 300}, COI_PRIMERS, 0.04),
        (Locus.COI, {"Sus": 700, "Moschus": 14}, COI_PRIMERS, 0.05),
        (Locus.CYTB, {"Sus": 200, "Moschus": 100, "Bos": 60}, ("", ""), 0.05),
        (Locus.RRNA_12S, {"Sus": 400, "Moschus": 40}, RIAZ_PRIMERS, 0.04),
        (Locus.RRNA_16S, {"Sus": 400, "Moschus": 40}, ("", ""), 0.04),
        (Locus.COI, {"Bos": 40}, COI_PRIMERS, 0.08),
    ],
)
def test_haplotypes_come_out_letter_by_letter(tmp_path, rules, sequence, locus, counts, primers, error) -> None:
    inserts = {sequence(genus, locus): count for genus, count in counts.items()}
    path = noisy_reads(tmp_path / "r.fastq", inserts, 5, error, primers)
    assert is_noisy(count_reads(FastqFile(path).batches(), METHOD), rules.piles)
    found = piled(path, rules)
    (amplicon,) = [a for a in found.amplicons if a.variants]
    assert {variant.letters for variant in amplicon.variants} == set(inserts)
    for variant in amplicon.variants:
        assert 0.9 * inserts[variant.letters] <= variant.reads <= inserts[variant.letters]
    assert found.tally.total == sum(counts.values())
    assert set(counts) <= set(found.genera)


def test_reads_are_laid_against_what_they_agree_on_until_it_stays(tmp_path, rules, sequence) -> None:
    """Two animals that the library lacks, letters put in and lost: the first laying gives half a sequence."""
    pig, deer = sequence("Sus", Locus.RRNA_16S), sequence("Hydropotes", Locus.RRNA_16S)
    first = pig[:4] + pig[5:56] + pig[57:67] + pig[68:76] + "ACCCT" + pig[76:87] + pig[88:]
    second = deer[:47] + "GTGGAAG" + deer[47:]
    found = piled(noisy_reads(tmp_path / "r.fastq", {first: 12, second: 8}, 1016, 0.1), rules)
    assert [(v.letters, v.reads) for a in found.amplicons for v in a.variants] == [(first, 11)]


def test_reads_are_laid_against_the_nearest_record_where_they_fit_it_better(tmp_path, rules, sequence) -> None:
    """Eight reads with errors, cut out of the columns of another animal, agree on less than the record says."""
    inserts = {sequence("Viverricula", Locus.CYTB): 20, sequence("Bubalus", Locus.CYTB): 8}
    found = piled(noisy_reads(tmp_path / "r.fastq", inserts, 6, 0.08), rules)
    assert {v.letters: v.reads for a in found.amplicons for v in a.variants} == inserts


def test_primers_inside_a_gene_are_no_part_of_it(tmp_path, rules, sequence) -> None:
    gene = sequence("Sus", Locus.CYTB)
    inner = gene[400:700]
    found = piled(noisy_reads(tmp_path / "r.fastq", {inner: 60}, 2, 0.04, CYTB_PRIMERS), rules)
    (amplicon,) = [a for a in found.amplicons if a.variants]
    assert amplicon.primers == "cytb CB1-L/CB2-H"
    assert [variant.letters for variant in amplicon.variants] == [inner]


def test_order_and_batches_change_nothing(tmp_path, rules, sequence) -> None:
    inserts = {sequence("Sus", Locus.COI): 60, sequence("Moschus", Locus.COI): 30}
    path = noisy_reads(tmp_path / "r.fastq", inserts, 7, 0.06, COI_PRIMERS)
    first = piled(path, rules)
    lines = path.read_text().splitlines()
    reads = ["\n".join(lines[i : i + 4]) for i in range(0, len(lines), 4)]
    random.Random(5).shuffle(reads)
    path.write_text("\n".join(reads) + "\n")
    assert piled(path, rules, 7) == first


def test_reads_of_nothing_are_told(tmp_path, rules) -> None:
    noise = {"".join(random.Random(n).choices("ACGT", k=400)): 3 for n in range(5)}
    found = piled(noisy_reads(tmp_path / "r.fastq", noise, 1, 0.05), rules)
    assert sum(a.unassigned_reads for a in found.amplicons) == 15 == found.tally.used
    assert not [v for a in found.amplicons for v in a.variants]


class Mapped:
    """Reads in the columns of a reference, as a file of them gives them."""

    name = "made.bam"

    def __init__(self, length_bp: int, reads: list[AlignedRead]) -> None:
        self.length_bp = length_bp
        self._reads = reads
        self.total = self.left_out = 0

    def reads(self):
        self.total, self.left_out = len(self._reads), 0
        return iter(self._reads)

    def region(self, first: int, last: int):
        return iter([r for r in self._reads if r.first_column < last and r.first_column + len(r.letters) > first])


def shotgun(genome: str, depth: int, seed: int, reverse: bool, name: str) -> list[AlignedRead]:
    rng = random.Random(seed)
    reads = []
    for n in range(depth * len(genome) // 120):
        start = rng.randrange(0, len(genome) - 120)
        text = "".join(rng.choice("ACGT") if rng.random() < 0.005 else x for x in genome[start : start + 120])
        reads.append(AlignedRead(f"{name}{n}".encode(), bool(n % 2) is not reverse, start, text.encode(), ()))
    return reads


@pytest.mark.parametrize("turned", [False, True])
def test_windows_of_mapped_reads(rules, sequence, turned) -> None:
    """A reference on either strand; between the windows lies what no record may ever hold."""
    rng = random.Random(1)

    def filler(size: int) -> str:
        return "".join(rng.choices("ACGT", k=size))

    coi, cytb = sequence("Bos", Locus.COI), sequence("Bos", Locus.CYTB)
    genome = filler(700) + coi + filler(900) + cytb + filler(500)
    if turned:
        genome = genome.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    source = Mapped(len(genome), sorted(shotgun(genome, 40, 3, turned, "r"), key=lambda r: r.first_column))
    found = pile_mapped_reads(source, PRIMER_PAIRS, rules)
    letters = {v.letters: v for a in found.amplicons for v in a.variants}
    assert set(letters) == {coi, cytb}
    assert found.tally.used == len(source._reads)


def test_two_animals_in_mapped_amplicons(rules, sequence) -> None:
    pig, deer = sequence("Sus", Locus.COI), sequence("Moschus", Locus.COI)
    reads = []
    for n, own in enumerate([pig] * 200 + [deer] * 20):
        reads.append(AlignedRead(f"r{n}".encode(), bool(n % 2), 0, own.encode(), ()))
    found = pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, rules)
    (amplicon,) = [a for a in found.amplicons if a.variants]
    assert [(v.letters, v.reads, v.reads_exact) for v in amplicon.variants] == [(pig, 200, 200), (deer, 20, 20)]
    assert found.genera["Moschus"] == 20


@pytest.mark.parametrize(("short", "length"), [(13, 658), (19, 657)])
def test_a_run_that_most_reads_have_too_short(rules, sequence, short, length) -> None:
    """Two thirds of the reads lack a letter of a run: the gene's frame tells; where nearly all do, they do."""
    deer = sequence("Moschus", Locus.COI)
    run = re.search(r"([ACGT])\1{3,}", deer)
    assert run is not None
    place = run.start()
    lacking = deer[:place] + "-" + deer[place + 1 :]
    reads = [
        AlignedRead(b"r%d" % n, bool(n % 2), 0, (lacking if n < short else deer).encode(), ()) for n in range(20)
    ]
    found = pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, rules)
    (variant,) = [v for a in found.amplicons for v in a.variants]
    assert len(variant.letters) == length
    assert (variant.letters == deer) is (length == 658)


def test_a_gene_whose_frame_cannot_be_mended_stays_as_it_was_read(rules, sequence) -> None:
    """A run that most reads have too short, and a letter that all of them lack: one mended run is no frame."""
    deer = sequence("Moschus", Locus.COI)
    run = re.search(r"([ACGT])\1{3,}", deer)
    assert run is not None
    place = run.start()
    other = next(
        n
        for n in range(place + 60, 600)
        if len(set(deer[n - 2 : n + 3])) >= 3 and deer[n] not in deer[n - 1 : n + 2 : 2]
    )
    all_lack = deer[:other] + "-" + deer[other + 1 :]
    most_lack = all_lack[:place] + "-" + all_lack[place + 1 :]
    reads = [
        AlignedRead(b"r%d" % n, bool(n % 2), 0, (most_lack if n < 13 else all_lack).encode(), ())
        for n in range(20)
    ]
    found = pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, rules)
    (variant,) = [v for a in found.amplicons for v in a.variants]
    assert variant.letters == most_lack.replace("-", "")


def limited(rules: PileRules, count: int, draws: bool) -> PileRules:
    return replace(rules, piles=replace(rules.piles, max_window_reads=count, draws_reads=draws))


def test_too_many_reads_are_refused(tmp_path, rules, sequence) -> None:
    few = limited(rules, 50, False)
    reads = [AlignedRead(b"%d" % n, False, 0, sequence("Sus", Locus.COI).encode(), ()) for n in range(51)]
    with pytest.raises(InputFormatError, match="more than 50 reads"):
        pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, few)
    path = noisy_reads(tmp_path / "r.fastq", {sequence("Sus", Locus.COI): 51}, 1, 0.05, COI_PRIMERS)
    with pytest.raises(InputFormatError, match="more than 50 reads"):
        piled(path, few)


def test_of_too_many_long_reads_some_are_drawn_whatever_their_order(tmp_path, rules, sequence) -> None:
    inserts = {sequence("Sus", Locus.COI): 200, sequence("Moschus", Locus.COI): 100}
    path = noisy_reads(tmp_path / "r.fastq", inserts, 7, 0.04, COI_PRIMERS)
    few = limited(rules, 120, True)
    first = piled(path, few)
    (amplicon,) = [a for a in first.amplicons if a.variants]
    assert (amplicon.reads, amplicon.not_drawn) == (120, 180)
    assert {v.letters for v in amplicon.variants} == set(inserts)
    # A third of 120 within four standard deviations.
    assert 20 <= min(v.reads for v in amplicon.variants) <= 60
    # Reads of a blank are raised to all of them.
    assert sum(first.genera.values()) == pytest.approx(300, abs=5)
    assert amplicon.of_all(8) == 20
    assert first.tally.used == 300
    lines = path.read_text().splitlines()
    reads = ["\n".join(lines[i : i + 4]) for i in range(0, len(lines), 4)]
    for order in (reads[::-1], random.Random(5).sample(reads, len(reads))):
        path.write_text("\n".join(order) + "\n")
        assert piled(path, few, 7) == first
    assert piled(path, limited(rules, 300, True)) == piled(path, rules)
    # A read more than are drawn changes little, and other qualities draw others.
    path.write_text("\n".join(reads).replace(lines[3][:1] * 60, "5" * 60) + "\n")
    assert piled(path, few).amplicons != first.amplicons


def test_of_too_many_mapped_reads_some_are_drawn_with_their_mates(rules, sequence) -> None:
    pig, deer = sequence("Sus", Locus.COI), sequence("Moschus", Locus.COI)
    reads = []
    for n, own in enumerate([pig] * 200 + [deer] * 100):
        reads.append(AlignedRead(f"r{n}".encode(), False, 0, own[:400].encode(), ()))
        reads.append(AlignedRead(f"r{n}".encode(), True, 300, own[300:].encode(), ()))
    few = limited(rules, 200, True)
    first = pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, few)
    (amplicon,) = [a for a in first.amplicons if a.variants]
    assert {v.letters for v in amplicon.variants} == {pig, deer}
    # Mates are drawn together.
    assert (amplicon.reads, amplicon.not_drawn) == (100, 400)
    assert first.tally.used == 600
    assert not [a for a in first.amplicons if not a.variants]
    random.Random(3).shuffle(reads)
    again = pile_mapped_reads(Mapped(658, sorted(reads, key=lambda r: r.first_column)), PRIMER_PAIRS, few)
    assert again == first


def test_the_draw_is_even_and_holds_no_more_than_asked_for() -> None:
    drawn: Drawn[int] = Drawn(500)
    for number in range(20_000):
        drawn.add(number, b"read %d" % number)
    held = drawn.reads()
    assert (len(held), drawn.seen, drawn.left_out) == (500, 20_000, 19_500)
    assert held == sorted(held)
    tenths = [sum(number // 2000 == tenth for number in held) for tenth in range(10)]
    # 50 expected; five standard deviations.
    assert all(16 <= count <= 84 for count in tenths)
    every: Drawn[str] = Drawn(5)
    for read in "abcab":
        every.add(read, read.encode())
    assert every.reads() == list("abcab")


@pytest.mark.parametrize("turned", [False, True])
def test_a_blank_with_too_few_reads_for_a_window_still_counts_them(rules, sequence, turned) -> None:
    """Four reads are no haplotype; ten times four is what an exhibit needs all the same."""
    deer = sequence("Moschus", Locus.COI)
    if turned:
        deer = deer.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    reads = [AlignedRead(b"r%d" % n, bool(n % 2), 0, deer.encode(), ()) for n in range(4)]
    found = pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, rules)
    assert not [v for a in found.amplicons for v in a.variants]
    assert found.genera == {"Moschus": 4}
    assert found.tally.used == 4
