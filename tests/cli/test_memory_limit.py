"""The limit on a job's memory: the system holds it, the message names case and limit, no case counts as failed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from musk_id.cli.memory_limit import LIMIT_VARIABLE, limit_memory
from musk_id.cli.stage import _each
from musk_id.errors import ConfigError, StorageError

_TAKES = """
import sys
from musk_id.cli.memory_limit import limit_memory
limit = limit_memory()
try:
    held = bytearray(600 << 20)
except MemoryError:
    sys.exit(7)
print(limit, len(held))
"""


@pytest.mark.parametrize(("limit", "code"), [("300", 7), ("2000", 0), ("0", 0)])
def test_the_system_holds_the_limit(limit: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TAKES], env={**os.environ, LIMIT_VARIABLE: limit}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("told", ["12", "-1", "1e9", "2 GB", "٣٠٠"])
def test_what_is_no_limit_is_refused(told: str, monkeypatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, told)
    with pytest.raises(ConfigError, match="at least 256 megabytes"):
        limit_memory()


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_a_case_that_reaches_the_limit_ends_the_job_and_is_named(error: Exception, monkeypatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "300")

    def taking(case_id: str, entry: object) -> str:
        if case_id == "K2":
            raise error
        return case_id

    told: list[int] = []
    with pytest.raises(StorageError) as caught:
        _each("record", [("K1", None), ("K2", None), ("K3", None)], taking, lambda: told.append(1))
    text = caught.value.diagnostics()
    assert "limit of 300 MB" in text and "K2" in text and "memory_limit_mb" in text
    assert len(told) == 1
