"""What is said of one spectrum's call and of the rules that apply to an item."""

from __future__ import annotations

from musk_id.model.evidence import Statement
from musk_id.model.spectra import CompoundCall, RuleOutcome, SpectrumResult
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.values import Line
from musk_id.stages.known_isomers import KNOWN_ISOMERS
from musk_id.stages.name_withheld import WITHHELD
from musk_id.stages.statements import say
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

__all__ = ["call_statements", "copy_statement", "rule_statements"]

_CHECKED = frozenset({Reason.IDENTIFICATION_NOT_MET, Reason.IDENTIFICATION_NOT_TESTED})


def call_statements(result: SpectrumResult, call: CompoundCall) -> list[Statement]:
    """Statements on the compound behind a spectrum."""
    run = result.run.run_id
    if call.status is CompoundStatus.IDENTIFIED and call.name is not None:
        said = [say("chemistry.identified", run=run, compound=call.name, reference=call.accession or "-")]
    elif call.status is CompoundStatus.TENTATIVE:
        said = [_tentative(result, call)]
    elif WITHHELD & set(call.reasons) and result.ranking is not None:
        return [_withheld(result.ranking, run, call), *_reintegration(result)]
    else:
        return [say("chemistry.no_library_match", run=run), *_reintegration(result)]
    names = [name for name in call.confusables if name != call.name]
    if names and call.name is not None:
        said.append(say("chemistry.confusables", compound=call.name, names=names))
    if Reason.MIXTURE_SUSPECTED in call.reasons and call.name is not None:
        said.append(say("chemistry.mixture", run=run))
    if Reason.ISOTOPES_DISAGREE in call.reasons:
        said.append(say("chemistry.isotopes", run=run))
    if Reason.RULE_CHANGED_AFTERWARDS in call.reasons:
        said.append(say("chemistry.rule_changed", run=run))
    return [*said, *_reintegration(result)]


def copy_statement(result: SpectrumResult) -> Statement:
    """That a spectrum is a reference but for a few peaks, and which one."""
    found = next(c for c in result.quality if c.name == "spectra.copy")
    equal, _, rest = found.measured.partition(" = ")
    return say("chemistry.self_match_suspected", run=result.run.run_id, equal=equal, reference=rest)


def _tentative(result: SpectrumResult, call: CompoundCall) -> Statement:
    run = result.run.run_id
    if call.name is None and Reason.MIXTURE_SUSPECTED in call.reasons:
        return say("chemistry.mixture_of", run=run, names=call.confusables)
    if call.name is None:
        return _several(result, call)
    hit = next((h for h in result.hits if h.accession == call.accession), None)
    if hit is None:
        return say("chemistry.group_only", run=run, group=call.name)
    return say(
        "chemistry.tentative_reference" if _CHECKED & set(call.reasons) else "chemistry.tentative",
        run=run,
        compound=call.name,
        forward=hit.identity_forward,
        reverse=hit.identity_reverse,
    )


def _several(result: SpectrumResult, call: CompoundCall) -> Statement:
    """Names of compounds that the spectrum does not tell apart; of one formula where no other is near."""
    run = result.run.run_id
    outcomes = {c.name: c.outcome for c in call.trace}
    isomers = next((c for c in call.trace if c.name == KNOWN_ISOMERS), None)
    other_is_near = outcomes.get(Line("spectra.gap_to_other_compound")) is CriterionOutcome.FAILED
    if isomers is None or isomers.outcome is not CriterionOutcome.FAILED or other_is_near:
        return say("chemistry.several", run=run, names=call.confusables)
    formula = isomers.limit.partition(":")[0]
    return say("chemistry.one_of_isomers", run=run, formula=formula, names=call.confusables)


def _withheld(ranking: SpectralRanking, run: str, call: CompoundCall) -> Statement:
    names = call.confusables
    if Reason.RANKED_OTHERWISE in call.reasons:
        first = [name.name for name in ranking.first]
        return say("chemistry.ranked_otherwise", run=run, first=first, names=names)
    return say("chemistry.no_name", run=run, library=ranking.library, names=names)


def _reintegration(result: SpectrumResult) -> list[Statement]:
    effect = result.reintegration
    if effect is None:
        return []
    call = result.call
    changes = call is not None and Reason.REINTEGRATION_CHANGES_ANSWER in call.reasons
    return [
        say(
            "chemistry.area_changes" if changes else "chemistry.area_same",
            run=result.run.run_id,
            before=effect.area_without,
            after=effect.area_with,
        )
    ]


def rule_statements(outcomes: tuple[RuleOutcome, ...]) -> list[Statement]:
    """Statements of the rules that apply; those that hang on a material nobody determined are led by a remark."""
    said = [_of_rule(o) for o in outcomes if not o.either_reading]
    either = [_of_rule(o) for o in outcomes if o.either_reading]
    return [*said, *([say("rule.either_reading"), *either] if either else [])]


def _of_rule(outcome: RuleOutcome) -> Statement:
    if not outcome.markers:
        return say(outcome.phrase)
    return say(outcome.phrase, markers=[Line(name) for name in outcome.markers])
