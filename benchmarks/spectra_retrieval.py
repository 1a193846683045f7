"""Search of other laboratories' EI spectra, probability of the first name, and the rule for giving none.

Everything is answered by parameters that no spectrum of the query's laboratory had a part in (folds of
``retrieval_folds.py``; weights, curve and limit are fitted anew for each). ``--write`` writes the figures to
``validation/spectra-retrieval.json``; ``--every N`` takes every N-th query, for a look.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
from measuring import print_table  # noqa: E402
from retrieval_classes import ClassAnswers, class_answers, held_out_classes  # noqa: E402
from retrieval_folds import DEVELOPMENT_FOLDS, FOLDS  # noqa: E402
from retrieval_measures import (  # noqa: E402
    ABSENT_SHARES,
    Nested,
    bootstrap,
    cosine_ranks,
    evidence_of,
    nested,
    searches_with,
)
from retrieval_pool import Pool, read_pool, read_records  # noqa: E402
from retrieval_retention import DEVIATION, retention_ranks  # noqa: E402
from retrieval_rows import validation_of  # noqa: E402
from wide_margins import REFDATA  # noqa: E402

from musk_id.kernels.intervals import proportion_lower, proportion_upper  # noqa: E402
from musk_id.kernels.spectral_held_out import fit_identifier  # noqa: E402
from musk_id.kernels.spectral_probability import Identifier, brier_score, reliability  # noqa: E402
from musk_id.kernels.spectral_ranking import EVIDENCE  # noqa: E402
from musk_id.model.ranking_methods import RANKING_METHODS  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "validation" / "spectra-retrieval.json"
# Cosines with powers of m/z and intensity; the first one holds the best first places published for this pool.
PEERS = ((1.0, 0.5), (1.3, 0.53), (1.5, 0.4))
CLASS_SIZE = 100


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--every", type=int, default=1, help="only every N-th query; nothing is written")
    parser.add_argument("--write", action="store_true", help="write the validation file")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the evidence here, and take it from here")
    parser.add_argument("--only-keep", action="store_true", help="stop once the evidence is kept")
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    records = list(read_records(options.refdata))
    pool = read_pool(records, options.every)
    evidence = evidence_of(pool, options.keep)
    if options.only_keep:
        return 0
    found = nested(pool, evidence)
    peers = {powers: cosine_ranks(pool, *powers) for powers in PEERS}
    searches, _, _ = searches_with(pool, evidence, found.weights)
    identifier = fit_identifier(searches, float(RANKING_METHODS[-1].absent_share))
    del evidence
    _print_ranks(pool, found, peers)
    _print_answers(pool, found)
    _print_fit(found, identifier)
    classes = list(held_out_classes(pool, found))
    classes += list(class_answers(options.refdata, records, pool, found.weights, identifier, CLASS_SIZE))
    _print_classes(classes)
    retention = retention_ranks(records, found.weights)
    _print_retention(*retention)
    if options.write and options.every == 1:
        write_validation(RESULT, validation_of(options.refdata, pool, found, peers, classes, retention))
    return 0


def _print_ranks(pool: Pool, found: Nested, peers: dict[tuple[float, float], np.ndarray]) -> None:
    development = np.isin(pool.folds[pool.queries], list(DEVELOPMENT_FOLDS))
    stated = np.array([pool.records[q].row["eV_used"] == "70" for q in pool.queries.tolist()])
    everything = np.ones(pool.queries.size, np.bool_)
    rows = [
        _rank_row("this method, all folds", found.ranks[everything]),
        _rank_row("  development folds", found.ranks[development]),
        _rank_row("  other folds", found.ranks[~development]),
        _rank_row("  clean spectra stated at 70 eV", found.ranks[stated]),
        *(_rank_row(f"cosine m^{a:g} I^{b:g}", ranks) for (a, b), ranks in peers.items()),
        _rank_row("this method, own laboratory out", found.foreign_ranks[found.foreign_ranks > 0]),
    ]
    print_table("Rank of the true compound (held-out folds)", ("score", "n", "R@1", "R@3", "R@5", "R@10"), rows)
    lines = []
    for place in (1, 10):
        own = (found.ranks <= place).astype(np.float64)
        low, high = bootstrap(pool, own)
        lines.append([f"R@{place}", "itself", f"{own.mean():.4f}", f"{low:.4f}", f"{high:.4f}"])
        for (a, b), ranks in peers.items():
            gain = own - (ranks <= place)
            low, high = bootstrap(pool, gain)
            lines.append(
                [f"R@{place}", f"less m^{a:g} I^{b:g}", f"{gain.mean():.4f}", f"{low:.4f}", f"{high:.4f}"]
            )
    print_table("Bootstrap by compound, 95 %", ("figure", "of", "mean", "lower", "upper"), lines)


def _rank_row(name: str, ranks: np.ndarray) -> list[object]:
    return [name, ranks.size, *(f"{(ranks <= place).mean():.4f}" for place in (1, 3, 5, 10))]


def _print_answers(pool: Pool, found: Nested) -> None:
    answers = found.answers
    both = np.concatenate([answers.present, answers.absent])
    right = np.concatenate([found.right, np.zeros(found.right.size, np.bool_)])
    constant = float(right.mean()) * (1.0 - float(right.mean()))
    print(f"\nBrier score {brier_score(both, right):.4f} (a constant: {constant:.4f}), {both.size} searches")
    rows = [
        [f"{b.low:.1f}-{b.high:.1f}", b.searches, f"{b.mean_probability:.3f}", f"{b.right / b.searches:.3f}"]
        for b in reliability(both, right)
    ]
    print_table("Reliability (half of the searches without the compound)", ("said", "n", "mean", "right"), rows)
    isomer = pool.isomer_is_first(found.absent_first)
    lines = []
    for number, share in enumerate(ABSENT_SHARES):
        named, absent = answers.present_named[number], answers.absent_named[number]
        right, wrong = int((named & found.right).sum()), int((named & ~found.right).sum())
        n, taken = named.size, int(absent.sum())
        lines.append(
            [
                f"{share:.0%}",
                f"{right} ({proportion_lower(right, n):.3f})",
                f"{wrong} ({proportion_upper(wrong, n):.4f})",
                n - int(named.sum()),
                f"{taken} ({proportion_upper(taken, n):.4f})",
                int((absent & isomer).sum()),
            ]
        )
    head = ("allowed", "right name (>=)", "wrong name (<=)", "no name", "absent: named (<=)", "of them isomers")
    print_table(f"Rule for giving no name, {found.right.size} searches of each kind", head, lines)


def _print_fit(found: Nested, identifier: Identifier) -> None:
    of_folds = found.fold_weights
    rows = [
        [name, *(f"{value:.3f}" for value in (found.weights[n], of_folds[:, n].min(), of_folds[:, n].max()))]
        for n, name in enumerate(EVIDENCE)
    ]
    title = f"Weights: of all folds, smallest and largest of {FOLDS}"
    print_table(title, ("evidence", "all", "least", "most"), rows)
    curve = identifier.curve
    print(
        f"\nlogit = {curve.intercept:.3f} + {curve.per_score:.4f} score + {curve.per_log_lead:.4f} "
        f"ln(lead + 0.05); named from {identifier.least_probability:.4f} on"
    )


def _print_retention(without: np.ndarray, with_index: np.ndarray) -> None:
    rows = [_rank_row("spectrum alone", without), _rank_row(f"with index, deviation {DEVIATION:g}", with_index)]
    title = "Derivatised spectra (pool F) whose compound has an index by others"
    print_table(title, ("score", "n", "R@1", "R@3", "R@5", "R@10"), rows)


def _print_classes(classes: list[ClassAnswers]) -> None:
    rows = [
        [c.name, c.asked, c.named, c.named_right, c.confident, f"{c.largest:.3f}", c.alone, c.alone_right,
         c.alone_confident, c.several_right]
        for c in classes
    ]  # fmt: skip
    head = ("class", "asked", "named", "rightly", "p >= 0.95", "largest p", "alone", "rightly", "p >= 0.95",
            "one of, right formula")  # fmt: skip
    print_table("Names given at 5 % (4 first classes held out), and confident ones", head, rows)


if __name__ == "__main__":
    raise SystemExit(main())
