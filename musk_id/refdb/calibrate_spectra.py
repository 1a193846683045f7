"""Calibration of the spectra of a library: its own records ask it, as another laboratory's would."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id import __version__
from musk_id.kernels.compound_hits import best_of_compounds, leading, rank_of
from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_held_out import HeldOut, Searches, fit_identifier, held_out
from musk_id.kernels.spectral_probability import brier_score, reliability
from musk_id.kernels.spectral_ranking import RankingWeights, compound_ions
from musk_id.kernels.spectral_ranking_many import RankingTable
from musk_id.library_vocabulary import CalibrationRefusal
from musk_id.model.calibration import CalibratedLibrary
from musk_id.model.library import Library
from musk_id.model.ranking_methods import RankingMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.spectral_calibration import (
    CALIBRATION_DIGITS,
    FittedProbability,
    NamingErrors,
    Reliability,
    SpectralCalibration,
)
from musk_id.model.spectral_ranking import RankedReference
from musk_id.model.values import Line, Text, decimal_at_least, decimal_at_most, decimal_text
from musk_id.records.canonical import canonical_json
from musk_id.records.files import write_atomic
from musk_id.refdb.calibrate import calibrated_library
from musk_id.refdb.ranked_spectra import ranked_references, released_references

__all__ = [
    "calibrate_release_spectra",
    "calibrate_spectra",
    "write_spectral_calibration",
]

FOLDS = 8
# Shares of absent searches that are tried beside that of the method.
_SHARES = ("0.01", "0.05", "0.10", "0.20")
_CURVE_DIGITS = 6

NOTE = Text(
    "Spectra of the library searched in the library. A laboratory is an authors text. Probabilities hold where "
    "the compound is in the library in one of two searches, and for spectra like the library's own; "
    "stereoisomers are one compound. A name by its spectrum alone is tentative, whatever its probability."
)


@dataclass(frozen=True, eq=False)
class _Held:
    """Spectra that are compared, as numbers; ``asks`` are those that other authors measured too."""

    spectra: list[UnitMassSpectrum]
    formulas: list[str]
    compounds: NDArray[np.int64]
    authors: NDArray[np.int64]
    folds: NDArray[np.int64]
    asks: NDArray[np.int64]

    @property
    def count(self) -> int:
        return int(self.compounds.max()) + 1 if self.compounds.size else 0


def calibrate_spectra(library: Library, folder: Path, method: RankingMethod) -> SpectralCalibration:
    """Calibrate the spectra of a library, or say why it cannot be.

    Parameters
    ----------
    library : Library
        The library.
    folder : Path
        Its folder, whose list of inputs is told along.
    method : RankingMethod
        Weights of the ranking, and the smallest numbers of searches and laboratories.

    Raises
    ------
    ReferenceDataError
        If the library's list of inputs cannot be read.
    """
    return _calibration(ranked_references(library.spectra), calibrated_library(library, folder), method)


def calibrate_release_spectra(release: ReferenceRelease, method: RankingMethod) -> SpectralCalibration:
    """Calibrate the spectra of a release; a small one is refused as a small library is.

    Parameters
    ----------
    release : ReferenceRelease
        The release; its own manifest stands for that of a library.
    method : RankingMethod
        Weights of the ranking, and the smallest numbers of searches and laboratories.
    """
    known = CalibratedLibrary(
        library_id=release.release_id,
        title=Line(f"Release {release.release_id}"),
        date=release.date,
        anchors_release=release.release_id,
        manifest_sha256=release.manifest_sha256,
        inputs=(),
    )
    return _calibration(released_references(release), known, method)


def _calibration(
    references: Sequence[RankedReference], library: CalibratedLibrary, method: RankingMethod
) -> SpectralCalibration:
    held = _held(references)
    laboratories = int(np.unique(held.authors[held.asks]).size)
    known: dict[str, Any] = {
        "schema": Line(SpectralCalibration.SCHEMA),
        "software_version": Line(__version__),
        "method": method.version,
        "library": library,
        "note": NOTE,
        "spectra": len(held.spectra),
        "compounds": held.count,
        "searches": int(held.asks.size),
        "laboratories": laboratories,
    }
    refused = None
    if not held.spectra:
        refused = CalibrationRefusal.NO_SPECTRA
    elif held.asks.size < method.min_searches:
        refused = CalibrationRefusal.TOO_FEW_SEARCHES
    elif laboratories < method.min_laboratories or np.unique(held.folds[held.asks]).size < 2:
        refused = CalibrationRefusal.TOO_FEW_LABORATORIES
    if refused is not None:
        return _without_probability(known, refused)
    searches, ranks = _searched(held, RankingWeights(*method.weights))
    known |= {"first": int((ranks == 1).sum()), "among_ten": int((ranks <= 10).sum())}
    try:
        return _calibrated(known, searches, method)
    except ValueError:
        # No right answer is left once a fold is taken out.
        return _without_probability(known, CalibrationRefusal.NONE_RIGHT)


def write_spectral_calibration(path: Path, calibration: SpectralCalibration) -> None:
    """Write a calibration as canonical JSON."""
    write_atomic(path, canonical_json(calibration))


def _held(chosen: Sequence[RankedReference]) -> _Held:
    authors = [reference.authors for reference in chosen]
    compounds, by = _numbered([reference.compound for reference in chosen]), _numbered(authors)
    pairs = np.unique(np.column_stack([compounds, by]), axis=0)
    groups = np.bincount(pairs[:, 0], minlength=1) if compounds.size else np.zeros(1, np.int64)
    return _Held(
        spectra=[UnitMassSpectrum(reference.mz, reference.intensity) for reference in chosen],
        formulas=[reference.formula for reference in chosen],
        compounds=compounds,
        authors=by,
        folds=np.array([_fold(text) for text in authors], np.int64),
        asks=np.flatnonzero(groups[compounds] > 1) if compounds.size else np.empty(0, np.int64),
    )


def _numbered(texts: list[str]) -> NDArray[np.int64]:
    numbers = {text: number for number, text in enumerate(sorted(set(texts)))}
    return np.array([numbers[text] for text in texts], np.int64)


def _fold(authors: str) -> int:
    """Fold of a laboratory by the digest of its text: the order of the records has no say."""
    return int(hashlib.sha256(authors.encode("utf-8")).hexdigest(), 16) % FOLDS


def _searched(held: _Held, weights: RankingWeights) -> tuple[Searches, NDArray[np.int64]]:
    """Both searches of each asking spectrum, and the rank of its compound in the first one."""
    table = RankingTable(held.spectra, [compound_ions(formula) for formula in held.formulas])
    rows, ranks = [], []
    for query in held.asks.tolist():
        scores = table.evidence(held.spectra[query]).scores(weights)
        compound = int(held.compounds[query])
        own = (held.compounds == compound) & (held.authors == held.authors[query])
        best = best_of_compounds(scores, held.compounds, held.count, ~own)
        ranks.append(rank_of(compound, best))
        first = leading(best)
        best[compound] = -np.inf
        # With one compound there is nothing else to be named, and no lead.
        absent = leading(best) if held.count > 1 else first
        rows.append((first.score, first.lead, first.compound == compound, absent.score, absent.lead))
    scores, leads, right, absent_scores, absent_leads = (np.array(column) for column in zip(*rows, strict=True))
    folds = held.folds[held.asks]
    found = Searches(scores, leads, right.astype(np.bool_), absent_scores, absent_leads, folds)
    return found.part(np.isfinite(leads) & np.isfinite(absent_leads)), np.array(ranks, np.int64)


def _without_probability(known: dict[str, Any], refused: CalibrationRefusal) -> SpectralCalibration:
    nothing: dict[str, Any] = {
        "first": 0,
        "among_ten": 0,
        "refused": refused,
        "probability": None,
        "brier": None,
        "brier_constant": None,
        "naming": (),
        "reliability": (),
    }
    return SpectralCalibration(**{**nothing, **known})


def _calibrated(known: dict[str, Any], searches: Searches, method: RankingMethod) -> SpectralCalibration:
    shares = tuple(sorted({*_SHARES, str(method.absent_share)}, key=float))
    answers = held_out(searches, tuple(map(float, shares)))
    identifier = fit_identifier(searches, float(method.absent_share))
    both = np.concatenate([answers.present, answers.absent])
    right = np.concatenate([searches.right, np.zeros(searches.right.size, np.bool_)])
    share = float(right.mean())
    curve = identifier.curve
    return SpectralCalibration(
        **known,
        refused=None,
        probability=FittedProbability(
            intercept=decimal_text(curve.intercept, _CURVE_DIGITS),
            per_score=decimal_text(curve.per_score, _CURVE_DIGITS),
            per_log_lead=decimal_text(curve.per_log_lead, _CURVE_DIGITS),
            least_probability=decimal_at_least(identifier.least_probability, _CURVE_DIGITS),
        ),
        brier=decimal_text(brier_score(both, right), CALIBRATION_DIGITS),
        brier_constant=decimal_text(share * (1.0 - share), CALIBRATION_DIGITS),
        naming=tuple(_naming(text, number, searches, answers) for number, text in enumerate(shares)),
        reliability=tuple(
            Reliability(
                low=decimal_text(entry.low, 1),
                high=decimal_text(entry.high, 1),
                searches=entry.searches,
                right=entry.right,
                mean_probability=decimal_text(entry.mean_probability, CALIBRATION_DIGITS),
            )
            for entry in reliability(both, right)
        ),
    )


def _naming(share: str, number: int, searches: Searches, answers: HeldOut) -> NamingErrors:
    named, n = answers.present_named[number], int(searches.right.size)
    right, wrong = int((named & searches.right).sum()), int((named & ~searches.right).sum())
    absent = int(answers.absent_named[number].sum())
    return NamingErrors(
        absent_share=decimal_text(float(share), 2),
        searches=n,
        right=right,
        right_lower=decimal_at_most(proportion_lower(right, n), CALIBRATION_DIGITS),
        wrong=wrong,
        wrong_upper=decimal_at_least(proportion_upper(wrong, n), CALIBRATION_DIGITS),
        none=n - right - wrong,
        absent_named=absent,
        absent_named_upper=decimal_at_least(proportion_upper(absent, n), CALIBRATION_DIGITS),
    )
