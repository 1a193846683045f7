"""A tree as a picture: depths to scale, labels at the tips, support at inner nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musk_id.model.library_report import TreeNode
from musk_id.render.pictures.canvas import INK, PALE, QUIET, WIDTH, Canvas, shortened

__all__ = ["TreeWords", "draw_tree"]

ROW_STEP = 12.0
TOP = 14.0
TREE_WIDTH = 380.0
LETTER_WIDTH = 4.1
STRONG_LETTER_WIDTH = 4.6
MIN_SUPPORT = 50
SCALES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class TreeWords:
    """Text alternative, and the remark beside the scale."""

    alt: str
    scale: str


def draw_tree(nodes: Sequence[TreeNode], words: TreeWords, query: int | None = None) -> str:
    """SVG of a tree; labels of the genus of interest are strong, bootstrap shares below half are left out.

    Parameters
    ----------
    nodes : sequence of TreeNode
        Nodes in pre-order; branches of less than no length are drawn without one.
    query : int, optional
        Node of the sequence that the tree is drawn round: it gets a frame and a dot.
    """
    depths = _depths(nodes)
    rows = _rows(nodes)
    scale = TREE_WIDTH / max(max(depths), 1e-6)
    canvas = Canvas(words.alt)
    xs = [2.0 + depth * scale for depth in depths]
    ys = [TOP + row * ROW_STEP for row in rows]
    for number, node in enumerate(nodes):
        if node.parent is not None:
            canvas.line((xs[node.parent], ys[number]), (xs[number], ys[number]), width=0.8)
            canvas.line((xs[node.parent], ys[node.parent]), (xs[node.parent], ys[number]), width=0.8)
        if node.label is not None:
            x = xs[number] + 4.0
            letter = STRONG_LETTER_WIDTH if node.is_target else LETTER_WIDTH
            text = shortened(node.label, int((WIDTH - x - 6.0) / letter))
            if number == query:
                canvas.dot((xs[number], ys[number]), 2.4)
                canvas.box((x, ys[number] - 5.5), (len(text) * letter + 6.0, 11.0), fill=PALE)
                x += 3.0
            canvas.text((x, ys[number] + 3.0), text, size=8.0, strong=node.is_target)
        elif node.support_percent is not None and node.support_percent >= MIN_SUPPORT:
            at = (xs[number] - 2.0, ys[number] - 2.0)
            canvas.text(at, str(node.support_percent), size=6.5, colour=QUIET, anchor="end")
    height = TOP + (max(rows) + 1) * ROW_STEP
    _scale_bar(canvas, scale, height, words)
    return canvas.svg(height + 26.0)


def _depths(nodes: Sequence[TreeNode]) -> list[float]:
    depths: list[float] = []
    for node in nodes:
        above = 0.0 if node.parent is None else depths[node.parent]
        depths.append(above + max(float(node.length), 0.0))
    return depths


def _rows(nodes: Sequence[TreeNode]) -> list[float]:
    """Row of each node: tips one below the other, inner nodes between their first and last child."""
    children: dict[int, list[int]] = {}
    for number, node in enumerate(nodes):
        if node.parent is not None:
            children.setdefault(node.parent, []).append(number)
    rows = [0.0] * len(nodes)
    tips = [number for number, node in enumerate(nodes) if node.label is not None]
    for row, number in enumerate(tips):
        rows[number] = float(row)
    # In pre-order children stand after their parent: backwards, they are done before it.
    for number in reversed(range(len(nodes))):
        if number in children:
            rows[number] = (rows[children[number][0]] + rows[children[number][-1]]) / 2
    return rows


def _scale_bar(canvas: Canvas, scale: float, top: float, words: TreeWords) -> None:
    length = max((s for s in SCALES if s * scale <= TREE_WIDTH / 3), default=SCALES[0])
    canvas.line((2.0, top + 8.0), (2.0 + length * scale, top + 8.0), colour=INK, width=1.2)
    canvas.text((2.0, top + 19.0), f"{length * 100:g} % {words.scale}", size=7.5, colour=QUIET)
