"""Method cards of a case: those of methods that read or compared its evidence, at its markers and techniques."""

from __future__ import annotations

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.method_cards import MethodCard, MethodCards
from musk_id.model.methods import AnimalMethod
from musk_id.model.spectra import SpectraRecord

__all__ = ["cards_of_case"]


def cards_of_case(
    cards: MethodCards, barcode: BarcodeRecord, spectra: SpectraRecord, animals: AnimalMethod
) -> tuple[MethodCard, ...]:
    """Cards of the method that names other animals, at the markers of the case, and of its rankings of spectra.

    Parameters
    ----------
    cards : MethodCards
        All that the software ships.
    barcode, spectra : BarcodeRecord, SpectraRecord
        What was compared in the case.
    animals : AnimalMethod
        The method in force for other animals.

    Notes
    -----
    The rule for the genus of interest has no card here: its figures are those of the calibration, which a record
    carries by itself.
    """
    loci = {result.locus for result in barcode.sequences if result.call is not None and result.locus is not None}
    ranked = {
        (result.ranking.method, result.run.technique) for result in spectra.spectra if result.ranking is not None
    }
    return tuple(
        card
        for card in cards.cards
        if (card.method == animals.version and card.locus in loci) or (card.method, card.technique) in ranked
    )
