"""Retention indices from a ladder of n-alkanes, in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

__all__ = ["linear_retention_index"]


def linear_retention_index(time: Fraction, ladder: Iterable[tuple[int, Fraction]]) -> Fraction | None:
    """Retention index of a temperature-programmed run.

    ``100 (n + (N - n) (t - t_n) / (t_N - t_n))`` between the alkanes with ``n`` and ``N`` carbons that elute
    nearest before and after (van den Dool & Kratz 1963, J. Chromatogr. 11:463; the form for gaps in the ladder).

    Parameters
    ----------
    time : Fraction
        Retention time, in the unit of the ladder.
    ladder : iterable of (int, Fraction)
        Number of carbons and retention time of each alkane, in any order.

    Returns
    -------
    Fraction or None
        ``None`` where the ladder does not bracket the time: nothing is extrapolated.

    Raises
    ------
    ValueError
        If an alkane stands twice, or a longer one elutes no later than a shorter one.
    """
    steps = sorted(ladder)
    for (carbons, earlier), (longer, later) in pairwise(steps):
        if longer == carbons:
            raise ValueError(f"the alkane with {carbons} carbons stands twice")
        if later <= earlier:
            raise ValueError(f"the alkane with {longer} carbons elutes no later than that with {carbons}")
    for (n, before), (following, after) in pairwise(steps):
        if before <= time <= after:
            return 100 * (n + (following - n) * (time - before) / (after - before))
    return None
