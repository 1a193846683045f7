"""Small libraries for tests: records made from those of the release, with names and provenance as wanted."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from barcode_cases import mutated, silent

from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.refdb.library_build import build_library
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

PROVENANCE = ("country", "collection_permit", "informed_consent", "cites_permit")
CURATION_HEAD = "accession\tlocus\tstate\trevised_names\tperson\tdate\treason\n"


@dataclass(frozen=True)
class Made:
    """A record that goes into an input file."""

    accession: str
    letters: str
    species: str
    family: str
    order: str
    individual: str = ""
    licence: str = ""
    country: str = ""
    collection_permit: str = ""
    informed_consent: str = ""
    cites_permit: str = ""
    submitter: str = ""


@dataclass(frozen=True)
class Input:
    """An input file with its terms."""

    records: tuple[Made, ...]
    licence: str = "CC0-1.0"
    redistribute: bool = True
    loci: tuple[Locus, ...] = RELEASE_MARKERS


def panel(release: ReferenceRelease, locus: Locus, count: int, family: str = "Bovidae") -> list[BarcodeReference]:
    """References of a family at a marker."""
    found = [
        r
        for r in release.barcodes
        if r.locus is locus and r.family == family and r.state is CurationState.REFERENCE
    ]
    assert len(found) >= count
    return found[:count]


def made_from(reference: BarcodeReference, accession: str, changes: int = 3, **fields_: str) -> Made:
    """A record a few substitutions away from a reference, without a new stop codon."""
    rng = random.Random(accession)
    if reference.locus in (Locus.COI, Locus.CYTB):
        letters = silent(reference.sequence, rng.sample(range(20, 200), changes))
    else:
        letters = mutated(reference.sequence, changes, rng)
    record = Made(accession, letters, reference.organism_as_deposited, reference.family, reference.order)
    return replace(record, **fields_)


def with_provenance(record: Made, **fields_: str) -> Made:
    """The record with all that a strict policy asks for."""
    return replace(record, **({name: f"{name} of {record.accession}" for name in PROVENANCE} | fields_))


def write_sources(
    folder: Path,
    inputs: dict[str, Input],
    *,
    library_id: str = "lib-1",
    date: str = "2026-11-24",
    curation: str = "",
) -> Path:
    """Sources of a library."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f'library_id = "{library_id}"\ndate = "{date}"\ntitle = "Made for tests"\n'
    for name, entry in inputs.items():
        loci = ", ".join(f'"{locus}"' for locus in entry.loci)
        text += (
            f'\n[[sequences]]\npath = "{name}.fa"\ntaxonomy = "{name}.tsv"\nloci = [{loci}]\n'
            f'source = "made, {name}"\nlicence = "{entry.licence}"\n'
            f"redistribute = {str(entry.redistribute).lower()}\n"
        )
        (folder / f"{name}.fa").write_text("".join(f">{r.accession}\n{r.letters}\n" for r in entry.records))
        columns = [field.name for field in fields(Made) if field.name != "letters"]
        rows = ["\t".join(getattr(r, column) for column in columns) for r in entry.records]
        (folder / f"{name}.tsv").write_text("\n".join(["\t".join(columns), *rows]) + "\n")
    (folder / "library.toml").write_text(text)
    if curation:
        (folder / "curation.tsv").write_text(CURATION_HEAD + curation)
    return folder


def with_spectra(sources: Path, text: str, *, name: str = "s.msp", redistribute: bool = True) -> Path:
    """The sources with a file of spectra (MSP) besides."""
    (sources / name).write_text(text)
    with (sources / "library.toml").open("a") as stream:
        stream.write(
            f'\n[[spectra]]\npath = "{name}"\nsource = "made"\nlicence = "all rights reserved"\n'
            f"redistribute = {str(redistribute).lower()}\n"
        )
    return sources


def build(sources: Path, release: ReferenceRelease, out: Path) -> Path:
    """Built library."""
    return build_library(sources, sources, out, release, BARCODE_METHODS[-1])


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    head, *lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def files_of(folder: Path) -> dict[str, bytes]:
    """Bytes of all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def inputs_of(records: Iterable[Made], **terms: object) -> dict[str, Input]:
    """One input file."""
    return {"a": Input(tuple(records), **terms)}
