"""A step of the usual way: compare one spectrum with matchms, or write one page from tables of hits."""

from __future__ import annotations

import html
import sys
from pathlib import Path


def spectrum(query: str, library: str, output: str) -> None:
    """Cosine scores of a spectrum against a library, the best 50."""
    from matchms.importing import load_from_msp
    from matchms.similarity import CosineGreedy

    asked = next(load_from_msp(query))
    similarity = CosineGreedy(tolerance=0.5)
    rows = []
    for reference in load_from_msp(library):
        score = similarity.pair(reference, asked)
        rows.append((float(score["score"]), int(score["matches"]), str(reference.get("compound_name"))))
    rows.sort(reverse=True)
    Path(output).write_text("".join(f"{n}\t{m}\t{s:.4f}\n" for s, m, n in rows[:50]), encoding="utf-8")


def report(*paths: str) -> None:
    """A page with the tables."""
    parts = [f"<pre>{html.escape(Path(path).read_text(encoding='utf-8'))}</pre>" for path in paths[:-1]]
    Path(paths[-1]).write_text(f"<!DOCTYPE html><title>hits</title>{''.join(parts)}", encoding="utf-8")


if __name__ == "__main__":
    {"spectrum": spectrum, "report": report}[sys.argv[1]](*sys.argv[2:])
