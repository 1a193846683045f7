"""Reads laid over each other in the columns of a template, and the sequence that they agree on.

Each strand has one vote: what a machine gets wrong on one strand alone does not outweigh the other. Long reads
count the letters of runs of one letter wrongly. A gene has its frame: where a sequence has a letter too many or
too few for it, the run in which most reads differ from the others is made longer or shorter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BASES",
    "GAP_CODE",
    "NO_LETTER",
    "Agreed",
    "LaidRead",
    "Pile",
    "VoteLimits",
    "agree",
    "column_shares",
    "count_columns",
    "make_pile",
    "pooled_symbols",
    "strand_counts",
]

BASES = 4
GAP_CODE, NO_LETTER = 4, 5
_SYMBOLS = 5
# A run of one letter has one more than these.
_LEAST_BESIDE = 2
_CODE = np.full(256, NO_LETTER, dtype=np.uint8)
for _number, _letter in enumerate("ACGT-"):
    _CODE[ord(_letter)] = _number
_LETTERS = np.frombuffer(b"ACGT-N", np.uint8)
_N = ord("N")

Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]
Shares = NDArray[np.float64]


class LaidRead(Protocol):
    """A read in the columns of a template, as :class:`musk_id.model.reads.AlignedRead` holds it."""

    @property
    def fragment(self) -> bytes: ...
    @property
    def is_reverse(self) -> bool: ...
    @property
    def first_column(self) -> int: ...
    @property
    def letters(self) -> bytes: ...
    @property
    def inserts(self) -> tuple[tuple[int, bytes], ...]: ...


@dataclass(frozen=True, slots=True)
class VoteLimits:
    """When a column has a letter.

    ``min_depth`` reads at least; of those with a letter ``min_share_percent`` agree on it. A strand votes by
    itself from ``min_strand_depth`` reads on. A run of one letter is made longer or shorter only where fewer than
    ``run_error_percent`` of the reads agree on its length.
    """

    min_depth: int
    min_strand_depth: int
    min_share_percent: int
    run_error_percent: int


@dataclass(frozen=True, slots=True, eq=False)
class Pile:
    """Fragments in columns.

    Attributes
    ----------
    letters : ndarray of uint8, shape (n, columns)
        0 to 3 for A, C, G and T, 4 where a fragment has a gap, 5 where it has nothing to say.
    reverse : ndarray of bool, shape (n,)
        Fragments read on the strand opposite to the template.
    inserts : tuple of (int, int, bytes)
        Fragment, column before which letters stand that have no column, and these letters.
    fragments : tuple of bytes
        What each row is called.
    """

    letters: Codes
    reverse: NDArray[np.bool_]
    inserts: tuple[tuple[int, int, bytes], ...]
    fragments: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.letters)


@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """What reads agree on.

    Attributes
    ----------
    letters : bytes
        A, C, G, T, and N where they do not agree or are too few; without gaps, from the first to the last column
        that has a letter.
    columns : ndarray of int64, shape (length,)
        Column of each letter; that before which it stands for a letter without one.
    symbols : ndarray of uint8, shape (columns,)
        Code of each column, 5 where there is none.
    exact : ndarray of bool, shape (rows,)
        Rows that differ nowhere, as far as they reach.
    draft : bytes
        The same with the commonest letter in place of N, to lay reads against.
    """

    letters: bytes
    columns: Ints
    symbols: Codes
    exact: NDArray[np.bool_]
    draft: bytes


def make_pile(reads: Iterable[LaidRead], first: int, last: int) -> Pile:
    """Reads in columns ``first`` to ``last - 1``; mates of one fragment are one row.

    Where two reads of a fragment differ it has nothing to say.
    """
    rows: dict[bytes, int] = {}
    laid: list[Codes] = []
    reverse: list[bool] = []
    inserts: dict[tuple[int, int], bytes] = {}
    for read in reads:
        low, high = max(read.first_column, first), min(read.first_column + len(read.letters), last)
        if low >= high:
            continue
        own = _CODE[np.frombuffer(read.letters, np.uint8)[low - read.first_column : high - read.first_column]]
        row = rows.setdefault(read.fragment, len(laid))
        if row == len(laid):
            laid.append(np.full(last - first, NO_LETTER, np.uint8))
            reverse.append(read.is_reverse)
        here = laid[row][low - first : high - first]
        differ = (here != NO_LETTER) & (own != NO_LETTER) & (here != own)
        here[:] = np.where(here == NO_LETTER, own, here)
        here[differ] = NO_LETTER
        for column, letters in read.inserts:
            if low < column < high:
                inserts.setdefault((row, column - first), letters)
    matrix = np.stack(laid) if laid else np.empty((0, last - first), np.uint8)
    return Pile(
        matrix,
        np.array(reverse, dtype=np.bool_),
        tuple((row, column, letters) for (row, column), letters in inserts.items()),
        tuple(rows),
    )


def strand_counts(letters: Codes, reverse: NDArray[np.bool_]) -> Ints:
    """Reads of each strand, column and symbol; shape (2, columns, 5)."""
    counts = np.empty((2, letters.shape[1], _SYMBOLS), np.int64)
    for strand in (0, 1):
        own = letters[reverse == bool(strand)]
        for symbol in range(_SYMBOLS):
            counts[strand, :, symbol] = np.count_nonzero(own == symbol, axis=0)
    return counts


def count_columns(counts: Ints, read: LaidRead) -> None:
    """Add a read to counts of shape (2, columns, 6), in place; the last symbol is that of no letter."""
    codes = _CODE[np.frombuffer(read.letters, np.uint8)]
    columns = np.arange(read.first_column, read.first_column + codes.size)
    # A read has a column once.
    counts[int(read.is_reverse), columns, codes] += 1


def pooled_symbols(counts: Ints, min_depth: int) -> Codes:
    """The commonest symbol of each column, both strands together; 5 where fewer reads than asked for reach it."""
    pooled = counts.sum(axis=0)
    return np.where(pooled.sum(axis=1) >= min_depth, pooled.argmax(axis=1), NO_LETTER).astype(np.uint8)


def column_shares(counts: Ints, min_strand_depth: int) -> Shares:
    """Share of each symbol, shape (columns, 5): the mean of both strands where both are deep enough, else of all.

    Parameters
    ----------
    counts : ndarray of int64, shape (2, columns, 5)
        As :func:`strand_counts` gives them.
    """
    depth = counts.sum(axis=2)
    both = (depth >= min_strand_depth).all(axis=0)
    of_strand = counts / np.maximum(depth, 1)[:, :, None]
    pooled = counts.sum(axis=0) / np.maximum(depth.sum(axis=0), 1)[:, None]
    shares: Shares = np.where(both[:, None], (of_strand[0] + of_strand[1]) / 2, pooled)
    return shares


def agree(pile: Pile, rows: Ints, limits: VoteLimits, *, surplus: int = 0) -> Agreed:
    """The sequence that some rows of a pile agree on.

    Parameters
    ----------
    rows : ndarray of int64
        Rows that vote.
    surplus : int
        Letters too many for the reading frame, negative where there are too few: so many runs of one letter are
        made shorter or longer, as far as reads differ on their length.
    """
    letters, reverse = pile.letters[rows], pile.reverse[rows]
    counts = strand_counts(letters, reverse)
    shares = column_shares(counts, limits.min_strand_depth)
    symbols = _symbols(counts.sum(axis=(0, 2)), shares, limits)
    seen = _inserts_seen(pile, rows, letters, limits)
    inserts = {column: text for column, text, share in seen if share > 1 / 2}
    for _ in range(abs(surplus)):
        if surplus > 0:
            _shorten(symbols, shares, inserts, seen, limits)
        else:
            _lengthen(symbols, shares, inserts, seen, limits)
    sequence: list[int] = []
    draft: list[int] = []
    columns: list[int] = []
    commonest = _LETTERS[shares[:, :BASES].argmax(axis=1)]
    held = np.flatnonzero(symbols < GAP_CODE)
    if held.size:
        for column in range(int(held[0]), int(held[-1]) + 1):
            for letter in inserts.get(column, b"") if column > held[0] else b"":
                sequence.append(letter)
                draft.append(letter)
                columns.append(column)
            if symbols[column] != GAP_CODE:
                sequence.append(_N if symbols[column] == NO_LETTER else int(_LETTERS[symbols[column]]))
                draft.append(int(commonest[column]) if symbols[column] == NO_LETTER else sequence[-1])
                columns.append(column)
    exact = _exact(pile, rows, letters, symbols, inserts)
    return Agreed(bytes(sequence), np.array(columns, np.int64), symbols, exact, bytes(draft))


def _symbols(depth: Ints, shares: Shares, limits: VoteLimits) -> Codes:
    """Whether a column has a letter is for the majority; which one, for those that have any."""
    best = shares[:, :BASES].argmax(axis=1)
    share = shares[np.arange(best.size), best]
    having = 1 - shares[:, GAP_CODE]
    agreed = share * 100 >= limits.min_share_percent * having
    symbols = np.where(shares[:, GAP_CODE] > 1 / 2, GAP_CODE, np.where(agreed, best, NO_LETTER))
    return np.where(depth >= limits.min_depth, symbols, NO_LETTER).astype(np.uint8)


def _exact(pile: Pile, rows: Ints, letters: Codes, symbols: Codes, inserts: dict[int, bytes]) -> NDArray[np.bool_]:
    """Rows that differ nowhere from what was agreed on, as far as they reach."""
    covered = letters != NO_LETTER
    exact: NDArray[np.bool_] = ((letters == symbols) | ~covered | (symbols == NO_LETTER)).all(axis=1)
    own_inserts: dict[int, dict[int, bytes]] = {}
    for row, column, text in pile.inserts:
        own_inserts.setdefault(row, {})[column] = text
    for place, row in enumerate(rows.tolist()):
        own = own_inserts.get(row, {})
        lacking = any(own.get(c) != text for c, text in inserts.items() if covered[place, c])
        exact[place] &= not lacking and own.keys() <= inserts.keys()
    return exact


def _inserts_seen(pile: Pile, rows: Ints, letters: Codes, limits: VoteLimits) -> list[tuple[int, bytes, float]]:
    """The commonest letters without a column before each column, and the share of reads that have any there."""
    place_of = np.full(len(pile), -1, np.int64)
    place_of[rows] = np.arange(rows.size)
    texts: dict[int, list[tuple[bool, bytes]]] = {}
    for row, column, text in pile.inserts:
        if place_of[row] >= 0:
            texts.setdefault(column, []).append((bool(pile.reverse[row]), text))
    reverse = pile.reverse[rows]
    found: list[tuple[int, bytes, float]] = []
    for column, own in sorted(texts.items()):
        across = (letters[:, column - 1] != NO_LETTER) & (letters[:, column] != NO_LETTER)
        total = [int(np.count_nonzero(across & (reverse == bool(strand)))) for strand in (0, 1)]
        having = [sum(strand == bool(s) for strand, _ in own) for s in (0, 1)]
        if sum(total) < limits.min_depth:
            continue
        if min(total) >= limits.min_strand_depth:
            share = (having[0] / total[0] + having[1] / total[1]) / 2
        else:
            share = sum(having) / sum(total)
        text = min(Counter(text for _, text in own).items(), key=lambda entry: (-entry[1], entry[0]))[0]
        found.append((column, text, share))
    return found


def _shorten(
    symbols: Codes,
    shares: Shares,
    inserts: dict[int, bytes],
    seen: list[tuple[int, bytes, float]],
    limits: VoteLimits,
) -> None:
    """Take a letter out of the run that most reads have shorter, in place."""
    most = limits.run_error_percent / 100
    options = [
        (1 - share, column, True)
        for column, text, share in seen
        if inserts.get(column) == text and len(text) == 1 and share < most and _makes_run(text, symbols, column)
    ]
    options += [
        (float(shares[column, GAP_CODE]), column, False)
        for column in np.flatnonzero((symbols < BASES) & (shares[:, GAP_CODE] > 1 - most)).tolist()
        if _run_beside(symbols, column, int(symbols[column])) >= _LEAST_BESIDE
    ]
    if options:
        _, column, is_insert = max(options, key=lambda option: (option[0], -option[1]))
        if is_insert:
            del inserts[column]
        else:
            symbols[column] = GAP_CODE


def _lengthen(
    symbols: Codes,
    shares: Shares,
    inserts: dict[int, bytes],
    seen: list[tuple[int, bytes, float]],
    limits: VoteLimits,
) -> None:
    """Put a letter into the run that most reads have longer, in place."""
    most = limits.run_error_percent / 100
    options = [
        (share, column, text)
        for column, text, share in seen
        if column not in inserts and len(text) == 1 and share > 1 - most and _makes_run(text, symbols, column)
    ]
    for column in np.flatnonzero((symbols == GAP_CODE) & (shares[:, GAP_CODE] < most)).tolist():
        letter = int(shares[column, :BASES].argmax())
        if _run_beside(symbols, column, letter) >= _LEAST_BESIDE:
            options.append((float(1 - shares[column, GAP_CODE]), column, b""))
    if options:
        _, column, text = max(options, key=lambda option: (option[0], -option[1]))
        if text:
            inserts[column] = text
        else:
            symbols[column] = int(shares[column, :BASES].argmax())


def _makes_run(text: bytes, symbols: Codes, column: int) -> bool:
    """Whether a letter before a column makes a run of one letter longer."""
    code = int(_CODE[text[0]])
    left = _run_length(symbols, column - 1, code, -1)
    return left + _run_length(symbols, column, code, 1) >= _LEAST_BESIDE


def _run_beside(symbols: Codes, column: int, letter: int) -> int:
    """Columns of a letter on both sides of a column together, gaps left out."""
    return _run_length(symbols, column - 1, letter, -1) + _run_length(symbols, column + 1, letter, 1)


def _run_length(symbols: Codes, place: int, letter: int, step: int) -> int:
    length = 0
    while 0 <= place < symbols.size and symbols[place] in (letter, GAP_CODE):
        length += int(symbols[place] == letter)
        place += step
    return length
