"""The hands that an item went through: a line from event to event, broken where holder or seal do not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musk_id.render.pictures.canvas import MONO, QUIET, Canvas, shortened

__all__ = ["CustodyStep", "draw_custody"]

DATE, LINE, TEXT = 0.0, 78.0, 92.0
TOP, STEP, FOOT = 12.0, 30.0, 14.0
MOVE_LENGTH, DETAIL_LENGTH = 92, 118
DASH = "2.5 3"


@dataclass(frozen=True, slots=True)
class CustodyStep:
    """An event: its date, who gave to whom, details; whether it ``follows`` from where the one before ended."""

    date: str
    moved: str
    details: str
    follows: bool = True


def draw_custody(steps: Sequence[CustodyStep], alt: str, gap: str) -> str:
    """SVG of the events of an item in their order.

    Parameters
    ----------
    steps : sequence of CustodyStep
        At least one.
    alt : str
        Text alternative.
    gap : str
        What a dashed line means; drawn where there is one.

    Raises
    ------
    ValueError
        If there is no step.
    """
    if not steps:
        raise ValueError("a custody without events cannot be drawn")
    canvas = Canvas(alt)
    for number, step in enumerate(steps):
        y = TOP + number * STEP
        if number:
            above, here = (LINE, y - STEP + 3.0), (LINE, y - 9.0)
            if step.follows:
                canvas.line(above, here, width=1.2)
            else:
                canvas.path([above, here], dashes=DASH, width=1.2)
        if not step.follows:
            # Also above the first event of a further picture.
            mark = y - STEP / 2 if number else y - 1.0
            canvas.text((LINE - 10.0, mark), "≠", size=10.0, anchor="middle", strong=True)
        canvas.dot((LINE, y - 3.0), 3.2)
        canvas.text((DATE, y), step.date, size=8.0, font=MONO)
        canvas.text((TEXT, y), shortened(step.moved, MOVE_LENGTH), size=9.0, strong=True)
        canvas.text((TEXT, y + 11.0), shortened(step.details, DETAIL_LENGTH), size=8.0, colour=QUIET)
    height = TOP + len(steps) * STEP
    if all(step.follows for step in steps):
        return canvas.svg(height - 8.0)
    canvas.path([(DATE, height - 3.0), (DATE + 18.0, height - 3.0)], dashes=DASH, width=1.2)
    canvas.text((DATE + 24.0, height), gap, size=8.0)
    return canvas.svg(height + FOOT - 8.0)
