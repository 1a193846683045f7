"""Names of species of other mammals by docs/decisions/species-names-protocol.md: many seeds, a set from elsewhere.

``--register`` writes the seeds with digests of what they give to ``validation/radiation-seeds.json``; nothing is
measured then. Each set is measured by itself (``--sets``), results of several runs are joined by ``--combine``,
and ``--write`` puts them into ``validation/species-names.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
sys.path.insert(0, str(PROJECT / "benchmarks"))

from accuracy_figures import Figure, figures  # noqa: E402
from accuracy_own import SCENARIOS, OwnRules  # noqa: E402
from accuracy_sets import HALVES, SIMULATED, DataSet, public_set, simulated_set  # noqa: E402
from measuring import print_table, write_json  # noqa: E402
from simulated_radiations import PROTOCOL_SEEDS  # noqa: E402
from species_names_rows import seeds_validation, species_names_validation  # noqa: E402

from musk_id.model.methods import ANIMAL_METHODS, require_method  # noqa: E402
from musk_id.model.reference import ReferenceRelease  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata"
RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
RESULT = PROJECT / "validation" / "species-names.json"
SEEDS = PROJECT / "validation" / "radiation-seeds.json"
OUT = PROJECT / "build" / "bench"
PROTOCOL = "docs/decisions/species-names-protocol.md"
AFRICA = "COI, southern Africa"
ELSEWHERE = "mitogenomes against COI of southern Africa"
# A window that shares at least so many columns with a record of its species, all equal, may be of the same animal.
SAME_COLUMNS = 450
Tree = dict[str, Any]


def seeded(half: str) -> dict[str, tuple[str, int]]:
    """Simulated sets of a half by name: name of their recipe, and seed."""
    return {
        f"{name}, seed {seed}": (name, seed)
        for name, regime in SIMULATED.items()
        for seed in PROTOCOL_SEEDS[half][regime]
    }


def sets_of(half: str) -> list[str]:
    """Names of the sets of a half."""
    return [*seeded(half), AFRICA, *([ELSEWHERE] if half == HALVES[1] else [])]


def from_elsewhere(refdata: Path, release: ReferenceRelease) -> DataSet:
    """Mitogenome windows as queries, all records of southern Africa as the library."""
    home = public_set(AFRICA, HALVES[0], refdata, release)
    away = public_set("COI window of mitogenomes", HALVES[0], refdata, release)
    genera = {item.genus for item in home.items}
    first = len(home.items)
    items = home.items + tuple(item for item in away.items if item.genus in genera)
    outside = range(first, len(items))
    digest = hashlib.sha256(f"{home.sha256} {away.sha256}".encode()).hexdigest()
    data = replace(
        home, name=ELSEWHERE, items=items, queries=tuple(outside), outside=frozenset(outside), sha256=digest
    )
    own = OwnRules(data, release)
    return replace(data, queries=tuple(n for n in own.judged if not own.same_as_own_species(n, SAME_COLUMNS)))


def set_named(name: str, half: str, refdata: Path, release: ReferenceRelease) -> DataSet:
    """A set of the protocol."""
    if name == AFRICA:
        return public_set(name, half, refdata, release)
    if name == ELSEWHERE:
        return from_elsewhere(refdata, release)
    return simulated_set(*seeded(half)[name])


def measured(data: DataSet, name: str, method: str, release: ReferenceRelease) -> tuple[list[Figure], Tree]:
    """Figures of one set under one method, and what is noted beside."""
    own = OwnRules(data, release, require_method(ANIMAL_METHODS, method), SCENARIOS[:2])
    answered = own.answers()
    found = figures(data, ("species",), answered, {method: {n: a.answers for n, a in answered.items()}})
    notes: Tree = {
        "path": data.path,
        "sha256": data.sha256,
        "records": len(data.items),
        "references": len(own.rows),
        "queries": len(data.queries),
        "judged": len(own.judged),
        "wide": own.wide,
    }
    return [replace(figure, data=name) for figure in found], notes


def registered(seeds: Sequence[tuple[str, str, int]]) -> list[Tree]:
    """What each seed gives: sequences and queries, by digest."""
    rows = []
    for half, name, seed in seeds:
        data = simulated_set(name, seed)
        queries = hashlib.sha256(" ".join(map(str, data.queries)).encode()).hexdigest()
        rows.append(
            {
                "half": half,
                "set": name,
                "seed": seed,
                "sha256": data.sha256,
                "queries_sha256": queries,
                "queries": len(data.queries),
                "records": len(data.items),
            }
        )
    return rows


def check_seed(data: DataSet, half: str, name: str) -> None:
    """Stop where a seed gives other sequences than those on file."""
    held = json.loads(SEEDS.read_text(encoding="ascii"))["rows"]
    if [data.sha256] not in [row["data"] for row in held if row["stratum"] == f"{half}; {name}"]:
        raise SystemExit(f"{name}: the sequences are not those of {SEEDS.name}; nothing was measured")


def show(found: Sequence[Figure]) -> None:
    """Print the figures, the nearest stratum first."""
    rows = [
        (f.data, f.rule, f.scenario, f.stratum, f.n, *f.counts, f"{100 * f.right / f.n:.1f}")
        for f in found
        if f.stratum in ("congener < 2 %", "all")
    ]
    columns = ("set", "method", "scenario", "stratum", "n", "right", "wrong", "set +", "set -", "none", "right %")
    print_table("species", columns, rows)


def main() -> int:
    """Register seeds, measure, join, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--register", action="store_true", help="write seeds and digests, and stop")
    parser.add_argument("--half", choices=HALVES, default=HALVES[0])
    parser.add_argument("--sets", nargs="+", help="sets of the half (default: all)")
    parser.add_argument("--methods", nargs="+", default=["general-mammal-2"])
    parser.add_argument("--out", type=Path, help="where the result goes (default: build/bench)")
    parser.add_argument("--combine", type=Path, nargs="+", help="join results of runs, print them")
    parser.add_argument("--write", action="store_true", help="with --combine: write the validation file")
    options = parser.parse_args()
    if options.register:
        seeds = [(half, *entry) for half in HALVES for entry in seeded(half).values()]
        write_validation(SEEDS, seeds_validation(registered(seeds), PROTOCOL))
        return 0
    if options.combine:
        trees = [json.loads(path.read_text(encoding="ascii")) for path in options.combine]
        show([Figure(**figure) for tree in trees for figure in tree["figures"]])
        if options.write:
            write_validation(RESULT, species_names_validation(trees, PROTOCOL))
        return 0
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    release = load_release(RELEASE)
    found: list[Figure] = []
    sets: Tree = {}
    for name in options.sets or sets_of(options.half):
        data = set_named(name, options.half, options.refdata, release)
        if data.path is None:
            check_seed(data, options.half, name)
        for method in options.methods:
            own, sets[name] = measured(data, name, method, release)
            found += own
    show(found)
    tree = {"half": options.half, "sets": sets, "figures": [vars(figure) for figure in found]}
    write_json(options.out or OUT / f"species-names-{options.half}.json", tree)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
