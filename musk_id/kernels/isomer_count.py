"""How many isomers of a compound a set of compounds holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from musk_id.kernels.formula import atoms_of

__all__ = ["IsomerCount", "same_atoms"]

_INCHIKEY = re.compile(r"([A-Z]{14})(-[A-Z]{10}-[A-Z])?")


class IsomerCount:
    """Compounds by their atoms, and their forms.

    Parameters
    ----------
    compounds : iterable of (str, str)
        InChIKey, its first block alone or another id, and molecular formula of each spectrum or compound.
        Compounds are equal where the first blocks are, forms where whole keys are; a block alone is no form of its
        own. A formula that cannot be read has no isomers.
    """

    def __init__(self, compounds: Iterable[tuple[str, str]]) -> None:
        self._by_atoms: dict[frozenset[tuple[str, int]], set[str]] = {}
        self._forms: dict[str, set[str]] = {}
        for key, formula in compounds:
            match = _INCHIKEY.fullmatch(key)
            block = match[1] if match else key
            if not block:
                continue
            if atoms := _atoms(formula):
                self._by_atoms.setdefault(atoms, set()).add(block)
            if match and match[2]:
                self._forms.setdefault(block, set()).add(key)

    def of(self, block: str, formula: str) -> int:
        """Number of other compounds of a formula, and of the forms of this one less one.

        Parameters
        ----------
        block : str
            First block of the InChIKey of the compound.
        formula : str
            Its formula, in whatever order of elements.
        """
        others = self._by_atoms.get(_atoms(formula), set()) - {block}
        return len(others) + max(0, len(self._forms.get(block, ())) - 1)


def _atoms(formula: str) -> frozenset[tuple[str, int]]:
    return frozenset(atoms_of(formula).items())


def same_atoms(first: str, second: str) -> bool:
    """Whether two formulas name the same atoms, in whatever order."""
    return _atoms(first) == _atoms(second)
