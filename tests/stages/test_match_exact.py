"""Distances of ten thousand random pairs at each marker, from raw sequences, against plain counting."""

from __future__ import annotations

import numpy as np
import pytest

from musk_id.kernels.edit_matching import EditIndex
from musk_id.kernels.matching import MatchIndex
from musk_id.kernels.nucleotides import decode, encode, is_ambiguous, reverse_complement_text
from musk_id.stages.placement import place_sequence
from musk_id.vocabulary import Locus, Strand

SIDE = 100


def changed(rng: np.random.Generator, masks: np.ndarray, bases: float, odd: float) -> np.ndarray:
    """A copy with some other bases and some ambiguity letters."""
    found = masks.copy()
    hit = rng.random(masks.size) < bases
    found[hit] = 1 << rng.integers(0, 4, int(hit.sum()))
    hit = rng.random(masks.size) < odd
    found[hit] = rng.integers(1, 16, int(hit.sum()))
    return found


def shifted(rng: np.random.Generator, letters: str) -> str:
    """A few letters put in or left out."""
    for _ in range(rng.integers(0, 3)):
        at = int(rng.integers(10, len(letters) - 10))
        letters = letters[:at] + ("", "A", "CT")[rng.integers(0, 3)] + letters[at + rng.integers(0, 2) :]
    return letters


def sources(release, locus: Locus) -> list[str]:
    return [str(r.sequence) for r in release.barcodes if r.locus is locus]


@pytest.mark.parametrize("locus", [Locus.COI, Locus.CYTB])
def test_coding_distances_are_those_of_plain_counting(locus, shipped_release, barcode_library, methods):
    rng = np.random.default_rng(11)
    width = barcode_library.loci[locus].width
    known = sources(shipped_release, locus)
    references = np.zeros((SIDE, width), np.uint8)
    for row in range(SIDE):
        masks = changed(rng, encode(known[rng.integers(0, len(known))])[:width], 0.03, rng.choice([0, 0.02]))
        first, last = rng.choice([0, 120]), masks.size - rng.choice([0, 150])
        references[row, first:last] = masks[first:last]
    index = MatchIndex(references, np.arange(SIDE) % 7)
    strands = set()
    for _ in range(SIDE):
        masks = changed(rng, encode(known[rng.integers(0, len(known))])[:width], 0.02, rng.choice([0, 0.01]))
        first, last = int(rng.integers(0, 200)), masks.size - int(rng.integers(0, 200))
        expected = np.zeros(width, np.uint8)
        expected[first:last] = masks[first:last]
        flank = "ACGTTGCA"[: rng.integers(0, 8)] if first == 0 else ""
        letters = flank + decode(masks[first:last])
        turned = bool(rng.integers(0, 2))
        placed = place_sequence(
            reverse_complement_text(letters) if turned else letters, None, barcode_library, methods[0]
        )
        assert placed.locus is locus and placed.strand is (Strand.REVERSE if turned else Strand.FORWARD)
        assert placed.masks.tolist() == expected.tolist()
        strands.add(placed.strand)
        both = (expected > 0) & (references > 0)
        certain = (expected == references) & ~is_ambiguous(references)
        counts = index.measure(placed.masks)
        assert counts.compared.tolist() == both.sum(axis=1).tolist()
        assert counts.incompatible.tolist() == (both & ((expected & references) == 0)).sum(axis=1).tolist()
        assert counts.possible.tolist() == (both & ~certain).sum(axis=1).tolist()
    assert len(strands) == 2


@pytest.mark.parametrize("locus", [Locus.RRNA_12S, Locus.RRNA_16S])
def test_edits_are_those_of_the_full_table(locus, shipped_release, barcode_library, methods):
    rng = np.random.default_rng(12)
    known = sources(shipped_release, locus)

    def made(odd: float) -> str:
        return decode(changed(rng, encode(shifted(rng, known[rng.integers(0, len(known))])), 0.04, odd))

    references = [made(rng.choice([0, 0.02])) for _ in range(SIDE)]
    index = EditIndex(references, np.arange(SIDE, dtype=np.int32) % 7)
    queries, lower, upper = [], [], []
    for _ in range(SIDE):
        letters = made(rng.choice([0, 0.01]))
        turned = bool(rng.integers(0, 2))
        placed = place_sequence(
            reverse_complement_text(letters) if turned else letters, None, barcode_library, methods[0]
        )
        assert placed.locus is locus and placed.letters == letters
        found = index.measure(placed.letters)
        queries.append(letters)
        lower.append(found.lower)
        upper.append(found.upper)
    pairs = [(query, reference) for query in queries for reference in references]
    assert np.concatenate(lower).tolist() == tabled(pairs, certain=False).tolist()
    assert np.concatenate(upper).tolist() == tabled(pairs, certain=True).tolist()


def tabled(pairs: list[tuple[str, str]], *, certain: bool) -> np.ndarray:
    """Levenshtein distances of pairs by their full tables, all pairs at once; ends of the longer one free."""
    ordered = [sorted(pair, key=len) for pair in pairs]
    sizes = np.array([[len(text) for text in pair] for pair in ordered])
    first, second = (
        np.stack([encode(pair[side].ljust(int(sizes[:, side].max()), "-")) for pair in ordered]) for side in (0, 1)
    )
    free = sizes[:, 0] < sizes[:, 1]
    row = [np.where(free, 0, column) for column in range(second.shape[1] + 1)]
    result = np.full(len(pairs), 10_000)
    for i in range(first.shape[1]):
        following = [np.full(len(pairs), i + 1)]
        for j in range(second.shape[1]):
            a, b = first[:, i], second[:, j]
            equal = (a == b) & ~is_ambiguous(a) if certain else (a & b) > 0
            step = np.minimum(row[j + 1], following[j]) + 1
            following.append(np.minimum(step, row[j] + ~equal))
        row = following
        ended = sizes[:, 0] == i + 1
        for j, cell in enumerate(row):
            here = ended & (np.where(free, j <= sizes[:, 1], j == sizes[:, 1]))
            result[here] = np.minimum(result[here], cell[here])
    return result
