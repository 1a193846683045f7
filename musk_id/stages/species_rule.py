"""The species rule (decision rules, section 4): computed from the library in use, for any library."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.barcode import LocusCall, RunIdentity
from musk_id.model.methods import BarcodeMethod
from musk_id.model.trace import Criterion
from musk_id.stages.comparison import Compared
from musk_id.stages.library import BarcodeLibrary, individuals_at
from musk_id.stages.placement import criterion
from musk_id.vocabulary import CriterionOutcome, Locus, Reason

__all__ = ["LACKING", "CalledSequence", "species_rule"]

# Species that are not excluded because the library lacks them, not because a record points to them.
LACKING = frozenset({Reason.NO_REFERENCE_AT_LOCUS, Reason.TOO_FEW_REFERENCES})


@dataclass(frozen=True, slots=True)
class CalledSequence:
    """A sequence with its distances and its call, as the item's call needs them."""

    locus: Locus
    letters: str
    compared_bp: int
    compared: tuple[Compared, ...]
    call: LocusCall
    run: RunIdentity


def species_rule(
    called: tuple[CalledSequence, ...], library: BarcodeLibrary, method: BarcodeMethod
) -> tuple[str | None, tuple[Criterion, ...]]:
    """Species that the rule allows for sequences that all called the genus, and the criteria.

    Independence is counted in individuals with a record of state ``reference``; the two views of the names
    must agree on one species.
    """
    coding = {limits.locus for limits in method.long_loci}
    long_calls = [c for c in called if c.locus in coding]
    short = {limits.locus for limits in method.amplicons}
    amplicons = sorted({c.locus for c in called if c.locus in short})
    best = max(long_calls, key=lambda c: (c.compared_bp, c.locus), default=None)
    compared_bp = best.compared_bp if best else 0
    criteria = [
        criterion(
            "barcode.species_compared_bp",
            compared_bp,
            f">= {method.species_min_compared_bp}",
            compared_bp >= method.species_min_compared_bp,
            "bp",
        ),
        criterion(
            "barcode.species_second_amplicon", ", ".join(amplicons) or "-", ">= 1", bool(amplicons), "markers"
        ),
    ]
    if best is None:
        return None, tuple(criteria)
    species = _nearest_species(best)
    criteria.append(
        criterion(
            "barcode.both_names",
            ", ".join(species),
            "one species under both views",
            len(species) == 1,
            records=tuple(e.record.accession for e in _nearest(best)),
        )
    )
    if len(species) != 1:
        return None, tuple(criteria)
    name = species[0]
    criteria += _counts(name, best.locus, library, method)
    passed = all(c.outcome is CriterionOutcome.PASSED for c in criteria)
    return (name if passed else None), tuple(criteria)


def _nearest(sequence: CalledSequence) -> tuple[Compared, ...]:
    smallest = min(entry.upper for entry in sequence.compared)
    return tuple(entry for entry in sequence.compared if entry.upper == smallest)


def _nearest_species(sequence: CalledSequence) -> list[str]:
    """Names that the both-names rule leaves: of the nearest records under both views, and of their set."""
    return sorted(n.species for n in sequence.call.not_excluded if n.reason not in LACKING)


def _counts(name: str, locus: Locus, library: BarcodeLibrary, method: BarcodeMethod) -> list[Criterion]:
    individuals = {str(species): found for species, found in individuals_at(library, locus).items()}
    own = len(individuals.get(name, ()))
    others = {species: len(found) for species, found in individuals.items() if species != name}
    fewest = min(others.values(), default=0)
    lacking = sorted(s for s, n in others.items() if n < method.species_min_individuals_of_others)
    return [
        criterion(
            "barcode.species_individuals",
            own,
            f">= {method.species_min_individuals}",
            own >= method.species_min_individuals,
            "individuals",
        ),
        criterion(
            "barcode.species_others",
            fewest,
            f">= {method.species_min_individuals_of_others}",
            bool(others) and not lacking,
            "individuals",
            tuple(lacking),
        ),
    ]
