"""Reads to variants: simulated amplicons with errors come back as the sequences they were made of."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from made_reads import RIAZ, Sequencer, amplicon, made, sequenced

from musk_id.errors import InputFormatError
from musk_id.formats.fastq import FastqFile, paired_batches
from musk_id.model.methods import READS_METHODS
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.reads import DistinctReads, ReadTally
from musk_id.stages import read_variants
from musk_id.stages.read_variants import count_pairs, count_reads, find_variants

METHOD = READS_METHODS[-1]


def counted(paths: tuple[Path, Path], batch: int = 1000) -> DistinctReads:
    return count_pairs(paired_batches(FastqFile(paths[0]), FastqFile(paths[1]), batch), METHOD)


def test_true_sequences_come_back_from_reads_with_errors(tmp_path: Path) -> None:
    first, second, third = made(5, 3)
    near = second[:50] + ("A" if second[50] != "A" else "C") + ("G" if second[51] != "G" else "T") + second[52:]
    truth = {first: 3000, second: 600, near: 100, third: 15}
    reads = counted(sequenced(tmp_path, truth))
    assert reads.tally.total == sum(truth.values())
    kinds = ("not_overlapping", "ambiguous_overlap", "too_many_errors", "ambiguous_letters", "too_short", "used")
    assert sum(getattr(reads.tally, kind) for kind in kinds) == reads.tally.total
    assert sum(reads.counts.values()) == reads.tally.used > 0.95 * reads.tally.total
    found = find_variants(reads, PRIMER_PAIRS, METHOD)
    assert found[0].primers == RIAZ.name
    assert [v.letters for v in found[0].variants] == [first, second, near, third]
    for variant in found[0].variants:
        assert 0.9 * truth[variant.letters] <= variant.reads <= truth[variant.letters]
        assert variant.reads_exact <= variant.reads
    assert not any(amplicon.variants for amplicon in found[1:])
    assert sum(a.reads for a in found) == reads.tally.used


def test_order_and_batches_never_change_anything(tmp_path: Path) -> None:
    truth = dict(zip(made(9, 4), (400, 90, 30, 9), strict=True))
    paths = sequenced(tmp_path, truth)
    expected = counted(paths)
    assert counted(paths, batch=7) == expected
    entries = [list(zip(*[iter(path.read_text().splitlines())] * 4, strict=True)) for path in paths]
    order = list(range(len(entries[0])))
    random.Random(3).shuffle(order)
    for path, found in zip(paths, entries, strict=True):
        path.write_text("".join("\n".join(found[i]) + "\n" for i in order))
    again = counted(paths, batch=50)
    assert again == expected
    assert find_variants(again, PRIMER_PAIRS, METHOD) == find_variants(expected, PRIMER_PAIRS, METHOD)


def test_reads_of_several_lengths_are_joined_too(tmp_path: Path) -> None:
    insert = made(4, 1)[0]
    paths = sequenced(tmp_path, {insert: 60})
    lines = paths[0].read_text().splitlines()
    for i in range(0, len(lines), 8):
        lines[i + 1], lines[i + 3] = lines[i + 1][:120], lines[i + 3][:120]
    paths[0].write_text("\n".join(lines) + "\n")
    found = find_variants(counted(paths), PRIMER_PAIRS, METHOD)
    assert [v.letters for v in found[0].variants] == [insert]
    assert found[0].variants[0].reads > 50


def test_trimmed_reads_give_the_same_in_pools_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(6)
    paths = sequenced(tmp_path, dict(zip(made(9, 3), (200, 60, 20), strict=True)))
    for path in paths:
        lines = path.read_text().splitlines()
        for i in range(0, len(lines), 4):
            length = rng.choice((150, 150, 140, rng.randint(90, 150)))
            lines[i + 1], lines[i + 3] = lines[i + 1][:length], lines[i + 3][:length]
        path.write_text("\n".join(lines) + "\n")
    expected = counted(paths)
    assert expected.tally.used > 200
    for letters, batch in ((1, 40), (20_000, 40), (10**9, 7)):
        monkeypatch.setattr(read_variants, "POOLED_LETTERS", letters)
        assert counted(paths, batch) == expected


def test_a_planted_chimera_is_told_with_its_parents(tmp_path: Path) -> None:
    first, second = made(11, 2)
    chimera = first[:53] + second[53:]
    found = find_variants(
        counted(sequenced(tmp_path, {first: 500, second: 300, chimera: 40})), PRIMER_PAIRS, METHOD
    )
    states = {v.letters: (v.chimera, v.parents) for v in found[0].variants}
    assert states[chimera] == ("chimera", (first, second))
    assert states[first] == ("not testable", ())


def test_single_reads(tmp_path: Path) -> None:
    insert = made(2, 1)[0]
    machine = Sequencer(8)
    lines = []
    for number in range(50):
        letters, quality = machine.read(amplicon(insert), len(amplicon(insert)))
        lines.append(f"@r{number}\n{letters}\n+\n{quality}\n")
    lines += ["@n\n" + "N" + amplicon(insert)[1:] + "\n+\n" + "I" * len(amplicon(insert)) + "\n"]
    lines += [
        "@s\nACGT\n+\nIIII\n",
        "@e\n\n+\n\n",
        "@q\n" + "A" * 60 + "\n+\n" + "#" * 60 + "\n",
        "@s2\nACGT\n+\nIIII\n",
    ]
    path = tmp_path / "x.fastq"
    path.write_text("".join(lines))
    reads = count_reads(FastqFile(path).batches(10), METHOD)
    assert reads.tally.total == 55
    assert (reads.tally.ambiguous_letters, reads.tally.too_short) == (1, 3)
    assert reads.tally.too_many_errors >= 1
    assert reads.tally.used + reads.tally.too_many_errors == 51
    found = find_variants(reads, PRIMER_PAIRS, METHOD)
    assert [v.letters for v in found[0].variants] == [insert]


def test_reads_without_primers_stand_apart() -> None:
    insert = made(6, 1)[0]
    counts = {amplicon(insert).encode(): 20, insert.encode(): 30, b"ACGT" * 20: 3, b"AGGT" * 20: 1}
    tally = ReadTally(total=54, used=54)
    found = find_variants(DistinctReads(counts, tally), PRIMER_PAIRS, METHOD)
    assert [(a.primers, a.reads, a.unassigned_reads, [v.reads for v in a.variants]) for a in found] == [
        (RIAZ.name, 20, 0, [20]),
        (None, 34, 1, [30, 3]),
    ]
    assert find_variants(DistinctReads({}, ReadTally(total=0)), PRIMER_PAIRS, METHOD) == ()


def test_too_many_distinct_sequences_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_variants, "MAX_DISTINCT", 10)
    with pytest.raises(InputFormatError, match="more than 10 distinct sequences"):
        counted(sequenced(tmp_path, dict.fromkeys(made(1, 20), 2)))


def test_sums_of_errors_are_those_of_each_read(tmp_path: Path) -> None:
    """Reads on both sides of the limit, worked out one by one."""
    rng = np.random.default_rng(2)
    lines, expected = [], Counter[bytes]()
    for number in range(200):
        length = int(rng.integers(30, 150))
        quality = rng.integers(13, 41, length)
        letters = "".join(rng.choice(list("ACGT"), length))
        lines.append(f"@r{number}\n{letters}\n+\n{''.join(chr(33 + q) for q in quality)}\n")
        if sum(10 ** (-q / 10) for q in quality.tolist()) <= 1.0 and length >= METHOD.min_length_bp:
            expected[letters.encode()] += 1
    path = tmp_path / "x.fastq"
    path.write_text("".join(lines))

    found = count_reads(FastqFile(path).batches(13), METHOD)
    assert found.counts == dict(expected)
    assert found.tally.too_many_errors > 20
    assert len(expected) > 20
