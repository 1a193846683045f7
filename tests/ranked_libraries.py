"""Libraries of spectra that many laboratories measured, and spectra that ask them."""

from __future__ import annotations

import numpy as np
from spectra_libraries import msp

from musk_id.kernels.formula import monoisotopic_mass

COMPOUNDS, AUTHORS = 12, 4


def records(compounds: int = COMPOUNDS, authors: int = AUTHORS, **fields: str) -> str:
    """Each compound measured by each author: peaks of the compound with the author's own noise."""
    draw = np.random.default_rng(5)
    # All have the same ions, below all of their masses: only intensities tell them apart.
    mz = np.sort(draw.choice(np.arange(40, 130), 14, replace=False))
    text = ""
    for compound in range(compounds):
        formula = f"C{10 + compound // 2}H{22 + compound // 2 * 2}"
        height = draw.lognormal(0.0, 0.7, 14)
        for author in range(authors):
            noisy = height * draw.lognormal(0.0, 0.5, 14)
            peaks = {float(m): round(float(h), 3) + 0.001 for m, h in zip(mz, noisy, strict=True)}
            known = {
                "InChIKey": f"{'ABCDEFGHIJKL'[compound] * 14}-UHFFFAOYSA-N",
                "Formula": formula,
                "ExactMass": str(monoisotopic_mass(formula)),
                "Authors": f"Person {author}",
            }
            text += msp(f"X{compound:02d}{author}", peaks, **{**known, **fields})
    return text


def asking() -> str:
    """Spectra that ask: one with the ions of the first records in other ratios, and ever less like them."""
    first = records(1, 1).split("Num Peaks: 14\n")[1].split()
    mz, height = np.array(first[::2], float), np.array(first[1::2], float)
    text = ""
    for number, noise in enumerate((0.05, 0.2, 0.5, 1.0, 2.0)):
        other = height * np.random.default_rng(number).lognormal(0.0, noise, mz.size)
        rows = "".join(f"{m:.0f} {h:.4f}\n" for m, h in zip(mz, other, strict=True))
        text += f"Name: asked {number}\nNum Peaks: {mz.size}\n{rows}\n"
    return text
