"""Isomers of macrocycles and sterols: told apart by their retention indices, or named by their group."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from musk_id.kernels.formula import atoms_of
from musk_id.model.identification_rules import IdentificationRule
from musk_id.model.injections import InjectedReference, SequenceInjections
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.identification import reference_index
from musk_id.stages.spectral_library import SpectralLibrary, compound_key, is_flat, same_compound
from musk_id.vocabulary import CriterionOutcome

__all__ = ["isomer_criterion", "isomers_of"]

NAMES_SHOWN = 4


def isomers_of(reference: InjectedReference, library: SpectralLibrary) -> Iterator[str]:
    """InChIKeys of the isomers that a macrocycle or sterol may be taken for.

    Members of its group with its formula, or with a formula that is not known here; macrocycles and sterols among
    the markers with its formula; the stereoisomers among the markers. A key without stereochemistry is no other
    compound than the one marker of its skeleton, and may be each of several.
    """
    group = library.group_of(reference.inchikey)
    formulas = {str(marker.inchikey): atoms_of(marker.formula) for marker in library.markers}
    own = atoms_of(reference.formula)
    skeleton = compound_key(reference.inchikey)
    keys: set[str] = set(group.members if group is not None else ())
    keys |= {str(marker.inchikey) for marker in library.by_index}
    keys |= {key for key in formulas if compound_key(key) == skeleton}
    one_form = len(library.stereoisomers(reference.inchikey)) <= 1
    for key in sorted(keys - {reference.inchikey}):
        if compound_key(key) == skeleton and (is_flat(key) or (is_flat(reference.inchikey) and one_form)):
            continue
        if formulas.get(key, own) == own:
            yield key


def isomer_criterion(
    reference: InjectedReference,
    index: Fraction | None,
    sequence: SequenceInjections,
    library: SpectralLibrary,
    rule: IdentificationRule,
) -> Criterion | None:
    """Whether the retention index of the exhibit lies far enough from that of every isomer.

    Parameters
    ----------
    reference : InjectedReference
        The compound in question.
    index : Fraction or None
        Index of the exhibit's peak.
    sequence : SequenceInjections
        What was injected; isomers count with their index and its standard deviation, also without a spectrum.
        Those that no table knows count as well. Of a compound whose formula is in no table at least one has to be
        injected.

    Returns
    -------
    Criterion or None
        ``None`` for compounds that need no index, or whose formula the tables know with no isomer to be taken for.
    """
    if not library.needs_index(reference.inchikey, reference.formula):
        return None
    injected = {str(one.inchikey) for one in sequence.references if _is_isomer(one, reference)}
    isomers = sorted({*isomers_of(reference, library), *injected})
    if not isomers and library.knows_formula(reference.formula):
        return None
    names = {str(one.inchikey): str(one.name) for one in sequence.references}
    names |= {str(marker.inchikey): str(marker.name) for marker in library.markers}
    apart = {key: _apart(key, reference, index, sequence, rule) for key in isomers}
    open_ = sorted(names.get(key, key) for key, far in apart.items() if not far)
    if isomers and all(apart.values()):
        outcome = CriterionOutcome.PASSED
    elif any(far is False for far in apart.values()):
        outcome = CriterionOutcome.FAILED
    else:
        outcome = CriterionOutcome.NOT_TESTED
    shown = ", ".join(open_[:NAMES_SHOWN]) + (", ..." if len(open_) > NAMES_SHOWN else "")
    return Criterion(
        name=Line("spectra.isomers"),
        measured=Line(f"{len(isomers) - len(open_)}/{len(isomers)}" + (f"; ≠ {shown}" if open_ else "")),
        limit=Line(f">= {rule.isomer_index_sd} SD"),
        outcome=outcome,
        deciding_records=(reference.accession,),
    )


def _is_isomer(one: InjectedReference, reference: InjectedReference) -> bool:
    """Another compound of the same atoms; a form without stereochemistry, or one of it, is no other compound."""
    return atoms_of(one.formula) == atoms_of(reference.formula) and not same_compound(
        one.inchikey, reference.inchikey
    )


def _apart(
    key: str,
    reference: InjectedReference,
    index: Fraction | None,
    sequence: SequenceInjections,
    rule: IdentificationRule,
) -> bool | None:
    """Whether an isomer lies far enough away; ``None`` if index or deviation is not known."""
    found = [one for one in sequence.references if one.inchikey == key]
    deviations = [
        Fraction(one.retention_index_sd) for one in (*found, reference) if one.retention_index_sd is not None
    ]
    places = [reference_index(one, sequence) for one in found]
    known = [place for place in places if place is not None]
    if index is None or not known or not deviations:
        return None
    return min(abs(index - place) for place in known) >= rule.isomer_index_sd * max(deviations)
