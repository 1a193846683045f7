"""Edit distances against dynamic programming in plain Python."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.editdistance import alignment, edit_distance, edit_distances
from musk_id.kernels.nucleotides import IUPAC


def possible(a: str, b: str) -> bool:
    return bool(set(IUPAC[a]) & set(IUPAC[b]))


def certain(a: str, b: str) -> bool:
    return a == b and len(IUPAC[a]) == 1


def tabled(query: str, reference: str, equal) -> int:  # type: ignore[no-untyped-def]
    """Levenshtein distance; where lengths differ, letters of the longer one beyond both ends are free."""
    first, second = sorted((query, reference), key=len)
    free = len(first) < len(second)
    row = [0 if free else j for j in range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        following = [i]
        for j, b in enumerate(second, 1):
            following.append(min(row[j] + 1, following[-1] + 1, row[j - 1] + (not equal(a, b))))
        row = following
    return min(row) if free else row[-1]


LETTERS = st.text("ACGTRYN", max_size=24)


@st.composite
def near(draw: st.DrawFn) -> tuple[str, str]:
    letters = draw(st.text("ACGT", min_size=4, max_size=40))
    other = list(letters)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, max(0, len(other) - 1)))
        kind = draw(st.sampled_from("sid"))
        base = draw(st.sampled_from("ACGTRYSWKMBDHVN"))
        if kind == "i":
            other.insert(at, base)
        elif other:
            other[at : at + 1] = [base] if kind == "s" else []
    return letters, "".join(other)


@settings(max_examples=300)
@given(st.one_of(st.tuples(LETTERS, LETTERS), near()))
def test_distances_are_those_of_the_full_table(pair: tuple[str, str]) -> None:
    query, reference = pair
    found = edit_distance(query, reference)
    assert found.lower == tabled(query, reference, possible)
    assert found.upper == tabled(query, reference, certain)
    assert found == edit_distance(reference, query)
    assert edit_distances(query, [reference, query]) == [found, edit_distance(query, query)]


@given(st.one_of(st.tuples(LETTERS, LETTERS), near()))
def test_alignment_shows_both_sequences_and_the_distance(pair: tuple[str, str]) -> None:
    query, reference = pair
    if not query or not reference:
        return
    rows = alignment(query, reference)
    assert len(rows[0]) == len(rows[1])
    assert (rows[0].replace("-", ""), rows[1].replace("-", "")) == pair
    columns = list(zip(*rows, strict=True))
    if len(query) != len(reference):
        gapped = 0 if len(query) < len(reference) else 1
        while columns and columns[0][gapped] == "-":
            columns.pop(0)
        while columns and columns[-1][gapped] == "-":
            columns.pop()
    edits = sum("-" in column or not possible(*column) for column in columns)
    assert edits == edit_distance(query, reference).lower


def test_ambiguity_counts_both_ways_and_end_letters_of_the_longer_one_are_free() -> None:
    assert (edit_distance("ACGT", "ANGT").lower, edit_distance("ACGT", "ANGT").upper) == (0, 1)
    assert edit_distance("N", "N").upper == 1
    assert edit_distance("ACGTACGT", "TTACGTACGTTT").upper == 0
    assert edit_distance("", "").upper == edit_distance("", "ACGT").upper == 0
    assert edit_distance("ACGT", "TGCA").upper == tabled("ACGT", "TGCA", certain) == 4
