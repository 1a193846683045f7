"""Runs of the workflow for tests, and what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["content_of", "snakemake"]

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def snakemake(root: Path, out: Path, cores: int = 2, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow of the project on a laboratory root."""
    return subprocess.run(
        [
            str(BIN / "snakemake"),
            "--snakefile",
            str(PROJECT / "Snakefile"),
            "--directory",
            str(PROJECT),
            "--cores",
            str(cores),
            "--nolock",
            "--config",
            f"output_dir={out}",
            f"laboratory_root={root}",
            "cases_per_shard=3",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **environment},
        timeout=300,
    )


def content_of(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
