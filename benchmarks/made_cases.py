"""Laboratory roots with many cases, made from real records: two barcodes and one EI spectrum a case.

Sequences and spectra are those of the public sets beside the project where these are there, else those of the
examples. Each case is another one: bases are changed with a seed. Nothing is measured; every run says so.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "examples"
REFDATA = PROJECT.parent / "shared" / "refdata"
CASES_PER_BATCH = 20
_AMPLICONS = {
    "12S-V5": "sequences/screenforbio2023/mammal_12S-V5_amplicon_2023.fasta.gz",
    "16S-mam": "sequences/screenforbio2023/mammal_16S_amplicon_2023.fasta.gz",
}
_SPECTRA = "spectra/massbank/massbank_ei.msp.gz"
_SIMULATED = "A public record, with bases changed by a seed, stands for the exhibit; nothing was measured."


def _fasta(text: str) -> list[str]:
    return ["".join(block.split("\n")[1:]).upper() for block in text.split(">")[1:]]


def _sequences(locus: str) -> tuple[list[str], list[str]]:
    """Sequences of the examples, among them of *Moschus*, and of many mammals."""
    own = [s for p in sorted(EXAMPLES.glob(f"cases/*/*{locus}*.fasta")) for s in _fasta(p.read_text("ascii"))]
    path = REFDATA / _AMPLICONS[locus]
    return own, _fasta(gzip.decompress(path.read_bytes()).decode("ascii")) if path.is_file() else own


def _spectra(limit: int) -> list[str]:
    """Blocks of MSP text."""
    path = REFDATA / _SPECTRA
    if path.is_file():
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        blocks = [block for block in text.split("\n\n") if block.strip()]
        return blocks[:: max(1, len(blocks) // limit)]
    return [next(EXAMPLES.glob("cases/*/*.msp")).read_text("utf-8")]


def _changed(sequence: str, chance: random.Random) -> str:
    letters = list(sequence)
    for _ in range(chance.randrange(3)):
        letters[chance.randrange(len(letters))] = chance.choice("ACGT")
    return "".join(letters)


def make_root(root: Path, cases: int, *, languages: str = "[en]", first: int = 0, seed: int = 1) -> list[str]:
    """Write a laboratory root with cases ``K<number>`` and their batches; returns the ids of the cases.

    Parameters
    ----------
    first : int
        Number of the first case: a root can be filled in lots.
    """
    sequences = {locus: _sequences(locus) for locus in _AMPLICONS}
    spectra = _spectra(500)
    root.mkdir(parents=True, exist_ok=True)
    laboratory = (EXAMPLES / "laboratory.yaml").read_text(encoding="utf-8")
    (root / "laboratory.yaml").write_text(
        laboratory.replace("languages: [en, ru]", f"languages: {languages}"), encoding="utf-8"
    )
    made = []
    for number in range(first, first + cases):
        chance = random.Random(f"{seed}-{number}")  # noqa: S311 - made data, no secret
        case = f"K{number:05d}"
        # Every third case is like one of the examples.
        pick = min(number % 3, 1)
        chosen = {locus: _changed(chance.choice(found[pick]), chance) for locus, found in sequences.items()}
        _write_case(root / "cases" / case, case, chosen, chance.choice(spectra), number // CASES_PER_BATCH)
        made.append(case)
    for batch in range(first // CASES_PER_BATCH, (first + cases - 1) // CASES_PER_BATCH + 1):
        _write_batch(root / "batches" / f"B{batch:05d}", batch)
    return made


def _write_case(folder: Path, case: str, sequences: dict[str, str], spectrum: str, batch: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    steps = {"date": "2026-02-23", "analyst": "Analyst 1", "batch_id": f"B{batch:05d}", "method_version": "made-1"}
    products = []
    for locus, sequence in sequences.items():
        name = f"R-{locus}"
        (folder / f"{name}.fasta").write_text(f">{name}\n{sequence}\n", encoding="ascii")
        run = {"run_id": name, "technique": "SEQUENCE", **steps, "simulated": _SIMULATED}
        run["files"] = [{"path": f"{name}.fasta", "role": "SEQUENCE"}]
        products.append({"product_id": f"P-{locus}", "locus": locus, **steps, "runs": [run]})
    (folder / "R-GC.msp").write_text(spectrum.rstrip("\n") + "\n", encoding="utf-8")
    injected = {"run_id": "R-GC", "technique": "GC_MS_EI", "date": "2026-02-24", "simulated": _SIMULATED}
    injected["files"] = [{"path": "R-GC.msp", "role": "SPECTRUM"}]
    extracts = [
        {"extract_id": "E1", "kind": "DNA", **steps, "products": products},
        {"extract_id": "E2", "kind": "SOLVENT", "products": [{"product_id": "P-GC", "runs": [injected]}]},
    ]
    kinds = ("MUSK_DEER_PRESENT", "ANIMAL_OF_ORIGIN", "SYNTHETIC_MUSK_PRESENT")
    request = {
        "schema": "musk-id/request/1",
        "case_id": case,
        "authority": {"name": "Made authority"},
        "questions": [{"question_id": f"Q{i}", "kind": kind, "text": "?"} for i, kind in enumerate(kinds, 1)],
        "items": [{"item_id": "I1", "described_as": "a made item"}],
    }
    item = {
        "item_id": "I1",
        "found_to_be": {"material": "WHOLE_GLAND", "description": "made"},
        "sub_samples": [{"sub_sample_id": "S1", "date": "2026-02-20", "extracts": extracts}],
    }
    examination = {
        "schema": "musk-id/examination/1",
        "case_id": case,
        "accession_date": "2026-02-18",
        "items": [item],
    }
    for stem, tree in (("request", request), ("examination", examination)):
        (folder / f"{stem}.json").write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")


def _write_batch(folder: Path, batch: int) -> None:
    source = EXAMPLES / "batches" / "DEMO-DNA-1"
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.fasta"):
        shutil.copyfile(path, folder / path.name)
    sheet = (source / "sheet.yaml").read_text(encoding="utf-8")
    (folder / "sheet.yaml").write_text(sheet.replace("DEMO-DNA-1", f"B{batch:05d}"), encoding="utf-8")
