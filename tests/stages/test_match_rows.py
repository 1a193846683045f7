"""Rows of ``barcode match`` say what the barcode stage says."""

from __future__ import annotations

import pytest
from refdata import REFDATA

from musk_id.formats.fasta import read_fasta
from musk_id.model.barcode import RunIdentity
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Identifier
from musk_id.stages.match_rows import HUMAN, match_release
from musk_id.stages.sequence_examination import examine_sequence
from musk_id.vocabulary import Rank, Reason, Technique


def run_identity() -> RunIdentity:
    words = ("item_id", "sub_sample_id", "extract_id", "product_id", "run_id")
    return RunIdentity(**{word: Identifier("match") for word in words}, technique=Technique.SEQUENCE)


def assert_as_stage(sequences, rows, library, methods) -> None:
    run = run_identity()
    for sequence, row in zip(sequences, rows, strict=True):
        result, _ = examine_sequence(sequence, run, None, library, *methods)
        assert (row.locus, row.finding, row.reasons) == (result.locus, result.finding, result.reasons), sequence
        call = result.call
        assert row.rank is (Rank.NONE if call is None else call.rank)
        if Reason.HUMAN_DNA in result.reasons:
            assert (row.name, row.answer, row.nearest, row.distance) == (HUMAN, HUMAN, (), "")
        else:
            assert row.answer == ("" if call is None else call.taxon or "")
        if call is not None:
            view = call.views[0]
            assert (row.strand, row.compared_bp) == (result.strand, result.compared_bp)
            assert (row.distance, row.margin) == (view.nearest_distance, view.margin or "")
            assert (row.nearest, row.ties) == (view.nearest_records[:5], len(view.nearest_records))
            assert row.certified_margin == (call.certified_margin or "")


def test_every_record_of_the_release_has_the_answer_of_the_stage(shipped_release, barcode_library, methods):
    sequences = [NucleotideSequence(r.accession, r.sequence) for r in shipped_release.barcodes]
    rows = match_release(sequences, 1, barcode_library, *methods)
    assert_as_stage(sequences, rows, barcode_library, methods)
    assert [row.number for row in rows] == list(range(1, len(sequences) + 1))
    assert {row.answer for row in rows} >= {"Moschus", HUMAN}


def _sets() -> list[str]:
    folder = REFDATA / "sequences"
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.fasta.gz"))


@pytest.mark.skipif(not _sets(), reason="no public sets beside the project")
@pytest.mark.parametrize("name", _sets())
def test_a_sample_of_public_records_has_the_answers_of_the_stage(name, barcode_library, methods):
    assert_sample(name, 200, barcode_library, methods)


@pytest.mark.full
@pytest.mark.skipif(not _sets(), reason="no public sets beside the project")
@pytest.mark.parametrize("name", _sets())
def test_every_public_record_has_the_answer_of_the_stage(name, barcode_library, methods):
    assert_sample(name, 1, barcode_library, methods)


def assert_sample(name, step, library, methods) -> None:
    sequences = read_fasta(REFDATA / "sequences" / name)[::step]
    assert_as_stage(sequences, match_release(sequences, 1, library, *methods), library, methods)
