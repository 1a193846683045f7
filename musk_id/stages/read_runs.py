"""Runs of sequencing reads: each variant examined as a sequence, with the reads behind it and its replicates.

A variant is known by its letters without primers. It counts where its reads are enough
(:mod:`musk_id.stages.read_rules`) in two of three amplifications from two extractions; else it is a trace, shown
and not reported as detected.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.barcode import ReadsRun, ReadSupport, SequenceResult
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.read_mixture import ReadMixture
from musk_id.model.reads import Amplicon, DistinctReads, PiledReads, ReadOrigin, ReadVariant
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.technical import FailedRun, ReadsEvidence, SequenceEvidence, TraceEvidence
from musk_id.model.values import Identifier
from musk_id.stages.jump_limits import JumpLimits, primers_name
from musk_id.stages.read_rules import read_reasons
from musk_id.stages.read_variants import find_variants
from musk_id.stages.species_rule import CalledSequence
from musk_id.vocabulary import Finding, Locus, Reason, Strand

__all__ = [
    "Examined",
    "ReadProduct",
    "ReadSequence",
    "examine_reads",
    "in_blank",
    "read_products",
    "sequence_digest",
    "with_replicates",
]

# Of those that have too few reads so many are listed, besides all that name the genus of interest.
MAX_TRACES_LISTED = 20

_BELOW = frozenset(
    {
        Reason.READS_BELOW_LIMIT,
        Reason.TAG_JUMP_NOT_EXCLUDED,
        Reason.CHIMERA_SUSPECTED,
        Reason.CONTROL_ABSENT,
    }
)

_Attempt = SequenceEvidence | TraceEvidence | ReadsEvidence | FailedRun
Examined = tuple[SequenceResult, CalledSequence | None]


@dataclass(frozen=True, slots=True)
class ReadSequence:
    """A variant of a run as examined; ``call`` is ``None`` where none can be made."""

    result: SequenceResult
    call: CalledSequence | None

    @property
    def has_enough_reads(self) -> bool:
        return not _BELOW & set(self.result.reasons)


_Counted = tuple[Identifier, Identifier]

Examine = Callable[[NucleotideSequence, tuple[Reason, ...]], Examined]
"""How a sequence of the run is examined, with the reasons noted beforehand."""

Mix = Callable[[Locus, Sequence[ReadVariant]], ReadMixture | None]
"""How the variants of a marker are explained as a mixture."""


@dataclass(frozen=True, slots=True)
class ReadProduct:
    """An amplification of an item that was read: its marker as declared, and what its runs count as.

    ``counted_as`` is another amplification and extract where the same reads stand under both.
    """

    product_id: Identifier
    locus: Locus | None
    counted_as: tuple[Identifier, Identifier]


def sequence_digest(letters: str) -> str:
    """Digest by which a variant is looked for in blanks, the same for both strands."""
    return hashlib.sha256(min(letters, reverse_complement_text(letters)).encode("ascii")).hexdigest()


def read_products(evidence: Sequence[_Attempt], method: ReadsMethod) -> dict[Identifier, ReadProduct]:
    """The amplifications behind runs of reads, failed ones too, by run id.

    Equal reads, and reads whose names say that they are of one library, count as the first amplification. So do,
    by a method that says so, runs that share a read, and those whose names give a run of an instrument that others
    give as well, and no library: a replicate is not earned by dealing one run into two files.
    """
    first: dict[str, _Counted] = {}
    counted: dict[Identifier, _Counted] = {}
    entries = sorted(evidence, key=lambda e: e.run.run_id)
    for entry in entries:
        counted[entry.run.run_id] = own = (entry.run.product_id, entry.run.extract_id)
        if isinstance(entry, ReadsEvidence) and entry.reads.counts:
            counted[entry.run.run_id] = _first_alike(entry.reads, own, first, method)
    for entry in entries if method.counts_unnamed_once else ():
        origin = entry.reads.origin if isinstance(entry, ReadsEvidence) else ReadOrigin()
        if origin.run is not None and origin.library is None:
            own = counted[entry.run.run_id]
            counted[entry.run.run_id] = first.setdefault(f"run {origin.run}", own)
    return {
        entry.run.run_id: ReadProduct(entry.run.product_id, entry.declared_locus, counted[entry.run.run_id])
        for entry in entries
    }


def _first_alike(
    reads: DistinctReads | PiledReads, own: _Counted, first: dict[str, _Counted], method: ReadsMethod
) -> _Counted:
    """The first amplification of the same reads or library; what is known of it is noted."""
    content = hashlib.sha256()
    for letters, count in sorted(reads.counts.items()):
        content.update(b"%s %d\n" % (letters, count))
    keys = [content.hexdigest()]
    origin = reads.origin
    if origin.library is not None:
        keys.append(f"library {origin.library}")
    if method.counts_unnamed_once:
        keys += sorted(f"read {digest.hex()}" for digest in origin.sample)
    counted = next((first[key] for key in keys if key in first), own)
    if origin.library is not None and origin.run is not None:
        keys.append(f"run {origin.run}")
    for key in keys:
        first.setdefault(key, counted)
    return counted


def examine_reads(
    entry: ReadsEvidence,
    examine: Examine,
    method: ReadsMethod,
    genus: str,
    in_blanks: Mapping[str, int] | None,
    jumps: JumpLimits | None = None,
    mix: Mix | None = None,
) -> tuple[list[ReadSequence], ReadsRun]:
    """Variants of a run, most reads first, and what became of its reads.

    Parameters
    ----------
    entry : ReadsEvidence
        Distinct reads of the run.
    examine : callable
        The rules for one sequence.
    method : ReadsMethod
        Numbers of the rules for reads.
    genus : str
        Genus of interest: a variant that names it is listed however few its reads.
    in_blanks : mapping of str to int, or None
        Largest counts in the blanks of the run's batches, by digest and by genus; ``None`` if none was sequenced.
    mix : callable, or None
        Explains the variants of a marker as a mixture.
    jumps : JumpLimits, or None
        How many reads other wells of the batch explain; ``None`` if the run was not held against them.

    Raises
    ------
    InputFormatError
        If there are more variants than one item's amplicon can have.
    """
    amplicons = find_variants(entry.reads, entry.primers, method)
    found = [(amplicon, variant) for amplicon in amplicons for variant in amplicon.variants]
    found.sort(key=lambda pair: (-pair[1].reads, pair[1].letters))
    results = [
        examine(NucleotideSequence(f"variant {number}", variant.letters), ())
        for number, (_, variant) in enumerate(found, 1)
    ]
    of_locus: Counter[Locus | None] = Counter()
    for (_, variant), (result, _) in zip(found, results, strict=True):
        of_locus[result.locus] += variant.reads
    against = _Against(in_blanks, jumps, of_locus, piled=isinstance(entry.reads, PiledReads))
    examined = [
        _examined(amplicon, variant, result, method, against)
        for (amplicon, variant), result in zip(found, results, strict=True)
    ]
    listed = _listed(examined, genus)
    tally = entry.reads.tally
    run = ReadsRun(
        run=entry.run,
        total=tally.total,
        used=tally.used,
        not_overlapping=tally.not_overlapping,
        ambiguous_overlap=tally.ambiguous_overlap,
        too_many_errors=tally.too_many_errors,
        ambiguous_letters=tally.ambiguous_letters,
        too_short=tally.too_short,
        unassigned=sum(amplicon.unassigned_reads for amplicon in amplicons),
        variants=len(found),
        not_listed=len(found) - len(listed),
        piled=isinstance(entry.reads, PiledReads),
        not_drawn=sum(amplicon.not_drawn for amplicon in amplicons),
        mixtures=() if mix is None else _mixtures(found, examined, mix),
    )
    return listed, run


def _listed(examined: Sequence[ReadSequence], genus: str) -> list[ReadSequence]:
    """Variants that the record lists: all but further traces that do not name the genus."""
    listed, traces = [], 0
    for variant in examined:
        is_trace = not variant.has_enough_reads
        named = genus in nearest_genera(variant.result)
        traces += is_trace and not named
        if not is_trace or named or traces <= MAX_TRACES_LISTED:
            listed.append(variant)
    return listed


def _mixtures(
    variants: Sequence[tuple[Amplicon, ReadVariant]], examined: Sequence[ReadSequence], mix: Mix
) -> tuple[ReadMixture, ...]:
    """Mixtures by marker, of variants turned to the strand of the library.

    What has the primers of a marker and is not recognised belongs to it: that is where something unknown shows.
    """
    by_primers = {pair.name: pair.locus for pair in PRIMER_PAIRS}
    by_locus: dict[Locus, list[ReadVariant]] = {}
    for (amplicon, variant), entry in zip(variants, examined, strict=True):
        result = entry.result
        primers = primers_name(amplicon.primers)
        locus = result.locus or (None if primers is None else by_primers.get(primers))
        if locus is not None:
            back = result.strand is Strand.REVERSE
            letters = reverse_complement_text(variant.letters) if back else variant.letters
            by_locus.setdefault(locus, []).append(replace(variant, letters=letters))
    made = (mix(locus, own) for locus, own in sorted(by_locus.items()))
    return tuple(mixture for mixture in made if mixture is not None)


@dataclass(frozen=True, slots=True)
class _Against:
    """What the variants of a run are held against; ``of_locus`` are the reads of all variants of a marker."""

    in_blanks: Mapping[str, int] | None
    jumps: JumpLimits | None
    of_locus: Mapping[Locus | None, int]
    piled: bool


def _examined(
    amplicon: Amplicon, variant: ReadVariant, examined: Examined, method: ReadsMethod, against: _Against
) -> ReadSequence:
    result, call = examined
    # One marker may stand under several pairs of primers, and beside them without any.
    marker_reads = amplicon.reads if result.locus is None else max(amplicon.reads, against.of_locus[result.locus])
    largest = None if against.in_blanks is None else in_blank(variant, result, against.in_blanks)
    limit = None
    # Sequences that may be human are not kept for the comparison of wells.
    if against.jumps is not None and Reason.HUMAN_DNA not in result.reasons:
        limit = against.jumps.of(amplicon.primers, sequence_digest(variant.letters))
    noted = read_reasons(variant, marker_reads, largest, method, limit, piled=against.piled)
    if Reason.CHIMERA_SUSPECTED in noted:
        # Half of it may be a person's.
        result = replace(result, sequence_sha256=None, picture=None, hits=(), sites=None, tree=None)
    if result.locus is None:
        # Nothing tells whether it is a person's.
        result = replace(result, sequence_sha256=None)
    result = replace(result, reasons=tuple(sorted({*result.reasons, *noted})))
    support = ReadSupport(
        reads=variant.reads,
        reads_exact=variant.reads_exact,
        marker_reads=marker_reads,
        largest_in_blank=largest,
        primers=amplicon.primers,
        chimera=variant.chimera,
        jump_limit=limit,
    )
    finding = Finding.INCONCLUSIVE if noted else result.finding
    return ReadSequence(replace(result, reads=support, finding=finding), call)


def nearest_genera(result: SequenceResult) -> set[str]:
    """Genera that are nearest under some view, at any distance."""
    call = result.call
    return set() if call is None else {str(genus) for view in call.views for genus in view.nearest_genus}


def in_blank(variant: ReadVariant, result: SequenceResult, in_blanks: Mapping[str, int]) -> int:
    """Largest count of the sequence, or of all sequences nearest to its genus, in a blank."""
    keys = [sequence_digest(variant.letters), *(f"genus {genus}" for genus in nearest_genera(result))]
    return max(in_blanks.get(key, 0) for key in keys)


def with_replicates(
    sequences: Sequence[ReadSequence], products: Mapping[Identifier, ReadProduct], method: ReadsMethod
) -> list[ReadSequence]:
    """The variants of one item, each with the amplifications and extracts in which it has enough reads.

    Variants that do not reach the method's replicates say ``NO_REPLICATES`` and are inconclusive.

    Parameters
    ----------
    products : mapping of Identifier to ReadProduct
        By run id all amplifications of the item that were read; one of a marker counts also where it gave nothing.
    """
    loci = {entry.result.locus for entry in sequences}
    read = {
        locus: {p.product_id for p in products.values() if p.locus in (locus, None)}
        | {e.result.run.product_id for e in sequences if e.result.locus is locus}
        for locus in loci
    }
    held: dict[tuple[Locus | None, str], list[ReadSequence]] = {}
    for entry in sequences:
        if entry.has_enough_reads and _key(entry) is not None:
            held.setdefault((entry.result.locus, _key(entry) or ""), []).append(entry)
    return [_replicated(entry, held, products, len(read[entry.result.locus]), method) for entry in sequences]


def _key(entry: ReadSequence) -> str | None:
    """What makes two variants the same: their compared letters, or that both are human."""
    if entry.call is not None:
        return entry.call.letters
    return "human" if Reason.HUMAN_DNA in entry.result.reasons else None


def _replicated(
    entry: ReadSequence,
    held: Mapping[tuple[Locus | None, str], list[ReadSequence]],
    products: Mapping[Identifier, ReadProduct],
    amplifications_read: int,
    method: ReadsMethod,
) -> ReadSequence:
    same = held.get((entry.result.locus, _key(entry) or ""), [])
    counted = {products[other.result.run.run_id].counted_as for other in same}
    amplifications = len({product for product, _ in counted})
    extracts = len({extract for _, extract in counted})
    enough = (
        amplifications >= method.min_amplifications
        and extracts >= method.min_extracts
        and amplifications * 100 >= method.min_percent_of_amplifications * amplifications_read
    )
    if entry.result.reads is None:
        return entry
    support = replace(
        entry.result.reads,
        amplifications=amplifications,
        amplifications_read=amplifications_read,
        extracts=extracts,
    )
    result = replace(entry.result, reads=support)
    if not enough:
        reasons = tuple(sorted({*result.reasons, Reason.NO_REPLICATES}))
        result = replace(result, reasons=reasons, finding=Finding.INCONCLUSIVE)
    return ReadSequence(result, entry.call)
