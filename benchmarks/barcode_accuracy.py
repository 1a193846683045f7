"""Species and genus of mammals with a wide library: right, wrong, a set, or none, beside other programs.

Each query is compared with all other records of its set; with those of other species; with those of other genera.
Limits of the method were fixed on the development half (``--half development``); ``--split`` writes which species
are in it. Figures of the validation half go to ``validation/barcode-accuracy.json`` with ``--write``, those of a
larger sample of queries for other programs to ``validation/barcode-accuracy-peers.json`` (``--peers-only``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
sys.path.insert(0, str(PROJECT / "benchmarks"))

from accuracy_figures import Figure, figures  # noqa: E402
from accuracy_own import ANIMALS, SCENARIOS, Answer, Answered, OwnRules  # noqa: E402
from accuracy_peers import RULES, SINTAX, hit_answers, sintax_answers  # noqa: E402
from accuracy_sets import (  # noqa: E402
    HALVES,
    PUBLIC,
    SIMULATED,
    DataSet,
    half_of,
    only,
    public_set,
    simulated_set,
)
from measuring import print_table, write_json  # noqa: E402
from sequence_peers import program_version  # noqa: E402
from simulated_radiations import SEEDS  # noqa: E402
from validation_rows import accuracy_split_validation, accuracy_validation  # noqa: E402

from musk_id.kernels.intervals import clopper_pearson  # noqa: E402
from musk_id.model.methods import ANIMAL_METHODS, require_method  # noqa: E402
from musk_id.model.reference import ReferenceRelease  # noqa: E402
from musk_id.records.canonical import canonical_json  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.vocabulary import Locus  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata"
RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
RESULT = PROJECT / "validation" / "barcode-accuracy.json"
SPLIT = PROJECT / "validation" / "barcode-accuracy-split.json"
PEERS = PROJECT / "validation" / "barcode-accuracy-peers.json"
OUT = PROJECT / "build" / "bench" / "barcode-accuracy.json"
GENUS = "Moschus"
# The method whose limits were fixed on the development half.
SPLIT_METHOD = "general-mammal-2"
# Our answers to the queries of others: the method, and one of these.
SEARCH_PART, SINTAX_PART = ", queries of vsearch and BLAST+", ", queries of SINTAX"
PEER_RULES = (*(rule.name for rule in RULES), SINTAX)
SPECIES_RANK = ("COI, southern Africa", *SIMULATED)
Tree = dict[str, object]


def split_of(refdata: Path, release: ReferenceRelease) -> Tree:
    """Species of the development half of every public set."""
    sets = {}
    for name in PUBLIC:
        data = public_set(name, HALVES[0], refdata, release)
        every = {item.species for item in data.items}
        own = sorted(species for species in every if half_of(species) == HALVES[0])
        sets[name] = {"path": data.path, "sha256": data.sha256, "locus": data.locus, "of": len(every), "own": own}
    return {"benchmark": "benchmarks/barcode_accuracy.py", "method": SPLIT_METHOD, "sets": sets}


@dataclass(frozen=True)
class Asked:
    """How many queries of a set the search programs and SINTAX get; ours on the same are counted as well.

    With ``peers_only`` ours answer no other query.
    """

    method: str
    search: int
    sintax: int
    peers_only: bool = False


def _spread(queries: Sequence[int], count: int) -> list[int]:
    """So many queries, evenly taken."""
    return [queries[n * len(queries) // count] for n in range(count)] if count < len(queries) else list(queries)


def _peer_rules(
    data: DataSet, judged: Sequence[int], answered: Mapping[int, Answered], asked: Asked
) -> dict[str, Mapping[int, Mapping[str, Answer]]]:
    """Answers of other programs to a part of the queries, and ours to the same part."""
    rules: dict[str, Mapping[int, Mapping[str, Answer]]] = {}
    for label, sample, answers in (
        (SEARCH_PART, _spread(judged, asked.search), hit_answers),
        (SINTAX_PART, _spread(judged, asked.sintax), sintax_answers),
    ):
        if sample:
            rules |= answers(data, sample)
            rules[asked.method + label] = {n: answered[n].answers for n in sample}
    return rules


def measured(
    name: str, half: str, every: int, refdata: Path, release: ReferenceRelease, asked: Asked
) -> tuple[list[Figure], Tree]:
    """Figures of one set, and what is noted beside."""
    start = time.perf_counter()
    whole = simulated_set(name, SEEDS[half]) if name in SIMULATED else public_set(name, half, refdata, release)
    data = only(whole, every)
    animals = require_method(ANIMAL_METHODS, asked.method)
    own = OwnRules(data, release, animals)
    judged, answered = own.judged, {}
    rules: dict[str, Mapping[int, Mapping[str, Answer]]] = {}
    if asked.peers_only:
        chosen = {n for count in (asked.search, asked.sintax) for n in _spread(judged, count)}
        own = OwnRules(replace(data, queries=tuple(sorted(chosen))), release, animals)
    answered = own.answers()
    if not asked.peers_only:
        rules = {asked.method: {n: a.answers for n, a in answered.items()}}
    rules |= _peer_rules(data, judged, answered, asked)
    ranks = ("species", "genus") if name in SPECIES_RANK else ("genus", "species")
    if data.locus in (Locus.RRNA_12S, Locus.RRNA_16S):
        ranks = ("genus",)
    false_calls = [
        f"{data.items[n].accession} {data.items[n].species}, {scenario}"
        for n, a in answered.items()
        for scenario in SCENARIOS
        if a.answers[scenario].genus == GENUS and data.items[n].genus != GENUS
    ]
    notes: Tree = {
        "path": data.path,
        "sha256": data.sha256,
        "locus": data.locus,
        "records": len(data.items),
        "references": len(own.rows),
        "queries": len(data.queries),
        "judged": len(judged),
        "wide": own.wide,
        "repaired": data.repaired,
        "mislabelled_left_out": data.mislabelled,
        "other_genera_judged": sum(data.items[n].genus != GENUS for n in own.judged),
        "called_moschus": false_calls,
        "species_named_on_short_marker": sum(
            bool(a.answers[scenario].species)
            for a in answered.values()
            for scenario in SCENARIOS
            if data.locus in (Locus.RRNA_12S, Locus.RRNA_16S)
        ),
        "seconds": round(time.perf_counter() - start),
    }
    return figures(data, ranks, answered, rules), notes


def show(name: str, found: Sequence[Figure], notes: Tree) -> None:
    """Print the tables of a set."""
    print(f"\n== {name}: {notes['judged']} of {notes['queries']} queries judged, {notes['references']} references")
    print(f"   called {GENUS}, other genera: {notes['called_moschus']}")
    for rank in dict.fromkeys(figure.rank for figure in found):
        for scenario in SCENARIOS:
            rows = []
            for figure in (f for f in found if f.rank == rank and f.scenario == scenario):
                low, high = clopper_pearson(figure.count("wrong"), figure.n)
                rows.append(
                    (
                        figure.stratum,
                        figure.rule,
                        figure.n,
                        *figure.counts,
                        f"{100 * figure.right / figure.n:.1f}",
                        f"{100 * figure.count('wrong') / figure.n:.2f}",
                        f"{100 * low:.2f} to {100 * high:.2f}",
                    )
                )
            columns = (
                "stratum",
                "rule",
                "n",
                "right",
                "wrong",
                "set +",
                "set -",
                "none",
                "right %",
                "wrong %",
                "95 %",
            )
            print_table(f"{name}, {rank}, {scenario}", columns, rows)
    for figure in found:
        if not figure.rule.startswith(PEER_RULES) and figure.stratum == "all" and figure.wrong:
            print(f"wrong {figure.rank}, {figure.scenario}: {'; '.join(figure.wrong[:12])}")


def better_peers(found: Sequence[Figure], method: str) -> list[str]:
    """Peers with both a lower error rate and a higher call rate than ours on the same queries."""
    told = []
    whole = {(f.data, f.rank, f.scenario, f.rule): f for f in found if f.stratum == "all"}
    for peer in (f for f in whole.values() if f.rule in PEER_RULES):
        part = method + (SINTAX_PART if peer.rule == SINTAX else SEARCH_PART)
        ours = whole[peer.data, peer.rank, peer.scenario, part]
        if peer.count("wrong") < ours.count("wrong") and peer.called > ours.called:
            told.append(
                f"{peer.data}, {peer.rank}, {peer.scenario}: {peer.rule} {peer.count('wrong')} wrong, "
                f"{peer.called} called of {peer.n}; ours {ours.count('wrong')}, {ours.called}"
            )
    return told


def checked_split(refdata: Path, release: ReferenceRelease) -> str:
    """Digest of the split on file, which has to be the one that the rule gives."""
    data = SPLIT.read_bytes()
    made = canonical_json(accuracy_split_validation(split_of(refdata, release)))
    if made.strip() != data.strip():
        raise SystemExit(f"{SPLIT.name} is not what --split writes: the halves are not those that were fixed")
    return hashlib.sha256(data).hexdigest()


def combined(paths: Sequence[Path], digest: str) -> dict[str, Any]:
    """Results of sets that were measured apart, as one, in the order of the sets."""
    trees = [json.loads(path.read_text(encoding="ascii")) for path in paths]
    same = ("benchmark", "method", "half", "every", "split_sha256", "peers", "rules")
    if any(tree[key] != trees[0][key] for tree in trees for key in same) or trees[0]["split_sha256"] != digest:
        raise SystemExit("the results are not of one half, one split and the same programs")
    sets = {name: tree["sets"][name] for name in (*PUBLIC, *SIMULATED) for tree in trees if name in tree["sets"]}
    return {**trees[0], "sets": sets, "figures": [figure for tree in trees for figure in tree["figures"]]}


def main() -> int:
    """Measure, print tables, write files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--half", choices=HALVES, default=HALVES[1])
    parser.add_argument("--sets", nargs="+", choices=(*PUBLIC, *SIMULATED), default=[*PUBLIC, *SIMULATED])
    parser.add_argument("--every", type=int, default=1, help="every so many-th query")
    parser.add_argument("--search-queries", type=int, default=400, help="queries for vsearch and BLAST+, a set")
    parser.add_argument("--sintax-queries", type=int, default=120, help="queries for SINTAX, a set")
    parser.add_argument("--method", default=str(ANIMALS.version), help="our method version")
    parser.add_argument("--peers-only", action="store_true", help="ours answer the queries of the peers only")
    parser.add_argument("--out", type=Path, help="where the result goes (default: build/bench)")
    parser.add_argument("--combine", type=Path, nargs="+", help="write what these results hold, measured apart")
    parser.add_argument("--split", action="store_true", help="write the split by species and stop")
    parser.add_argument("--write", action="store_true", help="write the validation file")
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    release = load_release(RELEASE)
    if options.split:
        write_validation(SPLIT, accuracy_split_validation(split_of(options.refdata, release)))
        print(f"{hashlib.sha256(SPLIT.read_bytes()).hexdigest()}  {SPLIT.relative_to(PROJECT)}")
        return 0
    digest = checked_split(options.refdata, release)
    if options.combine:
        target = PEERS if options.peers_only else RESULT
        write_validation(target, accuracy_validation(combined(options.combine, digest)))
        return 0
    print(f"split {digest}; half: {options.half}")
    found: list[Figure] = []
    notes: Tree = {}
    for name in options.sets:
        asked = Asked(options.method, options.search_queries, options.sintax_queries, options.peers_only)
        own, noted = measured(name, options.half, options.every, options.refdata, release, asked)
        show(name, own, noted)
        sys.stdout.flush()
        found += own
        notes[name] = noted
    better = better_peers(found, options.method)
    print("\nPeers with fewer errors and more calls:", *(better or ["none"]), sep="\n  ")
    tree: Tree = {
        "benchmark": "benchmarks/barcode_accuracy.py",
        "method": options.method,
        "half": options.half,
        "every": options.every,
        "split_sha256": digest,
        "peers": {"vsearch": program_version("vsearch"), "blastn": program_version("blastn")},
        "rules": [rule.name for rule in RULES] + [SINTAX],
        "sets": notes,
        "figures": [vars(figure) for figure in found],
        "better_peers": better,
    }
    write_json(options.out or OUT.with_name(f"barcode-accuracy-{options.half}.json"), tree)
    if options.write:
        write_validation(PEERS if options.peers_only else RESULT, accuracy_validation(tree))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
