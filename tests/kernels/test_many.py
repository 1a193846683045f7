"""Many sequences at once give what one after the other gives."""

from __future__ import annotations

import random

import edlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels import many
from musk_id.kernels.anchoring import KmerIndex, find_primer
from musk_id.kernels.editdistance import _COMPATIBLE, alignment
from musk_id.kernels.many import anchors_of_each, inserts_of_each, primers_in_each
from musk_id.kernels.nucleotides import decode, encode, reverse_complement_text
from musk_id.kernels.placement import PrimerPair, insert_between

LETTERS = "ACGT"
PRIMERS = PrimerPair("ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG")


def texts(rng: random.Random, markers: dict[str, list[str]]) -> list[str]:
    """Queries of all kinds: pieces, turned, joined, with holes, repeats, too short, of nothing."""
    found = ["", "ACGT", "N" * 40, "A" * 60]
    pool = [letters for group in markers.values() for letters in group]
    for _ in range(rng.randint(0, 30)):
        letters = rng.choice(pool)
        start = rng.randrange(len(letters))
        piece = letters[start : start + rng.randint(5, 400)]
        if rng.random() < 0.5:
            cut = rng.randint(0, len(piece))
            piece = piece[:cut] + "".join(rng.choices(LETTERS + "NR", k=rng.randint(0, 4))) + piece[cut + 2 :]
        if rng.random() < 0.3:
            piece += rng.choice(pool)
        found.append(reverse_complement_text(piece) if rng.random() < 0.5 else piece)
    rng.shuffle(found)
    return found


@given(seed=st.integers(0, 2**32 - 1), least=st.integers(0, 9), letters_at_once=st.sampled_from((1, 300, 100_000)))
@settings(max_examples=60)
def test_anchors_of_each_are_those_of_one(seed: int, least: int, letters_at_once: int) -> None:
    rng = random.Random(seed)
    markers: dict[str, list[str]] = {}
    for name, size in (("long", 500), ("short", 90), ("repeats", 60)):
        first = "".join(rng.choices("AC" if name == "repeats" else LETTERS, k=size))
        shifted = [first[rng.randint(0, 3) :] for _ in range(3)]
        markers[name] = [first, *shifted, first[: size // 2] + "".join(rng.choices(LETTERS, k=size // 2))]
    index = KmerIndex(
        {name: [(n % 2, encode(text)) for n, text in enumerate(group)] for name, group in markers.items()},
        slack={"long": 0, "short": 12, "repeats": 3},
    )
    queries = [encode(text) for text in texts(rng, markers)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "MAX_LETTERS", letters_at_once)
        found = anchors_of_each(index, queries, least)
    assert found == [index.anchors(query, least) for query in queries]


def test_no_query_has_no_anchor() -> None:
    index = KmerIndex({"x": [(0, encode("ACGT" * 20))]}, slack={"x": 0})
    assert anchors_of_each(index, []) == []
    assert inserts_of_each([], PRIMERS, 40, 120) == []


@given(
    st.lists(st.text("ACGTN", max_size=40), max_size=8),
    st.text("ACGTRY", min_size=1, max_size=8),
    st.integers(0, 4),
)
def test_primers_in_each_are_those_in_one(letters: list[str], primer: str, allowed: int) -> None:
    queries = [encode(text) for text in letters]
    assert primers_in_each(queries, primer, allowed) == [find_primer(q, primer, allowed) for q in queries]


@given(st.integers(0, 2**32 - 1))
def test_inserts_of_each_are_those_of_one(seed: int) -> None:
    rng = random.Random(seed)
    parts = [
        "",
        PRIMERS.forward,
        reverse_complement_text("CGGAACAGGCTCCTCTAG"),
        "".join(rng.choices(LETTERS, k=80)),
    ]
    queries = [encode("".join(rng.choices(parts, k=rng.randint(0, 5)))) for _ in range(6)]
    found = inserts_of_each(queries, PRIMERS, 40, 120)
    expected = [insert_between(query, PRIMERS, 40, 120) for query in queries]
    assert [(decode(insert), cut) for insert, cut in found] == [(decode(insert), cut) for insert, cut in expected]


@given(st.text("ACGTRYN", min_size=1, max_size=40), st.text("ACGTRYN", min_size=1, max_size=40), st.booleans())
def test_an_alignment_is_the_one_that_edlib_shows(query: str, reference: str, plain: bool) -> None:
    if plain:
        query, reference = (text.translate(str.maketrans("RYN", "ACG")) for text in (query, reference))
    first, second = (query, reference) if len(query) <= len(reference) else (reference, query)
    mode = "NW" if len(query) == len(reference) else "HW"
    result = edlib.align(first, second, mode=mode, task="path", additionalEqualities=_COMPATIBLE)
    nice = edlib.getNiceAlignment(result, first, second)
    start, end = result["locations"][0]
    head, tail = second[: start or 0], second[end + 1 :]
    shorter = "-" * len(head) + nice["query_aligned"] + "-" * len(tail)
    longer = head + nice["target_aligned"] + tail
    expected = (shorter, longer) if len(query) <= len(reference) else (longer, shorter)
    assert alignment(query, reference) == expected


def test_words_of_many_references_are_those_of_each() -> None:
    rng = np.random.default_rng(6)
    references = [(int(n) % 3, encode("".join(rng.choice(list("ACGTN"), 60)))) for n in range(50)]
    whole = KmerIndex({"x": references}, slack={"x": 2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("musk_id.kernels.anchoring._LETTERS_AT_ONCE", 100)
        parts = KmerIndex({"x": references}, slack={"x": 2})
    singly = {
        (references[n][1][p : p + 11].tobytes(), p + references[n][0])
        for n in range(50)
        for p in range(50)
        if (references[n][1][p : p + 11] < 9).all()
    }
    for index in (whole, parts):
        _, _, columns = index._tables["x"]
        assert columns.size == len(singly)
        assert [index.anchors(masks) for _, masks in references] == [whole.anchors(m) for _, m in references]
