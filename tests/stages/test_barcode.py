"""The barcode stage: exact distances, radius and margin, both names, and no species from release 2026.1."""

from __future__ import annotations

import dataclasses
import random

import pytest
from barcode_cases import (
    ANIMALS,
    METHOD,
    WITHOUT_TREES,
    evidence,
    examine,
    identity,
    item,
    library_of,
    mutated,
    records,
    reference,
    reversed_strand,
    rich_barcodes,
    silent,
    single,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refdata import needs_refdata, read_records

from musk_id.model.barcode import SequenceResult
from musk_id.model.technical import FailedRun
from musk_id.model.values import Line, Text
from musk_id.records.canonical import canonical_json
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    CriterionOutcome,
    CurationState,
    Finding,
    Locus,
    NameView,
    Rank,
    Reason,
    Strand,
)

MINI = (Locus.RRNA_12S, Locus.RRNA_16S)
CODING = (Locus.COI, Locus.CYTB)
PRIMERS = {
    Locus.RRNA_12S: ("ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG"),
    Locus.RRNA_16S: ("CGGTTGGGGTGACCTCGGA", "GCTGTTATCCCTAGGGTAACT"),
}
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


def calls(result: SequenceResult) -> bool:
    return result.call is not None and result.call.taxon == "Moschus"


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_every_moschus_record_is_its_genus_and_never_a_species(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    found = records(shipped_release, locus)
    assert found
    for record in found:
        result = single(barcode_library, record.sequence)
        assert calls(result), (record.accession, result.reasons)
        assert result.call is not None and result.call.rank is Rank.GENUS
        assert result.hits[0].distance_lower == 0
        call = item(barcode_library, record.sequence)
        assert call.moschus is Finding.DETECTED and call.rank is Rank.GENUS and call.taxon == "Moschus"


@SLOW
@given(st.data())
def test_no_input_yields_a_species_with_the_shipped_release(shipped_release, barcode_library, data) -> None:  # type: ignore[no-untyped-def]
    """Mutated, cut, joined and turned panel sequences, one to four in an item."""
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    pieces = []
    for _ in range(data.draw(st.integers(1, 4))):
        locus = data.draw(st.sampled_from(list(RELEASE_MARKERS)))
        letters = rng.choice(records(shipped_release, locus)).sequence
        letters = mutated(letters, rng.choice([0, 0, 1, 2, 5, 20]), rng)
        if rng.random() < 0.3:
            letters = letters[rng.randint(0, 30) : len(letters) - rng.randint(0, 30)]
        if rng.random() < 0.3:
            letters = reversed_strand(letters)
        if rng.random() < 0.2:
            letters += rng.choice(records(shipped_release, locus)).sequence
        pieces.append(letters)
    record = examine(barcode_library, *(evidence(p, run=identity(f"R{i}")) for i, p in enumerate(pieces)))
    assert all(call.rank is not Rank.SPECIES for call in record.items)
    assert all(result.call is None or result.call.rank is not Rank.SPECIES for result in record.sequences)
    for call in record.items:
        assert (call.taxon is None) == (call.moschus is not Finding.DETECTED)
        assert call.taxon in (None, "Moschus")


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
@pytest.mark.parametrize("row", range(3))
def test_strand_primers_and_flanks_change_nothing(shipped_release, barcode_library, locus, row) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, locus)[row % len(records(shipped_release, locus))].sequence
    plain = single(barcode_library, letters)
    variants = [reversed_strand(letters)]
    if locus in PRIMERS:
        forward, reverse = PRIMERS[locus]
        whole = forward + letters + reversed_strand(reverse)
        flank = "ACGTTGCAAC" * 3
        variants += [whole, reversed_strand(whole), flank + whole + flank, forward + letters]
    else:
        variants += ["ACGTTGCAAC" + letters, letters + "TTTACGACCA"]
    for variant in variants:
        result = single(barcode_library, variant)
        assert result.call is not None, (variant, result.reasons)
        assert dataclasses.replace(result.call, trace=()) == dataclasses.replace(plain.call, trace=())
        assert [(h.accession, h.distance) for h in result.hits] == [(h.accession, h.distance) for h in plain.hits]
    assert single(barcode_library, variants[0]).strand is Strand.REVERSE


def test_order_and_copies_of_runs_change_no_call(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    parts = [records(shipped_release, locus)[1].sequence for locus in MINI]
    found = [evidence(text, run=identity(f"R{i}")) for i, text in enumerate(parts)]
    assert canonical_json(examine(barcode_library, *found)) == canonical_json(
        examine(barcode_library, *reversed(found))
    )
    twice = item(barcode_library, *parts, *parts)
    once = item(barcode_library, *parts)
    assert (twice.moschus, twice.rank, twice.not_excluded) == (once.moschus, once.rank, once.not_excluded)


def plain_distance(query: str, reference_letters: str) -> int:
    """Levenshtein by the whole table; the longer one's letters beyond both ends are free."""
    first, second = sorted((query, reference_letters), key=len)
    free = len(first) < len(second)
    row = [0 if free else j for j in range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        new = [i]
        for j, b in enumerate(second, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (a != b)))
        row = new
    return min(row) if free else row[-1]


@pytest.mark.parametrize("locus", MINI)
def test_hit_list_is_the_sorted_list_of_all_distances(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    letters = mutated(records(shipped_release, locus)[0].sequence, 3, random.Random(3))
    result = single(barcode_library, letters)
    library = barcode_library.loci[locus].records
    plain = {r.accession: plain_distance(letters, r.sequence) for r in library if set(r.sequence) <= set("ACGT")}
    assert result.references_compared == len(library)
    for hit in result.hits:
        if hit.accession in plain:
            assert hit.distance == hit.distance_lower == plain[hit.accession]
    tenth = sorted(plain.values())[9]
    assert {a for a, d in plain.items() if d < tenth} <= {h.accession for h in result.hits}
    ranks = {h.accession: h.rank for h in result.hits}
    for first in result.hits:
        better = sum(d < first.distance for d in plain.values())
        assert ranks[first.accession] >= better + 1


@pytest.mark.parametrize("locus", CODING)
def test_coding_distances_are_shares_of_compared_columns(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, locus)[0].sequence
    query = silent(letters, range(30, 36))[60:560]
    result = single(barcode_library, query)
    for hit in result.hits:
        other = next(r for r in barcode_library.loci[locus].records if r.accession == hit.accession).sequence
        columns = [(a, b) for a, b in zip(query, other[60:560], strict=False) if b != "-"]
        different = sum(a != b for a, b in columns if a in "ACGT" and b in "ACGT")
        assert hit.compared_bp == len(columns)
        assert hit.distance_lower <= different + sum(b not in "ACGT" for _, b in columns)
        if all(b in "ACGT" for _, b in columns):
            assert hit.distance == different
            assert hit.p_distance == f"{different / len(columns):.4f}"


def limits(locus: Locus) -> tuple[int, int]:
    amplicon = next(a for a in METHOD.amplicons if a.locus is locus)
    return amplicon.radius_edits, amplicon.margin_edits


@pytest.mark.parametrize("locus", MINI)
def test_radius_and_margin_are_kept_to_the_edit(shipped_release, locus) -> None:  # type: ignore[no-untyped-def]
    """One *Moschus* and one other reference at known distances: the call follows the two numbers alone."""
    radius, margin = limits(locus)
    moschus = records(shipped_release, locus)[0]
    other = records(shipped_release, locus, "Capra")[0]
    rng = random.Random(f"{locus}")
    seen = set()
    for own in range(radius + 3):
        query = mutated(moschus.sequence, own, rng)
        for further in range(margin + 2):
            made = mutated(query, own + further, rng)
            rest = [b for b in shipped_release.barcodes if b.locus is not locus]
            pair = [
                reference(moschus, accession=Line("M1")),
                reference(other, accession=Line("C1"), sequence=Text(made)),
            ]
            result = single(library_of(shipped_release, rest + pair), query)
            distances = plain_distance(query, moschus.sequence), plain_distance(query, made)
            expected = distances[0] <= radius and distances[1] - distances[0] >= margin
            if distances[0] == distances[1]:
                expected = False
            assert calls(result) is expected, (distances, result.reasons)
            seen.add((expected, distances[0] <= radius, distances[1] - distances[0] >= margin))
            if not expected and distances[0] < distances[1]:
                reasons = set(result.reasons)
                assert (Reason.OUTSIDE_RADIUS in reasons) == (distances[0] > radius)
                assert (Reason.MARGIN_TOO_SMALL in reasons) == (distances[1] - distances[0] < margin)
    assert {(True, True, True), (False, False, True), (False, True, False)} <= seen


def test_ambiguity_letters_count_against_the_call(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, Locus.RRNA_12S)[1].sequence
    one = single(barcode_library, letters[:50] + "N" + letters[51:])
    assert calls(one) and one.hits[0].distance == 1 and one.hits[0].distance_lower == 0
    three = letters[:50] + "NNN" + letters[53:]
    result = single(barcode_library, three)
    assert result.call is None and result.reasons == (Reason.SEQUENCE_TOO_AMBIGUOUS,)


@needs_refdata
def test_weddell_seal_is_not_moschus_though_it_lies_nearest(barcode_library) -> None:  # type: ignore[no-untyped-def]
    found = read_records("screenforbio2023/mammal_12S-V5_amplicon_2023.fasta.gz")
    seal = next(r for r in found if r.accession.startswith("MT755639"))
    assert seal.species == "Leptonychotes weddellii"
    result = single(barcode_library, seal.sequence)
    assert result.call is not None and result.call.views[0].nearest_genus == ("Moschus",)
    assert result.call.taxon is None and Reason.OUTSIDE_RADIUS in result.reasons
    assert item(barcode_library, seal.sequence).moschus is not Finding.DETECTED


WIDE = (
    ("screenforbio2023/mammal_12S-V5_amplicon_2023.fasta.gz", 5426),
    ("screenforbio2023/mammal_16S_amplicon_2023.fasta.gz", 5348),
    ("mldsp/mammal_COX1.fasta.gz", 1111),
    ("kruger/kruger_mammal_COI.fasta.gz", 1167),
    ("mldsp/mammal_CYTB.fasta.gz", 1111),
    ("mitoclub/mammal_cytb_refseq2023.fasta.gz", 1447),
)


def called_moschus(library: BarcodeLibrary, name: str, every: int) -> tuple[int, list[str]]:
    found = [r for r in read_records(name) if r.genus != "Moschus"]
    called = []
    for record in found[::every]:
        named = examine(library, evidence(record.sequence), method=WITHOUT_TREES)
        if calls(named.sequences[0]) or named.items[0].moschus is Finding.DETECTED:
            called.append(f"{record.accession} {record.species}")
    return len(found), called


@needs_refdata
@pytest.mark.parametrize(("name", "count"), WIDE)
def test_no_record_of_another_genus_is_called_moschus_sample(barcode_library, name, count) -> None:  # type: ignore[no-untyped-def]
    assert called_moschus(barcode_library, name, 30) == (count, [])


@needs_refdata
@pytest.mark.full
@pytest.mark.parametrize(("name", "count"), WIDE)
def test_no_record_of_another_genus_is_called_moschus(barcode_library, name, count) -> None:  # type: ignore[no-untyped-def]
    assert called_moschus(barcode_library, name, 1) == (count, [])


def of(release, accession: str, locus: Locus):  # type: ignore[no-untyped-def]
    return next(r for r in release.barcodes_at(locus) if r.accession == accession)


def test_both_names_are_kept_apart_and_united(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    query = of(shipped_release, "KY792714", Locus.RRNA_12S).sequence
    names = {n.species: n for n in item(barcode_library, query).not_excluded}
    assert "Moschus berezovskii" in names
    query = of(shipped_release, "NC_020093.1", Locus.RRNA_12S).sequence
    names = {n.species: n for n in item(barcode_library, query).not_excluded}
    assert "Moschus chrysogaster" in names
    lacking = {s for s, n in names.items() if n.reason is Reason.NO_REFERENCE_AT_LOCUS}
    assert lacking, "a species without a reference is not excluded either"


def test_one_individual_excludes_no_species(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    """Release 2026.1 holds one individual for each species at most: every species stays possible."""
    species = {t.species for t in shipped_release.taxa if t.genus == "Moschus"}
    for locus in RELEASE_MARKERS:
        for record in records(shipped_release, locus):
            if record.state is CurationState.UNUSABLE:
                continue
            call = item(barcode_library, record.sequence)
            if call.moschus is Finding.DETECTED:
                assert {n.species for n in call.not_excluded} == species, record.accession
    rich = library_of(shipped_release, rich_barcodes(shipped_release, Locus.CYTB))
    long_letters, _ = species_query(shipped_release, Locus.CYTB, OWN)
    assert {n.species for n in item(rich, long_letters).not_excluded} == {OWN}


def test_the_same_name_under_both_views_decides_the_genus(shipped_release) -> None:  # type: ignore[no-untyped-def]
    """A record whose revised genus is another one takes the call away."""
    moschus = records(shipped_release, Locus.RRNA_12S)[1]
    rest = [b for b in shipped_release.barcodes if b.locus is not Locus.RRNA_12S or b.genus != "Moschus"]
    sound = library_of(shipped_release, [*rest, reference(moschus)])
    assert calls(single(sound, moschus.sequence))
    doubted = reference(
        moschus, state=CurationState.NAME_UNRESOLVED, organism_revised=(Line("Capra hircus"),), sits_with=Line("x")
    )
    result = single(library_of(shipped_release, [*rest, doubted]), moschus.sequence)
    assert result.call is not None and result.call.taxon is None
    assert {v.view: v.nearest_genus for v in result.call.views} == {
        NameView.AS_DEPOSITED: ("Moschus",),
        NameView.AS_REVISED: ("Capra",),
    }


def species_query(release, locus: Locus, own: str) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """A long sequence of a species of the rich library, one change away, and a mini-barcode."""
    made = next(b for b in rich_barcodes(release, locus) if b.locus is locus and b.organism_as_deposited == own)
    return silent(made.sequence, [150]), records(release, Locus.RRNA_12S)[1].sequence


OWN = "Moschus moschiferus"


@pytest.mark.parametrize("locus", CODING)
def test_a_library_with_enough_individuals_reaches_the_species(shipped_release, locus) -> None:  # type: ignore[no-untyped-def]
    library = library_of(shipped_release, rich_barcodes(shipped_release, locus))
    call = item(library, *species_query(shipped_release, locus, OWN))
    assert (call.rank, call.taxon) == (Rank.SPECIES, OWN), call.trace
    criteria = [c for c in call.trace if c.name.startswith("barcode.species") or c.name == "barcode.both_names"]
    assert len(criteria) == 5 and all(c.outcome is CriterionOutcome.PASSED for c in criteria)


@pytest.mark.parametrize("locus", CODING)
@pytest.mark.parametrize(
    ("blocked", "failed"),
    [
        ("short", "barcode.species_compared_bp"),
        ("no_amplicon", "barcode.species_second_amplicon"),
        ("few_own", "barcode.species_individuals"),
        ("few_others", "barcode.species_others"),
        ("same_animal", "barcode.species_individuals"),
        ("two_names", "barcode.both_names"),
        ("unresolved", "barcode.both_names"),
    ],
)
def test_each_condition_alone_blocks_the_species(shipped_release, locus, blocked, failed) -> None:  # type: ignore[no-untyped-def]
    barcodes = rich_barcodes(
        shipped_release,
        locus,
        individuals=2 if blocked == "few_own" else 3,
        others=1 if blocked == "few_others" else 2,
    )
    long_letters, amplicon = species_query(shipped_release, locus, OWN)
    own = [b for b in barcodes if b.locus is locus and b.organism_as_deposited == OWN]
    if blocked == "same_animal":
        barcodes = [dataclasses.replace(b, individual=Line("one")) if b in own else b for b in barcodes]
    if blocked in ("two_names", "unresolved"):
        twin = reference(own[0], accession=Line("TWIN"), individual=Line("twin"), sequence=Text(long_letters))
        names = {
            "two_names": {"organism_as_deposited": Line("Moschus fuscus")},
            "unresolved": {
                "state": CurationState.NAME_UNRESOLVED,
                "organism_revised": (Line("Moschus fuscus"),),
                "sits_with": Line("x"),
            },
        }
        barcodes = [*barcodes, dataclasses.replace(twin, **names[blocked])]
        barcodes.append(dataclasses.replace(twin, accession=Line("TWIN2"), organism_as_deposited=Line(OWN)))
    sequences = [long_letters[:440] if blocked == "short" else long_letters]
    if blocked != "no_amplicon":
        sequences.append(amplicon)
    call = item(library_of(shipped_release, barcodes), *sequences)
    assert call.rank is not Rank.SPECIES
    if blocked == "short":
        assert call.moschus is Finding.DETECTED and call.loci == (Locus.RRNA_12S,)
    outcomes = {c.name: c.outcome for c in call.trace}
    assert outcomes[failed] is CriterionOutcome.FAILED


def test_both_markers_of_a_goat_name_a_bovid_and_one_alone_names_nothing(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    goat = {locus: records(shipped_release, locus, "Capra")[0].sequence for locus in MINI}
    both = item(barcode_library, *goat.values())
    assert both.moschus is Finding.NOT_DETECTED
    assert [t.taxon for t in both.other_taxa] in (["Bovidae"], ["Capra"])
    alone = item(barcode_library, goat[Locus.RRNA_12S])
    assert alone.other_taxa == () and alone.moschus is Finding.INCONCLUSIVE
    # "No usable result" would be untrue: a second marker is lacking.
    assert Reason.SINGLE_AMPLICON in alone.reasons and Reason.NO_USABLE_RESULT not in alone.reasons
    outcomes = {c.name: c.outcome for c in both.trace if c.name.startswith("barcode.exclusion")}
    assert set(outcomes.values()) == {CriterionOutcome.PASSED} and len(outcomes) == 2


def test_markers_of_different_animals_in_one_item_are_no_answer(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    mixed = item(
        barcode_library,
        records(shipped_release, Locus.RRNA_12S)[1].sequence,
        records(shipped_release, Locus.RRNA_16S, "Capra")[0].sequence,
    )
    assert mixed.moschus is Finding.INCONCLUSIVE and mixed.reasons == (Reason.LOCI_DISAGREE,)
    assert mixed.taxon is None and mixed.not_excluded == ()


def test_different_sequences_of_one_marker_are_said(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, Locus.RRNA_12S)[1].sequence
    call = item(barcode_library, letters, mutated(letters, 1, random.Random(1)))
    assert call.moschus is Finding.DETECTED and Reason.SEVERAL_SEQUENCES in call.reasons


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_nothing_of_a_human_sequence_is_kept(shipped_release, barcode_library, locus) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, locus, "Homo")[0].sequence
    result = examine(barcode_library, evidence(letters, name="Petrov_")).sequences[0]
    assert result.reasons == (Reason.HUMAN_DNA,) and result.sequence_name == "human"
    assert (result.sequence_sha256, result.hits, result.picture, result.call) == (None, (), None, None)
    assert b"Petrov" not in canonical_json(result)


@pytest.mark.parametrize("locus", [Locus.RRNA_12S, Locus.RRNA_16S])
@pytest.mark.parametrize("make", [lambda s: mutated(s, 7, random.Random(3)), lambda s: s + s])
def test_a_poor_read_of_a_person_is_not_drawn(shipped_release, barcode_library, locus, make) -> None:  # type: ignore[no-untyped-def]
    letters = make(records(shipped_release, locus, "Homo")[0].sequence)
    result = examine(barcode_library, evidence(letters)).sequences[0]
    assert (result.sequence_sha256, result.picture) == (None, None)
    assert letters[:30].encode() not in canonical_json(result)


@pytest.mark.parametrize(
    ("letters", "reason"),
    [
        ("ACGT" * 30, Reason.LOCUS_NOT_RECOGNISED),
        ("A" * 100_000, Reason.LOCUS_NOT_RECOGNISED),
        ("N" * 120, Reason.LOCUS_NOT_RECOGNISED),
        ("A", Reason.LOCUS_NOT_RECOGNISED),
    ],
)
def test_sequences_of_no_marker_get_no_call(barcode_library, letters, reason) -> None:  # type: ignore[no-untyped-def]
    result = single(barcode_library, letters)
    assert result.call is None and result.reasons == (reason,) and result.finding is Finding.INCONCLUSIVE


def test_damaged_coding_sequences_get_no_call(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    letters = records(shipped_release, Locus.COI)[0].sequence
    cases = {
        letters[:300] + letters[301:]: Reason.FRAME_BROKEN,
        letters[:300] + "TAA" + letters[303:]: Reason.STOP_CODON,
        letters[:400]: Reason.SEQUENCE_TOO_SHORT,
        letters[:300] + "N" * 20 + letters[320:]: Reason.SEQUENCE_TOO_AMBIGUOUS,
        letters + reversed_strand(letters): Reason.LOCUS_AMBIGUOUS,
    }
    for damaged, reason in cases.items():
        result = single(barcode_library, damaged)
        assert result.call is None and reason in result.reasons, (reason, result.reasons)


def test_two_markers_in_one_sequence_need_the_declared_one(shipped_release, barcode_library) -> None:  # type: ignore[no-untyped-def]
    joined = records(shipped_release, Locus.COI)[0].sequence + records(shipped_release, Locus.CYTB)[0].sequence
    assert single(barcode_library, joined).reasons == (Reason.LOCUS_AMBIGUOUS,)
    declared = single(barcode_library, joined, Locus.CYTB)
    assert declared.locus is Locus.CYTB
    other = single(barcode_library, records(shipped_release, Locus.RRNA_12S)[1].sequence, Locus.RRNA_16S)
    assert other.locus is Locus.RRNA_12S and Reason.LOCUS_NOT_AS_DECLARED in other.reasons


def test_a_run_without_data_is_not_examined(barcode_library) -> None:  # type: ignore[no-untyped-def]
    failed = FailedRun(
        run=identity(), declared_locus=None, reason=Reason.FILE_UNREADABLE, note=Line("x.fasta: cut off")
    )
    record = examine(barcode_library, failed)
    assert record.sequences[0].finding is Finding.NOT_EXAMINED
    assert record.items[0].moschus is Finding.INCONCLUSIVE
    assert record.items[0].reasons == (Reason.FILE_UNREADABLE,)


def test_methods_in_use_are_those_that_records_print() -> None:
    assert (METHOD.version, ANIMALS.version) == ("moschus-barcode-1", "general-mammal-1")


def test_the_markers_close_to_another_genus_must_be_those_far_from_moschus(shipped_release) -> None:  # type: ignore[no-untyped-def]
    """Close at COI alone and far at cyt b alone exclude nothing, nor does one good copy beside a poor one."""
    from fractions import Fraction
    from types import SimpleNamespace

    from musk_id.stages import item_call

    def compared(locus: Locus, other: str, own: str) -> SimpleNamespace:
        entries = [
            SimpleNamespace(upper=Fraction(p), lower=Fraction(p), record=SimpleNamespace(genus=g, overlay=None))
            for p, g in ((other, "Sus"), (own, "Moschus"))
        ]
        return SimpleNamespace(locus=locus, compared=tuple(entries))

    def outcomes(*called: SimpleNamespace) -> list[CriterionOutcome]:
        return [c.outcome for c in item_call._exclusion(called, METHOD, ANIMALS)]

    good = compared(Locus.COI, "0.01", "0.15")
    assert outcomes(good) == [CriterionOutcome.PASSED] * 2
    crossed = compared(Locus.COI, "0.01", "0.10"), compared(Locus.CYTB, "0.08", "0.15")
    assert outcomes(*crossed) == [CriterionOutcome.PASSED, CriterionOutcome.FAILED]
    poor = compared(Locus.COI, "0.08", "0.15")
    assert outcomes(poor, good) == outcomes(good, poor) == [CriterionOutcome.FAILED, CriterionOutcome.PASSED]
