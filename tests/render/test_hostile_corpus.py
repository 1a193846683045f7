"""Hostile texts in every place of a page and in every field that people, instruments or foreign files fill."""

from __future__ import annotations

import csv
import dataclasses
import html.parser
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.barcode import AlignmentPicture, NamedTaxon, ReadsRun
from musk_id.model.batch_reads import BatchReads, SharedSequence, SharedWell, TagJumps
from musk_id.model.chromatography import RuleDeparture, RuleFixed, SheetPeak
from musk_id.model.controls import BlankReads
from musk_id.model.edits import BaseEdit, Edits, Reintegration
from musk_id.model.evidence import Statement
from musk_id.model.examination import Interim, NetMass, OutsideFinding, Told
from musk_id.model.laboratory import Accreditation, TrustedKey
from musk_id.model.read_mixture import MixturePart, MixtureStep, ReadMixture
from musk_id.model.record import CaseRecord, OverlaySummary
from musk_id.model.request import Photograph
from musk_id.model.second_reading import ReadingComparison, SecondReading, SecondReadings
from musk_id.model.spectra import SpectrumResult
from musk_id.model.spectral_ranking import RankedName, SpectralRanking
from musk_id.model.spikes import DetectionLevels, Spike, SpikeLevel
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import RULES, DecimalText, Line, RelativePath, Sha256, Text
from musk_id.records.canonical import canonical_json
from musk_id.records.codec import plan_of
from musk_id.render.catalogue import load_catalogue
from musk_id.render.glyphs import PDF_RANGES, Medium, drawable
from musk_id.render.html import document_html, render_html
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import (
    AnnexReference,
    Block,
    Document,
    Facts,
    Figure,
    Heading,
    Items,
    Notice,
    Paragraph,
    Section,
    Table,
    bold,
    cell,
    italic,
    mono,
)
from musk_id.render.pdf import document_pdf, render_pdf
from musk_id.render.photographs import photograph_of
from musk_id.render.pictures.alignment import AlignmentWords
from musk_id.render.pictures.lineage import Node, draw_lineage
from musk_id.render.pictures.views import alignment_view
from musk_id.render.placeholders import PlaceholderKind, kind_of
from musk_id.render.tables import findings_csv
from musk_id.sharing_vocabulary import JumpState, Sharing
from musk_id.spike_vocabulary import SpikeUnit
from musk_id.vocabulary import ControlKind, Language, Locus, Rank
from tests.browser import Page, open_page
from tests.foreign_fields import FOREIGN, LINKED, OWN, text_fields
from tests.hostile_corpus import CORPUS, FAMILIES
from tests.pdf_structure import structure_faults

PROJECT = Path(__file__).resolve().parents[2]
# fmt: off
TAGS_OF_RECORDS = frozenset({
    "a", "aside", "body", "br", "button", "caption", "circle", "code", "dd", "details", "div", "dl", "dt",
    "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "head", "header", "html", "img", "li", "line",
    "main", "meta", "nav", "ol", "output", "p", "path", "polygon", "polyline", "rect", "script", "section",
    "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title",
    "tr", "ul",
})
# fmt: on
_RANGES = frozenset(chr(code) for low, high in PDF_RANGES for code in range(low, high + 1))
PHOTOGRAPH = photograph_of((PROJECT / "examples" / "cases" / "DEMO-B" / "B1_photograph.png").read_bytes())
DRAWN = _RANGES | frozenset("⟨⟩\u200b\n\xa0")


def test_the_corpus_holds_three_hundred_texts_of_every_kind() -> None:
    assert len(set(CORPUS)) == len(CORPUS) >= 300
    assert set(FAMILIES) == {"html", "typst", "formulas", "hiding", "control", "letters", "long", "templates"}
    assert "麝香" in CORPUS and max(map(len, CORPUS)) == 500


# ---- every place of a page ----


def _bare(text: str) -> str:
    return re.sub(r"[\s\u200b\u00a0-]+", "", text)


def _blocks(text: str) -> tuple[Block, ...]:
    """The text in every kind of block, cell and picture."""
    rows, names = (Text("ACGA"),), (Line(text),)
    picture = AlignmentPicture(
        query=Text("ACGT"), rows=rows, accessions=(Line("NC_1"),), first_column=1, organisms=names
    )
    words = AlignmentWords(text, text, text, text)
    tree = draw_lineage(Node("A1", text, (Node("A1-S1", text, ()),)), (text,) * 5, text)
    return (
        Heading(2, text),
        Paragraph(cell(text)),
        Paragraph(mono(text), quiet=True),
        Facts(((text, italic(text)),)),
        Items((bold(text), cell(text))),
        Table(text, (text, text), (1, 1), ((cell(text), mono(text)),)),
        Notice(text, (cell(text),), ((text, cell(text)),)),
        Figure(tree, text, text, alignment_view(picture, words)),
        AnnexReference("front", text),
    )


def _document(texts: tuple[str, ...], plain: Document) -> Document:
    sections = tuple(Section(f"s{n}", text, _blocks(text)) for n, text in enumerate(texts))
    question = dataclasses.replace(plain.front.questions[0], asked=cell(texts[0]))
    front = dataclasses.replace(plain.front, title=texts[0], subtitle=texts[-1], questions=(question,))
    edges = {"header": texts[0], "banner": texts[-1], "end_mark": texts[0]}
    return dataclasses.replace(plain, **edges, front=front, sections=sections, annexes=())


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def _looked_at(page: Page, text: bytes, folder: Path) -> None:
    """The page opened in a browser: nothing acts, nothing is asked for, every viewer opens."""
    path = folder / "page.html"
    path.write_bytes(text)
    page.visit(path)
    page.run("document.querySelectorAll('.viewer-open').forEach((button) => button.click())")
    for key in ("n", "+", "ArrowDown", "ArrowRight", "End", "0"):
        page.press(key)
    assert page.messages == []
    # The browser also counts pictures that the page itself holds.
    assert [url for url in page.requests if not url.startswith("data:image/jpeg;base64,")] == [path.as_uri()]
    assert page.run("globalThis.struck") is None
    tags = set(page.run("[...new Set([...document.querySelectorAll('*')].map((e) => e.localName))]"))
    assert tags <= TAGS_OF_RECORDS, tags - TAGS_OF_RECORDS
    names = page.run("[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())")
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert page.run("document.querySelectorAll('script').length") <= 1


def _check_places(texts: tuple[str, ...], record: CaseRecord, page: Page, folder: Path) -> None:
    plain = build_document(record, canonical_json(record), load_catalogue(Language.EN))
    document = _document(texts, plain)
    paper = document_pdf(document, b"{}")
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        assert structure_faults(pdf) == []
        assert list(pdf.attachments) == ["record.json"]
    drawn = _bare("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(paper)).pages))
    for text in texts:
        # A long text runs over the end of a sheet; its first part is enough.
        assert _bare(drawable(text, Medium.PDF))[:300] in drawn, text
    assert "#letdoc=json" not in drawn and "#showraw" not in drawn
    written = document_html(document, b"{}")
    _looked_at(page, written, folder)
    shown = _bare(str(page.run("document.body.textContent")))
    for text in texts:
        assert _bare(drawable(text, Medium.HTML)) in shown, text


def _slices(texts: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


@pytest.mark.parametrize("texts", _slices(CORPUS[::5], 22), ids=lambda texts: f"{len(texts)} texts")
def test_a_fifth_of_the_corpus_is_inert_in_every_place_of_a_page(
    texts: tuple[str, ...], record: CaseRecord, page: Page, tmp_path: Path
) -> None:
    _check_places(texts, record, page, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("texts", _slices(CORPUS, 22), ids=lambda texts: f"{len(texts)} texts")
def test_the_whole_corpus_is_inert_in_every_place_of_a_page(
    texts: tuple[str, ...], record: CaseRecord, page: Page, tmp_path: Path
) -> None:
    _check_places(texts, record, page, tmp_path)


# ---- every foreign field of a record ----


def _enriched(record: CaseRecord, spectra: CaseRecord) -> CaseRecord:
    """The record with parts that the example lacks: photographs, other providers, edits, traces, spectra."""
    replace, line, text = dataclasses.replace, Line("x"), Text("x")
    intake = record.intake
    photograph = Photograph(path="a.png", caption=line)
    found = intake.examination.items[0]
    morphology = replace(found.found_to_be, photographs=(photograph,)) if found.found_to_be else None
    mass = NetMass(value_mg=DecimalText("12.5"))
    item = replace(found, photographs=(photograph,), found_to_be=morphology, net_mass=mass)
    asked = replace(intake.request.items[0], photographs=(photograph,))
    outside = OutsideFinding(
        finding_id="F1",
        item_id=item.item_id,
        method=line,
        provider=line,
        result=text,
    )
    run = next(iter(intake.examination.runs())).run.run_id
    who = {"run_id": run, "reason": text, "person": line, "date": "2026-02-20"}
    edit = BaseEdit(position=1, from_letter="A", to_letter="C", **who)
    peak = Reintegration(peak=line, from_area=line, to_area=line, **who)
    edits = Edits(schema=Line(Edits.SCHEMA), case_id=record.case_id, base_edits=(edit,), reintegrations=(peak,))
    trace = TraceFacts(signals_sha256="0" * 64, bases=1, edited_bases=0)
    files = (replace(intake.files[0], trace=trace), *intake.files[1:])
    laboratory = replace(intake.laboratory, accreditations=(Accreditation(body=line, number=line),))
    told = Told(date="2026-02-21", to=line, by=line, what=text)
    examination = replace(
        intake.examination,
        interim=Interim(reason=text, told=(told,)),
        items=(item, *intake.examination.items[1:]),
        outside_findings=(outside,),
    )
    request = replace(intake.request, items=(asked, *intake.request.items[1:]))
    chemistry = replace(
        spectra.spectra,
        spectra=tuple(replace(r, run=replace(r.run, item_id=item.item_id)) for r in spectra.spectra.spectra),
        markers=tuple(replace(m, item_id=item.item_id) for m in spectra.spectra.markers),
    )
    reading = SecondReading(person=line, date="2026-02-22", blind=True, run_id=run, remark=text)
    intake = replace(
        intake,
        request=request,
        examination=examination,
        laboratory=laboratory,
        files=files,
        edits=edits,
        second_reading=SecondReadings(
            schema=Line(SecondReadings.SCHEMA), case_id=record.case_id, readings=(reading,)
        ),
    )
    return _with_shared(replace(record, intake=intake, spectra=chemistry))


def _with_shared(record: CaseRecord) -> CaseRecord:
    """The record with what batches, libraries and readings add: rules, peaks, overlays, further animals."""
    replace, line, text = dataclasses.replace, Line("x"), Text("x")
    departure = RuleDeparture(to_version=line, reason=text, person=line, date="2026-02-23")
    rule = RuleFixed(method_version=line, fixed_on="2026-02-22", departure=departure)
    inchikey = Line("AAAAAAAAAAAAAA-AAAAAAAAAA-A")
    peak = SheetPeak(retention_time_min=DecimalText("1.5"), inchikey=inchikey, name=line, formula=line)
    spike = Spike(taxon=line, level=DecimalText("100"), unit=SpikeUnit.COPIES)
    batch = record.controls[0]
    spiked = replace(batch.sheet.rows[0], kind=ControlKind.SPIKED_CONTROL, peaks=(), spike=spike)
    rows = (replace(batch.sheet.rows[0], peaks=(peak,)), *batch.sheet.rows[1:], spiked)
    blank = BlankReads(genus=line, reads=3)
    well = SharedWell(position=line, kind=ControlKind.EXHIBIT, case_number=1, item_number=1, reads=9)
    shared = SharedSequence(
        sequence_sha256=Sha256("1" * 64), primers=line, sharing=tuple(Sharing), wells=(well, well)
    )
    jumps = TagJumps(
        primers=line, state=next(iter(JumpState)), wells=2, items=2, blanks=0, in_blank=0, elsewhere=9
    )
    reads = BatchReads(
        cases=1, items=2, positions=(line,), not_read=0, without_case=0, jumps=(jumps,), shared=(shared,)
    )
    level = SpikeLevel(
        level=DecimalText("100"),
        replicates=3,
        detected=3,
        lower_percent=DecimalText("29.2"),
        upper_percent=DecimalText("100"),
    )
    detection = DetectionLevels(
        taxon=line,
        locus=Locus.RRNA_12S,
        unit=SpikeUnit.COPIES,
        levels=(level,),
        not_read=0,
        lowest_all=DecimalText("100"),
    )
    batch = replace(
        batch,
        batch_reads=reads,
        detection=(detection,),
        sheet=replace(batch.sheet, spectra_rule=rule, rows=rows),
        controls=(replace(batch.controls[0], reads=(blank,), taxa=(line,)), *batch.controls[1:]),
    )
    digest = Sha256("0" * 64)
    overlay = OverlaySummary(
        library_id=line, date="2026-01-01", manifest_sha256=digest, barcode_records=1, spectrum_records=1
    )
    compared = ReadingComparison(
        subject="A1", person=line, date="2026-02-22", blind=True, called=None, software=line, agrees=True
    )
    item = replace(record.evidence.items[0], second_readings=(compared,))
    found = replace(
        record.barcode.items[0], other_taxa=(NamedTaxon(rank=Rank.GENUS, taxon=line, loci=(), records=(line,)),)
    )
    key = TrustedKey(key_id="K1", public_key=line, role=line)
    laboratory = replace(record.intake.laboratory, trusted_keys=(key,))
    return replace(
        record,
        intake=replace(record.intake, laboratory=laboratory),
        controls=(batch, *record.controls[1:]),
        release=replace(record.release, overlays=(overlay,)),
        evidence=replace(record.evidence, items=(item, *record.evidence.items[1:])),
        barcode=replace(
            record.barcode,
            items=(found, *record.barcode.items[1:]),
            read_runs=(_reads_with_mixture(record),),
        ),
        spectra=replace(record.spectra, spectra=(_ranked(record.spectra.spectra[0]), *record.spectra.spectra[1:])),
    )


def _reads_with_mixture(record: CaseRecord) -> ReadsRun:
    line = Line("x")
    part = MixturePart(genera=(line,), records=(line,), reads=DecimalText("9"))
    step = MixtureStep(haplotypes=1, log_likelihood=DecimalText("-1"), bic=DecimalText("2"))
    mixture = ReadMixture(
        locus=Locus.RRNA_12S,
        variants=1,
        reads=9,
        parts=(part,),
        unknown_reads=DecimalText("0"),
        steps=(step,),
    )
    nothing = dict.fromkeys(
        ("not_overlapping", "ambiguous_overlap", "too_many_errors", "ambiguous_letters", "too_short"), 0
    )
    return ReadsRun(
        run=record.barcode.sequences[0].run,
        total=9,
        used=9,
        unassigned=0,
        variants=1,
        not_listed=0,
        mixtures=(mixture,),
        **nothing,
    )


def _ranked(result: SpectrumResult) -> SpectrumResult:
    line = Line("x")
    name = RankedName(rank=1, compound=line, name=line, accession=line, score=DecimalText("1.5"))
    ranking = SpectralRanking(
        method=Line("ei-ranking-1"),
        library=line,
        references=9,
        outcome=NameOutcome.NOT_CALIBRATED,
        compounds=(name,),
    )
    return dataclasses.replace(result, ranking=ranking)


def test_every_text_of_a_record_is_known_to_come_from_outside_or_from_the_software() -> None:
    """A new field stands in one of the lists, or this fails; one that is gone stands in none."""
    listed = [
        (kind, name) for fields in (FOREIGN, LINKED, OWN) for kind, names in fields.items() for name in names
    ]
    found = set(text_fields())
    assert found - set(listed) == set(), "say in tests/foreign_fields.py whose words these are"
    assert len(set(listed)) == len(listed) and set(listed) - found == set()


class _Filler:
    """Puts a text of the corpus into every foreign field, each next field taking the next text."""

    def __init__(self, turn: int) -> None:
        self._next = turn
        self.filled: set[tuple[str, str]] = set()

    def _text(self, rule: object) -> str:
        while True:
            text = CORPUS[self._next % len(CORPUS)]
            self._next += 1
            if RULES[rule].accepts(text) and not any(0xD800 <= ord(c) < 0xE000 for c in text):
                return text

    def fill(self, value: object) -> object:
        if isinstance(value, tuple):
            return tuple(self.fill(part) for part in value)
        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        kind = value.__class__.__name__
        if isinstance(value, Statement):
            # Counts, dates and the like are typed: a foreign text in their place is refused, not drawn.
            free = (
                v if kind_of(value.phrase, v.name) is not PlaceholderKind.TEXT else self.fill(v)
                for v in value.values
            )
            return dataclasses.replace(value, values=tuple(free))
        changes: dict[str, object] = {}
        for field in plan_of(value.__class__):
            part = getattr(value, field.name)
            if field.name not in FOREIGN.get(kind, ()):
                changes[field.name] = self.fill(part)
                continue
            self.filled.add((kind, field.name))
            if field.type.item is not None:
                changes[field.name] = tuple(self._text(field.type.item.text_type) for _ in part)
            else:
                changes[field.name] = self._text(field.type.text_type)
        return dataclasses.replace(value, **changes)


@pytest.fixture(scope="module")
def rich(record: CaseRecord) -> CaseRecord:
    spectra = examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-C")
    return _enriched(record, spectra)


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            safe = (value or "").startswith(("#", "data:application/json", "data:image/jpeg;base64,"))
            if name.startswith("on") or (name in {"src", "href", "style"} and not safe):
                self.bad.append(f"{tag} {name}={value}")


def _check_fields(
    turn: int, rich: CaseRecord, page: Page, folder: Path, *, reads_paper: bool = True
) -> set[tuple[str, str]]:
    """One filling of all fields; reading the letters of the paper takes most of the time."""
    filler = _Filler(turn)
    changed = filler.fill(rich)
    assert isinstance(changed, CaseRecord)
    data = canonical_json(changed)
    language = list(Language)[turn % 2]
    # A photograph is drawn beside its hostile caption.
    drawn = {RelativePath("a.png"): PHOTOGRAPH}
    written = render_html(changed, data, language, drawn)
    parser = _Tags()
    parser.feed(written.decode("utf-8"))
    assert parser.bad == [] and parser.tags <= TAGS_OF_RECORDS
    hidden = {c for c in written.decode("utf-8") if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}
    assert hidden == {"\n"}
    assert len(written) < 1_000_000
    _looked_at(page, written, folder)
    paper = render_pdf(changed, data, language, (), drawn)
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        assert list(pdf.attachments) == ["record.json"]
        assert pdf.attachments["record.json"].get_file().read_bytes() == data
        assert not reads_paper or structure_faults(pdf) == []
    texts = [] if not reads_paper else [sheet.extract_text() for sheet in PdfReader(io.BytesIO(paper)).pages]
    assert {c for text in texts for c in text} - DRAWN == set()
    assert all("#let doc = json" not in text for text in texts)
    rows = csv.reader(io.StringIO(findings_csv(changed, language).decode("utf-8"), newline=""))
    assert all(not entry.lstrip(" ").startswith(tuple("=+-@＝＋－＠\t")) for row in rows for entry in row)
    return filler.filled


@pytest.mark.parametrize("turn", [0, 79, 158, 237])
def test_hostile_texts_in_every_foreign_field_are_inert(
    turn: int, rich: CaseRecord, page: Page, tmp_path: Path
) -> None:
    filled = _check_fields(turn, rich, page, tmp_path)
    assert filled == {(kind, name) for kind, names in FOREIGN.items() for name in names}


@pytest.mark.full
@pytest.mark.parametrize("first", range(0, len(CORPUS), 20))
def test_every_hostile_text_in_every_foreign_field_is_inert(
    first: int, rich: CaseRecord, page: Page, tmp_path: Path
) -> None:
    for turn in range(first, min(first + 20, len(CORPUS))):
        _check_fields(turn, rich, page, tmp_path, reads_paper=turn == first)
