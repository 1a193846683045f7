"""Figures of the search of EI spectra as rows of ``validation/spectra-retrieval.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from retrieval_classes import CONFIDENT, NOT_EI, NOT_EI_CLASS, ClassAnswers
from retrieval_folds import DEVELOPMENT_FOLDS
from retrieval_measures import ABSENT_SHARES, Nested, bootstrap
from retrieval_pool import LIBRARY, POOLS, Pool
from retrieval_retention import DEVIATION
from wide_margins import file_sha256

from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.kernels.spectral_probability import brier_score, reliability
from musk_id.library_vocabulary import IntervalKind
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import Line, RelativePath, Sha256, Text, decimal_text
from musk_id.vocabulary import Technique

__all__ = ["validation_of"]

DIGITS = 4
NOTE = Text(
    "Pool D of the public EI spectra: a query's compound has to be found by spectra of other authors among all "
    "others. Weights, curve and limit were fitted for each fold without any spectrum of its laboratories; folds "
    "were fixed by a hash beforehand, and the form of the score was chosen on the development folds. In absent "
    "searches all spectra of the compound are taken out, so that every name is wrong; probabilities hold where "
    "the compound is there in one of two searches. Stereoisomers are one compound. One compound is named where "
    "the library knows no isomer and no other form of it; else it is told as one of several. Intervals of "
    "differences are by bootstrap over compounds. Most spectra are of sector instruments of the years 1970 to "
    "1999."
)
METHOD = RANKING_METHODS[-1].version
Peers = Mapping[tuple[float, float], np.ndarray]


def validation_of(
    refdata: Path,
    pool: Pool,
    found: Nested,
    peers: Peers,
    classes: Sequence[ClassAnswers],
    retention: tuple[np.ndarray, np.ndarray],
) -> Validation:
    """All figures, as the schema has them."""
    digests = tuple(Sha256(file_sha256(refdata / name)) for name in (LIBRARY, POOLS))
    not_ei = Sha256(file_sha256(refdata / NOT_EI))
    rows = _Rows(digests, not_ei)
    made = [
        *rows.ranks(pool, found, peers),
        *rows.answers(pool, found),
        *rows.classes(classes),
        *rows.retention(*retention),
    ]
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath("benchmarks/spectra_retrieval.py"),
        methods=(METHOD,),
        note=NOTE,
        data=(
            ValidationData(path=RelativePath(LIBRARY), sha256=digests[0], records=len(pool)),
            ValidationData(path=RelativePath(POOLS), sha256=digests[1]),
            ValidationData(path=RelativePath(NOT_EI), sha256=not_ei),
        ),
        rows=tuple(made),
    )


class _Rows:
    def __init__(self, data: tuple[Sha256, ...], not_ei: Sha256) -> None:
        self._data, self._not_ei = data, not_ei

    def _row(self, measure: str, stratum: str, method: str = METHOD, **fields: Any) -> ValidationRow:
        return ValidationRow(
            measure=Line(measure),
            method=Line(method),
            technique=Technique.GC_MS_EI,
            stratum=Line(stratum),
            data=(*self._data, self._not_ei) if stratum == NOT_EI_CLASS else self._data,
            **fields,
        )

    def ranks(self, pool: Pool, found: Nested, peers: Peers) -> Iterator[ValidationRow]:
        """Places of the true compound, and differences to cosines."""
        development = np.isin(pool.folds[pool.queries], list(DEVELOPMENT_FOLDS))
        stated = np.array([pool.records[q].row["eV_used"] == "70" for q in pool.queries.tolist()])
        parts = {
            "all folds": found.ranks,
            "development folds": found.ranks[development],
            "other folds": found.ranks[~development],
            "clean spectra stated at 70 eV": found.ranks[stated],
            "all spectra of the query's laboratory out": found.foreign_ranks[found.foreign_ranks > 0],
        }
        for stratum, ranks in parts.items():
            yield from self._places(stratum, ranks, {})
        for powers, ranks in peers.items():
            yield from self._places("all folds", ranks, {"method": _cosine(powers), "peer": True})
        for powers, ranks in peers.items():
            for place in (1, 10):
                gain = (found.ranks <= place).astype(np.float64) - (ranks <= place)
                limits = bootstrap(pool, gain)
                for name, value in zip(
                    ("mean", "lower limit", "upper limit"), (gain.mean(), *limits), strict=True
                ):
                    measure = f"share among the first {place}, less that of {_cosine(powers)}, {name}"
                    yield self._row(measure, "all folds", value=decimal_text(float(value), DIGITS))

    def _places(self, stratum: str, ranks: np.ndarray, fields: dict[str, Any]) -> Iterator[ValidationRow]:
        for place in (1, 3, 5, 10):
            k, n = int((ranks <= place).sum()), int(ranks.size)
            measure = "true compound first" if place == 1 else f"true compound among the first {place}"
            yield self._row(measure, stratum, k=k, n=n, interval=_at_least(k, n), **fields)

    def answers(self, pool: Pool, found: Nested) -> Iterator[ValidationRow]:
        """Names given and not given, and how well probabilities fit."""
        answers, n = found.answers, int(found.right.size)
        isomer = pool.isomer_is_first(found.absent_first)
        for number, share in enumerate(ABSENT_SHARES):
            named, absent = answers.present_named[number], answers.absent_named[number]
            stratum = f"at most {share:.0%} of absent searches named in the other folds"
            right, wrong = int((named & found.right).sum()), int((named & ~found.right).sum())
            yield self._row("right name", stratum, k=right, n=n, interval=_at_least(right, n))
            yield self._row("wrong name", stratum, k=wrong, n=n, interval=_at_most(wrong, n))
            yield self._row("no name", stratum, k=n - int(named.sum()), n=n)
            k = int(absent.sum())
            yield self._row("compound absent, named", stratum, k=k, n=n, interval=_at_most(k, n))
            yield self._row("compound absent, an isomer of it named", stratum, k=int((absent & isomer).sum()), n=n)
        both = np.concatenate([answers.present, answers.absent])
        right_of_both = np.concatenate([found.right, np.zeros(n, np.bool_)])
        brier, share = brier_score(both, right_of_both), float(right_of_both.mean())
        yield self._row("Brier score", "all searches", value=decimal_text(brier, DIGITS))
        constant = decimal_text(share * (1.0 - share), DIGITS)
        yield self._row("Brier score of a constant", "all searches", value=constant)
        for entry in reliability(both, right_of_both):
            stratum = f"probability from {entry.low:.1f} to {entry.high:.1f}"
            mean = decimal_text(entry.mean_probability, DIGITS)
            yield self._row("right, and mean probability", stratum, k=entry.right, n=entry.searches, value=mean)

    def retention(self, without: np.ndarray, with_index: np.ndarray) -> Iterator[ValidationRow]:
        """Places of derivatised compounds whose index others measured."""
        yield from self._places("derivatised spectra (pool F) with an index, spectrum alone", without, {})
        stratum = f"derivatised spectra (pool F) with an index, deviation {DEVIATION:g} between laboratories"
        yield from self._places(stratum, with_index, {})

    def classes(self, classes: Sequence[ClassAnswers]) -> Iterator[ValidationRow]:
        """Spectra that must not be given a confident name."""
        for entry in classes:
            n = entry.asked
            for measure, k in (
                ("named", entry.named),
                ("rightly named", entry.named_right),
                (f"named with a probability of at least {CONFIDENT}", entry.confident),
                ("one compound named", entry.alone),
                ("one compound rightly named", entry.alone_right),
                (f"one compound named with a probability of at least {CONFIDENT}", entry.alone_confident),
                ("one of several isomers, the right formula", entry.several_right),
            ):
                yield self._row(measure, entry.name, k=k, n=n, interval=_at_most(k, n))


def _cosine(powers: tuple[float, float]) -> str:
    return f"cosine m^{powers[0]:g} I^{powers[1]:g}"


def _at_least(k: int, n: int) -> Interval:
    return Interval(kind=IntervalKind.ONE_SIDED_95, lower=decimal_text(proportion_lower(k, n), DIGITS))


def _at_most(k: int, n: int) -> Interval:
    return Interval(kind=IntervalKind.ONE_SIDED_95, upper=decimal_text(proportion_upper(k, n), DIGITS))
