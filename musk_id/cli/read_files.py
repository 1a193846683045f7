"""Files of sequencing reads, of a case or not: FASTQ, pairs of FASTQ, or BAM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import InputFormatError
from musk_id.model.methods import BarcodeMethod, ReadsMethod
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import DistinctReads, PiledReads, ReadOrigin
from musk_id.model.reads_method import PileLimits

if TYPE_CHECKING:
    from musk_id.stages.haplotypes import PileRules
    from musk_id.stages.library import BarcodeLibrary

__all__ = ["read_files"]

MAX_READ_FILES = 2


def read_files(
    paths: list[Path],
    primers: tuple[PrimerPairEntry, ...],
    methods: tuple[BarcodeMethod, ReadsMethod],
    library: Callable[[], BarcodeLibrary],
    *,
    with_genera: bool = False,
    with_origin: bool = True,
    threads: int = 1,
) -> DistinctReads | PiledReads:
    """Reads of a run: one FASTQ file, two of pairs (forward reads first, as they are named), or a BAM file.

    Parameters
    ----------
    library : callable
        Gives the library in whose windows reads are piled up; asked for where they are.
    with_genera : bool
        Whether the nearest genus of each piled read is asked for.
    with_origin : bool
        Whether what the names of the reads say of their run and library is asked for.
    threads : int
        With more than one, files of pairs are read beside the work on them.

    Raises
    ------
    InputFormatError
        If a file cannot be read, there are more than two, or the method does not read what it holds.
    """
    from musk_id.formats.bam import looks_mapped
    from musk_id.formats.fastq import FastqFile, paired_batches
    from musk_id.stages.haplotypes import PileRules
    from musk_id.stages.long_reads import is_noisy, pile_long_reads
    from musk_id.stages.read_variants import count_pairs, count_reads

    barcode, method = methods
    if len(paths) > MAX_READ_FILES:
        raise InputFormatError(
            f"{len(paths)} files of reads in one run",
            where=paths[0].name,
            hint="one file, or two of pairs, forward reads first; each run by itself",
        )
    mapped = [path for path in paths if looks_mapped(path)]
    if mapped:
        piles = _piles_of(paths, mapped, method)
        rules = PileRules(library(), barcode, method, piles, with_genera)
        return _piled(mapped[0], primers, rules, with_origin=with_origin)
    file = FastqFile(paths[0], with_origin=with_origin)
    if len(paths) == MAX_READ_FILES:
        pairs = count_pairs(paired_batches(file, FastqFile(paths[1]), threads=threads), method)
        return replace(pairs, origin=file.origin)
    counted = replace(count_reads(file.batches(), method), origin=file.origin)
    if method.piles is None or not is_noisy(counted, method.piles):
        return counted
    rules = PileRules(library(), barcode, method, method.piles, with_genera)
    piled = pile_long_reads(FastqFile(paths[0]).batches(), primers, rules)
    return replace(piled, distinct=replace(piled.distinct, origin=file.origin))


def _piles_of(paths: list[Path], mapped: list[Path], method: ReadsMethod) -> PileLimits:
    """Limits for mapped reads, where the method reads them and there is one file of them."""
    if method.piles is None:
        raise InputFormatError(
            f"mapped reads, which {method.version} does not read",
            where=mapped[0].name,
            hint="name a later method for reads in laboratory.yaml",
        )
    if len(paths) > 1:
        raise InputFormatError(
            f"{len(paths)} files of which {len(mapped)} hold mapped reads",
            where=mapped[0].name,
            hint="one BAM file a run",
        )
    return method.piles


def _piled(path: Path, primers: tuple[PrimerPairEntry, ...], rules: PileRules, *, with_origin: bool) -> PiledReads:
    from musk_id.formats.bam import open_bam
    from musk_id.stages.mapped_reads import pile_mapped_reads

    limits = rules.piles
    with open_bam(
        path, min_mapping_quality=limits.min_mapping_quality, min_base_quality=limits.min_base_quality
    ) as source:
        found = pile_mapped_reads(source, primers, rules)
        origin = source.origin if with_origin else ReadOrigin()
        return replace(found, distinct=replace(found.distinct, origin=origin))
