"""What a likelihood ratio hangs on: its lower bound with single items, families or species left out or turned."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from musk_id.kernels.intervals import count_ratio_lower
from musk_id.library_vocabulary import RatioChange
from musk_id.model.calibration import RatioCounts, RatioItem
from musk_id.model.ratio import RatioSensitivity
from musk_id.model.scales import SCALES
from musk_id.model.values import Line, decimal_at_most

__all__ = ["sensitivity"]

_Counts = tuple[int, int, int, int]


def sensitivity(ratio: RatioCounts, digits: int) -> tuple[RatioSensitivity, ...]:
    """The lower bound with other counts, least favourable changes of one item first.

    Parameters
    ----------
    ratio : RatioCounts
        Counts with their items; without items only turned answers are told.
    digits : int
        Digits after the point of a bound, which is rounded down.
    """
    counts = (ratio.k1, ratio.n1, ratio.k2, ratio.n2)
    rows = []
    if ratio.k1:
        turned = (ratio.k1 - 1, ratio.n1, ratio.k2, ratio.n2)
        rows.append(_row(RatioChange.ONE_H1_FEWER_NAMED, None, turned, digits))
    if ratio.k2 < ratio.n2:
        turned = (ratio.k1, ratio.n1, ratio.k2 + 1, ratio.n2)
        rows.append(_row(RatioChange.ONE_H2_MORE_NAMED, None, turned, digits))
    single = [(item.name, _without(counts, [item])) for item in ratio.items]
    single = [(name, left) for name, left in single if left[1] and left[3]]
    if single:
        name, left = min(single, key=lambda pair: (count_ratio_lower(*pair[1]), pair[0]))
        rows.append(_row(RatioChange.MOST_INFLUENTIAL_ITEM_LEFT_OUT, name, left, digits))
    for change, is_h1 in ((RatioChange.H2_FAMILY_LEFT_OUT, False), (RatioChange.H1_SPECIES_LEFT_OUT, True)):
        for group in sorted({item.group for item in ratio.items if item.is_h1 is is_h1}):
            members = [item for item in ratio.items if item.is_h1 is is_h1 and item.group == group]
            left = _without(counts, members)
            if left[1] and left[3]:
                rows.append(_row(change, group, left, digits))
    least = min((Decimal(row.lower) for row in rows), default=None)
    return tuple(replace(row, moves_most=Decimal(row.lower) == least) for row in rows)


def _without(counts: _Counts, items: list[RatioItem]) -> _Counts:
    k1, n1, k2, n2 = counts
    own = [item for item in items if item.is_h1]
    other = [item for item in items if not item.is_h1]
    return (
        k1 - sum(item.named for item in own),
        n1 - len(own),
        k2 - sum(item.named for item in other),
        n2 - len(other),
    )


def _row(change: RatioChange, subject: Line | None, counts: _Counts, digits: int) -> RatioSensitivity:
    k1, n1, k2, n2 = counts
    lower = decimal_at_most(count_ratio_lower(*counts), digits)
    return RatioSensitivity(
        change=change, subject=subject, k1=k1, n1=n1, k2=k2, n2=n2, lower=lower, word=SCALES[-1].band(lower).word
    )
