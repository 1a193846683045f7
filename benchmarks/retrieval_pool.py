"""Pool D of the public EI spectra with what a search of it counts: compounds, authors, folds, evidence."""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from retrieval_folds import fold_of, laboratory  # noqa: E402

from musk_id.formats.msp import read_msp  # noqa: E402
from musk_id.kernels.formula_class import may_be_macrocycle_or_steroid  # noqa: E402
from musk_id.kernels.isomer_count import IsomerCount, same_atoms  # noqa: E402
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass  # noqa: E402
from musk_id.kernels.spectral_ranking import CompoundIons, compound_ions  # noqa: E402
from musk_id.kernels.spectral_ranking_many import RankingTable, WideEvidence  # noqa: E402

__all__ = ["LIBRARY", "POOLS", "Pool", "Record", "read_pool", "read_records", "searched"]

LIBRARY = "spectra/massbank/massbank_ei.msp.gz"
POOLS = "spectra/massbank/massbank_ei_pools.tsv.gz"

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """A spectrum and its row of the table of pools."""

    row: dict[str, str]
    spectrum: UnitMassSpectrum
    retention_index: float | None = None

    @property
    def compound(self) -> str:
        """First block of the InChIKey."""
        return self.row["inchikey14"]


@dataclass(frozen=True, eq=False)
class Pool:
    """Spectra as a library; compounds, authors and laboratories as numbers, all of shape (n,)."""

    records: Sequence[Record]
    compounds: Integers
    authors: Integers
    laboratories: Integers
    folds: Integers
    ions: Sequence[CompoundIons]
    queries: Integers

    def __len__(self) -> int:
        return len(self.records)

    @property
    def count(self) -> int:
        """Number of compounds."""
        return int(self.compounds.max()) + 1

    def table(self) -> RankingTable:
        """The pool prepared for ranking."""
        return RankingTable([record.spectrum for record in self.records], self.ions)

    def isomer_is_first(self, first: Integers) -> NDArray[np.bool_]:
        """Whether the compounds in first place have the formula of the query."""
        formulas = {int(c): r.row["formula"] for c, r in zip(self.compounds, self.records, strict=True)}
        own = [self.records[query].row["formula"] for query in self.queries.tolist()]
        return np.array([formulas[c] == f for c, f in zip(first.tolist(), own, strict=True)], np.bool_)

    def with_isomers(self) -> NDArray[np.bool_]:
        """Queries whose formula another compound of the pool has too."""
        holders: dict[str, set[int]] = {}
        for compound, record in zip(self.compounds.tolist(), self.records, strict=True):
            holders.setdefault(record.row["formula"], set()).add(compound)
        own = [self.records[query].row["formula"] for query in self.queries.tolist()]
        return np.array([len(holders[formula]) > 1 for formula in own], np.bool_)

    def with_stereoisomers(self) -> NDArray[np.bool_]:
        """Queries whose compound stands in the pool under more than one full InChIKey."""
        keys: dict[int, set[str]] = {}
        for compound, record in zip(self.compounds.tolist(), self.records, strict=True):
            keys.setdefault(compound, set()).update({record.row["inchikey"]} - {""})
        own = self.compounds[self.queries].tolist()
        return np.array([len(keys[compound]) > 1 for compound in own], np.bool_)

    def formula_of(self, compound: int) -> str:
        """Formula of a compound by its number."""
        return self.records[int(np.flatnonzero(self.compounds == compound)[0])].row["formula"]

    def stands_alone(self, first: Integers, without: Integers | None = None) -> NDArray[np.bool_]:
        """Whether compounds in first place may be named alone: no isomer and no other form of them is known.

        Parameters
        ----------
        first : ndarray of int64, shape (q,)
            A compound of each search.
        without : ndarray of int64, shape (q,), optional
            A compound that the library does not hold in that search, and so does not know.
        """
        # Some rows give the first block of their key alone.
        keys = ((r.row["inchikey"] or r.compound, r.row["formula"]) for r in self.records)
        count = IsomerCount(keys)
        about = {int(c): r for c, r in zip(self.compounds, self.records, strict=True)}
        out = [None] * first.size if without is None else without.tolist()
        found = []
        for compound, missing in zip(first.tolist(), out, strict=True):
            formula = about[compound].row["formula"]
            known = count.of(about[compound].compound, formula)
            if missing is not None and missing != compound and same_atoms(about[missing].row["formula"], formula):
                known -= 1
            found.append(known == 0 and not may_be_macrocycle_or_steroid(formula))
        return np.array(found, np.bool_)

    def withheld(self, query: int) -> NDArray[np.bool_]:
        """Spectra that ``BASELINES.md`` takes out for a query: those of its compound by the same authors."""
        found: NDArray[np.bool_] = (self.compounds == self.compounds[query]) & (
            self.authors == self.authors[query]
        )
        return found


def read_records(refdata: Path) -> Iterator[Record]:
    """All EI spectra of the set, in file order."""
    with gzip.open(refdata / POOLS, "rt", encoding="utf-8", newline="") as handle:
        rows = {row["accession"]: row for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)}
    for spectrum in read_msp(refdata / LIBRARY):
        # A stated index of 0 is none.
        index = float(spectrum.field("retentionindex") or 0.0) or None
        yield Record(rows[spectrum.field("db#") or ""], to_unit_mass(spectrum.mz, spectrum.intensity), index)


def read_pool(records: Sequence[Record], every: int = 1) -> Pool:
    """Pool D of the records, with every ``every``-th of its queries."""
    held = [record for record in records if record.row["pool_D"] == "1"]
    authors = [record.row["authors"] for record in held]
    return Pool(
        records=held,
        compounds=_numbered([record.compound for record in held]),
        authors=_numbered(authors),
        laboratories=_numbered([laboratory(text) for text in authors]),
        folds=np.array([fold_of(text) for text in authors], np.int64),
        ions=[compound_ions(record.row["formula"]) for record in held],
        queries=np.array([n for n, record in enumerate(held) if record.row["query_D"] == "1"][::every], np.int64),
    )


def _numbered(texts: Sequence[str]) -> Integers:
    return np.unique(np.array(texts), return_inverse=True)[1].astype(np.int64)


def searched(pool: Pool) -> Iterator[tuple[int, WideEvidence]]:
    """Evidence of the whole pool for each query, in order."""
    table = pool.table()
    for query in pool.queries.tolist():
        yield query, table.evidence(pool.records[query].spectrum)
