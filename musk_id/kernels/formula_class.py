"""What a compound may be by its molecular formula: a macrocyclic musk or a steroid.

Which macrocycles and sterols there are is no closed list. A formula that one of them can have is treated as
theirs: it cannot show that a compound is none.
"""

from __future__ import annotations

from musk_id.kernels.formula import atoms_of

__all__ = ["may_be_macrocycle_or_steroid", "rings_and_double_bonds"]


def rings_and_double_bonds(formula: str) -> int:
    """Rings and double bonds of a formula of C, H and O: ``C - H / 2 + 1`` (rounded down for a radical)."""
    atoms = atoms_of(formula)
    return atoms.get("C", 0) + 1 - -(-atoms.get("H", 0) // 2)


def may_be_macrocycle_or_steroid(formula: str) -> bool:
    """Whether a formula is one that a macrocyclic ketone, alcohol or lactone, or a steroid can have.

    Macrocycles: 12 to 20 carbons, one to four oxygens, two to four rings and double bonds, as from
    cyclododecanone C12H22O to ethylene brassylate C15H26O4 and the unsaturated ones among them. Steroids: 18 to 31
    carbons, one to five oxygens, four to ten rings and double bonds, as from estrane to stigmastane alcohols and
    ketones (cholestanol C27H48O, equilenin C18H18O2). Other elements: neither.
    """
    atoms = atoms_of(formula)
    if not {"C", "H", "O"} >= atoms.keys():
        return False
    carbons, oxygens, unsaturation = atoms.get("C", 0), atoms.get("O", 0), rings_and_double_bonds(formula)
    macrocycle = 12 <= carbons <= 20 and 1 <= oxygens <= 4 and 2 <= unsaturation <= 4
    steroid = 18 <= carbons <= 31 and 1 <= oxygens <= 5 and 4 <= unsaturation <= 10
    return macrocycle or steroid
