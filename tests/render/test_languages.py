"""Languages: whole ones, drafts of one file, reviews text by text, fonts of the laboratory's own."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import shutil
import struct
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.fonts import laboratory_fonts
from musk_id.cli.workplace import Casework
from musk_id.errors import ConfigError, IntegrityError, RequestError
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import PHRASES, WHOLE_LANGUAGES, load_catalogue
from musk_id.render.fonts import read_font
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.html import render_html
from musk_id.render.pdf import render_pdf
from musk_id.render.phrase_files import text_digest
from musk_id.vocabulary import Language

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROJECT = EXAMPLES.parent
DRAFTS = tuple(language for language in Language if language not in WHOLE_LANGUAGES)
CHINESE = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(EXAMPLES), EXAMPLES / "cases" / "DEMO-A")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PHRASES, tmp_path / "phrases"))


def made_font(codes: dict[int, int], family: str = "Made", *, form: int = 4) -> bytes:
    """A file with the two tables that are read: characters with their glyphs, and a name."""
    if form == 4:
        ordered = [*sorted(codes), 0xFFFF]
        count = len(ordered)
        deltas = [(codes.get(code, 0xFFFF + 1) - code) & 0xFFFF for code in ordered]
        body = struct.pack(f">{count}H", *ordered) + b"\0\0" + struct.pack(f">{count}H", *ordered)
        body += struct.pack(f">{count}H", *deltas) + b"\0\0" * count
        table = struct.pack(">7H", 4, 14 + len(body), 0, 2 * count, 0, 0, 0) + body
    else:
        groups = b"".join(struct.pack(">III", code, code, glyph) for code, glyph in sorted(codes.items()))
        table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(codes)) + groups
    cmap = struct.pack(">HHHHI", 0, 1, 3, 10 if form == 12 else 1, 12) + table
    text = family.encode("utf-16-be")
    name = struct.pack(">HHH6H", 0, 1, 18, 3, 1, 0x409, 1, len(text), 0) + text
    head, tables = b"\0\1\0\0" + struct.pack(">4H", 2, 0, 0, 0), b""
    place = 12 + 32
    for tag, content in ((b"cmap", cmap), (b"name", name)):
        head += struct.pack(">4sIII", tag, 0, place + len(tables), len(content))
        tables += content
    return head + tables


def test_the_languages_of_courts_are_whole() -> None:
    for language in WHOLE_LANGUAGES:
        assert load_catalogue(language).untranslated == frozenset()
    assert not load_catalogue(Language.EN).is_draft
    assert load_catalogue(Language.RU).is_draft


@pytest.mark.parametrize("language", DRAFTS)
def test_a_draft_is_one_file_and_says_so_on_every_page(record: CaseRecord, language: Language) -> None:
    assert [p.name for p in PHRASES.glob(f"*.{language}.toml")] == [f"catalogue.{language}.toml"]
    catalogue = load_catalogue(language)
    assert catalogue.is_draft and catalogue.untranslated
    mark = catalogue.label("page.draft")
    assert "page.draft" not in catalogue.untranslated
    text = render_html(record, canonical_json(record), language).decode("utf-8")
    assert mark in text and f'<html lang="{language}">' in text
    # How many texts stand in English is told on the first page, in words of the language, and with the sources.
    told = catalogue.label("language_note.untranslated", count=str(len(catalogue.untranslated)))
    assert "language_note.untranslated" not in catalogue.untranslated
    assert told in text[: text.index('<section id="items">')] and text.count(told) == 2
    name = catalogue.word(Language.EN)
    assert catalogue.label("language_note.translation", language=name) in text
    if language is Language.KK:
        reader = PdfReader(BytesIO(render_pdf(record, canonical_json(record), language)))
        assert all(mark in re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages)


def test_a_list_inside_an_english_sentence_is_english(record: CaseRecord) -> None:
    catalogue = load_catalogue(Language.ZH)
    assert "dna.nearest_names" in catalogue.untranslated
    assert catalogue.phrase("dna.nearest_names", {"species": ["a", "b", "c"]}).endswith("a, b and c.")
    assert "dna.moschus_detected" not in catalogue.untranslated
    assert "a和b" in catalogue.phrase("dna.moschus_detected", {"loci": ["a", "b"]})


@pytest.mark.parametrize("language", DRAFTS)
def test_a_draft_cannot_be_the_authoritative_language(tmp_path: Path, language: Language) -> None:
    text = (EXAMPLES / "laboratory.yaml").read_text(encoding="utf-8")
    (tmp_path / "laboratory.yaml").write_text(text.replace("[en, ru]", f"[{language}, en]"), encoding="utf-8")
    with pytest.raises(RequestError, match="cannot be that"):
        _ = Casework(tmp_path).laboratory
    (tmp_path / "laboratory.yaml").write_text(text.replace("[en, ru]", f"[ru, {language}]"), encoding="utf-8")
    assert Casework(tmp_path).laboratory.languages == (Language.RU, language)


def reviewed(folder: Path, language: Language, key: str, **changes: str) -> None:
    texts = load_catalogue(language, folder)
    english = load_catalogue(Language.EN, folder)
    digest = text_digest({**english.phrases, **english.labels}[key], {**texts.phrases, **texts.labels}[key])
    row = {"text_sha256": digest, "reviewed_by": "A. Person", "reviewed_on": "2026-12-01", **changes}
    fields = ", ".join(f"{name} = {json.dumps(value)}" for name, value in row.items())
    (folder / f"reviews.{language}.toml").write_text(f'"{key}" = {{{fields}}}\n', encoding="utf-8")
    load_catalogue.cache_clear()


def test_every_text_carries_its_review(folder: Path) -> None:
    reviewed(folder, Language.RU, "dna.human")
    catalogue = load_catalogue(Language.RU, folder)
    assert catalogue.reviews.keys() == {**catalogue.phrases, **catalogue.labels}.keys()
    review = catalogue.reviews["dna.human"]
    assert (review.status, review.reviewed_by, review.reviewed_on) == ("reviewed", "A. Person", "2026-12-01")
    assert catalogue.reviewed == 1 and catalogue.is_draft


@pytest.mark.parametrize("changed", ["statements.ru.toml", "statements.en.toml"])
def test_a_text_that_changed_after_its_review_is_a_draft_again(folder: Path, changed: str) -> None:
    reviewed(folder, Language.RU, "dna.human")
    path = folder / changed
    path.write_text(
        path.read_text(encoding="utf-8").replace('"dna.human" = "', '"dna.human" = "X '), encoding="utf-8"
    )
    load_catalogue.cache_clear()
    assert load_catalogue(Language.RU, folder).reviews["dna.human"].status == "draft"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reviewed_on": "soon"}, "a person and a date"),
        ({"reviewed_by": " "}, "a person and a date"),
        ({"more": "x"}, "other keys"),
    ],
)
def test_a_review_without_person_or_date_is_refused(folder: Path, changes: dict[str, str], words: str) -> None:
    reviewed(folder, Language.RU, "dna.human", **changes)
    with pytest.raises(ConfigError) as caught:
        load_catalogue(Language.RU, folder)
    assert any(words in problem.message for problem in caught.value.problems)


def test_a_translation_cannot_claim_a_review_of_all_texts_at_once(folder: Path) -> None:
    for name in ("labels.ru.toml", "catalogue.kk.toml"):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        head = 'status = "reviewed"\nreviewed_by = "X"\nreviewed_on = "2026-01-01"'
        path.write_text(text.replace('status = "draft"', head), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_catalogue(Language(name.split(".")[1]), folder)
        assert any("text by text" in problem.message for problem in caught.value.problems)
        path.write_text(text, encoding="utf-8")


def test_a_draft_may_lack_texts_but_has_no_other_and_no_other_placeholder(folder: Path) -> None:
    path = folder / "catalogue.kk.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"dna.not_examined"', '"dna.unknown_key"').replace("{loci}", "{locus}"), encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        load_catalogue(Language.KK, folder)
    told = {problem.where for problem in caught.value.problems}
    assert told == {"catalogue.kk.toml: dna.unknown_key", "catalogue.kk.toml: dna.moschus_detected"}


def test_reviews_are_written_by_the_script(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["review_phrases.py", *arguments, "--folder", str(folder)])
        runpy.run_path(str(PROJECT / "scripts" / "review_phrases.py"), run_name="__main__")

    run("kk", "finding.*", "page.draft", "--by", 'A. "B" Person', "--on", "2026-12-01")
    run("kk", "list.and", "--by", "C", "--on", "2026-12-02")
    catalogue = load_catalogue(Language.KK, folder)
    found = {key: r.reviewed_by for key, r in catalogue.reviews.items() if r.status == "reviewed"}
    findings = {key for key in catalogue.labels if key.startswith("finding.")}
    assert found == dict.fromkeys({*findings, "page.draft"}, 'A. "B" Person') | {"list.and": "C"}
    with pytest.raises(SystemExit, match="no translated text"):
        run("kk", "ratio.none", "--by", "C", "--on", "2026-12-02")


@pytest.mark.parametrize("form", [4, 12])
def test_characters_and_name_are_read_from_a_font(form: int) -> None:
    codes = {0x41: 3, 0x4E00: 5, 0x9E9D: 7, 0x9999: 0}
    font = read_font(made_font(codes, "Имя 麝", form=form), "f")
    assert font.characters == {"一", "麝"}
    assert font.family == "Имя 麝"


def test_a_broken_font_is_told_and_not_a_crash() -> None:
    whole = made_font({0x4E00: 5})
    for data in (
        b"",
        b"x" * 50,
        whole[:40],
        whole[:-60],
        whole.replace(b"cmap", b"cmaq"),
        whole.replace(b"\0\4\0", b"\0\6\0"),
    ):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_font(data, "f")
    with pytest.raises(ConfigError, match="bytes"):
        read_font(b"\0" * 64_000_001, "f")


def test_without_a_font_chinese_pages_are_refused(record: CaseRecord) -> None:
    with pytest.raises(ConfigError, match="do not draw"):
        render_pdf(record, canonical_json(record), Language.ZH)


def rooted(tmp_path: Path, data: bytes, sha256: str | None = None) -> Casework:
    """A laboratory with Chinese pages and a font."""
    for name in ("batches", "cases/DEMO-A"):
        shutil.copytree(EXAMPLES / name, tmp_path / name)
    text = (EXAMPLES / "laboratory.yaml").read_text(encoding="utf-8").replace("[en, ru]", "[en, zh]")
    digest = sha256 or hashlib.sha256(data).hexdigest()
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "own.ttf").write_bytes(data)
    (tmp_path / "laboratory.yaml").write_text(
        f"{text}fonts:\n  - path: fonts/own.ttf\n    sha256: {digest}\n", encoding="utf-8"
    )
    return Casework(tmp_path)


def test_a_font_that_is_not_the_one_named_is_refused(tmp_path: Path) -> None:
    casework = rooted(tmp_path, made_font({0x4E00: 5}), "0" * 64)
    with pytest.raises(IntegrityError, match="another file"):
        laboratory_fonts(casework.laboratory, tmp_path)
    (tmp_path / "fonts" / "own.ttf").unlink()
    with pytest.raises(IntegrityError, match="missing"):
        laboratory_fonts(casework.laboratory, tmp_path)


def test_what_a_font_does_not_draw_stays_a_code() -> None:
    assert drawable("麝香", Medium.PDF, frozenset("麝")) == "麝⟨U+9999⟩"
    assert drawable("麝\u202e", Medium.PDF, frozenset("麝")) == "麝⟨U+202E⟩"


@pytest.mark.skipif(not CHINESE.is_file(), reason="no Chinese font on this machine (fonts-droid-fallback)")
def test_chinese_pages_with_a_font_named_and_hashed(tmp_path: Path) -> None:
    casework = rooted(tmp_path, CHINESE.read_bytes())
    record = examine_case(casework, tmp_path / "cases" / "DEMO-A")
    (named,) = record.intake.laboratory.fonts
    assert named.sha256 == hashlib.sha256(CHINESE.read_bytes()).hexdigest()
    fonts = laboratory_fonts(casework.laboratory, tmp_path)
    data = canonical_json(record)
    assert named.sha256.encode() in data
    first = render_pdf(record, data, Language.ZH, fonts)
    reader = PdfReader(BytesIO(first))
    texts = [page.extract_text() for page in reader.pages]
    label = load_catalogue(Language.ZH).label
    assert all(label("page.draft") in text for text in texts)
    assert label("title.EXAMINATION_RECORD") in texts[0]
    whole = "".join(texts)
    # The label text of the item is drawn as it is, not as codes.
    assert "麝香" in whole and "U+9E9D" not in whole
    # The digest breaks over lines; its beginning stands on the page.
    assert named.sha256[:16] in whole.replace("\n", "").replace("\u200b", "")
    assert first == render_pdf(record, data, Language.ZH, fonts)
