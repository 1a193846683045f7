"""A small library at the marker that screens for mammals in food, made of panel records with made stretches."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from made_library import Input, Made, build, write_sources

from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.library import Library
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.library_store import load_library
from musk_id.stages.match_library import LibraryMatcher
from musk_id.vocabulary import CurationState, Locus

__all__ = ["FORWARD", "GENERA", "LOCI", "REVERSE", "WIDE", "gene", "made_genes", "matcher_of", "stretch"]

FORWARD, REVERSE = "GACGAGAAGACCCTATGGAGC", "TCCGAGGTCRCCCCAACC"
LOCI = (Locus.RRNA_16S, Locus.RRNA_16S_FOOD)
GENERA = ("Sus", "Bos", "Capra", "Moschus", "Homo")
WIDE = replace(ANIMAL_METHODS[-1], wide_min_genera=3)


def stretch(genus: str) -> str:
    """Made letters of a genus between the primers: five of its own, else those of all."""
    rng = random.Random("food")
    letters = [rng.choice("ACGT") for _ in range(65)]
    first = 5 * GENERA.index(genus)
    for place in rng.sample(range(65), 65)[first : first + 5]:
        letters[place] = {"A": "C", "C": "G", "G": "T", "T": "A"}[letters[place]]
    return "TTTAA" + "".join(letters) + "TTTTC"


def gene(food: str, downstream: str) -> str:
    """Both stretches in the order of the gene: the reverse primer of one is the forward primer of the other."""
    return f"{FORWARD}{food}GGTTGGGGTGACCTCGGA{downstream}{reverse_complement_text('GCTGTTATCCCTAGGGTAACT')}"


def made_genes(release: ReferenceRelease, genera: Iterable[str] = GENERA) -> dict[str, Made]:
    """One gene a genus: the panel's 16S stretch with a made one before it."""
    found = {}
    for genus in genera:
        own = next(
            r
            for r in release.barcodes
            if r.genus == genus and r.locus is Locus.RRNA_16S and r.state is CurationState.REFERENCE
        )
        letters = gene(stretch(genus), own.sequence)
        found[genus] = Made(f"{genus.upper()}1", letters, own.organism_as_deposited, own.family, own.order)
    return found


def matcher_of(
    folder: Path, release: ReferenceRelease, genes: Mapping[str, Made]
) -> tuple[Library, LibraryMatcher]:
    """A library of genes, and the matcher with limits of wide libraries."""
    entry = Input(tuple(genes.values()), loci=LOCI)
    library = load_library(build(write_sources(folder / "s", {"genes": entry}), release, folder / "out"))
    return library, LibraryMatcher(library, release, BARCODE_METHODS[-1], WIDE)
