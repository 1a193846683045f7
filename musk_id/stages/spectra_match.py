"""Many spectra against a library of EI spectra, as rows of a table for screening.

A row is one hit of one spectrum, or one spectrum without a hit. Nothing is identified here: rows list what is
alike, with the gap to the next other compound and with all ties. A spectrum that is a reference of the library
itself is refused (decision rules, section 6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from musk_id.kernels.spectral import (
    MatchFactors,
    UnitMassSpectrum,
    match_factors,
    matched_ions,
    same_content,
    to_unit_mass,
)
from musk_id.kernels.spectral_copy import copied_peaks
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_scores import CosineScore, EntropyScore, FactorScore, Score
from musk_id.kernels.spectral_screen import Screen
from musk_id.kernels.spectral_search import HitList, SpectralSearch, level
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.library import Library
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import Sha256, decimal_text
from musk_id.reason_vocabulary import Reason
from musk_id.stages.match_words import words_of
from musk_id.stages.spectral_library import SpectralLibrary, compound_key
from musk_id.stages.spectral_ranking import LibraryRanking
from musk_id.stages.stated_conditions import is_of_product_ions, is_other_ionisation
from musk_id.vocabulary import CurationState

__all__ = ["SCORES", "MatchEntry", "MatchedLibrary", "SpectraMatcher", "SpectrumRow"]

SCORES: dict[str, Score] = {
    "cosine": CosineScore(1.3, 0.53),
    "entropy": EntropyScore(),
    "identity": FactorScore(identity=True, reverse=False),
    "identity-reverse": FactorScore(identity=True, reverse=True),
    "similarity": FactorScore(identity=False, reverse=False),
    "similarity-reverse": FactorScore(identity=False, reverse=True),
}
"""Scores that a table can be ordered by; another score is another entry."""

MIN_PEAKS = 3

_NAMING = {
    NameOutcome.NAMED: (),
    NameOutcome.ONE_OF: (Reason.CONFUSABLE_NOT_SEPARATED,),
    NameOutcome.NO_NAME: (Reason.NO_NAME_IN_LIBRARY,),
    NameOutcome.NOT_CALIBRATED: (Reason.RANKING_NOT_CALIBRATED,),
}


@dataclass(frozen=True, slots=True)
class MatchEntry:
    """What a row tells of a library spectrum; empty where the library does not state it.

    ``compound`` is the same for spectra of one compound without stereochemistry.
    """

    accession: str
    name: str
    inchikey: str
    derivative: str
    compound: str


@dataclass(frozen=True, slots=True, eq=False)
class MatchedLibrary:
    """Spectra that take part, and what is known of each.

    Attributes
    ----------
    sha256 : str
        Digest of the manifest of the release or library.
    table : PeakTable
        Peaks in unit mass.
    accessions : tuple of str
        Accession of each row of the table.
    entry : callable
        What is known of a row.
    """

    sha256: Sha256
    table: PeakTable
    accessions: tuple[str, ...]
    entry: Callable[[int], MatchEntry]

    @classmethod
    def of_library(cls, library: Library) -> MatchedLibrary:
        """Spectra of a built library whose names stand; those set aside by its curation take no part."""
        table = library.spectra
        if table is None:
            none = np.empty(0, np.int64)
            return cls(library.manifest_sha256, PeakTable(np.zeros(1, np.int64), none, none), (), _no_entry)
        kept = np.flatnonzero(np.asarray(table.state) == tuple(CurationState).index(CurationState.REFERENCE))
        peaks = PeakTable(table.unit_offsets, table.unit_mz, table.unit_intensity)
        if kept.size < len(table):
            part = peaks.gathered(kept)
            sizes = np.bincount(part.owner, minlength=kept.size)
            offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
            peaks = PeakTable(offsets, part.mz.astype(np.uint32), part.intensity.astype(np.uint16))
        names = tuple(table.rows[row].split("\t", 1)[0] for row in kept.tolist())

        def entry(row: int) -> MatchEntry:
            found = table.entry(int(kept[row]))
            return MatchEntry(
                str(found.accession), str(found.name), found.inchikey or "", found.derivative or "", found.compound
            )

        return cls(library.manifest_sha256, peaks, names, entry)

    @classmethod
    def of_release(cls, library: SpectralLibrary, sha256: Sha256) -> MatchedLibrary:
        """Underivatised spectra of a release, as the spectra stage compares them."""
        references = [spectrum.reference for spectrum in library.spectra]

        def entry(row: int) -> MatchEntry:
            found = references[row]
            key = str(found.inchikey)
            return MatchEntry(str(found.accession), str(found.name), key, "", compound_key(key))

        return cls(
            sha256,
            PeakTable.of([spectrum.unit_mass for spectrum in library.spectra]),
            tuple(str(reference.accession) for reference in references),
            entry,
        )


def _no_entry(row: int) -> MatchEntry:
    raise IndexError(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumRow:
    """A row of the table; ``None`` or empty where nothing can be said."""

    number: int
    name: str
    status: str = "refused"
    rank: int | None = None
    entry: MatchEntry | None = None
    score: str = ""
    factors: MatchFactors | None = None
    matched_ions: int | None = None
    library_ions: int | None = None
    gap: str = ""
    ties: int | None = None
    certified: bool | None = None
    scored: int | None = None
    reasons: tuple[Reason, ...] = ()
    ranking: SpectralRanking | None = None
    compound_rank: int | None = None


class SpectraMatcher:
    """Rows of spectra against a library by one score.

    Parameters
    ----------
    library : MatchedLibrary
        What is searched.
    score : Score
        What the rows are ordered by.
    wanted : int
        Hits a spectrum; ties at the last place are listed too.
    screen : Screen, optional
        A screen of the library for the score.
    ranking : LibraryRanking, optional
        The library's calibrated ranking; without one nothing is said of a name.
    """

    def __init__(
        self,
        library: MatchedLibrary,
        score: Score,
        wanted: int,
        screen: Screen | None = None,
        ranking: LibraryRanking | None = None,
    ) -> None:
        self._library = library
        self._score = score
        self._wanted = wanted
        self._ranking = ranking
        self._search = SpectralSearch(library.table, score, screen)
        self._known = {accession: row for row, accession in enumerate(library.accessions)}

    def rows(self, spectra: Sequence[MassSpectrum], first: int) -> list[SpectrumRow]:
        """Rows of a batch whose first spectrum has the number ``first``; no row depends on the batch."""
        queries = [to_unit_mass(spectrum.mz, spectrum.intensity) for spectrum in spectra]
        refused = [self._refused(s, q) for s, q in zip(spectra, queries, strict=True)]
        asked = [q for q, refusal in zip(queries, refused, strict=True) if refusal is None]
        found = self._search.hits(asked, self._wanted)
        rows: list[SpectrumRow] = []
        for number, (spectrum, query, refusal) in enumerate(zip(spectra, queries, refused, strict=True), first):
            row = SpectrumRow(number=number, name=" ".join(spectrum.name.split()))
            if refusal is None:
                rows += self._listed(row, query, next(found))
            else:
                rows.append(replace(row, reasons=(refusal[0],), entry=refusal[1]))
        return rows

    def _refused(self, spectrum: MassSpectrum, query: UnitMassSpectrum) -> tuple[Reason, MatchEntry | None] | None:
        """Why a spectrum is not compared; with the reference that it is, where its accession says so."""
        if is_of_product_ions(spectrum) or is_other_ionisation(spectrum):
            return Reason.TECHNIQUE_NOT_EVALUATED, None
        if stated_prediction(spectrum) is not None:
            return Reason.SIMULATED_DATA, None
        if query.mz.size < MIN_PEAKS:
            return Reason.SPECTRUM_TOO_FEW_PEAKS, None
        named = next((self._known[word] for word in words_of(spectrum) if word in self._known), None)
        if named is not None:
            return Reason.SELF_MATCH, self._library.entry(named)
        return None

    def _listed(self, row: SpectrumRow, query: UnitMassSpectrum, hits: HitList) -> Iterator[SpectrumRow]:
        row = replace(row, certified=hits.certified, scored=hits.scored)
        spectra = [self._library.table.spectrum(place) for place in hits.rows.tolist()]
        itself = next((n for n, other in enumerate(spectra) if same_content(query, other)), None)
        if itself is not None:
            yield replace(row, reasons=(Reason.SELF_MATCH,), entry=self._library.entry(int(hits.rows[itself])))
            return
        copy = next((n for n, other in enumerate(spectra) if copied_peaks(query, other) is not None), None)
        if copy is not None:
            found = self._library.entry(int(hits.rows[copy]))
            yield replace(row, reasons=(Reason.SELF_MATCH_SUSPECTED,), entry=found)
            return
        entries = [self._library.entry(place) for place in hits.rows.tolist()]
        ranks: Mapping[str, int] = {}
        if self._ranking is not None:
            ranking, ranks = self._ranking.ranked(query, {entry.compound for entry in entries})
            row = replace(row, ranking=ranking)
        noted = _NAMING[NameOutcome.NOT_CALIBRATED if row.ranking is None else row.ranking.outcome]
        if not spectra:
            yield replace(row, status="no_hit", reasons=(Reason.NO_LIBRARY_MATCH, *noted))
            return
        ties = Counter(hits.ranks.tolist())
        gap = self._gap(entries, hits)
        # Rows that are tied stand in the order of their accessions.
        for place in sorted(range(len(entries)), key=lambda n: (hits.ranks[n], entries[n].accession)):
            other, rank = spectra[place], int(hits.ranks[place])
            yield replace(
                row,
                status="listed",
                rank=rank,
                entry=entries[place],
                score=decimal_text(float(hits.scores[place]), self._score.digits),
                factors=match_factors(query, other),
                matched_ions=matched_ions(query, other),
                library_ions=int(other.mz.size),
                gap=gap if rank == 1 else "",
                ties=ties[rank],
                reasons=(Reason.LIBRARY_REFERENCE_ONLY, *noted),
                compound_rank=ranks.get(entries[place].compound),
            )

    def _gap(self, entries: Sequence[MatchEntry], hits: HitList) -> str:
        """From the best score to the best one of another compound; "at least" where none is listed.

        Digits are those shown: the difference of two rounded numbers. Without a certificate it is not known.
        """
        if not hits.certified:
            return ""
        digits = self._score.digits
        levels = [level(score, digits) for score in hits.scores.tolist()]
        others = [at for at, entry in zip(levels, entries, strict=True) if entry.compound != entries[0].compound]
        gap = decimal_text(Decimal(levels[0] - max(others, default=levels[-1])).scaleb(-digits), digits)
        return gap if others else f">= {gap}"
