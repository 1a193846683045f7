"""Tables of positions, the alignment with its marks and the tree, as pages show them."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from barcode_cases import METHOD, mutated, records, reference, single

from musk_id.model.barcode import AlignmentPicture, SequenceResult
from musk_id.model.library_report import TreeNode
from musk_id.model.values import DecimalText, Line, Text
from musk_id.render.catalogue import Catalogue, load_catalogue
from musk_id.render.pages.candidates import alignment_figure, candidate_blocks, tree_blocks
from musk_id.render.pages.document import Cell, Figure, Table
from musk_id.render.pictures.alignment import AlignmentMarks, AlignmentWords, draw_alignment
from musk_id.render.pictures.tree import TreeWords, draw_tree
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import CandidateLevel, Language, Locus

WORDS = AlignmentWords("alt", "query", "between", "within")


@pytest.fixture(scope="module")
def english() -> Catalogue:
    return load_catalogue(Language.EN)


@pytest.fixture(scope="module")
def result(shipped_release, barcode_library) -> SequenceResult:  # type: ignore[no-untyped-def]
    letters = mutated(records(shipped_release, Locus.RRNA_12S)[-1].sequence, 1, random.Random(1))
    return single(barcode_library, letters)


def words(cell: Cell) -> str:
    return "\n".join("".join(span.text for span in line) for line in cell)


def marks_of(svg: str, filled: bool) -> list[float]:
    """Middle of each triangle (filled) or diamond of a picture."""
    found = re.findall(r'<polygon points="([^"]+)" fill="([^"]+)"', svg)
    xs = [[float(p.split(",")[0]) for p in points.split()] for points, fill in found if (fill != "none") == filled]
    return [(min(x) + max(x)) / 2 for x in xs]


def letters_of(svg: str, drawn: str) -> list[float]:
    found = re.search(rf'<text x="([^"]+)"[^>]*>{drawn}</text>', svg)
    assert found is not None
    return [float(x) + 0.301 * 8.5 for x in found.group(1).split()]


def test_marks_and_positions_stand_over_their_columns() -> None:
    query = "ACGTACGTACGTACGTACGTACGT"
    picture = AlignmentPicture(
        query=Text(query),
        rows=(Text(query),),
        accessions=(Line("X1"),),
        first_column=5,
        organisms=(Line("Aa bb"),),
    )
    svg = draw_alignment(picture, WORDS, AlignmentMarks(frozenset({3}), frozenset({7, 20})))
    xs = letters_of(svg, query)
    # The last mark of each kind is that of the legend.
    assert marks_of(svg, True)[:-1] == pytest.approx([xs[3]], abs=0.2)
    assert marks_of(svg, False)[:-1] == pytest.approx([xs[7], xs[20]], abs=0.2)
    ruler = {
        int(n): float(x) for x, n in re.findall(r'<text x="([^"]+)"[^>]*text-anchor="middle"[^>]*>(\d+)<', svg)
    }
    # The first letter is in column 5: the sixth one is in column 10.
    assert set(ruler) == {10, 20} and ruler[10] == pytest.approx(xs[5], abs=0.2)
    assert "X1 A. bb" in svg and ">between<" in svg and ">within<" in svg


def test_long_sequences_keep_their_marked_columns() -> None:
    query, other = "A" * 900, "C" * 900
    picture = AlignmentPicture(query=Text(query), rows=(Text(other),), accessions=(Line("X1"),), first_column=1)
    marked = frozenset(range(880, 900))
    svg = draw_alignment(picture, WORDS, AlignmentMarks(marked, frozenset()))
    assert len(marks_of(svg, True)) == len(marked) + 1
    without = draw_alignment(picture, WORDS, AlignmentMarks(frozenset(), frozenset()))
    assert len(marks_of(without, True)) == 1


def test_a_table_says_what_the_record_holds(result: SequenceResult, english: Catalogue) -> None:
    blocks = candidate_blocks(result, english)
    tables = [block for block in blocks if isinstance(block, Table)]
    assert result.sites is not None and len(tables) == len(result.sites.groups) >= 4
    for group, table in zip(result.sites.groups, tables, strict=True):
        assert len(table.rows) == len(group.candidates) and len(table.heads) == len(group.candidates) + 2
        for pair in group.pairs:
            i, j = ([c.name for c in group.candidates].index(name) for name in (pair.first, pair.second))
            assert words(table.rows[i][j + 1]) == f"{pair.agree_first}/{pair.separating}"
            assert words(table.rows[j][i + 1]) == f"{pair.agree_second}/{pair.separating}"
            if i == 0:
                listed = re.findall(r"\d+(?:\+\d)?(?: \(\d+\))?(?=[,\n]|$)", words(table.rows[j][-1]))
                assert len(listed) == pair.separating <= 12
    text = "\n".join(words(block.text) for block in blocks if not isinstance(block, Table))
    assert "position in NC_012694.1" in text and "not known to be diagnostic" in text
    alone = next(g for g in result.sites.groups if g.level is CandidateLevel.GENUS).candidates[1]
    assert alone.individuals == 1 and alone.name in text


def test_the_query_is_framed_and_low_shares_are_not_printed(result: SequenceResult, english: Catalogue) -> None:
    figure = tree_blocks(result, english)[0]
    assert isinstance(figure, Figure) and result.tree is not None
    assert figure.svg.count("<circle") == 1 and figure.svg.count(">run R1<") == 1
    shares = [int(n.support_percent) for n in result.tree.nodes if n.support_percent is not None]
    drawn = [int(x) for x in re.findall(r'font-size="6.5"[^>]*>(\d+)<', figure.svg)]
    assert drawn == [share for share in shares if share >= 50] and min(shares) < 50
    assert figure.alt.count(";") == result.tree.tips - 1
    # 12S-V5 has about a hundred columns.
    assert "little about species" in words(tree_blocks(result, english)[1].text)  # type: ignore[union-attr]


def test_own_records_and_disputed_names_are_marked(shipped_release, english: Catalogue) -> None:  # type: ignore[no-untyped-def]
    like = records(shipped_release, Locus.RRNA_12S)[0]
    letters = mutated(like.sequence, 1, random.Random(2))
    changes = {"accession": Line("OWN-1"), "individual": Line("lab 1"), "overlay": Line("lab")}
    library = BarcodeLibrary.from_release(
        shipped_release, METHOD, (reference(like, sequence=Text(letters), **changes),)
    )
    figure = tree_blocks(single(library, letters), english)[0]
    assert isinstance(figure, Figure)
    assert "OWN-1 [own data lab]" in figure.alt and "JQ608470" in figure.alt
    labels = set(figure.alt.split(": ", 1)[1].split("; "))
    starred = next(text for text in labels if "JQ608470" in text)
    assert "* · " in starred and "*" not in next(text for text in labels if "NC_013753.1" in text)


def test_branches_of_less_than_no_length_are_drawn_without_one() -> None:
    nodes = [
        TreeNode(parent=None, length=DecimalText("0.00000")),
        TreeNode(parent=0, length=DecimalText("-0.50000"), label=Line("a")),
        TreeNode(parent=0, length=DecimalText("0.10000"), label=Line("b" * 300)),
    ]
    svg = draw_tree(nodes, TreeWords("alt", "scale"))
    assert not re.search(r'x\d?="-', svg) and "…" in svg


def test_records_from_before_are_drawn_without_either(result: SequenceResult, english: Catalogue) -> None:
    assert result.picture is not None
    old = replace(result, sites=None, tree=None, picture=replace(result.picture, organisms=()))
    assert candidate_blocks(old, english) == [] and tree_blocks(old, english) == []
    assert alignment_figure(old, english).svg.count("<polygon") > 0
