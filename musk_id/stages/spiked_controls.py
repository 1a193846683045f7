"""Spiked process controls: in how many replicates of each level their taxon is found by the rules for exhibits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from musk_id.errors import InputFormatError
from musk_id.kernels.detection_limit import logistic_lod95
from musk_id.kernels.intervals import clopper_pearson
from musk_id.model.barcode import SequenceResult
from musk_id.model.batch import SheetRow
from musk_id.model.controls import BlankReads
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spikes import DetectionLevels, SpikeLevel
from musk_id.model.values import DecimalText, Line
from musk_id.spike_vocabulary import SpikeUnit
from musk_id.stages.read_rules import read_reasons
from musk_id.stages.read_runs import in_blank
from musk_id.stages.read_variants import find_variants
from musk_id.vocabulary import Locus, Reason

__all__ = ["detection_levels"]

Reads = Mapping[str, tuple[DistinctReads | PiledReads | None, tuple[PrimerPairEntry, ...]]]
_Group = tuple[str, Locus | None, SpikeUnit]


def detection_levels(
    rows: tuple[SheetRow, ...],
    reads: Reads,
    blanks: tuple[BlankReads, ...] | None,
    examine: Callable[[SheetRow, NucleotideSequence], SequenceResult],
    method: ReadsMethod,
    genus: str,
) -> tuple[DetectionLevels, ...]:
    """What the spiked process controls of a batch say, by taxon, marker and unit.

    A replicate counts as found where a variant that names the taxon's genus has enough reads: in number, as a
    share of the marker's reads, and against the blanks.

    Parameters
    ----------
    rows : tuple of SheetRow
        Rows of controls.
    reads : mapping of str to (DistinctReads, PiledReads or None, tuple of PrimerPairEntry)
        Reads by position; a row without any, or whose reads cannot be read, is counted as not read.
    blanks : tuple of BlankReads, or None
        What the blanks hold; ``None`` if none was sequenced: nothing is then found by the rules.
    genus : str
        Genus of interest: a control spiked with it says nothing.
    """
    groups: dict[_Group, dict[str, list[bool]]] = {}
    unread: dict[_Group, int] = {}
    for row in rows:
        if row.spike is None or row.spike.taxon.split(" ")[0] == genus:
            continue
        key = (str(row.spike.taxon), row.locus, row.spike.unit)
        found = _found(row, reads, blanks, examine, method)
        levels = groups.setdefault(key, {})
        if found is None:
            unread[key] = unread.get(key, 0) + 1
        else:
            levels.setdefault(_plain(row.spike.level), []).append(found)
    order = sorted(groups, key=lambda k: (k[0], k[1] or "", k[2]))
    return tuple(_levels(key, groups[key], unread.get(key, 0), method) for key in order)


def _plain(level: str) -> str:
    """One spelling of a level: 10 and 10.0 are one."""
    return f"{Decimal(level).normalize():f}"


def _found(
    row: SheetRow,
    reads: Reads,
    blanks: tuple[BlankReads, ...] | None,
    examine: Callable[[SheetRow, NucleotideSequence], SequenceResult],
    method: ReadsMethod,
) -> bool | None:
    given, primers = reads.get(row.position, (None, ()))
    if given is None or row.spike is None:
        return None
    genus = row.spike.taxon.split(" ")[0]
    largest: dict[str, int] = {}
    for entry in blanks or ():
        key = str(entry.sequence_sha256 or f"genus {entry.genus}")
        largest[key] = max(entry.reads, largest.get(key, 0))
    try:
        amplicons = find_variants(given, primers, method)
    except InputFormatError:
        return None
    for amplicon in amplicons:
        for variant in amplicon.variants:
            if variant.reads < method.min_reported_reads:
                break
            result = examine(row, NucleotideSequence(f"{variant.reads} reads", variant.letters))
            if result.call is None or genus != _named(result):
                continue
            in_blanks = None if blanks is None else in_blank(variant, result, largest)
            if not read_reasons(variant, amplicon.reads, in_blanks, method):
                return True
    return False


def _named(result: SequenceResult) -> str | None:
    """The genus that a sequence names, or is nearest to within the radius, as for a positive control."""
    call = result.call
    if call is None or Reason.OUTSIDE_RADIUS in result.reasons:
        return None
    genera = {str(genus) for view in call.views for genus in view.nearest_genus}
    return call.genus or (genera.pop() if len(genera) == 1 else None)


def _levels(key: _Group, found: Mapping[str, list[bool]], not_read: int, method: ReadsMethod) -> DetectionLevels:
    taxon, locus, unit = key
    levels = tuple(_level(level, found[level]) for level in sorted(found, key=Decimal))
    lowest: DecimalText | None = None
    for level in reversed(levels):
        # A higher level that was missed once speaks against every lower one.
        if level.detected < level.replicates:
            break
        if level.replicates >= method.min_spiked_replicates:
            lowest = level.level
    lod = logistic_lod95(
        [float(level.level) for level in levels],
        [level.detected for level in levels],
        [level.replicates for level in levels],
    )
    return DetectionLevels(
        taxon=Line(taxon),
        locus=locus,
        unit=unit,
        levels=levels,
        not_read=not_read,
        lowest_all=lowest,
        lod95=None if lod is None else _three_digits(lod.level, ROUND_HALF_EVEN),
        lod95_lower=None if lod is None else _three_digits(lod.lower, ROUND_FLOOR),
        lod95_upper=None if lod is None else _three_digits(lod.upper, ROUND_CEILING),
    )


def _level(level: str, found: list[bool]) -> SpikeLevel:
    lower, upper = clopper_pearson(sum(found), len(found))
    tenth = Decimal("0.1")
    return SpikeLevel(
        level=DecimalText(level),
        replicates=len(found),
        detected=sum(found),
        lower_percent=DecimalText(f"{(Decimal(lower) * 100).quantize(tenth, ROUND_FLOOR):f}"),
        upper_percent=DecimalText(f"{(Decimal(upper) * 100).quantize(tenth, ROUND_CEILING):f}"),
    )


def _three_digits(value: float, rounding: str) -> DecimalText:
    """Three significant digits."""
    number = Decimal(value)
    step = Decimal(1).scaleb(number.adjusted() - 2)
    return DecimalText(f"{number.quantize(step, rounding):f}")
