"""Values of ``lir`` 1.3.1 for seeded scores, written for the tests of ``musk_id.kernels.likelihood*``.

lir (Netherlands Forensic Institute, Apache-2.0) is a peer and no dependency: it is installed for benchmarks only.
The file holds numbers that running lir on generated scores gave, and nothing of lir itself::

    make bench-lir      # or: .venv-bench/bin/python benchmarks/lir_vectors.py --check
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PEER = "1.3.1"
VECTORS = Path(__file__).resolve().parents[1] / "tests" / "kernels" / "lir-1.3.1.json"
PRIORS = (-2.0, -0.5, 0.0, 1.0, 2.5)


def cases() -> dict[str, tuple[list[float], list[float]]]:
    """Scores of items of either hypothesis, as decimal logarithms."""
    random = np.random.default_rng(20261126)

    def normal(mean: float, deviation: float, n: int, digits: int = 6) -> list[float]:
        return [float(x) for x in np.round(random.normal(mean, deviation, n), digits)]

    return {
        "overlapping": (normal(0.8, 1.0, 40), normal(-0.8, 1.0, 60)),
        "few against many": (normal(1.5, 1.0, 12), normal(-1.0, 0.7, 199)),
        "tied": (normal(0.5, 1.0, 30, 0), normal(-0.5, 1.0, 45, 0)),
        "useless": (normal(0.0, 1.0, 25), normal(0.0, 1.0, 25)),
        "misleading": (normal(-0.4, 0.5, 20), normal(0.4, 0.5, 20)),
        "apart 30/30": ([2.0 + i / 10 for i in range(30)], [-2.0 - i / 10 for i in range(30)]),
        "apart 59/59": ([3.0 + i / 50 for i in range(59)], [-3.0 - i / 50 for i in range(59)]),
        "apart 50/500": ([4.0 + i / 50 for i in range(50)], [-4.0 - i / 500 for i in range(500)]),
        "overstated": (normal(3.0, 3.0, 35), normal(-3.0, 3.0, 50)),
    }


def measured(h1: list[float], h2: list[float]) -> dict[str, Any]:
    """What lir says of a case."""
    from lir.algorithms.bayeserror import elub
    from lir.algorithms.isotonic_regression import IsotonicCalibrator
    from lir.algorithms.kde import KDECalibrator
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_cal, cllr_min
    from lir.plotting.expected_calibration_error import calculate_ece

    scores = np.array([*h1, *h2])
    labels = np.array([1] * len(h1) + [0] * len(h2))
    data = LLRData(features=scores.reshape(-1, 1), labels=labels)
    between = np.round(np.linspace(scores.min() - 0.5, scores.max() + 0.5, 23), 3)
    isotonic = IsotonicCalibrator().fit(scores, labels)
    logit = LogitCalibrator(tol=1e-14, max_iter=100_000).fit(scores.reshape(-1, 1), labels)
    density = KDECalibrator(bandwidth="silverman").fit(scores, labels)
    odds = 10.0 ** np.array(PRIORS)
    return {
        "h1": h1,
        "h2": h2,
        "cllr": cllr(data),
        "cllr_min": cllr_min(data),
        "cllr_cal": cllr_cal(data),
        "elub": [float(x) for x in elub(scores.copy(), labels)],
        "pav": _texts(isotonic.transform(scores)),
        "between": between.tolist(),
        "pav_between": _texts(isotonic.transform(between)),
        "logistic_between": _texts(logit.transform(between.reshape(-1, 1)).reshape(-1)),
        "kde_between": _texts(density.transform(between)),
        "ece": calculate_ece(10.0**scores, labels, odds / (1.0 + odds)).tolist(),
    }


def _texts(values: Any) -> list[str]:
    """Numbers as text, since JSON has no infinities."""
    return [repr(float(x)) for x in values]


def _alike(one: Any, other: Any) -> bool:
    """Whether two trees hold the same numbers, but for what another processor adds in the last digits."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict) and one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    first, second = float(one), float(other)
    return first == second or abs(first - second) <= 1e-12 * (1.0 + abs(first))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    arguments = parser.parse_args()
    if version("lir") != PEER:
        print(f"lir {version('lir')} is installed, {PEER} is needed", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    peer = {name: version(name) for name in ("lir", "numpy", "scipy", "scikit-learn")}
    tree = {"made_by": "benchmarks/lir_vectors.py", "peer": peer, "log10_prior_odds": PRIORS, "cases": {}}
    for name, (h1, h2) in cases().items():
        tree["cases"][name] = measured(h1, h2)
    text = json.dumps(tree, indent=None, separators=(",", ":"), sort_keys=True).replace('},"', '},\n"') + "\n"
    if arguments.check:
        same = _alike(json.loads(VECTORS.read_text(encoding="ascii"))["cases"], json.loads(text)["cases"])
        print("the values are those of the file" if same else "the values differ from those of the file")
        return 0 if same else 1
    VECTORS.write_text(text, encoding="ascii")
    print(f"{VECTORS.name}: {len(tree['cases'])} cases, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
