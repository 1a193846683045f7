"""Libraries of spectra that many laboratories measured, and spectra that ask them."""

from __future__ import annotations

import numpy as np
from spectra_libraries import msp

from musk_id.kernels.formula import monoisotopic_mass
from musk_id.model.calibration import CalibratedLibrary
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.model.spectral_calibration import FittedProbability, NamingErrors, Reliability, SpectralCalibration
from musk_id.model.values import DecimalText, IsoDate, Line, Sha256, Text

COMPOUNDS, AUTHORS = 12, 4

CALIBRATION = SpectralCalibration(
    schema=Line(SpectralCalibration.SCHEMA),
    software_version=Line("0"),
    method=RANKING_METHODS[-1].version,
    library=CalibratedLibrary(
        library_id=Line("a"),
        title=Line("A test"),
        date=IsoDate("2026-01-01"),
        anchors_release=Line("2026.1"),
        manifest_sha256=Sha256("0" * 64),
        inputs=(),
    ),
    note=Text("A test."),
    spectra=4,
    compounds=3,
    searches=200,
    laboratories=5,
    refused=None,
    first=150,
    among_ten=190,
    probability=FittedProbability(
        intercept=DecimalText("-3.0"),
        per_score=DecimalText("0.1"),
        per_log_lead=DecimalText("1.0"),
        least_probability=DecimalText("0.6"),
    ),
    brier=DecimalText("0.16"),
    brier_constant=DecimalText("0.24"),
    naming=(
        NamingErrors(
            absent_share=DecimalText("0.05"),
            searches=200,
            right=120,
            right_lower=DecimalText("0.5398"),
            wrong=2,
            wrong_upper=DecimalText("0.0312"),
            none=78,
            absent_named=10,
            absent_named_upper=DecimalText("0.0834"),
        ),
    ),
    reliability=(
        Reliability(
            low=DecimalText("0.9"),
            high=DecimalText("1.0"),
            searches=40,
            right=38,
            mean_probability=DecimalText("0.9500"),
        ),
    ),
)

"""A made calibration: a name from a probability of 0.6 on."""


def records(compounds: int = COMPOUNDS, authors: int = AUTHORS, *, isomers: bool = True, **fields: str) -> str:
    """Each compound measured by each author: peaks of the compound with the author's own noise.

    Two compounds each share a formula, or none do.
    """
    draw = np.random.default_rng(5)
    # All have the same ions, below all of their masses: only intensities tell them apart.
    mz = np.sort(draw.choice(np.arange(40, 130), 14, replace=False))
    text = ""
    for compound in range(compounds):
        carbons = 10 + (compound // 2 if isomers else compound)
        formula = f"C{carbons}H{2 * carbons + 2}"
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
