"""The report of a library: figures against brute force and worked examples, pages that say what is lacking."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from audit_tables import library, species_sequences
from hypothesis import given
from hypothesis import strategies as st

from musk_id.cli import main
from musk_id.errors import counted
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.nucleotides import encode
from musk_id.library_vocabulary import AuditFlag, Resolution
from musk_id.model.library import LibraryTaxon
from musk_id.model.library_report import LibraryReport, TreeFigure
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.values import Line
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.refdb.audit import Provenance, audit_library
from musk_id.refdb.histograms import BIN_PERCENT, distance_histogram
from musk_id.refdb.library_report import report_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.refdb.release_library import release_library
from musk_id.refdb.resolvability import resolution_rows
from musk_id.refdb.trees import column_distances, neighbour_joining
from musk_id.render.catalogue import load_catalogue
from musk_id.render.html import document_html
from musk_id.render.library_pages import library_document
from musk_id.render.library_taxa import MAX_LISTED_IN_PDF, ROWS_OF_A_MAP, _maps, taxa_csv
from musk_id.render.pages.document import Figure
from musk_id.render.pdf import document_pdf
from musk_id.render.pictures.gap_map import FILLS, LEVELS, GapCell, GapMapWords, GapRow, draw_gap_map
from musk_id.vocabulary import CurationState, Language, Locus

RELEASE = load_release(locate_release("2026.1"))
METHOD = BARCODE_METHODS[-1]
BASES = np.array([1, 2, 4, 8], dtype=np.uint8)


def rows(*texts: str) -> np.ndarray:
    return np.stack([encode(text) for text in texts])


def splits_of(figure: TreeFigure) -> dict[frozenset[str], int | None]:
    """Tips below each inner node, with its support."""
    below: list[set[str]] = [set() for _ in figure.nodes]
    for number in reversed(range(len(figure.nodes))):
        node = figure.nodes[number]
        if node.label is not None:
            below[number].add(node.label)
        if node.parent is not None:
            below[node.parent] |= below[number]
    return {frozenset(b): n.support_percent for b, n in zip(below, figure.nodes, strict=True) if len(b) > 1}


def test_tree_of_two_clear_groups_has_their_split_in_every_replicate() -> None:
    rng = np.random.default_rng(4)
    first = rng.choice(BASES, 300)
    second = first.copy()
    second[:60] = np.where(first[:60] == 1, 2, 1)
    masks = np.stack([first, first, second, second]).copy()
    for row in range(4):
        column = 100 + 10 * row
        masks[row, column] = 1 if masks[row, column] != 1 else 8
    figure = neighbour_joining(Locus.COI, masks, ["a1", "a2", "b1", "b2"], [True, True, False, False], 50)
    found = splits_of(figure)
    assert (figure.tips, figure.columns, figure.replicates) == (4, 300, 50)
    support = [found[frozenset(pair)] for pair in (("a1", "a2"), ("b1", "b2")) if frozenset(pair) in found]
    assert 100 in support
    assert [n.label for n in figure.nodes if n.is_target] == ["a1", "a2"]
    again = neighbour_joining(Locus.COI, masks, ["a1", "a2", "b1", "b2"], [True, True, False, False], 50)
    assert again == figure


def test_branch_lengths_are_those_of_the_worked_example() -> None:
    # The five-taxon example of the article on neighbour joining in Wikipedia: additive, so the lengths are exact.
    from musk_id.refdb.trees import _tree

    distances = np.array(
        [[0, 5, 9, 9, 8], [5, 0, 10, 10, 9], [9, 10, 0, 8, 7], [9, 10, 8, 0, 3], [8, 9, 7, 3, 0]], dtype=float
    )
    tree = _tree(distances)
    for a, b in combinations(range(5), 2):
        assert tree.find(str(a)).distance(tree.find(str(b))) == pytest.approx(distances[a, b])


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 40))
def test_column_distances_are_those_counted_one_by_one(seed: int, count: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    masks = rng.choice(np.array([0, 1, 2, 4, 8, 15, 3], dtype=np.uint8), (count, width))
    weights = rng.integers(0, 4, width)
    found = column_distances(masks, weights)
    for a, b in combinations(range(count), 2):
        both = [c for c in range(width) if masks[a, c] and masks[b, c]]
        compared = sum(int(weights[c]) for c in both)
        differing = sum(int(weights[c]) for c in both if not masks[a, c] & masks[b, c])
        assert found[a, b] == (differing / compared if compared else 1.0)


NAMES = ["Aus major", "Aus major", "Aus minor", "Aus minor", "Bus solus"]


def test_resolution_says_what_the_records_show() -> None:
    base = "ACGTACGTAC" * 6
    near, far = "T" + base[1:], "TTTT" + base[4:]
    masks = rows(base, near, far, "TTTA" + base[4:], "GGGGGGGG" + base[8:])
    held = library(masks, NAMES)
    species = [Line("Aus major"), Line("Aus minor"), Line("Bus solus"), Line("Cus absens")]
    found = {(r.first, r.second): r for r in resolution_rows(held, species)}
    assert found["Aus major", "Aus minor"].resolution is Resolution.APART
    assert found["Aus major", "Bus solus"].resolution is Resolution.TOO_FEW
    assert found["Aus major", "Cus absens"].resolution is Resolution.NO_RECORD
    assert found["Aus major", "Aus minor"].between == "0.0333"
    shared = library(rows(base, near, base, far, far), NAMES)
    assert {r.resolution for r in resolution_rows(shared, species[:2])} == {Resolution.SHARED}
    wide = library(rows(base, far, near, "TTA" + base[3:], far), NAMES)
    assert {r.resolution for r in resolution_rows(wide, species[:2])} == {Resolution.OVERLAPPING}


def test_histogram_counts_every_pair_of_individuals_once() -> None:
    rng = np.random.default_rng(9)
    masks = rng.choice(BASES, (12, 80))
    masks[6:] = masks[:6]
    masks[6:, :3] = 1
    names = [f"Genus{i % 3} species{i % 4}" for i in range(12)]
    figure = distance_histogram(library(masks, names), Locus.COI)
    counts = {"within_species": 0, "within_genus": 0, "between_genera": 0}
    for b in figure.bins:
        for kind in counts:
            counts[kind] += getattr(b, kind)
    pairs = list(combinations(names, 2))
    assert counts["within_species"] == sum(a == b for a, b in pairs)
    assert counts["within_genus"] == sum(a != b and a.split()[0] == b.split()[0] for a, b in pairs)
    assert figure.pairs == len(pairs) == sum(counts.values())
    for a, b in combinations(range(12), 2):
        percent = 100 * float((masks[a] != masks[b]).mean())
        place = min(int(percent / BIN_PERCENT), len(figure.bins) - 1)
        low, high = float(figure.bins[place].low_percent), float(figure.bins[place].high_percent)
        assert low <= min(percent, 24.99) < high


def test_a_release_in_the_form_of_a_library_keeps_its_records() -> None:
    held = release_library(RELEASE, METHOD)
    kept = [r for r in RELEASE.barcodes if r.state is not CurationState.DUPLICATE]
    assert sum(table.records for table in held.loci.values()) == len(kept)
    for locus, table in held.loci.items():
        accessions = sorted(r.accession for r in kept if r.locus is locus)
        assert list(table.accessions) == accessions
        names = {r.accession: r.organism_as_deposited for r in kept if r.locus is locus}
        assert [held.taxa[int(n)].species for n in table.taxon] == [names[a] for a in accessions]


def test_resolution_of_the_release_is_that_of_its_letters() -> None:
    species = sorted(t.species for t in RELEASE.taxa if t.genus == "Moschus")
    counted = (CurationState.REFERENCE, CurationState.NAME_UNRESOLVED)
    for row in resolution_rows(release_library(RELEASE, METHOD), species):
        if row.locus not in (Locus.RRNA_12S, Locus.RRNA_16S):
            continue
        letters = [
            [
                r.sequence
                for r in RELEASE.barcodes
                if r.locus is row.locus and r.organism_as_deposited == name and r.state in counted
            ]
            for name in (row.first, row.second)
        ]
        distances = [edit_distance(a, b).lower for a in letters[0] for b in letters[1]]
        assert row.between == (str(min(distances)) if distances else None)


def test_report_of_the_release_says_first_that_it_names_no_species(tmp_path: Path) -> None:
    assert main(["refdb", "report", "2026.1", "--out", str(tmp_path / "a")]) == 0
    data = (tmp_path / "a" / "library-report.json").read_bytes()
    report = parse_record(LibraryReport, data, "library-report.json")
    assert all(locus.most_individuals_of_a_target_species <= 1 for locus in report.loci)
    assert not any(row.resolution is Resolution.APART for row in report.resolution)
    page = (tmp_path / "a" / "library-report.en.html").read_text(encoding="utf-8")
    first = page[: page.index("<nav")]
    assert "Which species of Moschus?" in first
    assert "IT CANNOT ANSWER" in first
    assert "<script" not in page
    assert main(["refdb", "report", "2026.1", "--out", str(tmp_path / "b")]) == 0
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes(), path.name


def test_records_that_sit_with_another_name_alone_are_no_conflicts() -> None:
    names = [name for name in ("Aus albus", "Aus niger", "Bus ruber", "Cus viridis") for _ in range(6)]
    names[0], names[8] = "Cus viridis", "Dus solus"
    held = library(species_sequences(7, 4, 6), names)
    audit = audit_library(held, RELEASE, METHOD, Provenance({}, {}))
    assert {(c.accession, c.flag) for c in audit.conflicts} == {
        ("XX001000", AuditFlag.NAME_CONFLICT),
        ("XX009000", AuditFlag.SITS_WITH),
    }
    assert report_library(held, audit, RELEASE, METHOD, spectra=0, replicates=1).conflicts == 1


def made_report(names: Sequence[str], taxa: Sequence[LibraryTaxon] = ()) -> LibraryReport:
    """Report of a library of one marker with records of these names."""
    held = library(species_sequences(7, len(names), 1)[: len(names)], list(names))
    if taxa:
        held = replace(held, taxa=tuple(taxa))
    audit = audit_library(held, RELEASE, METHOD, Provenance({}, {}))
    return report_library(held, audit, RELEASE, METHOD, spectra=0, replicates=1)


def pages(report: LibraryReport, *, is_folded: bool, language: Language = Language.EN) -> str:
    data = canonical_json(report)
    document = library_document(report, data, load_catalogue(language), is_folded=is_folded)
    return document_html(document, data).decode("utf-8").split("<footer>")[0]


NEW = [f"Aus species{a}{b}" for a in "abcdefghijklmn" for b in "abcdefghijklmn"]


def test_every_taxon_of_the_library_is_listed() -> None:
    report = made_report([*NEW[:30], "Moschus moschiferus"])
    listed = {taxon.species: taxon for taxon in report.taxa}
    checklist = {t.species for t in RELEASE.taxa}
    assert listed.keys() == checklist | set(NEW[:30])
    assert {name for name, taxon in listed.items() if taxon.of_checklist} == checklist
    assert {g.species for g in report.grades} == {*NEW[:30], "Moschus moschiferus"}
    for folded in (True, False):
        page = pages(report, is_folded=folded)
        taxa = page[page.index('<section id="taxa">') : page.index('<section id="resolution">')]
        assert all(f"<em>{name}</em>" in taxa for name in listed)
        checked = page[page.index('<section id="grades">') : page.index('<section id="taxa">')]
        assert "Aus species" not in checked
        assert all(f"<em>{name}</em>" in checked for name in checklist)
        assert checked.index("Moschus moschiferus") < checked.index("Bos taurus")
    rows_ = list(csv.DictReader(io.StringIO(taxa_csv(report).decode("utf-8"))))
    assert {row["species"] for row in rows_} == listed.keys()
    by_name = {row["species"]: row for row in rows_}
    assert by_name[NEW[0]]["COI-658 grade"] == "D" and by_name[NEW[0]]["COI-658 individuals"] == "1"
    assert by_name["Bos taurus"]["COI-658 grade"] == ""


def test_a_long_list_is_folded_in_html_and_left_to_the_table_on_paper() -> None:
    report = made_report(NEW)
    assert len(report.taxa) > MAX_LISTED_IN_PDF
    open_, paper = pages(report, is_folded=True), pages(report, is_folded=False)
    assert all(f"<em>{name}</em>" in open_ for name in NEW) and "<details>" in open_
    assert not any(f"<em>{name}</em>" in paper for name in NEW)
    assert "library-report.taxa.csv" in paper


def test_a_report_of_an_earlier_version_is_still_drawn() -> None:
    report = replace(made_report(["Moschus moschiferus", "Bos taurus"]), taxa=())
    tree = json.loads(canonical_json(report))
    del tree["taxa"]
    read = parse_record(LibraryReport, canonical_bytes(tree), "library-report.json")
    assert read == report
    page = pages(read, is_folded=True)
    assert '<section id="taxa">' not in page and "<em>Bos taurus</em>" in page


def boxes(svg: str) -> list[tuple[str, str]]:
    """Fill of every box of a map below its legend, with the text in it; no text where a cross stands."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    below = 30.0
    texts = {
        (round(float(t.get("x", "0"))), round(float(t.get("y", "0")))): t.text or ""
        for t in root.iter("{http://www.w3.org/2000/svg}text")
    }
    found = []
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(box.get(k, "0")) for k in ("x", "y", "width", "height"))
        if y > below:
            found.append((box.get("fill", ""), texts.get((round(x + w / 2), round(y + h - 3)), "")))
    return found


def test_a_map_shows_each_cell_and_marks_what_is_absent() -> None:
    words = GapMapWords("a map", ("one", "two", "three"), ("w", "x", "y", "z"), "none")
    rows_ = [
        GapRow("Order"),
        GapRow("Family", (GapCell(0, "D, n = 1"), None, GapCell(3, "A, n = 12"))),
        GapRow("Other", (None, GapCell(1, "B, n = 2"), GapCell(2, "C, n = 7"))),
    ]
    svg = draw_gap_map(rows_, words)
    cells = boxes(svg)
    assert cells == [
        (FILLS[0], "D, n = 1"), ("#ffffff", ""), (FILLS[3], "A, n = 12"),
        ("#ffffff", ""), (FILLS[1], "B, n = 2"), (FILLS[2], "C, n = 7"),
    ]  # fmt: skip
    # Two strokes for each absent cell, and for that of the legend.
    assert svg.count("<line ") == 2 * (2 + 1)
    assert all(text in svg for text in ("Order", "Family", "one", "three", "w", "z", "none"))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_shades_of_a_map_stay_apart_in_grey_and_their_text_is_readable() -> None:
    shades = [luminance(fill) for fill in ("#ffffff", *FILLS)]
    for lighter, darker in pairwise(shades):
        assert (lighter + 0.05) / (darker + 0.05) > 1.15
    svg = draw_gap_map(
        [GapRow("a", tuple(GapCell(level, f"t{level}") for level in range(LEVELS)))],
        GapMapWords("a", ("1", "2", "3", "4"), ("w", "x", "y", "z"), "none"),
    )
    for level, fill in enumerate(FILLS):
        (ink,) = re.findall(rf'fill="(#[0-9a-f]+)">t{level}<', svg)
        high, low = sorted((luminance(ink), luminance(fill)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, fill


def test_levels_go_by_individuals_and_by_the_share_of_species() -> None:
    taxa = [
        LibraryTaxon(species=Line(f"Aus s{n}"), genus=Line("Aus"), family=Line("Aidae"), order=Line("Aales"))
        for n in range(4)
    ]
    report = made_report(["Aus s0"] * 10 + ["Aus s1"] * 2, taxa)
    page = pages(report, is_folded=True)
    figures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    families = next(figure for figure in figures if ">Aidae<" in figure)
    row = families[families.index(">Aidae<") :]
    assert f'fill="{FILLS[2]}"' in row[: row.index("</text>", 20)]
    assert "2/4, n = 12" in row


def test_a_heading_never_ends_a_picture() -> None:
    words = GapMapWords("a", ("1",), ("w", "x", "y", "z"), "none")
    rows_ = [GapRow(f"r{n}", (None,)) for n in range(ROWS_OF_A_MAP - 1)] + [
        GapRow("head"),
        GapRow("last", (None,)),
    ]
    first, second = (block.svg for block in _maps(rows_, words, "") if isinstance(block, Figure))
    assert ">head<" not in first and ">head<" in second and ">last<" in second


@pytest.mark.parametrize("count", [0, 1, 2, 5, 21])
def test_counts_need_no_plural(count: int) -> None:
    """What follows a number is no noun that would have to agree with it."""
    for language in Language:
        labels = load_catalogue(language).labels
        for key in ("genus_counts", "pair_counts", "species_counts", "histogram", "tree", "spectra_counts"):
            text = labels[f"library.{key}"]
            assert not re.search(r"\{(?!locus|genus|held)[a-z]+\} [a-zа-я]{4,}", text), (key, text)
    assert counted(count, "spectrum", "spectra") == f"{count} {'spectrum' if count == 1 else 'spectra'}"


def test_every_page_has_its_own_number(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    report = made_report(["Moschus moschiferus", "Bos taurus"])
    data = canonical_json(report)
    document = library_document(report, data, load_catalogue(Language.EN), is_folded=False)
    (tmp_path / "a.pdf").write_bytes(document_pdf(document, data))
    command = ["pdftotext", str(tmp_path / "a.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    numbers = [(int(a), int(b)) for a, b in re.findall(r"^page (\d+) of (\d+)$", text, re.MULTILINE)]
    assert len(numbers) > 2
    assert numbers == [(n, len(numbers)) for n in range(1, len(numbers) + 1)]


def test_a_folder_that_is_no_library_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["refdb", "report", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "holds no library" in capsys.readouterr().err
    assert main(["refdb", "report", "2099.9", "--out", str(tmp_path / "out")]) == 2
