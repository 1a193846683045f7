"""Which variants of reads count (decision rules, section 7)."""

from __future__ import annotations

from fractions import Fraction

from musk_id.kernels.chimeras import ChimeraState
from musk_id.model.methods import ReadsMethod
from musk_id.model.reads import ReadVariant
from musk_id.vocabulary import Reason

__all__ = ["read_reasons"]


def read_reasons(
    variant: ReadVariant,
    marker_reads: int,
    largest_in_blank: int | None,
    method: ReadsMethod,
    jump_limit: int | None = None,
    *,
    piled: bool = False,
) -> tuple[Reason, ...]:
    """What the numbers of reads of a variant speak against.

    Parameters
    ----------
    marker_reads : int
        Used reads of the marker in the same run.
    largest_in_blank : int
        Largest count of the same sequence or genus in any blank of the batch; ``None`` if none was sequenced.
    jump_limit : int
        Fewest reads that reads from wells of other items do not explain; ``None`` where that cannot be told.
    piled : bool
        Whether the variant is what piled reads agree on, so that hardly any read equals it.
    """
    enough = (
        variant.reads >= method.min_reported_reads
        and variant.reads * 100 >= Fraction(method.min_reported_percent) * marker_reads
        and variant.reads >= method.min_blank_factor * (largest_in_blank or 0)
    )
    reasons = [] if enough else [Reason.READS_BELOW_LIMIT]
    # The limit counts reads without an error, in all wells alike.
    if jump_limit is not None and (variant.reads if piled else variant.reads_exact) < jump_limit:
        reasons.append(Reason.TAG_JUMP_NOT_EXCLUDED)
    if largest_in_blank is None:
        reasons.append(Reason.CONTROL_ABSENT)
    if variant.chimera == ChimeraState.CHIMERA.value:
        reasons.append(Reason.CHIMERA_SUSPECTED)
    return tuple(reasons)
