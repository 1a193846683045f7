"""A calibration of a library's spectra: how often its first name is right, and from where on one is given.

Each spectrum of a compound that other authors measured too asks the library twice: with its own authors' spectra
of the compound taken out, and with all spectra of the compound taken out ("absent"), where every name is wrong.
Each is answered by a curve and a limit that no search by its laboratory had a part in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import CalibrationRefusal
from musk_id.model.calibration import CalibratedLibrary
from musk_id.model.values import DecimalText, Line, Text

__all__ = [
    "CALIBRATION_DIGITS",
    "FittedProbability",
    "NamingErrors",
    "Reliability",
    "SpectralCalibration",
]

CALIBRATION_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedProbability:
    """Curve (:mod:`musk_id.kernels.spectral_probability`) from all searches, and where names begin."""

    intercept: DecimalText
    per_score: DecimalText
    per_log_lead: DecimalText
    least_probability: DecimalText

    @property
    def curve(self) -> tuple[float, float, float]:
        """Numbers of the curve, as :class:`musk_id.kernels.spectral_probability.ProbabilityCurve` takes them."""
        return float(self.intercept), float(self.per_score), float(self.per_log_lead)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingErrors:
    """Names given where at most a share of the absent searches of other laboratories was named.

    ``right`` + ``wrong`` + ``none`` = ``searches``; as many absent searches were made, of which ``absent_named``
    got a name. Limits are one-sided 95 % limits after Clopper and Pearson.
    """

    absent_share: DecimalText
    searches: int
    right: int
    right_lower: DecimalText
    wrong: int
    wrong_upper: DecimalText
    none: int
    absent_named: int
    absent_named_upper: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Searches with a probability from ``low`` to below ``high``, and how many of them were right."""

    low: DecimalText
    high: DecimalText
    searches: int
    right: int
    mean_probability: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralCalibration:
    """Calibration of the spectra of a library; ``refused`` says why there is no probability.

    ``first`` and ``among_ten`` count searches with the compound there whose right compound stands first, or among
    the first ten. ``brier_constant`` is the score of saying the same probability each time.
    """

    SCHEMA: ClassVar[str] = "musk-id/spectral-calibration/1"

    schema: Line
    software_version: Line
    method: Line
    library: CalibratedLibrary
    note: Text
    spectra: int
    compounds: int
    searches: int
    laboratories: int
    refused: CalibrationRefusal | None
    first: int
    among_ten: int
    probability: FittedProbability | None
    brier: DecimalText | None
    brier_constant: DecimalText | None
    naming: tuple[NamingErrors, ...]
    reliability: tuple[Reliability, ...]

    def __post_init__(self) -> None:
        if (self.refused is None) == (self.probability is None):
            raise ValueError("a calibration has a probability, or the reason why it has none")
