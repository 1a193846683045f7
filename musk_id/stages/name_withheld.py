"""A name by match factors is withheld where the calibrated ranking of the library does not bear it.

The ranking names nothing by itself: a call can only become less than it was. What was identified against a
reference of the same sequence rests on that reference, and stays. The name of a group of the tables stays, too: it
claims no more than decision rules, section 6, allow for isomers that nothing separates. So does a compound that is
not among those ranked: a calibration says nothing of what its library does not hold.
"""

from __future__ import annotations

from dataclasses import replace

from musk_id.library_vocabulary import NameOutcome
from musk_id.model.spectra import CompoundCall
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.compound_call import not_tested
from musk_id.stages.spectral_library import SpectralLibrary, compound_key
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

__all__ = ["WITHHELD", "bearing_its_name"]

WITHHELD = frozenset({Reason.NO_NAME_IN_LIBRARY, Reason.RANKED_OTHERWISE})
"""Reasons of a call whose names were withheld; they stand among its confusables."""

_NAME = "spectra.library_probability"


def bearing_its_name(
    call: CompoundCall, ranking: SpectralRanking | None, library: SpectralLibrary
) -> CompoundCall:
    """The call, without a name that the ranking does not bear, and with the criterion in its trace.

    Parameters
    ----------
    call : CompoundCall
        Call by match factors and criteria.
    ranking : SpectralRanking or None
        Answer of the ranking for the same spectrum; ``None`` where the method has none.
    library : SpectralLibrary
        Its groups say whether the first compound belongs to a group that was named.
    """
    if ranking is None or call.status is CompoundStatus.IDENTIFIED:
        return call
    reason = _against(call, ranking, library)
    call = replace(
        call, trace=(*call.trace, _criterion(ranking, reason, is_silent=_is_silent(call, ranking, library)))
    )
    if reason is None or call.status is not CompoundStatus.TENTATIVE:
        return call
    named = () if call.name is None else (call.name,)
    return replace(
        call,
        status=CompoundStatus.NOT_DETECTED,
        name=None,
        inchikey=None,
        accession=None,
        confusables=tuple(sorted({*named, *call.confusables})),
        reasons=tuple(sorted({*call.reasons, reason})),
    )


def _against(call: CompoundCall, ranking: SpectralRanking, library: SpectralLibrary) -> Reason | None:
    """What speaks against naming; ``None`` where nothing does, or nothing is known."""
    if ranking.outcome is NameOutcome.NOT_CALIBRATED:
        return None
    if ranking.outcome is NameOutcome.NO_NAME:
        is_group = call.name is not None and call.inchikey is None
        return None if is_group or _is_silent(call, ranking, library) else Reason.NO_NAME_IN_LIBRARY
    first = {str(name.compound) for name in ranking.first}
    if call.inchikey is not None:
        return None if compound_key(call.inchikey) in first else Reason.RANKED_OTHERWISE
    groups = {group.name for group in map(library.group_of, first) if group is not None}
    # Several names are none: what the ranking puts first may be one of them or not.
    return None if call.name is None or call.name in groups else Reason.RANKED_OTHERWISE


def _is_silent(call: CompoundCall, ranking: SpectralRanking, library: SpectralLibrary) -> bool:
    """Whether the ranking bears no name and never could have borne that of the call."""
    return (
        ranking.outcome is NameOutcome.NO_NAME
        and call.inchikey is not None
        and library.ranking is not None
        and not library.ranking.holds(compound_key(call.inchikey))
    )


def _criterion(ranking: SpectralRanking, reason: Reason | None, *, is_silent: bool) -> Criterion:
    if ranking.probability is None:
        return not_tested(_NAME, "-")
    outcome = CriterionOutcome.PASSED if reason is None else CriterionOutcome.FAILED
    if reason is None and ranking.outcome is NameOutcome.NO_NAME:
        # A group's name does not rest on the ranking, nor does one of which it knows nothing.
        outcome = CriterionOutcome.NOT_TESTED if is_silent else CriterionOutcome.FAILED
    return Criterion(
        name=Line(_NAME),
        measured=Line(f"{ranking.probability}: {', '.join(name.compound for name in ranking.first)}"[:200]),
        limit=Line(f">= {ranking.least_probability}"),
        outcome=outcome,
        deciding_records=tuple(name.accession for name in ranking.first),
    )
