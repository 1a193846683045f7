"""An exhibit with a synthetic musk, compared with the library alone: tentative, with what speaks for and against.

Margin, both match factors and what may be taken for it are told; natural musk is neither found nor excluded by it;
the reference itself handed in as an exhibit is refused.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from chemistry_cases import entry, peaks_of

from musk_id.cli import main
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.vocabulary import CompoundStatus, Finding, QuestionKind, Reason

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CASE = "DEMO-C"
VERSIONS = ("ei-library-1", "ei-identify-1")


def laboratory(folder: Path, version: str) -> Path:
    """The demonstration laboratory, in which nobody injected a reference for the exhibit."""
    lab = Path(shutil.copytree(EXAMPLES, folder / "lab"))
    settings = lab / "laboratory.yaml"
    settings.write_text(settings.read_text("utf-8").replace("ei-identify-1", version), "utf-8")
    examination = lab / "cases" / CASE / "examination.yaml"
    text = examination.read_text("utf-8")
    assert "batch_id: DEMO-CHEM-1\n" in text
    examination.write_text(text.replace("                    batch_id: DEMO-CHEM-1\n", ""), "utf-8")
    return lab


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_tentative_with_margin_factors_and_confusables(tmp_path: Path, version: str) -> None:
    lab = laboratory(tmp_path, version)
    record = record_of(lab)
    result = next(r for r in record.spectra.spectra if r.run.run_id == "C1-R1")
    call = result.call
    assert call is not None and call.status is CompoundStatus.TENTATIVE and call.name == "Galaxolide"
    assert result.finding is Finding.INCONCLUSIVE and Reason.LIBRARY_REFERENCE_ONLY in call.reasons
    gap = next(c for c in call.trace if c.name == "spectra.gap_to_other_compound")
    other = next(h for h in result.hits if h.inchikey != call.inchikey)
    hit = result.hits[0]
    assert float(gap.measured) == pytest.approx(
        float(hit.identity_forward) - float(other.identity_forward), abs=0.11
    )
    assert gap.deciding_records == (other.accession,)
    said = {s.phrase: {v.name: v.texts for v in s.values} for a in record.evidence.answers for s in a.statements}
    assert said["chemistry.tentative"]["forward"] == (hit.identity_forward,)
    assert said["chemistry.tentative"]["reverse"] == (hit.identity_reverse,)
    assert ("chemistry.confusables" in said) == bool(call.confusables)
    assert main(["examine", str(lab / "cases" / CASE), "--out", str(tmp_path / "out")]) == 0
    html = (tmp_path / "out" / "cases" / CASE / "record" / "record.en.html").read_text("utf-8")
    for told in ("tentative", hit.identity_forward, hit.identity_reverse, gap.measured, other.name):
        assert told in html


@pytest.mark.parametrize("version", VERSIONS)
def test_it_says_nothing_on_natural_musk(tmp_path: Path, version: str) -> None:
    for root in (EXAMPLES, laboratory(tmp_path, version)):
        answers = {a.kind: a for a in record_of(root).evidence.answers}
        natural = answers[QuestionKind.NATURAL_MUSK_PRESENT]
        phrases = {str(s.phrase) for s in natural.statements}
        assert natural.finding is Finding.INCONCLUSIVE
        assert "chemistry.synthetic_does_not_exclude" in phrases
        assert "chemistry.natural_musk_not_detectable" in phrases
        assert not {p for p in phrases if p.startswith("chemistry.profile")}
        assert Finding.EXCLUDED not in {a.finding for a in answers.values()}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reference_as_an_exhibit_is_refused(tmp_path: Path, version: str) -> None:
    lab = laboratory(tmp_path, version)
    examination = lab / "cases" / CASE / "examination.yaml"
    examination.write_text(examination.read_text("utf-8").replace("C1-R1_peak1.jdx", "copy.msp"), "utf-8")
    peaks = peaks_of(entry("NL0014"))
    rows = "".join(f"{mz} {value * 0.7:.3f}\n" for mz, value in peaks.items())
    (lab / "cases" / CASE / "copy.msp").write_text(f"Name: mine\nNum Peaks: {len(peaks)}\n{rows}\n", "ascii")
    (lab / "cases" / CASE / "C1-R1_peak1.jdx").unlink()
    record = record_of(lab)
    result = next(r for r in record.spectra.spectra if r.run.run_id == "C1-R1")
    assert Reason.SELF_MATCH in result.reasons
    assert result.call is None and result.hits == () and result.ranking is None
    phrases = {str(s.phrase) for a in record.evidence.answers for s in a.statements}
    assert "chemistry.self_match" in phrases and "chemistry.tentative" not in phrases
