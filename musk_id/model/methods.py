"""Method versions: the numbers that decide, fixed under a name that every record prints.

Changing a number here means adding a new version, never editing one that a release has used.
Source of each number: the laboratory decision rules in ``docs/methods.md``, sections named there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from musk_id.errors import ConfigError
from musk_id.model.reads_method import READS_METHODS, ReadsMethod
from musk_id.model.spectra_methods import SPECTRA_METHODS, SpectraMethod
from musk_id.model.values import DecimalText, Line
from musk_id.vocabulary import Locus, Technique

__all__ = [
    "ANIMAL_METHODS",
    "BARCODE_METHODS",
    "CONTROL_METHODS",
    "EVIDENCE_METHODS",
    "READS_METHODS",
    "SANGER_METHODS",
    "SPECTRA_METHODS",
    "AmpliconLimits",
    "AnimalMethod",
    "BarcodeMethod",
    "ControlMethod",
    "EvidenceMethod",
    "IsolatedRadius",
    "LongLocusLimits",
    "ReadsMethod",
    "SangerMethod",
    "SpeciesRadius",
    "SpectraMethod",
    "WideLimits",
    "require_method",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmpliconLimits:
    """Limits on a mini-barcode, in edits (Levenshtein, primers removed); primers 5' to 3', as ordered."""

    locus: Locus
    forward_primer: Line
    reverse_primer: Line
    min_length_bp: int
    max_length_bp: int
    radius_edits: int
    margin_edits: int
    exclusion_other_edits: int
    exclusion_moschus_further_edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LongLocusLimits:
    """Limits on a coding locus, as p-distance (mismatches / compared columns of the window)."""

    locus: Locus
    window_bp: int
    min_compared_bp: int
    radius_p: DecimalText
    margin_p: DecimalText
    exclusion_other_p: DecimalText
    exclusion_moschus_p: DecimalText
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeMethod:
    """How the genus *Moschus* and its species are called from sequences.

    ``numt_conserved_share`` is the share of differences at first and second codon positions that a gene may have,
    ``numt_error_limit`` the chance below which more than that is taken for a nuclear copy.
    ``tree_replicates`` alignments are drawn anew for the support of a tree, which decides nothing; 0: no tree.
    """

    version: Line
    genus: Line
    amplicons: tuple[AmpliconLimits, ...]
    long_loci: tuple[LongLocusLimits, ...]
    max_ambiguous_percent: DecimalText
    species_min_compared_bp: int
    species_min_individuals: int
    species_min_individuals_of_others: int
    certified_margin_min: int
    numt_conserved_share: DecimalText = DecimalText("0.35")
    numt_error_limit: DecimalText = DecimalText("0.01")
    tree_replicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WideLimits:
    """Radius and margin of a genus at one marker of a wide library, in the unit of the marker.

    No other genus may lie within the radius.
    """

    locus: Locus
    radius: DecimalText
    margin: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedRadius:
    """Radius ``radius_p`` of a nearest species that stands alone.

    No reference of another species is nearer than ``other_p``, nor nearer than ``times`` the distance to the
    nearest one. In a library with fewer than ``min_genera`` genera at the marker nothing stands alone: it holds
    too few others for their distance to say anything.
    """

    radius_p: DecimalText
    other_p: DecimalText
    times: int
    min_genera: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesRadius:
    """How a species of another genus is named on a coding marker.

    Its radius is ``spread_share`` of the largest distance between two of its reference individuals, at least
    ``least_p`` and at most ``most_p``; pairs of individuals count that share ``min_compared_bp`` columns. With
    ``isolated`` the nearest species may have another one where no radius holds the sequence.
    """

    min_individuals: int
    min_compared_bp: int
    spread_share: DecimalText
    least_p: DecimalText
    most_p: DecimalText
    isolated: IsolatedRadius | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalMethod:
    """How other mammals than *Moschus* are named.

    With few genera at a marker, short markers keep the radius and margin of the barcode method, and a genus also
    needs its certified margin. From ``wide_min_genera`` genera on, the limits of ``wide`` hold instead. Without
    ``species`` no species is named.
    """

    version: Line
    certified_margin_min: int
    long_radius_p: DecimalText
    long_margin_p: DecimalText
    wide_min_genera: int | None = None
    wide: tuple[WideLimits, ...] = ()
    species: SpeciesRadius | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SangerMethod:
    """How Sanger traces are trimmed, joined and judged.

    ``trim_error_limit`` is the probability of error at which a base scores nothing (0.01: Phred 20).
    """

    version: Line
    trim_error_limit: DecimalText
    min_trimmed_bp: int
    min_mean_quality: int
    good_base_quality: int
    min_good_bases_percent: int
    min_overlap_bp: int
    min_double_coverage_percent: int
    bp_per_conflict: int
    min_quality_lead: int
    secondary_peak_percent: int
    mixed_positions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMethod:
    """Which controls a batch must hold."""

    version: Line
    max_extracts_per_blank: int
    required_dna: tuple[Line, ...]
    required_chemistry: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMethod:
    """How grades and answers are derived.

    ``evaluates_raw_of`` names the techniques whose raw data are themselves read and judged; where traces, reads
    or chromatograms are only kept, they do not lift the grade.
    """

    version: Line
    evaluates_raw_of: tuple[Technique, ...]
    min_extractions_for_grade_a: int
    min_individuals_h1: int
    min_species_h2: int


# Riaz 2011 (12S-V5) and Taylor 1996 (16S).
_PRIMERS = {
    Locus.RRNA_12S: (Line("ACTGGGATTAGATACCCC"), Line("YRGAACAGGCTCCTCTAG")),
    Locus.RRNA_16S: (Line("CGGTTGGGGTGACCTCGGA"), Line("GCTGTTATCCCTAGGGTAACT")),
}


def _edits(
    locus: Locus, length: tuple[int, int], radius: int, margin: int, moschus_further: int
) -> AmpliconLimits:
    forward, reverse = _PRIMERS[locus]
    return AmpliconLimits(
        locus=locus,
        forward_primer=forward,
        reverse_primer=reverse,
        min_length_bp=length[0],
        max_length_bp=length[1],
        radius_edits=radius,
        margin_edits=margin,
        exclusion_other_edits=1,
        exclusion_moschus_further_edits=moschus_further,
    )


def _long(locus: Locus, window_bp: int, radius: str, moschus: str, provisional: bool) -> LongLocusLimits:
    return LongLocusLimits(
        locus=locus,
        window_bp=window_bp,
        min_compared_bp=450,
        radius_p=DecimalText(radius),
        margin_p=DecimalText("0.03"),
        exclusion_other_p=DecimalText("0.03"),
        exclusion_moschus_p=DecimalText(moschus),
        provisional=provisional,
    )


def _wide(locus: Locus, radius: str, margin: str) -> WideLimits:
    return WideLimits(locus=locus, radius=DecimalText(radius), margin=DecimalText(margin))


BARCODE_METHODS = (
    BarcodeMethod(
        version=Line("moschus-barcode-1"),
        genus=Line("Moschus"),
        amplicons=(
            _edits(Locus.RRNA_12S, (100, 116), 2, 2, 4),
            _edits(Locus.RRNA_16S, (90, 104), 3, 3, 5),
        ),
        long_loci=(
            _long(Locus.COI, 658, "0.085", "0.11", provisional=True),
            _long(Locus.CYTB, 1140, "0.10", "0.12", provisional=False),
        ),
        max_ambiguous_percent=DecimalText("1.0"),
        species_min_compared_bp=450,
        species_min_individuals=3,
        species_min_individuals_of_others=2,
        certified_margin_min=1,
        tree_replicates=200,
    ),
)

_SPREAD = SpeciesRadius(
    min_individuals=2,
    min_compared_bp=450,
    spread_share=DecimalText("0.33"),
    least_p=DecimalText("0.002"),
    most_p=DecimalText("0.02"),
)
ANIMAL_METHODS: tuple[AnimalMethod, ...] = (
    AnimalMethod(
        version=Line("general-mammal-1"),
        certified_margin_min=1,
        long_radius_p=DecimalText("0.015"),
        long_margin_p=DecimalText("0.03"),
    ),
    # Limits of wide libraries and of species: fixed on the development half of public sets
    # (``docs/decisions/species-of-other-mammals.md``).
    AnimalMethod(
        version=Line("general-mammal-2"),
        certified_margin_min=1,
        long_radius_p=DecimalText("0.015"),
        long_margin_p=DecimalText("0.03"),
        wide_min_genera=300,
        wide=(
            _wide(Locus.RRNA_12S, "2", "3"),
            _wide(Locus.RRNA_16S, "3", "3"),
            _wide(Locus.COI, "0.06", "0.035"),
            _wide(Locus.CYTB, "0.08", "0.045"),
        ),
        species=_SPREAD,
    ),
)
# The same with limits at the marker that screens for mammals in food
# (``docs/decisions/screening-marker.md``).
ANIMAL_METHODS += (
    replace(
        ANIMAL_METHODS[-1],
        version=Line("general-mammal-3"),
        wide=(*ANIMAL_METHODS[-1].wide, _wide(Locus.RRNA_16S_FOOD, "0", "3")),
    ),
)
# The same with no smallest radius of a species, and with one for species that stand alone
# (``docs/decisions/species-names-protocol.md``).
ANIMAL_METHODS += (
    replace(
        ANIMAL_METHODS[-1],
        version=Line("general-mammal-4"),
        species=replace(
            _SPREAD,
            least_p=DecimalText("0"),
            isolated=IsolatedRadius(
                radius_p=DecimalText("0.015"), other_p=DecimalText("0.05"), times=5, min_genera=50
            ),
        ),
    ),
)

SANGER_METHODS = (
    SangerMethod(
        version=Line("sanger-1"),
        trim_error_limit=DecimalText("0.01"),
        min_trimmed_bp=20,
        min_mean_quality=30,
        good_base_quality=20,
        min_good_bases_percent=95,
        min_overlap_bp=50,
        min_double_coverage_percent=90,
        bp_per_conflict=200,
        min_quality_lead=10,
        secondary_peak_percent=20,
        mixed_positions=3,
    ),
)

CONTROL_METHODS = (
    ControlMethod(
        version=Line("batch-controls-1"),
        max_extracts_per_blank=24,
        required_dna=(Line("EXTRACTION_BLANK"), Line("PCR_NEGATIVE"), Line("POSITIVE")),
        required_chemistry=(Line("PROCESS_BLANK"), Line("STANDARD"), Line("CARRY_OVER_BLANK")),
    ),
)

EVIDENCE_METHODS = (
    EvidenceMethod(
        version=Line("evidence-1"),
        evaluates_raw_of=(Technique.SANGER_TRACE,),
        min_extractions_for_grade_a=2,
        min_individuals_h1=10,
        min_species_h2=59,
    ),
)

_Method = TypeVar(
    "_Method",
    BarcodeMethod,
    AnimalMethod,
    SangerMethod,
    ReadsMethod,
    SpectraMethod,
    ControlMethod,
    EvidenceMethod,
)


def require_method(methods: tuple[_Method, ...], version: str) -> _Method:
    """The method of a version.

    Raises
    ------
    ConfigError
        If the version is not one of those that this software holds.
    """
    for method in methods:
        if method.version == version:
            return method
    known = ", ".join(m.version for m in methods)
    raise ConfigError(
        f"method version '{version}' is not known",
        where="laboratory.yaml: methods",
        hint=f"name one of: {known}",
    )
