"""Musk-ID beside other programs in one run: answers, equality of scores, and wall times as ratios.

Prints tables and writes ``build/bench/*.json``. ``--full`` takes every record of the release comparison;
with ``--write`` it also writes ``validation/barcode-peers.json``, which holds counts only, no times.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import barcode_peers  # noqa: E402
import spectra_peers  # noqa: E402
from measuring import print_table, timed, write_json  # noqa: E402
from panel_specificity import RELEASE  # noqa: E402
from wide_margins import PROJECT, REFDATA  # noqa: E402

import musk_id  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402

OUT = PROJECT / "build" / "bench"
RESULT = PROJECT / "validation" / "barcode-peers.json"
CASE = PROJECT / "examples" / "cases" / "DEMO-A"
PARTS = ("barcode", "spectra", "commands")
REPEATS = 3
# Every n-th record: (release comparison, wide comparison).
QUICK, FULL = (40, 16), (1, 4)
QUERIES, LIBRARY = 20, 100
COMMAND_BUDGET_S = 60.0
Tree = dict[str, object]


def head(name: str, versions: Mapping[str, str | None]) -> Tree:
    """What a result file says of its origin."""
    return {
        "benchmark": f"benchmarks/side_by_side.py, {name}",
        "musk_id": musk_id.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "peers": dict(versions),
    }


def barcode(refdata: Path, steps: tuple[int, int], repeats: int) -> Tree:
    """Barcode comparison with the programs that are installed."""
    versions = barcode_peers.versions()
    programs = [name for name, version in versions.items() if version]
    for name in barcode_peers.PROGRAMS:
        if name not in programs:
            print(f"skipped: no comparison with {name}, it is not installed (scripts/system-packages.sh bench)")
    release = load_release(RELEASE)
    tree = head("barcode", versions)
    tree |= {
        "methods": barcode_peers.methods(),
        "release": release.release_id,
        "release_sha256": release.manifest_sha256,
        "every_nth_record": {"panel": steps[0], "wide": steps[1], "target": 1},
        "panel": barcode_peers.panel(release, refdata, steps[0], programs, repeats),
        "wide": barcode_peers.wide(release, refdata, steps[1], programs, repeats),
        "target": barcode_peers.target(release, refdata, 1, programs),
    }
    return tree


def show_barcode(tree: Tree) -> None:
    """Tables of the barcode comparison."""
    compared = [*_entries(tree, "panel"), *_entries(tree, "wide")]
    rows: list[Sequence[object]] = []
    for entry in compared:
        for name, found in entry["answers"].items():
            called = found["called_moschus"]
            rows.append(
                (
                    f"{entry['locus']} {Path(entry['data']).name.split('.')[0]}: {entry['stratum']}",
                    name,
                    f"{called['k']}/{called['n']}",
                    found["genus_right"],
                    found["genus_wrong"],
                    found["no_genus"],
                )
            )
    columns = ("queries of other genera", "rule", "called Moschus", "genus right", "wrong", "none")
    print_table("Is it Moschus? Queries of other genera: every call of Moschus is wrong", columns, rows)
    rows = [
        (
            f"{entry['locus']} {entry['stratum']}",
            name,
            f"{found['called_moschus']['k']}/{found['called_moschus']['n']}",
            found["wrong_genus"],
            found["species_named"],
            found["species_as_deposited"],
            found["species_other_than_deposited"]["k"],
        )
        for entry in _entries(tree, "target")
        for name, found in entry["answers"].items()
    ]
    columns = (
        "Moschus records",
        "rule",
        "called Moschus",
        "other genus",
        "species named",
        "as deposited",
        "other",
    )
    print_table("Moschus records against the release", columns, rows)
    rows = [
        (
            f"{entry['locus']} {Path(entry['data']).name.split('.')[0]}: {entry['stratum']}",
            f"{entry['queries']} x {entry['library_records']}",
            name,
            f"{1000 * wall['median_s'] / max(1, entry['queries']):.3f}",
            f"{entry['times']['ratio_to_stage'].get(name, 1.0):.3f}",
            wall["runs"],
        )
        for entry in compared
        for name, wall in entry["times"]["wall"].items()
        if name != "vsearch index"
    ]
    columns = ("queries", "n", "program", "ms per query", "time / stage", "runs")
    print_table("Wall time, medians (below 1: the program is faster than the stage)", columns, rows)


def _entries(tree: Tree, key: str) -> list[dict]:
    entries = tree[key]
    assert isinstance(entries, list)
    return entries


def spectra(refdata: Path, repeats: int, every: int | None) -> Tree:
    """Spectral comparison with the packages that are installed."""
    versions = spectra_peers.spectra_versions()
    for name, version in versions.items():
        if version is None:
            print(f"skipped: no comparison with {name}, it is not installed in this environment (make bench)")
    tree = head("spectra", versions)
    tree["published_cases"] = spectra_peers.published_cases(refdata)
    tree["pairs"] = spectra_peers.pairs(refdata, QUERIES, LIBRARY, repeats)
    if every is not None:
        tree["retrieval"] = spectra_peers.retrieval(refdata, every)
    return tree


def show_spectra(tree: Tree) -> None:
    """Tables of the spectral comparison."""
    met, pairs = tree["published_cases"], tree["pairs"]
    assert isinstance(met, dict) and isinstance(pairs, dict)
    print(f"\nPublished NIST match factors met to 1e-6: {met['met']['k']} of {met['met']['n']}")
    own = pairs["own_us_per_pair"]
    rows: list[Sequence[object]] = [(f"musk-id {name}", "-", "-", f"{us:.1f}", "-") for name, us in own.items()]
    for name in spectra_peers.PACKAGES:
        for found in pairs.get(name, ()):
            shown = ("not equal", "-")
            if found["equal"]:
                shown = (f"{found['us_per_pair']:.2f}", f"{found['ratio_to_own']:.3f}")
            rows.append(
                (f"{name} {found['score']}", found["compared_with"], f"{found['largest_difference']:.1e}", *shown)
            )
    columns = ("score", "compared with", "largest difference", "us per pair", "time / own")
    title = f"{pairs['pairs']} pairs, {pairs['mean_peaks']:.0f} peaks on average (below 1: the peer is faster)"
    print_table(title, columns, rows)
    found = tree.get("retrieval")
    if isinstance(found, dict):
        rows = [
            (name, f"{found[name]['first']}/{found[name]['n']}", f"{found[name]['among_ten']}/{found[name]['n']}")
            for name in ("identity", "similarity", "entropy")
        ]
        print_table(f"Pool D, every {found['every']}th query", ("score", "R@1", "R@10"), rows)


def commands(repeats: int) -> Tree:
    """Wall times of two commands as a user starts them, from a fresh interpreter."""

    def run(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "musk_id", *words], check=True, capture_output=True, cwd=PROJECT)

    def examine() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run("examine", str(CASE), "--out", folder)

    tree = head("commands", {})
    tree["musk-id --help"] = timed(lambda: run("--help"), repeats).tree()
    tree["musk-id examine examples/cases/DEMO-A"] = timed(examine, repeats, COMMAND_BUDGET_S).tree()
    return tree


def show_commands(tree: Tree) -> None:
    """Table of the commands."""
    rows = [
        (name, f"{wall['median_s']:.2f}", f"{wall['fastest_s']:.2f}", f"{wall['slowest_s']:.2f}", wall["runs"])
        for name, wall in tree.items()
        if name.startswith("musk-id ") and isinstance(wall, dict)
    ]
    print_table("Commands, seconds", ("command", "median", "fastest", "slowest", "runs"), rows)


def counts_only(tree: Tree) -> Tree:
    """The part of a barcode result that is the same in every run: no times."""
    kept: Tree = {key: value for key, value in tree.items() if key not in ("cores", "python")}
    for key in ("panel", "wide", "target"):
        kept[key] = [{k: v for k, v in entry.items() if k != "times"} for entry in _entries(tree, key)]
    return kept


def main() -> int:
    """Measure the parts asked for, print tables, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all when none is named")
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--full", action="store_true", help="every record of the release comparison, one run each")
    parser.add_argument(
        "--retrieval", type=int, metavar="N", help="library search with every N-th query of pool D"
    )
    parser.add_argument("--write", action="store_true", help="write the validation file (with --full)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    parts = options.parts or PARTS
    repeats = 1 if options.full else REPEATS
    if "commands" in parts:
        tree = commands(REPEATS)
        write_json(OUT / "commands.json", tree)
        show_commands(tree)
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    if "barcode" in parts:
        tree = barcode(options.refdata, FULL if options.full else QUICK, repeats)
        write_json(OUT / "barcode.json", tree)
        show_barcode(tree)
        if options.write and options.full:
            write_json(RESULT, counts_only(tree))
    if "spectra" in parts:
        tree = spectra(options.refdata, REPEATS, options.retrieval)
        write_json(OUT / "spectra.json", tree)
        show_spectra(tree)
    print(f"\nFigures with data digests and versions: {OUT.relative_to(PROJECT)}/*.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
