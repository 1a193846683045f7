"""Beside the call of a sequence: positions for and against each candidate, the alignment, the tree."""

from __future__ import annotations

from itertools import groupby

from musk_id.model.barcode import SequenceResult
from musk_id.model.candidates import CandidateGroup, CandidatePair, DiagnosticSites, QueryTree, QueryTreeNode
from musk_id.model.library_report import TreeNode
from musk_id.model.values import Line
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Figure, Paragraph, Span, Style, Table, cell, lines
from musk_id.render.pages.facts import listed
from musk_id.render.pictures.alignment import AlignmentMarks, AlignmentWords, draw_alignment
from musk_id.render.pictures.tree import TreeWords, draw_tree
from musk_id.render.pictures.views import alignment_view
from musk_id.vocabulary import CandidateLevel, Reason

__all__ = ["alignment_figure", "candidate_blocks", "tree_blocks"]

POSITIONS_SHOWN = 12
RECORDS_SHOWN = 4
# Below this many columns a branch rests on very few of them.
FEW_COLUMNS = 200


def candidate_blocks(result: SequenceResult, catalogue: Catalogue) -> list[Block]:
    """Tables of separating positions, one for each level and view; none for sequences without a call."""
    sites = result.sites
    if sites is None or not sites.groups or Reason.HUMAN_DNA in result.reasons:
        return []
    run = result.run.run_id
    blocks: list[Block] = [_group_table(group, sites, run, catalogue) for group in sites.groups]
    frame = "" if sites.frame_record is None else catalogue.label("candidates.frame", record=sites.frame_record)
    blocks.append(Paragraph(cell(" ".join(filter(None, (catalogue.label("candidates.how"), frame)))), quiet=True))
    alone = {
        _name(candidate.name, group.level, catalogue): None
        for group in sites.groups
        for candidate in group.candidates
        if candidate.individuals == 1
    }
    if alone:
        blocks.append(Paragraph(cell(catalogue.label("candidates.alone", names=", ".join(alone)))))
    return blocks


def _name(name: str, level: CandidateLevel, catalogue: Catalogue) -> str:
    """Name of a candidate; that of a lineage could be taken for a species."""
    return catalogue.label("candidates.lineage", name=name) if level is CandidateLevel.LINEAGE_SET else name


def _group_table(group: CandidateGroup, sites: DiagnosticSites, run: str, catalogue: Catalogue) -> Table:
    label = catalogue.label
    views = catalogue.label("candidates.views", views=", ".join(catalogue.word(view) for view in group.views))
    level = catalogue.word(group.level)
    numbers = range(1, len(group.candidates) + 1)
    caption = label("candidates.caption", run=run, level=level, views=views)
    heads = (label("head.candidate"), *(str(n) for n in numbers), label("head.from_first"))
    rows = tuple(_candidate_row(group, index, sites, catalogue) for index in range(len(group.candidates)))
    return Table(caption, heads, (9, *(2 for _ in numbers), 10), rows)


def _candidate_row(
    group: CandidateGroup, index: int, sites: DiagnosticSites, catalogue: Catalogue
) -> tuple[Cell, ...]:
    candidate = group.candidates[index]
    named = Style.PLAIN if group.level is CandidateLevel.LINEAGE_SET else Style.ITALIC
    count = catalogue.label("candidates.individuals", count=str(candidate.individuals))
    shown = _name(candidate.name, group.level, catalogue)
    name = ((Span(f"{index + 1}  "), Span(shown, named), Span(f"  {count}")),)
    records = cell(listed(catalogue, candidate.members, RECORDS_SHOWN))
    cells = [cell(_share(group, index, other)) for other in range(len(group.candidates))]
    return (lines(name, records), *cells, _positions_cell(group, index, sites, catalogue))


def _share(group: CandidateGroup, row: int, column: int) -> str:
    """Of the positions that separate two candidates, with how many the sequence agrees as the row's has."""
    if row == column:
        return "–"
    pair = _pair(group, min(row, column), max(row, column))
    agreeing = pair.agree_first if row < column else pair.agree_second
    return f"{agreeing}/{pair.separating}"


def _pair(group: CandidateGroup, first: int, second: int) -> CandidatePair:
    names = group.candidates[first].name, group.candidates[second].name
    return next(pair for pair in group.pairs if (pair.first, pair.second) == names)


def _positions_cell(group: CandidateGroup, index: int, sites: DiagnosticSites, catalogue: Catalogue) -> Cell:
    """Positions that separate a candidate from the first one, by the candidate that the sequence agrees with."""
    if not index:
        return cell("–")
    first, other = group.candidates[0].letters or "", group.candidates[index].letters or ""
    found: dict[str, list[str]] = {}
    for place, (one, two) in enumerate(zip(first, other, strict=True)):
        if "." in (one, two) or one == two:
            continue
        letter = (sites.query or "")[place]
        key = "1" if letter == one else str(index + 1) if letter == two else ""
        found.setdefault(key, []).append(_position(sites, place))
    parts = []
    for key in ("1", str(index + 1), ""):
        if key in found:
            of = "candidates.agrees" if key else "candidates.agrees_neither"
            words = {"positions": listed(catalogue, found[key], POSITIONS_SHOWN)}
            parts.append(cell(catalogue.label(of, **(words | {"number": key} if key else words))))
    return lines(*parts) if parts else cell(catalogue.label("candidates.no_position"))


def _position(sites: DiagnosticSites, place: int) -> str:
    """A column, and in brackets its position in the mitochondrial genome where that has a letter."""
    column, inserted = sites.columns[place], sites.inserted[place]
    text = f"{column}+{inserted}" if inserted else str(column)
    return f"{text} ({sites.positions[place]})" if sites.positions[place] else text


def alignment_figure(result: SequenceResult, catalogue: Catalogue) -> Figure:
    """The sequence beside its references, separating columns marked where the record holds them."""
    label = catalogue.label
    picture = result.picture
    if picture is None:
        raise ValueError("a sequence without a picture has no alignment to draw")
    run = result.run.run_id
    counted = ", ".join(
        label("figure.alignment.count", accession=name, count=str(_differences(picture.query, row)))
        for name, row in zip(picture.accessions, picture.rows, strict=False)
    )
    alt = label("figure.alignment.alt", run=run, columns=str(len(picture.query)), differences=counted)
    sites, query = result.sites, label("figure.alignment.query", run=run)
    caption = label("figure.alignment.caption", run=run)
    if sites is None:
        words = AlignmentWords(alt, query)
        return Figure(draw_alignment(picture, words), alt, caption, alignment_view(picture, words))
    between, within = (
        frozenset(column - picture.first_column for column in columns)
        for columns in (sites.between_genera(), sites.within_genus())
    )
    words = AlignmentWords(
        alt, query, label("figure.alignment.between"), label("figure.alignment.within") if within else ""
    )
    marks = AlignmentMarks(between, within)
    return Figure(draw_alignment(picture, words, marks), alt, caption, alignment_view(picture, words, marks))


def _differences(query: str, row: str) -> int:
    return sum(a != b for a, b in zip(query, row, strict=False)) + abs(len(query) - len(row))


def tree_blocks(result: SequenceResult, catalogue: Catalogue) -> list[Block]:
    """The tree round a sequence with what it is and is not; none where the record holds none."""
    tree = result.tree
    if tree is None or Reason.HUMAN_DNA in result.reasons:
        return []
    label = catalogue.label
    run = result.run.run_id
    labels = [_tip_label(node, run, catalogue) for node in tree.nodes]
    nodes = [
        TreeNode(
            parent=node.parent,
            length=node.length,
            label=None if text is None else Line(text),
            is_target=node.is_query,
            support_percent=None if node.support_percent is None else int(node.support_percent),
        )
        for node, text in zip(tree.nodes, labels, strict=True)
    ]
    query = next(number for number, node in enumerate(tree.nodes) if node.is_query)
    tips = "; ".join(text for text in labels if text is not None)
    alt = label("figure.tree.alt", run=run, count=str(tree.tips), tips=tips)
    caption = label("figure.tree.caption", run=run, columns=str(tree.columns), outgroup=", ".join(tree.outgroup))
    svg = draw_tree(nodes, TreeWords(alt, label("library.scale")), query)
    return [Figure(svg, alt, caption), Paragraph(cell(_tree_words(tree, catalogue)), quiet=True)]


def _tree_words(tree: QueryTree, catalogue: Catalogue) -> str:
    words = [catalogue.label("figure.tree.how", replicates=str(tree.replicates))]
    if tree.columns < FEW_COLUMNS:
        words.append(catalogue.label("figure.tree.short", columns=str(tree.columns)))
    if any(node.names_open for node in tree.nodes):
        words.append(catalogue.label("figure.tree.names_open"))
    return " ".join(words)


def _tip_label(node: QueryTreeNode, run: str, catalogue: Catalogue) -> str | None:
    """Names with accessions, epithets of one genus behind its name; the query by its run; none of inner nodes."""
    if node.is_query:
        return catalogue.label("figure.alignment.query", run=run)
    if not node.accessions:
        return None
    names = [
        f"{genus} {', '.join(name.partition(' ')[2] or name for name in names)}"
        for genus, names in groupby(node.organisms, key=lambda name: name.partition(" ")[0])
    ]
    mark = "*" if node.names_open else ""
    own = "".join(f" [{catalogue.label('text.own_data', overlay=overlay)}]" for overlay in node.overlays)
    return f"{'; '.join(names)}{mark} · {', '.join(node.accessions)}{own}"
