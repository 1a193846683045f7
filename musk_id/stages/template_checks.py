"""Whether a sequence may be a nuclear copy or a chimera, as far as its marker can tell (coding markers only).

A nuclear copy of a mitochondrial gene (numt) changes without selection: its differences fall on the three codon
positions alike, two of three on the first and second, where the gene itself hardly changes. A chimera is called
one genus in one part and another genus in the other. Short markers are not coding and shorter than the parts that
would be needed: for them the criteria say that they were not tested. Frame and stop codons are criteria of the
placement.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from musk_id.kernels.nucleotides import Masks, encode, is_ambiguous
from musk_id.model.methods import BarcodeMethod
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.comparison import Compared, compare, reference_row
from musk_id.stages.library import LocusLibrary
from musk_id.stages.locus_limits import LocusLimits
from musk_id.stages.placement import criterion
from musk_id.vocabulary import CriterionOutcome, Reason

__all__ = ["binomial_tail", "codon_position_differences", "largest_allowed", "template_checks"]

# A sequence is parted after its first, second and third quarter: each part keeps a hundred letters and more.
_PARTS = 4


def template_checks(
    masks: Masks, compared: tuple[Compared, ...], library: LocusLibrary, limits: LocusLimits, method: BarcodeMethod
) -> tuple[tuple[Criterion, ...], tuple[Reason, ...]]:
    """Criteria of a placed sequence, and the reasons of those that fail.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n,)
        The compared part of the sequence.
    compared : tuple of Compared
        Its distances, nearest first; at least one.
    """
    if not limits.coding:
        return (_untested("barcode.codon_positions"), _untested("barcode.chimera")), ()
    judged = (
        (_codon_positions(masks, compared[0], limits, method), Reason.NUCLEAR_COPY_SUSPECTED),
        (_chimera(masks, library, limits), Reason.PARTS_DISAGREE),
    )
    failed = tuple(reason for c, reason in judged if c.outcome is CriterionOutcome.FAILED)
    return tuple(c for c, _ in judged), failed


def _untested(name: str, measured: str = "-", limit: str = "a coding marker") -> Criterion:
    return Criterion(
        name=Line(name), measured=Line(measured), limit=Line(limit), outcome=CriterionOutcome.NOT_TESTED
    )


def codon_position_differences(masks: Masks, reference: str) -> tuple[int, int, int]:
    """Differences at the first, second and third codon position.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n,)
        Sequence in its window, which begins with a first position; 0 where there is no letter.
    reference : str
        Letters in the same columns, ``-`` where there is none. Only bases against bases count.
    """
    other = encode(reference.replace("-", "N"))
    bases = (masks > 0) & ~is_ambiguous(masks) & ~is_ambiguous(other)
    positions = np.flatnonzero(bases & (masks != other)) % 3
    first, second, third = (int((positions == position).sum()) for position in range(3))
    return first, second, third


def binomial_tail(successes: int, trials: int, chance: Fraction) -> Fraction:
    """Chance of at least so many successes, exact."""
    terms = (
        comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(max(successes, 0), trials + 1)
    )
    return sum(terms, Fraction(0))


def largest_allowed(trials: int, share: Fraction, error_limit: Fraction) -> int:
    """Most differences at first and second positions whose chance is not below the limit, at most ``trials``."""
    allowed = trials
    while allowed > 0 and binomial_tail(allowed, trials, share) < error_limit:
        allowed -= 1
    return allowed


def _codon_positions(masks: Masks, nearest: Compared, limits: LocusLimits, method: BarcodeMethod) -> Criterion:
    """Excess of differences where a gene hardly changes; against a far reference nothing is to be told.

    With few differences even all of them at first and second positions would be chance.
    """
    name = "barcode.codon_positions"
    letters = "A" * int(masks.size)
    first, second, third = codon_position_differences(masks, reference_row(letters, nearest, coding=True))
    total = first + second + third
    measured = f"{first + second} / {total}"
    if nearest.upper > max(limits.radius, limits.other_radius):
        return _untested(name, measured, "a reference within the radius")
    share, error = Fraction(method.numt_conserved_share), Fraction(method.numt_error_limit)
    allowed = largest_allowed(total, share, error)
    if allowed == total:
        return _untested(name, measured, "more differences")
    records = (str(nearest.record.accession),)
    return criterion(name, measured, f"<= {allowed}", first + second <= allowed, "positions", records)


def _chimera(masks: Masks, library: LocusLibrary, limits: LocusLimits) -> Criterion:
    occupied = np.flatnonzero(masks > 0)
    for quarter in range(1, _PARTS):
        cut = int(occupied[occupied.size * quarter // _PARTS])
        before, after = masks.copy(), masks.copy()
        before[cut:], after[:cut] = 0, 0
        genera = [_genus(part, library, limits) for part in (before, after)]
        if None not in genera and genera[0] != genera[1]:
            measured = f"{genera[0]} / {genera[1]}, {cut + 1}"
            return criterion("barcode.chimera", measured, "one genus in all parts", passed=False)
    return criterion("barcode.chimera", "0", "one genus in all parts", passed=True)


def _genus(part: Masks, library: LocusLibrary, limits: LocusLimits) -> str | None:
    """Genus that a part is within the radius of, and by the margin nearer to than to any other."""
    compared = compare(part, library)
    if not compared or compared[0].upper > limits.radius:
        return None
    genus = str(compared[0].record.genus)
    following = min((entry.lower for entry in compared if entry.record.genus != genus), default=None)
    return genus if following is not None and following - compared[0].upper >= limits.margin else None
