"""Wells of a batch held against each other: sequences that they share, and reads with the index of another well.

Two wells of one item may share what they like. A sequence of one item in a well of another item or in a control is
listed; whether the reads there are more than indexes that changed between wells explain is told by the blanks:
their reads of sequences that other wells hold limit how often it happens (decision rules, section 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from musk_id.errors import InputFormatError
from musk_id.kernels.chimeras import ChimeraState
from musk_id.kernels.tag_jumps import jump_limit, jump_rate_upper
from musk_id.model.batch import RunSheet
from musk_id.model.batch_reads import BatchReads, SharedSequence, SharedWell, TagJumps
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PRIMER_PAIRS, PrimerPairEntry
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.sharing_vocabulary import JumpState, Sharing
from musk_id.stages.control_kinds import BLANKS
from musk_id.stages.jump_limits import primers_name
from musk_id.stages.read_runs import sequence_digest
from musk_id.stages.read_variants import cut_by_primers, find_variants
from musk_id.vocabulary import ControlKind, Locus

__all__ = ["ExhibitWells", "MarkerCounts", "Well", "compare_batch", "compare_wells", "count_well"]

# Sequences of one well and marker that are kept for the comparison, and shared ones that are listed.
MAX_KEPT = 20_000
MAX_SHARED = 500

_Name = Line | None
_Source = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class MarkerCounts:
    """Distinct sequences of a well at one marker; ``variants`` are those that a report could name."""

    counts: Mapping[bytes, int]
    variants: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Well:
    """A well of the batch with its reads; ``case`` and ``item`` tell the exhibits apart and are kept nowhere."""

    position: Line
    kind: ControlKind
    locus: Locus | None
    markers: Mapping[_Name, MarkerCounts]
    case: str = ""
    item: str = ""

    @property
    def is_blank(self) -> bool:
        return self.kind in BLANKS


@dataclass(frozen=True, slots=True)
class ExhibitWells:
    """Exhibits of a batch: those whose reads were counted, and how many could not be."""

    wells: tuple[Well, ...]
    not_read: int = 0
    without_case: int = 0


def compare_batch(
    sheet: RunSheet,
    exhibits: ExhibitWells,
    controls: Mapping[str, tuple[DistinctReads | PiledReads | None, tuple[PrimerPairEntry, ...]]],
    may_be_human: Callable[[NucleotideSequence], bool],
    method: ReadsMethod,
) -> BatchReads:
    """Exhibits and controls of a sheet held against each other; see :func:`compare_wells`.

    Parameters
    ----------
    controls : mapping of str to (DistinctReads, PiledReads or None, tuple of PrimerPairEntry)
        Reads and primers of the controls by position; one that could not be read says nothing.
    """
    counted = {well.position: well for well in exhibits.wells}
    for row in sheet.rows:
        reads, primers = controls.get(row.position, (None, ()))
        if row.kind is ControlKind.EXHIBIT or reads is None:
            continue
        try:
            markers = count_well(reads, primers, method, is_blank=row.kind in BLANKS)
        except InputFormatError:
            # A control with so many variants has failed already.
            continue
        counted[row.position] = Well(row.position, row.kind, row.locus, markers)
    return compare_wells(
        [counted[row.position] for row in sheet.rows if row.position in counted],
        may_be_human,
        method,
        not_read=exhibits.not_read,
        without_case=exhibits.without_case,
    )


def count_well(
    reads: DistinctReads | PiledReads,
    primers: tuple[PrimerPairEntry, ...],
    method: ReadsMethod,
    *,
    is_blank: bool,
) -> dict[_Name, MarkerCounts]:
    """Sequences of a well by primers; of a well that is no blank those that were read twice at least.

    Raises
    ------
    InputFormatError
        If there are more variants than one item's amplicon can have.
    """
    amplicons = find_variants(reads, primers, method)
    variants: dict[_Name, set[bytes]] = {}
    for amplicon in amplicons:
        variants.setdefault(primers_name(amplicon.primers), set()).update(
            variant.letters.encode("ascii")
            for variant in amplicon.variants
            # Half of a chimera may be a person's, and it came about in its own well.
            if variant.reads >= method.min_reported_reads and variant.chimera != ChimeraState.CHIMERA.value
        )
    counts: dict[_Name, Counter[bytes]] = {}
    if isinstance(reads, PiledReads):
        for amplicon in amplicons:
            own = counts.setdefault(primers_name(amplicon.primers), Counter())
            for variant in amplicon.variants:
                own[variant.letters.encode("ascii")] += amplicon.of_all(variant.reads)
    else:
        for name, found in cut_by_primers(reads, primers, method).items():
            counts.setdefault(primers_name(name), Counter()).update(found)
    return {
        name: MarkerCounts(_kept(found, 1 if is_blank else 2), frozenset(variants.get(name, ())))
        for name, found in counts.items()
    }


def _kept(counts: Mapping[bytes, int], least: int) -> dict[bytes, int]:
    ordered = sorted((-number, letters) for letters, number in counts.items() if number >= least)
    return {letters: -number for number, letters in ordered[:MAX_KEPT]}


def compare_wells(
    wells: Sequence[Well],
    may_be_human: Callable[[NucleotideSequence], bool],
    method: ReadsMethod,
    *,
    not_read: int,
    without_case: int,
) -> BatchReads:
    """Shared sequences and limits of a batch.

    Parameters
    ----------
    wells : sequence of Well
        Controls and exhibits with reads, in the order of the sheet.
    may_be_human : callable
        Whether a sequence is human or cannot be told from one; it is then left out.
    not_read, without_case : int
        Exhibits that could not be compared.

    Raises
    ------
    ValueError
        If the method has no confidence for the limit.
    """
    if method.jump_confidence is None:
        raise ValueError(f"{method.version} does not compare wells")
    numbers = _numbers(wells)
    jumps: list[TagJumps] = []
    shared: list[SharedSequence] = []
    for name in sorted({name for well in wells for name in well.markers}, key=lambda n: (n is None, n or "")):
        own = [well for well in wells if name in well.markers or (well.is_blank and _is_of(well, name))]
        marker = _jumps(name, own, method.jump_confidence)
        jumps.append(marker)
        shared += _shared(name, own, numbers, marker, may_be_human, method.jump_confidence)
    shared.sort(key=lambda s: (-sum(well.reads for well in s.wells), s.sequence_sha256))
    exhibits = [well for well in wells if well.kind is ControlKind.EXHIBIT]
    return BatchReads(
        cases=len({well.case for well in exhibits}),
        items=len({(well.case, well.item) for well in exhibits}),
        positions=tuple(well.position for well in exhibits),
        not_read=not_read,
        without_case=without_case,
        jumps=tuple(jumps),
        shared=tuple(shared[:MAX_SHARED]),
        not_listed=max(0, len(shared) - MAX_SHARED),
    )


def _is_of(well: Well, name: _Name) -> bool:
    """Whether a blank speaks for a marker at which it has no reads: it was amplified there, or for all."""
    locus = next((pair.locus for pair in PRIMER_PAIRS if pair.name == name), None)
    return well.locus is None or locus is None or well.locus is locus


def _numbers(wells: Iterable[Well]) -> dict[Line, _Source]:
    """Where each well comes from: a control by itself, or the numbers of case and item."""
    cases: dict[str, dict[str, int]] = {}
    found: dict[Line, _Source] = {}
    for well in wells:
        if well.kind is not ControlKind.EXHIBIT:
            found[well.position] = (well.position, 0, 0)
            continue
        items = cases.setdefault(well.case, {})
        item = items.setdefault(well.item, len(items) + 1)
        found[well.position] = ("", list(cases).index(well.case) + 1, item)
    return found


def _jumps(name: _Name, wells: list[Well], confidence: float) -> TagJumps:
    others = [well for well in wells if not well.is_blank]
    held: Counter[bytes] = Counter()
    for well in others:
        held.update(well.markers[name].counts)
    blanks = [well.markers[name].counts if name in well.markers else {} for well in wells if well.is_blank]
    in_blank = max((sum(n for letters, n in counts.items() if letters in held) for counts in blanks), default=0)
    exhibits = [well for well in others if well.kind is ControlKind.EXHIBIT]
    items = len({(well.case, well.item) for well in exhibits})
    elsewhere = sum(held.values())
    state = JumpState.LIMITED
    if items < 2:
        state = JumpState.ONE_ITEM
    elif not blanks or elsewhere == 0:
        state = JumpState.NO_BLANK_READ
    rate = jump_rate_upper(in_blank, elsewhere, confidence) if state is JumpState.LIMITED else None
    return TagJumps(
        primers=name,
        state=state,
        wells=len(others),
        items=items,
        blanks=len(blanks),
        in_blank=in_blank,
        elsewhere=elsewhere,
        rate_upper=None if rate is None else DecimalText(f"{rate:f}"),
    )


def _shared(
    name: _Name,
    wells: list[Well],
    numbers: Mapping[Line, _Source],
    marker: TagJumps,
    may_be_human: Callable[[NucleotideSequence], bool],
    confidence: float,
) -> list[SharedSequence]:
    read = [(well, well.markers[name]) for well in wells if name in well.markers]
    holders: dict[bytes, list[tuple[Well, int]]] = {v: [] for _, own in read for v in own.variants}
    for well, own in read:
        # The sequences of the batch are few, those of a well with all errors many.
        for letters, found in holders.items():
            if letters in own.counts:
                found.append((well, own.counts[letters]))
    rate = None if marker.rate_upper is None else Decimal(marker.rate_upper)
    shared: list[SharedSequence] = []
    for letters, held in sorted(holders.items()):
        if len({numbers[well.position] for well, _ in held}) < 2:
            continue
        text = letters.decode("ascii")
        if may_be_human(NucleotideSequence("shared", text)):
            continue
        shared.append(
            SharedSequence(
                sequence_sha256=Sha256(sequence_digest(text)),
                primers=name,
                sharing=_sharing([well for well, _ in held]),
                wells=tuple(_well(well, n, held, numbers, rate, confidence) for well, n in held),
            )
        )
    return shared


def _well(
    well: Well,
    reads: int,
    held: list[tuple[Well, int]],
    numbers: Mapping[Line, _Source],
    rate: Decimal | None,
    confidence: float,
) -> SharedWell:
    source = numbers[well.position]
    if well.kind is not ControlKind.EXHIBIT:
        return SharedWell(position=well.position, kind=well.kind, reads=reads)
    elsewhere = sum(n for other, n in held if not other.is_blank and numbers[other.position] != source)
    return SharedWell(
        position=well.position,
        kind=well.kind,
        case_number=source[1],
        item_number=source[2],
        reads=reads,
        jump_limit=None if rate is None else jump_limit(elsewhere, rate, confidence),
    )


def _sharing(wells: list[Well]) -> tuple[Sharing, ...]:
    exhibits = [well for well in wells if well.kind is ControlKind.EXHIBIT]
    controls = [well for well in wells if well.kind is not ControlKind.EXHIBIT]
    found: set[Sharing] = set()
    if exhibits:
        found |= {Sharing.WITH_BLANK if well.is_blank else Sharing.WITH_POSITIVE for well in controls}
    elif controls:
        found.add(Sharing.BETWEEN_CONTROLS)
    if len({well.case for well in exhibits}) > 1:
        found.add(Sharing.BETWEEN_CASES)
    by_case: dict[str, set[str]] = {}
    for well in exhibits:
        by_case.setdefault(well.case, set()).add(well.item)
    if any(len(items) > 1 for items in by_case.values()):
        found.add(Sharing.BETWEEN_ITEMS)
    return tuple(sorted(found))
