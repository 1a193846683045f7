"""Product-ion spectra against those of a library with the same precursor, as rows of a table for screening.

Nothing is identified: a row says which spectra are alike. Isomers often give the same product ions; without a
retention time they stay apart by nothing. EI spectra have no part in this, on either side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from musk_id.errors import InputFormatError
from musk_id.kernels.spectral_search import level
from musk_id.kernels.spectral_tandem import UNITS_PER_DA, TandemHits, TandemLibrary, TandemSpectrum, cleaned
from musk_id.kernels.spectral_weights import CosineWeights, EntropyWeights, Weights
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import DecimalText, decimal_text
from musk_id.reason_vocabulary import Reason
from musk_id.stages.match_words import words_of
from musk_id.stages.stated_tandem import (
    Polarity,
    stated_polarity,
    stated_precursor_mz,
    why_no_product_ions,
)

__all__ = ["TANDEM_SCORES", "HeldTandem", "TandemMatcher", "TandemRow", "held_tandem"]

TANDEM_SCORES: dict[str, Weights] = {"entropy": EntropyWeights(), "cosine": CosineWeights(0.0, 1.0)}
SCORE_DIGITS = 4
_ACCESSION_FIELDS = ("accession", "db#", "spectrumid", "spectrum_id", "usi")
_KEY_FIELDS = ("inchikey", "inchi_key", "inchi key", "ch$link inchikey", "inchikey14")
_SAME_INTENSITY = 0.0015
_CHUNK_HINT = (
    "a library of product ions holds MS2 spectra with their precursors only; take the others out of the file"
)


@dataclass(frozen=True, slots=True, eq=False)
class HeldTandem:
    """A product-ion spectrum of the library, and what a row tells of it."""

    accession: str
    name: str
    inchikey: str
    precursor_mz: DecimalText
    polarity: Polarity
    spectrum: TandemSpectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class TandemRow:
    """A row of the table; ``None`` or empty where nothing can be said.

    ``precursor_difference`` is that of the query less that of the library spectrum, in Da.
    """

    number: int
    name: str
    status: str = "refused"
    precursor_mz: str = ""
    rank: int | None = None
    held: HeldTandem | None = None
    precursor_difference: str = ""
    score: str = ""
    matched_ions: int | None = None
    query_ions: int | None = None
    library_ions: int | None = None
    ties: int | None = None
    compared: int | None = None
    reasons: tuple[Reason, ...] = ()


def held_tandem(spectrum: MassSpectrum, number: int, tolerance: int, where: str) -> HeldTandem:
    """A spectrum of the library, cleaned for a tolerance of product ions (units of 1e-6 Da).

    Raises
    ------
    InputFormatError
        If it is no measured spectrum of product ions, or states no precursor.
    """
    place = f"{where}, spectrum {number} {' '.join(spectrum.name.split())[:60]!r}"
    against = why_no_product_ions(spectrum)
    if against is not None:
        raise InputFormatError(f"no spectrum of product ions ({against})", where=place, hint=_CHUNK_HINT)
    predicted = stated_prediction(spectrum)
    if predicted is not None:
        raise InputFormatError(
            f"a predicted spectrum ({predicted})", where=place, hint="use measured spectra only"
        )
    stated = stated_precursor_mz(spectrum)
    if stated is None:
        raise InputFormatError("no m/z of a precursor is stated", where=place, hint=_CHUNK_HINT)
    return HeldTandem(
        accession=_line(spectrum.field(*_ACCESSION_FIELDS)),
        name=_line(spectrum.name),
        inchikey=_line(spectrum.field(*_KEY_FIELDS)),
        precursor_mz=decimal_text(float(stated), 4),
        polarity=stated_polarity(spectrum),
        spectrum=cleaned(spectrum.mz, spectrum.intensity, float(stated), tolerance=tolerance),
    )


def _line(text: str | None) -> str:
    return " ".join((text or "").split())[:200]


class TandemMatcher:
    """Rows of product-ion spectra against a library of such.

    Parameters
    ----------
    library : iterable of HeldTandem
        Cleaned for the tolerance of product ions; those left without a peak take no part.
    score : str
        A key of ``TANDEM_SCORES``.
    wanted : int
        Hits a spectrum; ties at the last place are listed too.
    precursor_tolerance, product_tolerance : int
        In units of 1e-6 Da; differences equal to them agree.
    """

    def __init__(
        self,
        library: Iterable[HeldTandem],
        score: str,
        wanted: int,
        precursor_tolerance: int,
        product_tolerance: int,
    ) -> None:
        # In the order of the accessions, so that nothing hangs on the order of the file.
        self._held = sorted((h for h in library if h.spectrum.mz.size), key=lambda h: (h.accession, h.name))
        self._polarity = np.array([h.polarity for h in self._held], np.int64)
        self._search = TandemLibrary([h.spectrum for h in self._held], product_tolerance, TANDEM_SCORES[score])
        self._known = {h.accession: h for h in self._held if h.accession}
        self._wanted = wanted
        self._precursor_tolerance, self._product_tolerance = precursor_tolerance, product_tolerance

    def __len__(self) -> int:
        return len(self._held)

    def rows(self, spectra: Sequence[MassSpectrum], first: int) -> list[TandemRow]:
        """Rows of a batch whose first spectrum has the number ``first``; no row depends on the batch."""
        return [row for number, spectrum in enumerate(spectra, first) for row in self._rows(spectrum, number)]

    def _rows(self, spectrum: MassSpectrum, number: int) -> list[TandemRow]:
        row = TandemRow(number=number, name=" ".join(spectrum.name.split()))
        stated = stated_precursor_mz(spectrum)
        if stated is not None:
            row = replace(row, precursor_mz=decimal_text(float(stated), 4))
        refused = _refused(spectrum, stated)
        if refused is not None or stated is None:
            return [replace(row, reasons=(refused or Reason.PRECURSOR_NOT_STATED,))]
        named = next((self._known[word] for word in words_of(spectrum) if word in self._known), None)
        if named is not None:
            return [replace(row, held=named, reasons=(Reason.SELF_MATCH,))]
        query = cleaned(spectrum.mz, spectrum.intensity, float(stated), tolerance=self._product_tolerance)
        if not query.mz.size:
            return [replace(row, reasons=(Reason.SPECTRUM_TOO_FEW_PEAKS,))]
        hits = self._search.identity(query, self._precursor_tolerance)
        return self._listed(replace(row, query_ions=int(query.mz.size)), query, stated_polarity(spectrum), hits)

    def _listed(
        self, row: TandemRow, query: TandemSpectrum, polarity: Polarity, hits: TandemHits
    ) -> list[TandemRow]:
        # Ions of the other sign are none of the same precursor; what is not stated is not held against a spectrum.
        fits = self._polarity[hits.rows] * polarity >= 0
        rows, scores, matched = hits.rows[fits], hits.scores[fits], hits.matched[fits]
        row = replace(row, compared=int(rows.size))
        found = [
            (level(score, SCORE_DIGITS), self._held[place], score, count)
            for place, score, count in zip(rows.tolist(), scores.tolist(), matched.tolist(), strict=True)
            if count
        ]
        itself = next((held for _, held, _, _ in found if _is_same(query, held.spectrum)), None)
        if itself is not None:
            return [replace(row, held=itself, reasons=(Reason.SELF_MATCH,))]
        if not found:
            return [replace(row, status="no_hit", reasons=(Reason.NO_LIBRARY_MATCH,))]
        found.sort(key=lambda entry: (-entry[0], entry[1].accession, entry[1].name))
        levels = [entry[0] for entry in found]
        last = levels[min(self._wanted, len(found)) - 1]
        ties = Counter(levels)
        return [
            replace(
                row,
                status="listed",
                rank=1 + levels.index(at),
                held=held,
                precursor_difference=_difference(query, held.spectrum),
                score=decimal_text(score, SCORE_DIGITS),
                matched_ions=count,
                library_ions=int(held.spectrum.mz.size),
                ties=ties[at],
                reasons=(Reason.LIBRARY_REFERENCE_ONLY,),
            )
            for at, held, score, count in found
            if at >= last
        ]


def _refused(spectrum: MassSpectrum, stated: str | None) -> Reason | None:
    if why_no_product_ions(spectrum) is not None:
        return Reason.TECHNIQUE_NOT_EVALUATED
    if stated_prediction(spectrum) is not None:
        return Reason.SIMULATED_DATA
    return Reason.PRECURSOR_NOT_STATED if stated is None else None


def _difference(query: TandemSpectrum, other: TandemSpectrum) -> str:
    """Difference of two precursors in Da, exact in units of 1e-6."""
    units = query.precursor - other.precursor
    return f"{'-' if units < 0 else ''}{abs(units) // UNITS_PER_DA}.{abs(units) % UNITS_PER_DA:06d}"


def _is_same(query: TandemSpectrum, other: TandemSpectrum) -> bool:
    """Whether both hold the same peaks, at least three, but for rounding of the intensities."""
    if query.precursor != other.precursor or query.mz.size < 3 or not np.array_equal(query.mz, other.mz):
        return False
    difference = query.intensity / query.intensity.max() - other.intensity / other.intensity.max()
    return bool((np.abs(difference) <= _SAME_INTENSITY).all())
