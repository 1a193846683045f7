"""Running the workflow for tests and measurements, and comparing what it leaves."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def snakemake_command(
    root: Path,
    out: Path,
    *more: str,
    per_shard: int = 3,
    cores: int = 2,
    profile: str = "default",
    bin_folder: Path = BIN,
) -> list[str]:
    """Arguments of a run; its own ``.snakemake`` folder lies beside the output."""
    work = out.with_name(f"{out.name}.work")
    work.mkdir(parents=True, exist_ok=True)
    return [
        str(bin_folder / "snakemake"),
        "--snakefile",
        str(PROJECT / "Snakefile"),
        "--directory",
        str(work),
        "--workflow-profile",
        str(PROJECT / "workflow" / "profiles" / profile),
        *(("--cores", str(cores)) if profile == "default" else ()),
        "--configfile",
        str(PROJECT / "config" / "config.yaml"),
        "--quiet",
        "rules",
        *more,
        "--config",
        f"output_dir={out}",
        f"laboratory_root={root}",
        f"cases_per_shard={per_shard}",
    ]


def environment(bin_folder: Path = BIN, **more: str) -> dict[str, str]:
    """Environment in which ``musk-id`` is that of this checkout."""
    python_path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH", ""))))
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": python_path, "OMP_NUM_THREADS": "1", **more}


def run_workflow(
    root: Path, out: Path, *more: str, timeout: float = 600, **settings
) -> subprocess.CompletedProcess[str]:
    """A run to its end."""
    bin_folder = settings.get("bin_folder", BIN)
    return subprocess.run(
        snakemake_command(root, out, *more, **settings),
        capture_output=True,
        text=True,
        env=environment(bin_folder),
        timeout=timeout,
    )


def tree_digest(out: Path) -> dict[str, str]:
    """Digests of everything that a run answers for: the cases, the overview, the records of the stages.

    Lists are left out, since they hold the digest of the software's own files; logs and times are no results.
    """
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        is_result = name.startswith("cases/") or path.suffix == ".jsonl" or name in {"summary.csv", "index.html"}
        if path.is_file() and is_result:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def leftovers(out: Path) -> list[str]:
    """Half-written files and folders that a run should not leave."""
    return [
        p.relative_to(out).as_posix()
        for p in out.rglob("*")
        if p.name.endswith(".part") or p.name.startswith(".K")
    ]
