"""Compounds of a library in the order of their evidence for a spectrum, as records and tables tell it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.library_vocabulary import CalibrationRefusal, NameOutcome
from musk_id.model.spectral_calibration import NamingErrors, Reliability
from musk_id.model.values import DecimalText, Line, Sha256

__all__ = ["RankedName", "RankedReference", "SpectralRanking"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedReference:
    """A spectrum that is ranked, and by which a library is calibrated.

    Attributes
    ----------
    compound : str
        The same for spectra of one compound without stereochemistry.
    inchikey : str
        InChIKey where it is known, by which forms of one compound are told apart.
    mz, intensity : ndarray of int64, shape (n,)
        Its peaks in unit mass.
    """

    accession: str
    name: str
    compound: str
    formula: str
    authors: str
    mz: NDArray[np.int64]
    intensity: NDArray[np.int64]
    inchikey: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedName:
    """A compound in its place, by the best of its spectra; compounds with one score share a rank."""

    rank: int
    compound: Line
    name: Line
    accession: Line
    score: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralRanking:
    """The first compounds of a library for a spectrum, and whether the first one is named.

    ``library`` is the id of the library or release whose ``references`` spectra were all compared, and whose
    calibration counts. ``probability`` is rounded down; the first compound is named where it, as shown, reaches
    ``least_probability``. ``naming`` are the errors of this rule in the calibration, ``reliability`` its searches
    with such a probability. ``refused`` says why a calibration gives none. Whatever the probability, a name by a
    spectrum alone is tentative. ``isomers`` is the number of other compounds of the first one's formula that
    library and marker tables know, and of other forms of it: where there is one, or the formula may be that of a
    macrocycle or steroid, the first compound is not named but is one of several (``ONE_OF``). ``None``: nobody
    asked, as in records of earlier versions.
    """

    method: Line
    library: Line
    references: int
    outcome: NameOutcome
    compounds: tuple[RankedName, ...]
    calibration_sha256: Sha256 | None = None
    refused: CalibrationRefusal | None = None
    probability: DecimalText | None = None
    least_probability: DecimalText | None = None
    naming: NamingErrors | None = None
    reliability: Reliability | None = None
    isomers: int | None = None

    @property
    def first(self) -> tuple[RankedName, ...]:
        """Compounds that share the first place."""
        return tuple(name for name in self.compounds if name.rank == 1)
