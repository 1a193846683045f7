"""A compound identified through the front door: batch, exhibit, limits, integration by hand, pages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from chemistry_cases import LADDER, disturbed, entry, peaks_of
from pypdf import PdfReader

from musk_id.cli import main
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import RequestError
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_bytes, canonical_json, load_tree, parse_record
from musk_id.vocabulary import CompoundStatus, Finding, Reason

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GALAXOLIDE = entry("NL0014")
CASE, RUN = "DEMO-C", "C1-R1"
DEHP = "BJQHLKABXJIVAM-UHFFFAOYSA-N"


def msp(seed: int, name: str) -> str:
    made = disturbed(peaks_of(GALAXOLIDE), seed)
    rows = "".join(f"{mz:.0f} {value:.1f}\n" for mz, value in zip(made.mz, made.intensity, strict=True))
    return f"Name: {name}\nNum Peaks: {made.mz.size}\n{rows}\n"


def run_of(examination: Any) -> Any:
    return examination["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]["runs"][0]


def product_of(examination: Any) -> Any:
    return examination["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]


SHEET: dict[str, Any] = {
    "schema": "musk-id/run-sheet/1",
    "batch_id": "CHEM-1",
    "kind": "CHEMISTRY",
    "date": "2026-04-16",
    "spectra_rule": {"method_version": "ei-identify-1", "fixed_on": "2026-04-01"},
    "rows": [
        {
            "position": "S1",
            "kind": "STANDARD",
            "result": "AS_EXPECTED",
            "files": [{"path": "standard.msp", "role": "SPECTRUM"}],
            "peaks": [
                {
                    "name": "Galaxolide",
                    "inchikey": GALAXOLIDE.reference.inchikey,
                    "formula": "C18H26O",
                    "retention_time_min": "12.340",
                    "spectrum": "standard.msp",
                }
            ],
        },
        {
            "position": "L1",
            "kind": "LADDER",
            "result": "AS_EXPECTED",
            "peaks": [{"carbons": str(n), "retention_time_min": t} for n, t in LADDER.items()],
        },
        {
            "position": "B1",
            "kind": "PROCESS_BLANK",
            "result": "NO_PRODUCT",
            "peaks": [{"retention_time_min": "12.341", "area": "15000"}],
        },
        {"position": "C1", "kind": "CARRY_OVER_BLANK", "result": "NO_PRODUCT"},
        {"position": "X1", "kind": "EXHIBIT", "case_id": CASE, "run_id": RUN},
    ],
}


def dump(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The demonstration laboratory with a chemical batch, in which run C1-R1 shows galaxolide."""
    lab = Path(shutil.copytree(EXAMPLES, tmp_path / "lab"))
    laboratory = yaml.safe_load((lab / "laboratory.yaml").read_text(encoding="utf-8"))
    laboratory["methods"]["spectra"] = "ei-identify-1"
    dump(lab / "laboratory.yaml", laboratory)
    case, batch = lab / "cases" / CASE, lab / "batches" / "CHEM-1"
    batch.mkdir()
    dump(batch / "sheet.yaml", SHEET)
    (batch / "standard.msp").write_text(msp(1, "standard"), encoding="ascii")
    (case / "C1-R1_peak1.msp").write_text(msp(7, "exhibit"), encoding="ascii")
    examination = yaml.safe_load((case / "examination.yaml").read_text(encoding="utf-8"))
    run = run_of(examination)
    run |= {"batch_id": "CHEM-1", "files": [{"path": "C1-R1_peak1.msp", "role": "SPECTRUM"}], "date": "2026-04-16"}
    run["peak"] = {
        "retention_time_min": "12.345",
        "signal_to_noise_base": "210",
        "signal_to_noise_weakest": "9.5",
        "area": "180000",
    }
    run["searched_for"] = [DEHP]
    examination["persons"] = ["Analyst 9"]
    dump(case / "examination.yaml", examination)
    dump(
        lab / "chemistry.yaml",
        {
            "schema": "musk-id/laboratory-chemistry/1",
            "detection_limits": [
                {
                    "inchikey": DEHP,
                    "limit": "0.05",
                    "unit": "ug/mL",
                    "determined_on": "2026-01-01",
                    "method_version": "gcms-1",
                }
            ],
        },
    )
    return lab


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


def call_of(record: CaseRecord) -> Any:
    return next(r.call for r in record.spectra.spectra if r.run.run_id == RUN)


def test_a_compound_is_identified_and_its_record_is_read_again(root: Path) -> None:
    record = record_of(root)
    call = call_of(record)
    assert (call.status, call.accession) == (CompoundStatus.IDENTIFIED, "CHEM-1 S1")
    assert [r.finding for r in record.spectra.spectra] == [Finding.DETECTED, Finding.INCONCLUSIVE]
    answers = {a.question_id: a for a in record.evidence.answers}
    assert answers["Q2"].finding is Finding.DETECTED and answers["Q1"].finding is Finding.INCONCLUSIVE
    assert "chemistry.synthetic_does_not_exclude" in {s.phrase for s in answers["Q1"].statements}
    assert {"chemistry 2026.1", "laboratory chemistry", "controls CHEM-1"} <= {
        i.name for i in record.spectra.provenance.inputs
    }
    dehp = next(m for m in record.spectra.markers if m.marker_id == "dehp")
    # The other run is like it, so that it was not searched for in vain, whatever the examination says.
    assert (dehp.status, dehp.limit, dehp.runs) == (CompoundStatus.NOT_DETECTED, None, ("C1-R2",))
    data = canonical_json(record)
    assert canonical_json(parse_record(CaseRecord, data, "record.json")) == data
    assert canonical_json(record_of(root)) == data


def test_the_pages_tell_the_rule_in_both_languages_and_stay_short(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["examine", str(root / "cases" / CASE), "--out", str(out)]) == 0
    place = out / "cases" / CASE
    for language, words in (
        ("en", ("identified", "retention index", "ei-identify-1", "fixed on", "ion ratios")),
        ("ru", ("установлено", "индекс удерживания", "ei-identify-1", "закреплено", "отношения ионов")),
    ):
        html = (place / "record" / f"record.{language}.html").read_text(encoding="utf-8")
        assert [word for word in words if word not in html] == []
        # The picture names what the compound was held against: no spectrum of a library.
        of_sequence = {"en": "reference of the sequence: ", "ru": "образец последовательности: "}[language]
        assert of_sequence in html
        pages = len(PdfReader(place / "record" / f"record.{language}.pdf").pages)
        print(f"{language}: {pages} pages")
        assert pages <= 12
    assert main(["verify", str(place)]) == 0
    assert (place / "input" / "chemistry.yaml").read_bytes() == (root / "chemistry.yaml").read_bytes()


def test_a_calibration_of_unknown_markers_is_refused(root: Path) -> None:
    profile = {
        "required": ["muscone", "muskone"],
        "natural_sources": "60",
        "natural_called": "57",
        "counter_sources": "60",
        "counter_called": "0",
        "holds_moschiferus": "true",
        "document": "a protocol",
        "determined_on": "2026-01-01",
    }
    change(root / "chemistry.yaml", lambda chemistry: chemistry.update(profile=profile))
    with pytest.raises(RequestError, match="muskone, which no row"):
        record_of(root)
    profile["required"], profile["absent"] = ["muscone"], ["galaxolide"]
    change(root / "chemistry.yaml", lambda chemistry: chemistry.update(profile=profile))
    with pytest.raises(RequestError, match="absent names galaxolide: a synthetic compound never speaks against"):
        record_of(root)
    profile["absent"] = ["civetone"]
    change(root / "chemistry.yaml", lambda chemistry: chemistry.update(profile=profile))
    answers = record_of(root).evidence.answers
    # The other run of the item has no date: nothing shows that the calibration came before it.
    assert "chemistry.profile_fixed_afterwards" in {str(s.phrase) for a in answers for s in a.statements}


def change(path: Path, function: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    function(content)
    dump(path, content)


def test_a_standard_that_was_changed_or_is_of_another_batch_identifies_nothing(root: Path) -> None:
    standard = root / "batches" / "CHEM-1" / "standard.msp"
    change(
        root / "batches" / "CHEM-1" / "sheet.yaml",
        lambda s: s["rows"][0]["files"][0].update(sha256="0" * 64),
    )
    call = call_of(record_of(root))
    assert call.status is CompoundStatus.TENTATIVE and Reason.LIBRARY_REFERENCE_ONLY in call.reasons
    change(root / "batches" / "CHEM-1" / "sheet.yaml", lambda s: s["rows"][0]["files"][0].pop("sha256"))
    assert call_of(record_of(root)).status is CompoundStatus.IDENTIFIED
    standard.write_text(standard.read_text(encoding="ascii") * 2, encoding="ascii")
    assert call_of(record_of(root)).status is CompoundStatus.TENTATIVE
    standard.write_text(msp(1, "standard"), encoding="ascii")
    examination = root / "cases" / CASE / "examination.yaml"
    change(examination, lambda e: run_of(e).pop("batch_id"))
    assert call_of(record_of(root)).status is CompoundStatus.TENTATIVE
    # A run that was injected in a batch of its own is not of the batch that its product names; one without is.
    change(examination, lambda e: product_of(e).update(batch_id="CHEM-1"))
    assert call_of(record_of(root)).status is CompoundStatus.IDENTIFIED
    second = root / "batches" / "CHEM-2"
    second.mkdir()
    blanks = {**SHEET, "batch_id": "CHEM-2", "rows": SHEET["rows"][1:4]}
    dump(second / "sheet.yaml", blanks)
    change(examination, lambda e: run_of(e).update(batch_id="CHEM-2"))
    assert call_of(record_of(root)).status is CompoundStatus.TENTATIVE
    change(examination, lambda e: (run_of(e).pop("batch_id"), product_of(e).pop("batch_id")))
    # The batch of the extraction is no sequence.
    change(examination, lambda e: e["items"][0]["sub_samples"][0]["extracts"][0].update(batch_id="CHEM-1"))
    assert record_of(root).controls and call_of(record_of(root)).status is CompoundStatus.TENTATIVE


def test_a_run_measured_before_the_rule_was_fixed_identifies_nothing(root: Path) -> None:
    """Whatever date the sheet has: the rule was fixed on 2026-04-01."""
    examination = root / "cases" / CASE / "examination.yaml"
    for date, expected in (("2026-04-01", CompoundStatus.IDENTIFIED), ("2026-03-31", CompoundStatus.TENTATIVE)):
        change(examination, lambda e, date=date: run_of(e).update(date=date))  # type: ignore[misc]
        assert call_of(record_of(root)).status is expected


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"limit": "0"}, "must be above 0"), ({"limit": "-1"}, "must be above 0"), (None, "more than one limit")],
)
def test_limits_that_are_none_or_two_are_refused(root: Path, changed: dict[str, str] | None, told: str) -> None:
    def apply(chemistry: Any) -> None:
        limits = chemistry["detection_limits"]
        limits[0].update(changed or {})
        if changed is None:
            limits.append({**limits[0], "limit": "9"})

    change(root / "chemistry.yaml", apply)
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert told in str(caught.value.problems)


def test_a_batch_whose_controls_failed_searches_for_nothing_in_vain(root: Path) -> None:
    """The other run is taken away: it resembles what was searched for."""

    def alone(examination: Any) -> None:
        product_of(examination)["runs"] = [run_of(examination)]
        for product in examination["items"][0]["sub_samples"][0]["extracts"][0]["products"][1:]:
            product["runs"] = []

    change(root / "cases" / CASE / "examination.yaml", alone)
    sheet = root / "batches" / "CHEM-1" / "sheet.yaml"
    for result, limit in (("AS_EXPECTED", "0.05 ug/mL"), ("NOT_AS_EXPECTED", None)):
        change(sheet, lambda s, result=result: s["rows"][0].update(result=result))  # type: ignore[misc]
        record = record_of(root)
        assert next(m for m in record.spectra.markers if m.marker_id == "dehp").limit == limit
        told = {str(s.phrase) for a in record.evidence.answers for s in a.statements}
        assert ("chemistry.not_detected_at_limit" in told) is (limit is not None)
        assert ("chemistry.batch_failed" in told) is (limit is None)


@pytest.mark.parametrize("word", ["proof of genuine musk", "подлинный мускус", "purity marker"])
def test_words_typed_into_sentences_are_those_of_the_catalogue(root: Path, word: str) -> None:
    """A substance's name stands in "..., identified against the reference ..."; a unit in "not detected (...)"."""
    sheet, limits = root / "batches" / "CHEM-1" / "sheet.yaml", root / "chemistry.yaml"
    change(limits, lambda c: c["detection_limits"][0].update(unit=f"ug/mL, {word}"))
    with pytest.raises(RequestError, match="words that no page may use"):
        record_of(root)
    change(limits, lambda c: c["detection_limits"][0].update(unit="ug/mL"))
    change(sheet, lambda s: s["rows"][0]["peaks"][0].update(name=word))
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert "rows[0].peaks[0].name" in str(caught.value.problems)


def reintegrate(root: Path, *areas: tuple[str, str]) -> None:
    entries = [
        {
            "run_id": RUN,
            "peak": "12.345 min",
            "from_area": before,
            "to_area": after,
            "reason": "shoulder",
            "person": "Analyst 9",
            "date": "2026-04-20",
        }
        for before, after in areas
    ]
    paper = {"schema": "musk-id/edits/1", "case_id": CASE, "reintegrations": entries}
    dump(root / "cases" / CASE / "edits.yaml", paper)


def test_an_integration_by_hand_is_computed_both_ways_and_told(root: Path) -> None:
    """The blank holds 15,000 at this time: 150,000 is needed."""
    for areas, expected in (
        ([("180000", "160000")], CompoundStatus.IDENTIFIED),
        ([("180000", "140000")], CompoundStatus.TENTATIVE),
        ([("180000", "140000"), ("140000", "170000")], CompoundStatus.IDENTIFIED),
    ):
        reintegrate(root, *areas)
        record = record_of(root)
        assert call_of(record).status is expected
        said = {str(s.phrase) for a in record.evidence.answers for s in a.statements}
        changed = expected is CompoundStatus.TENTATIVE
        assert ("chemistry.area_changes" in said, "chemistry.area_same" in said) == (changed, not changed)
        assert "limit.reintegrated" not in {s.phrase for s in record.evidence.limitations}


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        ([("170000", "160000")], "180000, the area before it"),
        ([("180000", "lots")], "a number above 0"),
        ([("180000", "160000"), ("180000", "150000")], "160000, the area before it"),
    ],
)
def test_areas_that_do_not_follow_from_the_one_stated_are_refused(
    root: Path, areas: list[tuple[str, str]], told: str
) -> None:
    reintegrate(root, *areas)
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert told in " ".join(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("formula", "C18H26Q", "no mass is known"),
        ("inchikey", "galaxolide", "no InChIKey"),
        ("retention_time_min", "0", "above 0"),
        ("spectrum", "other.msp", "none of the row's files"),
        ("name", None, "together"),
    ],
)
def test_peaks_of_a_standard_that_contradict_themselves_are_refused(
    root: Path, where: str, value: str | None, told: str
) -> None:
    def spoil(sheet: Any) -> None:
        peak = sheet["rows"][0]["peaks"][0]
        peak[where] = value
        if value is None:
            del peak[where]

    change(root / "batches" / "CHEM-1" / "sheet.yaml", spoil)
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert told in str(caught.value) + " ".join(str(problem) for problem in caught.value.problems)


def test_names_in_place_of_inchikeys_are_refused(root: Path) -> None:
    examination = root / "cases" / CASE / "examination.yaml"
    change(examination, lambda e: run_of(e).update(searched_for=["muscone"]))
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert "'muscone' is no InChIKey" in " ".join(str(problem) for problem in caught.value.problems)
    change(examination, lambda e: run_of(e).update(searched_for=[DEHP]))
    change(root / "chemistry.yaml", lambda c: c["detection_limits"][0].update(inchikey="541-91-3"))
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert "is no InChIKey" in " ".join(str(problem) for problem in caught.value.problems)


NEWER = {"peak", "peaks", "searched_for", "spectra_rule", "identification", "reintegration", "rules"}
NEWER |= {"ions_compatible", "limit_text", "set_aside_by", "cas", "area"}


def test_records_made_before_identification_are_read(root: Path) -> None:
    record = record_of(root)

    def older(tree: Any, key: str = "") -> Any:
        if isinstance(tree, list):
            return [older(entry, key) for entry in tree]
        if not isinstance(tree, dict):
            return tree
        # Peaks of spectra and of hits are as old as spectra are.
        drop = NEWER - ({"peaks"} if key in ("spectra", "hits") else set())
        return {k: older(v, k) for k, v in tree.items() if k not in drop}

    tree = older(load_tree(canonical_json(record), "record.json"))
    read = parse_record(CaseRecord, canonical_bytes(tree), "record.json")
    assert read.spectra.rules == () and read.methods.spectra.identification is None
    assert read.spectra.markers[0].cas is None and read.spectra.spectra[0].reintegration is None
    assert read.evidence.answers == record.evidence.answers


def test_two_ways_to_run_give_the_same_spectra_record(root: Path, tmp_path: Path) -> None:
    shard = tmp_path / "out" / "shards" / "0001"
    shard.mkdir(parents=True)
    (shard / "list.tsv").write_text(f"{CASE}\n", encoding="utf-8")
    batches = tmp_path / "out" / "batches"
    batches.mkdir()
    (batches / "list.tsv").write_text("CHEM-1\n", encoding="utf-8")

    def stage(name: str, listed: Path, out: Path, *more: str) -> None:
        arguments = ["stage", name, "--root", str(root), "--shard", str(listed), "--out", str(out), *more]
        assert main(arguments) == 0

    stage("controls", batches / "list.tsv", batches / "controls.jsonl")
    stage("intake", shard / "list.tsv", shard / "intake.jsonl")
    controls = ("--controls", str(batches / "controls.jsonl"))
    stage("spectra", shard / "list.tsv", shard / "spectra.jsonl", *controls)
    assert (shard / "spectra.jsonl").read_bytes() == canonical_json(record_of(root).spectra) + b"\n"
