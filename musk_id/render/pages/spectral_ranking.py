"""What the calibrated ranking of the library says of the first compound of a spectrum."""

from __future__ import annotations

from musk_id.library_vocabulary import NameOutcome
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, cell, lines

__all__ = ["ranking_cell"]


def ranking_cell(ranking: SpectralRanking, catalogue: Catalogue) -> Cell:
    """The first compounds, the probability, and the errors of the calibration with their limits."""
    label = catalogue.label
    library = str(ranking.library)
    compounds = ", ".join(f"{name.name} ({name.accession})" for name in ranking.first)
    if ranking.probability is None or ranking.least_probability is None:
        if ranking.refused is None:
            return cell(label("chemistry.ranking_not_calibrated", library=library, compounds=compounds))
        reason = catalogue.word(ranking.refused)
        return cell(label("chemistry.ranking_refused", library=library, reason=reason, compounds=compounds))
    figures = {"probability": str(ranking.probability), "least": str(ranking.least_probability)}
    if ranking.outcome is NameOutcome.NAMED:
        parts = [label("chemistry.ranking_named", compounds=compounds, **figures)]
    elif ranking.outcome is NameOutcome.ONE_OF:
        isomers = str(ranking.isomers or 0)
        parts = [label("chemistry.ranking_one_of", isomers=isomers, compounds=compounds, **figures)]
    else:
        parts = [label("chemistry.ranking_no_name", library=library, compounds=compounds, **figures)]
    return lines(*(cell(text) for text in (*parts, *_calibration(ranking, catalogue))))


def _calibration(ranking: SpectralRanking, catalogue: Catalogue) -> list[str]:
    label = catalogue.label
    told = []
    naming, similar = ranking.naming, ranking.reliability
    if naming is not None:
        told.append(
            label(
                "chemistry.ranking_errors",
                searches=str(naming.searches),
                right=str(naming.right),
                right_lower=str(naming.right_lower),
                wrong=str(naming.wrong),
                wrong_upper=str(naming.wrong_upper),
                absent=str(naming.absent_named),
                absent_upper=str(naming.absent_named_upper),
            )
        )
    if similar is not None:
        told.append(
            label(
                "chemistry.ranking_similar",
                low=str(similar.low),
                high=str(similar.high),
                right=str(similar.right),
                searches=str(similar.searches),
            )
        )
    return told
