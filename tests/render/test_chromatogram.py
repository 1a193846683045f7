"""Chromatograms: sums of real scans, a run of a case with its named peak marked, the viewer."""

from __future__ import annotations

import json
import math
import re
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.formats.jcamp import read_jcamp
from musk_id.formats.mzml import iter_mzml
from musk_id.formats.scans import scan_spectra
from musk_id.formats.spectra_files import read_spectra
from musk_id.model.barcode import RunIdentity
from musk_id.model.record import CaseRecord
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import Line, Sha256
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pages.chromatograms import chromatogram_blocks
from musk_id.render.pages.document import Figure
from musk_id.render.pictures.chromatogram import ChromatogramWords, PeakMark, draw_chromatogram
from musk_id.stages.chromatogram import run_chromatograms
from musk_id.vocabulary import CompoundStatus, Language
from tests.browser import open_page
from tests.refdata import REFDATA, needs_refdata
from tests.runs import mzml

PROJECT = Path(__file__).resolve().parents[2]
SCANS = 20
TOP = 9


def _run(name: str) -> RunIdentity:
    case = examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-C")
    return next(r.run for r in case.spectra.spectra if r.run.run_id == name)


@needs_refdata
def test_sums_and_times_of_a_real_run_are_those_that_the_instrument_wrote() -> None:
    path = REFDATA / "formats" / "mzml_mzxml" / "PyMassSpec+PyMassSpec" / "example.mzML"
    # The file declares the scans of the whole run, of which it is a part: a case would have it refused.
    spectra = scan_spectra(iter_mzml(path), path.name, 20)
    evidence = SpectrumEvidence(run=_run("C1-R1"), file_sha256=Sha256("0" * 64), spectra=spectra)
    (chromatogram,) = run_chromatograms((evidence,))
    space = {"m": "http://psi.hupo.org/ms/mzml"}
    scans = ElementTree.parse(path).findall(".//m:spectrum", space)  # noqa: S314

    def stated(scan: ElementTree.Element, accession: str) -> float:
        (param,) = scan.findall(f".//m:cvParam[@accession='{accession}']", space)
        return float(param.attrib["value"])

    totals = [stated(scan, "MS:1000285") for scan in scans]
    assert len(totals) == len(chromatogram.points) == 11
    for scan, total, point in zip(scans, totals, chromatogram.points, strict=True):
        assert float(point.time_min) == pytest.approx(stated(scan, "MS:1000016"), abs=5e-5)
        # The instrument summed the profile, the file holds its centroids.
        assert float(point.relative_percent) == pytest.approx(100 * total / max(totals), abs=1.0)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> CaseRecord:
    """DEMO-C with a run in place of its first spectrum: the same spectrum as a peak between scans of noise."""
    folder = tmp_path_factory.mktemp("case") / "DEMO-C"
    shutil.copytree(PROJECT / "examples" / "cases" / "DEMO-C", folder)
    (compound,) = read_jcamp(folder / "C1-R1_peak1.jdx")
    shape = [math.exp(-0.5 * ((scan - TOP) / 1.2) ** 2) for scan in range(SCANS)]
    scans = []
    for scan, height in enumerate(shape):
        noise = [(40.0 + 7 * k, 3.0 + (scan + k) % 3) for k in range(6)]
        peak = [(float(mz), height * float(i)) for mz, i in zip(compound.mz, compound.intensity, strict=True)]
        found: dict[float, float] = {}
        for mz, intensity in (*noise, *(peak if height > 0.05 else [])):
            found[mz] = found.get(mz, 0.0) + intensity
        scans.append(sorted(found.items()))
    (folder / "run.mzML").write_bytes(mzml(scans, source="MS:1000389"))
    text = (folder / "examination.yaml").read_text(encoding="utf-8")
    (folder / "examination.yaml").write_text(text.replace("C1-R1_peak1.jdx", "run.mzML"), encoding="utf-8")
    (folder / "C1-R1_peak1.jdx").unlink()
    return examine_case(Casework(PROJECT / "examples"), folder)


def test_the_peak_of_a_run_is_marked_where_its_scans_were_called(record: CaseRecord) -> None:
    (chromatogram,) = record.spectra.chromatograms
    assert (chromatogram.run_id, len(chromatogram.points)) == ("C1-R1", SCANS)
    assert chromatogram.points[TOP].relative_percent == "100.00"
    named = [r.call.name for r in record.spectra.spectra if r.run.run_id == "C1-R1" and r.call and r.call.name]
    assert named and len(set(named)) == 1
    for language in WHOLE_LANGUAGES:
        blocks = chromatogram_blocks("C1", record.spectra, load_catalogue(language))
        (figure,) = [block for block in blocks if isinstance(block, Figure)]
        view = json.loads(figure.view)
        (peak,) = view["peaks"]
        assert peak["at"] == float(chromatogram.points[TOP].time_min)
        assert peak["from"] < peak["at"] < peak["to"]
        assert named[0] in peak["text"] and named[0] in figure.alt and named[0] in figure.caption
        assert named[0] in figure.svg
        # Its library reference makes it tentative: the name never stands without that word.
        tentative = load_catalogue(language).word(CompoundStatus.TENTATIVE)
        assert all(f"{named[0]} ({tentative})" in text for text in (peak["text"], figure.alt, figure.caption))
    assert chromatogram_blocks("C9", record.spectra, load_catalogue(Language.EN)) == []


def test_scans_that_cannot_be_assigned_are_not_told_as_scans_without_a_compound(record: CaseRecord) -> None:
    """A run with a second file: its spectra are more than the scans of the chromatogram."""
    named = next(r for r in record.spectra.spectra if r.call and r.call.name)
    spectra = replace(record.spectra, spectra=(*record.spectra.spectra, named))
    catalogue = load_catalogue(Language.EN)
    (figure,) = [b for b in chromatogram_blocks("C1", spectra, catalogue) if isinstance(b, Figure)]
    assert catalogue.label("figure.chromatogram.not_assigned") in figure.caption
    assert "none" not in figure.caption


def test_runs_without_times_or_of_few_scans_have_no_chromatogram(record: CaseRecord) -> None:
    spectra = read_spectra(PROJECT / "examples" / "cases" / "DEMO-C" / "C1-R2_peak2.msp")
    identity = record.spectra.spectra[0].run
    few = SpectrumEvidence(run=identity, file_sha256=Sha256("0" * 64), spectra=spectra)
    many = SpectrumEvidence(run=identity, file_sha256=Sha256("0" * 64), spectra=spectra * 6)
    assert run_chromatograms((few, many)) == ()


def test_records_made_before_are_read_without_chromatograms(record: CaseRecord) -> None:
    tree = json.loads(canonical_json(record))
    assert tree["spectra"].pop("chromatograms")
    older = parse_record(CaseRecord, canonical_bytes(tree), "record.json")
    assert older.spectra.chromatograms == ()
    assert "figure data-name" in render_html(older, canonical_bytes(tree), Language.EN).decode()


def test_the_drawn_line_lies_where_the_numbers_are() -> None:
    points = [(1.0, 0.0), (1.5, 100.0), (2.0, 50.0)]
    words = ChromatogramWords("alternative", "run X", "minutes", "intensity")
    svg = draw_chromatogram(points, [PeakMark(1.4, 1.6, 1.5, "muscone")], words)
    (line,) = re.findall(r'<polyline points="([^"]+)"', svg)
    assert line == "44.0,170.0 358.0,34.0 672.0,102.0"
    assert "1 muscone" in svg and "<title>alternative</title>" in svg
    with pytest.raises(ValueError, match="without scans"):
        draw_chromatogram([], [], words)


def test_the_viewer_of_a_chromatogram_walks_scans_and_leaps_to_peaks(record: CaseRecord, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(render_html(record, canonical_json(record), Language.EN))
    points = record.spectra.chromatograms[0].points
    with open_page(tmp_path) as page:
        page.visit(tmp_path / "page.html")
        page.run("document.querySelector('figure[data-view*=trace] .viewer-open').focus()")
        page.press("Enter")
        cursor = "document.querySelector('figure[data-view*=trace] .viewer').dataset.cursor"
        told = "document.querySelector('figure[data-view*=trace] .viewer-read').textContent"
        page.press("ArrowRight")
        page.press("ArrowRight")
        assert float(page.run(cursor)) == float(points[1].time_min)
        page.press("n")
        assert float(page.run(cursor)) == float(points[TOP].time_min)
        assert "100" in page.run(told) and "1 " in page.run(told)
        page.press("p")
        assert float(page.run(cursor)) == float(points[TOP].time_min)
        assert page.messages == []


def test_a_run_of_many_scans_has_one_plot_a_compound_and_stays_small(record: CaseRecord) -> None:
    page = render_html(record, canonical_json(record), Language.EN)
    # Each scan has its own criteria of identification.
    assert len(page) < 1_300_000
    # One of the run's compound, one of the other run's spectrum, and the chromatogram.
    assert page.count(b"data-view=") == 3


def test_a_run_of_hundreds_of_scans_is_told_in_part_and_says_so(record: CaseRecord) -> None:
    """The best spectrum of each compound in full, the others counted; large data lie beside the page."""
    scans = [r for r in record.spectra.spectra if r.run.run_id == "C1-R1"]
    rest = tuple(r for r in record.spectra.spectra if r.run.run_id != "C1-R1")
    named = [r for r in scans if r.call is not None and r.call.name is not None]
    many = tuple(
        replace(scans[number % SCANS], spectrum_name=Line(f"scan {number}")) for number in range(30 * SCANS)
    )
    large = replace(record, spectra=replace(record.spectra, spectra=(*many, *rest)))
    data = canonical_json(large)
    for language in WHOLE_LANGUAGES:
        label = load_catalogue(language).label
        page = render_html(large, data, language).decode("utf-8")
        assert len(data) > 2_000_000 > len(page)
        assert label("chemistry.in_full", total=str(30 * SCANS), count="1") in page
        further = label("chemistry.further", count=str(30 * SCANS - min(60, 30 * len(named))))
        assert further in page
        assert label("page.data_elsewhere", name="record.json", bytes=str(len(data))) in page
        assert "data:application/json" not in page
        assert page.count("data-view=") == 3
    # Up to sixty spectra each is told.
    page = render_html(record, canonical_json(record), Language.EN).decode("utf-8")
    assert "data:application/json" in page
    assert page.count("SHA-256 of the unit-mass peaks") == len(record.spectra.spectra)
