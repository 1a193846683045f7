"""The public data beside the project, which tests read and never copy."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest

REFDATA = Path(__file__).resolve().parents[2] / "shared" / "refdata"
needs_refdata = pytest.mark.skipif(not REFDATA.is_dir(), reason="the public data beside the project are absent")


@dataclass(frozen=True)
class PublicRecord:
    """A record of a public sequence set; ``species`` with a space."""

    accession: str
    species: str
    sequence: str

    @property
    def genus(self) -> str:
        return self.species.split(" ")[0]


def read_records(name: str) -> list[PublicRecord]:
    """Records of a gzipped FASTA file whose headers read ``>ACCESSION|Genus_species|...``."""
    records = []
    with gzip.open(REFDATA / "sequences" / name, "rt", encoding="ascii") as handle:
        for block in handle.read().split(">")[1:]:
            header, *lines = block.split("\n")
            accession, species, *_ = header.split("|")
            records.append(PublicRecord(accession, species.replace("_", " "), "".join(lines).upper()))
    return records
