"""The HTML record: policy, accessibility, viewers that work by keyboard, print; looked at in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pages.form import document_word
from musk_id.render.pictures import canvas
from musk_id.vocabulary import Language
from tests.browser import Page, open_page
from tests.html_access import LEAST_CONTRAST, access_faults, contrast, style_contrasts

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "musk_id" / "render" / "templates"
CASES = ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-D", "DEMO-E")


@pytest.fixture(scope="module")
def records() -> dict[str, CaseRecord]:
    casework = Casework(PROJECT / "examples")
    return {case: examine_case(casework, PROJECT / "examples" / "cases" / case) for case in CASES}


def _html(record: CaseRecord, language: Language) -> str:
    return render_html(record, canonical_json(record), language).decode("utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def _visit(page: Page, record: CaseRecord, language: Language, tmp_path: Path) -> Path:
    path = tmp_path / "record.html"
    path.write_text(_html(record, language), encoding="utf-8")
    page.visit(path)
    return path


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(records: dict[str, CaseRecord]) -> None:
    script = (TEMPLATES / "viewers.js").read_text(encoding="utf-8")
    assert len(script.encode()) <= 40_000
    for construct in (
        "eval",
        "Function(",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "http:",
        "fetch",
    ):
        assert construct not in script.replace('"http://www.w3.org/2000/svg"', ""), construct
    for record in records.values():
        text = _html(record, Language.EN)
        assert len(text.encode()) < 1_000_000
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert parts.pop("default-src") == "'none'"
        assert parts.pop("style-src") == f"'{_sha256(style)}'"
        assert parts.pop("script-src", None) == (f"'{_sha256(script)}'" if scripts else None)
        assert scripts in ([], [script])
        assert bool(scripts) == ("data-view=" in text)
        # Pictures are allowed where there are photographs, as data of the page itself, and nowhere else.
        assert parts.pop("img-src", None) == ("data:" if "<img" in text else None)
        assert parts == {"base-uri": "'none'", "form-action": "'none'"}


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_pages_can_be_read_by_ear_and_by_keyboard(records: dict[str, CaseRecord]) -> None:
    for record in records.values():
        for language in Language:
            assert access_faults(_html(record, language)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('<html lang="en">', "<html>", "without a language"),
        ("<h2>", "<h5>", "heading of level 5"),
        ('scope="col"', "", "without scope"),
        (' role="img" aria-label="', ' data-was="', "without a text alternative"),
        ('<section id="items">', '<section id="front">', "two parts"),
        (' role="region"', "", "has no name"),
        ("<caption>", "<caption></caption><caption>", "caption without text"),
    ],
)
def test_each_fault_for_readers_would_be_found(
    records: dict[str, CaseRecord], old: str, new: str, fault: str
) -> None:
    text = _html(records["DEMO-A"], Language.EN)
    assert old in text
    assert any(fault in found for found in access_faults(text.replace(old, new)))


def test_every_colour_of_text_stands_out_from_every_ground(records: dict[str, CaseRecord]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    style = (TEMPLATES / "record.css").read_text(encoding="utf-8")
    found = style_contrasts(style)
    assert len(found) >= 4
    assert {colour: value for colour, value in found.items() if value < LEAST_CONTRAST} == {}
    for colour in (canvas.INK, canvas.QUIET, canvas.ACCENT):
        assert contrast(colour, canvas.PALE) >= LEAST_CONTRAST
    typst = (TEMPLATES / "record.typ").read_text(encoding="utf-8")
    for name in ("ink", "quiet", "accent"):
        (colour,) = re.findall(rf'#let {name} = rgb\("(#[0-9a-f]{{6}})"\)', typst)
        assert contrast(colour, "#f3f5f8") >= LEAST_CONTRAST


def test_the_browser_loads_one_file_and_says_nothing(
    records: dict[str, CaseRecord], page: Page, tmp_path: Path
) -> None:
    for case in CASES:
        for language in Language:
            path = _visit(page, records[case], language, tmp_path)
            assert page.messages == [] and page.requests == [path.as_uri()]
            assert page.run("document.documentElement.lang") == language.value


def test_words_in_heads_of_tables_stay_whole(records: dict[str, CaseRecord], page: Page, tmp_path: Path) -> None:
    """No head is broken inside a word, in a window of 1200 and of 600 pixels."""
    broken = """(() => {
      const found = [];
      for (const head of document.querySelectorAll("th")) {
        const walker = document.createTreeWalker(head, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          for (const word of node.data.matchAll(/[^\\s\\-\\u2013/,]+/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
            if (lines.size > 1) found.push(word[0]);
          }
        }
      }
      return found;
    })()"""
    for width in (1200, 600):
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        for language in Language:
            _visit(page, records["DEMO-A"], language, tmp_path)
            assert page.run("document.querySelectorAll('th').length") > 100
            assert page.run(broken) == []
            # Wide tables scroll inside their own frame, never the page.
            assert page.run("document.documentElement.scrollWidth") <= width
    page.call("Emulation.clearDeviceMetricsOverride")


def _opened(page: Page) -> None:
    page.run("document.querySelector('.viewer-open').focus()")
    page.press("Enter")
    assert page.run("document.activeElement.tagName") == "svg"
    assert page.run("document.querySelector('.viewer-open').getAttribute('aria-expanded')") == "true"


def _window(page: Page) -> tuple[float, float, float | None]:
    held = json.loads(page.run("JSON.stringify(document.querySelector('.viewer').dataset)"))
    return float(held["low"]), float(held["high"]), float(held["cursor"]) if held["cursor"] else None


def _told(page: Page) -> str:
    return str(page.run("document.querySelector('.viewer-read').textContent"))


def test_the_alignment_viewer_works_by_keyboard(
    records: dict[str, CaseRecord], page: Page, tmp_path: Path
) -> None:
    record = records["DEMO-A"]
    _visit(page, record, Language.EN, tmp_path)
    picture = record.barcode.sequences[0].picture
    assert picture is not None
    rows = [row.ljust(len(picture.query), "-") for row in picture.rows][:8]
    differing = [i for i, c in enumerate(picture.query) if any(row[i] != c for row in rows)]
    _opened(page)
    whole = _window(page)
    assert whole == (-0.5, len(picture.query) - 0.5, None)
    page.press("ArrowRight")
    assert _window(page)[2] == 0
    walked = []
    for _ in range(3):
        page.press("n")
        walked.append(_window(page)[2])
    assert walked == [i for i in differing if i > 0][:3]
    column = differing[differing.index(int(walked[-1] or 0))]
    told = _told(page)
    assert f"column {column + picture.first_column}: run A1-R1 has {picture.query[column]}" in told
    for name, row in zip(picture.accessions, rows, strict=False):
        said = re.search(rf"{re.escape(name)}[^:,;]*: (\S)", told)
        assert (said.group(1) if said else picture.query[column]) == row[column]
    page.press("p")
    assert _window(page)[2] == walked[1]
    page.press("+")
    low, high, cursor = _window(page)
    assert high - low == pytest.approx((whole[1] - whole[0]) / 2) and low < (cursor or 0) < high
    page.press("ArrowRight", shift=True)
    assert _window(page)[0] == pytest.approx(low + 0.1 * (high - low), abs=0.002)
    page.press("ArrowDown")
    assert f"{picture.accessions[0]}" in _told(page).partition(" has ")[0]
    page.press("End")
    assert _window(page)[1:] == (whole[1], len(picture.query) - 1)
    page.press("0")
    assert _window(page)[:2] == whole[:2]
    assert page.messages == []


def test_the_spectrum_viewer_works_by_keyboard_and_pointer(
    records: dict[str, CaseRecord], page: Page, tmp_path: Path
) -> None:
    record = records["DEMO-C"]
    page.call("Emulation.setDeviceMetricsOverride", width=1200, height=900, deviceScaleFactor=1, mobile=False)
    _visit(page, record, Language.EN, tmp_path)
    view = json.loads(page.run("document.querySelector('figure[data-view]').dataset.view"))
    query, library = dict(view["query"]), dict(view["library"])
    stops = sorted(query | library)
    _opened(page)
    whole = _window(page)
    assert whole == (stops[0] - 5, stops[-1] + 5, None)
    for mz in stops[:3]:
        page.press("ArrowRight")
        assert _window(page)[2] == mz
        shares = [f"{peaks.get(mz, 0) / 9.99:.1f}".replace("0.0", "0") for peaks in (query, library)]
        assert _told(page).startswith(f"m/z {mz}: run {shares[0]} %, library {shares[1]} %")
    page.press("Home")
    page.press("ArrowLeft")
    assert _window(page)[2] == stops[0]
    page.press("+")
    page.press("+")
    assert _window(page)[1] - _window(page)[0] == pytest.approx((whole[1] - whole[0]) / 4)
    page.press("0")
    # The buttons do the same by mouse or by the keyboard's Enter.
    page.run("document.querySelector('[data-act=zoom_in]').click()")
    assert _window(page)[1] - _window(page)[0] == pytest.approx((whole[1] - whole[0]) / 2)
    page.run("document.querySelector('[data-act=whole]').click()")
    page.run("document.querySelector('.viewer svg').scrollIntoView({block: 'center'})")
    x, y, width, height = page.run(
        "(() => { const b = document.querySelector('.viewer svg').getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height]; })()"
    )
    page.mouse("Moved", x + width / 2, y + height / 2)
    middle = whole[0] + (0.5 * 680 - 44) / (672 - 44) * (whole[1] - whole[0])
    assert _window(page)[2] == min(stops, key=lambda mz: abs(mz - middle))
    page.run("document.querySelector('.viewer svg').focus()")
    page.mouse("Wheel", x + width / 2, y + height / 2, deltaX=0, deltaY=-100)
    page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    low, high, _ = _window(page)
    assert high - low == pytest.approx(0.8 * (whole[1] - whole[0]), abs=0.01)
    page.mouse("Pressed", x + width / 2, y + height / 2)
    page.mouse("Moved", x + width / 2 - 50, y + height / 2, buttons=1, button="left")
    page.mouse("Released", x + width / 2 - 50, y + height / 2)
    assert _window(page)[0] > low
    page.run("document.querySelector('.viewer-open').click()")
    assert page.run("document.querySelector('.viewer').hidden") is True
    assert page.messages == []
    page.call("Emulation.clearDeviceMetricsOverride")


def test_the_accessibility_tree_names_viewer_and_buttons(
    records: dict[str, CaseRecord], page: Page, tmp_path: Path
) -> None:
    _visit(page, records["DEMO-C"], Language.RU, tmp_path)
    _opened(page)
    label = load_catalogue(Language.RU).label
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named = {
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
    }
    for name in ("zoom_in", "zoom_out", "pan_left", "pan_right", "previous", "next", "whole", "close"):
        assert ("button", label(f"viewer.{name}")) in named
    unnamed = {role for role, name in named if not name.strip()}
    assert not {"button", "link", "image", "img", "application", "heading", "region"} & unnamed


def test_a_printed_page_says_what_it_is_and_shows_no_buttons(
    records: dict[str, CaseRecord], page: Page, tmp_path: Path
) -> None:
    record = records["DEMO-D"]
    for language in Language:
        label = load_catalogue(language).label
        _visit(page, record, language, tmp_path)
        reader = PdfReader(BytesIO(page.printed()))
        digest = hashlib.sha256(canonical_json(record)).hexdigest()
        # Letters of a fallback font are read back with spaces beside them.
        pages = ["".join(sheet.extract_text().split()) for sheet in reader.pages]
        assert len(pages) >= 4
        for number, text in enumerate(pages, 1):
            assert "".join(label("page.banner").split()) in text
            header = document_word(record, "header", load_catalogue(language), case=record.case_id)
            assert "".join(header.split()) in text
            assert digest in text
            of_pages = label("page.page_of", page=str(number), pages=str(len(pages)))
            assert "".join(of_pages.split()) in text
            assert "".join(label("viewer.open").split()) not in text
