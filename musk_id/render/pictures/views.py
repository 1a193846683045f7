"""What the viewers of the HTML are given of a picture: data as JSON text, with every text drawable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from musk_id.model.barcode import AlignmentPicture
from musk_id.model.spectra import Peak
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.pictures.alignment import AlignmentMarks, AlignmentWords, marks_of, reference_rows
from musk_id.render.pictures.chromatogram import ChromatogramWords, PeakMark
from musk_id.render.pictures.mirror import MirrorWords

__all__ = ["alignment_view", "chromatogram_view", "spectrum_view"]


def _json(tree: dict[str, object]) -> str:
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _drawn(text: str) -> str:
    return drawable(text, Medium.HTML).replace("\n", " ")


def spectrum_view(query: Iterable[Peak], library: Iterable[Peak], words: MirrorWords) -> str:
    """Peaks of two spectra, m/z with intensity (base peak 999), and the words of the plot."""
    return _json(
        {
            "kind": "spectrum",
            "query": [[peak.mz, peak.intensity] for peak in query],
            "library": [[peak.mz, peak.intensity] for peak in library],
            "upper": _drawn(words.query),
            "lower": _drawn(words.library),
            "unit": _drawn(words.mz),
            "intensity": _drawn(words.intensity),
        }
    )


def chromatogram_view(
    points: Sequence[tuple[float, float]], marks: Sequence[PeakMark], words: ChromatogramWords
) -> str:
    """Scans of a run, time in minutes with percentage of the largest, and its marked peaks."""
    peaks = [
        {"from": mark.first, "to": mark.last, "at": mark.top, "text": _drawn(f"{number} {mark.text}")}
        for number, mark in enumerate(marks, 1)
    ]
    return _json(
        {"kind": "trace", "points": [list(p) for p in points], "peaks": peaks, "unit": _drawn(words.time)}
    )


def alignment_view(picture: AlignmentPicture, words: AlignmentWords, marks: AlignmentMarks | None = None) -> str:
    """Query and references as they are drawn, in all columns; marked columns count from 0."""
    marks = marks or marks_of(picture)
    rows = [(words.query, str(picture.query)), *reference_rows(picture)]
    return _json(
        {
            "kind": "alignment",
            "rows": [{"name": _drawn(name), "letters": _letters(letters)} for name, letters in rows],
            "first": picture.first_column,
            "between": sorted(marks.between_genera),
            "within": sorted(marks.within_genus),
            "between_text": _drawn(words.between_genera),
            "within_text": _drawn(words.within_genus),
        }
    )


def _letters(letters: str) -> str:
    """One printable letter a column, as the picture draws them."""
    return "".join(c if 33 <= ord(c) < 127 else "?" for c in letters)
