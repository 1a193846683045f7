"""Method cards from files of ``validation/``: the ends of each measure; read from and written to one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from musk_id.card_vocabulary import Characteristic
from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.model.method_cards import MeasuredCount, MeasuredRange, MethodCard, MethodCards
from musk_id.model.validation import Validation, ValidationRow
from musk_id.model.values import Line, Sha256, decimal_at_least, decimal_at_most
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import read_limited, sha256_file, write_atomic
from musk_id.records.validation import read_validation
from musk_id.vocabulary import Locus, Technique

__all__ = ["CHARACTERISTICS", "SHIPPED_CARDS", "method_cards", "shipped_cards", "write_cards"]

SHIPPED_CARDS = Path(__file__).parents[1] / "method_cards.json"
MAX_CARDS_BYTES = 5_000_000
LIMIT_DIGITS = 6

# What a measure tells of a method: wrong names against specificity, right ones for sensitivity, open answers for
# reliability. Measures that are counts without a total tell none of them.
CHARACTERISTICS: dict[Characteristic, tuple[str, ...]] = {
    Characteristic.ACCURACY: ("true compound first", "true compound among the first 10"),
    Characteristic.SPECIFICITY: (
        "species with a record called Moschus",
        "haplotypes of other genera within the radius",
        "species of other genera within the radius",
        "another genus named",
        "genus wrong",
        "species wrong",
        "species set without the species",
        "wrong name",
        "compound absent, named",
    ),
    Characteristic.SENSITIVITY: (
        "own genus named",
        "genus right",
        "species right",
        "species set with the species",
        "right name",
    ),
    Characteristic.RELIABILITY: ("genus none", "no genus", "species none", "not called Moschus", "no name"),
}
# A call of the genus is right for its own records and wrong for those of any other genus.
OF_THE_GENUS = ("called Moschus", "called Moschus, own species left out")
OWN_STRATA = ("Moschus records", "individuals of Moschus")
_OF_MEASURE = {measure: kind for kind, measures in CHARACTERISTICS.items() for measure in measures}
_ORDER = {kind: place for place, kind in enumerate(CHARACTERISTICS)}

_Where = tuple[str, Locus | Technique]
_Measure = tuple[Characteristic, str, str, Sha256]


def method_cards(paths: Iterable[Path]) -> MethodCards:
    """Cards of all own methods in some files, in the order of method and marker.

    Parameters
    ----------
    paths : iterable of Path
        Files of ``validation/``.

    Notes
    -----
    Rows of other programs have no card. Every count has a limit: that of its file, or one of Clopper and Pearson.
    Sensitivity leaves out strata in which no answer can be right, because the genus, or for names of species the
    species, is withheld.
    """
    found: dict[_Where, dict[_Measure, list[ValidationRow]]] = {}
    for path in paths:
        _add(found, path.name, sha256_file(path), read_validation(path))
    return MethodCards(
        schema=Line(MethodCards.SCHEMA),
        cards=tuple(_card(where, found[where]) for where in sorted(found, key=lambda w: (w[0], w[1].value))),
    )


def _add(
    found: dict[_Where, dict[_Measure, list[ValidationRow]]], name: str, digest: Sha256, validation: Validation
) -> None:
    for row in validation.rows:
        kind, where = _characteristic(row), row.locus or row.technique
        if kind is None or where is None or row.peer or row.k is None or not row.n:
            continue
        if kind is Characteristic.SENSITIVITY and not _can_be_right(row):
            continue
        measures = found.setdefault((str(row.method), where), {})
        measures.setdefault((kind, str(row.measure), name, digest), []).append(row)


def _characteristic(row: ValidationRow) -> Characteristic | None:
    """What a row tells; the same measure tells of wrong names in one stratum and of right ones in another."""
    if row.measure in OF_THE_GENUS:
        is_own = any(words in row.stratum for words in OWN_STRATA)
        return Characteristic.SENSITIVITY if is_own else Characteristic.SPECIFICITY
    return _OF_MEASURE.get(row.measure)


def _can_be_right(row: ValidationRow) -> bool:
    """Whether the library of a stratum holds what a right answer would name."""
    withheld: tuple[str, ...] = ("genus withheld", "its genus left out")
    if row.measure.startswith("species"):
        withheld = (*withheld, "species withheld", "its species left out")
    return not any(word in row.stratum for word in (*withheld, "no congener held"))


def _card(where: _Where, measures: dict[_Measure, list[ValidationRow]]) -> MethodCard:
    method, place = where
    ordered = sorted(measures.items(), key=lambda entry: _ORDER[entry[0][0]])
    return MethodCard(
        method=Line(method),
        locus=place if isinstance(place, Locus) else None,
        technique=place if isinstance(place, Technique) else None,
        ranges=tuple(_range(measure, rows) for measure, rows in ordered),
    )


def _range(measure: _Measure, rows: Sequence[ValidationRow]) -> MeasuredRange:
    kind, name, file, digest = measure
    ranked = sorted(rows, key=lambda row: Fraction(row.k or 0, row.n or 1))
    return MeasuredRange(
        characteristic=kind,
        measure=Line(name),
        file=Line(file),
        file_sha256=digest,
        strata=len(rows),
        lowest=_count(ranked[0], kind),
        highest=_count(ranked[-1], kind),
    )


def _count(row: ValidationRow, kind: Characteristic) -> MeasuredCount:
    """k of n with the limits of the file; without any, the one-sided limit on the side that flatters less."""
    k, n, limits = row.k or 0, row.n or 1, row.interval
    lower, upper = (None, None) if limits is None else (limits.lower, limits.upper)
    if lower is None and upper is None:
        if kind in (Characteristic.SPECIFICITY, Characteristic.RELIABILITY):
            upper = decimal_at_least(proportion_upper(k, n), LIMIT_DIGITS)
        else:
            lower = decimal_at_most(proportion_lower(k, n), LIMIT_DIGITS)
    return MeasuredCount(stratum=row.stratum, k=k, n=n, lower=lower, upper=upper)


def shipped_cards() -> MethodCards:
    """The cards that travel with the software.

    Raises
    ------
    InputFormatError
        If the file cannot be read.
    IntegrityError
        If it is not the canonical form of the schema.
    """
    return parse_record(MethodCards, read_limited(SHIPPED_CARDS, MAX_CARDS_BYTES), SHIPPED_CARDS.name)


def write_cards(cards: MethodCards) -> None:
    """Write the cards that travel with the software, whole or not at all."""
    write_atomic(SHIPPED_CARDS, canonical_json(cards))
