"""The laboratory's facts of one case: receipt, custody, sub-samples, extracts, runs.

The chain is nested: an item holds its sub-samples, a sub-sample its extracts, an extract its
amplifications or injections, and those their runs with the evidence files. What is left out was not
recorded; nothing is filled in. ``laboratory_number`` is what the laboratory calls a part where that is not its
id: the name that its labels, run sheets and instruments carry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from musk_id.model.chromatography import MeasuredPeak, require_inchikey
from musk_id.model.request import Photograph
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, Primer, RelativePath, Sha256, Text
from musk_id.vocabulary import (
    ExtractKind,
    FileRole,
    Locus,
    MaterialClass,
    SealState,
    Selection,
    Technique,
)

__all__ = [
    "CustodyEvent",
    "EvidenceFile",
    "ExaminedItem",
    "Examination",
    "Extract",
    "FoundToBe",
    "Interim",
    "MassBalance",
    "NetMass",
    "OutsideFinding",
    "Product",
    "Run",
    "RunContext",
    "SubSample",
    "Told",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassBalance:
    """Mass in, used and left, in milligrams."""

    in_mg: DecimalText | None = None
    used_mg: DecimalText | None = None
    left_mg: DecimalText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetMass:
    """Mass of an item without its packaging, with its expanded uncertainty, in milligrams.

    Raises
    ------
    ValueError
        If a number is negative, a coverage factor is nought, or an uncertainty stands without its coverage factor.
    """

    value_mg: DecimalText
    expanded_uncertainty_mg: DecimalText | None = None
    coverage_factor: DecimalText | None = None
    balance: Line | None = None

    def __post_init__(self) -> None:
        if (self.expanded_uncertainty_mg is None) is not (self.coverage_factor is None):
            raise ValueError("an expanded uncertainty needs its coverage factor, and the factor an uncertainty")
        if any(Decimal(n) < 0 for n in (self.value_mg, self.expanded_uncertainty_mg) if n is not None):
            raise ValueError("a mass and its uncertainty are not below nought")
        if self.coverage_factor is not None and Decimal(self.coverage_factor) <= 0:
            raise ValueError("a coverage factor is above nought")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """The examination goes on: why a record is made before its end, and who was told what, and when."""

    reason: Text
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was passed on before the end of an examination."""

    date: IsoDate
    to: Line
    by: Line
    what: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyEvent:
    """One hand-over or move of an item."""

    date: IsoDate
    item_id: Identifier
    event: Line
    from_holder: Line | None = None
    to_holder: Line | None = None
    place: Line | None = None
    seal_before: Line | None = None
    seal_after: Line | None = None
    witness: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToBe:
    """Morphology: what a morphologist found the item to be."""

    material: MaterialClass
    description: Text
    method_version: Line | None = None
    analyst: Line | None = None
    date: IsoDate | None = None
    photographs: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file that a run produced; the digest is checked when it is declared."""

    path: RelativePath
    role: FileRole
    sha256: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of an instrument, or one sequence or spectrum handed in.

    ``simulated`` says how, if the data were not measured on the exhibit. ``peak`` is the chromatographic peak that
    the spectrum comes from; ``searched_for`` are InChIKeys of compounds whose ions and times were looked at in the
    whole chromatogram of the run and not seen.

    Raises
    ------
    ValueError
        If one of these is no InChIKey.
    """

    run_id: Identifier
    technique: Technique
    files: tuple[EvidenceFile, ...] = ()
    date: IsoDate | None = None
    analyst: Line | None = None
    method_version: Line | None = None
    instrument: Line | None = None
    batch_id: Identifier | None = None
    position: Line | None = None
    simulated: Text | None = None
    peak: MeasuredPeak | None = None
    searched_for: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        for key in self.searched_for:
            require_inchikey(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An amplification (with its target locus) or an injection.

    Primers stand 5' to 3' as ordered, without tags.

    Raises
    ------
    ValueError
        If one primer stands without the other.
    """

    product_id: Identifier
    laboratory_number: Line | None = None
    locus: Locus | None = None
    forward_primer: Primer | None = None
    reverse_primer: Primer | None = None
    date: IsoDate | None = None
    analyst: Line | None = None
    method_version: Line | None = None
    instrument: Line | None = None
    batch_id: Identifier | None = None
    runs: tuple[Run, ...] = ()

    def __post_init__(self) -> None:
        if (self.forward_primer is None) is not (self.reverse_primer is None):
            raise ValueError("one primer stands without the other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """An extract made from a sub-sample."""

    extract_id: Identifier
    kind: ExtractKind
    laboratory_number: Line | None = None
    date: IsoDate | None = None
    analyst: Line | None = None
    method_version: Line | None = None
    batch_id: Identifier | None = None
    mass: MassBalance | None = None
    products: tuple[Product, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubSample:
    """A portion taken from an item."""

    sub_sample_id: Identifier
    laboratory_number: Line | None = None
    taken_from: Text | None = None
    date: IsoDate | None = None
    analyst: Line | None = None
    method_version: Line | None = None
    mass: MassBalance | None = None
    photographs: tuple[Photograph, ...] = ()
    extracts: tuple[Extract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedItem:
    """An item as the laboratory received and examined it; ``found_to_be`` absent means not examined."""

    item_id: Identifier
    laboratory_number: Line | None = None
    seal_number_found: Line | None = None
    seal_state: SealState = SealState.NOT_RECORDED
    condition: Text | None = None
    mass_received_mg: DecimalText | None = None
    units_total: int | None = None
    units_examined: int | None = None
    selection: Selection = Selection.NOT_RECORDED
    found_to_be: FoundToBe | None = None
    photographs: tuple[Photograph, ...] = ()
    sub_samples: tuple[SubSample, ...] = ()
    net_mass: NetMass | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFinding:
    """A finding of another provider or method, taken in as input only and not evaluated."""

    finding_id: Identifier
    item_id: Identifier
    method: Line
    provider: Line
    result: Text
    date: IsoDate | None = None
    document: EvidenceFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The laboratory's facts of one case (``examination.yaml``).

    ``completed_on`` is the last day of the examination; ``persons`` are people who took part in it and are named
    as analyst nowhere. ``departures`` says what was added to, left out of or done otherwise than in the methods,
    or that there is nothing of the kind. With ``interim`` the examination has not ended.

    Raises
    ------
    ValueError
        If an examination that goes on has a last day.
    """

    SCHEMA: ClassVar[str] = "musk-id/examination/1"

    schema: Line
    case_id: Identifier
    accession_number: Line | None = None
    accession_date: IsoDate | None = None
    completed_on: IsoDate | None = None
    persons: tuple[Line, ...] = ()
    condition_on_receipt: Text | None = None
    items: tuple[ExaminedItem, ...] = ()
    custody: tuple[CustodyEvent, ...] = ()
    outside_findings: tuple[OutsideFinding, ...] = ()
    departures: Text | None = None
    place_of_work: Text | None = None
    participants: Text | None = None
    interim: Interim | None = None

    def __post_init__(self) -> None:
        if self.interim is not None and self.completed_on is not None:
            raise ValueError("an interim record is made before the end: it has no completed_on")

    def dates(self) -> Iterator[IsoDate]:
        """Dates of receipt, custody, every step up to the runs and the end, as far as they were recorded."""
        found = [self.accession_date, self.completed_on, *(event.date for event in self.custody)]
        for context in self.runs():
            found += [s.date for s in (context.sub_sample, context.extract, context.product, context.run)]
        yield from (date for date in found if date is not None)

    def people(self) -> frozenset[Line]:
        """Everybody who is named as analyst, or as a person of the examination."""
        found = {*self.persons, *(i.found_to_be.analyst for i in self.items if i.found_to_be is not None)}
        for item in self.items:
            for sub_sample in item.sub_samples:
                found.add(sub_sample.analyst)
                for extract in sub_sample.extracts:
                    found.add(extract.analyst)
                    for product in extract.products:
                        found |= {product.analyst, *(run.analyst for run in product.runs)}
        return frozenset(person for person in found if person is not None)

    def runs(self) -> Iterator[RunContext]:
        """All runs with the ids of their parents, in the order of the file."""
        for item in self.items:
            yield from self.runs_of(item)

    @staticmethod
    def runs_of(item: ExaminedItem) -> Iterator[RunContext]:
        """Runs of one item with the ids of their parents."""
        for sub_sample in item.sub_samples:
            for extract in sub_sample.extracts:
                for product in extract.products:
                    for run in product.runs:
                        yield RunContext(item, sub_sample, extract, product, run)


@dataclass(frozen=True, slots=True)
class RunContext:
    """A run with its parents."""

    item: ExaminedItem
    sub_sample: SubSample
    extract: Extract
    product: Product
    run: Run

    @property
    def batch_ids(self) -> tuple[Identifier, ...]:
        """Ids of the batches that the run, its product and its extract went through, sorted."""
        named = {self.run.batch_id, self.product.batch_id, self.extract.batch_id} - {None}
        return tuple(sorted(batch for batch in named if batch is not None))

    @property
    def sequence_ids(self) -> tuple[Identifier, ...]:
        """Id of the batch in which the run was injected: its own, else that of the injection it comes from.

        A run was injected once; the batch of an extraction is no sequence.
        """
        return tuple(b for b in (self.run.batch_id, self.product.batch_id) if b is not None)[:1]
