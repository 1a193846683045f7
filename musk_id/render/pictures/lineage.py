"""The way of an item through the laboratory: item, sub-samples, extracts, products, runs."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.render.pictures.canvas import ACCENT, INK, MONO, PALE, QUIET, Canvas, shortened

__all__ = ["LEAVES_A_PICTURE", "Node", "draw_lineage", "parted"]

BOX_WIDTH, BOX_HEIGHT = 120.0, 28.0
COLUMN_STEP = 139.0
ROW_STEP = 36.0
HEAD_HEIGHT = 20.0
ID_LENGTH, NOTE_LENGTH = 19, 24
LEAVES_A_PICTURE = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the tree: its id, a short remark below it, what was made from it."""

    name: str
    note: str
    children: tuple[Node, ...] = ()

    def leaves(self) -> int:
        """Rows that the node takes."""
        return sum(child.leaves() for child in self.children) or 1


def parted(node: Node) -> tuple[Node, ...]:
    """The tree in parts of at most sixteen rows, each with the boxes above its rows."""
    kept: list[tuple[Node, ...]] = []
    paths = _paths(node, ())
    for start in range(0, len(paths), LEAVES_A_PICTURE):
        kept.append(_joined(paths[start : start + LEAVES_A_PICTURE], 0))
    return tuple(roots[0] for roots in kept)


def _paths(node: Node, above: tuple[Node, ...]) -> list[tuple[Node, ...]]:
    here = (*above, node)
    return [path for child in node.children for path in _paths(child, here)] or [here]


def _joined(paths: list[tuple[Node, ...]], level: int) -> tuple[Node, ...]:
    """Nodes of one level with what hangs below them, from paths in order."""
    nodes: list[Node] = []
    start = 0
    while start < len(paths):
        node = paths[start][level]
        end = start
        while end < len(paths) and paths[end][level] is node:
            end += 1
        below = [path for path in paths[start:end] if len(path) > level + 1]
        nodes.append(Node(node.name, node.note, _joined(below, level + 1)))
        start = end
    return tuple(nodes)


def draw_lineage(root: Node, heads: tuple[str, ...], alt: str) -> str:
    """SVG of a tree; ``heads`` name its columns from the item to the run."""
    canvas = Canvas(alt)
    for level, head in enumerate(heads):
        canvas.text((level * COLUMN_STEP, 11.0), head, size=9.0, colour=QUIET)
    _draw(canvas, root, 0, HEAD_HEIGHT)
    return canvas.svg(HEAD_HEIGHT + root.leaves() * ROW_STEP)


def _draw(canvas: Canvas, node: Node, level: int, top: float) -> None:
    left = level * COLUMN_STEP
    fill = PALE if level == 0 else "none"
    canvas.box((left + 0.5, top), (BOX_WIDTH, BOX_HEIGHT), fill=fill, colour=ACCENT)
    canvas.text((left + 5.0, top + 12.0), shortened(node.name, ID_LENGTH), size=8.5, font=MONO)
    canvas.text((left + 5.0, top + 23.0), shortened(node.note, NOTE_LENGTH), size=8.5, colour=QUIET)
    y = top
    middle = BOX_HEIGHT / 2
    for child in node.children:
        bend = left + BOX_WIDTH + (COLUMN_STEP - BOX_WIDTH) / 2
        canvas.line((left + BOX_WIDTH + 0.5, top + middle), (bend, top + middle), colour=INK, width=0.7)
        canvas.line((bend, top + middle), (bend, y + middle), colour=INK, width=0.7)
        canvas.line((bend, y + middle), (left + COLUMN_STEP + 0.5, y + middle), colour=INK, width=0.7)
        _draw(canvas, child, level + 1, y)
        y += child.leaves() * ROW_STEP
