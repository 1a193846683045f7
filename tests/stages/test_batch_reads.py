"""Wells of a batch held against each other: what they share, and limits of reads from other wells."""

from __future__ import annotations

from collections.abc import Mapping

from made_reads import made

from musk_id.model.batch_reads import BatchReads
from musk_id.model.methods import READS_METHODS
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.reads import DistinctReads, ReadTally
from musk_id.model.values import Line
from musk_id.sharing_vocabulary import JumpState, Sharing
from musk_id.stages.batch_reads import Well, compare_wells, count_well
from musk_id.stages.jump_limits import JumpLimits, primers_name
from musk_id.stages.read_runs import sequence_digest
from musk_id.vocabulary import ControlKind, Locus

METHOD = READS_METHODS[-1]
PIG, DEER, OX, LYNX = made(5, 4)
BLANK = ControlKind.PCR_NEGATIVE


def counted(inserts: Mapping[str, int], *, is_blank: bool = False):  # type: ignore[no-untyped-def]
    reads = DistinctReads({s.encode(): n for s, n in inserts.items()}, ReadTally(total=sum(inserts.values())))
    return count_well(reads, PRIMER_PAIRS, METHOD, is_blank=is_blank)


def exhibit(position: str, inserts: Mapping[str, int], case: str = "X", item: str = "1") -> Well:
    return Well(Line(position), ControlKind.EXHIBIT, Locus.RRNA_12S, counted(inserts), case, item)


def control(position: str, inserts: Mapping[str, int], kind: ControlKind = BLANK) -> Well:
    return Well(Line(position), kind, None, counted(inserts, is_blank=kind is BLANK))


def compared(*wells: Well, human: tuple[str, ...] = ()) -> BatchReads:
    def may_be_human(sequence) -> bool:  # type: ignore[no-untyped-def]
        return sequence_digest(sequence.letters) in {sequence_digest(letters) for letters in human}

    return compare_wells(wells, may_be_human, METHOD, not_read=0, without_case=0)


def by_sequence(reads: BatchReads, letters: str):  # type: ignore[no-untyped-def]
    return next((s for s in reads.shared if s.sequence_sha256 == sequence_digest(letters)), None)


def test_few_reads_of_what_another_case_is_full_of_are_below_the_limit() -> None:
    reads = compared(
        control("H1", {DEER: 1, LYNX: 30}),
        exhibit("A1", {DEER: 60_000, PIG: 40_000}, "X"),
        exhibit("A2", {DEER: 10, OX: 50_000}, "Y"),
    )
    (marker,) = reads.jumps
    # The lynx of the blank stands nowhere else: that is a contamination, and no jump.
    assert (marker.state, marker.in_blank, marker.elsewhere) == (JumpState.LIMITED, 1, 150_010)
    assert (marker.wells, marker.blanks, marker.items, reads.cases) == (2, 1, 2, 2)
    shared = by_sequence(reads, DEER)
    assert shared.sharing == (Sharing.BETWEEN_CASES, Sharing.WITH_BLANK)
    places = {well.position: (well.reads, well.jump_limit) for well in shared.wells}
    assert places["A2"] == (10, 12) and places["A1"][1] <= 2 and places["H1"] == (1, None)
    assert by_sequence(reads, PIG) is None and by_sequence(reads, LYNX) is None


def test_replicates_of_one_item_share_what_they_like() -> None:
    reads = compared(control("H1", {}), exhibit("A1", {DEER: 100}), exhibit("A2", {DEER: 90}))
    assert reads.shared == () and reads.jumps[0].state is JumpState.ONE_ITEM
    other = compared(control("H1", {}), exhibit("A1", {DEER: 100}), exhibit("A2", {DEER: 90}, item="2"))
    assert by_sequence(other, DEER).sharing == (Sharing.BETWEEN_ITEMS,)
    assert other.jumps[0].state is JumpState.LIMITED
    # Numbers stand for the items: neither case nor item is named.
    assert {(w.case_number, w.item_number) for w in by_sequence(other, DEER).wells} == {(1, 1), (1, 2)}


def test_without_a_sequenced_blank_there_is_no_limit() -> None:
    wells = (exhibit("A1", {DEER: 100}), exhibit("A2", {DEER: 20}, "Y"))
    reads = compared(*wells, control("H2", {OX: 50}, ControlKind.POSITIVE))
    (marker,) = reads.jumps
    assert marker.state is JumpState.NO_BLANK_READ and marker.rate_upper is None
    assert {well.jump_limit for well in by_sequence(reads, DEER).wells} == {None}


def test_a_positive_in_an_exhibit_and_controls_among_themselves() -> None:
    reads = compared(
        control("H1", {LYNX: 12}),
        control("H2", {OX: 5_000, LYNX: 10}, ControlKind.POSITIVE),
        exhibit("A1", {OX: 3, PIG: 900}),
    )
    assert by_sequence(reads, OX).sharing == (Sharing.WITH_POSITIVE,)
    assert by_sequence(reads, LYNX).sharing == (Sharing.BETWEEN_CONTROLS,)


def test_what_may_be_human_is_left_out() -> None:
    wells = (control("H1", {DEER: 4}), exhibit("A1", {DEER: 100}), exhibit("A2", {DEER: 20}, "Y"))
    assert compared(*wells, human=(DEER,)).shared == ()
    assert by_sequence(compared(*wells), DEER) is not None


def test_the_order_of_the_wells_changes_only_the_numbers_of_the_cases() -> None:
    wells = [control("H1", {DEER: 2}), exhibit("A1", {DEER: 500}, "X"), exhibit("A2", {DEER: 20, PIG: 9}, "Y")]
    first, second = compared(*wells), compared(*wells[::-1])
    assert first.jumps == second.jumps
    assert {(w.position, w.reads, w.jump_limit) for s in first.shared for w in s.wells} == {
        (w.position, w.reads, w.jump_limit) for s in second.shared for w in s.wells
    }


def test_more_shared_sequences_than_are_listed_leave_no_variant_without_a_limit(monkeypatch) -> None:
    monkeypatch.setattr("musk_id.stages.batch_reads.MAX_SHARED", 1)
    reads = compared(
        control("H1", {}), exhibit("A1", {DEER: 50_000, OX: 400}), exhibit("A2", {DEER: 40, OX: 30}, "Y")
    )
    assert (len(reads.shared), reads.not_listed) == (1, 1)
    limits = JumpLimits(frozenset({None}), {"a": 7}, unlisted=7)
    assert limits.of(None, "b") == 7 and limits.of(Line("x"), "a") is None


def test_a_pair_named_by_its_letters_is_that_of_the_table() -> None:
    pair = PRIMER_PAIRS[0]
    assert primers_name(Line(f"{pair.forward}/{pair.reverse}")) == pair.name
    assert primers_name(Line("ACGT/ACGT")) == "ACGT/ACGT" and primers_name(None) is None
