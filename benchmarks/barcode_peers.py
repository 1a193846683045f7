"""Barcode stage beside vsearch and blastn: who calls *Moschus*, who names a species, and how long it takes.

Three questions, each with the same queries and the same library for every program:

- *panel*: mammals of other genera against the release as shipped. Any call of *Moschus* is wrong.
- *wide*: mammals whose genus is withheld from a wide public set that holds *Moschus*. Any genus is wrong.
- *target*: *Moschus* records against the release without their own animal, and without their own species.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring import Timing, timed  # noqa: E402
from panel_specificity import (  # noqa: E402
    ANIMALS,
    MOSCHUS_SETS,
    SETS,
    Outcome,
    Stage,
    named_genera,
    rate,
)
from sequence_peers import RULES, Entry, Program, named_by, program_version  # noqa: E402
from wide_margins import GENUS, METHOD, PublicRecord, file_sha256, read_public  # noqa: E402

from musk_id.model.reference import BarcodeReference, ReferenceRelease  # noqa: E402
from musk_id.model.values import Line, Sha256, Text  # noqa: E402
from musk_id.stages.comparison import compare  # noqa: E402
from musk_id.stages.placement import place_sequence  # noqa: E402
from musk_id.vocabulary import CurationState, Locus, Rank, Reason  # noqa: E402

__all__ = ["OWN", "PROGRAMS", "panel", "target", "versions", "wide"]

OWN = "musk-id stage"
OWN_DISTANCES = "musk-id distances only"
PROGRAMS = ("vsearch", "blastn")
WIDE = tuple(entry for entry in SETS if "kruger" not in entry[1] and "mitoclub" not in entry[1])
TARGETS = {
    **MOSCHUS_SETS,
    Locus.COI: "sequences/moschus/moschus_COX1.fasta.gz",
    Locus.CYTB: "sequences/moschus/moschus_CYTB.fasta.gz",
}
CODING = (Locus.COI, Locus.CYTB)
RUMINANTS = frozenset({"Antilocapridae", "Bovidae", "Cervidae", "Giraffidae", "Tragulidae"})


@dataclass(frozen=True)
class Answer:
    """What a program says of a query: the genera and the species that it names (several: no one answer)."""

    genera: frozenset[str]
    species: frozenset[str] = frozenset()


Answers = dict[str, list[Answer]]
Times = dict[str, Timing]


def versions() -> dict[str, str | None]:
    """Versions of the programs that are installed."""
    return {name: program_version(name) for name in PROGRAMS}


def own_answer(outcome: Outcome) -> Answer:
    """Genera and species that the stage names; a human sequence counts as named."""
    genera = set(named_genera(outcome.item)) | ({GENUS} if outcome.is_target else set())
    if Reason.HUMAN_DNA in outcome.result.reasons:
        genera.add("Homo")
    item = outcome.item
    species = {str(item.taxon)} if item.rank is Rank.SPECIES and item.taxon is not None else set()
    species |= {str(taxon.taxon) for taxon in item.other_taxa if taxon.rank is Rank.SPECIES}
    return Answer(frozenset(genera), frozenset(species))


def distances(stage: Stage, letters: str) -> None:
    """Marker, strand and the distance to every reference: the part of the stage that programs do as well."""
    placed = place_sequence(letters, None, stage.library, METHOD)
    if placed.locus is not None and placed.masks is not None:
        compare(placed.masks, stage.library.loci[placed.locus])


def ask(
    stage: Stage, records: Sequence[PublicRecord], library: Sequence[Entry], programs: Iterable[str], repeats: int
) -> tuple[Answers, Times]:
    """Answers of every program to the same records with the same library, and wall times."""
    outcomes: list[Outcome] = []

    def stage_run() -> None:
        outcomes[:] = [stage.outcome(record) for record in records]

    times: Times = {OWN: timed(stage_run, repeats)}
    answers: Answers = {OWN: [own_answer(outcome) for outcome in outcomes]}
    times[OWN_DISTANCES] = timed(lambda: [distances(stage, record.sequence) for record in records], repeats)
    for name in programs:
        with tempfile.TemporaryDirectory() as folder:
            program = Program(name, library, Path(folder))
            program.set_queries([record.sequence for record in records])
            times[f"{name} index"] = timed(program.index, 1)
            times[name] = timed(program.search, repeats)
            hits = program.hits()
        for rule in (rule for rule in RULES if rule.program == name):
            answers[rule.name] = [
                Answer(*(frozenset(names) for names in named_by(rule, hits.get(row, ()), library)))
                for row in range(len(records))
            ]
    return answers, times


def count(records: Sequence[PublicRecord], answers: Sequence[Answer]) -> dict[str, object]:
    """Calls of *Moschus* on other genera, and genera right, wrong and not named (or several at once)."""
    tally: Counter[str] = Counter()
    called = []
    for record, answer in zip(records, answers, strict=True):
        if GENUS in answer.genera and len(answer.genera) == 1 and record.genus != GENUS:
            called.append(f"{record.accession} {record.species}")
        if len(answer.genera) != 1:
            tally["none"] += 1
        else:
            tally["right" if record.genus in answer.genera else "wrong"] += 1
    return {
        "called_moschus": rate(len(called), len(records)),
        "called_records": sorted(called),
        "genus_right": tally["right"],
        "genus_wrong": tally["wrong"],
        "no_genus": tally["none"],
    }


def _times(times: Times) -> dict[str, object]:
    """Times and their ratios to our stage: above 1 the program takes longer than the stage."""
    own = times[OWN].median
    ratios = {name: timing.median / own for name, timing in times.items() if name != OWN}
    return {"wall": {name: timing.tree() for name, timing in times.items()}, "ratio_to_stage": ratios}


def _result(
    head: dict[str, object], records: Sequence[PublicRecord], answers: Answers, times: Times
) -> dict[str, object]:
    counts = {name: count(records, given) for name, given in answers.items()}
    return {**head, "queries": len(records), "answers": counts, "times": _times(times)}


def panel(
    release: ReferenceRelease, refdata: Path, every: int, programs: Sequence[str], repeats: int
) -> list[dict[str, object]]:
    """Every ``every``-th record of other genera against the release as shipped."""
    stage, results = Stage(release), []
    for locus, name in SETS:
        records = [r for r in read_public(refdata / name) if r.genus != GENUS][::every]
        library = [Entry(r.organism_as_deposited, r.sequence) for r in stage.library.loci[locus].records]
        head = _head(locus, refdata, name, "mammals of other genera against the release", len(library))
        results.append(_result(head, records, *ask(stage, records, library, programs, repeats)))
    return results


def _head(locus: Locus, refdata: Path, name: str, stratum: str, library: int) -> dict[str, object]:
    return {
        "locus": locus.value,
        "data": name,
        "data_sha256": file_sha256(refdata / name),
        "stratum": stratum,
        "library_records": library,
    }


def wide(
    release: ReferenceRelease, refdata: Path, every: int, programs: Sequence[str], repeats: int
) -> list[dict[str, object]]:
    """Records of withheld genera against the rest of a wide set, ruminants apart from other mammals."""
    results = []
    for locus, name in WIDE:
        families = _families(refdata / name.replace(".fasta.gz", ".tsv"))
        records = _in_frame(read_public(refdata / name), locus, Stage(release))
        withheld = _withheld_genera(records, families)
        kept = [r for r in records if r.genus not in withheld]
        stage = Stage(_wide_release(release, kept, locus, families))
        library = [Entry(r.species, r.sequence) for r in kept]
        for stratum, chosen in (("ruminants", True), ("other mammals", False)):
            queries = [
                r for r in records if r.genus in withheld and (families[r.accession] in RUMINANTS) is chosen
            ][::every]
            head = _head(locus, refdata, name, f"{stratum}, genus withheld from the wide set", len(library))
            results.append(_result(head, queries, *ask(stage, queries, library, programs, repeats)))
    return results


def _families(table: Path) -> dict[str, str]:
    with table.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["accession"]: row["family"] for row in rows}


def _in_frame(records: Sequence[PublicRecord], locus: Locus, stage: Stage) -> list[PublicRecord]:
    """Records of a coding marker cut to its window, those that do not fill it left out; others as they are."""
    if locus not in CODING:
        return list(records)
    found = []
    for record in records:
        placed = place_sequence(record.sequence, locus, stage.library, METHOD)
        if placed.callable and "-" not in placed.letters:
            found.append(replace(record, sequence=placed.letters))
    return found


def _withheld_genera(records: Sequence[PublicRecord], families: dict[str, str]) -> frozenset[str]:
    """Every second genus of ruminants and every tenth of the others, by name; never *Moschus*."""
    family = {record.genus: families[record.accession] for record in records if record.genus != GENUS}
    ruminants = sorted(genus for genus, name in family.items() if name in RUMINANTS)
    others = sorted(genus for genus, name in family.items() if name not in RUMINANTS)
    return frozenset(ruminants[::2] + others[::10])


def _wide_release(
    release: ReferenceRelease, records: Sequence[PublicRecord], locus: Locus, families: dict[str, str]
) -> ReferenceRelease:
    """The public records in the place of the release's barcodes; no margins are known for them."""
    barcodes = tuple(
        BarcodeReference(
            accession=Line(record.accession),
            organism_as_deposited=Line(record.species),
            genus=Line(record.genus),
            family=Line(families[record.accession] or "-"),
            order=Line("-"),
            state=CurationState.REFERENCE,
            locus=locus,
            individual=Line(record.accession),
            sequence=Text(record.sequence),
            sha256=Sha256(hashlib.sha256(record.sequence.encode("ascii")).hexdigest()),
        )
        for record in records
    )
    return replace(release, barcodes=barcodes, wide_margins=(), sets=())


def target(
    release: ReferenceRelease, refdata: Path, every: int, programs: Sequence[str]
) -> list[dict[str, object]]:
    """*Moschus* records with their own animal withheld, and with their own deposited species withheld."""
    results = []
    for locus, name in TARGETS.items():
        records = _target_records(release, refdata, locus)[::every]
        individuals = {r.accession.split(".")[0]: r.individual for r in release.barcodes}

        def same_animal(b: BarcodeReference, r: PublicRecord, known: dict[str, Line] = individuals) -> bool:
            stem = r.accession.split(".")[0]
            return b.individual == known.get(stem) or b.accession.split(".")[0] == stem

        withheld: dict[str, Callable[[BarcodeReference, PublicRecord], bool]] = {
            "own animal withheld": same_animal,
            "own species withheld": lambda b, r: b.organism_as_deposited == r.species or same_animal(b, r),
        }
        for stratum, left_out in withheld.items():
            answers: Answers = {}
            for record in records:
                kept = tuple(b for b in release.barcodes if not left_out(b, record))
                stage = Stage(replace(release, barcodes=kept))
                library = [Entry(r.organism_as_deposited, r.sequence) for r in stage.library.loci[locus].records]
                for program, given in ask(stage, [record], library, programs, 1)[0].items():
                    answers.setdefault(program, []).extend(given)
            head = _head(locus, refdata, name, f"{GENUS}, {stratum}", 0)
            head.pop("library_records")
            counts = {program: _species_count(records, given) for program, given in answers.items()}
            results.append({**head, "queries": len(records), "answers": counts})
    return results


def _target_records(release: ReferenceRelease, refdata: Path, locus: Locus) -> list[PublicRecord]:
    """*Moschus* records of the release that are compared, and public ones beside them, one per accession."""
    states = (CurationState.REFERENCE, CurationState.NAME_UNRESOLVED)
    found = {
        b.accession.split(".")[0]: PublicRecord(b.accession, b.organism_as_deposited, "", b.sequence)
        for b in release.barcodes
        if b.locus is locus and b.genus == GENUS and b.state in states
    }
    held = {b.accession.split(".")[0] for b in release.barcodes if b.genus == GENUS}
    for record in read_public(refdata / TARGETS[locus]):
        if record.accession.split(".")[0] not in held:
            found[record.accession.split(".")[0]] = record
    return [found[key] for key in sorted(found)]


def _species_count(records: Sequence[PublicRecord], answers: Sequence[Answer]) -> dict[str, object]:
    """*Moschus* called or not, and species named: as deposited, or another one."""
    named = [(r, a) for r, a in zip(records, answers, strict=True) if len(a.species) == 1]
    other = [
        f"{r.accession} {r.species} -> {next(iter(a.species))}" for r, a in named if r.species not in a.species
    ]
    return {
        "called_moschus": {"k": sum(a.genera == {GENUS} for a in answers), "n": len(answers)},
        "wrong_genus": sum(len(a.genera) == 1 and GENUS not in a.genera for a in answers),
        "species_named": len(named),
        "species_as_deposited": len(named) - len(other),
        "species_other_than_deposited": {"k": len(other), "n": len(answers)},
        "species_other_records": sorted(other),
    }


def methods() -> list[str]:
    """Method versions that the stage runs with."""
    return [METHOD.version, ANIMALS.version]
