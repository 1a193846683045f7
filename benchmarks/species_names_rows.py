"""Seeds and figures of ``species_names.py`` as rows of the shared schema ``musk-id/validation/1``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import mean, stdev
from typing import Any

from validation_rows import row_of

from musk_id.kernels.intervals import clopper_pearson
from musk_id.library_vocabulary import IntervalKind
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import Line, RelativePath, Sha256, Text, decimal_text

__all__ = ["mean_and_limits", "seeds_validation", "species_names_validation"]

Tree = Mapping[str, Any]
BENCHMARK = RelativePath("benchmarks/species_names.py")
SIMULATION = RelativePath("benchmarks/simulated_radiations.py")
# A share of fewer queries says nothing and would stand as the lowest or the highest of all strata.
LEAST_QUERIES = 10
KINDS = ("right", "wrong", "set with the species", "set without the species", "none")


def mean_and_limits(rates: Sequence[float]) -> tuple[float, float, float]:
    """Mean of rates of independent groups, and its two-sided 95 % limits by Student's t between the groups.

    Raises
    ------
    ValueError
        With fewer than two groups.
    """
    from scipy.stats import t

    if len(rates) < 2:
        raise ValueError(f"at least two groups are needed, found {len(rates)}")
    half = float(t.ppf(0.975, len(rates) - 1)) * stdev(rates) / sqrt(len(rates))
    return mean(rates), mean(rates) - half, mean(rates) + half


def seeds_validation(rows: Sequence[Tree], protocol: str) -> Validation:
    """Seeds of the protocol with digests of their sequences and of their queries."""
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=BENCHMARK,
        methods=(),
        note=Text(
            f"Seeds of {protocol}, put on file before any of them was measured: digest of the sequences, number "
            "of queries among them, and, listed, the digest of the numbers of the queries."
        ),
        data=tuple(
            ValidationData(path=SIMULATION, sha256=Sha256(row["sha256"]), records=row["records"]) for row in rows
        ),
        rows=tuple(
            row_of(
                "queries",
                "no method",
                "COI-658",
                f"{row['half']}; {row['set']}, seed {row['seed']}",
                (row["sha256"],),
                k=row["queries"],
                n=row["records"],
                listed=(row["queries_sha256"],),
            )
            for row in rows
        ),
    )


def species_names_validation(trees: Sequence[Tree], protocol: str) -> Validation:
    """Figures of all sets and methods, and over the seeds of each simulation."""
    sets = {name: {**noted, "half": tree["half"]} for tree in trees for name, noted in tree["sets"].items()}
    found = [figure for tree in trees for figure in tree["figures"]]
    told = [figure for figure in found if figure["n"] >= LEAST_QUERIES]
    rows = [row for figure in told for row in _rows(figure, sets[figure["data"]])]
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=BENCHMARK,
        methods=tuple(Line(method) for method in sorted({figure["rule"] for figure in found})),
        note=Text(
            f"By {protocol}. The queries of COI, southern Africa, were measured once before, under "
            f"general-mammal-2: they are no fresh sample. Strata of fewer than {LEAST_QUERIES} queries are left "
            "out. Rates over seeds: mean of the rates of the seeds, 95 % "
            "limits by Student's t between the seeds. These rates describe the comparison step on public "
            "reference sequences and on simulated ones. They do not include sampling, contamination, exchange of "
            "samples, or wrong names in the references; they are not the probability that a result is wrong."
        ),
        data=tuple(
            ValidationData(
                path=RelativePath(noted["path"] or SIMULATION),
                sha256=Sha256(noted["sha256"]),
                records=noted["records"],
            )
            for noted in sets.values()
        ),
        rows=(*rows, *_over_seeds(found, sets)),
    )


def _rows(figure: Tree, noted: Tree) -> Iterator[ValidationRow]:
    for kind, count in zip(KINDS, figure["counts"], strict=True):
        lower, upper = clopper_pearson(count, figure["n"])
        yield row_of(
            f"species {kind}",
            figure["rule"],
            "COI-658",
            f"{figure['data']}; {figure['scenario']}; {figure['stratum']}",
            (noted["sha256"],),
            k=count,
            n=figure["n"],
            interval=Interval(
                kind=IntervalKind.TWO_SIDED_95, lower=decimal_text(lower, 6), upper=decimal_text(upper, 6)
            ),
            listed=figure["wrong"] if kind == "wrong" and noted["path"] else (),
        )


def _over_seeds(found: Sequence[Tree], sets: Mapping[str, Tree]) -> Iterator[ValidationRow]:
    """Rates over the seeds of a simulation: right with the species present, named with the species withheld."""
    groups: dict[tuple[str, str, str, str], list[Tree]] = defaultdict(list)
    for figure in found:
        name, _, seed = figure["data"].partition(", seed ")
        if seed:
            groups[name, figure["rule"], figure["scenario"], figure["stratum"]].append(figure)
    for (name, method, scenario, stratum), figures in groups.items():
        if len(figures) < 2:
            continue
        for place, kind in enumerate(KINDS[:2]):
            rates = [figure["counts"][place] / figure["n"] for figure in figures]
            values = zip(("mean", "lower limit", "upper limit"), mean_and_limits(rates), strict=True)
            for told, value in values:
                yield row_of(
                    f"species {kind}, rate over {len(figures)} seeds, {told}",
                    method,
                    "COI-658",
                    f"{name}; {scenario}; {stratum}",
                    tuple(sets[figure["data"]]["sha256"] for figure in figures),
                    value=decimal_text(value, 4),
                    unit=Line("share"),
                )
