"""Many cases from files to sealed records: ``make bench-batch``; in full ``make bench-batch ARGS=--full``.

Cases are made from real records (``made_cases.py``): two barcodes and one EI spectrum each, English pages as PDF
and HTML. Times are of the processor, of the whole process tree, unless they say "wall". Beside it, in the same
run, the same comparisons are done the usual way on some cases: one Snakemake job for each case and step.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from made_cases import make_root
from tree_memory import PeakOfTree
from workflow_runs import PROJECT, environment, run_workflow

BENCH_PYTHON = PROJECT / ".venv-bench" / "bin" / "python"
_STAGE = re.compile(r"^stage [a-z]+: .* ([0-9.]+) s of processor time$", re.MULTILINE)
FULL = {"sizes": [100, 400, 1000, 1600], "dry": 10_000, "usual": 50, "per_shard": 100}
QUICK = {"sizes": [10, 30], "dry": 500, "usual": 3, "per_shard": 10}


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _measured(root: Path, out: Path, *more: str, per_shard: int) -> dict[str, float]:
    wall, used = time.monotonic(), _processor_seconds()
    with PeakOfTree() as peak:
        done = run_workflow(root, out, *more, per_shard=per_shard, timeout=7200)
    assert done.returncode == 0, done.stderr[-3000:]
    return {
        "wall s": round(time.monotonic() - wall, 1),
        "processor s": round(_processor_seconds() - used, 1),
        "peak MB together": round(peak.bytes / 1e6),
    }


def _inside(out: Path) -> float:
    """Processor seconds inside stage functions, as the stages told in their logs."""
    logs = out.glob("logs/*/*.log")
    return sum(float(seconds) for path in logs for seconds in _STAGE.findall(path.read_text(encoding="utf-8")))


def _peak_mb(out: Path) -> float:
    rows = [row for path in out.glob("benchmarks/*/*.tsv") for row in csv.DictReader(path.open(), delimiter="\t")]
    return max(float(row["max_rss"]) for row in rows if row["max_rss"] not in {"-", "NA"})


def batches(folder: Path, sizes: list[int], per_shard: int) -> list[dict[str, float]]:
    """Figures of a run of each size, and of running it again."""
    found = []
    for size in sizes:
        root, out = folder / f"root-{size}", folder / f"out-{size}"
        make_root(root, size)
        figures: dict[str, float] = {"cases": size, **_measured(root, out, per_shard=per_shard)}
        inside = _inside(out)
        figures["inside stages s"] = round(inside, 1)
        figures["outside stages"] = round(1 - inside / figures["processor s"], 3)
        figures["s a case"] = round(figures["processor s"] / size, 3)
        figures["peak MB of a job"] = round(_peak_mb(out))
        figures["again, wall s"] = _measured(root, out, per_shard=per_shard)["wall s"]
        assert sum(1 for _ in out.glob("cases/*/seal/manifest.json")) == size
        found.append(figures)
        print(json.dumps(figures), flush=True)
    if len(found) > 1:
        # Slope of the straight line through the logarithms of all sizes (least squares).
        sizes_log, cost_log = ([math.log(f[key]) for f in found] for key in ("cases", "processor s"))
        print(json.dumps({"growth exponent": round(statistics.linear_regression(sizes_log, cost_log).slope, 3)}))
    return found


def dry_run(folder: Path, cases: int, per_shard: int) -> dict[str, float]:
    """Planning and dry run of many cases, the first time (every file is hashed) and once more."""
    root, out = folder / "root-dry", folder / "out-dry"
    make_root(root, cases)
    first = _measured(root, out, "--dry-run", per_shard=per_shard)
    again = _measured(root, out, "--dry-run", per_shard=per_shard)
    figures: dict[str, float] = {"cases": cases}
    for name, measured in (("first dry run", first), ("again", again)):
        figures |= {f"{name}, {unit}": value for unit, value in measured.items()}
    print(json.dumps(figures), flush=True)
    return figures


def usual_way(folder: Path, cases: int, own_seconds_a_case: float) -> dict[str, float] | None:
    """The usual way on some cases, with the library of the release; ``None`` where its programs are absent."""
    if not BENCH_PYTHON.is_file() or shutil.which("blastn") is None:
        print("the usual way: BLAST+ or the environment of the benchmarks is absent (make bench)")
        return None
    from musk_id.refdb.release import load_release

    release = load_release(PROJECT / "reference_db" / "releases" / "2026.1")
    root, out = folder / "root-usual", folder / "out-usual"
    made = make_root(root, cases)
    out.mkdir()
    for locus in ("12S-V5", "16S-mam"):
        records = [r for r in release.barcodes if r.locus.value == locus]
        text = "".join(f">{r.accession}\n{r.sequence}\n" for r in records)
        (out / f"{locus}.fasta").write_text(text, encoding="ascii")
    blocks = []
    for spectrum in release.spectra:
        peaks = "\n".join(f"{p.mz} {p.intensity}" for p in spectrum.peaks)
        blocks.append(f"NAME: {spectrum.name}\nNum Peaks: {len(spectrum.peaks)}\n{peaks}\n")
    (out / "library.msp").write_text("\n".join(blocks), encoding="utf-8")
    used = _processor_seconds()
    command = [
        str(Path(sys.executable).parent / "snakemake"),
        "--snakefile",
        str(PROJECT / "benchmarks" / "usual_way.smk"),
    ]
    command += ["--directory", str(out), "--cores", "2", "--quiet", "all", "--config", f"cases={','.join(made)}"]
    command += [
        f"root={root}",
        f"out={out}",
        f"python={BENCH_PYTHON}",
        f"step={PROJECT / 'benchmarks' / 'usual_step.py'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=7200)
    assert done.returncode == 0, done.stderr[-3000:]
    seconds = (_processor_seconds() - used) / cases
    figures = {
        "cases": cases,
        "usual way, s a case": round(seconds, 2),
        "ours, s a case": own_seconds_a_case,
        "ratio": round(seconds / own_seconds_a_case, 1),
    }
    print(json.dumps(figures), flush=True)
    return figures


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="100, 400, 1,000 and 1,600 cases, 10,000 planned, 50 the usual way"
    )
    parser.add_argument("--sizes", type=int, nargs="*", help="cases of each run; none with no number")
    parser.add_argument("--per-shard", type=int, help="cases of a shard")
    parser.add_argument("--dry", type=int, help="cases of the dry run; 0 for none")
    parser.add_argument("--usual", type=int, help="cases done the usual way; 0 for none")
    arguments = parser.parse_args()
    chosen = FULL if arguments.full else QUICK
    own = {"sizes": arguments.sizes, "dry": arguments.dry, "usual": arguments.usual}
    own["per_shard"] = arguments.per_shard
    chosen = {key: chosen[key] if value is None else value for key, value in own.items()}
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="musk-id-batch-") as place:
        folder = Path(place)
        found = batches(folder, chosen["sizes"], chosen["per_shard"])
        if chosen["dry"]:
            dry_run(folder, chosen["dry"], chosen["per_shard"])
        if chosen["usual"] and found:
            usual_way(folder, chosen["usual"], found[-1]["s a case"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
