"""Sets on which naming is measured: public records with their taxa, simulated radiations, the split by species.

Four things are done to the public records, and nothing else:

- COI of southern Africa: half of its records repeat a letter every 71 letters (the end of each line of their
  source), so that their frame is broken. Where leaving these letters out mends the frame, they are left out.
- Whole genes of COI are cut to the window, for all programs.
- Records whose label is contradicted by the sequence are left out by the fixed list ``MISLABELLED``.
- Names are cut to two words; records of hybrids and of undetermined species are left out.

Which half a species belongs to is decided by the digest of a fixed text and its name. Limits were fixed on queries
of the development half; the library holds both halves, as a library in use would.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from simulated_barcodes import LETTERS
from simulated_radiations import simulate_radiation
from wide_margins import METHOD, PublicRecord, file_sha256, read_public

from musk_id.model.reference import ReferenceRelease
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.placement import place_sequence
from musk_id.vocabulary import Locus, Reason

__all__ = [
    "HALVES",
    "PUBLIC",
    "SIMULATED",
    "SPLIT_TEXT",
    "DataSet",
    "Item",
    "half_of",
    "only",
    "public_set",
    "simulated_set",
]

SPLIT_TEXT = "musk-id general-mammal-2"
HALVES = ("development", "validation")
LINE = 71
# Each sequence lies with another species: distances are given to it, and to its own.
MISLABELLED = {
    "KJ192755.1": "named Canis adustus, lies with Chlorocebus",
    "GBMIN43481-14": "named Canis adustus, 0.5 % from Chlorocebus pygerythrus, 24 % from Canis adustus",
    "KJ862184.1": "lion and leopard exchanged",
    "KJ862183.1": "lion and leopard exchanged",
    "GBMA19829-19": "lion and leopard exchanged",
    "KX655614": "leopard and lion exchanged",
    "GBMA21165-19": "leopard and lion exchanged",
}
PUBLIC = {
    "COI, southern Africa": (Locus.COI, "sequences/kruger/kruger_mammal_COI.fasta.gz"),
    "COI window of mitogenomes": (Locus.COI, "sequences/mldsp/mammal_COX1.fasta.gz"),
    "cytochrome b": (Locus.CYTB, "sequences/mitoclub/mammal_cytb_refseq2023.fasta.gz"),
    "12S-V5": (Locus.RRNA_12S, "sequences/screenforbio2023/mammal_12S-V5_amplicon_2023.fasta.gz"),
    "16S": (Locus.RRNA_16S, "sequences/screenforbio2023/mammal_16S_amplicon_2023.fasta.gz"),
}
SIMULATED = {"simulated recent radiations": "R", "simulated deep congeners": "D"}
SIMULATED_SPECIES, SIMULATED_QUERIES = 1590, 400
_LEFT_OUT = ("HYBRID", "SPECIES_UNDETERMINED", "NAME_UNRESOLVED")


@dataclass(frozen=True)
class Item:
    """A record with its taxa."""

    accession: str
    species: str
    family: str
    order: str
    flags: str
    sequence: str

    @property
    def genus(self) -> str:
        """First word of the species name."""
        return self.species.split(" ")[0]


@dataclass(frozen=True)
class DataSet:
    """Records of a set, which of them are queries, and where they come from (no path: simulated).

    Records ``outside`` are queries only, not references.
    """

    name: str
    locus: Locus
    items: tuple[Item, ...]
    queries: tuple[int, ...]
    path: str | None
    sha256: str
    repaired: int = 0
    mislabelled: int = 0
    outside: frozenset[int] = frozenset()


def half_of(species: str) -> str:
    """The half to which a species belongs."""
    digest = hashlib.sha256(f"{SPLIT_TEXT}:{species}".encode()).digest()
    return HALVES[digest[0] % 2]


def public_set(name: str, half: str, refdata: Path, release: ReferenceRelease) -> DataSet:
    """A public set, with the records of one half as queries."""
    locus, path = PUBLIC[name]
    records = read_public(refdata / path)
    with (refdata / path.replace(".fasta.gz", ".tsv")).open(encoding="utf-8", newline="") as handle:
        taxa = {row["accession"]: row for row in csv.DictReader(handle, delimiter="\t")}
    library = BarcodeLibrary.from_release(release, METHOD)
    items: list[Item] = []
    repaired = mislabelled = 0
    for record in records:
        words = record.species.split(" ")
        if len(words) < 2 or any(flag in record.flags for flag in _LEFT_OUT):
            continue
        if record.accession in MISLABELLED:
            mislabelled += 1
            continue
        sequence = record.sequence
        if "kruger" in path:
            sequence = _without_repeats(record, library)
            repaired += sequence != record.sequence
        elif locus is Locus.COI:
            # Whole genes: every program gets the window.
            placed = place_sequence(sequence, None, library, METHOD)
            sequence = (
                placed.letters.strip("-") if placed.locus is locus and placed.masks is not None else sequence
            )
        row = taxa[record.accession]
        species = " ".join(words[:2])
        items.append(Item(record.accession, species, row["family"], row["order"], record.flags, sequence))
    queries = tuple(n for n, item in enumerate(items) if half_of(item.species) == half)
    return DataSet(name, locus, tuple(items), queries, path, file_sha256(refdata / path), repaired, mislabelled)


def _without_repeats(record: PublicRecord, library: BarcodeLibrary) -> str:
    """The letters without those that repeat the one before at every end of a line, if that mends the frame."""
    letters = record.sequence
    broken = {Reason.FRAME_BROKEN, Reason.STOP_CODON}
    if Reason.FRAME_BROKEN not in place_sequence(letters, None, library, METHOD).reasons:
        return letters
    for phase in range(1, LINE + 1):
        places = range(phase, len(letters), LINE)
        if not places or any(letters[place] != letters[place - 1] for place in places):
            continue
        mended = "".join(letter for place, letter in enumerate(letters) if place not in places)
        if not broken & set(place_sequence(mended, None, library, METHOD).reasons):
            return mended
    return letters


def simulated_set(name: str, seed: int, species: int = SIMULATED_SPECIES) -> DataSet:
    """A simulated set; the seed draws the sequences and which of them are queries."""
    made = simulate_radiation(SIMULATED[name], species, seed)
    items = tuple(
        Item(
            f"SIM{number}",
            f"G{_word(genus)} s{_word(own)}",
            f"F{_word(family)}idae",
            "Simulata",
            "",
            LETTERS[row].tobytes().decode("ascii"),
        )
        for number, (row, own, genus, family) in enumerate(
            zip(made.bases, made.species.tolist(), made.genus.tolist(), made.family.tolist(), strict=True)
        )
    )
    chosen = np.random.default_rng(seed).permutation(len(items))[:SIMULATED_QUERIES]
    digest = hashlib.sha256(made.bases.tobytes()).hexdigest()
    return DataSet(name, Locus.COI, items, tuple(sorted(chosen.tolist())), None, digest)


def only(data: DataSet, every: int) -> DataSet:
    """The set with every so many-th query."""
    return replace(data, queries=data.queries[::every])


def _word(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))
