"""How the marker that screens for mammals in food names genera: public 16S genes, a half of the species each.

The stretch between the primers is cut from every gene. Each is matched against all others by the rules themselves:
without its own record, without its own species, and without its own genus (where every name is wrong). Limits were
fixed on queries of the development half, by the table that ``--grid`` prints; the library holds both halves.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from accuracy_sets import HALVES, half_of
from measuring import print_table
from wide_margins import REFDATA, file_sha256, read_public

from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.intervals import proportion_upper
from musk_id.kernels.nucleotides import decode
from musk_id.library_vocabulary import IntervalKind
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS, AnimalMethod, require_method
from musk_id.model.reference import BarcodeReference
from musk_id.model.screening_markers import SCREENING_MARKERS
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import Line, RelativePath, Sha256, Text, decimal_text
from musk_id.records.files import sha256_bytes
from musk_id.records.validation import write_validation
from musk_id.refdb.release import load_release, locate_release
from musk_id.refdb.screening_windows import stretches_of
from musk_id.stages.comparison import Compared
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_judgement import judge_locus
from musk_id.stages.locus_limits import limits_of
from musk_id.vocabulary import CurationState, Rank

__all__ = ["STRATA", "Counts", "Query", "count", "gather", "queries_of"]

SET = "sequences/mldsp/mammal_16S.fasta.gz"
RESULT = Path(__file__).resolve().parents[1] / "validation" / "screening-marker.json"
METHOD, ANIMALS = BARCODE_METHODS[-1], require_method(ANIMAL_METHODS, "general-mammal-3")
MARKER = SCREENING_MARKERS[0]
HELD = "own record withheld, its species held"
STRATA = ("own record withheld", "own species withheld", "own genus withheld", HELD)
# COX1 or cytochrome b within 1 % of a record of another genus, or all letters those of an earlier record: where
# such records bear names of two genera, one name is wrong or out of use.
DOUBTED = ("NEAR_OTHER_GENUS", "IDENTICAL_TO")
_LEFT_OUT = ("HYBRID", "SPECIES_UNDETERMINED", "NAME_UNRESOLVED", "LABEL_DOUBT")
# No radius and margin that are tried reach further beyond the nearest reference.
REACH = 12
GRID = [(radius, margin) for radius in range(5) for margin in range(1, 7)]


@dataclass
class Counts:
    """Queries, those given a genus, those given a family, and those given a family that is not theirs.

    ``wrong`` holds the accessions of those given a wrong genus.
    """

    queries: int = 0
    named: int = 0
    families: int = 0
    wrong_families: int = 0
    wrong: list[str] = field(default_factory=list)


def gather(refdata: Path) -> list[BarcodeReference]:
    """Stretches of the marker of all records of a set that have one and an undoubted name."""
    with (refdata / SET.replace(".fasta.gz", ".tsv")).open(encoding="utf-8", newline="") as handle:
        taxa = {row["accession"]: row for row in csv.DictReader(handle, delimiter="\t")}
    records = [
        record
        for record in read_public(refdata / SET)
        if len(record.species.split(" ")) > 1 and not any(flag in record.flags for flag in _LEFT_OUT)
    ]
    found = []
    for record, stretches in zip(records, stretches_of([r.sequence for r in records], MARKER), strict=True):
        if len(stretches) != 1:
            continue
        letters, row = decode(stretches[0][0]), taxa[record.accession]
        found.append(
            BarcodeReference(
                accession=Line(record.accession),
                organism_as_deposited=Line(" ".join(record.species.split(" ")[:2])),
                organism_revised=(),
                genus=Line(record.genus),
                family=Line(row["family"]),
                order=Line(row["order"]),
                state=CurationState.REFERENCE,
                locus=MARKER.locus,
                individual=Line(record.accession),
                sequence=Text(letters),
                sha256=Sha256(sha256_bytes(letters.encode("ascii"))),
            )
        )
    return found


def distances(records: Sequence[BarcodeReference]) -> np.ndarray:
    """Lower and upper bounds of the edits between all pairs, shape (n, n, 2)."""
    letters = sorted({str(record.sequence) for record in records})
    place = {text: number for number, text in enumerate(letters)}
    table = np.zeros((len(letters), len(letters), 2), np.int16)
    for i, first in enumerate(letters):
        for j in range(i + 1):
            found = edit_distance(first, letters[j])
            table[i, j] = table[j, i] = (found.lower, found.upper)
    rows = np.array([place[str(record.sequence)] for record in records])
    whole: np.ndarray = table[np.ix_(rows, rows)]
    return whole


@dataclass(frozen=True)
class Query:
    """A record with the references that may decide on it."""

    record: BarcodeReference
    compared: tuple[Compared, ...]


def queries_of(records: Sequence[BarcodeReference], edits: np.ndarray, half: str, stratum: str) -> list[Query]:
    """Records of a half, each with the references at hand up to ``REACH`` beyond the nearest one."""
    own = (
        np.arange(len(records)),
        np.unique([str(record.organism_as_deposited) for record in records], return_inverse=True)[1],
        np.unique([str(record.genus) for record in records], return_inverse=True)[1],
    )[STRATA.index(stratum) % 3]
    found = []
    for number, query in enumerate(records):
        if half_of(str(query.organism_as_deposited)) != half:
            continue
        at_hand = np.flatnonzero(own != own[number])
        if stratum == HELD and not any(
            records[row].organism_as_deposited == query.organism_as_deposited for row in at_hand.tolist()
        ):
            continue
        near = at_hand[edits[number, at_hand, 0] <= edits[number, at_hand, 1].min() + REACH]
        compared = [
            Compared(records[row], Fraction(lower), Fraction(upper), lower, upper, len(records[row].sequence))
            for row, (lower, upper) in zip(near.tolist(), edits[number, near].tolist(), strict=True)
        ]
        compared.sort(key=lambda c: (c.upper, c.lower, c.record.accession))
        found.append(Query(query, tuple(compared)))
    return found


def count(queries: Sequence[Query], genera: int, animals: AnimalMethod, library: BarcodeLibrary) -> Counts:
    """Count the answers of the rules in a library of so many genera."""
    limits = limits_of(MARKER.locus, METHOD, animals, genera)
    counts = Counts(len(queries))
    for query in queries:
        judged = judge_locus(query.compared, limits, library, METHOD, animals)
        if judged.genus is not None:
            counts.named += 1
            if judged.genus != query.record.genus:
                counts.wrong.append(str(query.record.accession))
        elif judged.rank is Rank.FAMILY:
            counts.families += 1
            counts.wrong_families += judged.taxon != query.record.family
    return counts


def with_limits(radius: int, margin: int) -> AnimalMethod:
    """The method with other limits at the marker."""
    wide = tuple(
        replace(entry, radius=decimal_text(radius, 0), margin=decimal_text(margin, 0))
        if entry.locus is MARKER.locus
        else entry
        for entry in ANIMALS.wide
    )
    return replace(ANIMALS, wide=wide)


def validation(results: dict[tuple[str, str], Counts], digest: str, records: int) -> Validation:
    """The figures as rows of the shared schema."""
    rows = []
    for (half, stratum), counts in results.items():
        for measure, k, n in (
            ("genus named", counts.named, counts.queries),
            ("wrong genus of those named", len(counts.wrong), counts.named),
            ("wrong family of those named", counts.wrong_families, counts.families),
        ):
            upper = decimal_text(proportion_upper(k, n), 4) if n else None
            rows.append(
                ValidationRow(
                    measure=Line(measure),
                    method=ANIMALS.version,
                    locus=MARKER.locus,
                    stratum=Line(f"{half} half, {stratum}"),
                    data=(Sha256(digest),),
                    k=k,
                    n=n,
                    listed=tuple(map(Line, counts.wrong)) if measure.startswith("wrong genus") else (),
                    interval=None if upper is None else Interval(kind=IntervalKind.ONE_SIDED_95, upper=upper),
                )
            )
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath("benchmarks/screening_marker.py"),
        methods=(ANIMALS.version,),
        note=Text(
            "Stretches between the primers, cut from whole 16S genes of mammals; each against all others. "
            "Origin of the data: grandhawa/MLDSP at 69be63e (GenBank and RefSeq records)."
        ),
        data=(ValidationData(path=RelativePath(SET), sha256=Sha256(digest), records=records),),
        rows=tuple(rows),
    )


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--grid", action="store_true", help="radius and margin on the development half")
    parser.add_argument("--write", action="store_true", help="write the validation file")
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    records = gather(options.refdata)
    library = BarcodeLibrary.from_release(load_release(locate_release("2026.1")), METHOD)
    edits = distances(records)
    genera, species = len({r.genus for r in records}), len({r.organism_as_deposited for r in records})
    print(f"{len(records)} stretches of {species} species, {genera} genera")
    if options.grid:
        development = [queries_of(records, edits, HALVES[0], stratum) for stratum in STRATA]
        rows = []
        for radius, margin in GRID:
            told = [count(queries, genera, with_limits(radius, margin), library) for queries in development]
            rows.append((radius, margin, *(f"{c.named}/{len(c.wrong)}" for c in told)))
        print_table("development half: genera named / wrong", ("radius", "margin", *STRATA), rows)
        return 0
    results = {
        (half, stratum): count(queries_of(records, edits, half, stratum), genera, ANIMALS, library)
        for half in HALVES
        for stratum in STRATA
    }
    doubted = {r.accession for r in read_public(options.refdata / SET) if any(flag in r.flags for flag in DOUBTED)}
    rows = []
    for (half, stratum), c in results.items():
        sound = [accession for accession in c.wrong if accession not in doubted]
        wrong = (len(c.wrong), len(sound), _upper(len(c.wrong), c.named), " ".join(sound))
        rows.append((half, stratum, c.queries, c.named, *wrong[:3], c.families, c.wrong_families, wrong[3]))
    columns = (
        "half", "library", "queries", "genera named", "wrong", "without doubted names", "upper 95 %", "families",
        "wrong families", "wrong, without doubted names",
    )  # fmt: skip
    print_table(f"{ANIMALS.version} at {MARKER.locus}", columns, rows)
    if options.write:
        write_validation(RESULT, validation(results, file_sha256(options.refdata / SET), len(records)))
    return 0


def _upper(k: int, n: int) -> str:
    """One-sided upper limit of a rate, in per cent."""
    return "-" if not n else f"{100 * proportion_upper(k, n):.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
