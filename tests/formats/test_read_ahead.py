"""Values worked out ahead: the same in the same order, errors at their place, no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_reads import made, sequenced

from musk_id.errors import InputFormatError
from musk_id.formats.fastq import FastqFile, paired_batches
from musk_id.formats.read_ahead import read_ahead
from musk_id.model.methods import READS_METHODS
from musk_id.stages.read_variants import count_pairs


def ends(count: int) -> bool:
    """Whether there are as many threads as before, after a while."""
    for _ in range(200):
        if threading.active_count() == count:
            return True
        time.sleep(0.01)
    return False


def test_values_come_in_their_order_and_an_error_at_its_place() -> None:
    before = threading.active_count()

    def source() -> Iterator[int]:
        yield from range(50)
        raise InputFormatError("broken", where="x")

    found = []
    with pytest.raises(InputFormatError, match="broken"):
        for value in read_ahead(source()):
            found.append(value)
    assert found == list(range(50))
    assert list(read_ahead(iter([]))) == []
    assert ends(before)


def test_it_does_not_run_far_ahead_and_stops_when_it_is_closed() -> None:
    before = threading.active_count()
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    values = read_ahead(source(), 2)
    assert next(values) == 0
    time.sleep(0.1)
    assert len(taken) <= 4
    assert threading.active_count() == before + 1
    values.close()
    assert ends(before)
    assert len(taken) <= 6


def test_threads_change_no_count_of_pairs_and_no_error(tmp_path: Path) -> None:
    before = threading.active_count()
    paths = sequenced(tmp_path, dict(zip(made(9, 4), (400, 90, 30, 9), strict=True)))

    def counted(threads: int, batch: int) -> object:
        files = [FastqFile(path, with_origin=True) for path in paths]
        return count_pairs(paired_batches(files[0], files[1], batch, threads=threads), READS_METHODS[-1])

    expected = counted(1, 10_000)
    assert all(counted(2, batch) == expected for batch in (7, 100, 10_000))
    text = paths[1].read_text()
    for damaged, message in (
        (text[: len(text) // 2], "cut off|letters"),
        (text.replace("@r40 ", "@q40 "), "name"),
    ):
        paths[1].write_text(damaged)
        told = set()
        for threads in (1, 2):
            with pytest.raises(InputFormatError, match=message) as caught:
                counted(threads, 50)
            told.add(str(caught.value))
        assert len(told) == 1
    assert ends(before)
