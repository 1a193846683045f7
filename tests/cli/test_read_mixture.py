"""Mixtures of reads in a case: haplotypes of the library, something unknown, a person as a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from read_cases import CASE, read_root

from musk_id.cli import main
from musk_id.model.methods import BARCODE_METHODS, READS_METHODS
from musk_id.model.reads import ReadVariant
from musk_id.model.values import Line
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.read_mixture import read_mixture
from musk_id.vocabulary import CurationState, Locus


@pytest.fixture(scope="module")
def inserts(shipped_release) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in shipped_release.barcodes:
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE:
            found.setdefault(record.genus, record.sequence)
    return found


def examined(root: Path, out: Path) -> dict[str, Any]:
    assert main(["examine", str(root / "cases" / CASE), "--root", str(root), "--out", str(out)]) == 0
    return json.loads((out / "cases" / CASE / "record" / "record.json").read_bytes())


def strange(letters: str) -> str:
    """An animal that the library lacks: every seventh letter is another one."""
    return "".join(c if i % 7 else {"A": "T", "T": "A", "C": "G", "G": "C"}[c] for i, c in enumerate(letters))


def test_a_mixture_in_the_record_and_on_the_page(tmp_path, inserts) -> None:
    unknown = strange(inserts["Bos"])
    mixture = {inserts["Sus"]: 300, inserts["Moschus"]: 60, inserts["Homo"]: 100, unknown: 80}
    record = examined(read_root(tmp_path, {(1, 1): mixture, (2, 1): mixture}), tmp_path / "out")
    for run in record["barcode"]["read_runs"]:
        (mixed,) = run["mixtures"]
        assert mixed["locus"] == "12S-V5"
        reads = {tuple(part["genera"]): float(part["reads"]) for part in mixed["parts"]}
        assert set(reads) == {("Sus",), ("Moschus",), ("Homo",)}
        assert reads[("Sus",)] == pytest.approx(300, rel=0.1) and reads[("Moschus",)] == pytest.approx(
            60, rel=0.15
        )
        assert float(mixed["unknown_reads"]) == pytest.approx(80, rel=0.15)
        assert sum(reads.values()) + float(mixed["unknown_reads"]) == pytest.approx(mixed["reads"], abs=0.3)
        assert [part["records"] for part in mixed["parts"] if part["genera"] == ["Homo"]] == [[]]
        criteria = [float(step["bic"]) for step in mixed["steps"]]
        assert criteria[3] == min(criteria) and [s["haplotypes"] for s in mixed["steps"]][:4] == [0, 1, 2, 3]
    folder = tmp_path / "out" / "cases" / CASE / "record"
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))
    assert "Variants explained by haplotypes of the library (reads, not amount of material)" in pages


def test_an_earlier_method_makes_none(tmp_path, inserts) -> None:
    root = read_root(tmp_path, {(1, 1): {inserts["Sus"]: 60}})
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8").replace("reads-4", "reads-2"), encoding="utf-8")
    record = examined(root, tmp_path / "out")
    assert [run["mixtures"] for run in record["barcode"]["read_runs"]] == [[]]


def test_what_is_left_out(shipped_release, inserts) -> None:
    library = BarcodeLibrary.from_release(shipped_release, BARCODE_METHODS[-1])
    limits = READS_METHODS[-1].mixture
    assert limits is not None

    def variant(letters: str, reads: int, chimera: str = "none found") -> ReadVariant:
        return ReadVariant(letters=letters, reads=reads, reads_exact=reads, chimera=Line(chimera))

    few = [variant(inserts["Sus"], 50), variant(inserts["Bos"], 9), variant(inserts["Equus"], 40, "chimera")]
    found = read_mixture(Locus.RRNA_12S, few, library, 10, limits)
    assert found is not None and (found.variants, found.reads) == (1, 50)
    assert [part.genera for part in found.parts] == [("Sus",)]
    assert read_mixture(Locus.RRNA_12S, few[1:], library, 10, limits) is None
    assert read_mixture(Locus.COI, few, library, 10, limits) is None
