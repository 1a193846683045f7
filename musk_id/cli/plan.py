"""``musk-id plan``: what numbers of items could say, before anything is examined or collected."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from musk_id.errors import UsageError
from musk_id.kernels.planning import (
    individuals_needed,
    largest_ratio,
    positive_units_at_least,
    species_needed,
    units_needed,
)

__all__ = ["run_ratio", "run_sampling"]

MAX_UNITS = 100_000
MAX_ITEMS = 10_000_000
SHARES_PERCENT = ("50", "70", "90")
INDIVIDUALS = (10, 12, 15, 20, 30, 50, 100)


def run_ratio(arguments: argparse.Namespace) -> int:
    """The largest lower bound of a likelihood ratio that numbers of items could give, and numbers for a bound."""
    n1, n2, bound = arguments.individuals, arguments.species, arguments.bound
    wanted = None if bound is None else _decimal(bound, "--bound", 1, 1_000_000_000)
    for name, value in (("--individuals", n1), ("--species", n2)):
        if value is not None and not 1 <= value <= MAX_ITEMS:
            raise UsageError(f"found {value}, allowed 1 to {MAX_ITEMS}", where=name)
    if (n1 is None or n2 is None) and wanted is None:
        raise UsageError(
            "numbers of items, or a bound, are needed",
            where="plan ratio",
            hint="give --individuals and --species, or --bound, or all three",
        )
    if n1 is not None and n2 is not None:
        _say_largest(n1, n2)
    if wanted is not None:
        _say_needed(n1, n2, float(wanted), str(bound))
    return 0


def _say_largest(n1: int, n2: int) -> None:
    from musk_id.model.methods import EVIDENCE_METHODS
    from musk_id.model.scales import SCALES
    from musk_id.model.values import decimal_at_most
    from musk_id.render.catalogue import load_catalogue
    from musk_id.vocabulary import Language

    method, scale = EVIDENCE_METHODS[-1], SCALES[-1]
    largest = decimal_at_most(largest_ratio(n1, n2), 2)
    print(f"H1: {n1} individuals, H2: {n2} species; all individuals named, no species named:")
    print(f"  largest lower bound that these numbers could give: {largest}")
    lacking = [
        f"{number} of {needed} {what}"
        for number, needed, what in (
            (n1, method.min_individuals_h1, "individuals"),
            (n2, method.min_species_h2, "species"),
        )
        if number < needed
    ]
    if lacking:
        print(f"  {method.version} gives no ratio and no word: {', '.join(lacking)}")
        return
    words = load_catalogue(Language.EN).label(f"scale.{scale.version}.{scale.band(largest).word}")
    mark = "" if scale.verification.verified_by else " [not verified]"
    print(f"  scale {scale.version}{mark}: {words}")


def _say_needed(n1: int | None, n2: int | None, bound: float, text: str) -> None:
    from musk_id.model.methods import EVIDENCE_METHODS

    method = EVIDENCE_METHODS[-1]
    print(f"for a lower bound of at least {text}, nothing in error:")
    for individuals in INDIVIDUALS if n1 is None else (n1,):
        needed = species_needed(max(individuals, method.min_individuals_h1), bound)
        shown = "more than 10 million" if needed is None else str(max(needed, method.min_species_h2))
        print(f"  with {max(individuals, method.min_individuals_h1)} individuals: {shown} species")
    if n2 is None:
        return
    species = max(n2, method.min_species_h2)
    more = individuals_needed(species, bound)
    if more is None:
        print(f"  with {species} species: no number of individuals is enough")
    else:
        print(f"  with {species} species: {max(more, method.min_individuals_h1)} individuals")


def run_sampling(arguments: argparse.Namespace) -> int:
    """How many units of a seizure to examine, or what those examined show of all units."""
    units = arguments.units
    if not 1 <= units <= MAX_UNITS:
        raise UsageError(f"found {units}, allowed 1 to {MAX_UNITS}", where="--units")
    confidence = _decimal(arguments.confidence, "--confidence", 50, Decimal("99.9999")) / 100
    level = f"with {arguments.confidence} % confidence"
    if arguments.examined is None and arguments.positive is None:
        _say_units(arguments, units, confidence, level)
    else:
        _say_found(arguments, units, confidence, level)
    print("This holds for units chosen at random. If they were chosen by judgement, it applies to them only.")
    return 0


def _say_units(arguments: argparse.Namespace, units: int, confidence: Fraction, level: str) -> None:
    negatives = arguments.negatives
    if not 0 <= negatives < units:
        raise UsageError(f"found {negatives}, allowed 0 to {units - 1}", where="--negatives")
    allowed = "all of them positive" if negatives == 0 else f"at most {negatives} of them negative"
    print(f"{units} units; to say {level} that a share of them is positive, examine ({allowed}):")
    for percent in arguments.share or SHARES_PERCENT:
        share = _decimal(percent, "--share", Decimal("0.01"), 100) / 100
        needed = units_needed(units, share, negatives, confidence)
        print(f"  at least {percent} %: {'cannot be shown' if needed is None else needed}")


def _say_found(arguments: argparse.Namespace, units: int, confidence: Fraction, level: str) -> None:
    examined, positive = arguments.examined, arguments.positive
    if arguments.share or arguments.negatives:
        raise UsageError(
            "units are either planned or counted",
            where="plan sampling",
            hint="leave out --share and --negatives beside --examined and --positive",
        )
    if examined is None or positive is None or not 0 <= positive <= examined <= units or examined < 1:
        raise UsageError(
            f"found --examined {examined} and --positive {positive} of {units} units",
            where="plan sampling",
            hint="give both; positive units are among those examined, those among all",
        )
    least = positive_units_at_least(units, examined, positive, confidence)
    share = Fraction(100 * least, units)
    print(f"{units} units, {examined} examined, {positive} of them positive:")
    print(f"  {level} at least {least} of the {units} units are positive ({int(share * 10) / 10:.1f} %)")


def _decimal(text: str, where: str, low: Decimal | int, high: Decimal | int) -> Fraction:
    """A decimal number within limits, exact."""
    try:
        value = Decimal(text)
        inside = value.is_finite() and low <= value <= high
    except InvalidOperation:
        inside = False
    if not inside:
        raise UsageError(f"found {text!r}, allowed a number from {low} to {high}", where=where)
    return Fraction(value)
