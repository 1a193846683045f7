"""W of each mini-barcode of the panel: its smallest distance to any other genus than its own in wide public sets.

Writes ``validation/wide-margins.json`` (schema ``musk-id/validation/1``) and, with ``--sources``,
``wide_margins.tsv`` of a release's sources (figures only, no sequence). Records shorter or longer than the
barcode method accepts are fragments or carry flanks; they are counted, and what they would change is printed,
but they do not enter W.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
sys.path.insert(0, str(PROJECT / "benchmarks"))

from validation_rows import wide_margins_validation  # noqa: E402

from musk_id.kernels.editdistance import edit_distance  # noqa: E402
from musk_id.model.methods import BARCODE_METHODS, AmpliconLimits  # noqa: E402
from musk_id.model.reference import BarcodeReference  # noqa: E402
from musk_id.model.validation import Validation  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.content import COLUMNS, parse_content  # noqa: E402
from musk_id.refdb.tables import table_bytes  # noqa: E402
from musk_id.vocabulary import CurationState, Locus  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata"
SOURCES = PROJECT / "reference_db" / "sources" / "2026.1"
RESULT = PROJECT / "validation" / "wide-margins.json"
GENUS = "Moschus"
METHOD = BARCODE_METHODS[0]
WIDE_SETS = {
    Locus.RRNA_12S: "sequences/screenforbio2023/mammal_12S-V5_amplicon_2023.fasta.gz",
    Locus.RRNA_16S: "sequences/screenforbio2023/mammal_16S_amplicon_2023.fasta.gz",
}
ORIGIN = "jiyinqiu/screenforbio-mbc-23GLG at df9d248 (MIDORI2 GB253), mammals"
QUICK_RECORDS = 300


@dataclass(frozen=True)
class PublicRecord:
    """A record of a public set: accession, species with a space, flags as in the file, letters."""

    accession: str
    species: str
    flags: str
    sequence: str

    @property
    def genus(self) -> str:
        """First word of the species name."""
        return self.species.split(" ")[0]


@dataclass(frozen=True)
class Margin:
    """W of one reference at one locus, and the same with fragments counted in."""

    accession: str
    genus: str
    locus: Locus
    edits: int
    nearest: tuple[PublicRecord, ...]
    compared: int
    edits_with_fragments: int
    nearest_with_fragments: tuple[PublicRecord, ...]


def read_public(path: Path) -> list[PublicRecord]:
    """Records of a public set with headers ``>ACCESSION|Genus_species|locus|flags``."""
    records = []
    with gzip.open(path, "rt", encoding="ascii") as handle:
        for block in handle.read().split(">")[1:]:
            header, *lines = block.split("\n")
            accession, species, _, flags = header.split("|")
            records.append(PublicRecord(accession, species.replace("_", " "), flags, "".join(lines).upper()))
    return records


def file_sha256(path: Path) -> str:
    """Digest of a data file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compared_references(barcodes: Sequence[BarcodeReference], locus: Locus) -> list[BarcodeReference]:
    """References of a locus in the states that are compared with casework sequences."""
    states = (CurationState.REFERENCE, CurationState.NAME_UNRESOLVED)
    found = [r for r in barcodes if r.locus == locus and r.state in states]
    return sorted(found, key=lambda r: r.accession)


def margin(reference: BarcodeReference, records: Sequence[PublicRecord], limits: AmpliconLimits) -> Margin:
    """W of a reference over the records of other genera than its own."""
    others = [record for record in records if record.genus != reference.genus]
    measured = [(edit_distance(reference.sequence, other.sequence).lower, other) for other in others]
    whole = [
        (edits, other)
        for edits, other in measured
        if limits.min_length_bp <= len(other.sequence) <= limits.max_length_bp
    ]
    smallest, smallest_of_all = min(edits for edits, _ in whole), min(edits for edits, _ in measured)
    return Margin(
        accession=reference.accession,
        genus=reference.genus,
        locus=reference.locus,
        edits=smallest,
        nearest=_at(whole, smallest),
        compared=len(whole),
        edits_with_fragments=smallest_of_all,
        nearest_with_fragments=_at(measured, smallest_of_all),
    )


def _at(measured: Sequence[tuple[int, PublicRecord]], edits: int) -> tuple[PublicRecord, ...]:
    return tuple(sorted((r for d, r in measured if d == edits), key=lambda r: r.accession))


def table(margins: Sequence[Margin], digests: dict[Locus, str]) -> bytes:
    """``wide_margins.tsv`` of the release sources."""
    rows = []
    for found in margins:
        limits = next(a for a in METHOD.amplicons if a.locus == found.locus)
        source = f"{ORIGIN}, records of {limits.min_length_bp} to {limits.max_length_bp} letters"
        rows.append(
            (
                found.accession,
                found.locus.value,
                str(found.edits),
                ", ".join(sorted({r.species for r in found.nearest})),
                ";".join(r.accession for r in found.nearest),
                str(found.compared),
                digests[found.locus],
                source,
            )
        )
    return table_bytes(COLUMNS["wide_margins.tsv"], rows)


def report(
    margins: Sequence[Margin], digests: dict[Locus, str], barcodes_sha256: str, totals: dict[Locus, int]
) -> Validation:
    """``validation/wide-margins.json``."""
    loci = []
    for locus in WIDE_SETS:
        found = [m for m in margins if m.locus == locus]
        limits = next(a for a in METHOD.amplicons if a.locus == locus)
        loci.append(
            {
                "locus": locus.value,
                "data": WIDE_SETS[locus],
                "data_sha256": digests[locus],
                "haplotypes": totals[locus],
                "length_bp": [limits.min_length_bp, limits.max_length_bp],
                "edits_by_genus": _ranges(found),
                "references": [_reference(m) for m in found],
            }
        )
    tree = {
        "benchmark": "benchmarks/wide_margins.py",
        "method": METHOD.version,
        "distance": "Levenshtein, end letters of the shorter record free, lower where ambiguous",
        "origin": ORIGIN,
        "barcodes_sha256": barcodes_sha256,
        "loci": loci,
    }
    return wide_margins_validation(tree)


def _ranges(margins: Sequence[Margin]) -> dict[str, list[int]]:
    """Smallest and largest W of each genus."""
    by_genus: dict[str, list[int]] = {}
    for found in sorted(margins, key=lambda m: m.genus):
        by_genus.setdefault(found.genus, []).append(found.edits)
    return {genus: [min(edits), max(edits)] for genus, edits in by_genus.items()}


def _reference(found: Margin) -> dict[str, object]:
    return {
        "accession": found.accession,
        "genus": found.genus,
        "edits": found.edits,
        "haplotypes_compared": found.compared,
        "nearest": [f"{r.accession} {r.species}" for r in found.nearest],
        "edits_with_fragments": found.edits_with_fragments,
        "nearest_with_fragments": [
            f"{r.accession} {r.species} ({len(r.sequence)} letters)" for r in found.nearest_with_fragments
        ],
    }


def main() -> int:
    """Measure, write, print one line a reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--sources", type=Path, default=SOURCES, help="sources of the release")
    parser.add_argument("--write", action="store_true", help="write the table and the validation file")
    parser.add_argument(
        "--quick", action="store_true", help=f"only {QUICK_RECORDS} records of a set; nothing written"
    )
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    barcode_bytes = (options.sources / "barcodes.tsv").read_bytes()
    barcodes = parse_content({"barcodes.tsv": barcode_bytes}).barcodes
    margins, digests, totals = [], {}, {}
    for locus, name in WIDE_SETS.items():
        limits = next(a for a in METHOD.amplicons if a.locus == locus)
        records = read_public(options.refdata / name)
        if options.quick:
            records = records[:: max(1, len(records) // QUICK_RECORDS)]
        digests[locus], totals[locus] = file_sha256(options.refdata / name), len(records)
        margins += [margin(reference, records, limits) for reference in compared_references(barcodes, locus)]
    for found in margins:
        names = ", ".join(sorted({r.species for r in found.nearest}))
        print(
            f"{found.locus} {found.accession} {found.genus}: W = {found.edits} ({names}); with fragments "
            f"{found.edits_with_fragments}; {found.compared} compared"
        )
    if options.write and not options.quick:
        (options.sources / "wide_margins.tsv").write_bytes(table(margins, digests))
        write_validation(RESULT, report(margins, digests, hashlib.sha256(barcode_bytes).hexdigest(), totals))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
