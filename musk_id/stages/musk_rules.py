"""What the findings on markers mean: rules that are data with sources, applied to an item.

No rule concludes on natural or artificial origin, none makes one compound exclude another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from musk_id.model.musk_tables import GROUP_PREFIX, MuskRule
from musk_id.model.spectra import MarkerFinding, RuleOutcome
from musk_id.model.values import Identifier, Line
from musk_id.vocabulary import CompoundStatus, MaterialClass, Reason

__all__ = ["rules_that_apply", "set_aside"]

_FOUND = frozenset({CompoundStatus.IDENTIFIED, CompoundStatus.TENTATIVE})


def rules_that_apply(
    item: Identifier,
    markers: Iterable[MarkerFinding],
    rules: tuple[MuskRule, ...],
    material: MaterialClass | None,
) -> tuple[RuleOutcome, ...]:
    """Rules that apply to an item, in the order of the table.

    Parameters
    ----------
    material : MaterialClass or None
        What a morphologist found the item to be; if nobody did, rules of every material apply as one of several
        readings.
    """
    own = [m for m in markers if m.item_id == item]
    names = {m.marker_id: m.name for m in own if _is_found(m)}
    groups = {f"{GROUP_PREFIX}{m.group}": m.group for m in own if _is_found(m)}
    undetermined = material in (None, MaterialClass.NOT_DETERMINED)
    outcomes = []
    for rule in rules:
        if rule.materials and not undetermined and material not in rule.materials:
            continue
        if not _holds(rule, {*names, *groups}):
            continue
        named = {*rule.found_any, *rule.found_all}
        outcomes.append(
            RuleOutcome(
                item_id=item,
                rule_id=rule.rule_id,
                phrase=rule.phrase,
                markers=tuple(
                    sorted(m.name for m in _told_once(own) if _is_found(m) and _names(m) & named),
                ),
                either_reading=bool(rule.materials) and undetermined,
                source=rule.source,
            )
        )
    return tuple(outcomes)


def _is_found(marker: MarkerFinding) -> bool:
    """Named, or not told apart from what was named: a rule that limits a conclusion takes both."""
    return marker.status in _FOUND or Reason.CONFUSABLE_NOT_SEPARATED in marker.reasons


def _told_once(markers: list[MarkerFinding]) -> list[MarkerFinding]:
    """The markers without forms of a compound that is named without stereochemistry: one finding, not two."""
    named = {m.inchikey.split("-")[0] for m in markers if m.status in _FOUND and m.inchikey and _is_settled(m)}
    return [m for m in markers if _is_settled(m) or m.inchikey is None or m.inchikey.split("-")[0] not in named]


def _is_settled(marker: MarkerFinding) -> bool:
    return Reason.CONFUSABLE_NOT_SEPARATED not in marker.reasons


def _names(marker: MarkerFinding) -> set[str]:
    return {marker.marker_id, f"{GROUP_PREFIX}{marker.group}"}


def _holds(rule: MuskRule, found: set[str]) -> bool:
    if rule.found_any and not found & set(rule.found_any):
        return False
    return found >= set(rule.found_all) and not found & set(rule.not_found)


def set_aside(
    markers: tuple[MarkerFinding, ...], outcomes: tuple[RuleOutcome, ...], rules: tuple[MuskRule, ...]
) -> tuple[MarkerFinding, ...]:
    """The findings with the rule named that takes a marker out of what points to musk deer."""
    taken: dict[tuple[Identifier, str], Line] = {}
    by_id = {rule.rule_id: rule for rule in rules}
    for outcome in outcomes:
        for marker_id in by_id[outcome.rule_id].sets_aside:
            taken.setdefault((outcome.item_id, marker_id), outcome.rule_id)
    return tuple(_marked(marker, taken.get((marker.item_id, marker.marker_id))) for marker in markers)


def _marked(marker: MarkerFinding, rule_id: Line | None) -> MarkerFinding:
    if rule_id is None or not _is_found(marker):
        return marker
    reasons = tuple(sorted({*marker.reasons, Reason.SET_ASIDE_BY_RULE}))
    return replace(marker, set_aside_by=rule_id, reasons=reasons)
