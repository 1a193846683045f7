"""Public reads mapped for a test, where the program for it is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pysam
import pytest
from refdata import REFDATA

__all__ = ["mapped_person"]


def mapped_person(folder: Path) -> Path:
    """The public human reads, mapped to their mitochondrial reference by minimap2 and sorted."""
    if shutil.which("minimap2") is None:
        pytest.skip("minimap2 is not there: no mapped reads can be made")
    source = REFDATA / "reads" / "human_chrM_shotgun"
    reads = [str(source / f"ERR2438055_micro_R{mate}.fastq.gz") for mate in (1, 2)]
    reference = str(source / "reference_NC_012920.1.fasta.gz")
    with (folder / "made.sam").open("wb") as handle:
        command = ["minimap2", "-a", "-x", "sr", reference, *reads]
        subprocess.run(command, stdout=handle, stderr=subprocess.DEVNULL, check=True)
    pysam.sort("-o", str(folder / "person.bam"), str(folder / "made.sam"))
    (folder / "made.sam").unlink()
    return folder / "person.bam"
