"""Sequencing reads: mixtures made of panel sequences, found and missed by level; time beside the vsearch chain.

Inserts are those of the release at 12S-V5; qualities and errors are drawn as short reads of an instrument have
them. vsearch gets the same files: merge, dereplicate, unoise, sintax against the release. Figures are printed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np  # noqa: E402
from made_reads import ADAPTER, RIAZ, amplicon, noisy_reads  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from musk_id.formats.fastq import FastqFile, paired_batches  # noqa: E402
from musk_id.kernels.denoise import edit_count  # noqa: E402
from musk_id.kernels.intervals import clopper_pearson  # noqa: E402
from musk_id.kernels.nucleotides import reverse_complement_text  # noqa: E402
from musk_id.model.methods import BARCODE_METHODS, READS_METHODS  # noqa: E402
from musk_id.model.primers import PRIMER_PAIRS  # noqa: E402
from musk_id.model.reference import ReferenceRelease  # noqa: E402
from musk_id.refdb.release import load_release, locate_release  # noqa: E402
from musk_id.stages.haplotypes import PileRules  # noqa: E402
from musk_id.stages.library import BarcodeLibrary  # noqa: E402
from musk_id.stages.long_reads import pile_long_reads  # noqa: E402
from musk_id.stages.read_rules import read_reasons  # noqa: E402
from musk_id.stages.read_variants import count_pairs, find_variants  # noqa: E402
from musk_id.vocabulary import CurationState, Locus  # noqa: E402

METHOD = READS_METHODS[-1]
LEVELS = (50.0, 10.0, 1.0, 0.2)
LENGTH = 150
AT_ONCE = 50_000
COI_PRIMERS = ("TTCTCAACCAACCACAAAGACATTGG", "TAGACTTCTGGGTGGCCAAAGAATCA")
# Edits within which a haplotype counts as the other mammal's.
OWN_REACH = 20


def written(folder: Path, inserts: dict[str, int], seed: int) -> tuple[Path, Path]:
    """Paired files; errors are drawn for each read as often as its qualities say, the order is random.

    The same distribution as that of ``Sequencer``, drawn in arrays of ``AT_ONCE`` pairs.
    """
    rng = np.random.default_rng(seed)
    paths = (folder / "R1.fastq", folder / "R2.fastq")
    owners = np.repeat(np.arange(len(inserts)), list(inserts.values()))
    rng.shuffle(owners)
    fragments = [amplicon(insert) for insert in inserts]
    for mate, path in enumerate(paths, 1):
        both = (f if mate == 1 else reverse_complement_text(f) for f in fragments)
        # What a read holds beyond its fragment is adapter.
        templates = np.array([list((text + ADAPTER)[:LENGTH].encode()) for text in both], np.uint8)
        with path.open("w") as handle:
            for first in range(0, owners.size, AT_ONCE):
                _write(handle, templates[owners[first : first + AT_ONCE]], first, mate, rng)
    return paths


def _write(handle: TextIO, letters: NDArray[np.uint8], first: int, mate: int, rng: np.random.Generator) -> None:
    quality = np.clip(np.rint(rng.normal(36 - 0.05 * np.arange(LENGTH), 3, letters.shape)), 2, 40)
    wrong = rng.random(letters.shape) < 10 ** (-quality / 10)
    codes = np.searchsorted(_LETTERS, letters[wrong])
    letters[wrong] = _LETTERS[(codes + rng.integers(1, 4, codes.size)) % 4]
    scores = (quality + 33).astype(np.uint8)
    for number in range(len(letters)):
        read, own = letters[number].tobytes().decode(), scores[number].tobytes().decode()
        handle.write(f"@r{first + number} {mate}:N\n{read}\n+\n{own}\n")


_LETTERS = np.frombuffer(b"ACGT", np.uint8)


def share(found: int, of: int) -> str:
    """A count with its exact 95 % limits in percent."""
    lower, upper = clopper_pearson(found, of)
    return f"{found} of {of} ({100 * lower:.1f} to {100 * upper:.1f} %)"


def inserts_of(release: ReferenceRelease) -> dict[str, str]:
    """One insert of each genus."""
    found: dict[str, str] = {}
    for record in release.barcodes:
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE:
            found.setdefault(record.genus, record.sequence)
    return found


def mixtures(release: ReferenceRelease, reads: int, seeds: int) -> None:
    """Musk deer in other mammals: how often its variant has enough reads, and what else does."""
    inserts = inserts_of(release)
    others = sorted(set(inserts) - {"Moschus", "Homo"})
    print(f"\nMoschus among reads of another mammal, {reads} pairs, {seeds} runs a level")
    print("level %: with enough reads, trace, missed; runs with a false variant of enough reads, such variants")
    for level in LEVELS:
        found = trace = missed = wrong = runs_wrong = 0
        for seed in range(seeds):
            genus = others[seed % len(others)]
            few = round(reads * level / 100)
            with tempfile.TemporaryDirectory() as folder:
                paths = written(Path(folder), {inserts["Moschus"]: few, inserts[genus]: reads - few}, seed)
                counted = count_pairs(paired_batches(*map(FastqFile, paths)), METHOD)
            states = {}
            for part in find_variants(counted, PRIMER_PAIRS, METHOD):
                for variant in part.variants:
                    states[variant.letters] = bool(read_reasons(variant, part.reads, 0, METHOD))
            false = sum(
                1 for letters, few_reads in states.items() if not few_reads and letters not in inserts.values()
            )
            wrong += false
            runs_wrong += false > 0
            state = states.get(inserts["Moschus"])
            missed += state is None
            found += state is False
            trace += state is True
        print(f"{level:5}: {share(found, seeds)}, {trace}, {missed}; {share(runs_wrong, seeds)}, {wrong}")


def long_mixtures(release: ReferenceRelease, reads: int, seeds: int, levels: list[float]) -> None:
    """Musk deer in other mammals on COI, by long reads with errors: whether its haplotype comes out as it is."""
    assert METHOD.piles is not None
    library = BarcodeLibrary.from_release(release, BARCODE_METHODS[-1])
    rules = PileRules(library, BARCODE_METHODS[-1], METHOD, METHOD.piles)
    genes: dict[str, str] = {}
    for record in release.barcodes:
        if record.locus is Locus.COI and record.state is CurationState.REFERENCE and "N" not in record.sequence:
            genes.setdefault(record.genus, record.sequence)
    others = sorted(set(genes) - {"Moschus", "Homo"})
    print(
        f"\nMoschus among long reads of another mammal, COI, {reads} reads with 5 % errors, {seeds} runs a level"
    )
    print("level %   exact  within 2 edits  with more  missed  false haplotypes of 10 reads or more")
    for level in levels:
        exact = near = far = missed = wrong = 0
        for seed in range(seeds):
            genus = others[seed % len(others)]
            few = round(reads * level / 100)
            with tempfile.TemporaryDirectory() as folder:
                inserts = {genes["Moschus"]: few, genes[genus]: reads - few}
                path = noisy_reads(Path(folder) / "r.fastq", inserts, seed, 0.05, COI_PRIMERS)
                found = pile_long_reads(FastqFile(path).batches(), PRIMER_PAIRS, rules)
            variants = [v for part in found.amplicons for v in part.variants]
            best = min(
                (
                    edit_count(v.letters.encode(), genes["Moschus"].encode())
                    for v in variants
                    if edit_count(v.letters.encode(), genes[genus].encode()) > OWN_REACH
                ),
                default=None,
            )
            missed += best is None
            exact += best == 0
            near += best in (1, 2)
            far += best is not None and best > 2
            wrong += max(sum(v.reads >= METHOD.min_reported_reads for v in variants) - 2, 0)
        print(f"{level:7}   {exact:5}  {near:14}  {far:9}  {missed:6}  {wrong}")


def chimeras(release: ReferenceRelease, seeds: int) -> None:
    """Planted chimeras of two panel mammals at a tenth of the reads."""
    inserts = inserts_of(release)
    names = sorted(set(inserts) - {"Homo"})
    found = other = absent = 0
    for seed in range(seeds):
        rng = random.Random(seed)  # noqa: S311
        first, second = (inserts[name] for name in rng.sample(names, 2))
        cut = rng.randint(35, 70)
        chimera = first[:cut] + second[cut:]
        with tempfile.TemporaryDirectory() as folder:
            paths = written(Path(folder), {first: 1000, second: 600, chimera: 100}, seed)
            counted = count_pairs(paired_batches(*map(FastqFile, paths)), METHOD)
        parts = find_variants(counted, PRIMER_PAIRS, METHOD)
        absent += chimera not in {variant.letters for part in parts for variant in part.variants}
        for part in parts:
            for variant in part.variants:
                if variant.letters == chimera:
                    found += variant.chimera == "chimera"
                elif variant.letters in (first, second):
                    other += variant.chimera == "chimera"
    print(f"\nplanted chimeras found: {share(found, seeds)}; not as a variant of their own: {absent}")
    print(f"parents taken for chimeras: {share(other, 2 * seeds)}")


class Cost(NamedTuple):
    """Seconds of wall and of processor time, and the largest memory of one process in MB."""

    wall: float
    processor: float
    peak_mb: float


# A process begins with the peak of the one that it was forked from: a small one starts the command.
_LAUNCHER = """
import os, sys
child = os.fork()
if not child:
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1), os.dup2(sink, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def cost(commands: list[list[str]], environment: dict[str, str]) -> Cost:
    """Cost of commands one after the other; the memory is that of the largest."""
    start, processor, peak = time.monotonic(), 0.0, 0.0
    for command in commands:
        told = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        ).stdout.split()
        if told[2] != "0":
            raise SystemExit(f"failed: {' '.join(command)}")
        processor, peak = processor + float(told[0]), max(peak, float(told[1]))
    return Cost(time.monotonic() - start, processor, peak)


def vsearch_chain(folder: Path, first: Path, second: Path) -> list[list[str]]:
    """Merge, filter, dereplicate, denoise, name; two threads where a step takes them."""
    merged, unique, variants = (str(folder / n) for n in ("m.fastq", "u.fasta", "z.fasta"))
    cut = [f"--fastq_stripleft={len(RIAZ.forward)}", f"--fastq_stripright={len(RIAZ.reverse)}"]
    out, named = ["--fastqout", merged], ["--tabbedout", str(folder / "s.tsv")]
    steps = [
        ["--fastq_mergepairs", str(first), "--reverse", str(second), "--fastq_allowmergestagger", *out],
        ["--fastq_filter", merged, *cut, "--fastq_maxee=1.0", "--fastaout", str(folder / "f.fasta")],
        ["--fastx_uniques", str(folder / "f.fasta"), "--sizeout", "--fastaout", unique],
        ["--cluster_unoise", unique, "--sizein", "--sizeout", "--centroids", variants],
        ["--sintax", variants, "--db", str(folder / "library.fasta"), "--sintax_cutoff", "0.8", *named],
    ]
    return [["vsearch", *step, "--quiet", "--threads", "2"] for step in steps]


def speed(release: ReferenceRelease, reads: int, repeats: int) -> None:
    """Whole commands on the same files, one after the other in turns."""
    inserts = inserts_of(release)
    names = sorted(set(inserts) - {"Homo"})
    shares = {inserts[name]: max(1, round(reads / 2 ** (rank + 1))) for rank, name in enumerate(names[:10])}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, second = written(folder, shares, 1)
        with (folder / "library.fasta").open("w") as handle:
            for record in release.barcodes:
                if record.locus is Locus.RRNA_12S:
                    handle.write(f">{record.accession};tax=g:{record.genus};\n{record.sequence}\n")
        ours = [sys.executable, "-m", "musk_id", "barcode", "match", str(first), "--mates", str(second)]
        out = ["--out", str(folder / "ours.tsv")]
        ours += ["--library", "2026.1", *out]
        tiny = folder / "tiny.fastq"
        tiny.write_text("".join(f"@r\n{insert}\n+\n{'I' * len(insert)}\n" for insert in shares))
        peer = vsearch_chain(folder, first, second) if shutil.which("vsearch") else []
        # Modules are compiled once, as where a package is installed.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        cost(
            [[sys.executable, "-m", "musk_id", "barcode", "match", str(tiny), "--library", "2026.1", *out]],
            environment,
        )
        found = [(cost([ours], environment), cost(peer, environment)) for _ in range(repeats)]
        total = sum(shares.values())
        print(f"\nwhole commands on {total} pairs of {LENGTH} bp, medians of {repeats}")
        for title, own in zip(("musk-id barcode match", "vsearch chain"), zip(*found, strict=True), strict=True):
            wall, processor, peak = (statistics.median(values) for values in zip(*own, strict=True))
            print(f"{title}: {wall:.2f} s, {processor:.2f} s of processor time, peak {peak:.0f} MB")
        for kind in ("wall", "processor") if peer else ():
            ratio = statistics.median(getattr(theirs, kind) / getattr(mine, kind) for mine, theirs in found)
            print(f"{kind} time of vsearch / ours: {ratio:.2f}")
        rows = [row.split("\t") for row in (folder / "ours.tsv").read_text().splitlines()]
        letters = Counter(row[rows[0].index("answer")] for row in rows[1:])
        print(f"variants: ours {len(rows) - 1}, true {len(shares)}; answers: {dict(letters)}")
        if peer:
            print(f"variants: vsearch {(folder / 'z.fasta').read_text().count('>')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reads", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=20, help="0: no short reads")
    parser.add_argument("--long-reads", type=int, default=1_000, help="0: no long reads")
    parser.add_argument("--long-seeds", type=int, default=4)
    parser.add_argument("--long-levels", type=float, nargs="+", default=LEVELS, metavar="PERCENT")
    parser.add_argument("--pairs", type=int, default=100_000, help="0: no comparison of times")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    release = load_release(locate_release("2026.1", None))
    if arguments.seeds:
        mixtures(release, arguments.reads, arguments.seeds)
        chimeras(release, arguments.seeds)
    if arguments.long_reads:
        long_mixtures(release, arguments.long_reads, arguments.long_seeds, arguments.long_levels)
    if arguments.pairs:
        speed(release, arguments.pairs, arguments.repeats)


if __name__ == "__main__":
    main()
