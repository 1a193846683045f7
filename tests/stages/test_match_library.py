"""Against a library the rules get the references that decide; the answers are those of all of them."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

import made_library
import pytest
from barcode_cases import mutated
from made_library import Made

from musk_id.model.methods import ANIMAL_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.refdb.library_store import load_library
from musk_id.refdb.overlay import overlay_barcodes
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.match_library import LibraryMatcher
from musk_id.stages.match_rows import HUMAN, match_release
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus, Rank, Reason


@pytest.fixture(scope="module")
def built(tmp_path_factory, shipped_release):
    """Every reference of the release and copies some letters away, twins under one name among them."""
    usable = [r for r in shipped_release.barcodes if r.state is CurationState.REFERENCE]
    by_locus = defaultdict(list)
    for record in usable:
        by_locus[record.locus].append(record)
    made = []
    for locus, records in by_locus.items():
        for record in records:
            for copy in range(4):
                changes = (0, 0, 2, 9)[copy] if locus in (Locus.COI, Locus.CYTB) else (0, 0, 1, 2)[copy]
                name = f"{record.accession.replace('.', '')}{locus.name.replace('_', '')}{copy}"
                made.append(made_library.made_from(record, name, changes))
    folder = tmp_path_factory.mktemp("library")
    sources = made_library.write_sources(folder / "src", {"a": made_library.Input(tuple(made))})
    return load_library(made_library.build(sources, shipped_release, folder / "out"))


def queries(release: ReferenceRelease) -> list[NucleotideSequence]:
    rng = random.Random(5)
    found = []
    for record in release.barcodes:
        for share in (0.0, 0.02, 0.08):
            letters = mutated(record.sequence, int(share * len(record.sequence)), rng)
            if share == 0.02:
                letters = letters.replace("ACA", "RCN", 2)
            if share == 0.08 and record.locus in (Locus.COI, Locus.CYTB):
                letters = letters[60:460]
            found.append(NucleotideSequence(f"{record.accession} {share}", letters))
    return found


# So few genera are no wide library; with this limit they are, and species are named.
WIDE = replace(ANIMAL_METHODS[1], wide_min_genera=5)


@pytest.mark.parametrize("animals", [ANIMAL_METHODS[0], WIDE], ids=["first version", "wide"])
def test_rows_are_those_of_every_reference_compared(built, shipped_release, methods, animals):
    method = methods[0]
    sequences = queries(shipped_release)
    matcher = LibraryMatcher(built, shipped_release, method, animals, threads=2)
    rows = matcher.rows(sequences, 1)
    # The same records as a release would hold them, with the words by which the matcher places sequences.
    records = tuple(replace(r, overlay=None) for r in overlay_barcodes(built))
    whole = BarcodeLibrary.from_release(replace(shipped_release, barcodes=records, wide_margins=()), method)
    whole = replace(whole, index=matcher.frame.index, sets=())
    expected = match_release(sequences, 1, whole, method, animals)
    told = 0
    for row, other in zip(rows, expected, strict=True):
        assert Reason.NOT_CALIBRATED in row.reasons or row.answer == HUMAN or not row.distance
        own = replace(row, reasons=tuple(r for r in row.reasons if r is not Reason.NOT_CALIBRATED))
        assert (own.nearest[:1], own.nearest_names) == (other.nearest[:1], other.nearest_names)
        assert replace(own, nearest=()) == replace(other, nearest=())
        told += bool(row.answer)
    assert told > len(rows) // 3
    assert {row.answer for row in rows} >= {"Moschus", HUMAN}
    ranks = {row.rank for row in rows}
    assert ranks >= ({Rank.SPECIES, Rank.FAMILY} if animals is WIDE else {Rank.FAMILY}), ranks
    assert not any(row.rank in (Rank.SPECIES, Rank.SPECIES_SET) and "Moschus" in row.answer for row in rows)


def test_batches_and_threads_do_not_change_rows(built, shipped_release, methods):
    sequences = queries(shipped_release)[::7]
    whole = LibraryMatcher(built, shipped_release, *methods).rows(sequences, 1)
    matcher = LibraryMatcher(built, shipped_release, *methods, threads=3)
    parts = [
        row
        for first in range(0, len(sequences), 11)
        for row in matcher.rows(sequences[first : first + 11], first + 1)
    ]
    assert parts == whole


def test_a_marker_without_references_is_said(tmp_path, shipped_release, methods):
    bovid = made_library.panel(shipped_release, Locus.COI, 3)
    made = [made_library.made_from(record, f"X{number}") for number, record in enumerate(bovid)]
    sources = made_library.write_sources(tmp_path / "src", {"a": made_library.Input(tuple(made))})
    library = load_library(made_library.build(sources, shipped_release, tmp_path / "out"))
    moschus = next(r for r in shipped_release.barcodes if r.locus is Locus.CYTB and r.genus == "Moschus")
    (row,) = LibraryMatcher(library, shipped_release, *methods).rows(
        [NucleotideSequence("q", str(moschus.sequence))], 1
    )
    assert row.reasons == (Reason.NO_REFERENCE_AT_LOCUS,) and row.locus is Locus.CYTB and not row.answer


def test_twins_are_counted_and_revised_genera_take_part(tmp_path, shipped_release, methods):
    first, second, third = made_library.panel(shipped_release, Locus.COI, 3)
    made: list[Made] = [made_library.made_from(first, f"TWIN{number}", 0) for number in range(7)]
    made += [made_library.made_from(second, "OTHER1", 0), made_library.made_from(third, "OTHER2", 0)]
    query = [NucleotideSequence("q", str(first.sequence))]
    for number, curation in enumerate(
        ("", f"TWIN3\t\tname_disproved\t{third.organism_as_deposited}\tA. Person\t2026-11-24\tmade\n")
    ):
        folder = tmp_path / str(number)
        sources = made_library.write_sources(
            folder / "src", {"a": made_library.Input(tuple(made))}, curation=curation
        )
        library = load_library(made_library.build(sources, shipped_release, folder / "out"))
        (row,) = LibraryMatcher(library, shipped_release, *methods).rows(query, 1)
        assert (row.ties, len(row.nearest), row.distance) == (7, 5, "0.0000"), row
        # A twin whose revised name is of another genus leaves no genus that both views share.
        if curation and first.genus != third.genus:
            assert row.rank is not Rank.GENUS


@pytest.fixture(scope="module")
def without_humans(tmp_path_factory, shipped_release):
    """Bovids at three markers, and one human sequence deposited under a bovid's name at 16S."""
    made = []
    for locus in (Locus.COI, Locus.RRNA_12S, Locus.RRNA_16S):
        for number, record in enumerate(made_library.panel(shipped_release, locus, 3)):
            made.append(made_library.made_from(record, f"B{locus.name.replace('_', '')}{number}", 1))
    human = next(r for r in shipped_release.barcodes if r.genus == "Homo" and r.locus is Locus.RRNA_16S)
    made.append(Made("WRONG1", str(human.sequence), made[0].species, made[0].family, made[0].order))
    folder = tmp_path_factory.mktemp("bovids")
    sources = made_library.write_sources(folder / "src", {"a": made_library.Input(tuple(made))})
    return load_library(made_library.build(sources, shipped_release, folder / "out"))


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_a_persons_sequence_is_withheld_whatever_the_library_holds(
    locus, without_humans, shipped_release, methods
):
    human = next((r for r in shipped_release.barcodes if r.genus == "Homo" and r.locus is locus), None)
    if human is None:
        pytest.skip("the release has no human record at this marker")
    letters = str(human.sequence)
    changed = mutated(letters, 1, random.Random(3))
    queries = [NucleotideSequence("A. Person", letters), NucleotideSequence("B. Person", changed)]
    for row in LibraryMatcher(without_humans, shipped_release, *methods).rows(queries, 1):
        assert (row.name, row.answer, row.reasons) == (HUMAN, HUMAN, (Reason.HUMAN_DNA,))
        assert (row.nearest, row.nearest_names, row.distance, row.next_genus) == ((), (), "", ())


def test_a_poor_human_sequence_is_not_told_as_an_animal_of_the_library(without_humans, shipped_release, methods):
    human = next(r for r in shipped_release.barcodes if r.genus == "Homo" and r.locus is Locus.RRNA_12S)
    poor = NucleotideSequence("q", mutated(str(human.sequence), 6, random.Random(4)))
    bovid = next(r for r in shipped_release.barcodes if r.locus is Locus.RRNA_12S and r.family == "Bovidae")
    row, other = LibraryMatcher(without_humans, shipped_release, *methods).rows(
        [poor, NucleotideSequence("b", str(bovid.sequence))], 1
    )
    assert (row.nearest, row.nearest_names, row.ties) == ((human.accession,), ("Homo sapiens",), 1)
    assert row.rank is Rank.NONE and not row.answer
    assert other.nearest[0].startswith("B") and other.answer != HUMAN
