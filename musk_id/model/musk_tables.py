"""Marker compounds, compounds that EI confuses, and rules on what a finding means: data with sources."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.reference import ConfusableGroup, MarkerCompound
from musk_id.model.values import IsoDate, Line, Sha256, Text
from musk_id.vocabulary import MaterialClass

__all__ = ["GROUP_PREFIX", "MuskRule", "MuskTables"]

GROUP_PREFIX = "group:"
"""Before the name of a marker group where a rule names a group and not a marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuskRule:
    """What is said, and which markers no longer count, where some markers were found.

    Holds where any of ``found_any`` was found (if it names some), all of ``found_all``, none of ``not_found``, and
    the item is of one of ``materials`` (none: of any). Without a material found by a morphologist every reading is
    printed. ``phrase`` is a phrase of the catalogue.
    """

    rule_id: Line
    found_any: tuple[Line, ...]
    found_all: tuple[Line, ...]
    not_found: tuple[Line, ...]
    materials: tuple[MaterialClass, ...]
    sets_aside: tuple[Line, ...]
    phrase: Line
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MuskTables:
    """One numbered version of the tables; ``sha256`` is the digest of its manifest."""

    version: Line
    date: IsoDate
    sha256: Sha256
    markers: tuple[MarkerCompound, ...]
    confusables: tuple[ConfusableGroup, ...]
    rules: tuple[MuskRule, ...]
