"""Reads of a marker explained by haplotypes of the library and something unknown; nothing is decided by it."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line
from musk_id.vocabulary import Locus

__all__ = ["MixturePart", "MixtureStep", "ReadMixture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixturePart:
    """A haplotype of the mixture and its expected reads (not amount of material).

    ``genera`` and ``records`` are those of all records with its letters, and of haplotypes that the reads do not
    tell from it; of a person there is the genus alone.
    """

    genera: tuple[Line, ...]
    records: tuple[Line, ...]
    reads: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureStep:
    """The best mixture of so many haplotypes: natural log-likelihood, and BIC (smaller is better)."""

    haplotypes: int
    log_likelihood: DecimalText
    bic: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMixture:
    """A marker of a run: variants with enough reads to be reported, as a mixture of the smallest BIC."""

    locus: Locus
    variants: int
    reads: int
    parts: tuple[MixturePart, ...]
    unknown_reads: DecimalText
    steps: tuple[MixtureStep, ...]
