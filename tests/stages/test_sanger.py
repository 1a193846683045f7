"""Traces to calls: each limit of the method broken alone, and what that does to the call, grade and words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import abif
import pytest
from barcode_cases import ANIMALS, METHOD, PROVENANCE, identity, records, reversed_strand, silent
from refdata import REFDATA, needs_refdata

from musk_id.formats.ab1 import read_ab1
from musk_id.model.barcode import BarcodeRecord, ItemCall, SequenceResult
from musk_id.model.methods import SANGER_METHODS
from musk_id.model.technical import StrandTrace, TraceEvidence
from musk_id.model.values import Identifier, Sha256
from musk_id.stages.barcode import call_barcodes
from musk_id.stages.comparison import compare, deciding_columns
from musk_id.stages.electropherogram import MAX_WINDOWS, WINDOW_BASES, choose_windows
from musk_id.stages.placement import place_sequence
from musk_id.vocabulary import CriterionOutcome, FileRole, Finding, Locus, Rank, Reason, Strand, Technique

TRACES = REFDATA / "reads" / "sanger_ab1"
FLANK = "GTAAAACGACGGCCAGTACGTTGCAACTTACG"
OTHER = {"A": "G", "C": "T", "G": "A", "T": "C"}


@pytest.fixture(scope="module")
def musk(shipped_release) -> str:  # type: ignore[no-untyped-def]
    return str(records(shipped_release, Locus.COI)[0].sequence)


@pytest.fixture
def strand(tmp_path):  # type: ignore[no-untyped-def]
    def make(letters: str, qualities: list[int] | None = None, **words: object) -> StrandTrace:
        path = Path(tmp_path / "x.ab1")
        path.write_bytes(abif.trace(letters, qualities, **words))
        return StrandTrace(file_sha256=Sha256("0" * 64), trace=read_ab1(path))

    return make


@pytest.fixture
def examined(barcode_library):  # type: ignore[no-untyped-def]
    def run(forward: StrandTrace | None, reverse: StrandTrace | None) -> BarcodeRecord:
        evidence = TraceEvidence(
            run=replace(identity(), technique=Technique.SANGER_TRACE),
            declared_locus=Locus.COI,
            forward=forward,
            reverse=reverse,
        )
        return call_barcodes(
            Identifier("CASE"), (evidence,), barcode_library, METHOD, ANIMALS, PROVENANCE, invalid_loci={}
        )

    return run


def parts(record: BarcodeRecord) -> tuple[SequenceResult, ItemCall]:
    return record.sequences[0], record.items[0]


def outcomes(result: SequenceResult) -> dict[str, CriterionOutcome]:
    return {c.name: c.outcome for c in result.quality if c.name.startswith("sanger.")}


def failed(result: SequenceResult) -> set[str]:
    return {name for name, outcome in outcomes(result).items() if outcome is CriterionOutcome.FAILED}


def test_a_sound_pair_gives_its_sequence_and_the_genus(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    whole = FLANK + musk + reversed_strand(FLANK)
    result, item = parts(examined(strand(whole), strand(reversed_strand(whole))))
    assert failed(result) == set() and len(outcomes(result)) == 8
    assert result.call is not None and (result.call.rank, result.call.taxon) == (Rank.GENUS, "Moschus")
    assert item.moschus is Finding.DETECTED and not result.reasons
    assert result.reading is not None and result.reading.consensus == whole
    assert result.reading.disagreements == () and result.reading.overlap_bp == len(whole)
    assert result.compared_bp == len(musk)


def test_a_pair_named_the_wrong_way_round_gives_the_same_call(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    whole = FLANK + musk + reversed_strand(FLANK)
    right = parts(examined(strand(whole), strand(reversed_strand(whole))))[0]
    turned = parts(examined(strand(reversed_strand(whole)), strand(whole)))[0]
    assert turned.strand is Strand.REVERSE and right.strand is Strand.FORWARD
    assert turned.call == right.call and outcomes(turned) == outcomes(right)
    assert turned.reading is not None and right.reading is not None
    mirrored = tuple(sorted(len(whole) + 1 - p for p in turned.reading.deciding_positions))
    assert mirrored == right.reading.deciding_positions


def test_deciding_sites_are_those_at_which_nearest_and_next_genus_differ(  # type: ignore[no-untyped-def]
    musk, strand, examined, barcode_library
) -> None:
    whole = FLANK + musk
    result = parts(examined(strand(whole), strand(reversed_strand(whole))))[0]
    placed = place_sequence(whole, None, barcode_library, METHOD)
    compared = compare(placed.masks, barcode_library.loci[Locus.COI])
    nearest = [c.record for c in compared if c.upper == compared[0].upper]
    rest = [c for c in compared if c.record.genus not in {r.genus for r in nearest}]
    least = min(c.lower for c in rest)
    following = [c.record for c in rest if c.lower == least]
    expected = {
        column
        for column in range(len(musk))
        if len({r.sequence[column] for r in (*nearest, *following)} - {"-"}) > 1
    }
    assert set(deciding_columns(placed.letters, compared, coding=True)) == expected and expected
    assert result.reading is not None
    assert {p - 1 - len(FLANK) for p in result.reading.deciding_positions} == expected


def test_low_quality_blocks_the_call(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    poor = [25] * len(musk)
    result, item = parts(examined(strand(musk, poor), strand(reversed_strand(musk))))
    assert failed(result) == {"sanger.mean_quality"} and result.reasons == (Reason.LOW_QUALITY,)
    assert result.call is None and item.moschus is Finding.INCONCLUSIVE and Reason.LOW_QUALITY in item.reasons
    spotted = [50, *([15 if i % 12 == 0 else 50 for i in range(len(musk) - 2)]), 50]
    result, _ = parts(examined(strand(musk, spotted), strand(reversed_strand(musk))))
    assert failed(result) == {"sanger.good_bases"} and result.call is None


def test_nothing_left_after_trimming(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    noise = strand(musk, [5] * len(musk))
    result, item = parts(examined(noise, None))
    assert result.finding is Finding.NOT_EXAMINED and result.reasons == (Reason.LOW_QUALITY,)
    # The other strand is still read; it then stands alone.
    result, item = parts(examined(noise, strand(reversed_strand(musk))))
    assert Reason.SINGLE_STRAND in result.reasons and item.moschus is Finding.DETECTED


def test_one_strand_keeps_its_call_and_says_so(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    for pair in ((strand(musk), None), (None, strand(reversed_strand(musk)))):
        result, item = parts(examined(*pair))
        assert failed(result) == {"sanger.double_coverage"} and result.reasons == (Reason.SINGLE_STRAND,)
        assert outcomes(result)["sanger.strand_conflicts"] is CriterionOutcome.NOT_TESTED
        assert item.moschus is Finding.DETECTED
    short = reversed_strand(musk[: len(musk) * 89 // 100])
    assert failed(parts(examined(strand(musk), strand(short)))[0]) == {"sanger.double_coverage"}
    enough = reversed_strand(musk[: len(musk) * 91 // 100])
    assert failed(parts(examined(strand(musk), strand(enough)))[0]) == set()


def _sites(result: SequenceResult) -> tuple[set[int], list[int]]:
    assert result.reading is not None
    deciding = {p - 1 for p in result.reading.deciding_positions}
    return deciding, [i for i in range(60, result.length_bp - 60, 40) if i not in deciding]


def changed(letters: str, places: list[int]) -> str:
    return "".join(OTHER[c] if i in places else c for i, c in enumerate(letters))


def test_conflicts_between_strands(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    forward = strand(musk, [60] * len(musk))
    deciding, quiet = _sites(parts(examined(forward, strand(reversed_strand(musk))))[0])

    def against(places: list[int]) -> SequenceResult:
        return parts(examined(forward, strand(reversed_strand(changed(musk, places)))))[0]

    three = against(quiet[:3])
    assert failed(three) == set() and three.call is not None
    assert three.reading is not None
    assert [d.position - 1 for d in three.reading.disagreements] == quiet[:3]
    assert all(d.conflict and d.chosen == musk[d.position - 1] for d in three.reading.disagreements)
    four = against(quiet[:4])
    assert failed(four) == {"sanger.strand_conflicts"} and four.call is None
    assert four.reasons == (Reason.STRANDS_DISAGREE,)
    one = against([min(deciding)])
    assert failed(one) == {"sanger.deciding_conflicts"} and one.call is None
    assert one.reading is not None and one.reading.disagreements[0].deciding


def test_an_ambiguity_letter_at_a_deciding_site_blocks(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    pair = strand(musk), strand(reversed_strand(musk))
    deciding, quiet = _sites(parts(examined(*pair))[0])
    for place, blocked in ((min(deciding), True), (quiet[0], False)):
        letters = musk[:place] + "N" + musk[place + 1 :]
        result = parts(examined(strand(letters), strand(reversed_strand(letters))))[0]
        assert (failed(result) == {"sanger.deciding_ambiguous"}) is blocked
        assert (result.call is None) is blocked
        # One strand's own letter settles it.
        settled = parts(examined(strand(letters), pair[1]))[0]
        assert failed(settled) == set() and settled.call is not None
        assert settled.reading is not None and not settled.reading.disagreements[0].conflict


def test_letters_that_the_signals_do_not_bear_block(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    forward, reverse = strand(musk), strand(reversed_strand(musk))
    _, quiet = _sites(parts(examined(forward, reverse))[0])
    for count, blocked in ((2, False), (3, True)):
        signals = strand(changed(musk, sorted(quiet)[:count]))
        trace = replace(forward.trace, channels=signals.trace.channels)
        result = parts(examined(replace(forward, trace=trace), reverse))[0]
        assert (Reason.LETTERS_AGAINST_SIGNALS in result.reasons) is (result.call is None) is blocked
    flat = replace(forward.trace, channels=forward.trace.channels * 0)
    result = parts(examined(replace(forward, trace=flat), reverse))[0]
    assert "sanger.letters_against_signals" in failed(result) and result.call is None


def test_an_n_hides_no_contradiction_at_a_deciding_site(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    forward, reverse = strand(musk), strand(reversed_strand(musk))
    deciding, _ = _sites(parts(examined(forward, reverse))[0])
    place = min(deciding)
    signals = strand(reversed_strand(changed(musk, [place])))
    hidden = reversed_strand(musk[:place] + "N" + musk[place + 1 :])
    trace = replace(signals.trace, letters=hidden)
    result = parts(examined(forward, replace(signals, trace=trace)))[0]
    assert failed(result) == {"sanger.deciding_conflicts"} and result.call is None


def test_second_peaks_make_a_trace_mixed_and_leave_the_call(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    reverse = strand(reversed_strand(musk))
    for count, height, mixed in ((3, 220, True), (2, 900, False), (30, 150, False)):
        second = {100 + 10 * i: (OTHER[musk[100 + 10 * i]], height) for i in range(count)}
        result, item = parts(examined(strand(musk, second=second), reverse))
        assert (Reason.MIXED_TRACE in result.reasons) is mixed is (failed(result) == {"sanger.second_peaks"})
        assert item.moschus is Finding.DETECTED and (Reason.MIXED_TRACE in item.reasons) is mixed


def test_strands_that_do_not_overlap(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    result, item = parts(examined(strand("ACGTTGCA" * 10), strand("GGATTACC" * 10)))
    assert result.reasons == (Reason.STRANDS_DISAGREE,) and result.finding is Finding.NOT_EXAMINED
    assert item.moschus is Finding.INCONCLUSIVE


def test_human_traces_leave_no_letter_and_no_signal(shipped_release, strand, examined) -> None:  # type: ignore[no-untyped-def]
    human = str(records(shipped_release, Locus.COI, "Homo")[0].sequence)
    poor = [22] * len(human)
    for qualities in (None, poor):
        record = examined(strand(human, qualities), strand(reversed_strand(human)))
        result = record.sequences[0]
        assert result.reasons == (Reason.HUMAN_DNA,) and result.reading is None and result.picture is None
    far = silent(human, list(range(5, 85)))
    result = parts(examined(strand(far), strand(reversed_strand(far))))[0]
    # Too far for the radius and still nearest to a person: nothing of it is kept either.
    assert result.hits[0].genus == "Homo" and Reason.HUMAN_DNA not in result.reasons
    assert result.reading is None and result.picture is None


def test_windows_are_few_and_hold_what_matters_most() -> None:
    weights = {10: 1, 12: 1, 14: 1, 300: 100, 500: 1, 501: 1, 640: 1, 650: 1, 200: 1}
    starts = choose_windows(weights, 658)
    assert len(starts) == MAX_WINDOWS and starts == tuple(sorted(starts))
    shown = {p for start in starts for p in range(start, start + WINDOW_BASES)}
    assert {10, 12, 14, 300, 500, 501, 640, 650} <= shown and 200 not in shown
    assert choose_windows({}, 658) == () and choose_windows({3: 1}, 10) == (0,)


def test_windows_show_both_traces_in_the_direction_of_the_consensus(musk, strand, examined) -> None:  # type: ignore[no-untyped-def]
    result = parts(examined(strand(musk), strand(reversed_strand(musk))))[0]
    assert result.reading is not None and 0 < len(result.reading.windows) <= 2 * MAX_WINDOWS
    for window in result.reading.windows:
        first = window.positions[0]
        assert window.letters == musk[first - 1 : first - 1 + len(window.letters)]
        rows = dict(zip("ACGT", (window.adenine, window.cytosine, window.guanine, window.thymine), strict=True))
        assert all(rows[c][p] == 100 for c, p in zip(window.letters, window.peaks, strict=True))
    assert {w.role for w in result.reading.windows} == {FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE}


def test_limits_are_those_of_the_laboratory_rules() -> None:
    (method,) = SANGER_METHODS
    assert (method.min_mean_quality, method.good_base_quality, method.min_good_bases_percent) == (30, 20, 95)
    assert (method.min_double_coverage_percent, method.bp_per_conflict) == (90, 200)
    assert (method.secondary_peak_percent, method.mixed_positions) == (20, 3)


PAIRS = {
    # compared letters, disagreements, conflicts, double coverage in percent, mixed
    "Achl_ACHLO006-09": (658, 2, 0, "92.9", True),
    "Achl_ACHLO040-09": (658, 0, 0, "82.7", True),
    "Achl_RBNII384-13": (658, 1, 0, "90.4", False),
    "Achl_RBNII396-13": (658, 3, 1, "89.2", False),
    "Dmel_BBDCN941-10": (658, 1, 0, "87.1", True),
}


@needs_refdata
@pytest.mark.parametrize("name", PAIRS)
def test_given_pairs_are_joined_and_named_no_mammal(name, examined) -> None:  # type: ignore[no-untyped-def]
    pair = [
        StrandTrace(file_sha256=Sha256("0" * 64), trace=read_ab1(TRACES / f"{name}_{end}.ab1"))
        for end in ("1_F", "2_R")
    ]
    result, item = parts(examined(*pair))
    compared, differences, conflicts, covered, mixed = PAIRS[name]
    assert 600 <= result.compared_bp <= 710 and result.compared_bp == compared
    assert result.reading is not None
    assert len(result.reading.disagreements) == differences
    assert sum(d.conflict for d in result.reading.disagreements) == conflicts
    measured = {c.name: c.measured for c in result.quality}
    assert measured["sanger.double_coverage"] == covered
    assert (Reason.MIXED_TRACE in result.reasons) is mixed
    assert result.call is None and item.moschus is Finding.INCONCLUSIVE and item.other_taxa == ()
    # Also without the frame's objection no mammal is near.
    assert all(float(hit.p_distance or 1) > 0.2 for hit in result.hits)
