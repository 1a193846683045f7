"""Pages: they say what they are, words stay within the catalogue, everything can be drawn."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.refdb.musk_tables import load_musk_tables
from musk_id.render.catalogue import ENUM_PREFIXES, load_catalogue
from musk_id.render.glyphs import PDF_RANGES, Medium, drawable
from musk_id.render.html import render_html
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Paragraph, Section, Table, cell
from musk_id.render.pdf import document_pdf, render_pdf
from musk_id.render.wording import forbidden_words
from musk_id.vocabulary import Language

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


def test_pages_say_what_they_are(record: CaseRecord) -> None:
    reader = PdfReader(__import__("io").BytesIO(render_pdf(record, canonical_json(record), Language.EN)))
    pages = [page.extract_text() for page in reader.pages]
    assert all("Software record, not an expert opinion" in page for page in pages)
    assert all(f"page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    assert "Simulated data" in pages[0]
    assert "screening, not for court" in pages[0].replace("\n", " ")


@pytest.mark.parametrize("case", ["DEMO-B", "DEMO-D"])
def test_pages_are_numbered_one_after_the_other(case: str) -> None:
    """Also where the first page holds all of its text: a break that hangs on its own place never settles."""
    record = examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / case)
    for language, words in ((Language.EN, "page {} of {}"), (Language.RU, "лист {} из {}")):
        reader = PdfReader(__import__("io").BytesIO(render_pdf(record, canonical_json(record), language)))
        pages = [page.extract_text().replace("\xa0", " ") for page in reader.pages]
        assert [words.format(n, len(pages)) in page for n, page in enumerate(pages, 1)] == [True] * len(pages)


def test_every_word_of_every_list_has_a_label() -> None:
    for language in Language:
        catalogue = load_catalogue(language)
        for enum in ENUM_PREFIXES:
            for member in enum:
                assert catalogue.word(member)


def test_every_phrase_that_code_names_is_in_the_catalogue() -> None:
    import re

    phrases = load_catalogue(Language.EN).phrases
    named: set[str] = set()
    for path in (PROJECT / "musk_id" / "stages").glob("*.py"):
        named |= set(
            re.findall(
                r'"((?:grade|dna|chemistry|joint|legal|method|units|next|limit|missing|intake|edits|reading|ratio|box)\.[a-z_]+)"',
                path.read_text(encoding="utf-8"),
            )
        )
    assert len(named) > 90
    assert named - phrases.keys() == set()
    computed = {
        f"grade.{subject}_raw_{word}"
        for subject in ("dna", "chemistry")
        for word in ("present", "absent", "not_evaluated")
    }
    rules = load_musk_tables(PROJECT / "reference_db" / "chemistry" / "2026.1").rules
    computed |= {str(rule.phrase) for rule in rules} | {"rule.either_reading"}
    assert phrases.keys() - named - computed == set()
    for rule in rules:
        assert ("{markers}" in phrases[rule.phrase]) is bool(rule.found_any or rule.found_all), rule.rule_id


def test_no_forbidden_word_stands_in_the_catalogue_and_each_would_be_found() -> None:
    from musk_id.render.wording import FORBIDDEN

    for language in Language:
        catalogue = load_catalogue(language)
        for key, text in {**catalogue.phrases, **catalogue.labels}.items():
            assert forbidden_words(text, language, key) == (), key
        for word in FORBIDDEN[language]:
            assert forbidden_words(f"... {word} ...", language), word


def test_no_forbidden_word_stands_in_codes_or_in_what_the_release_brings_to_the_pages(record: CaseRecord) -> None:
    from musk_id.vocabulary import Reason

    release = record.release
    texts = [reason.value for reason in Reason]
    texts += [text for gap in release.gaps for text in (gap.note, gap.where, gap.subject)]
    texts += [row.text for row in release.legal_rows]
    texts += [text for source in release.sources for text in (source.citation, source.terms)]
    assert len(texts) > 60
    for text in texts:
        found = forbidden_words(text.replace("_", " "), Language.EN)
        # The code of a missing library match is no sentence; its words are "No library spectrum fits".
        assert {f.word for f in found} <= ({"match"} if "_MATCH" in text else set()), text


def test_every_allowed_character_can_be_drawn(tmp_path: Path) -> None:
    import json

    import typst

    text = "".join(chr(code) for low, high in PDF_RANGES for code in range(low, high + 1))
    assert drawable(text, Medium.PDF).count("U+") == 0
    (tmp_path / "text.json").write_text(json.dumps([text]), encoding="utf-8")
    for font in ("Libertinus Serif", "DejaVu Sans Mono"):
        source = tmp_path / "page.typ"
        source.write_text(
            '#set document(title: "t", date: datetime(year: 2026, month: 1, day: 1))\n'
            f'#set text(font: "{font}", lang: "en")\n#json("text.json").first()',
            encoding="utf-8",
        )
        compiler = typst.Compiler(input=str(source), root=str(tmp_path), ignore_system_fonts=True)
        assert compiler.compile(format="pdf", pdf_standards=["a-3b"]).startswith(b"%PDF")


def test_pages_open_in_a_browser_without_a_message(record: CaseRecord, tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed (scripts/system-packages.sh installs it)")
    page = tmp_path / "record.html"
    page.write_bytes(render_html(record, canonical_json(record), Language.RU))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [browser, *flags, "--enable-logging=stderr", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert "Запись исследования" in done.stdout
    assert "CONSOLE" not in done.stderr


def test_the_words_of_heads_do_not_run_into_each_other(record: CaseRecord) -> None:
    """A column is as wide as the longest word of its head, whatever its share; none is torn from the page."""
    heads = ("Запуск", "Использовано", "Неоднозначные или короткие", "Израсходовано", "Осталось", "Наибольшее")
    text = "слово " * 12
    table = Table("Таблица", heads, (40, 1, 1, 1, 1, 4), tuple((cell(text),) * 6 for _ in range(3)))
    plain = build_document(record, b"{}", load_catalogue(Language.RU))
    document = dataclasses.replace(plain, sections=(Section("s", "S", (table, Paragraph(cell("end")))),))
    boxes: dict[str, tuple[float, float]] = {}

    def seen(text: str, to_page: list[float], matrix: list[float], _font: object, _size: float) -> None:
        place = (matrix[4] * to_page[0] + to_page[4], matrix[5] * to_page[3] + to_page[5])
        boxes.setdefault(text.strip(), place)

    for page in PdfReader(__import__("io").BytesIO(document_pdf(document, b"{}"))).pages:
        page.extract_text(visitor_text=seen)
    first = [boxes[head.split()[0]] for head in heads]
    assert len({round(y) for _, y in first}) == 1
    # Letters of this face are about 0.55 of their size wide, here 7.6 points and strong.
    for (x, _), (following, _), head in zip(first, first[1:], heads, strict=False):
        assert following - x >= max(len(word) for word in head.split()) * 7.6 * 0.5
    assert first[-1][0] + 10 * 7.6 * 0.5 <= 595 - 54
