"""Versions of the method that puts library spectra in order: weights of the evidence, and when a name is given.

The weights of ``ei-ranking-1`` were learned from public spectra of many laboratories, each search answered by
spectra of others (``docs/decisions/ranking-spectra.md``). A change is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line

__all__ = ["RANKING_METHODS", "RankingMethod"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingMethod:
    """How hit lists are put in order (:mod:`musk_id.kernels.spectral_ranking`), and how a library is calibrated.

    ``absent_share`` is the largest share of searches that may be given a name although their compound is not in
    the library. A library is calibrated from ``min_searches`` searches by ``min_laboratories`` laboratories on.
    """

    version: Line
    weighted: DecimalText
    plain: DecimalText
    ratios: DecimalText
    above: DecimalText
    molecular_more: DecimalText
    molecular_both: DecimalText
    absent_share: DecimalText
    min_searches: int
    min_laboratories: int

    @property
    def weights(self) -> tuple[float, float, float, float, float, float]:
        """Weights in the order of :data:`musk_id.kernels.spectral_ranking.EVIDENCE`."""
        return (
            float(self.weighted),
            float(self.plain),
            float(self.ratios),
            float(self.above),
            float(self.molecular_more),
            float(self.molecular_both),
        )


RANKING_METHODS = (
    RankingMethod(
        version=Line("ei-ranking-1"),
        weighted=DecimalText("2.823"),
        plain=DecimalText("8.978"),
        ratios=DecimalText("1.081"),
        above=DecimalText("-0.779"),
        molecular_more=DecimalText("0.814"),
        molecular_both=DecimalText("1.077"),
        absent_share=DecimalText("0.05"),
        min_searches=200,
        min_laboratories=5,
    ),
)
