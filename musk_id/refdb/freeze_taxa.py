"""Taxa of a release to come: those of the base, and those that the records of a library add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from musk_id.library_vocabulary import LeftOut
from musk_id.model.library import LibraryTaxon
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.values import Line
from musk_id.refdb.library_read import LibraryRecord

__all__ = ["TaxaOfRelease"]

NOT_STATED = "not stated"


class TaxaOfRelease:
    """Family and order of each genus: those of the base, else those on which all records of the library agree.

    Sources name orders differently (Cetartiodactyla, Soricomorpha): the order of the base holds where it knows the
    family.

    Parameters
    ----------
    base : ReferenceRelease
        The release whose taxa stay.
    records : iterable of LibraryRecord
        Records of the library.
    """

    def __init__(self, base: ReferenceRelease, records: Iterable[LibraryRecord]) -> None:
        self._base = {taxon.species for taxon in base.taxa}
        self._order_of = {taxon.family: taxon.order for taxon in base.taxa}
        self._above: dict[str, set[tuple[Line, Line]]] = defaultdict(set)
        for record in records:
            if NOT_STATED not in self._higher(record):
                self._above[record.genus].add(self._higher(record))
        self._of_base = {taxon.genus: (taxon.family, taxon.order) for taxon in base.taxa}

    def _higher(self, record: LibraryRecord) -> tuple[Line, Line]:
        return record.family, self._order_of.get(record.family, record.order)

    def refusal(self, record: LibraryRecord) -> tuple[LeftOut, str] | None:
        """Why the name of a record has no place among the taxa."""
        if record.genus in self._of_base:
            if self._higher(record) != self._of_base[record.genus]:
                told = " in ".join(self._of_base[record.genus])
                return LeftOut.TAXON_CONFLICT, f"{record.family} in {record.order}; in the base it is {told}"
        elif NOT_STATED in self._higher(record):
            return LeftOut.TAXON_INCOMPLETE, f"family {record.family}, order {record.order}"
        elif len(self._above[record.genus]) > 1:
            told = ", ".join(sorted(" in ".join(higher) for higher in self._above[record.genus]))
            return LeftOut.TAXON_CONFLICT, f"records of the genus stand in {told}"
        for name in record.revised_names:
            genus = name.split(" ")[0]
            if genus not in self._of_base and len(self._above[genus]) != 1:
                return LeftOut.TAXON_INCOMPLETE, f"family and order of {name} are not known"
        return None

    def of(self, species: Line) -> LibraryTaxon:
        """A species with its higher taxa; one that :meth:`refusal` has passed."""
        genus = Line(species.split(" ")[0])
        family, order = self._of_base.get(genus) or next(iter(self._above[genus]))
        return LibraryTaxon(species=species, genus=genus, family=family, order=order)

    def added_by(self, references: Iterable[BarcodeReference]) -> tuple[LibraryTaxon, ...]:
        """Taxa that the base lacks, by name."""
        names = {n for r in references for n in (r.organism_as_deposited, *r.organism_revised)} - self._base
        return tuple(self.of(name) for name in sorted(names))
