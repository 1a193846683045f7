"""Pages: hostile text stays text, words stay within the catalogue, everything can be drawn."""

from __future__ import annotations

import dataclasses
import html.parser
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.model.values import RULES
from musk_id.records.canonical import canonical_json
from musk_id.records.codec import plan_of
from musk_id.render.catalogue import ENUM_PREFIXES, load_catalogue
from musk_id.render.glyphs import PDF_RANGES, Medium, drawable
from musk_id.render.html import render_html
from musk_id.render.pdf import render_pdf
from musk_id.render.wording import forbidden_words
from musk_id.vocabulary import Language

PROJECT = Path(__file__).resolve().parents[2]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</style><link rel=stylesheet href=//example.org>",
    '#read("record.typ") $x$ *b* _i_ `c` @ref <label> #let x = 1',
    "{{ 7*7 }} {% for x in y %} {name}",
    "=cmd|' /C calc'!A0",
    "right-to-left \u202e override, zero\u200bwidth, null width \ufeff",
    "麝香 カ 사향 🦌 \U0001f9ec",
    "x" * 400,
    "combining " + "a" + "\u0301" * 30,
)


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


def _hostile(value: object, counter: list[int], allowed: frozenset[str]) -> object:
    """The value with hostile text in every free text field; ids, dates and phrase ids stay."""
    if isinstance(value, tuple):
        return tuple(_hostile(part, counter, allowed) for part in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for field in plan_of(value.__class__):
        part = getattr(value, field.name)
        name = getattr(field.type.text_type, "__name__", "")
        free = field.type.kind == "text" and name in {"Line", "Text"} and isinstance(part, str)
        if free and value.__class__.__name__ in allowed and field.name != "schema":
            text = HOSTILE[counter[0] % len(HOSTILE)]
            counter[0] += 1
            assert RULES[field.type.text_type].accepts(text)
            changes[field.name] = text
        elif not free:
            changes[field.name] = _hostile(part, counter, allowed)
    return dataclasses.replace(value, **changes)


FREE = frozenset(
    {"Party", "Quantity", "Question", "RequestItem", "Seizure", "AllegedOrigin", "SpecimenLine", "CitesDetails"}
    | {"Photograph", "Request", "CustodyEvent", "FoundToBe", "SubSample", "Extract", "Product", "Run"}
    | {"ExaminedItem", "Examination", "Interim", "Told", "NetMass", "Laboratory", "ReagentLot"}
)


@pytest.fixture(scope="module")
def hostile(record: CaseRecord) -> CaseRecord:
    counter = [0]
    changed = _hostile(record, counter, FREE)
    assert counter[0] > 40
    assert isinstance(changed, CaseRecord)
    return changed


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in {"src", "href"} and not (value or "").startswith(("#", "data:application/json"))
            ):
                self.bad.append(f"{tag} {name}={value}")


def test_hostile_text_is_inert_in_html(hostile: CaseRecord) -> None:
    for language in Language:
        parser = _Tags()
        text = render_html(hostile, canonical_json(hostile), language).decode("utf-8")
        parser.feed(text)
        assert not {"script", "link", "iframe", "img", "object", "embed"} & set(parser.tags)
        assert parser.bad == []
        assert parser.tags.count("style") == 1
        assert "\u202e" not in text
        assert "⟨U+202E⟩" in text
        assert len(text.encode("utf-8")) < 1_000_000


def test_hostile_text_is_inert_in_pdf(hostile: CaseRecord, tmp_path: Path) -> None:
    data = canonical_json(hostile)
    path = tmp_path / "hostile.pdf"
    path.write_bytes(render_pdf(hostile, data, Language.EN))
    reader = PdfReader(path)
    assert list(reader.attachments) == ["record.json"]
    text = "".join(page.extract_text() for page in reader.pages)
    assert "<script>" in text
    assert '#read("record.typ")' in text.replace("\u200b", "").replace("\n", "")
    assert "U+9E9D" in text
    assert "End of the Examination Record" in text


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
    assert phrases.keys() - named - computed == set()


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
