"""Cases for the barcode stage: sequences as evidence, libraries made richer or poorer than the shipped one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from musk_id.kernels.nucleotides import encode, reverse_complement_text
from musk_id.kernels.translation import stop_codon_positions
from musk_id.model.barcode import BarcodeRecord, ItemCall, RunIdentity, SequenceResult
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS, BarcodeMethod
from musk_id.model.provenance import Provenance
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.technical import FailedRun, SequenceEvidence
from musk_id.model.values import Identifier, Line, Sha256, Text
from musk_id.stages.barcode import call_barcodes
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import CurationState, Locus, Technique

METHOD, ANIMALS = BARCODE_METHODS[0], ANIMAL_METHODS[0]
# A tree decides nothing and takes most of the time of a call.
WITHOUT_TREES = replace(METHOD, tree_replicates=0)
TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
OTHER_BASES = {base: [other for other in "ACGT" if other != base] for base in "ACGT"}
PROVENANCE = Provenance(software_version=Line("0"))


def identity(run_id: str = "R1", item: str = "I1", extract: str = "E1", sub_sample: str = "S1") -> RunIdentity:
    return RunIdentity(
        item_id=Identifier(item),
        sub_sample_id=Identifier(sub_sample),
        extract_id=Identifier(extract),
        product_id=Identifier(f"P-{run_id}"),
        run_id=Identifier(run_id),
        technique=Technique.SEQUENCE,
    )


def evidence(
    *letters: str, run: RunIdentity | None = None, declared: Locus | None = None, name: str = "s"
) -> SequenceEvidence:
    return SequenceEvidence(
        run=run or identity(),
        declared_locus=declared,
        file_sha256=Sha256("0" * 64),
        sequences=tuple(NucleotideSequence(f"{name}{i}", text) for i, text in enumerate(letters)),
    )


def examine(
    library: BarcodeLibrary, *found: SequenceEvidence | FailedRun, method: BarcodeMethod = METHOD
) -> BarcodeRecord:
    return call_barcodes(Identifier("CASE"), found, library, method, ANIMALS, PROVENANCE, invalid_loci={})


def single(library: BarcodeLibrary, letters: str, declared: Locus | None = None) -> SequenceResult:
    return examine(library, evidence(letters, declared=declared)).sequences[0]


def item(library: BarcodeLibrary, *letters: str) -> ItemCall:
    """Call of one item with one run for each sequence."""
    found = [evidence(text, run=identity(f"R{i}")) for i, text in enumerate(letters)]
    return examine(library, *found).items[0]


def records(release: ReferenceRelease, locus: Locus, genus: str = "Moschus") -> list[BarcodeReference]:
    return [r for r in release.barcodes_at(locus) if r.genus == genus]


def mutated(letters: str, count: int, rng: random.Random) -> str:
    """Letters with exactly ``count`` substitutions."""
    changed = list(letters)
    for at in rng.sample(range(len(letters)), count):
        changed[at] = rng.choice(OTHER_BASES.get(changed[at], ["A"]))
    return "".join(changed)


def silent(letters: str, positions: Sequence[int]) -> str:
    """Transitions at third codon positions, which the vertebrate mitochondrial code does not see."""
    changed = list(letters)
    for codon in positions:
        changed[3 * codon + 2] = TRANSITION.get(changed[3 * codon + 2], changed[3 * codon + 2])
    assert not stop_codon_positions(encode("".join(changed)), 0)[:-1].size
    return "".join(changed)


def reversed_strand(letters: str) -> str:
    return reverse_complement_text(letters)


def reference(like: BarcodeReference, **changes: object) -> BarcodeReference:
    """A record of state ``reference`` made from another one."""
    base: dict[str, object] = {
        "state": CurationState.REFERENCE,
        "organism_revised": (),
        "sits_with": None,
        "note": Text("made for a test"),
    }
    return replace(like, **{**base, **changes})  # type: ignore[arg-type]


def library_of(release: ReferenceRelease, barcodes: Sequence[BarcodeReference]) -> BarcodeLibrary:
    return BarcodeLibrary.from_release(replace(release, barcodes=tuple(barcodes)), METHOD)


def rich_barcodes(
    release: ReferenceRelease,
    locus: Locus,
    individuals: int = 3,
    others: int = 2,
    own: str = "Moschus moschiferus",
) -> list[BarcodeReference]:
    """The shipped panel with, at one coding marker, every *Moschus* species several times and apart.

    The species differ by silent transitions of their own (more than 3 %), individuals by one or two.
    """
    kept = [r for r in release.barcodes if not (r.genus == "Moschus" and r.locus is locus)]
    template = next(r for r in records(release, locus) if "N" not in r.sequence)
    codons = len(template.sequence) // 3 - 4
    made = []
    species = sorted(t.species for t in release.taxa if t.genus == "Moschus")
    for place, name in enumerate(species):
        mine = range(place, codons, len(species))
        sequence = silent(template.sequence, mine)
        for number in range(individuals if name == own else others):
            made.append(
                reference(
                    template,
                    accession=Line(f"TEST-{place}-{number}"),
                    organism_as_deposited=Line(name),
                    individual=Line(f"animal {place}-{number}"),
                    sequence=Text(silent(sequence, [mine[0], *([mine[number]] if number else [])])),
                )
            )
    return kept + made
