"""A neighbour-joining tree of a sequence and its nearest references, for the record; nothing is read from it.

Records with equal letters are one tip. Support is drawn from columns that the digest of the sequence chooses, so
that it is the same on every machine; rows are shuffled in each replicate, so that no order favours a split.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.joining import MAX_TIPS, SCALE, join_neighbours, share_distances, split_counts
from musk_id.model.candidates import QueryTree, QueryTreeNode
from musk_id.model.values import DecimalText, Sha256, decimal_text
from musk_id.stages.comparison import HUMAN_GENUS, Compared
from musk_id.stages.diagnostic_sites import frame_of
from musk_id.vocabulary import CurationState

__all__ = ["query_tree"]

LENGTH_DIGITS = 5
# Haplotypes: of the nearest genera, of the genus of interest where it is not nearest, of each further genus.
OF_NEAREST, OF_INTEREST, OF_OTHERS, OTHER_GENERA = 12, 2, 2, 4
MIN_TIPS = 4

Tips = list[list[Compared]]
Integers = NDArray[np.int64]


def query_tree(
    letters: str,
    digest: Sha256,
    compared: tuple[Compared, ...],
    nearest: frozenset[str],
    genus: str,
    replicates: int,
    *,
    coding: bool,
) -> QueryTree | None:
    """Tree with support of a placed sequence among its nearest references; none of fewer than four tips.

    Parameters
    ----------
    letters : str
        The compared part, ``-`` where a window has no letter.
    digest : Sha256
        Digest of the sequence, from which the columns of the replicates are drawn.
    compared : tuple of Compared
        All references of the marker, nearest first.
    nearest : frozenset of str
        The nearest genera.
    genus : str
        The genus of interest.
    replicates : int
        Number of resampled alignments; 0 for no tree.
    """
    tips, outgroup = _tips(letters, compared, nearest, genus, coding=coding)
    count = len(tips) + 1
    if count < MIN_TIPS or not replicates:
        return None
    frame = frame_of(letters, tuple(tip[0] for tip in tips), coding=coding)
    width = int(frame.columns.size)
    drawn = _drawn(digest, replicates * (width + count)).reshape(replicates, width + count)
    # The upper 32 bits of the product are below the width, each of its values as often as any other.
    picked = ((drawn[:, :width] * np.uint64(width)) >> np.uint64(32)).astype(np.int64)
    weights = np.stack([np.bincount(row, minlength=width) for row in picked])
    order = np.argsort(drawn[:, width:], axis=1, kind="stable")
    resampled = share_distances(frame.states, weights)
    rows = np.arange(replicates)[:, None, None]
    shuffled = resampled[rows, order[:, :, None], order[:, None, :]]
    counts = split_counts(join_neighbours(shuffled, order))
    tree = join_neighbours(share_distances(frame.states, np.ones((1, width), dtype=np.int64)))
    lengths = {
        int(split): Fraction(int(length), int(denominator) * SCALE)
        for split, length, denominator in zip(tree.splits[0], tree.lengths[0], tree.denominators, strict=True)
    }
    return QueryTree(
        tips=count,
        columns=width,
        replicates=replicates,
        seed=digest,
        outgroup=tuple(sorted(entry.record.accession for entry in tips[outgroup])),
        nodes=_nodes(lengths, counts, tips, outgroup + 1, replicates),
    )


def _drawn(digest: Sha256, count: int) -> NDArray[np.uint64]:
    """Numbers below 2 ** 32 from SHAKE-256 of the digest: no generator whose stream a release could change."""
    stream = hashlib.shake_256(b"bootstrap:" + digest.encode("ascii")).digest(4 * count)
    return np.frombuffer(stream, dtype="<u4").astype(np.uint64)


def _tips(
    letters: str, compared: tuple[Compared, ...], nearest: frozenset[str], genus: str, *, coding: bool
) -> tuple[Tips, int]:
    """References of the tree, those with equal letters together, and which of them is the outgroup.

    The outgroup is the nearest record of a family that is not in the tree yet, else the farthest record.
    """
    usable = [e for e in compared if e.record.genus != HUMAN_GENUS and _overlaps(letters, e, coding=coding)]
    chosen: dict[str, list[Compared]] = {}
    counts: dict[str, int] = {}
    for entry in usable:
        own = entry.record.genus
        group = "" if own in nearest else own
        room = OF_NEAREST if not group else OF_INTEREST if own == genus else OF_OTHERS
        key = _key(letters, entry, coding=coding)
        if key in chosen:
            chosen[key].append(entry)
            continue
        others = [g for g in counts if g not in ("", genus)]
        if group not in counts and group not in ("", genus) and len(others) == OTHER_GENERA:
            continue
        if counts.get(group, 0) < room:
            counts[group] = counts.get(group, 0) + 1
            chosen[key] = [entry]
    tips = list(chosen.values())
    families = {entry.record.family for tip in tips for entry in tip}
    outside = next((entry for entry in usable if entry.record.family not in families), None)
    if outside is not None and len(tips) + 1 < MAX_TIPS:
        key = _key(letters, outside, coding=coding)
        tips.append([entry for entry in usable if _key(letters, entry, coding=coding) == key])
        return tips, len(tips) - 1
    return tips, max(range(len(tips)), key=lambda tip: (tips[tip][0].upper, tip), default=0)


def _overlaps(letters: str, entry: Compared, *, coding: bool) -> bool:
    """Whether a record has at least half of the columns that the sequence has in a window."""
    return not coding or 2 * entry.compared_bp >= sum(letter != "-" for letter in letters)


def _key(letters: str, entry: Compared, *, coding: bool) -> str:
    """Letters of a record as the tree sees them: in a window only where the sequence has one."""
    if not coding:
        return str(entry.record.sequence)
    reference = entry.record.sequence.ljust(len(letters), "-")
    return "".join(theirs for own, theirs in zip(letters, reference, strict=False) if own != "-")


def _nodes(
    lengths: dict[int, Fraction], counts: dict[int, int], tips: Tips, outgroup: int, replicates: int
) -> tuple[QueryTreeNode, ...]:
    """Nodes in pre-order, rooted in the middle of the outgroup's branch; inner branches of no length are left out.

    Splits are bits of tips, the query is tip 0; in the tree they are written from the side of the outgroup.
    """
    count = len(tips) + 1
    everything = (1 << count) - 1
    below: dict[int, tuple[int, Fraction]] = {}
    for split, length in lengths.items():
        side = everything ^ split if split >> outgroup & 1 else split
        below[side] = (split, length)
    whole = everything ^ (1 << outgroup)
    split, length = below.pop(whole)
    nodes = [QueryTreeNode(parent=None, length=_text(Fraction(0)))]
    kept = sorted(
        (side for side, (_, length) in below.items() if side.bit_count() == 1 or length > 0),
        key=lambda side: (-side.bit_count(), side & -side, side),
    )

    def add(side: int, parent: int, length: Fraction, support: int | None) -> None:
        share = None if support is None else decimal_text(Fraction(100 * support, replicates).__float__(), 0)
        place = len(nodes)
        if side.bit_count() == 1:
            nodes.append(_tip(side.bit_length() - 1, tips, parent, _text(length)))
            return
        nodes.append(QueryTreeNode(parent=parent, length=_text(length), support_percent=share))
        inside = [s for s in kept if s != side and s & side == s]
        children = [s for s in inside if not any(s != t and s & t == s for t in inside)]
        for child in sorted(children, key=lambda s: s & -s):
            own, length = below[child]
            add(child, place, length, counts.get(own, 0))

    add(whole, 0, length / 2, None)
    nodes.append(_tip(outgroup, tips, 0, _text(length / 2)))
    return tuple(nodes)


def _tip(tip: int, tips: Tips, parent: int, length: DecimalText) -> QueryTreeNode:
    if not tip:
        return QueryTreeNode(parent=parent, length=length, is_query=True)
    records = [entry.record for entry in tips[tip - 1]]
    return QueryTreeNode(
        parent=parent,
        length=length,
        accessions=tuple(sorted(record.accession for record in records)),
        organisms=tuple(sorted({record.organism_as_deposited for record in records})),
        names_open=any(record.state is not CurationState.REFERENCE for record in records),
        overlays=tuple(sorted({record.overlay for record in records if record.overlay is not None})),
    )


def _text(length: Fraction) -> DecimalText:
    return decimal_text(float(length), LENGTH_DIGITS)
