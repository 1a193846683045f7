"""Made references of mammals at COI, by the columns that differ from a base sequence, and calls of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from barcode_cases import METHOD
from hypothesis import strategies as st

from musk_id.kernels.anchoring import KmerIndex
from musk_id.kernels.nucleotides import encode
from musk_id.model.barcode import LocusCall
from musk_id.model.methods import ANIMAL_METHODS, AnimalMethod, require_method
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import Line, Sha256, Text
from musk_id.stages.comparison import compare
from musk_id.stages.library import BarcodeLibrary, LocusLibrary
from musk_id.stages.locus_call import call_locus
from musk_id.stages.locus_limits import limits_of
from musk_id.stages.relatives import Relatives, coding_planes
from musk_id.vocabulary import CriterionOutcome, CurationState, Locus, Rank

WIDTH = 658
# Two genera make a wide library here, and are enough for a species to stand alone; all other numbers are those
# of the method.
WIDE = replace(require_method(ANIMAL_METHODS, "general-mammal-2"), wide_min_genera=2)
_FOUR = require_method(ANIMAL_METHODS, "general-mammal-4")
assert _FOUR.species is not None
assert _FOUR.species.isolated is not None
_AMONG_TWO = replace(_FOUR.species, isolated=replace(_FOUR.species.isolated, min_genera=2))
AMONG_FEW = replace(_FOUR, species=_AMONG_TWO)
ALONE = replace(AMONG_FEW, wide_min_genera=2)
# No codon ends with A or G, so that no change of a letter makes a stop codon.
CODONS = ("GCC", "ACC", "CTC", "GTC", "CCC", "TTC", "GAC", "AAC")
BASE = "".join(CODONS[hashlib.sha256(f"{n}".encode()).digest()[0] % 8] for n in range(220))[:WIDTH]
OTHER = {"A": "G", "G": "A", "C": "T", "T": "C"}
FAMILIES = {"Aa": "Aidae", "Ab": "Aidae", "Ba": "Bidae", "Moschus": "Moschidae"}


@dataclass(frozen=True)
class Made:
    """A reference: its name, its individual, and the columns in which it differs from the base sequence."""

    species: str
    columns: frozenset[int]
    individual: str
    state: CurationState = CurationState.REFERENCE


def changed(columns: frozenset[int]) -> str:
    return "".join(OTHER[letter] if n in columns else letter for n, letter in enumerate(BASE))


def reference(made: Made, accession: str) -> BarcodeReference:
    genus, letters = made.species.split(" ")[0], changed(made.columns)
    return BarcodeReference(
        accession=Line(accession),
        organism_as_deposited=Line(made.species),
        organism_revised=(),
        genus=Line(genus),
        family=Line(FAMILIES[genus]),
        order=Line("Artiodactyla"),
        state=made.state,
        locus=Locus.COI,
        individual=Line(made.individual),
        sequence=Text(letters),
        sha256=Sha256(hashlib.sha256(letters.encode()).hexdigest()),
    )


def library_of(records: list[BarcodeReference]) -> BarcodeLibrary:
    """A library without the parts that place sequences."""
    held = tuple(records)
    windows = {Locus.COI: WIDTH}
    genera = len({record.genus for record in held})
    locus = LocusLibrary(Locus.COI, held, coding_planes(held, WIDTH), WIDTH, genera)
    return BarcodeLibrary(
        release_id=Line("made"),
        loci={Locus.COI: locus},
        index=KmerIndex({"COI-658": [(0, encode(BASE))]}, slack={"COI-658": 0}),
        wide_edits={},
        sets=(),
        genus_species=(),
        has_overlay=False,
        relatives=Relatives(lambda _, genus: [r for r in held if r.genus == genus], windows),
    )


def called(
    made: list[Made], query: frozenset[int], animals: AnimalMethod = WIDE, names: list[str] | None = None
) -> LocusCall:
    labels = names or [f"R{n:03d}" for n in range(len(made))]
    library = library_of([reference(m, label) for m, label in zip(made, labels, strict=True)])
    limits = limits_of(Locus.COI, METHOD, animals, library.loci[Locus.COI].genera)
    compared = compare(encode(changed(query)), library.loci[Locus.COI])
    return call_locus(compared, limits, library, METHOD, animals)


def block(start: int, count: int) -> frozenset[int]:
    return frozenset(range(start, start + count))


FAR = Made("Ba far", block(500, 70), "far")
PAIR = [Made("Aa one", frozenset(), "1"), Made("Aa one", block(0, 24), "2"), FAR]


def criteria(call: LocusCall) -> dict[str, bool]:
    return {str(c.name): c.outcome is CriterionOutcome.PASSED for c in call.trace}


NONE: frozenset[int] = frozenset()
COLUMNS = st.builds(
    lambda genus, species, own: block(0, genus) | block(200, species) | block(300, own),
    st.sampled_from([0, 0, 30, 30, 60, 90]),
    st.sampled_from([0, 0, 2, 6, 15, 30]),
    st.sampled_from([0, 0, 1, 2, 5, 12]),
)
NAMES = ["Aa one", "Aa two", "Aa two", "Ab one", "Ba one"]
REFERENCES = st.builds(
    Made,
    st.sampled_from(NAMES),
    COLUMNS,
    st.sampled_from("abcdef"),
    st.sampled_from([CurationState.REFERENCE] * 4 + [CurationState.NAME_UNRESOLVED]),
)
LIBRARIES = st.lists(REFERENCES, min_size=1, max_size=9)


def admitted(call: LocusCall, made: list[Made]) -> set[str]:
    """Species of a library that an answer leaves possible."""
    every = {m.species for m in made}
    if call.rank in (Rank.SPECIES, Rank.SPECIES_SET):
        return set(map(str, call.species))
    if call.rank is Rank.GENUS:
        return {s for s in every if s.split(" ")[0] == call.taxon}
    if call.rank is Rank.FAMILY:
        return {s for s in every if FAMILIES[s.split(" ")[0]] == call.taxon}
    return every
