"""Types of the placeholders of the phrase catalogue: what a value may look like before it stands in a sentence.

A sentence that is true of a number may say anything once words stand in its place. Names that are not listed are
text; a test asks that every name of the catalogue is listed.
"""

from __future__ import annotations

import re
from enum import StrEnum

from musk_id.model.values import RULES, Country, DecimalText, Identifier, IsoDate, Sha256

__all__ = ["PLACEHOLDERS", "PlaceholderKind", "fits", "kind_of"]


class PlaceholderKind(StrEnum):
    """What a value may look like."""

    COUNT = "a whole number"
    DECIMAL = "a decimal number"
    DATE = "a date as YYYY-MM-DD"
    IDENTIFIER = "an identifier"
    COUNTRY = "a country code"
    DIGEST = "a SHA-256"
    TEXT = "text"


_COUNTS = (
    "absent all amplifications apart barcodes bases bytes columns count cases days extracts families few "
    "genera individuals isomers length most none not_read orders overlapping pairs pixels reviewed right scans "
    "searches shared spectra total wells without_case wrong years"
)
_DECIMALS = "absent_upper factor grams least lower probability right_lower uncertainty wrong_upper"
_DATES = "act date ended later received"
_TEXTS = (
    "above accession after asked batch batches before borrowed both by called caption case certified code column "
    "compared compound compounds condition counter countries counts declared differences drawn earlier energy "
    "equal events examined family figure first formula forward found gaps genus grade group haplotypes held high "
    "how html individual item items json kinds language largest last letter letters level library limit list "
    "listed listing listings loci locus low margin marker markers mass material materials message method "
    "methods middle mz name names natural nearest needed number order original other others outgroup overlap "
    "overlay overlays page pages paper path paths peak peaks person place pooled position product positions "
    "quality query questions radius read reads reason reasons record records reference references release "
    "replicates reverse role row rows run runs sample scale score seals selection share shown smallest "
    "software source span species stage strand stratum sub_sample subject subjects taxa taxon technique text time "
    "tips title to tolerance unit up_to upper value version views well what window words"
)

# Kind of each name; some sentences give a name a narrower or another meaning.
PLACEHOLDERS: dict[str, PlaceholderKind] = {
    **dict.fromkeys(_TEXTS.split(), PlaceholderKind.TEXT),
    **dict.fromkeys(_COUNTS.split(), PlaceholderKind.COUNT),
    **dict.fromkeys(_DECIMALS.split(), PlaceholderKind.DECIMAL),
    **dict.fromkeys(_DATES.split(), PlaceholderKind.DATE),
    "country": PlaceholderKind.COUNTRY,
    "sha256": PlaceholderKind.DIGEST,
}
_OF_ONE_SENTENCE: dict[tuple[str, str], PlaceholderKind] = {
    ("legal.dates", "record"): PlaceholderKind.DATE,
    ("legal.date_of_record_only", "record"): PlaceholderKind.DATE,
    ("box.title", "item"): PlaceholderKind.IDENTIFIER,
    ("ratio.h1_text", "item"): PlaceholderKind.IDENTIFIER,
    ("ratio.h2_text", "item"): PlaceholderKind.IDENTIFIER,
    ("items.net_mass", "mass"): PlaceholderKind.DECIMAL,
    ("items.net_mass_uncertain", "mass"): PlaceholderKind.DECIMAL,
    ("items.units_examined", "total"): PlaceholderKind.TEXT,
    ("library.of_individuals", "count"): PlaceholderKind.TEXT,
}

_RULES = {
    PlaceholderKind.DECIMAL: RULES[DecimalText],
    PlaceholderKind.DATE: RULES[IsoDate],
    PlaceholderKind.IDENTIFIER: RULES[Identifier],
    PlaceholderKind.COUNTRY: RULES[Country],
    PlaceholderKind.DIGEST: RULES[Sha256],
}
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]*")


def kind_of(key: str, name: str) -> PlaceholderKind:
    """Kind of a placeholder of a text."""
    return _OF_ONE_SENTENCE.get((key, name)) or PLACEHOLDERS.get(name, PlaceholderKind.TEXT)


def fits(key: str, name: str, value: str) -> bool:
    """Whether a value may stand in a placeholder of a text."""
    kind = kind_of(key, name)
    if kind is PlaceholderKind.TEXT:
        return True
    if kind is PlaceholderKind.COUNT:
        return _WHOLE_NUMBER.fullmatch(value) is not None
    return _RULES[kind].accepts(value)
