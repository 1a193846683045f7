"""Simulated reads of an amplicon: errors as often as the qualities say, paired, in random order."""

from __future__ import annotations

import math
import random
from pathlib import Path

from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.primers import PRIMER_PAIRS

__all__ = ["RIAZ", "Sequencer", "amplicon", "made", "noisy_reads", "sequenced"]

RIAZ = PRIMER_PAIRS[0]
ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACAGATCGGAAGAGCGTCGTGTAGGGAAAGAGTG"


def made(seed: int, count: int, length: int = 106) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice("ACGT") for _ in range(length)) for _ in range(count)]


def amplicon(insert: str) -> str:
    forward = RIAZ.forward
    reverse = RIAZ.reverse.replace("Y", "C").replace("R", "A")
    return forward + insert + reverse_complement_text(reverse)


class Sequencer:
    """Reads with errors as often as their qualities say."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def read(self, template: str, length: int) -> tuple[str, str]:
        letters, quality = [], []
        for place, letter in enumerate((template + ADAPTER)[:length]):
            q = max(2, min(40, round(self.rng.gauss(36 - 0.05 * place, 3))))
            if self.rng.random() < 10 ** (-q / 10):
                letter = self.rng.choice([x for x in "ACGT" if x != letter])
            letters.append(letter)
            quality.append(chr(33 + q))
        return "".join(letters), "".join(quality)


def sequenced(tmp_path: Path, inserts: dict[str, int], seed: int = 1, length: int = 150) -> tuple[Path, Path]:
    """Paired files in random order; every second fragment is read from its other end."""
    machine = Sequencer(seed)
    entries = []
    for insert, count in inserts.items():
        for number in range(count):
            fragment = amplicon(insert)
            if number % 2:
                fragment = reverse_complement_text(fragment)
            entries.append(
                (machine.read(fragment, length), machine.read(reverse_complement_text(fragment), length))
            )
    machine.rng.shuffle(entries)
    paths = (tmp_path / "R1.fastq", tmp_path / "R2.fastq")
    for mate, path in enumerate(paths):
        path.write_text(
            "".join(f"@r{i} {mate + 1}:N\n{e[mate][0]}\n+\n{e[mate][1]}\n" for i, e in enumerate(entries))
        )
    return paths


def noisy_reads(
    path: Path,
    templates: dict[str, int],
    seed: int = 1,
    error: float = 0.04,
    primers: tuple[str, str] = ("", ""),
    adapter_bp: int = 40,
) -> Path:
    """Single long reads of templates in random order, on both strands, with adapters, primers and errors.

    A fifth of the errors are additional letters, two fifths lost ones, most of them in runs of one letter; the
    others are other letters. Qualities are those of the mean error.
    """
    rng = random.Random(seed)
    reads = []
    for template, count in templates.items():
        for number in range(count):
            own = primers[0] + template + (reverse_complement_text(primers[1]) if primers[1] else "")
            ends = [
                "".join(rng.choice("ACGT") for _ in range(rng.randint(adapter_bp // 2, adapter_bp))) for _ in "ab"
            ]
            text = ends[0] + own + ends[1] if adapter_bp else own
            if number % 2:
                text = reverse_complement_text(text)
            # Some reads are worse than others.
            reads.append(_with_errors(text, error * rng.uniform(0.4, 1.6), rng))
    rng.shuffle(reads)
    quality = chr(33 + max(3, round(-10 * math.log10(error))))
    path.write_text("".join(f"@r{i}\n{read}\n+\n{quality * len(read)}\n" for i, read in enumerate(reads)))
    return path


def _with_errors(text: str, error: float, rng: random.Random) -> str:
    letters = []
    for place, letter in enumerate(text):
        in_run = place >= 2 and text[place - 1] == letter == text[place - 2]
        drawn = rng.random()
        if drawn < error * (3 if in_run else 0.8) * 0.4:
            continue
        if drawn < error * 0.6:
            letters.append(letter if in_run else rng.choice("ACGT"))
            letters.append(letter)
        elif drawn < error:
            letters.append(rng.choice([x for x in "ACGT" if x != letter]))
        else:
            letters.append(letter)
    return "".join(letters)
