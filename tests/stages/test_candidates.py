"""Separating positions and trees of the record: against brute force, for every marker, never of a person."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from barcode_cases import METHOD, evidence, examine, mutated, records, reference, reversed_strand, silent, single
from refdata import needs_refdata, read_records

from musk_id.model.barcode import BarcodeRecord, SequenceResult
from musk_id.model.candidates import CandidateGroup, CandidatePair, QueryTree
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.values import Line, Text
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.stages.diagnostic_sites import FRAME_POSITIONS, FRAME_RECORD
from musk_id.stages.library import BarcodeLibrary, species_of
from musk_id.vocabulary import RELEASE_MARKERS, CandidateLevel, Locus, NameView

LONG = (Locus.COI, Locus.CYTB)


def group_of(result: SequenceResult, level: CandidateLevel, view: NameView) -> CandidateGroup:
    assert result.sites is not None
    return next(g for g in result.sites.groups if g.level is level and view in g.views)


def pair_of(group: CandidateGroup, first: str, second: str) -> CandidatePair:
    """The pair with its counts from the side of ``first``."""
    for pair in group.pairs:
        if (pair.first, pair.second) == (first, second):
            return pair
        if (pair.first, pair.second) == (second, first):
            return replace(
                pair,
                first=pair.second,
                second=pair.first,
                agree_first=pair.agree_second,
                agree_second=pair.agree_first,
            )
    raise AssertionError(f"no pair {first} / {second}")


def counted(query: str, first: list[str], second: list[str]) -> tuple[int, int, int, int]:
    """Separating columns and with whom the query agrees, counted letter by letter."""
    found = [0, 0, 0, 0]
    for column, letter in enumerate(query):
        one, two = {s[column : column + 1] for s in first}, {s[column : column + 1] for s in second}
        if letter == "-" or one == two or len(one) > 1 or len(two) > 1 or not (one | two) <= set("ACGT"):
            continue
        found[0] += 1
        found[1 if {letter} == one else 2 if {letter} == two else 3] += 1
    return found[0], found[1], found[2], found[3]


def by_species(library: BarcodeLibrary, locus: Locus, view: NameView) -> dict[str, list[BarcodeReference]]:
    found: dict[str, list[BarcodeReference]] = {}
    for record in library.loci[locus].records:
        for species in species_of(record, view):
            if species.startswith("Moschus "):
                found.setdefault(species, []).append(record)
    return found


@pytest.mark.parametrize("view", list(NameView))
@pytest.mark.parametrize("locus", LONG)
def test_positions_of_species_are_those_counted_letter_by_letter(  # type: ignore[no-untyped-def]
    shipped_release, barcode_library, locus, view
) -> None:
    # At third codon positions, as genes change; as many anywhere would be a suspected nuclear copy.
    letters = silent(records(shipped_release, locus)[0].sequence, range(15, 195, 15))
    part = letters[40:640]
    result = single(barcode_library, part)
    group = group_of(result, CandidateLevel.SPECIES, view)
    species = by_species(barcode_library, locus, view)
    assert {c.name for c in group.candidates} == set(species)
    query = "-" * 40 + part + "-" * (len(letters) - 640)
    seen = 0
    for first, second in combinations(species, 2):
        rows = [[str(r.sequence) for r in species[name]] for name in (first, second)]
        pair = pair_of(group, first, second)
        found = pair.separating, pair.agree_first, pair.agree_second, pair.agree_neither
        assert found == counted(query, *rows)
        seen += pair.separating
    assert seen > 20
    for candidate in group.candidates:
        assert candidate.members == tuple(sorted(r.accession for r in species[candidate.name]))
        assert candidate.individuals == len({r.individual for r in species[candidate.name]})


@pytest.mark.parametrize("locus", [Locus.RRNA_12S, Locus.RRNA_16S])
def test_positions_on_short_markers_are_those_counted_letter_by_letter(  # type: ignore[no-untyped-def]
    shipped_release, barcode_library, locus
) -> None:
    """Moschus inserts of one length differ by substitutions only, so that no alignment is needed."""
    letters = records(shipped_release, locus)[-1].sequence
    group = group_of(single(barcode_library, letters), CandidateLevel.SPECIES, NameView.AS_REVISED)
    species = by_species(barcode_library, locus, NameView.AS_REVISED)
    for candidate in group.candidates:
        assert candidate.individuals == len({r.individual for r in species[candidate.name]})
    # Two of the records may be of one animal.
    assert any(candidate.individuals < len(candidate.members) for candidate in group.candidates)
    whole = {n: [str(r.sequence) for r in rs] for n, rs in species.items()}
    whole = {n: rs for n, rs in whole.items() if {len(s) for s in rs} == {len(letters)}}
    pairs = list(combinations(whole, 2))
    assert len(pairs) >= 3
    total = 0
    for first, second in pairs:
        pair = pair_of(group, first, second)
        found = pair.separating, pair.agree_first, pair.agree_second, pair.agree_neither
        assert found == counted(letters, whole[first], whole[second])
        total += pair.separating
    assert total > 0


def test_each_letter_of_the_sequence_counts_where_it_stands(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = str(records(shipped_release, Locus.COI)[0].sequence)
    plain = single(barcode_library, letters)
    group = group_of(plain, CandidateLevel.GENUS, NameView.AS_DEPOSITED)
    assert plain.sites is not None and group.pairs[0].agree_first == group.pairs[0].separating > 30
    ours, theirs = (c.letters for c in group.candidates)
    at = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if "." not in (a, b) and a != b)
    column = plain.sites.columns[at] - 1
    for letter, expected in (
        (theirs[at], (1, 0)),
        (next(b for b in "ACGT" if b not in (ours[at], theirs[at])), (0, 1)),
    ):
        changed = letters[:column] + letter + letters[column + 1 :]
        pair = group_of(single(barcode_library, changed), CandidateLevel.GENUS, NameView.AS_DEPOSITED).pairs[0]
        assert (pair.agree_second, pair.agree_neither) == expected
        assert pair.agree_first == group.pairs[0].agree_first - 1


def test_a_letter_that_only_references_have_is_a_position_between_letters(shipped_release) -> None:  # type: ignore[no-untyped-def]
    """Every other genus gets a letter of its own in the middle: it separates, at the place where it stands."""
    own = records(shipped_release, Locus.RRNA_12S)
    at = 48
    others = [
        reference(r, sequence=Text(r.sequence[:at] + "GG" + r.sequence[at:]))
        for r in shipped_release.barcodes_at(Locus.RRNA_12S)
        if r.genus == "Procapra"
    ]
    library = BarcodeLibrary.from_release(
        replace(shipped_release, barcodes=(*own, *others, *shipped_release.barcodes_at(Locus.COI))), METHOD
    )
    result = single(library, own[-1].sequence)
    assert result.sites is not None
    places = list(zip(result.sites.columns, result.sites.inserted, strict=True))
    group = group_of(result, CandidateLevel.GENUS, NameView.AS_REVISED)
    letters = {c.name: c.letters for c in group.candidates}
    lacking = [
        i for i, (m, p) in enumerate(zip(letters["Moschus"], letters["Procapra"], strict=True)) if m == "-" != p
    ]
    assert [places[i][1] for i in lacking][-2:] in ([1, 2], [2, 3])
    assert all(result.sites.query[i] == "-" and result.sites.positions[i] == 0 for i in lacking)


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
@needs_refdata
def test_positions_are_those_in_the_mitochondrial_genome(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    genome = next(
        r.sequence for r in read_records("moschus/moschus_mitogenome.fasta.gz") if r.accession == FRAME_RECORD
    )
    own = next(r.sequence for r in records(shipped_release, locus) if r.accession == FRAME_RECORD)
    assert genome[FRAME_POSITIONS[locus] - 1 :].startswith(own)
    for query in (own, own[2:-1], records(shipped_release, locus, "Capra")[0].sequence):
        result = single(barcode_library, query)
        assert result.sites is not None and result.sites.frame_record == FRAME_RECORD
        assert len(result.sites.positions) == len(result.sites.columns) > 0
        assert list(result.sites.positions) == sorted(result.sites.positions) or 0 in result.sites.positions
        for group in result.sites.groups:
            for candidate in group.candidates:
                if FRAME_RECORD in candidate.members:
                    for position, letter in zip(result.sites.positions, candidate.letters, strict=True):
                        assert letter == "." or letter == (genome[position - 1] if position else "-")


def test_an_own_record_stands_for_no_candidate_and_is_marked_in_the_tree(shipped_release) -> None:  # type: ignore[no-untyped-def]
    like = records(shipped_release, Locus.RRNA_12S)[0]
    letters = mutated(like.sequence, 1, random.Random(2))
    changes = {"accession": Line("OWN-1"), "individual": Line("lab 1"), "overlay": Line("lab")}
    own = reference(like, sequence=Text(letters), **changes)
    plain = single(BarcodeLibrary.from_release(shipped_release, METHOD), letters)
    mixed = single(BarcodeLibrary.from_release(shipped_release, METHOD, (own,)), letters)
    assert mixed.sites == plain.sites
    assert mixed.tree is not None and plain.tree is not None
    marked = [node for node in mixed.tree.nodes if node.overlays]
    assert [node.overlays for node in marked] == [("lab",)] and "OWN-1" in marked[0].accessions
    assert not any(node.overlays for node in plain.tree.nodes)


def tips(tree: QueryTree) -> set[str]:
    return {accession for node in tree.nodes for accession in node.accessions}


def clades(tree: QueryTree) -> dict[frozenset[str], str | None]:
    """Records below each inner node, the query as ``query``, with the share of its split."""
    below: list[set[str]] = [set() for _ in tree.nodes]
    for number in reversed(range(len(tree.nodes))):
        node = tree.nodes[number]
        below[number] |= {*node.accessions, *(["query"] if node.is_query else [])}
        if node.parent is not None:
            below[node.parent] |= below[number]
    inner = {node.parent for node in tree.nodes}
    return {frozenset(below[i]): n.support_percent for i, n in enumerate(tree.nodes) if i in inner}


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_a_tree_holds_the_query_and_its_neighbours_and_no_person(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    human = {r.accession for r in shipped_release.barcodes if r.genus == "Homo"}
    own = {r.accession for r in records(shipped_release, locus)}
    for genus in sorted({r.genus for r in shipped_release.barcodes_at(locus)} - {"Homo"}):
        query = records(shipped_release, locus, genus)[0]
        result = single(barcode_library, query.sequence)
        assert result.tree is not None, genus
        nodes = result.tree.nodes
        assert sum(node.is_query for node in nodes) == 1 and nodes[0].parent is None
        assert all(n.parent is not None and n.parent < i for i, n in enumerate(nodes) if i)
        held = tips(result.tree)
        assert not held & human and query.accession in held and held & own
        assert set(result.tree.outgroup) <= held and result.tree.tips == sum(
            bool(n.accessions) or n.is_query for n in nodes
        )
        listed = [accession for node in nodes for accession in node.accessions]
        assert len(listed) == len(set(listed))
        if genus == "Moschus":
            assert own <= held


def test_the_query_sits_with_its_own_record_and_its_genus_stands_apart(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    query = records(shipped_release, Locus.CYTB)[0]
    tree = single(barcode_library, query.sequence).tree
    assert tree is not None and tree.replicates == METHOD.tree_replicates == 200
    found = clades(tree)
    genus = {r.accession for r in records(shipped_release, Locus.CYTB)} | {"query"}
    assert found[frozenset(genus)] == "100"
    assert any({"query", query.accession} == set(clade) for clade in found)


def test_a_tree_hangs_on_letters_and_digest_alone(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = mutated(records(shipped_release, Locus.RRNA_16S)[0].sequence, 2, random.Random(4))
    result = single(barcode_library, letters)
    shuffled = list(shipped_release.barcodes)
    random.Random(1).shuffle(shuffled)
    library = BarcodeLibrary.from_release(replace(shipped_release, barcodes=tuple(shuffled)), METHOD)
    assert single(library, letters) == result
    turned = single(barcode_library, reversed_strand(letters))
    assert turned.tree is not None and result.tree is not None and turned.sites == result.sites
    # Another digest draws other columns: the tree stays, its percentages need not.
    plain = [replace(node, support_percent=None) for node in result.tree.nodes]
    assert [replace(node, support_percent=None) for node in turned.tree.nodes] == plain


def test_percentages_are_those_of_trees_of_scikit_bio(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    """Bootstrap of another implementation, with another stream of numbers, on the frame of the coding window."""
    import numpy as np
    from skbio import DistanceMatrix
    from skbio.tree import nj

    query = silent(records(shipped_release, Locus.CYTB)[1].sequence, range(3, 330, 11))
    tree = single(barcode_library, query).tree
    assert tree is not None
    names = [
        node.accessions[0] if node.accessions else "query"
        for node in tree.nodes
        if node.accessions or node.is_query
    ]
    by_name = {r.accession: str(r.sequence) for r in barcode_library.loci[Locus.CYTB].records} | {"query": query}
    matrix = np.array([list(by_name[n].ljust(1140, "-")[:1140]) for n in names])
    known = matrix != "-"
    rng = np.random.default_rng(0)
    counts: dict[frozenset[str], int] = {}
    replicates = 120
    for _ in range(replicates):
        columns = rng.integers(0, 1140, 1140)
        drawn, held = matrix[:, columns], known[:, columns]
        rows = list(zip(drawn, held, strict=True))
        distances = np.array([[((a != b) & u & v).sum() / (u & v).sum() for b, v in rows] for a, u in rows])
        found = nj(DistanceMatrix(distances, names), neg_as_zero=False)
        for node in found.non_tips():
            side = frozenset(t.name for t in node.tips())
            side = frozenset(names) - side if tree.outgroup[0] in side else side
            counts[side] = counts.get(side, 0) + 1
    compared = 0
    for clade, share in clades(tree).items():
        if share is not None:
            side = frozenset(n for n in clade if n in names)
            # Four standard errors of the two bootstraps together.
            assert abs(int(share) - 100 * counts.get(side, 0) / replicates) <= 4 * 5.9
            compared += 1
    assert compared >= 6


def test_nothing_is_kept_beside_a_sequence_that_may_be_human(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    for locus in RELEASE_MARKERS:
        letters = records(shipped_release, locus, "Homo")[0].sequence
        for text in (letters, mutated(letters, 7, random.Random(3))):
            result = examine(barcode_library, evidence(text)).sequences[0]
            assert (result.sites, result.tree) == (None, None)


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_a_person_is_no_candidate_and_no_tip_where_nothing_else_is_near(shipped_release, locus) -> None:  # type: ignore[no-untyped-def]
    kept = [r for r in shipped_release.barcodes if r.genus in ("Moschus", "Homo")]
    library = BarcodeLibrary.from_release(replace(shipped_release, barcodes=tuple(kept)), METHOD)
    result = single(library, records(shipped_release, locus)[0].sequence)
    assert result.call is not None and {g for v in result.call.views for g in v.next_genus} == {"Homo"}
    assert result.sites is not None and result.tree is not None
    assert not any(c.name == "Homo" for group in result.sites.groups for c in group.candidates)
    human = {r.accession for r in kept if r.genus == "Homo"}
    shown = {m for group in result.sites.groups for c in group.candidates for m in c.members} | tips(result.tree)
    assert shown and not shown & human


def test_without_replicates_there_is_no_tree_and_few_records_give_none(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, Locus.COI)[0].sequence
    from musk_id.stages.query_tree import query_tree

    result = single(barcode_library, letters)
    assert result.sequence_sha256 is not None
    few: ReferenceRelease = replace(shipped_release, barcodes=tuple(records(shipped_release, Locus.COI)[:2]))
    assert single(BarcodeLibrary.from_release(few, METHOD), letters).tree is None
    assert query_tree(letters, result.sequence_sha256, (), frozenset(), "Moschus", 10, coding=True) is None


def test_records_from_before_are_read(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    import json

    record = examine(barcode_library, evidence(records(shipped_release, Locus.COI)[0].sequence))
    tree = json.loads(canonical_json(record))
    for sequence in tree["sequences"]:
        del sequence["sites"], sequence["tree"], sequence["picture"]["organisms"]
    old = parse_record(BarcodeRecord, canonical_bytes(tree), "barcode.json")
    assert (old.sequences[0].sites, old.sequences[0].tree) == (None, None)
    assert parse_record(BarcodeRecord, canonical_json(record), "barcode.json") == record
