"""The release as shipped against every public record of other genera, and against *Moschus* itself.

Every record goes through the barcode stage as a case of its own. The short markers are also judged by a plain
restatement of the rule on the distance kernel alone, without the stage's quality rules, so that the two
can be compared. Writes ``validation/panel-specificity.json`` (schema ``musk-id/validation/1``) with ``--write``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from validation_rows import panel_specificity_validation  # noqa: E402
from wide_margins import (  # noqa: E402
    GENUS,
    METHOD,
    PROJECT,
    REFDATA,
    WIDE_SETS,
    PublicRecord,
    file_sha256,
    read_public,
)

from musk_id.kernels.editdistance import edit_distance  # noqa: E402
from musk_id.kernels.intervals import proportion_upper  # noqa: E402
from musk_id.model.barcode import ItemCall, RunIdentity, SequenceResult  # noqa: E402
from musk_id.model.methods import ANIMAL_METHODS, AmpliconLimits  # noqa: E402
from musk_id.model.provenance import Provenance  # noqa: E402
from musk_id.model.reference import BarcodeReference, ReferenceRelease  # noqa: E402
from musk_id.model.sequence import NucleotideSequence  # noqa: E402
from musk_id.model.technical import SequenceEvidence  # noqa: E402
from musk_id.model.values import Identifier, Line, Sha256, decimal_text  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.stages.barcode import call_barcodes  # noqa: E402
from musk_id.stages.library import BarcodeLibrary  # noqa: E402
from musk_id.vocabulary import Finding, Locus, Rank, Reason, Technique  # noqa: E402

RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
RESULT = PROJECT / "validation" / "panel-specificity.json"
ANIMALS = ANIMAL_METHODS[0]
# The same method: a tree decides nothing and takes most of the time of a call.
WITHOUT_TREES = replace(METHOD, tree_replicates=0)
SETS = (
    (Locus.RRNA_12S, WIDE_SETS[Locus.RRNA_12S]),
    (Locus.RRNA_16S, WIDE_SETS[Locus.RRNA_16S]),
    (Locus.COI, "sequences/mldsp/mammal_COX1.fasta.gz"),
    (Locus.COI, "sequences/kruger/kruger_mammal_COI.fasta.gz"),
    (Locus.CYTB, "sequences/mldsp/mammal_CYTB.fasta.gz"),
    (Locus.CYTB, "sequences/mitoclub/mammal_cytb_refseq2023.fasta.gz"),
)
MOSCHUS_SETS = {
    Locus.RRNA_12S: "sequences/moschus/moschus_12S-V5.fasta.gz",
    Locus.RRNA_16S: "sequences/moschus/moschus_16S-amplicon.fasta.gz",
}
QUICK_RECORDS = 60
FLAGGED = ("LABEL_DOUBT", "HYBRID", "SPECIES_UNDETERMINED", "NAME_UNRESOLVED", "NEAR_OTHER_GENUS")
_CAVEAT = (
    "These rates describe the comparison step on public reference sequences. They do not include sampling, "
    "contamination, exchange of samples, or wrong names in the references; they are not the probability that "
    "a result is wrong."
)


@dataclass(frozen=True)
class Outcome:
    """What the stage says of one public record at one locus."""

    record: PublicRecord
    result: SequenceResult
    item: ItemCall

    @property
    def is_target(self) -> bool:
        """Whether the record is called *Moschus*, as a sequence or as an item."""
        call = self.result.call
        called = call is not None and call.taxon is not None and str(call.taxon).startswith(GENUS)
        return called or self.item.moschus == Finding.DETECTED


class Stage:
    """The barcode stage with one release."""

    def __init__(self, release: ReferenceRelease) -> None:
        self.library = BarcodeLibrary.from_release(release, METHOD)

    def item(self, sequences: Sequence[tuple[str, str]]) -> tuple[tuple[SequenceResult, ...], ItemCall]:
        """Results of sequences (name, letters) of one item, each from a run of its own, and its call."""
        evidence = tuple(
            SequenceEvidence(
                run=_run(number),
                declared_locus=None,
                file_sha256=Sha256("0" * 64),
                sequences=(NucleotideSequence(name, letters),),
            )
            for number, (name, letters) in enumerate(sequences)
        )
        record = call_barcodes(
            Identifier("specificity"),
            evidence,
            self.library,
            WITHOUT_TREES,
            ANIMALS,
            Provenance(software_version=Line("-")),
            invalid_loci={},
        )
        return record.sequences, record.items[0]

    def outcome(self, record: PublicRecord) -> Outcome:
        """Outcome of a record alone."""
        (result,), item = self.item([(record.accession, record.sequence)])
        return Outcome(record, result, item)


def _run(number: int) -> RunIdentity:
    name = Identifier(f"r{number}")
    return RunIdentity(
        item_id=Identifier("item"),
        sub_sample_id=name,
        extract_id=name,
        product_id=name,
        run_id=name,
        technique=Technique.SEQUENCE,
    )


def rate(k: int, n: int) -> dict[str, object]:
    """A rate with its one-sided 95 % Clopper-Pearson upper limit."""
    upper = decimal_text(proportion_upper(k, n), 6) if n else None
    return {"k": k, "n": n, "upper_95_one_sided": upper}


def restated(letters: str, references: Iterable[BarcodeReference]) -> tuple[int, int]:
    """Distance to the nearest *Moschus* (ambiguity against it) and to the nearest other genus (for it)."""
    own, other = [], []
    for reference in references:
        distance = edit_distance(letters, reference.sequence)
        if reference.genus == GENUS:
            own.append(distance.upper)
        else:
            other.append(distance.lower)
    return min(own), min(other)


def amplicon_kernel(
    records: Sequence[PublicRecord], release: ReferenceRelease, limits: AmpliconLimits
) -> dict[str, object]:
    """The rule of a short marker restated on the kernel, records of any length."""
    references = release.barcodes_at(limits.locus)
    measured = [(r, *restated(r.sequence, references)) for r in records]
    nearest = [(r, own, other) for r, own, other in measured if own < other]
    called = [m for m in nearest if m[1] <= limits.radius_edits and m[2] - m[1] >= limits.margin_edits]
    whole = [m for m in measured if limits.min_length_bp <= len(m[0].sequence) <= limits.max_length_bp]
    return {
        "called": rate(len(called), len(measured)),
        "called_records": sorted(f"{r.accession} {r.species} ({len(r.sequence)} letters)" for r, _, _ in called),
        "nearest_is_moschus": len(nearest),
        "nearest_is_moschus_species": len({r.species for r, _, _ in nearest}),
        "nearest_is_moschus_with_margin": sum(o - d >= limits.margin_edits for _, d, o in nearest),
        "records_of_admitted_length": len(whole),
        "within_radius_of_admitted_length": sum(d <= limits.radius_edits for _, d, _ in whole),
        "smallest_distance_of_admitted_length": min(d for _, d, _ in whole),
    }


def other_genera(stage: Stage, release: ReferenceRelease, refdata: Path, every: int) -> list[dict[str, object]]:
    """Every set against the release as shipped."""
    held = {record.accession.split(".")[0] for record in release.barcodes}
    results = []
    for locus, name in SETS:
        records = [r for r in read_public(refdata / name) if r.genus != GENUS][::every]
        outcomes = [stage.outcome(record) for record in records]
        called = [o for o in outcomes if o.is_target]
        species = {o.record.species for o in outcomes}
        judged = [o for o in outcomes if o.result.call is not None or Reason.HUMAN_DNA in o.result.reasons]
        reasons = Counter(reason.value for o in outcomes if o.result.call is None for reason in o.result.reasons)
        entry: dict[str, object] = {
            "locus": locus.value,
            "data": name,
            "data_sha256": file_sha256(refdata / name),
            "stratum": f"mammals of other genera than {GENUS}",
            "called_moschus": rate(len(called), len(outcomes)),
            "called_moschus_of_judged": rate(len(called), len(judged)),
            "called_moschus_by_species": rate(len({o.record.species for o in called}), len(species)),
            "called_records": sorted(f"{o.record.accession} {o.record.species}" for o in called),
            "not_judged": dict(sorted(reasons.items())),
            "records_that_are_references_themselves": sum(r.accession.split(".")[0] in held for r in records),
            "locus_found_is_another": sum(o.result.locus not in (locus, None) for o in outcomes),
        }
        limits = next((a for a in METHOD.amplicons if a.locus == locus), None)
        if limits is not None:
            entry["kernel"] = amplicon_kernel(records, release, limits)
        results.append(entry)
    return results


def target_records(release: ReferenceRelease, refdata: Path, locus: Locus) -> list[PublicRecord]:
    """*Moschus* records of a locus: those of the release that are compared, and public ones beside them."""
    compared = [r for r in release.barcodes_at(locus) if r.genus == GENUS]
    known = {r.accession.split(".")[0] for r in release.barcodes if r.genus == GENUS}
    public = read_public(refdata / MOSCHUS_SETS[locus])
    records = [PublicRecord(r.accession, r.organism_as_deposited, "", r.sequence) for r in compared]
    records += [r for r in public if r.accession.split(".")[0] not in known]
    return sorted(records, key=lambda r: r.accession)


def moschus(release: ReferenceRelease, refdata: Path) -> list[dict[str, object]]:
    """*Moschus* records: those that are no reference as they are; all with their deposited species withheld."""
    shipped = Stage(release)
    results = []
    for locus in MOSCHUS_SETS:
        records = target_records(release, refdata, locus)
        held = {r.accession for r in release.barcodes}
        outside = [shipped.outcome(r) for r in records if r.accession not in held]
        withheld = []
        for record in records:
            kept = tuple(b for b in release.barcodes if b.organism_as_deposited != record.species)
            withheld.append(Stage(replace(release, barcodes=kept)).outcome(record))
        results.append(
            {
                "locus": locus.value,
                "data": MOSCHUS_SETS[locus],
                "data_sha256": file_sha256(refdata / MOSCHUS_SETS[locus]),
                "not_in_release_called": _found(outside),
                "own_deposited_species_withheld_called": _found(withheld),
            }
        )
    return results


def _found(outcomes: Sequence[Outcome]) -> dict[str, object]:
    missed = [o for o in outcomes if not o.is_target]
    return {
        "k": len(outcomes) - len(missed),
        "n": len(outcomes),
        "records": [f"{o.record.accession} {o.record.species}" for o in outcomes],
        "missed": [
            f"{o.record.accession} {o.record.species}: {', '.join(o.result.reasons)}; distance "
            f"{o.result.call.genus_of_interest_distance if o.result.call else '-'}"
            for o in missed
        ],
    }


def named_genera(item: ItemCall) -> set[str]:
    """Genera that an item call names, *Moschus* included."""
    named = {str(t.taxon).split(" ")[0] for t in item.other_taxa if t.rank in (Rank.GENUS, Rank.SPECIES)}
    return named | ({GENUS} if item.moschus == Finding.DETECTED else set())


def _tally(answers: Sequence[tuple[PublicRecord, ItemCall]], genera: set[str]) -> dict[str, object]:
    """Right, wrong and no genus, apart for genera that the release holds and for those that it lacks."""
    counts: Counter[str] = Counter()
    wrong = []
    for record, item in answers:
        stratum = "held" if record.genus in genera else "lacking"
        named = named_genera(item)
        answer = "none" if not named else ("right" if named == {record.genus} else "wrong")
        counts[f"{stratum}_{answer}"] += 1
        if answer == "wrong":
            wrong.append(f"{record.accession} {record.species} -> {', '.join(sorted(named))} [{record.flags}]")
    total_held = sum(counts[f"held_{a}"] for a in ("right", "wrong", "none"))
    total_lacking = sum(counts[f"lacking_{a}"] for a in ("right", "wrong", "none"))
    return {
        "genus_in_release": {
            "right": counts["held_right"],
            "no_genus": counts["held_none"],
            "wrong": rate(counts["held_wrong"], total_held),
        },
        "genus_not_in_release": {
            "no_genus": counts["lacking_none"],
            "wrong": rate(counts["lacking_wrong"], total_lacking),
        },
        "wrong_records": sorted(wrong),
    }


def other_mammals(stage: Stage, release: ReferenceRelease, refdata: Path, every: int) -> dict[str, object]:
    """The method for other mammals: both short markers of one accession, and one coding marker alone."""
    held = {record.accession.split(".")[0] for record in release.barcodes}
    genera = {taxon.genus for taxon in release.taxa}
    first, second = (
        {r.accession: r for r in read_public(refdata / WIDE_SETS[locus])}
        for locus in (Locus.RRNA_12S, Locus.RRNA_16S)
    )
    paired = sorted(a for a in set(first) & set(second) if first[a].genus == second[a].genus != GENUS)
    answers = []
    for accession in [a for a in paired if a.split(".")[0] not in held][::every]:
        letters = [(accession, first[accession].sequence), (accession, second[accession].sequence)]
        answers.append((first[accession], stage.item(letters)[1]))
    result: dict[str, object] = {"both_amplicons_of_one_accession": _tally(answers, genera)}
    for locus, name in SETS[2:]:
        records = [
            r
            for r in read_public(refdata / name)
            if r.genus != GENUS
            and r.accession.split(".")[0] not in held
            and not any(flag in r.flags for flag in FLAGGED)
        ][::every]
        single = [(record, stage.outcome(record).item) for record in records]
        result[f"{locus.value} {name}"] = _tally(single, genera)
    return result


def main() -> int:
    """Measure, print the sums, write the validation file when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--release", type=Path, default=RELEASE, help="release folder")
    parser.add_argument("--write", action="store_true", help="write the validation file")
    parser.add_argument("--out", type=Path, help="write the result there and print one line a set")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RECORDS} records a set; nothing written")
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    release = load_release(options.release)
    stage = Stage(release)
    every = 5400 // QUICK_RECORDS if options.quick else 1
    others = other_genera(stage, release, options.refdata, every)
    tree = {
        "benchmark": "benchmarks/panel_specificity.py",
        "methods": [METHOD.version, ANIMALS.version],
        "release": release.release_id,
        "release_sha256": release.manifest_sha256,
        "note": _CAVEAT,
        "other_genera": others,
        "moschus": moschus(release, options.refdata),
        "other_mammals": other_mammals(stage, release, options.refdata, every),
    }
    text = json.dumps(tree, indent=1, sort_keys=True) + "\n"
    if options.out is None:
        print(text)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="ascii")
        for entry in others:
            print(f"{entry['locus']} {entry['data']}: called {GENUS} {entry['called_moschus']}")
        print(f"Panel specificity, every {every}th record: {options.out}")
    if options.write and not options.quick:
        write_validation(RESULT, panel_specificity_validation(tree))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
