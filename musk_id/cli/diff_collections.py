"""A release or a library as something that answers: what both sides of a comparison are asked.

Nothing here decides: the stages answer, and this names the records that they rest on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from musk_id.model.barcode import RunIdentity, SequenceResult
from musk_id.model.library import Library
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS, SPECTRA_METHODS
from musk_id.model.refdiff import PanelAnswer, SpectrumAnswer
from musk_id.model.reference import BarcodeReference, ReferenceRelease, SpectrumReference
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spectra import SpectrumResult
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import Identifier, Line
from musk_id.records.files import sha256_bytes
from musk_id.refdb.overlay import overlay_barcodes, overlay_references, overlay_spectra
from musk_id.vocabulary import CompoundStatus, CurationState, Rank, Technique

if TYPE_CHECKING:
    from musk_id.stages.spectral_library import SpectralLibrary

__all__ = ["METHODS", "Animals", "Collection", "spectrum_answer"]

MAX_DECIDING = 20

_BARCODE, _ANIMALS, _SPECTRA = BARCODE_METHODS[-1], ANIMAL_METHODS[-1], SPECTRA_METHODS[-1]
METHODS = (_BARCODE.version, _ANIMALS.version, _SPECTRA.version)
_LEFT_OUT = (CurationState.UNUSABLE, CurationState.DUPLICATE)

Animals = frozenset[str]
"""Individuals of a collection: labels of a release, numbers of a library."""


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """A release, or a library with the release in whose frames it was built.

    ``release`` holds names, markers and confusables in both cases.
    """

    release: ReferenceRelease
    library: Library | None = None

    def spectra(self) -> tuple[SpectrumReference, ...]:
        """Spectra of the collection that are compared."""
        return self.release.spectra if self.library is None else overlay_references(self.library)

    def of_genus(self) -> Iterator[BarcodeReference]:
        """Records of *Moschus* that are compared."""
        held = self.release.barcodes if self.library is None else overlay_barcodes(self.library, _BARCODE.genus)
        return (r for r in held if r.genus == _BARCODE.genus and r.state not in _LEFT_OUT)

    def animals(self) -> Mapping[str, Animals]:
        """Individuals of each accession of *Moschus*."""
        found: dict[str, set[str]] = defaultdict(set)
        for record in self.of_genus():
            found[record.accession].add(record.individual)
        return {accession: frozenset(names) for accession, names in found.items()}

    def without(self, animals: Animals) -> Collection:
        """The collection without any record of some individuals."""
        if not animals:
            return self
        if self.library is None:
            kept = tuple(r for r in self.release.barcodes if r.individual not in animals)
            return replace(self, release=replace(self.release, barcodes=kept))
        return replace(self, library=_withheld(self.library, animals))

    def answer(self, sequences: Sequence[NucleotideSequence]) -> list[PanelAnswer]:
        """What the barcode rules say of each sequence."""
        if self.library is None:
            return _of_release(sequences, self.release)
        return _of_library(sequences, self.library, self.release)

    def prepared(self) -> SpectralLibrary:
        """The spectra, prepared for comparison."""
        from musk_id.stages.spectral_library import SpectralLibrary

        if self.library is None:
            return SpectralLibrary.from_release(self.release)
        return SpectralLibrary.from_release(replace(self.release, spectra=()), overlay_spectra(self.library))


def _withheld(library: Library, animals: Animals) -> Library:
    """The library with every record of some individuals set to a state that is not compared."""
    numbers = [int(name.rsplit(" ", 1)[1]) for name in animals]
    unusable = tuple(CurationState).index(CurationState.UNUSABLE)
    loci = {}
    for locus, table in library.loci.items():
        own = np.isin(np.asarray(table.individual), numbers)
        loci[locus] = replace(table, state=np.where(own, unusable, table.state).astype(np.uint8))
    return replace(library, loci=loci)


def _run(technique: Technique) -> RunIdentity:
    name = Identifier("panel")
    return RunIdentity(
        item_id=name, sub_sample_id=name, extract_id=name, product_id=name, run_id=name, technique=technique
    )


def _of_release(sequences: Sequence[NucleotideSequence], release: ReferenceRelease) -> list[PanelAnswer]:
    from musk_id.stages.barcode import examine_sequence
    from musk_id.stages.library import BarcodeLibrary

    library = BarcodeLibrary.from_release(release, _BARCODE)
    run = _run(Technique.SEQUENCE)
    return [
        _sequence_answer(examine_sequence(sequence, run, None, library, _BARCODE, _ANIMALS)[0])
        for sequence in sequences
    ]


def _sequence_answer(result: SequenceResult) -> PanelAnswer:
    call = result.call
    nearest = {hit.accession for hit in result.hits if hit.rank == 1}
    trace = () if call is None else call.trace
    return PanelAnswer(
        locus=result.locus,
        rank=Rank.NONE if call is None else call.rank,
        taxon=None if call is None else call.taxon,
        not_excluded=() if call is None else tuple(entry.species for entry in call.not_excluded),
        reasons=result.reasons,
        deciding=_first(nearest.union(*(c.deciding_records for c in trace))),
    )


def _first(accessions: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(name) for name in sorted(set(accessions))[:MAX_DECIDING])


def _of_library(
    sequences: Sequence[NucleotideSequence], library: Library, anchors: ReferenceRelease
) -> list[PanelAnswer]:
    from musk_id.stages.match_library import LibraryMatcher

    if not library.loci:
        none = PanelAnswer(locus=None, rank=Rank.NONE, taxon=None, not_excluded=(), reasons=())
        return [none] * len(sequences)
    matcher = LibraryMatcher(library, anchors, _BARCODE, _ANIMALS)
    return [
        PanelAnswer(
            locus=row.locus,
            rank=row.rank,
            taxon=Line(row.answer) if row.answer else None,
            not_excluded=(),
            reasons=row.reasons,
            deciding=_first(row.nearest),
        )
        for row in matcher.rows(sequences, 1)
    ]


def spectrum_answer(spectrum: MassSpectrum, library: SpectralLibrary, withheld: str | None) -> SpectrumAnswer:
    """What the spectral stage says of a spectrum, the reference of an accession withheld."""
    from musk_id.stages.spectra import examine_spectrum

    kept = tuple(s for s in library.spectra if s.reference.accession != withheld)
    run = _run(Technique.GC_MS_EI)
    evidence = SpectrumEvidence(run=run, file_sha256=sha256_bytes(b""), spectra=(spectrum,))
    return _of_result(examine_spectrum(spectrum, evidence, replace(library, spectra=kept), _SPECTRA))


def _of_result(result: SpectrumResult) -> SpectrumAnswer:
    call = result.call
    best = {hit.accession for hit in result.hits if hit.rank == 1}
    trace = () if call is None else call.trace
    return SpectrumAnswer(
        status=CompoundStatus.NO_REFERENCE
        if not result.references_compared
        else None
        if call is None
        else call.status,
        name=None if call is None else call.name,
        inchikey=None if call is None else call.inchikey,
        confusables=() if call is None else call.confusables,
        reasons=tuple(sorted({*result.reasons, *(() if call is None else call.reasons)})),
        deciding=_first(best.union(*(c.deciding_records for c in trace))),
    )
