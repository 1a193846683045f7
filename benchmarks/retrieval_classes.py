"""Spectra that must not be given a single name: derivatives, other ionisation or energy, noise, mixtures.

Searched in pool D by the weights, curve and limit that all of its laboratories were fitted to; none of these
spectra is among those that were fitted, but records at low energy come from the same laboratories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from retrieval_measures import ABSENT_SHARES, Nested
from retrieval_pool import Pool, Record

from musk_id.formats.msp import read_msp
from musk_id.kernels.compound_hits import best_of_compounds, leading
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.kernels.spectral_probability import Identifier

__all__ = ["CONFIDENT", "NOT_EI", "NOT_EI_CLASS", "ClassAnswers", "class_answers", "held_out_classes"]

NOT_EI = "spectra/massbank/massbank_ci_fi_negatives.msp.gz"
NOT_EI_CLASS = "chemical and field ionisation"
CONFIDENT = 0.95
MIN_PEAKS = 3
SHARE = 0.05
LOW_EV = 25.0


@dataclass(frozen=True)
class Asked:
    """A spectrum of a class, its compound in the pool if it is there, and the spectra that are taken out."""

    spectrum: UnitMassSpectrum
    compound: int | None
    out: tuple[int, ...] = ()
    formula: str = ""
    taken_out: int | None = None


@dataclass(frozen=True)
class ClassAnswers:
    """Answers to a class: how many are named, rightly named, and named with a probability of 0.95 or more.

    ``alone``: one compound is named, since library and tables know no isomer and no other form of it; else it is
    told as one of several. ``several_right``: of these, those whose right compound has the formula of the first.
    """

    name: str
    asked: int
    named: int
    named_right: int
    confident: int
    largest: float
    alone: int
    alone_right: int
    alone_confident: int
    several_right: int


def class_answers(
    refdata: Path, records: Sequence[Record], pool: Pool, weights: np.ndarray, identifier: Identifier, size: int
) -> Iterator[ClassAnswers]:
    """Answers to each class, at most ``size`` spectra of it, drawn with a fixed seed."""
    table, draw = pool.table(), np.random.default_rng(20260102)
    numbers = {record.compound: int(n) for record, n in zip(pool.records, pool.compounds, strict=True)}
    for name, asked in _classes(refdata, records, pool, numbers, draw, size):
        chosen = [asked[n] for n in sorted(draw.permutation(len(asked))[:size].tolist())]
        rows = []
        for entry in (e for e in chosen if e.spectrum.mz.size >= MIN_PEAKS):
            scores = table.evidence(entry.spectrum).matrix() @ weights
            kept = ~np.isin(np.arange(len(pool)), entry.out)
            first = leading(best_of_compounds(scores, pool.compounds, pool.count, kept))
            probability, named = identifier.decide(first.score, first.second)
            here = np.array([first.compound])
            alone = named and bool(
                pool.stands_alone(here, None if entry.taken_out is None else np.array([entry.taken_out]))[0]
            )
            right = named and first.compound == entry.compound
            formula = named and pool.formula_of(first.compound) == (entry.formula or None)
            rows.append((probability, named, right, alone, formula))
        yield ClassAnswers(
            name,
            len(rows),
            sum(r[1] for r in rows),
            sum(r[2] for r in rows),
            sum(r[0] >= CONFIDENT for r in rows),
            max(r[0] for r in rows),
            sum(r[3] for r in rows),
            sum(r[2] and r[3] for r in rows),
            sum(r[3] and r[0] >= CONFIDENT for r in rows),
            sum(r[1] and not r[3] and r[4] for r in rows),
        )


def held_out_classes(pool: Pool, found: Nested) -> Iterator[ClassAnswers]:
    """Isomers, stereoisomers and clean spectra among the queries themselves, answered by the other folds.

    Stereoisomers are one compound: what is named is the compound without its stereochemistry.
    """
    answers, number = found.answers, ABSENT_SHARES.index(SHARE)
    stated = np.array([pool.records[q].row["eV_used"] == "70" for q in pool.queries.tolist()])
    own = pool.compounds[pool.queries]
    alone, absent_alone = pool.stands_alone(found.first), pool.stands_alone(found.absent_first, own)
    formula, absent_formula = pool.isomer_is_first(found.first), pool.isomer_is_first(found.absent_first)
    parts = (
        ("clean, stated at 70 eV", stated, answers.present, answers.present_named, found.right),
        (
            "stereoisomers in the library",
            pool.with_stereoisomers(),
            answers.present,
            answers.present_named,
            found.right,
        ),
        ("own compound out, isomers in", pool.with_isomers(), answers.absent, answers.absent_named, None),
        ("own compound out, no isomer in", ~pool.with_isomers(), answers.absent, answers.absent_named, None),
    )
    for name, here, probabilities, named, right in parts:
        chosen = named[number] & here
        present = right is not None
        single = chosen & (alone if present else absent_alone)
        several = chosen & ~(alone if present else absent_alone) & (formula if present else absent_formula)
        yield ClassAnswers(
            name,
            int(here.sum()),
            int(chosen.sum()),
            0 if right is None else int((chosen & right).sum()),
            int((probabilities[here] >= CONFIDENT).sum()),
            float(probabilities[here].max()),
            int(single.sum()),
            0 if right is None else int((single & right).sum()),
            int((single & (probabilities >= CONFIDENT)).sum()),
            int(several.sum()),
        )


def _classes(
    refdata: Path,
    records: Sequence[Record],
    pool: Pool,
    numbers: dict[str, int],
    draw: np.random.Generator,
    size: int,
) -> Iterator[tuple[str, list[Asked]]]:
    derivatives = [r for r in records if r.row["pool_F"] == "1"]
    yield "derivatives (pool F)", [Asked(r.spectrum, None) for r in derivatives]
    others = [to_unit_mass(s.mz, s.intensity) for s in read_msp(refdata / NOT_EI)]
    yield NOT_EI_CLASS, [Asked(s, None) for s in others]
    low = [r for r in records if r.row["pool_C"] == "1" and r.row["eV_used"] and float(r.row["eV_used"]) <= LOW_EV]
    yield "at most 25 eV", [Asked(r.spectrum, numbers.get(r.compound), (), r.row["formula"]) for r in low]
    places = [tuple(np.flatnonzero(pool.compounds == numbers.get(r.compound, -1)).tolist()) for r in low]
    yield (
        "at most 25 eV, compound taken out",
        [
            Asked(r.spectrum, None, out, r.row["formula"], numbers.get(r.compound))
            for r, out in zip(low, places, strict=True)
        ],
    )
    yield "noise", [Asked(_noise(draw), None) for _ in range(size)]
    yield "mixtures, one to one", [_mixture(pool, draw) for _ in range(size)]


def _noise(draw: np.random.Generator) -> UnitMassSpectrum:
    count = int(draw.integers(15, 80))
    mz = np.sort(draw.choice(np.arange(30, 350), count, replace=False)).astype(np.float64)
    return to_unit_mass(mz, draw.exponential(1.0, count))


def _mixture(pool: Pool, draw: np.random.Generator) -> Asked:
    """Sum of two spectra of the pool, both with their largest peak at 999; both are taken out."""
    first, second = draw.choice(len(pool), 2, replace=False).tolist()
    one, two = pool.records[first].spectrum, pool.records[second].spectrum
    mz = np.concatenate([one.mz, two.mz]).astype(np.float64)
    intensity = np.concatenate([one.intensity, two.intensity]).astype(np.float64)
    order = np.argsort(mz, kind="stable")
    return Asked(to_unit_mass(mz[order], intensity[order]), None, (first, second))
