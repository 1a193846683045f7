"""Whole mitochondrial genomes: every marker is found by its own words and judged by its own stretch."""

from __future__ import annotations

import gzip
import random
from collections import Counter

import pytest
from refdata import REFDATA, needs_refdata

from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.library_vocabulary import SetAside
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.found_windows import Found, RawRecord, Refusal, Window
from musk_id.refdb.library_windows import WindowFinder
from musk_id.vocabulary import CurationState, Locus

METHOD = BARCODE_METHODS[-1]
PRIMERS = {
    limits.locus: (
        limits.forward_primer.replace("Y", "C"),
        limits.reverse_primer.replace("Y", "C").replace("R", "G"),
    )
    for limits in METHOD.amplicons
}
WIDTHS = {limits.locus: limits.window_bp for limits in METHOD.long_loci}
MARKERS = tuple(sorted(limits.locus for limits in (*METHOD.amplicons, *METHOD.long_loci)))


def _panel(release: ReferenceRelease, locus: Locus, number: int) -> str:
    records = [r for r in release.barcodes if r.locus is locus and r.state is CurationState.REFERENCE]
    whole = [r.sequence for r in records if len(r.sequence) >= WIDTHS.get(locus, 0)]
    return whole[number % len(whole)][: WIDTHS.get(locus)]


def _genome(
    release: ReferenceRelease, number: int, without: tuple[Locus, ...] = ()
) -> tuple[str, dict[Locus, str]]:
    rng = random.Random(number)
    markers = {locus: _panel(release, locus, number) for locus in MARKERS if locus not in without}
    text = ""
    for locus, letters in markers.items():
        text += "".join(rng.choices("ACGT", k=3500))
        forward, reverse = PRIMERS.get(locus, ("", ""))
        text += forward + letters + (reverse_complement_text(reverse) if reverse else "")
    return text + "".join(rng.choices("ACGT", k=3500)), markers


def _find(
    release: ReferenceRelease, texts: list[str], loci: tuple[Locus, ...] = MARKERS
) -> list[tuple[Found, ...]]:
    found = WindowFinder(release.barcodes, METHOD).find([RawRecord(n, text, loci) for n, text in enumerate(texts)])
    return [found[n] for n in range(len(texts))]


@pytest.mark.parametrize("strand", [1, -1])
def test_every_marker_of_a_genome_is_laid_in_without_gaps(shipped_release: ReferenceRelease, strand: int) -> None:
    genomes = [_genome(shipped_release, number) for number in range(6)]
    texts = [text if strand == 1 else reverse_complement_text(text) for text, _ in genomes]
    for parts, (_, markers) in zip(_find(shipped_release, texts), genomes, strict=True):
        windows = {part.locus: part for part in parts if isinstance(part, Window)}
        assert len(parts) == len(windows) == len(MARKERS)
        assert {locus: window.letters for locus, window in windows.items()} == markers
        assert {(window.strand, window.indels) for window in windows.values()} == {(strand, 0)}


def test_a_missing_letter_costs_one_letter_not_the_frame(shipped_release: ReferenceRelease) -> None:
    text, markers = _genome(shipped_release, 1)
    cytb = markers[Locus.CYTB]
    (parts,) = _find(shipped_release, [text.replace(cytb, cytb[:570] + cytb[571:])])
    (window,) = [part for part in parts if part.locus is Locus.CYTB]
    assert isinstance(window, Window)
    assert (window.indels, len(window.letters)) == (1, len(cytb) - 1)


def test_a_marker_that_a_genome_lacks_is_told(shipped_release: ReferenceRelease) -> None:
    text, _ = _genome(shipped_release, 2, without=(Locus.RRNA_12S, Locus.COI))
    (parts,) = _find(shipped_release, [text])
    assert len(parts) == len(MARKERS)
    lacking = {part.locus: part.reason for part in parts if isinstance(part, Refusal)}
    assert lacking == dict.fromkeys((Locus.RRNA_12S, Locus.COI), SetAside.LOCUS_NOT_RECOGNISED)


def test_a_genome_without_any_marker_is_told_for_each(shipped_release: ReferenceRelease) -> None:
    (parts,) = _find(shipped_release, [_genome(shipped_release, 3, without=MARKERS)[0] * 3])
    assert {part.locus for part in parts} == set(MARKERS)
    assert all(isinstance(part, Refusal) for part in parts)


def test_a_cut_gene_says_nothing_of_other_markers(shipped_release: ReferenceRelease) -> None:
    (parts,) = _find(shipped_release, [_panel(shipped_release, Locus.CYTB, 0)])
    assert [part.locus for part in parts] == [Locus.CYTB]


def test_an_amplicon_of_a_genome_ends_at_its_primers_or_is_set_aside(shipped_release: ReferenceRelease) -> None:
    text, markers = _genome(shipped_release, 4)
    insert = markers[Locus.RRNA_12S]
    start = text.index(insert) + len(insert)
    (parts,) = _find(shipped_release, [text[:start] + "ACGT" * 5 + text[start + 20 :]])
    (refused,) = [part for part in parts if part.locus is Locus.RRNA_12S]
    assert isinstance(refused, Refusal)
    assert (refused.reason, str(refused.measured)) == (
        SetAside.TOO_LONG,
        f"{len(text)} bp without a pair of primer sites",
    )


@needs_refdata
def test_public_genomes_give_the_markers_of_their_cut_genes(shipped_release: ReferenceRelease) -> None:
    with gzip.open(REFDATA / "sequences/mldsp/mammal_mitogenomes.fasta.gz", "rt") as handle:
        texts = ["".join(block.split("\n")[1:]).upper() for block in handle.read().split(">")[1:]]
    texts = texts[::30]
    found = _find(shipped_release, texts)
    assert all(len(parts) == len(MARKERS) for parts in found)
    windows = [part for parts in found for part in parts if isinstance(part, Window)]
    kept = Counter(window.locus for window in windows)
    assert all(kept[locus] >= 0.9 * len(texts) for locus in MARKERS), kept
    assert sum(window.indels == 0 for window in windows) >= 0.95 * len(windows)
