"""Small libraries whose distances can be counted by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from musk_id.library_vocabulary import DistanceKind
from musk_id.model.calibration import Calibration, DistanceFigures, WindowCalibration
from musk_id.model.methods import BARCODE_METHODS, EVIDENCE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.calibrate import calibrate_library
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.refdb.release import load_release
from musk_id.vocabulary import Locus

RELEASE = Path(__file__).resolve().parents[1] / "reference_db" / "releases" / "2026.1"
_OTHER = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Case:
    """A record: accession, species, letters."""

    accession: str
    species: str
    letters: str


def release() -> ReferenceRelease:
    return load_release(RELEASE)


def base(locus: Locus) -> str:
    """Letters of one record of the release."""
    return next(r.sequence for r in release().barcodes_at(locus) if r.accession == "NC_012694.1")


def changed(letters: str, places: range | tuple[int, ...]) -> str:
    """Letters with the bases at some places replaced by others."""
    found = list(letters)
    for place in places:
        found[place] = found[place].translate(_OTHER)
    return "".join(found)


def write_sources(
    folder: Path, inputs: dict[str, tuple[list[Case], bool]], locus: Locus, curation: str = ""
) -> None:
    """Sources of a library: one FASTA file with its table of names for each input, collapsed or not."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = ['library_id = "small"', 'date = "2026-11-25"', 'title = "Small"']
    for name, (cases, collapsed) in inputs.items():
        fasta = "".join(f">{case.accession}|x\n{case.letters}\n" for case in cases)
        rows = "".join(f"{case.accession}\t{case.species}\tFamilidae\tOrdo\n" for case in cases)
        (folder / f"{name}.fasta").write_text(fasta, encoding="ascii")
        (folder / f"{name}.tsv").write_text("accession\tspecies\tfamily\torder\n" + rows, encoding="ascii")
        parts += [
            "[[sequences]]",
            f'path = "{name}.fasta"',
            f'taxonomy = "{name}.tsv"',
            f'loci = ["{locus.value}"]',
            'source = "made for a test"',
            'licence = "CC0"',
            "redistribute = true",
        ]
        parts += ["collapsed = true"] if collapsed else []
    (folder / "library.toml").write_text("\n".join(parts) + "\n", encoding="ascii")
    if curation:
        head = "accession\tlocus\tstate\trevised_names\tperson\tdate\treason\n"
        (folder / "curation.tsv").write_text(head + curation, encoding="ascii")


def calibrated(
    folder: Path, inputs: dict[str, tuple[list[Case], bool]], locus: Locus, curation: str = "", panel: bool = False
) -> Calibration:
    """Calibration of a library that is built from some cases."""
    write_sources(folder / "sources", inputs, locus, curation)
    shipped = release()
    built = build_library(folder / "sources", folder / "sources", folder / "built", shipped, BARCODE_METHODS[-1])
    library = load_library(built)
    return calibrate_library(library, built, BARCODE_METHODS[-1], EVIDENCE_METHODS[-1], shipped if panel else None)


def figures(window: WindowCalibration, kind: DistanceKind) -> DistanceFigures:
    return next(entry for entry in window.distances if entry.kind is kind)
