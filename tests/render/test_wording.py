"""Forbidden words cannot reach a page: not through the catalogue, not past it, not through the code that draws."""

from __future__ import annotations

import dataclasses
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import ConfigError, IntegrityError
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.records.codec import plan_of
from musk_id.render import html as html_pages
from musk_id.render import pdf as pdf_pages
from musk_id.render.catalogue import PHRASES, Catalogue, load_catalogue, placeholders
from musk_id.render.page_lint import check_pages, forbidden_on_pages
from musk_id.render.pages import build as build_module
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Figure, Heading, Paragraph, Section, Span, Style, cell
from musk_id.render.placeholders import PLACEHOLDERS, PlaceholderKind, fits, kind_of
from musk_id.render.wording import FORBIDDEN, forbidden_words
from musk_id.vocabulary import Finding, Language

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EVERY_WORD = [(language, word) for language in Language for word in FORBIDDEN[language]]
# Texts that stand on the pages of DEMO-A: a heading, a sentence of a finding, a limitation, a mark of every page.
SHOWN = ("front.questions", "dna.moschus_detected", "limit.items_examined_only", "page.banner")


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(EXAMPLES), EXAMPLES / "cases" / "DEMO-A")


def with_word(catalogue: Catalogue, key: str, word: str) -> Catalogue:
    """The catalogue with a word in one of its texts, past the check of its files."""
    if key in catalogue.phrases:
        return replace(catalogue, phrases={**catalogue.phrases, key: f"{catalogue.phrases[key]} {word}"})
    return replace(catalogue, labels={**catalogue.labels, key: f"{catalogue.labels[key]} {word}"})


@pytest.mark.parametrize("language", list(Language))
def test_a_catalogue_with_a_forbidden_word_is_not_loaded(tmp_path: Path, language: Language) -> None:
    """The mutation of the catalogue: each word in a text of its own, in each file of the language."""
    folder = Path(shutil.copytree(PHRASES, tmp_path / "phrases"))
    for path in sorted(folder.glob(f"*.{language}.toml")):
        text = path.read_text(encoding="utf-8")
        rows = text.split("\n")
        single = [
            at
            for at, row in enumerate(rows)
            if re.fullmatch(r'"[^"]+" = "[^"]*"', row)
            and not row.startswith(('"ratio.given_', '"dna.moschus_excluded'))
        ]
        words = list(FORBIDDEN[language])
        places = single[:: len(single) // len(words)][: len(words)]
        assert len(places) == len(words)
        for at, word in zip(places, words, strict=True):
            rows[at] = rows[at][:-1] + f' {word}"'
        path.write_text("\n".join(rows), encoding="utf-8")
        load_catalogue.cache_clear()
        with pytest.raises(ConfigError) as caught:
            load_catalogue(language, folder)
        told = "\n".join(problem.message for problem in caught.value.problems)
        assert [word for word in words if f"listed as {word!r}" not in told] == []
        path.write_text(text, encoding="utf-8")
    load_catalogue.cache_clear()
    load_catalogue(language, folder)


@pytest.mark.parametrize("key", SHOWN)
@pytest.mark.parametrize("language", list(Language))
def test_a_forbidden_word_past_the_catalogue_does_not_reach_a_page(
    record: CaseRecord, language: Language, key: str
) -> None:
    spoilt = with_word(load_catalogue(language), key, " | ".join(FORBIDDEN[language]))
    with pytest.raises(IntegrityError, match="no page may use") as caught:
        build_document(record, b"", spoilt)
    told = "\n".join(problem.message for problem in caught.value.problems)
    assert [word for word in FORBIDDEN[language] if f"listed as {word!r}" not in told] == []


@pytest.mark.parametrize("language", list(Language))
def test_neither_medium_is_made_with_such_a_word(
    record: CaseRecord, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = with_word(load_catalogue(language), "page.banner", next(iter(FORBIDDEN[language])))
    monkeypatch.setattr(html_pages, "load_catalogue", lambda _: spoilt)
    monkeypatch.setattr(pdf_pages, "load_catalogue", lambda _: spoilt)
    monkeypatch.setattr(pdf_pages, "_undrawn", lambda *_: [])
    for render in (html_pages.render_html, pdf_pages.render_pdf):
        with pytest.raises(IntegrityError, match="no page may use"):
            render(record, canonical_json(record), language)


PLACES = {
    "a paragraph": Paragraph(cell("this is genuine")),
    "a heading": Heading(2, "Genuine"),
    "spans of two styles": Paragraph(((Span("gen", Style.BOLD), Span("uine")),)),
    "a picture": Figure("<svg><text>it is&#32;genuine</text></svg>", "alt", "caption"),
    "the text of a picture": Figure("<svg/>", "genuine", "caption"),
}


@pytest.mark.parametrize("place", list(PLACES))
def test_words_that_code_writes_are_found(record: CaseRecord, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = Section("signatures", "Signatures", (PLACES[place],))
    monkeypatch.setattr(build_module, "signatures_section", lambda _: spoilt)
    with pytest.raises(IntegrityError, match="no page may use"):
        build_document(record, b"", load_catalogue(Language.EN))


def test_pages_of_every_shipped_case_pass_in_every_language() -> None:
    casework = Casework(EXAMPLES)
    for case in sorted((EXAMPLES / "cases").iterdir()):
        found = examine_case(casework, case)
        for language in Language:
            document = build_document(found, b"", load_catalogue(language))
            assert forbidden_on_pages(document, found) == ()


FREE = {"Line", "Text"}
OUTSIDE = {
    "Party", "Question", "RequestItem", "Seizure", "AllegedOrigin", "SpecimenLine", "Request", "CustodyEvent",
    "FoundToBe", "SubSample", "Run", "ExaminedItem", "Examination", "Laboratory", "Told", "Interim", "NetMass",
}  # fmt: skip


def spoken(value: object, words: list[str], counter: list[int]) -> object:
    """The value with forbidden words in every free text of the requester and the laboratory."""
    if isinstance(value, tuple):
        return tuple(spoken(part, words, counter) for part in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, object] = {}
    for field in plan_of(value.__class__):
        part = getattr(value, field.name)
        free = field.type.kind == "text" and getattr(field.type.text_type, "__name__", "") in FREE
        if free and isinstance(part, str) and value.__class__.__name__ in OUTSIDE and field.name != "schema":
            changes[field.name] = words[counter[0] % len(words)]
            counter[0] += 1
        elif not free:
            changes[field.name] = spoken(part, words, counter)
    return replace(value, **changes)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([w for _, w in EVERY_WORD]), min_size=1, max_size=4), st.sampled_from(list(Language))
)
def test_words_of_the_authority_are_quoted(record: CaseRecord, words: list[str], language: Language) -> None:
    counter = [0]
    texts = [f"The seller said: {word}, and {word} again" for word in words]
    changed = spoken(record, texts, counter)
    assert counter[0] > 20 and isinstance(changed, CaseRecord)
    build_document(changed, b"", load_catalogue(language))


def test_quoting_a_word_does_not_free_it_elsewhere(record: CaseRecord) -> None:
    question = replace(record.intake.request.questions[0], text="Is it genuine?")
    request = replace(record.intake.request, questions=(question, *record.intake.request.questions[1:]))
    changed = replace(record, intake=replace(record.intake, request=request))
    build_document(changed, b"", load_catalogue(Language.EN))
    with pytest.raises(IntegrityError):
        build_document(changed, b"", with_word(load_catalogue(Language.EN), "front.questions", "genuine"))


def test_support_is_for_ratios_and_not_musk_deer_for_exclusions(record: CaseRecord) -> None:
    for key, word in (("front.questions", "support"), ("front.questions", "not musk deer")):
        spoilt = with_word(load_catalogue(Language.EN), key, word)
        with pytest.raises(IntegrityError):
            build_document(record, b"", spoilt)
    answers = tuple(replace(a, finding=Finding.EXCLUDED) for a in record.evidence.answers)
    excluded = replace(record, evidence=replace(record.evidence, answers=answers))
    build_document(excluded, b"", with_word(load_catalogue(Language.EN), "front.questions", "not musk deer"))
    assert forbidden_words("weak support", Language.EN, "scale.enfsi-2015.weak") == ()
    assert forbidden_words("weak support", Language.EN, "dna.human")


def test_harmless_expressions_pass() -> None:
    for text in ("forward match factor", "a mismatch of 2", "mismatches"):
        assert forbidden_words(text, Language.EN) == ()
    assert [w.found for w in forbidden_words("mismatches match", Language.EN)] == ["match"]
    assert forbidden_words("出口证明书", Language.ZH) == ()
    assert [w.word for w in forbidden_words("这证明它是真品", Language.ZH)] == ["真品", "证明"]


def test_the_check_is_part_of_every_document(record: CaseRecord) -> None:
    document = build_document(record, b"", load_catalogue(Language.EN))
    check_pages(document, record)
    with pytest.raises(IntegrityError):
        check_pages(replace(document, watermark="CONFIRMED"), record)


def test_every_placeholder_has_a_type() -> None:
    catalogue = load_catalogue(Language.EN)
    named = {
        name for text in (*catalogue.phrases.values(), *catalogue.labels.values()) for name in placeholders(text)
    }
    assert named - PLACEHOLDERS.keys() == set(), "list them in musk_id/render/placeholders.py"
    assert PLACEHOLDERS.keys() - named == set()


SAMPLES = {
    PlaceholderKind.COUNT: "1",
    PlaceholderKind.DECIMAL: "1.5",
    PlaceholderKind.DATE: "2026-02-10",
    PlaceholderKind.COUNTRY: "RU",
    PlaceholderKind.DIGEST: "0" * 64,
    PlaceholderKind.IDENTIFIER: "A1",
    PlaceholderKind.TEXT: "text",
}


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (PlaceholderKind.COUNT, ("0", "17"), ("", "many", "-1", "1.5", "01", "all of them")),
        (PlaceholderKind.DECIMAL, ("46.08", "0"), ("", "1e3", "a lot", "inf")),
        (PlaceholderKind.DATE, ("2026-02-10",), ("2026-02-30", "yesterday", "")),
        (PlaceholderKind.COUNTRY, ("RU",), ("Russia", "")),
        (PlaceholderKind.DIGEST, ("0" * 64,), ("0" * 63, "x" * 64)),
    ],
)
def test_a_value_of_another_kind_is_refused(
    kind: PlaceholderKind, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    catalogue = load_catalogue(Language.EN)
    key, name = next(
        (key, name)
        for key, text in catalogue.labels.items()
        for name in sorted(placeholders(text))
        if kind_of(key, name) is kind
    )
    others = {other: SAMPLES[kind_of(key, other)] for other in placeholders(catalogue.labels[key]) - {name}}
    for value in right:
        assert value in catalogue.label(key, **others, **{name: value})
    for value in wrong:
        assert not fits(key, name, value)
        with pytest.raises(IntegrityError, match="takes"):
            catalogue.label(key, **others, **{name: value})


def test_every_text_of_a_list_is_checked() -> None:
    catalogue = load_catalogue(Language.EN)
    with pytest.raises(IntegrityError, match="takes a whole number, found 'few'"):
        catalogue.phrase("units.number_not_recorded", {"total": ["3", "few"]})
