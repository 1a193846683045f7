"""A sheet to draw on: SVG elements with fixed number formats, the bundled fonts and escaped text."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from musk_id.render.glyphs import Medium, drawable

__all__ = ["ACCENT", "INK", "MONO", "PALE", "QUIET", "SERIF", "WIDTH", "Canvas", "shortened"]

INK = "#1a1a1a"
QUIET = "#5f5f5f"
PALE = "#e9ecef"
ACCENT = "#1f4e79"

MONO = "DejaVu Sans Mono, monospace"
SERIF = "Libertinus Serif, serif"

WIDTH = 680.0


def shortened(text: str, length: int) -> str:
    """The text, or its beginning with an ellipsis where it is longer than ``length`` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _number(value: float) -> str:
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


class Canvas:
    """Collects elements; :meth:`svg` gives the whole picture.

    Parameters
    ----------
    alt : str
        Text alternative; it becomes the picture's title.
    """

    def __init__(self, alt: str) -> None:
        self._alt = alt
        self._elements: list[str] = []

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *, colour: str = INK, width: float = 1.0
    ) -> None:
        """A straight line between two points."""
        (x1, y1), (x2, y2) = start, end
        self._elements.append(
            f'<line x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}" '
            f'stroke="{colour}" stroke-width="{_number(width)}"/>'
        )

    def path(
        self,
        points: list[tuple[float, float]],
        *,
        dashes: str = "",
        colour: str = INK,
        width: float = 1.0,
    ) -> None:
        """A line through points; ``dashes`` are lengths of strokes and gaps in turn."""
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._elements.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{_number(width)}"{pattern}/>'
        )

    def box(
        self,
        corner: tuple[float, float],
        size: tuple[float, float],
        *,
        fill: str = "none",
        colour: str = INK,
        width: float = 0.8,
    ) -> None:
        """A rectangle from its upper left corner."""
        self._elements.append(
            f'<rect x="{_number(corner[0])}" y="{_number(corner[1])}" width="{_number(size[0])}" '
            f'height="{_number(size[1])}" fill="{fill}" stroke="{colour}" stroke-width="{_number(width)}"/>'
        )

    def triangle(self, tip: tuple[float, float], size: float) -> None:
        """A filled triangle that points down."""
        x, y = tip
        points = [(x - size / 2, y - size), (x + size / 2, y - size), (x, y)]
        text = " ".join(f"{_number(a)},{_number(b)}" for a, b in points)
        self._elements.append(f'<polygon points="{text}" fill="{INK}"/>')

    def diamond(self, centre: tuple[float, float], size: float) -> None:
        """An open square on its corner."""
        x, y = centre
        half = size / 2
        points = [(x, y - half), (x + half, y), (x, y + half), (x - half, y)]
        text = " ".join(f"{_number(a)},{_number(b)}" for a, b in points)
        self._elements.append(f'<polygon points="{text}" fill="none" stroke="{INK}" stroke-width="0.8"/>')

    def dot(self, centre: tuple[float, float], radius: float) -> None:
        """A filled circle."""
        self._elements.append(
            f'<circle cx="{_number(centre[0])}" cy="{_number(centre[1])}" r="{_number(radius)}" fill="{INK}"/>'
        )

    def text(
        self,
        at: tuple[float, float],
        text: str,
        *,
        size: float = 9.0,
        font: str = SERIF,
        anchor: str = "start",
        colour: str = INK,
        strong: bool = False,
    ) -> None:
        """One line of text, its base line at ``at``."""
        weight = ' font-weight="bold"' if strong else ""
        self._elements.append(
            f'<text x="{_number(at[0])}" y="{_number(at[1])}" font-family={quoteattr(font)} '
            f'font-size="{_number(size)}" text-anchor="{anchor}" fill="{colour}"{weight}>{_safe(text)}</text>'
        )

    def letters(self, xs: list[float], y: float, letters: str, *, size: float, colour: str = INK) -> None:
        """Single letters, each centred on its own x, whatever font the viewer has.

        Letters beyond printable ASCII are drawn as ``?``: only sequences are drawn this way.
        """
        pairs = [(x, c if 33 <= ord(c) < 127 else "?") for x, c in zip(xs, letters, strict=True) if c != " "]
        if not pairs:
            return
        # Half a letter to the left of the middle: the bundled font is 0.602 em wide.
        places = " ".join(_number(x - 0.301 * size) for x, _ in pairs)
        drawn = escape("".join(c for _, c in pairs))
        self._elements.append(
            f'<text x="{places}" y="{_number(y)}" font-family={quoteattr(MONO)} '
            f'font-size="{_number(size)}" fill="{colour}">{drawn}</text>'
        )

    def svg(self, height: float) -> str:
        """The picture, 680 units wide and ``height`` units high."""
        size = f"{_number(WIDTH)} {_number(height)}"
        label = quoteattr(drawable(self._alt, Medium.PDF).replace("\n", " "))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-label={label}>'
            f"<title>{_safe(self._alt)}</title>{''.join(self._elements)}</svg>"
        )


def _safe(text: str) -> str:
    return escape(drawable(text, Medium.PDF).replace("\n", " "))
