"""``musk-id barcode match`` beside vsearch, as whole commands in one run, on simulated barcodes.

The recipes and the seed are in ``simulated_barcodes.py``; half of the queries are on the other strand. The answers
of the pruned search are first held against those of measuring every pair. vsearch reads a database that it has
indexed before. Prints tables and writes ``build/bench/barcode-match.json``.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np  # noqa: E402
from measuring import print_table, write_json  # noqa: E402
from panel_specificity import RELEASE  # noqa: E402
from sequence_peers import THREADS, program_version  # noqa: E402
from simulated_barcodes import LETTERS, SEED, Simulated, query_letters, simulate  # noqa: E402
from wide_margins import PROJECT  # noqa: E402

import musk_id  # noqa: E402
from musk_id.kernels.frames import pack_nibbles  # noqa: E402
from musk_id.kernels.matching import MatchIndex  # noqa: E402
from musk_id.kernels.nucleotides import encode, reverse_complement  # noqa: E402
from musk_id.model.columns import TextColumn  # noqa: E402
from musk_id.model.library import LocusTable  # noqa: E402
from musk_id.refdb.library_store import HEAD_NAME, TAXA_COLUMNS, TAXA_NAME, array_files, library_manifest  # noqa: E402
from musk_id.refdb.manifest import MANIFEST_NAME  # noqa: E402
from musk_id.vocabulary import Locus  # noqa: E402

OUT = PROJECT / "build" / "bench" / "barcode-match.json"
COMMAND = "vsearch --usearch_global Q --db L.udb --id 0.9 --strand both --threads 2 --blast6out"
CHECKED = 500
SHAPES = {"genera": "genus structure", "star": "star-like"}
# A small process of its own starts each command: a fork counts the memory of what it was forked from.
RUNNER = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
wall, usage = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
"""
Tree = dict[str, object]


def species_name(species: int, genus: int) -> str:
    """A name of two words for a number; letters stand for digits."""

    def word(number: int) -> str:
        return "".join("abcdefghij"[int(digit)] for digit in str(number))

    return f"G{word(genus)} s{word(species)}"


def write_library(simulated: Simulated, folder: Path) -> None:
    """A library on disk with one individual and one accession for each reference."""
    masks = (1 << simulated.bases).astype(np.uint8)
    packed, haplotype = np.unique(pack_nibbles(masks), axis=0, return_inverse=True)
    _, first = np.unique(simulated.species, return_index=True)
    rows = [
        f"{species_name(int(simulated.species[n]), int(simulated.genus[n]))}\t"
        f"{species_name(0, int(simulated.genus[n])).split()[0]}\tF{simulated.family[n]}\tSimulata"
        for n in first.tolist()
    ]
    count = simulated.species.size
    ones = np.ones(count, np.uint8)
    table = LocusTable(
        locus=Locus.COI,
        width=masks.shape[1],
        packed=packed,
        haplotype=haplotype.reshape(-1).astype(np.uint32),
        taxon=simulated.species.astype(np.uint32),
        state=ones * 0,
        individual=np.arange(count, dtype=np.uint32),
        strand=ones.astype(np.int8),
        collapsed=ones * 0,
        accessions=TextColumn.of([f"SIM{n}" for n in range(count)]),
        revised={},
    )
    head = (
        f'{{"library_id": "simulated", "date": "2026-11-26", "title": "Simulated", "anchors_release": '
        f'"{RELEASE.name}", "individuals": {count}, "loci": [{{"locus": "{Locus.COI.value}", '
        f'"width": {masks.shape[1]}}}]}}'
    )
    files = array_files(table)
    files[HEAD_NAME] = head.encode("ascii")
    files[TAXA_NAME] = ("\n".join(["\t".join(TAXA_COLUMNS), *rows]) + "\n").encode("ascii")
    files[MANIFEST_NAME] = library_manifest(files)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def write_fasta(path: Path, letters: list[str], prefix: str) -> None:
    """FASTA with one line a sequence."""
    path.write_text("".join(f">{prefix}{n}\n{text}\n" for n, text in enumerate(letters)), encoding="ascii")


def check_exact(simulated: Simulated, letters: list[str]) -> int:
    """Queries whose deciding references are the same pruned and unpruned; all of them, or this stops."""
    masks = (1 << simulated.bases).astype(np.uint8)
    rows = [encode(text) if n % 2 == 0 else reverse_complement(encode(text)) for n, text in enumerate(letters)]
    queries = np.stack(rows[:CHECKED])
    one = MatchIndex(masks, simulated.genus, simulated.species).nearest(queries)
    other = MatchIndex(masks, simulated.genus, pruned=False).nearest(queries)
    for name in ("offsets", "rows", "incompatible", "possible", "compared"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), f"the searches differ in {name}"
    return len(queries)


def run(command: list[str]) -> tuple[float, float, int]:
    """Wall and processor seconds, and peak memory in bytes, of a command.

    The memory is that of the largest of its processes; what forked processes share counts in each.
    """
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *command], check=True, capture_output=True, text=True, cwd=PROJECT
    )
    wall, used, peak = done.stdout.split()
    return float(wall), float(used), int(peak)


def agreement(own: Path, peer: Path) -> dict[str, int]:
    """Queries for which the peer's one hit is among the nearest by our table, or is not, or is missing."""
    hits = {line.split("\t")[0]: line.split("\t")[1] for line in peer.read_text().splitlines()}
    counts = {"queries": 0, "peer_hit_nearest": 0, "peer_hit_further": 0, "peer_none": 0}
    for line in own.read_text(encoding="utf-8").splitlines()[1:]:
        cells = line.split("\t")
        counts["queries"] += 1
        hit = hits.get(cells[1])
        if hit is None:
            counts["peer_none"] += 1
        # A table row lists some of the accessions at the smallest distance.
        elif hit in cells[5].split(", "):
            counts["peer_hit_nearest"] += 1
        else:
            counts["peer_hit_further"] += 1
    return counts


def measure(references: int, shape: str, queries: int, repeats: int) -> Tree:
    """One size and shape of library: exactness, then times in turn."""
    simulated = simulate(references, shape=shape)
    letters = query_letters(simulated, queries)
    tree: Tree = {"references": references, "shape": shape, "queries": queries, "seed": SEED}
    tree["same_pruned_and_unpruned"] = check_exact(simulated, letters)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_library(simulated, folder / "library")
        write_fasta(folder / "queries.fasta", letters, "q")
        text = [LETTERS[row].tobytes().decode("ascii") for row in simulated.bases]
        write_fasta(folder / "library.fasta", text, "SIM")
        del simulated, letters, text
        taken: dict[str, list[tuple[float, float, int]]] = {}
        commands = _commands(folder)
        for _ in range(repeats):
            for program, command in commands.items():
                taken.setdefault(program, []).append(run(command))
        for program, results in taken.items():
            tree[program] = _figures(results)
        if "vsearch" in commands:
            tree["agreement"] = agreement(folder / "own.tsv", folder / "hits.tsv")
            peer = zip(taken["vsearch"], taken["musk-id"], strict=True)
            wall, used = zip(*((v[0] / m[0], v[1] / m[1]) for v, m in peer), strict=True)
            tree["time_ratios"] = {"wall": statistics.median(wall), "processor": statistics.median(used)}
    tree["load_average"] = os.getloadavg()[1]
    return tree


def _commands(folder: Path) -> dict[str, list[str]]:
    """Our command and, where it is installed, the peer's, with the peer's index made."""
    queries, index = str(folder / "queries.fasta"), str(folder / "library.udb")
    own = [sys.executable, "-m", "musk_id", "barcode", "match", queries]
    own += ["--library", str(folder / "library"), "--out", str(folder / "own.tsv"), "--processes", THREADS]
    vsearch = shutil.which("vsearch")
    if vsearch is None:
        return {"musk-id": own}
    run([vsearch, "--makeudb_usearch", str(folder / "library.fasta"), "--output", index, "--quiet"])
    peer = [vsearch, "--usearch_global", queries, "--db", index, "--id", "0.9", "--strand", "both"]
    peer += ["--threads", THREADS, "--blast6out", str(folder / "hits.tsv"), "--quiet"]
    return {"musk-id": own, "vsearch": peer}


def _figures(results: list[tuple[float, float, int]]) -> Tree:
    seconds = sorted(wall for wall, _, _ in results)
    return {
        "median_s": statistics.median(seconds),
        "fastest_s": seconds[0],
        "slowest_s": seconds[-1],
        "runs": len(seconds),
        "median_processor_s": statistics.median(used for _, used, _ in results),
        "peak_bytes": max(peak for _, _, peak in results),
    }


def growth(trees: list[Tree]) -> float | None:
    """Bytes of peak memory that a reference adds, between the smallest and the largest library of one shape."""
    peaks = {}
    for tree in trees:
        own, size = tree["musk-id"], tree["references"]
        if tree["shape"] == "genera" and isinstance(own, dict) and isinstance(size, int):
            peaks[size] = int(own["peak_bytes"])
    least, most = min(peaks, default=0), max(peaks, default=0)
    return (peaks[most] - peaks[least]) / (most - least) if most > least else None


def main() -> int:
    """Measure each size and shape, print tables, write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=int, nargs="+", default=[10_000], help="sizes of the library")
    parser.add_argument("--shapes", nargs="+", choices=tuple(SHAPES), default=list(SHAPES))
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    version = program_version("vsearch")
    if version is None:
        print("skipped: no comparison with vsearch, it is not installed (scripts/system-packages.sh bench)")
    trees = [
        measure(size, shape, options.queries, options.repeats)
        for shape in options.shapes
        for size in options.references
    ]
    rows = []
    for tree in trees:
        own = tree["musk-id"]
        assert isinstance(own, dict)
        for program in ("musk-id", "vsearch"):
            found = tree.get(program)
            if isinstance(found, dict):
                rows.append(
                    (
                        tree["references"],
                        SHAPES[str(tree["shape"])],
                        program,
                        f"{found['median_s']:.2f}",
                        f"{found['fastest_s']:.2f}",
                        f"{found['slowest_s']:.2f}",
                        f"{found['median_s'] / own['median_s']:.2f}",
                        f"{found['median_processor_s']:.2f}",
                        f"{found['median_processor_s'] / own['median_processor_s']:.2f}",
                        f"{found['peak_bytes'] / 1e6:.0f}",
                    )
                )
    columns = (
        "references",
        "library",
        "program",
        "median s",
        "fastest",
        "slowest",
        "time / musk-id",
        "processor s",
        "processor / musk-id",
        "peak MB",
    )
    print_table(f"{options.queries} queries of 658 bp, whole commands, {THREADS} threads", columns, rows)
    for tree in trees:
        print(f"{tree['references']} references, {SHAPES[str(tree['shape'])]}: {tree.get('agreement', 'no peer')}")
        print(f"  pruned as unpruned: {tree['same_pruned_and_unpruned']} of {CHECKED} queries")
        print(f"  load of the machine after it: {tree['load_average']:.1f}")
    added = growth(trees)
    if added is not None:
        print(f"Peak memory that a reference adds: {added:.0f} bytes")
    head: Tree = {"musk_id": musk_id.__version__, "python": platform.python_version(), "cores": os.cpu_count()}
    head["peak_bytes_per_reference"] = added
    write_json(OUT, {**head, "peer": version, "peer_command": COMMAND, "sizes": trees})
    print(f"\nFigures: {OUT.relative_to(PROJECT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
