"""What may be said of the compounds of an item (decision rules, section 6).

A library reference makes a compound tentative at best; a synthetic compound never excludes natural musk;
without the laboratory's own calibration nothing is said of a natural-type profile.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.evidence import Statement
from musk_id.model.laboratory_chemistry import ProfileCalibration
from musk_id.model.spectra import MarkerFinding, SpectraRecord, SpectrumResult
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, IsoDate
from musk_id.stages.chemistry_statements import call_statements, copy_statement, rule_statements
from musk_id.stages.natural_profile import ProfileBasis, profile_findings
from musk_id.stages.statements import say
from musk_id.vocabulary import CompoundStatus, Finding, Reason

__all__ = ["SYNTHETIC_GROUPS", "ChemicalFindings", "chemical_findings"]

SYNTHETIC_GROUPS = frozenset(
    {"synthetic_polycyclic", "nitro_musk", "synthetic_macrocyclic", "synthetic_alicyclic"}
)

# What keeps a grade down and leaves data measured and controlled: a profile is then told with that grade.
_NO_OBSTACLE = frozenset({Reason.NO_RAW_DATA, Reason.RAW_DATA_NOT_EVALUATED, Reason.SINGLE_EXTRACTION})


@dataclass(frozen=True, slots=True)
class ChemicalFindings:
    """Findings on one item from its spectra: substances, synthetic musks, natural musk."""

    substances: Finding
    synthetic: Finding
    natural: Finding
    reasons: tuple[Reason, ...]
    natural_reasons: tuple[Reason, ...]
    statements: tuple[Statement, ...]
    synthetic_statements: tuple[Statement, ...]
    natural_statements: tuple[Statement, ...]
    trace: tuple[Criterion, ...]
    next_steps: tuple[Statement, ...]


def chemical_findings(
    item_id: Identifier,
    spectra: SpectraRecord,
    grade_reasons: tuple[Reason, ...],
    profile: ProfileCalibration | None = None,
    measured_on: IsoDate | None = None,
) -> ChemicalFindings:
    """Findings on an item from the spectra record.

    Parameters
    ----------
    grade_reasons : tuple of Reason
        What keeps the grade of the chemical examination down.
    profile : ProfileCalibration or None
        The laboratory's own calibration of profiles, if any.
    measured_on : IsoDate or None
        First date of the item's chemical runs and batches, if all are recorded.
    """
    results = tuple(r for r in spectra.spectra if r.run.item_id == item_id)
    if not results:
        return _not_examined()
    markers = tuple(m for m in spectra.markers if m.item_id == item_id)
    tentative = [m for m in markers if m.status is CompoundStatus.TENTATIVE]
    identified = [m for m in markers if m.status is CompoundStatus.IDENTIFIED]
    usable = [r for r in results if r.call is not None]
    maybe = [m for m in markers if Reason.CONFUSABLE_NOT_SEPARATED in m.reasons]
    synthetic = [m for m in (*identified, *tentative, *maybe) if m.group in SYNTHETIC_GROUPS]
    reasons = {*grade_reasons, *(reason for r in results for reason in _result_reasons(r))}
    failed = (say("chemistry.batch_failed"),) if Reason.CONTROL_FAILED in grade_reasons else ()
    rules = tuple(o for o in spectra.rules if o.item_id == item_id)
    statements = (
        *_result_statements(results),
        *failed,
        *_marker_statements(markers, examined=bool(usable)),
        *rule_statements(rules),
    )
    basis = ProfileBasis(measured_on, set(grade_reasons) <= _NO_OBSTACLE, {r.run.run_id: r.run for r in results})
    natural = profile_findings(markers, profile, basis)
    # A blank that is not clean, or a batch to be repeated, shows nothing (decision rules, section 3).
    failed_batch = Reason.CONTROL_FAILED in grade_reasons
    return ChemicalFindings(
        substances=Finding.DETECTED if identified and not failed_batch else Finding.INCONCLUSIVE,
        synthetic=Finding.INCONCLUSIVE if failed_batch else _synthetic(synthetic),
        natural=Finding.INCONCLUSIVE,
        reasons=tuple(sorted(reasons)),
        natural_reasons=tuple(sorted({*reasons, *natural.reasons})),
        statements=statements,
        synthetic_statements=(say("chemistry.synthetic_does_not_exclude"),) if synthetic else (),
        natural_statements=(
            *natural.statements,
            *((say("chemistry.synthetic_does_not_exclude"),) if synthetic else ()),
        ),
        trace=tuple(c for r in usable if r.call is not None for c in r.call.trace),
        next_steps=_next_steps(reasons),
    )


def _not_examined() -> ChemicalFindings:
    finding = Finding.NOT_EXAMINED
    return ChemicalFindings(
        substances=finding,
        synthetic=finding,
        natural=finding,
        reasons=(Reason.NO_CHEMICAL_EXAMINATION,),
        natural_reasons=(Reason.NO_CHEMICAL_EXAMINATION,),
        statements=(say("chemistry.not_examined"),),
        synthetic_statements=(),
        natural_statements=(),
        trace=(),
        next_steps=(say("next.chemical_examination"),),
    )


def _result_reasons(result: SpectrumResult) -> tuple[Reason, ...]:
    return (*result.reasons, *(result.call.reasons if result.call else ()))


def _synthetic(found: list[MarkerFinding]) -> Finding:
    # A single spectrum that matches nothing is no search of the whole chromatogram: never "not detected".
    identified = any(m.status is CompoundStatus.IDENTIFIED for m in found)
    return Finding.DETECTED if identified else Finding.INCONCLUSIVE


def _result_statements(results: tuple[SpectrumResult, ...]) -> list[Statement]:
    said: list[Statement] = []
    for result in results:
        if Reason.SELF_MATCH in _result_reasons(result):
            said.append(say("chemistry.self_match", run=result.run.run_id))
        elif Reason.SELF_MATCH_SUSPECTED in result.reasons:
            said.append(copy_statement(result))
        elif Reason.SIMULATED_DATA in result.reasons:
            said.append(say("chemistry.predicted", run=result.run.run_id))
        elif result.call is None:
            said.append(say("chemistry.not_comparable", run=result.run.run_id))
        else:
            said += call_statements(result, result.call)
    return said


def _marker_statements(markers: tuple[MarkerFinding, ...], *, examined: bool) -> list[Statement]:
    lacking = sorted({m.name for m in markers if m.status is CompoundStatus.NO_REFERENCE})
    unseen = sorted(
        {
            m.name
            for m in markers
            if m.status is CompoundStatus.NOT_DETECTED
            and not {Reason.CONFUSABLE_NOT_SEPARATED, Reason.NO_LIBRARY_MATCH} & set(m.reasons)
            and m.limit is None
        }
    )
    said: list[Statement] = []
    at_limit = sorted(f"{m.name} ({m.limit})" for m in markers if m.limit is not None)
    if at_limit:
        said.append(say("chemistry.not_detected_at_limit", markers=at_limit))
    for run in sorted({run for m in markers for run in m.ions_compatible}):
        names = sorted(m.name for m in markers if run in m.ions_compatible)
        said.append(say("chemistry.ions_compatible", run=run, markers=names))
    later = sorted(m.name for m in markers if Reason.LIMIT_FIXED_AFTERWARDS in m.reasons)
    if later:
        said.append(say("chemistry.limit_fixed_afterwards", markers=later))
    if unseen and examined:
        said.append(say("chemistry.not_found", markers=unseen))
    if lacking:
        said.append(say("chemistry.no_reference", markers=lacking))
    return said


_NEXT_STEPS: dict[Reason, str] = {
    Reason.LIBRARY_REFERENCE_ONLY: "next.inject_reference",
    Reason.CONFUSABLE_NOT_SEPARATED: "next.inject_reference",
    Reason.IDENTIFICATION_NOT_MET: "next.inject_reference",
    Reason.IDENTIFICATION_NOT_TESTED: "next.measure_peak",
    Reason.ELECTRON_ENERGY_OTHER: "next.seventy_ev",
    Reason.MIXTURE_SUSPECTED: "next.separate_peaks",
    Reason.REINTEGRATION_CHANGES_ANSWER: "next.explain_files",
    Reason.NO_LIBRARY_MATCH: "next.inject_reference",
    Reason.NO_NAME_IN_LIBRARY: "next.inject_reference",
    Reason.RANKED_OTHERWISE: "next.inject_reference",
    Reason.NO_RAW_DATA: "next.send_chromatogram",
    Reason.CONTROL_ABSENT: "next.run_controls",
    Reason.CONTROL_FAILED: "next.repeat_batch",
    Reason.SELF_MATCH: "next.measured_data",
    Reason.SELF_MATCH_SUSPECTED: "next.measured_data",
    Reason.SIMULATED_DATA: "next.measured_data",
    Reason.SPECTRUM_TOO_FEW_PEAKS: "next.send_chromatogram",
    Reason.FILE_UNREADABLE: "next.readable_file",
    Reason.FILE_MISSING: "next.readable_file",
    Reason.FILE_ALTERED: "next.explain_files",
    Reason.FILE_USED_TWICE: "next.explain_files",
    Reason.RECORD_INCOMPLETE: "next.explain_files",
    Reason.SEAL_DIFFERS: "next.explain_files",
    Reason.TECHNIQUE_NOT_EVALUATED: "next.evaluated_technique",
    Reason.NO_EVIDENCE_FILE: "next.readable_file",
}


def _next_steps(reasons: set[Reason]) -> tuple[Statement, ...]:
    phrases = {_NEXT_STEPS[reason] for reason in reasons if reason in _NEXT_STEPS}
    return tuple(say(phrase) for phrase in sorted(phrases | {"next.laboratory_references"}))
