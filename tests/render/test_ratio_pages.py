"""Pages on a likelihood ratio: the whole scale and the counts with one, no word of a scale without one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from barcode_cases import records
from pypdf import PdfReader
from ratio_cases import basis, made, shipped
from stage_cases import Case, barcode

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.kernels.intervals import count_ratio_lower
from musk_id.library_vocabulary import RatioModel
from musk_id.model.alternatives import ALTERNATIVES
from musk_id.model.ratio import ItemRatio
from musk_id.model.record import CaseRecord
from musk_id.model.scales import SCALES
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pdf import render_pdf
from musk_id.stages.likelihood_ratio import ratio_for
from musk_id.stages.ratio_statements import _BY_WORD, ratio_statements
from musk_id.vocabulary import Finding, Grade, Language, Locus

PROJECT = Path(__file__).resolve().parents[2]
SHORT = (Locus.RRNA_12S, Locus.RRNA_16S)
GOOD = {Locus.RRNA_12S: (10, 10, 0, 199), Locus.RRNA_16S: (11, 12, 1, 300)}


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


@pytest.fixture(scope="module")
def ratio(shipped_release, barcode_library) -> ItemRatio:  # type: ignore[no-untyped-def]
    letters = {locus: str(records(shipped_release, locus, "Moschus")[0].sequence) for locus in SHORT}
    found = barcode(Case(sub_samples=(letters, letters)), barcode_library)
    used = basis(made(shipped(shipped_release), GOOD), shipped_release)
    return ratio_for(found.items[0], found.sequences, Finding.DETECTED, Grade.A, used)


@pytest.fixture(scope="module")
def with_ratio(record: CaseRecord, ratio: ItemRatio) -> CaseRecord:
    item = record.evidence.items[0]
    said = tuple(s for s in item.statements if not s.phrase.startswith("ratio."))
    changed = replace(item, ratio=ratio, statements=(*said, *ratio_statements(ratio)))
    return replace(record, evidence=replace(record.evidence, items=(changed,)))


def shown(record: CaseRecord, language: Language) -> str:
    text = render_html(record, canonical_json(record), language).decode("utf-8")
    text = re.sub(r'href="data:[^"]*"', "", text)
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))


@pytest.mark.parametrize("language", list(Language))
def test_a_ratio_is_printed_with_all_that_a_judge_needs(
    with_ratio: CaseRecord, ratio: ItemRatio, language
) -> None:  # type: ignore[no-untyped-def]
    text, catalogue = shown(with_ratio, language), load_catalogue(language)
    for band in SCALES[-1].bands:
        assert catalogue.label(f"scale.enfsi-2015.{band.word}") in text
    for locus in ratio.loci:
        for number in (f"{locus.k1}/{locus.n1}", f"{locus.k2}/{locus.n2}", locus.bounds.lower):
            assert number in text
        assert locus.bounds.rate1_lower in text and locus.bounds.rate2_upper in text
        for row in locus.sensitivity:
            assert f"{row.k1}/{row.n1}" in text and row.lower in text
        for model in locus.models:
            assert catalogue.word(model.model) in text and model.printed in text
    for key in ("h1_text", "h2_text"):
        values = {"item": ratio.item_id, "genus": "Moschus"} if key == "h1_text" else {
            "item": ratio.item_id, "list": "ruminants-and-substitutes-1",
        }  # fmt: skip
        assert catalogue.label(f"ratio.{key}", **values) in text
    for key in ("recompute", "one_molecule", "scope", "scale_not_verified", "edge", "models_note"):
        assert catalogue.label(f"ratio.{key}") in text
    assert catalogue.phrase("ratio.not_of_the_proposition", {}) in text
    assert catalogue.labels["alternatives.ruminants-and-substitutes-1"] in text
    assert len(ratio.loci[0].models) == len(RatioModel)


@pytest.mark.parametrize("language", list(Language))
def test_without_a_ratio_no_word_of_a_scale_is_printed(record: CaseRecord, language) -> None:  # type: ignore[no-untyped-def]
    text, catalogue = shown(record, language), load_catalogue(language)
    assert record.evidence.items[0].ratio is not None and record.evidence.items[0].ratio.lower is None
    for needed in (("8", "10"), ("245", "59"), ("9", "10"), ("244", "59")):
        assert catalogue.label("ratio.of_needed", count=needed[0], needed=needed[1]) in text
    assert "TOO_FEW_INDIVIDUALS_H1" in text and "GRADE_BELOW_A" in text
    for band in SCALES[-1].bands:
        assert catalogue.label(f"scale.enfsi-2015.{band.word}") not in text
    pattern = r"\bsupport" if language is Language.EN else r"поддерж"
    assert not re.search(pattern, text, re.IGNORECASE)


@pytest.mark.parametrize("language", WHOLE_LANGUAGES)
def test_the_annex_tells_what_moves_the_bound_and_what_models_cost(
    with_ratio: CaseRecord, ratio: ItemRatio, language: Language
) -> None:
    text, label = shown(with_ratio, language), load_catalogue(language).label
    deciding = next(locus for locus in ratio.loci if locus.locus is ratio.deciding_locus)
    told = [row for row in deciding.sensitivity if row.moves_most]
    assert told
    words = text[text.index(label("ratio.moves_most")) :]
    for row in told:
        assert f"{row.lower} ({label(f'scale.enfsi-2015.{row.word}')})" in words[:600]
    for line in ("chemistry", "morphology"):
        assert label(f"ratio.why_{line}") in text
    for model in deciding.models:
        assert f"{model.misleading_h1}/{model.items_h1}" in text
        for cost in model.costs:
            assert cost.ece in text and cost.ece_min in text and cost.neutral in text


@pytest.mark.parametrize("language", WHOLE_LANGUAGES)
def test_eight_of_eight_against_none_of_199_would_give_46_and_prints_nothing(
    record: CaseRecord, shipped_release, barcode_library, language
) -> None:  # type: ignore[no-untyped-def]
    counts = (8, 8, 0, 199)
    assert int(count_ratio_lower(*counts)) == 46
    letters = {locus: str(records(shipped_release, locus, "Moschus")[0].sequence) for locus in SHORT}
    found = barcode(Case(sub_samples=(letters, letters)), barcode_library)
    used = basis(made(shipped(shipped_release), dict.fromkeys(SHORT, counts)), shipped_release)
    ratio = ratio_for(found.items[0], found.sequences, Finding.DETECTED, Grade.A, used)
    assert ratio.lower is None and all(locus.bounds is None for locus in ratio.loci)
    item = record.evidence.items[0]
    said = tuple(s for s in item.statements if not s.phrase.startswith("ratio."))
    changed = replace(item, ratio=ratio, statements=(*said, *ratio_statements(ratio)))
    text = shown(replace(record, evidence=replace(record.evidence, items=(changed,))), language)
    label = load_catalogue(language).label
    assert label("ratio.of_needed", count="8", needed="10") in text
    assert not re.search(r"\b46[.,]\d\d", text)
    for band in SCALES[-1].bands:
        assert label(f"scale.enfsi-2015.{band.word}") not in text


def test_the_pdf_holds_the_scale_and_the_bound(with_ratio: CaseRecord, ratio: ItemRatio, tmp_path: Path) -> None:
    for language in WHOLE_LANGUAGES:
        path = tmp_path / f"{language}.pdf"
        path.write_bytes(render_pdf(with_ratio, canonical_json(with_ratio), language))
        text = "".join(page.extract_text() for page in PdfReader(path).pages).replace("\u200b", "")
        flat = re.sub(r"\s+", "", text)
        for band in SCALES[-1].bands:
            words = load_catalogue(language).label(f"scale.enfsi-2015.{band.word}")
            assert re.sub(r"\s+", "", words) in flat.replace("-\u00ad", "").replace("\u00ad", ""), words
        assert str(ratio.lower) in text


def test_every_list_of_alternatives_has_words() -> None:
    for alternatives in ALTERNATIVES:
        assert f"alternatives.{alternatives.version}" in load_catalogue(Language.RU).labels
        english = load_catalogue(Language.EN).label(f"alternatives.{alternatives.version}")
        assert english == alternatives.described


def test_every_band_has_a_sentence() -> None:
    assert set(_BY_WORD) == {band.word for scale in SCALES for band in scale.bands}
    assert set(_BY_WORD.values()) <= load_catalogue(Language.EN).phrases.keys()
