"""Texts that need no look at each letter are drawn as those that do."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from musk_id.render.glyphs import _PLAIN, Medium, _browser_text, drawable


@example("x\u0301\u0301\u0301")
@given(st.text() | st.text("aя麝\u0301\u200b\u2028\u202e\n\r⟨ ", max_size=12))
def test_the_short_way_is_the_long_way(text: str) -> None:
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    assert drawable(text, Medium.HTML) == "".join(_browser_text(normal))
    # One letter more that is drawn as a code keeps the rest from the short way.
    assert drawable(f"\ue000\n{text}", Medium.PDF)[9:] == drawable(f"\n{text}", Medium.PDF)[1:]


def test_plain_letters_are_drawn_as_they_are() -> None:
    for letter in _PLAIN:
        assert _browser_text(letter) == [letter]
        assert _browser_text(f"e\u0301\u0302{letter}")[-1] == letter
