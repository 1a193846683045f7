"""The ranking of a library's spectra with the calibration that speaks of them, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import ConfigError
from musk_id.model.ranking_methods import RANKING_METHODS, RankingMethod
from musk_id.model.spectral_ranking import RankedReference
from musk_id.model.values import Line, Sha256

if TYPE_CHECKING:
    from musk_id.stages.spectral_library import SpectralLibrary
    from musk_id.stages.spectral_ranking import LibraryRanking

__all__ = ["RankedLibrary", "calibrated_ranking", "ranking_in_use"]


@dataclass(frozen=True)
class RankedLibrary:
    """A library or release whose spectra may be calibrated; they are read only where they are."""

    name: Line
    sha256: Sha256
    references: Callable[[], tuple[RankedReference, ...]]
    calibration: Path | None


def calibrated_ranking(
    library: RankedLibrary, known: Iterable[tuple[str, str]], method: RankingMethod | None = None
) -> LibraryRanking | None:
    """The ranking of a library with its calibration; ``None`` without one, or where no spectrum can be ranked.

    Parameters
    ----------
    known : iterable of (str, str)
        InChIKeys and formulas of all compounds that are known: among them isomers are looked for.
    method : RankingMethod, optional
        The method in force; that of the calibration if absent.

    Raises
    ------
    ConfigError
        If the calibration was made with another method than the one in force, or with one that is not known.
    InputFormatError, IntegrityError
        If the calibration cannot be read, or is that of another library.
    """
    from musk_id.refdb.ranked_spectra import load_spectral_calibration
    from musk_id.stages.spectral_ranking import LibraryRanking

    if library.calibration is None:
        return None
    references = library.references()
    found, digest = load_spectral_calibration(library.calibration, library.sha256, references)
    if method is not None and found.method != method.version:
        raise ConfigError(
            f"calibrated with the ranking method {found.method}, in force is {method.version}",
            where=library.calibration.name,
            hint="calibrate again with 'musk-id refdb calibrate LIBRARY --spectra FILE'",
        )
    if not references:
        return None
    method = method or next(known for known in RANKING_METHODS if known.version == found.method)
    return LibraryRanking(library.name, references, method, found, digest, known)


def ranking_in_use(
    libraries: Iterable[RankedLibrary], whole: SpectralLibrary, method: RankingMethod
) -> LibraryRanking:
    """The ranking of the first library with a calibration that gives probabilities.

    Else that of the first one with a calibration that was refused; else all spectra in use, not calibrated.
    """
    from musk_id.stages.spectral_ranking import LibraryRanking

    known = whole.known_compounds
    rankings = [
        found for library in libraries if (found := calibrated_ranking(library, known, method)) is not None
    ]
    chosen = next((ranking for ranking in rankings if ranking.is_calibrated), None)
    if chosen is not None or rankings:
        return chosen or rankings[0]
    return LibraryRanking(whole.release_id, whole.ranked_references(), method, known=known)
