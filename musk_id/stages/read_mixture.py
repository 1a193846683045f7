"""Variants of a run as a mixture of the library's haplotypes and something unknown: shown, nothing hangs on it.

Short markers only: a long one is read in parts, and the haplotypes of its window are no whole sequences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musk_id.kernels.chimeras import ChimeraState
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.mixtures import Explained, explain, log_chances, log_unknown
from musk_id.model.read_mixture import MixturePart, MixtureStep, ReadMixture
from musk_id.model.reads import ReadVariant
from musk_id.model.reads_method import MixtureLimits
from musk_id.model.values import DecimalText, Line
from musk_id.stages.comparison import HUMAN_GENUS
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import Locus

__all__ = ["read_mixture"]

# The trace of a crowd would be a table that nobody reads; those with most reads are explained.
MAX_VARIANTS = 100
# Distances to each are taken one by one.
MAX_HAPLOTYPES = 2_000


def read_mixture(
    locus: Locus,
    variants: Sequence[ReadVariant],
    library: BarcodeLibrary,
    min_reads: int,
    limits: MixtureLimits,
) -> ReadMixture | None:
    """The mixture of the variants of one short marker, on the strand of the library.

    Parameters
    ----------
    variants : sequence of ReadVariant
        Variants of the marker; chimeras and those with fewer than ``min_reads`` are left out.

    Returns
    -------
    ReadMixture or None
        ``None`` of a long marker, where no variant is left, and of a library too large for it.
    """
    held = library.loci.get(locus)
    own = [v for v in variants if v.reads >= min_reads and v.chimera != ChimeraState.CHIMERA.value]
    own = sorted(own, key=lambda v: (-v.reads, v.letters))[:MAX_VARIANTS]
    if held is None or held.planes is not None or not own:
        return None
    haplotypes: dict[str, list[tuple[str, str]]] = {}
    for record in held.records:
        haplotypes.setdefault(record.sequence, []).append((record.genus, record.accession))
    if len(haplotypes) > MAX_HAPLOTYPES:
        return None
    letters = sorted(haplotypes)
    edits = np.array([[edit_distance(v.letters, h).lower for h in letters] for v in own], np.int64)
    # Those nearest to some variant: no other one brings a variant nearer.
    near = np.flatnonzero((edits == edits.min(axis=1, keepdims=True)).any(axis=0))
    letters, edits = [letters[place] for place in near.tolist()], edits[:, near]
    lengths = np.array([len(v.letters) for v in own], np.int64)
    counts = np.array([v.reads for v in own], np.int64)
    found = explain(
        counts,
        log_chances(edits, lengths, float(limits.error_a_letter)),
        log_unknown(edits, lengths, float(limits.unknown_apart)),
        limits.max_haplotypes,
    )
    return ReadMixture(
        locus=locus,
        variants=len(own),
        reads=int(counts.sum()),
        parts=_parts(found, letters, haplotypes),
        unknown_reads=_tenths(float(found.reads[-1])),
        steps=tuple(
            MixtureStep(
                haplotypes=len(step.chosen),
                log_likelihood=_tenths(step.log_likelihood),
                bic=_tenths(step.criterion),
            )
            for step in found.steps
        ),
    )


def _parts(
    found: Explained, letters: list[str], haplotypes: dict[str, list[tuple[str, str]]]
) -> tuple[MixturePart, ...]:
    parts: list[MixturePart] = []
    for number, alike in enumerate(found.ties):
        named = [pair for place in alike for pair in haplotypes[letters[place]]]
        parts.append(
            MixturePart(
                genera=tuple(Line(genus) for genus in sorted({genus for genus, _ in named})),
                # Human DNA is a word.
                records=tuple(Line(name) for name in sorted({a for genus, a in named if genus != HUMAN_GENUS})),
                reads=_tenths(float(found.reads[number])),
            )
        )
    return tuple(sorted(parts, key=lambda part: (-float(part.reads), part.genera, part.records)))


def _tenths(value: float) -> DecimalText:
    return DecimalText(f"{value + 0.0:.1f}".replace("-0.0", "0.0") if abs(value) < 0.05 else f"{value:.1f}")
