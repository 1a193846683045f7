"""The calibrated ranking of a laboratory's own library through the front door: record, pages, digests."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ranked_libraries import records
from spectra_libraries import build

from musk_id.cli import main
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import IntegrityError
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_bytes, canonical_json, load_tree, parse_record
from musk_id.records.files import sha256_file
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CASE = "DEMO-C"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration laboratory with a calibrated library of its own, which holds none of the compounds."""
    folder = tmp_path_factory.mktemp("ranked")
    lab = Path(shutil.copytree(EXAMPLES, folder / "lab"))
    laboratory = yaml.safe_load((lab / "laboratory.yaml").read_text(encoding="utf-8"))
    laboratory["methods"]["spectra"] = "ei-identify-1"
    laboratory["overlays"] = ["spectra-1"]
    (lab / "laboratory.yaml").write_text(yaml.safe_dump(laboratory), encoding="utf-8")
    # Without its sequence the first run is compared with the library alone.
    examination = lab / "cases" / CASE / "examination.yaml"
    sequence = "                    batch_id: DEMO-CHEM-1\n"
    text = examination.read_text(encoding="utf-8")
    assert sequence in text
    examination.write_text(text.replace(sequence, ""), encoding="utf-8")
    library = build(folder / "sources", records(authors=17))
    shutil.copytree(library, lab / "overlays" / "spectra-1")
    file = lab / "overlays" / "spectra-1.spectra.json"
    assert main(["refdb", "calibrate", str(lab / "overlays" / "spectra-1"), "--spectra", str(file)]) == 0
    return lab


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


def without_calibration(root: Path, tmp_path: Path) -> Path:
    lab = Path(shutil.copytree(root, tmp_path / "plain"))
    (lab / "overlays" / "spectra-1.spectra.json").unlink()
    return lab


def test_a_library_that_does_not_hold_a_compound_takes_no_name_of_the_release_away(
    root: Path, tmp_path: Path
) -> None:
    """Nothing in it bears a name, which is told; of compounds that it does not hold it says nothing."""
    before, record = record_of(without_calibration(root, tmp_path)), record_of(root)
    for old, new in zip(before.spectra.spectra, record.spectra.spectra, strict=True):
        assert (
            old.ranking is not None and new.ranking is not None and old.call is not None and new.call is not None
        )
        assert old.ranking.outcome is NameOutcome.NOT_CALIBRATED
        assert (new.ranking.library, new.ranking.outcome) == ("spectra-1", NameOutcome.NO_NAME)
        assert new.ranking.references == 204 and new.ranking.naming is not None
        assert old.hits == new.hits
        assert replace(new.call, trace=()) == replace(old.call, trace=())
        if old.call.status is CompoundStatus.TENTATIVE:
            assert old.call.name is not None and Reason.NO_NAME_IN_LIBRARY not in new.call.reasons
            last = new.call.trace[-1]
            assert (last.name, last.outcome) == ("spectra.library_probability", CriterionOutcome.NOT_TESTED)
    assert any(r.call is not None and r.call.name for r in before.spectra.spectra)
    digest = sha256_file(root / "overlays" / "spectra-1.spectra.json")
    assert {i.sha256 for i in record.spectra.provenance.inputs if i.name == "spectral calibration spectra-1"} == {
        digest
    }
    assert {r.ranking.calibration_sha256 for r in record.spectra.spectra if r.ranking is not None} == {digest}
    assert f"spectral calibration spectra-1 {digest}" in Casework(root).grounds()
    data = canonical_json(record)
    assert canonical_json(parse_record(CaseRecord, data, "record.json")) == data == canonical_json(record_of(root))


def test_the_pages_tell_it_in_both_languages(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["examine", str(root / "cases" / CASE), "--out", str(out)]) == 0
    place = out / "cases" / CASE
    for language, words in (
        ("en", ("nothing in library spectra-1 bears", "tentative", "204", "at most")),
        ("ru", ("ничто в библиотеке spectra-1", "предположительно", "204", "не более")),
    ):
        html = (place / "record" / f"record.{language}.html").read_text(encoding="utf-8")
        assert [word for word in words if word not in html] == []
    assert main(["verify", str(place)]) == 0


def test_what_was_identified_in_its_sequence_stays(root: Path, tmp_path: Path) -> None:
    lab = Path(shutil.copytree(root, tmp_path / "lab"))
    shutil.copy(EXAMPLES / "cases" / CASE / "examination.yaml", lab / "cases" / CASE)
    first = record_of(lab).spectra.spectra[0]
    assert first.ranking is not None and first.ranking.outcome is NameOutcome.NO_NAME
    assert first.call is not None and first.call.status is CompoundStatus.IDENTIFIED


def test_a_calibration_of_another_library_is_refused(root: Path, tmp_path: Path) -> None:
    lab = Path(shutil.copytree(root, tmp_path / "lab"))
    file = lab / "overlays" / "spectra-1.spectra.json"
    text = file.read_text(encoding="utf-8")
    digest = Casework(lab).overlays[0].manifest_sha256
    file.write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    with pytest.raises(IntegrityError, match="calibration is one of library"):
        record_of(lab)


def test_records_made_before_the_ranking_are_read(root: Path) -> None:
    record = record_of(root)

    def older(tree: Any) -> Any:
        if isinstance(tree, list):
            return [older(entry) for entry in tree]
        if not isinstance(tree, dict):
            return tree
        return {key: older(value) for key, value in tree.items() if key != "ranking"}

    read = parse_record(CaseRecord, canonical_bytes(older(load_tree(canonical_json(record), "r.json"))), "r.json")
    assert all(result.ranking is None for result in read.spectra.spectra)
    assert read.methods.spectra.ranking is None and read.evidence.answers == record.evidence.answers
