"""A small simulated set, and a record, for tests of the benchmarks of naming."""

from __future__ import annotations

from accuracy_sets import DataSet, Item
from simulated_barcodes import LETTERS
from simulated_radiations import simulate_radiation

from musk_id.vocabulary import Locus

ONE = Item("A", "Aa one", "Aidae", "O", "ok", "ACGT")


def small_set(regime: str = "R", species: int = 24) -> DataSet:
    made = simulate_radiation(regime, species, 7)
    items = tuple(
        Item(
            f"S{number}",
            f"G{'abcdefghijklmnopqrstuvwxyz'[genus]} s{'abcdefghijklmnopqrstuvwxyzABCDEF'[own]}",
            f"F{'abc'[family]}",
            "O",
            "",
            LETTERS[row].tobytes().decode("ascii"),
        )
        for number, (row, own, genus, family) in enumerate(
            zip(made.bases, made.species.tolist(), made.genus.tolist(), made.family.tolist(), strict=True)
        )
    )
    return DataSet("small", Locus.COI, items, tuple(range(0, len(items), 7)), None, "0" * 64)
