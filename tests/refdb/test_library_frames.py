"""Coding records that need gaps lie in the columns of their relatives, also where these lack first letters."""

from __future__ import annotations

import numpy as np

from musk_id.kernels.nucleotides import encode
from musk_id.model.methods import BARCODE_METHODS
from musk_id.refdb.found_windows import RawRecord, Window
from musk_id.refdb.library_windows import WindowFinder
from musk_id.vocabulary import Locus


def _altered(letters: str, places: range) -> str:
    return "".join("ACGT"["CGTA".index(c)] if i in places else c for i, c in enumerate(letters))


def test_a_relative_without_its_first_letters_shifts_no_column(shipped_release) -> None:
    anchor = min((r for r in shipped_release.barcodes if r.locus is Locus.COI), key=lambda r: r.accession)
    # The relative is nearer to the record than any anchor is, and begins in the second column.
    relative = _altered(anchor.sequence, range(20, 658, 40))[1:]
    record = relative[:300] + "T" + relative[300:]
    raw = [RawRecord(0, relative, (Locus.COI,)), RawRecord(1, record, (Locus.COI,))]
    found = WindowFinder(shipped_release.barcodes, BARCODE_METHODS[-1]).find(raw)
    (placed,), (gapped,) = found[0], found[1]
    assert isinstance(placed, Window)
    assert isinstance(gapped, Window)
    assert (placed.masks[1:] == encode(relative)).all()
    both = (placed.masks > 0) & (gapped.masks > 0)
    assert np.count_nonzero(both) >= 655
    assert np.count_nonzero(placed.masks[both] != gapped.masks[both]) <= 2
    assert 0 < gapped.indels <= 3
