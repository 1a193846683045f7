"""Long reads with errors and mapped reads become the haplotypes put in, whatever the order of the reads."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from made_reads import noisy_reads

from musk_id.errors import InputFormatError
from musk_id.formats.fastq import FastqFile
from musk_id.model.methods import BARCODE_METHODS, READS_METHODS
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.reads import AlignedRead
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


def test_too_many_reads_are_refused(rules, sequence) -> None:
    from dataclasses import replace

    few = replace(rules, piles=replace(rules.piles, max_window_reads=50))
    reads = [AlignedRead(b"%d" % n, False, 0, sequence("Sus", Locus.COI).encode(), ()) for n in range(51)]
    with pytest.raises(InputFormatError, match="more than 50 reads"):
        pile_mapped_reads(Mapped(658, reads), PRIMER_PAIRS, few)


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
