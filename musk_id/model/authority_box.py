"""What a CITES Management Authority needs of a case, item by item: what was found and what was not tested."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.form_vocabulary import ListingState, SpecimenPart
from musk_id.model.evidence import Statement
from musk_id.model.examination import NetMass
from musk_id.model.trade_codes import CodeRow
from musk_id.model.values import Country, DecimalText, Identifier, IsoDate, Line
from musk_id.vocabulary import Grade, MaterialClass

__all__ = ["BoxItem", "Listing", "PopulationRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationRow:
    """A listing with its populations: those named, or all but those left out; neither if it names no countries.

    ``verified`` says whether the laboratory checked the row against the primary text.
    """

    row_id: Line
    taxon: Line
    listing: Line
    populations: tuple[Country, ...]
    except_populations: tuple[Country, ...]
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The listing of a taxon, for a population or for each possible one, at a date.

    ``listings`` are there only if ``state`` is ASSIGNED; without a population there is none, whatever the taxon.
    """

    taxon: Line
    population: Country | None
    date: IsoDate
    state: ListingState
    listings: tuple[Line, ...]
    rows: tuple[PopulationRow, ...]

    def __post_init__(self) -> None:
        if (self.state is ListingState.ASSIGNED) is not bool(self.listings):
            raise ValueError("a listing is named if, and only if, it is assigned")
        if self.listings and self.population is None:
            raise ValueError("no listing follows from a taxon without a population")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxItem:
    """One item: the taxon at the rank found, codes, quantity, listing by possible population, what was not tested.

    ``listing`` is there only for an item in which the genus of interest was detected, in a case that names a date;
    ``at_date_of_act`` is false where the listing is that at the date of the record for want of a date of the act.
    """

    item_id: Identifier
    grade: Grade
    remarks: tuple[Statement, ...]
    found: tuple[Statement, ...]
    candidates: tuple[Statement, ...]
    material: MaterialClass | None
    part: SpecimenPart
    terms: tuple[CodeRow, ...]
    units_examined: int | None
    units_total: int | None
    net_mass: NetMass | None
    net_mass_g: DecimalText | None
    net_uncertainty_g: DecimalText | None
    mass_unit: CodeRow
    number_unit: CodeRow
    listing: Listing | None
    at_date_of_act: bool
    not_tested: tuple[Statement, ...]
