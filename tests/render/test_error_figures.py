"""Pages tell what a radius rests on and what is known of errors; older records, which hold neither, render."""

from __future__ import annotations

import html
import json
import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.records.files import sha256_file
from musk_id.render.catalogue import load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language, Reason

PROJECT = Path(__file__).resolve().parents[2]
CALIBRATION = PROJECT / "reference_db" / "calibration" / "2026.1" / "calibration.json"
SENTENCE = (
    "This rate describes the comparison step on public reference sequences. It does not include sampling, "
    "contamination, exchange of samples, or wrong names in the references; it is not the probability that this "
    "result is wrong."
)


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


def page_text(record: CaseRecord, language: Language) -> str:
    page = render_html(record, canonical_json(record), language).decode("utf-8")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_prints_the_ground_of_each_radius_and_the_rates_with_the_fixed_sentence(
    record: CaseRecord,
) -> None:
    text = page_text(record, Language.EN)
    tree = {entry["locus"]: entry["windows"][0] for entry in json.loads(CALIBRATION.read_bytes())["loci"]}
    for locus, unit in (("12S-V5", "edits"), ("16S-mam", "edits")):
        target = tree[locus]["target"]
        pooled = target["radius_basis"]["pooled"]["individuals"]
        told = (
            f"individuals of Moschus: {target['individuals']}, species of it: {target['species']} "
            f"borrowed from other mammals: {target['radius_basis']['borrowed_percent']} % of {pooled} individuals "
            f"with another species of their genus "
            f"largest distance within Moschus: {target['within_largest']} {unit} "
            f"nearest other genus: {target['nearest_other']} {unit}, {target['nearest_records'][0]}"
        )
        # Once in the trace of the run, once in that of the item.
        assert text.count(told) >= 2
        panel = target["panel"]
        assert f"called Moschus: {panel['called']}/{panel['records']} (≤ {panel['called_upper']})" in text
    assert text.count(SENTENCE) == 1
    assert text.index("What is known of the error of this comparison") < text.index(SENTENCE)
    assert "5811 individuals of 2843 species of 1025 genera" in text
    assert "below 2 % (like Moschus) 8/3533 (≤ 0.004082)" in text
    # The digest of the very file is named with the figures and with the digests of the record.
    assert text.count(sha256_file(CALIBRATION)) >= 2


def test_every_rate_of_the_block_stands_with_its_limit(record: CaseRecord) -> None:
    text = page_text(record, Language.EN)
    heading = text.index("What is known of the error of this comparison")
    cards = text[heading : text.index("Method cards with all strata", heading)]
    annex = text.rindex("Method cards with all strata")
    table = text[annex : text.index("All numbers of the methods", annex)]
    for block, least in ((cards, 8), (table, 40)):
        rates = re.findall(r"\b\d+/\d+\b(?: \((?:≥ [01]\.\d{6}, )?(?:≤|≥) [01]\.\d{6}\))?", block)
        assert len(rates) >= least and all(rate.endswith(")") for rate in rates)


def test_both_languages_and_media_carry_the_same_figures(record: CaseRecord) -> None:
    numbers = [
        re.findall(r"\d+/\d+ \((?:≤|≥) [01]\.\d{6}\)", page_text(record, language)) for language in Language
    ]
    assert numbers[0] == numbers[1]
    reader = PdfReader(BytesIO(render_pdf(record, canonical_json(record), Language.EN)))
    pdf = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    # The strata are an annex: HTML alone holds their table.
    page = page_text(record, Language.EN)
    on_paper = re.findall(r"\d+/\d+ \((?:≤|≥) [01]\.\d{6}\)", page[: page.rindex("Annex 1: ")])
    assert SENTENCE in pdf and len(on_paper) >= 8 and all(number in pdf for number in on_paper)


def test_without_a_calibration_the_code_and_the_lack_of_figures_are_printed(tmp_path: Path) -> None:
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root"))
    shutil.copytree(PROJECT / "reference_db" / "releases" / "2026.1", root / "reference_db" / "2026.1")
    tables = PROJECT / "reference_db" / "chemistry" / "2026.1"
    shutil.copytree(tables, root / "reference_db" / "chemistry" / "2026.1")
    record = examine_case(Casework(root), root / "cases" / "DEMO-A")
    assert record.calibration is not None and record.calibration.reason is Reason.NOT_CALIBRATED
    for language in Language:
        catalogue = load_catalogue(language)
        text = page_text(record, language)
        assert text.count(catalogue.label("radius.none", code="NOT_CALIBRATED")) >= 4
        assert text.count(catalogue.label("errors.none", code="NOT_CALIBRATED")) == 1
        # Of the method for other animals there are figures, which never stand without the fixed sentence.
        assert text.count(catalogue.label("errors.sentence")) == 1
    names = {entry.name for entry in record.barcode.provenance.inputs}
    assert not any(name.startswith("calibration") for name in names)


OF_FIGURES = ("ground", "calibration", "method_cards")


def _older(tree: Any) -> Any:
    """The record as the versions before wrote it: without the fields that tell figures of the calibration."""
    if isinstance(tree, list):
        return [_older(entry) for entry in tree]
    if not isinstance(tree, dict):
        return tree
    return {key: _older(value) for key, value in tree.items() if key not in OF_FIGURES}


def test_records_made_before_are_read_and_rendered_without_a_word_on_figures(record: CaseRecord) -> None:
    tree = json.loads(canonical_json(record))
    older = canonical_bytes(_older(tree))
    assert b'"ground"' not in older and b'"calibration"' not in older
    read = parse_record(CaseRecord, older, "record.json")
    assert read.calibration is None
    # Nothing else of it is lost or changed by reading.
    assert canonical_bytes(_older(json.loads(canonical_json(read)))) == older
    for language in Language:
        page = render_html(read, older, language).decode("utf-8")
        label = load_catalogue(language).label
        assert label("errors.heading") not in page
        assert label("radius.none", code="NOT_CALIBRATED") not in page
        assert label("radius.rests_on", window=label("radius.insert")) not in page
