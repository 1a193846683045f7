"""What a reader with a screen reader, a keyboard or weak eyes needs of a page, as far as its markup shows it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["access_faults", "contrast", "style_contrasts"]

VOID = {"meta", "br", "link", "img", "input", "hr", "circle", "line", "rect", "polyline", "polygon", "path"}
LEAST_CONTRAST = 4.5
HEADING = re.compile(r"h[1-6]")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self._level = 0
        self._open: list[str] = []
        self._tops = 0
        self._heads = 0
        self._named: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if "id" in held:
            self.ids.append(held["id"])
        if tag == "html" and not held.get("lang"):
            self.faults.append("page without a language")
        if HEADING.fullmatch(tag):
            level = int(tag[1])
            self._tops += level == 1
            if level > self._level + 1:
                self.faults.append(f"heading of level {level} after level {self._level}")
            self._level = level
        if tag == "svg" and (held.get("role") != "img" or not held.get("aria-label", "").strip()):
            self.faults.append("picture without a text alternative")
        if tag == "img" and not held.get("alt", "").strip():
            self.faults.append("picture without a text alternative")
        if tag == "table":
            self._heads = 0
        if tag == "th":
            self._heads += 1
            if held.get("scope") not in ("col", "row"):
                self.faults.append("head of a table without scope")
        if held.get("tabindex") == "0" and tag == "div" and not (held.get("role") and held.get("aria-label")):
            self.faults.append("a part that takes the keyboard has no name")
        if held.get("tabindex", "0") not in ("0", "-1"):
            self.faults.append("an order of the keyboard of its own")
        if tag == "a" and held.get("href", "").startswith("#"):
            self.targets.append(held["href"][1:])
        if any(name.startswith("on") or name == "style" for name in held):
            self.faults.append(f"{tag} with a handler or a style of its own")
        if tag in ("th", "a", "button", "h1", "h2", "h3", "h4", "caption", "title"):
            self._named.append((tag, ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_data(self, data: str) -> None:
        self._named = [(tag, text + data) for tag, text in self._named]

    def handle_endtag(self, tag: str) -> None:
        if self._named and self._named[-1][0] == tag:
            _, text = self._named.pop()
            if not text.strip():
                self.faults.append(f"{tag} without text")
        if tag == "table" and not self._heads:
            self.faults.append("table without heads")
        if tag in self._open:
            while self._open.pop() != tag:
                self.faults.append(f"{tag} closes over an open element")

    def close(self) -> None:
        super().close()
        if self._tops != 1:
            self.faults.append(f"{self._tops} headings of the first level")
        self.faults += [
            f"two parts are called {name}" for name in sorted({n for n in self.ids if self.ids.count(n) > 1})
        ]
        self.faults += [f"a link leads nowhere: {name}" for name in self.targets if name not in self.ids]
        self.faults += [f"{tag} stays open" for tag in self._open]


def access_faults(page: str) -> list[str]:
    """Faults of a page in words: order of headings, pictures without words, heads without scope, dead links."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.faults


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast of two colours (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def style_contrasts(style: str) -> dict[str, float]:
    """Every colour of text of a style sheet with its lowest contrast to the backgrounds that the sheet names."""
    texts = set(re.findall(r"(?<![-\w])color:\s*(#[0-9a-fA-F]{3,6})", style))
    grounds = set(re.findall(r"background:\s*(#[0-9a-fA-F]{3,6})", style)) | {"#ffffff"}
    return {text: min(contrast(text, ground) for ground in grounds) for text in texts}
