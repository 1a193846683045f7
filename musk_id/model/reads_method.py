"""Method versions for sequencing reads; :mod:`musk_id.model.methods` holds the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from musk_id.model.values import DecimalText, Line

__all__ = ["READS_METHODS", "MixtureLimits", "PileLimits", "ReadsMethod"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PileLimits:
    """How long reads and mapped reads become sequences.

    A file of single reads is piled up where more than ``noisy_percent`` of its reads have more expected errors
    than exact variants allow. Bases below ``min_base_quality`` and reads below ``min_mapping_quality`` say
    nothing. ``max_read_edits_percent`` is that of a read against its template, ``max_primer_edits_percent`` that
    of a primer looked for within ``primer_within_bp`` of an end. More than ``max_window_reads`` of one marker are
    refused; with ``draws_reads`` so many of them are drawn. The others are those of
    :mod:`musk_id.kernels.piles` and :mod:`musk_id.kernels.linked_sites`.
    """

    noisy_percent: int
    min_base_quality: int
    min_mapping_quality: int
    max_read_edits_percent: int
    primer_within_bp: int
    max_primer_edits_percent: int
    min_depth: int
    min_strand_depth: int
    min_share_percent: int
    run_error_percent: int
    min_haplotype_reads: int
    min_linked_apart_bp: int
    link_error_limit: DecimalText
    firm_percent: int
    single_letter_percent: int
    min_single_letter_reads: int
    max_window_reads: int
    draws_reads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureLimits:
    """How variants are explained as a mixture (:mod:`musk_id.kernels.mixtures`), by which nothing is decided.

    ``error_a_letter`` is the chance of an error that stayed after denoising, ``unknown_apart`` the share of
    letters in which an animal that the library lacks differs from the nearest haplotype.
    """

    error_a_letter: DecimalText
    unknown_apart: DecimalText
    max_haplotypes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsMethod:
    """How sequencing reads become variants, and which of these count.

    ``skew_alpha`` is the exponent of the denoising rule; ``min_reported_reads``, ``min_reported_percent`` (of the
    reads of the marker), ``min_blank_factor`` (times the largest count in a blank), ``min_amplifications`` and
    ``min_extracts`` are those of decision rules, section 7: two of three amplifications, from two extractions. Of
    those of an item that were read at a marker ``min_percent_of_amplifications`` at least must have enough reads.
    Without ``piles`` neither mapped reads nor long ones with errors are read, without ``jump_confidence_percent``
    the wells of a batch are not held against each other. With ``counts_unnamed_once`` amplifications whose reads
    name one run of an instrument, and no library, count once. A level of spiked process controls counts as found
    in all replicates with ``min_spiked_replicates`` at least.
    """

    version: Line
    min_overlap_bp: int
    max_mismatch_percent: int
    max_expected_errors: DecimalText
    min_length_bp: int
    max_primer_mismatches: int
    max_primer_offset_bp: int
    min_variant_reads: int
    skew_alpha: int
    min_parent_skew: int
    min_chimera_sites: int
    min_reported_reads: int
    min_reported_percent: DecimalText
    min_blank_factor: int
    min_amplifications: int
    min_extracts: int
    min_percent_of_amplifications: int
    piles: PileLimits | None = None
    jump_confidence_percent: DecimalText | None = None
    min_spiked_replicates: int = 3
    mixture: MixtureLimits | None = None
    counts_unnamed_once: bool = False

    @property
    def jump_confidence(self) -> float | None:
        """Confidence of the limit of reads with the index of another well, as a share."""
        return None if self.jump_confidence_percent is None else float(Decimal(self.jump_confidence_percent) / 100)


_READS_1 = ReadsMethod(
    version=Line("reads-1"),
    min_overlap_bp=16,
    max_mismatch_percent=10,
    max_expected_errors=DecimalText("1.0"),
    min_length_bp=50,
    max_primer_mismatches=2,
    max_primer_offset_bp=8,
    min_variant_reads=2,
    skew_alpha=2,
    min_parent_skew=2,
    min_chimera_sites=2,
    min_reported_reads=10,
    min_reported_percent=DecimalText("0.2"),
    min_blank_factor=10,
    min_amplifications=2,
    min_extracts=2,
    min_percent_of_amplifications=66,
)

# The same for short reads; long ones with errors and mapped ones as well.
_READS_2 = replace(
    _READS_1,
    version=Line("reads-2"),
    piles=PileLimits(
        noisy_percent=50,
        min_base_quality=7,
        min_mapping_quality=10,
        max_read_edits_percent=30,
        primer_within_bp=150,
        max_primer_edits_percent=20,
        min_depth=5,
        min_strand_depth=3,
        min_share_percent=60,
        run_error_percent=90,
        min_haplotype_reads=5,
        min_linked_apart_bp=8,
        link_error_limit=DecimalText("0.001"),
        firm_percent=70,
        single_letter_percent=25,
        min_single_letter_reads=10,
        max_window_reads=200000,
    ),
)

# The same; the wells of a batch are held against each other, variants are explained as a mixture.
_READS_3 = replace(
    _READS_2,
    version=Line("reads-3"),
    jump_confidence_percent=DecimalText("99.9"),
    mixture=MixtureLimits(
        error_a_letter=DecimalText("0.005"), unknown_apart=DecimalText("0.10"), max_haplotypes=8
    ),
)

# The same; of more long or mapped reads of a marker than are piled up some are drawn, and amplifications whose
# reads name one run of an instrument and no library count once.
_READS_4 = replace(
    _READS_3,
    version=Line("reads-4"),
    piles=None if _READS_3.piles is None else replace(_READS_3.piles, max_window_reads=20000, draws_reads=True),
    counts_unnamed_once=True,
)

READS_METHODS = (_READS_1, _READS_2, _READS_3, _READS_4)
