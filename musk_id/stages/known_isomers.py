"""Isomers and stereoisomers of a compound that library or marker tables know.

An EI spectrum alone does not tell them apart across laboratories: where one is known, no single compound is named.
It makes no difference how far its spectrum lies, or whether there is one: of public spectra whose own compound is
not in a library, a few stand before every isomer by a wide lead, and are those of an isomer all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from musk_id.model.reference import SpectrumReference
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.spectral_library import SpectralLibrary, compound_key
from musk_id.vocabulary import CriterionOutcome

__all__ = ["KNOWN_ISOMERS", "Isomers", "known_isomers"]

KNOWN_ISOMERS = "spectra.known_isomers"
NAMES_LISTED = 10
NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Isomers:
    """Names of isomers, the most alike first.

    Attributes
    ----------
    open : tuple of Line
        Those that nothing tells apart from the compound.
    by_ions : tuple of Line
        Those of its group whose ions the table of groups lists: there the gap between the spectra decides.
    by_class : bool
        Whether the compound is, or by its formula may be, a macrocycle or steroid: then there are isomers, known
        or not.
    """

    formula: Line
    open: tuple[Line, ...]
    by_ions: tuple[Line, ...]
    by_class: bool

    @property
    def keep_it_open(self) -> bool:
        """Whether no single compound may be named."""
        return bool(self.open) or self.by_class

    @property
    def listed(self) -> frozenset[Line]:
        """Names that stand beside that of the compound; of many, the most alike."""
        return frozenset((*self.open[:NAMES_LISTED], *self.by_ions[:NAMES_LISTED]))

    def criterion(self, record: Line) -> Criterion:
        """Isomers that nothing tells apart, in a trace; ``?`` where none is known and the class has some."""
        shown = ", ".join(self.open[:NAMES_SHOWN]) + (", ..." if len(self.open) > NAMES_SHOWN else "")
        measured = f"{len(self.open)}: {shown}" if self.open else "?" if self.by_class else "0"
        return Criterion(
            name=Line(KNOWN_ISOMERS),
            measured=Line(measured[:200]),
            limit=Line(f"{self.formula}: 0"),
            outcome=CriterionOutcome.FAILED if self.keep_it_open else CriterionOutcome.PASSED,
            deciding_records=(record,),
        )


def known_isomers(
    reference: SpectrumReference, alike: Iterable[SpectrumReference], library: SpectralLibrary
) -> Isomers:
    """Isomers of a reference's compound among library and markers.

    Parameters
    ----------
    reference : SpectrumReference
        A spectrum of the compound.
    alike : iterable of SpectrumReference
        References in the order of their likeness to the spectrum in question, which the names are told in.
    """
    group = library.group_of(reference.inchikey)
    by_class = library.needs_index(reference.inchikey, reference.formula)
    told_by_ions = group is not None and not by_class and any(c.isdigit() for c in group.separating_ions or "")
    own = compound_key(reference.inchikey)
    apart: list[str] = []
    rest: list[str] = []
    for key in library.isomers_of(reference.inchikey, reference.formula):
        by_ions = told_by_ions and compound_key(key) != own and library.group_of(key) == group
        (apart if by_ions else rest).append(key)
    order: dict[str, int] = {}
    for place, one in enumerate(alike):
        # Another compound by the best of its forms; a form of this one by itself.
        order.setdefault(one.inchikey if compound_key(one.inchikey) == own else compound_key(one.inchikey), place)
    return Isomers(
        reference.formula, _names(rest, order, library), _names(apart, order, library), by_class=by_class
    )


def _names(keys: Sequence[str], order: Mapping[str, int], library: SpectralLibrary) -> tuple[Line, ...]:
    """A name for each key, the most alike first, those without a spectrum last."""
    known = library.names_by_key

    def place(key: str) -> tuple[int, Line]:
        return min(order.get(key, len(order)), order.get(compound_key(key), len(order))), known[key]

    return tuple(dict.fromkeys(known[key] for key in sorted(keys, key=place)))
