"""vsearch and blastn as they are commonly run, and the rules by which people read their hits.

Records get numbers as names, so that no name is cut or split by a program. A rule that finds several names
among equal top hits names none of them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RULES", "Entry", "PeerHit", "Program", "named_by", "program_version"]

THREADS = "2"
BLAST_HITS = "50"


@dataclass(frozen=True)
class Entry:
    """A library record as the programs see it: species name with a space, and letters."""

    species: str
    sequence: str


@dataclass(frozen=True)
class PeerHit:
    """A hit: library row, identity and covered share of the shorter sequence in percent, score for order."""

    target: int
    identity: float
    cover: float
    score: float


@dataclass(frozen=True)
class Rule:
    """A reading of a hit list: the top hit's name, if it reaches these limits."""

    name: str
    program: str
    min_identity: float
    min_cover: float


RULES = (
    Rule("vsearch top hit >= 98 %", "vsearch", 98.0, 0.0),
    Rule("vsearch top hit >= 90 %", "vsearch", 90.0, 0.0),
    Rule("blastn top hit >= 98 %", "blastn", 98.0, 0.0),
    Rule("blastn top hit >= 98 %, cover >= 90 %", "blastn", 98.0, 90.0),
)


def program_version(name: str) -> str | None:
    """First line of what a program says of its version; ``None`` where the program is not installed."""
    path = shutil.which(name)
    if path is None:
        return None
    flag = "--version" if name == "vsearch" else "-version"
    done = subprocess.run([path, flag], capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).splitlines()[0].split(",")[0]


class Program:
    """One of the two programs with one library in a folder of its own."""

    def __init__(self, name: str, library: Sequence[Entry], folder: Path) -> None:
        self.name = name
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._library, self._queries = folder / "library.fasta", folder / "queries.fasta"
        _write(self._library, [entry.sequence for entry in library])

    def index(self) -> None:
        """Build what the program searches in; vsearch does so in every search."""
        if self.name == "blastn":
            _run("makeblastdb", "-in", str(self._library), "-dbtype", "nucl", "-out", str(self.folder / "db"))

    def set_queries(self, queries: Sequence[str]) -> None:
        """Write the sequences to search for."""
        _write(self._queries, queries)

    def search(self) -> None:
        """The search as a process of its own, from files to a file."""
        hits = str(self.folder / "hits.tsv")
        queries, library = str(self._queries), str(self._library)
        if self.name == "vsearch":
            where = ["--usearch_global", queries, "--db", library, "--id", "0.9", "--strand", "both"]
            _run("vsearch", *where, "--threads", THREADS, "--blast6out", hits, "--quiet")
        else:
            columns = "6 qseqid sseqid pident length qlen slen bitscore"
            where = ["-query", queries, "-db", str(self.folder / "db"), "-max_target_seqs", BLAST_HITS]
            _run("blastn", *where, "-num_threads", THREADS, "-outfmt", columns, "-out", hits)

    def hits(self) -> dict[int, list[PeerHit]]:
        """Hits of the last search by query."""
        found: dict[int, list[PeerHit]] = {}
        for line in (self.folder / "hits.tsv").read_text(encoding="ascii").splitlines():
            query, target, identity, *others = line.split("\t")
            # The one hit that vsearch gives is an alignment of the whole shorter sequence.
            cover, score = 100.0, 0.0
            if self.name == "blastn":
                length, query_length, target_length, score = map(float, others)
                cover = 100.0 * length / min(query_length, target_length)
            hit = PeerHit(int(target), float(identity), cover, score)
            found.setdefault(int(query), []).append(hit)
        return found


def named_by(rule: Rule, hits: Sequence[PeerHit], library: Sequence[Entry]) -> tuple[set[str], set[str]]:
    """Genera and species of the top hits that reach the limits of a rule."""
    best = max((hit.score for hit in hits), default=0.0)
    top = [
        library[hit.target].species
        for hit in hits
        if hit.score == best and hit.identity >= rule.min_identity and hit.cover >= rule.min_cover
    ]
    return {species.split(" ")[0] for species in top}, set(top)


def _write(path: Path, sequences: Sequence[str]) -> None:
    path.write_text("".join(f">{row}\n{letters}\n" for row, letters in enumerate(sequences)), encoding="ascii")


def _run(*command: str) -> None:
    path = shutil.which(command[0])
    if path is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    subprocess.run([path, *command[1:]], check=True, capture_output=True)
