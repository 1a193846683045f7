"""Distances of a marker's individuals, block by block, and what a calibration keeps of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import pack
from musk_id.kernels.genus_rule import Neighbours, join, neighbours
from musk_id.kernels.nucleotides import decode
from musk_id.kernels.pairwise import mismatch_blocks, nearest_edits
from musk_id.refdb.calibrate_items import Items

__all__ = ["Block", "Measured", "Pairs", "Window", "coding_blocks", "edit_blocks", "in_window", "measure"]

# Nearest other genera that are needed exactly: the nearest, and its own competitor if it were named.
NEEDED_GENERA = 2

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """Columns that a simulated query covers; pairs need ``least`` compared columns, queries as many letters."""

    first: int
    length: int
    least: int


@dataclass(frozen=True, slots=True)
class Block:
    """Individuals ``rows`` against all; infinite where not compared or further than all that matters."""

    rows: Indices
    upper: Floats
    lower: Floats


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of individuals of one genus, by their upper distances."""

    first: Indices
    second: Indices
    distance: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """What is kept: neighbours of each individual, pairs within genera, and what concerns the target genus.

    ``to_target`` is the lower distance of each individual to the nearest other one of the target genus.
    """

    items: Items
    found: Neighbours
    pairs: Pairs
    to_target: Floats
    nearest_to_target: Indices


def in_window(items: Items, window: Window) -> Items:
    """Individuals that have enough letters in a window."""
    columns = items.masks[:, window.first : window.first + window.length]
    letters = (columns > 0).sum(axis=1)
    return items.only(letters[items.rows] >= window.least)


def coding_blocks(items: Items, window: Window) -> Iterator[Block]:
    """Shares of differing columns of a window, of all individuals."""
    rows, places = np.unique(items.rows, return_inverse=True)
    planes = pack(np.ascontiguousarray(items.masks[rows, window.first : window.first + window.length]))
    for counts in mismatch_blocks(planes):
        here = np.flatnonzero((places >= counts.first) & (places < counts.first + counts.compared.shape[0]))
        own = places[here] - counts.first
        enough = counts.compared >= window.least
        columns = np.maximum(counts.compared, 1)
        upper = np.where(enough, counts.possible / columns, np.inf)
        lower = np.where(enough, counts.incompatible / columns, np.inf)
        yield Block(here, upper[own][:, places], lower[own][:, places])


def edit_blocks(items: Items, target: int) -> Iterator[Block]:
    """Edits between whole inserts, of all individuals; each distinct insert of a genus is compared once."""
    keys = np.stack([items.genus, items.rows], axis=1)
    distinct, places = np.unique(keys, axis=0, return_inverse=True)
    places = places.reshape(-1)
    texts = [decode(row[row > 0]) for row in items.masks[distinct[:, 1]]]
    groups = distinct[:, 0]
    found = nearest_edits(texts, groups, nearest=NEEDED_GENERA, always=groups == target)
    order = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[order], np.arange(distinct.shape[0] + 1))
    for row, edits in enumerate(found):
        upper, lower = np.full(len(texts), np.inf), np.full(len(texts), np.inf)
        upper[edits.others], lower[edits.others] = edits.upper, edits.lower
        # Individuals with this very insert: an ambiguity letter may still stand for different bases.
        text = texts[row]
        upper[row], lower[row] = sum(letter not in "ACGT" for letter in text), 0.0
        here = order[starts[row] : starts[row + 1]]
        shape = (here.size, len(items))
        yield Block(here, np.broadcast_to(upper[places], shape), np.broadcast_to(lower[places], shape))


def measure(items: Items, blocks: Iterator[Block], target: int) -> Measured:
    """Neighbours and pairs from all blocks, in the order of the individuals."""
    parts: list[Neighbours] = []
    rows: list[Indices] = []
    pairs: list[tuple[Indices, Indices, Floats]] = []
    to_target = np.full(len(items), np.inf)
    is_target = items.genus == target
    nearest, at_nearest = np.inf, [np.empty(0, np.int64)]
    for block in blocks:
        parts.append(neighbours(block.upper, block.lower, block.rows, items.labels))
        rows.append(block.rows)
        pairs.append(_pairs(block, items))
        lower = np.where(is_target[None, :], block.lower, np.inf)
        lower[np.arange(block.rows.size), block.rows] = np.inf
        to_target[block.rows] = lower.min(axis=1)
        for row, distances in zip(block.rows, block.lower, strict=True):
            if is_target[row]:
                others = np.where(is_target, np.inf, distances)
                smallest = float(others.min())
                if smallest < nearest:
                    nearest, at_nearest = smallest, []
                if smallest == nearest and np.isfinite(nearest):
                    at_nearest.append(np.flatnonzero(others == nearest))
    order = np.argsort(np.concatenate(rows), kind="stable")
    joined = join(parts)
    found = Neighbours(*(getattr(joined, name)[order] for name in Neighbours.__slots__))
    first, second, distance = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return Measured(items, found, Pairs(first, second, distance), to_target, np.unique(np.concatenate(at_nearest)))


def _pairs(block: Block, items: Items) -> tuple[Indices, Indices, Floats]:
    same = items.genus[block.rows][:, None] == items.genus[None, :]
    same &= np.arange(len(items))[None, :] > block.rows[:, None]
    same &= np.isfinite(block.upper)
    row, column = np.nonzero(same)
    return block.rows[row], column, block.upper[row, column]
