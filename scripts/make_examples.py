"""Write the evidence files of ``examples/`` from published records.

Usage: ``python scripts/make_examples.py FACTS_FOLDER EXAMPLES_FOLDER``

The sequences are public records of individuals that the reference release does not hold. The spectra are
simulated: a published spectrum at unit mass, each intensity multiplied by seeded noise, ions below a cut-off left
out, and background ions of column bleed added. That of the reference substance is made from the same record as
the exhibit's. The photograph is drawn, and carries made-up
metadata with a position, as one of a camera does. The result is the same on every run with the same Pillow.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

csv.field_size_limit(10_000_000)

SEED = 20261124
LOW_MASS_CUT_OFF = 45
NOISE_SIGMA = 0.12
# Spectra of one sequence differ less from each other than from those of another laboratory.
SEQUENCE_NOISE_SIGMA = 0.04
COLUMN_BLEED = {73: 14, 147: 6, 207: 22, 281: 9}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def _sequence(rows: list[dict[str, str]], accession: str, window: str) -> str:
    for row in rows:
        if row["accession"] == accession and row["window"] == window:
            return row["sequence"]
    raise SystemExit(f"{accession} has no {window} in the panel")


def _fasta(path: Path, name: str, sequence: str) -> None:
    lines = [sequence[start : start + 60] for start in range(0, len(sequence), 60)]
    path.write_text(f">{name}\n" + "\n".join(lines) + "\n", encoding="ascii")


def _simulated_peaks(row: dict[str, str], seed: int, sigma: float = NOISE_SIGMA) -> list[tuple[int, int]]:
    """Unit-mass peaks (NIST rounding) with seeded log-normal noise and column bleed, largest 999."""
    generator = random.Random(seed)
    sums: dict[int, float] = {}
    for peak in row["peaks"].split():
        mz, intensity = peak.split(":")
        nominal = math.ceil(float(mz) - 0.649)
        if nominal >= LOW_MASS_CUT_OFF:
            sums[nominal] = sums.get(nominal, 0.0) + float(intensity)
    noisy = {mz: value * math.exp(generator.gauss(0.0, sigma)) for mz, value in sorted(sums.items())}
    for mz, value in COLUMN_BLEED.items():
        noisy[mz] = noisy.get(mz, 0.0) + value
    largest = max(noisy.values())
    scaled = {mz: round(999 * value / largest) for mz, value in sorted(noisy.items())}
    return [(mz, value) for mz, value in scaled.items() if value > 0]


def _jcamp(path: Path, title: str, peaks: list[tuple[int, int]]) -> None:
    lines = [
        f"##TITLE={title}",
        "##JCAMP-DX=5.00",
        "##DATA TYPE=MASS SPECTRUM",
        "##ORIGIN=Musk-ID demonstration, simulated data",
        "##OWNER=none",
        "##XUNITS=M/Z",
        "##YUNITS=RELATIVE ABUNDANCE",
        f"##NPOINTS={len(peaks)}",
        "##PEAK TABLE=(XY..XY)",
    ]
    lines += [" ".join(f"{mz},{value}" for mz, value in peaks[i : i + 8]) for i in range(0, len(peaks), 8)]
    path.write_text("\n".join([*lines, "##END="]) + "\n", encoding="ascii")


def _msp(path: Path, title: str, peaks: list[tuple[int, int]], *, keep: int | None = None) -> None:
    lines = [f"Name: {title}", "Comment: Musk-ID demonstration, simulated data", f"Num Peaks: {len(peaks)}"]
    lines += [f"{mz} {value}" for mz, value in peaks]
    text = "\n".join(lines) + "\n"
    path.write_text(text if keep is None else text[:keep], encoding="ascii")


def _photograph(path: Path) -> None:
    """A sewn pouch beside a scale, drawn with seeded hairs, with the word that it is simulated."""
    generator = random.Random(SEED + 2)
    image = Image.new("RGB", (960, 720), (206, 203, 196))
    pen = ImageDraw.Draw(image)
    pen.ellipse((250, 130, 710, 560), fill=(116, 88, 62))
    for _ in range(1600):
        angle, share = generator.uniform(0, 2 * math.pi), math.sqrt(generator.random())
        x, y = 480 + 225 * share * math.cos(angle), 345 + 210 * share * math.sin(angle)
        shade = generator.randint(-26, 26)
        end = (x + 16 * math.cos(angle), y + 16 * math.sin(angle))
        pen.line((x, y, *end), fill=(110 + shade, 84 + shade, 60 + shade), width=2)
    for step in range(15):
        x = 300 + 24 * step
        pen.line((x, 330, x + 14, 360), fill=(222, 214, 190), width=4)
    for step in range(11):
        colour = (20, 20, 20) if step % 2 else (245, 245, 245)
        pen.rectangle((250 + 40 * step, 610, 290 + 40 * step, 632), fill=colour, outline=(20, 20, 20))
    pen.text((250, 640), "11 cm", fill=(20, 20, 20), font=ImageFont.load_default(24))
    pen.text((60, 40), "SIMULATED: drawn by a script", fill=(150, 20, 20), font=ImageFont.load_default(44))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "No camera", "make_examples.py"
    exif[0x8825] = {1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (65.0, 43.0, 21.0), 29: "2026:03:05"}
    image.quantize(64, dither=Image.Dither.NONE).save(path, "PNG", exif=exif.tobytes())


def main() -> None:
    """Write every evidence file of the demonstration root."""
    facts, examples = Path(sys.argv[1]), Path(sys.argv[2])
    barcodes = _rows(facts / "barcode_panel.tsv")
    spectra = {row["accession"]: row for row in _rows(facts / "ei_panel.tsv")}
    cases = examples / "cases"
    note = "demonstration: public record"
    for case, run, accession, window in (
        ("DEMO-A", "A1-R1_12S-V5", "JQ409122", "12S-V5"),
        ("DEMO-A", "A1-R2_16S-mam", "JQ409122", "16S-mam"),
        ("DEMO-B", "B1-R1_12S-V5", "MK234705", "12S-V5"),
        ("DEMO-B", "B1-R2_16S-mam", "MK234705", "16S-mam"),
        ("DEMO-E", "E1-R1_12S-V5", "KC425457", "12S-V5"),
    ):
        _fasta(
            cases / case / f"{run}.fasta",
            f"{run} {note} {accession}",
            _sequence(barcodes, accession, window),
        )
    reverse = _sequence(barcodes, "KP684123", "16S-mam").translate(COMPLEMENT)[::-1]
    run = "E2-R1_16S-mam_reverse"
    _fasta(cases / "DEMO-E" / f"{run}.fasta", f"{run} {note} KP684123, reverse complement", reverse)
    piece = _sequence(barcodes, "KT337321", "12S-V5")[:52]
    masked = "".join("N" if index % 9 == 4 else letter for index, letter in enumerate(piece))
    _fasta(cases / "DEMO-D" / "D1-R1_short.fasta", "D1-R1 demonstration: cut piece of KT337321", masked)
    _photograph(cases / "DEMO-B" / "B1_photograph.png")
    batch = examples / "batches" / "DEMO-DNA-1"
    for window in ("12S-V5", "16S-mam"):
        _fasta(
            batch / f"positive_{window}.fasta",
            f"positive control {note} MK234705",
            _sequence(barcodes, "MK234705", window),
        )
    musk = _simulated_peaks(spectra["MSBNK-NILU-NL0014"], SEED)
    phthalate = _simulated_peaks(spectra["MSBNK-NILU-NL0047"], SEED + 1)
    standard = _simulated_peaks(spectra["MSBNK-NILU-NL0014"], SEED + 2, SEQUENCE_NOISE_SIGMA)
    _msp(examples / "batches" / "DEMO-CHEM-1" / "standard.msp", "Galaxolide, reference (simulated)", standard)
    peak = _simulated_peaks(spectra["MSBNK-NILU-NL0014"], SEED + 3, SEQUENCE_NOISE_SIGMA)
    _jcamp(cases / "DEMO-C" / "C1-R1_peak1.jdx", "C1-R1 peak 1 (simulated)", peak)
    _msp(cases / "DEMO-C" / "C1-R2_peak2.msp", "C1-R2 peak 2 (simulated)", phthalate)
    _msp(cases / "DEMO-D" / "D1-R2_cut-off.msp", "D1-R2 (cut off)", musk, keep=300)


if __name__ == "__main__":
    main()
