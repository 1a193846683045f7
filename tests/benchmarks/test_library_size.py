"""Simulated libraries: what they are made of; loading one maps its arrays and does not read them whole."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
from barcode_match import write_library
from library_size import measure, root_letters
from panel_specificity import RELEASE
from simulated_amplicons import simulate_amplicons
from simulated_barcodes import simulate

from musk_id.refdb.library_store import load_library
from musk_id.refdb.release import load_release


def test_simulated_amplicons_are_those_of_their_seed() -> None:
    root = root_letters(load_release(RELEASE))
    one, other = simulate_amplicons(root, 300), simulate_amplicons(root, 300)
    assert one.letters == other.letters != simulate_amplicons(root, 300, 5).letters
    assert len(set(one.letters)) > 100 and set("".join(one.letters)) == set("ACGT")
    assert {len(letters) for letters in one.letters} != {len(root)}


def test_all_simulated_amplicons_are_built_into_the_library(tmp_path: Path) -> None:
    result = measure(400, tmp_path)
    assert result["records"] == result["records_kept"] == 400


def test_loading_maps_the_arrays_and_does_not_read_them_whole(tmp_path: Path) -> None:
    write_library(simulate(30_000), tmp_path / "coi")
    size = sum(path.stat().st_size for path in (tmp_path / "coi").glob("*.npy"))
    tracemalloc.start()
    try:
        library = load_library(tmp_path / "coi")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (table,) = library.loci.values()
    arrays = (table.packed, table.haplotype, table.taxon, table.state, table.individual, table.strand)
    for array in (*arrays, table.collapsed, table.accessions.offsets, table.accessions.data):
        assert isinstance(array, np.memmap) and not array.flags.writeable
    # Arrays that were read would be counted here; mapped ones are not.
    assert size > 8_000_000 and peak < size / 2, (peak, size)
