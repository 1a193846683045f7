"""Records of a library's input files: letters, names and provenance, from FASTA with a table or flat files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.fasta import read_fasta
from musk_id.model.deposited import DepositedRecord
from musk_id.model.library import RecordSource
from musk_id.model.values import Line
from musk_id.refdb.library_sources import NamedRecord, SequenceInput, is_flat_file, read_taxonomy

__all__ = ["InputRecord", "read_input_records"]

MAX_ACCESSION_LENGTH = 60


@dataclass(frozen=True, slots=True)
class InputRecord:
    """A record as handed in; ``name`` is ``None`` where no table names it, ``is_dna`` false for RNA."""

    accession: Line
    letters: str
    name: NamedRecord | None
    is_dna: bool = True


def read_input_records(entry: SequenceInput, path: Path, taxonomy: Path | None) -> list[InputRecord]:
    """Records of an input file, in file order.

    Raises
    ------
    InputFormatError
        If the file cannot be read as what its name says, the taxonomy table cannot be used, or an accession
        stands twice in the file.
    """
    if taxonomy is None:
        records = list(_flat(path)) if is_flat_file(entry.path) else []
    else:
        names = read_taxonomy(taxonomy)
        records = [_fasta(sequence.name, sequence.letters, names) for sequence in read_fasta(path)]
    seen: set[str] = set()
    for record in records:
        if record.accession in seen:
            raise InputFormatError(f"accession {record.accession} stands twice", where=path.name)
        seen.add(record.accession)
    return records


def _fasta(name: str, letters: str, names: dict[str, NamedRecord]) -> InputRecord:
    """The accession is the first word of the name, up to a vertical bar."""
    accession = name.split("|")[0].split(" ")[0][:MAX_ACCESSION_LENGTH]
    return InputRecord(Line(accession or "not stated"), letters, names.get(accession))


def _flat(path: Path) -> Iterator[InputRecord]:
    from musk_id.formats.genbank import read_genbank

    for record in read_genbank(path):
        yield InputRecord(record.accession, record.letters, _deposited(record), "RNA" not in record.molecule_type)


def _deposited(record: DepositedRecord) -> NamedRecord:
    # Ranks are not marked in a flat file; families and orders of animals end alike.
    family = next((taxon for taxon in reversed(record.lineage) if taxon.endswith("idae")), Line("not stated"))
    order = _order(record.lineage, family)
    voucher = record.specimen_vouchers[0] if record.specimen_vouchers else None
    derived = record.derived_from[0].split(".")[0] if record.derived_from else None
    return NamedRecord(
        species=record.organism,
        family=family,
        order=order,
        individual=Line(derived) if derived else voucher,
        source=RecordSource(
            voucher=voucher,
            country=record.places[0] if record.places else None,
            collected_by=record.collectors[0] if record.collectors else None,
            publication=_publication(record),
            submitter=_line(record.submissions[0]) if record.submissions else None,
        ),
    )


# Orders of mammals have no common ending; those named in NCBI lineages of mammals and birds used in casework.
_ORDERS = frozenset(
    {
        "Afrosoricida", "Artiodactyla", "Carnivora", "Chiroptera", "Cingulata", "Dasyuromorphia", "Dermoptera",
        "Didelphimorphia", "Diprotodontia", "Eulipotyphla", "Galliformes", "Hyracoidea", "Lagomorpha",
        "Macroscelidea", "Microbiotheria", "Monotremata", "Notoryctemorphia", "Paucituberculata",
        "Peramelemorphia", "Perissodactyla", "Pholidota", "Pilosa", "Primates", "Proboscidea", "Rodentia",
        "Scandentia", "Sirenia", "Tubulidentata",
    }
)  # fmt: skip


def _order(lineage: tuple[Line, ...], family: str) -> Line:
    return next((taxon for taxon in lineage if taxon in _ORDERS and taxon != family), Line("not stated"))


def _publication(record: DepositedRecord) -> Line:
    first = record.references[0] if record.references else None
    journal = first.journal if first is not None and first.journal is not None else ""
    return _line(f"{record.publication.value}: {journal}" if journal else record.publication.value)


def _line(text: str) -> Line:
    return Line(" ".join(text.split())[:500])
