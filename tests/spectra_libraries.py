"""Small libraries of spectra, written and built in a folder of a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from library_sources import RELEASE

from musk_id.model.library import Library
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.refdb.release import load_release

ETHANOL = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
Peaks = Mapping[float, float]


@cache
def anchors() -> ReferenceRelease:
    """The release that ships."""
    return load_release(RELEASE)


def msp(accession: str | None, peaks: Peaks, **fields: str) -> str:
    """An MSP record of ethanol at 70 eV; fields replace or add (underscores stay), empty ones are left out."""
    known = {
        "Name": accession or "nameless",
        "DB#": accession or "",
        "InChIKey": ETHANOL,
        "Formula": "C2H6O",
        "ExactMass": "46.04186",
        "Instrument_type": "EI-B",
        "Ionization_energy": "70 eV",
        "License": "CC BY",
        "Authors": "A. Person",
    } | fields
    head = "".join(f"{key}: {value}\n" for key, value in known.items() if value)
    rows = "".join(f"{mz} {intensity}\n" for mz, intensity in peaks.items())
    return f"{head}Num Peaks: {len(peaks)}\n{rows}\n"


def sources(folder: Path, extra: str = "", inputs: Iterable[str] = ("one.msp",)) -> Path:
    """``library.toml`` that names the inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    head = 'library_id = "spectra-1"\ndate = "2026-11-25"\ntitle = "Spectra of a test"\n'
    tables = "".join(
        f'[[spectra]]\npath = "{name}"\nsource = "a test"\nlicence = "CC0"\nredistribute = true\n{extra}'
        for name in inputs
    )
    (folder / "library.toml").write_text(head + tables)
    return folder


def build(folder: Path, text: str, extra: str = "", curation: str = "") -> Path:
    """Folder of the library built from one MSP file."""
    sources(folder, extra)
    (folder / "one.msp").write_text(text)
    if curation:
        head = "accession\tlocus\tstate\trevised_names\tperson\tdate\treason\n"
        (folder / "curation.tsv").write_text(head + curation)
    return build_library(folder, folder, folder / "out", anchors(), BARCODE_METHODS[-1])


def built(folder: Path, text: str, extra: str = "") -> Library:
    """The library built from one MSP file, loaded."""
    return load_library(build(folder, text, extra))
