"""GenBank flat files as the database gives them, made from the panel's sequences at test time."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable

from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqFeature import FeatureLocation, Reference, SeqFeature
from Bio.SeqRecord import SeqRecord

from musk_id.model.reference import BarcodeReference, ReferenceRelease


def letters_around(windows: Iterable[str], seed: str) -> str:
    """The windows in their order with random letters before, between and after."""
    rng = random.Random(seed)

    def spacer() -> str:
        return "".join(rng.choices("ACGT", k=rng.randint(80, 200)))

    return spacer() + "".join(window + spacer() for window in windows)


def reference(journal: str, *, title: str = "Direct Submission", authors: str = "Doe,J. and Roe,R.") -> Reference:
    made = Reference()
    made.authors, made.title, made.journal = authors, title, journal
    return made


def flat_record(
    accession: str,
    letters: str,
    *,
    organism: str = "Moschus berezovskii",
    qualifiers: dict[str, list[str]] | None = None,
    references: list[Reference] | None = None,
    comment: str = "",
    molecule: str = "DNA",
    topology: str = "circular",
    date: str = "31-JAN-2013",
) -> str:
    """One record, ``LOCUS`` to ``//``."""
    name = accession.split(".")[0]
    record = SeqRecord(
        Seq(letters), id=accession, name=name, description=f"{organism} mitochondrion, complete genome"
    )
    record.annotations.update(
        molecule_type=molecule,
        topology=topology,
        data_file_division="MAM",
        date=date,
        accessions=[name],
        source=f"mitochondrion {organism}",
        organism=organism,
        taxonomy=["Eukaryota", "Metazoa", "Chordata", "Mammalia", "Artiodactyla", organism.split(" ")[0]],
        references=references or [reference("Submitted (12-JAN-2012) College of Life Sciences, Hefei, China")],
    )
    if comment:
        record.annotations["comment"] = comment
    whole = FeatureLocation(0, len(letters), strand=1)
    source = {"organism": [organism], "organelle": ["mitochondrion"], "mol_type": ["genomic DNA"]}
    record.features = [
        SeqFeature(whole, type="source", qualifiers={**source, **(qualifiers or {})}),
        SeqFeature(FeatureLocation(2, 60, strand=1), type="tRNA", qualifiers={"product": ["tRNA-Phe"]}),
    ]
    handle = io.StringIO()
    SeqIO.write([record], handle, "genbank")
    return handle.getvalue()


def panel_letters(rows: Iterable[BarcodeReference]) -> str:
    """Letters of a record that holds the windows of these rows."""
    ordered = sorted(rows, key=lambda row: row.locus.value)
    return letters_around((row.sequence for row in ordered), ordered[0].accession)


def panel_records(release: ReferenceRelease) -> dict[str, str]:
    """Flat text of every accession of a release, by the accession with a version."""
    rows: dict[str, list[BarcodeReference]] = {}
    for row in release.barcodes:
        rows.setdefault(row.accession, []).append(row)
    records = {}
    for accession, held in rows.items():
        full = accession if "." in accession else f"{accession}.1"
        records[full] = flat_record(full, panel_letters(held), organism=held[0].organism_as_deposited)
    return records
