from __future__ import annotations

import numpy as np
import pytest

from musk_id.kernels.anchoring import Anchor, WordIndex
from musk_id.kernels.nucleotides import decode, encode, reverse_complement_text
from musk_id.kernels.placement import PrimerPair, anchors_by_locus, insert_between, off_diagonal_share

PRIMERS = PrimerPair("ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG")
INSERT = "ACTATGCTTAGCCCTAAACACAAATAATTATGCAACAAAATTATTCGCCAGAGTACTACCAGCAACAGCTTAAAACTCAAAGG"
REVERSE = reverse_complement_text("CGGAACAGGCTCCTCTAG")


def _anchor(locus: str, strand: int, votes: int, elsewhere: int = 0) -> Anchor:
    return Anchor(locus, strand, 0, votes, elsewhere, votes + elsewhere)


def test_markers_with_few_votes_are_chance() -> None:
    anchors = (_anchor("A", 1, 100), _anchor("B", 1, 25), _anchor("C", 1, 24), _anchor("D", 1, 7))
    assert set(anchors_by_locus(anchors)) == {"A", "B"}
    assert anchors_by_locus((_anchor("A", 1, 7),)) == {}


def test_a_short_marker_counts_by_its_own_words() -> None:
    anchors = (_anchor("long", 1, 1100), _anchor("short", 1, 13), _anchor("chance", 1, 12))
    own_words = {"long": 1130, "short": 100, "chance": 100}
    assert set(anchors_by_locus(anchors)) == {"long"}
    assert set(anchors_by_locus(anchors, own_words)) == {"long", "short"}
    # Chance words on the other strand of a long sequence do not make the strand doubtful.
    strands = (anchors[0], _anchor("short", 1, 13), _anchor("short", -1, 9))
    assert anchors_by_locus(strands, own_words)["short"] == strands[1:2]
    # A fragment of a long marker is measured by the best, as ever.
    assert set(anchors_by_locus((_anchor("long", 1, 60),), own_words)) == {"long"}


def test_strands_of_a_marker_stay_together_in_their_order() -> None:
    anchors = (_anchor("A", -1, 50), _anchor("A", 1, 20))
    assert anchors_by_locus(anchors) == {"A": anchors}


def test_share_off_the_diagonal() -> None:
    assert off_diagonal_share(_anchor("A", 1, 90, 10)) == pytest.approx(0.1)
    assert off_diagonal_share(_anchor("A", 1, 0, 0)) == 1.0


@pytest.mark.parametrize(
    ("sequence", "cut"),
    [
        (PRIMERS.forward + INSERT + REVERSE, 2),
        ("GATTACA" + PRIMERS.forward + INSERT + REVERSE + "CCC", 2),
        (PRIMERS.forward + INSERT, 1),
        (INSERT + REVERSE, 1),
        (INSERT, 0),
    ],
)
def test_primers_are_cut_where_they_stand(sequence: str, cut: int) -> None:
    insert, found = insert_between(encode(sequence), PRIMERS, 40, 120)
    assert (decode(insert), found) == (INSERT, cut)


def test_primers_in_the_wrong_order_are_no_pair() -> None:
    sequence = REVERSE + INSERT + PRIMERS.forward
    insert, found = insert_between(encode(sequence), PRIMERS, 40, 120)
    assert (decode(insert), found) == (sequence, 0)


def test_most_shared_words_come_first() -> None:
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ACGT"), 120)) for _ in range(6)]
    query = texts[4][:100] + texts[2][:60]
    index = WordIndex([encode(text) for text in texts])
    assert index.nearest(encode(query), 2) == (4, 2)
    shared = [len({query[i : i + 11] for i in range(150)} & {t[i : i + 11] for i in range(110)}) for t in texts]
    expected = sorted((n for n in range(6) if shared[n]), key=lambda n: -shared[n])
    assert list(index.nearest(encode(query), 6)) == expected
    assert index.nearest(encode("ACGT"), 3) == ()
    assert WordIndex([]).nearest(encode(query), 3) == ()
