"""What vsearch, SINTAX and BLAST+ name with a record, its species or its genus withheld.

Search programs get one database of all records and are asked for so many hits that withheld ones can be dropped
from the list; a list that was cut and holds withheld records only would be an error and stops the run. SINTAX
gives no list: it gets a database of its own for each set of withheld records, which is why it is asked a part of
the queries. Where equal top hits bear several names, a rule names none.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accuracy_own import SCENARIOS, Answer, withheld_items
from accuracy_sets import DataSet
from sequence_peers import THREADS

from musk_id.vocabulary import Locus, Rank

__all__ = ["RULES", "SINTAX", "hit_answers", "sintax_answers"]

SINTAX = "SINTAX 0.8"
_CUTOFF = "0.8"
_CODING = (Locus.COI, Locus.CYTB)
# On short markers every record is aligned; on long ones so many accepted and refused candidates, by shared words.
_ACCEPTS = {True: "300", False: "0"}
_REJECTS = {True: "100", False: "0"}
_BLAST_HITS = 1000


@dataclass(frozen=True)
class Rule:
    """A reading of a hit list: the top hit's name, if it reaches this identity."""

    name: str
    program: str
    min_identity: float


RULES = (
    Rule("vsearch top hit >= 97 %", "vsearch", 97.0),
    Rule("vsearch top hit >= 98 %", "vsearch", 98.0),
    Rule("BLAST+ top hit >= 98 %", "blastn", 98.0),
)


@dataclass(frozen=True)
class _Hit:
    target: int
    identity: float
    score: float


def hit_answers(data: DataSet, queries: Sequence[int]) -> dict[str, dict[int, dict[str, Answer]]]:
    """Answers of every rule, by its name, query and scenario; programs that are not installed are left out."""
    found: dict[str, dict[int, dict[str, Answer]]] = {}
    for program in ("vsearch", "blastn"):
        if shutil.which(program) is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            hits, limit = (_vsearch if program == "vsearch" else _blastn)(data, queries, Path(folder))
        for rule in (rule for rule in RULES if rule.program == program):
            found[rule.name] = {
                query: {
                    scenario: _named(rule, data, hits.get(query, []), query, scenario, limit)
                    for scenario in SCENARIOS
                }
                for query in queries
            }
    return found


def _named(
    rule: Rule, data: DataSet, hits: Sequence[_Hit], query: int, scenario: str, limit: int | None
) -> Answer:
    gone = withheld_items(data.items, query, scenario)
    left = [hit for hit in hits if hit.target not in gone]
    if not left:
        if limit is not None and len({hit.target for hit in hits}) >= limit:
            raise RuntimeError(f"{rule.program}: all {limit} hits of query {query} are withheld: ask for more")
        return Answer(Rank.NONE)
    best = max(hit.score for hit in left)
    top = [data.items[hit.target] for hit in left if hit.score == best and hit.identity >= rule.min_identity]
    species, genera = {item.species for item in top}, {item.genus for item in top}
    if len(genera) != 1:
        return Answer(Rank.NONE)
    (genus,) = genera
    if len(species) == 1:
        return Answer(Rank.SPECIES, (next(iter(species)),), genus)
    return Answer(Rank.GENUS, (), genus)


def _vsearch(data: DataSet, queries: Sequence[int], folder: Path) -> tuple[dict[int, list[_Hit]], int | None]:
    coding = data.locus in _CODING
    own, library = _files(data, queries, folder)
    hits = str(folder / "hits.tsv")
    where = ["--usearch_global", own, "--db", library, "--id", "0.9", "--strand", "both", "--threads", THREADS]
    where += ["--maxaccepts", _ACCEPTS[coding], "--maxrejects", _REJECTS[coding]]
    _run("vsearch", *where, "--userout", hits, "--userfields", "query+target+id", "--quiet")
    found: dict[int, list[_Hit]] = {}
    for line in Path(hits).read_text(encoding="ascii").splitlines():
        query, target, identity = line.split("\t")
        found.setdefault(int(query), []).append(_Hit(int(target), float(identity), float(identity)))
    return found, int(_ACCEPTS[coding]) or None


def _blastn(data: DataSet, queries: Sequence[int], folder: Path) -> tuple[dict[int, list[_Hit]], int | None]:
    own, library = _files(data, queries, folder)
    _run("makeblastdb", "-in", library, "-dbtype", "nucl", "-out", str(folder / "db"))
    hits = str(folder / "hits.tsv")
    where = ["-query", own, "-db", str(folder / "db"), "-max_target_seqs", str(_BLAST_HITS), "-max_hsps", "1"]
    _run("blastn", *where, "-num_threads", THREADS, "-outfmt", "6 qseqid sseqid pident bitscore", "-out", hits)
    found: dict[int, list[_Hit]] = {}
    with Path(hits).open(encoding="ascii") as lines:
        for line in lines:
            query, target, identity, score = line.split("\t")
            found.setdefault(int(query), []).append(_Hit(int(target), float(identity), float(score)))
    return found, _BLAST_HITS


def sintax_answers(data: DataSet, queries: Sequence[int]) -> dict[str, dict[int, dict[str, Answer]]]:
    """Answers of SINTAX, as :func:`hit_answers`."""
    if shutil.which("vsearch") is None:
        return {}
    found: dict[int, dict[str, Answer]] = {query: {} for query in queries}
    lines = [
        f">{n};tax=f:{item.family},g:{item.genus},s:{item.species.replace(' ', '_')};\n{item.sequence}\n"
        for n, item in enumerate(data.items)
    ]
    for scenario in SCENARIOS:
        alike: dict[frozenset[int], list[int]] = {}
        for query in queries:
            alike.setdefault(frozenset(withheld_items(data.items, query, scenario)), []).append(query)
        for gone, members in alike.items():
            with tempfile.TemporaryDirectory() as folder:
                for query, names in _sintax(data, lines, gone, members, Path(folder)).items():
                    found[query][scenario] = _ranked(names)
    return {SINTAX: found}


def _sintax(
    data: DataSet, lines: Sequence[str], gone: frozenset[int], queries: Sequence[int], folder: Path
) -> dict[int, Mapping[str, str]]:
    (folder / "library.fasta").write_text(
        "".join(line for n, line in enumerate(lines) if n not in gone), encoding="utf-8"
    )
    _write(folder / "queries.fasta", data, queries)
    where = ["--sintax", str(folder / "queries.fasta"), "--db", str(folder / "library.fasta")]
    where += ["--sintax_cutoff", _CUTOFF, "--randseed", "1", "--threads", "1", "--strand", "both", "--quiet"]
    _run("vsearch", *where, "--tabbedout", str(folder / "out.tsv"))
    found: dict[int, Mapping[str, str]] = {}
    for line in (folder / "out.tsv").read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        kept = cells[3] if len(cells) > 3 else ""
        found[int(cells[0])] = dict(part.split(":", 1) for part in kept.split(",") if ":" in part)
    return found


def _ranked(names: Mapping[str, str]) -> Answer:
    if "s" in names:
        return Answer(Rank.SPECIES, (names["s"].replace("_", " "),), names["g"], names["f"])
    if "g" in names:
        return Answer(Rank.GENUS, (), names["g"], names["f"])
    return Answer(Rank.FAMILY, family=names["f"]) if "f" in names else Answer(Rank.NONE)


def _files(data: DataSet, queries: Sequence[int], folder: Path) -> tuple[str, str]:
    _write(folder / "queries.fasta", data, queries)
    _write(folder / "library.fasta", data, range(len(data.items)))
    return str(folder / "queries.fasta"), str(folder / "library.fasta")


def _write(path: Path, data: DataSet, numbers: Sequence[int]) -> None:
    path.write_text("".join(f">{n}\n{data.items[n].sequence}\n" for n in numbers), encoding="ascii")


def _run(*command: str) -> None:
    path = shutil.which(command[0])
    if path is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    subprocess.run([path, *command[1:]], check=True, capture_output=True)
