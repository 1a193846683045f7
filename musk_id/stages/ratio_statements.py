"""Sentences on a likelihood ratio, or on why there is none."""

from __future__ import annotations

from musk_id.model.evidence import Statement
from musk_id.model.ratio import ItemRatio
from musk_id.stages.statements import say
from musk_id.vocabulary import Reason

__all__ = ["ratio_statements"]

_NUMBERS = (Reason.TOO_FEW_INDIVIDUALS_H1, Reason.TOO_FEW_SPECIES_H2)

_BY_WORD = {
    "none": "ratio.given_none",
    "weak": "ratio.given_weak",
    "moderate": "ratio.given_moderate",
    "moderately_strong": "ratio.given_moderately_strong",
    "strong": "ratio.given_strong",
    "very_strong": "ratio.given_very_strong",
    "extremely_strong": "ratio.given_extremely_strong",
}


def ratio_statements(ratio: ItemRatio) -> tuple[Statement, ...]:
    """What is said of the ratio of an item: its lower bound in words, or the numbers that it lacks."""
    if ratio.lower is not None and ratio.word is not None and ratio.scale is not None:
        said = say(
            _BY_WORD[ratio.word], lower=ratio.lower, locus=ratio.deciding_locus or "-", scale=ratio.scale.version
        )
        return (said, say("ratio.not_of_the_proposition"))
    counts = [f"{x.locus}: {x.n1} / {x.n2}" for x in ratio.loci if set(_NUMBERS) & set(x.reasons)]
    if not counts:
        return (say("ratio.none"),)
    needed = f"{ratio.min_individuals_h1} / {ratio.min_species_h2}"
    return (say("ratio.none_too_few", counts=counts, needed=needed),)
