"""Stop codons against Biopython's table of the vertebrate mitochondrial code."""

from __future__ import annotations

from Bio.Data import CodonTable
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.nucleotides import encode
from musk_id.kernels.translation import STOP_CODONS, stop_codon_positions


def test_stop_codons_are_those_of_table_2() -> None:
    assert sorted(STOP_CODONS) == sorted(CodonTable.unambiguous_dna_by_id[2].stop_codons)


@given(st.text("ACGT", max_size=120), st.integers(0, 2))
def test_positions_are_those_of_a_translation(letters: str, first: int) -> None:
    usable = letters[first : first + max(0, len(letters) - first) // 3 * 3]
    protein = str(Seq(usable).translate(table=2))
    expected = [3 * i + first for i, amino in enumerate(protein) if amino == "*"]
    assert stop_codon_positions(encode(letters), first).tolist() == expected


def test_ambiguous_codons_are_no_stops() -> None:
    assert stop_codon_positions(encode("TARTA-AGN"), 0).tolist() == []
