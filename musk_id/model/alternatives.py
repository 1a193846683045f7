"""Closed lists of animals that an alternative hypothesis may name, each with its population."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import Line

__all__ = ["ALTERNATIVES", "Alternatives"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """Animals that a sequence may come from if it does not come from the genus of interest.

    ``families`` are taken whole, of other families the ``genera`` listed; the genus of interest is never one.
    """

    version: Line
    described: Line
    families: tuple[Line, ...]
    genera: tuple[Line, ...]

    def holds(self, family: str, genus: str) -> bool:
        """Whether a genus of a family is on the list."""
        return family in self.families or genus in self.genera


# Animals whose parts are sold as musk, and those that release 2026.1 holds to tell apart from musk deer.
_SUBSTITUTES = (
    "Camelus", "Castor", "Civettictis", "Equus", "Felis", "Ondatra", "Oryctolagus", "Paguma", "Sus", "Ursus",
    "Viverra", "Viverricula",
)  # fmt: skip

ALTERNATIVES = (
    Alternatives(
        version=Line("ruminants-and-substitutes-1"),
        described=Line("ruminants other than musk deer, and animals whose parts are offered in place of musk"),
        families=tuple(map(Line, ("Antilocapridae", "Bovidae", "Cervidae", "Giraffidae", "Tragulidae"))),
        genera=tuple(map(Line, _SUBSTITUTES)),
    ),
)
