"""Made-up libraries with planted errors: species as points in sequence space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musk_id.kernels.frames import pack_nibbles
from musk_id.model.library import Library, LocusTable, TaxonColumn, TextColumn
from musk_id.model.values import IsoDate, Line, Sha256
from musk_id.vocabulary import Locus

WIDTH = 658


def species_sequences(seed: int, species: int, records: int, between: int = 60, within: int = 4) -> np.ndarray:
    """Masks of ``records`` sequences for each of some species, ``between`` columns from one ancestor."""
    rng = np.random.default_rng(seed)
    # A codon that is never a stop codon, whatever single change befalls its third letter.
    ancestor = np.tile(np.array([2, 2, 1], dtype=np.uint8), WIDTH // 3 + 1)[:WIDTH]
    rows = []
    for _ in range(species):
        own = _changed(ancestor, rng, between)
        rows += [_changed(own, rng, int(rng.integers(0, within + 1))) for _ in range(records)]
    return np.stack(rows)


def _changed(masks: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    made = masks.copy()
    for column in rng.choice(np.arange(2, masks.size, 3), count, replace=False).tolist():
        made[column] = rng.choice([m for m in (1, 2, 4, 8) if m != masks[column]])
    return made


def library(
    masks: np.ndarray, names: Sequence[str], accessions: Sequence[str] = (), locus: Locus = Locus.COI
) -> Library:
    """Library of one marker; every record is an animal of its own and from a submission of its own."""
    taxa = sorted(set(names))
    distinct, haplotype = np.unique(masks, axis=0, return_inverse=True)
    accessions = accessions or [f"XX{1000 * (i + 1):06d}" for i in range(len(names))]
    table = LocusTable(
        locus=locus,
        width=masks.shape[1],
        packed=pack_nibbles(distinct.astype(np.uint8)),
        haplotype=haplotype.astype(np.uint32),
        taxon=np.array([taxa.index(name) for name in names], dtype=np.uint32),
        state=np.zeros(len(names), dtype=np.uint8),
        individual=np.arange(len(names), dtype=np.uint32),
        strand=np.ones(len(names), dtype=np.int8),
        collapsed=np.zeros(len(names), dtype=np.uint8),
        accessions=TextColumn.of(list(accessions)),
        revised={},
    )
    return Library(
        library_id=Line("made-up"),
        date=IsoDate("2026-01-01"),
        title=Line("made up"),
        anchors_release=Line("2026.1"),
        manifest_sha256=Sha256("0" * 64),
        taxa=TaxonColumn(tuple(f"{name}\t{name.split()[0]}\tAidae\tAata" for name in taxa)),
        loci={locus: table},
        individuals=len(names),
    )
