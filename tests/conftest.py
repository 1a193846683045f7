"""What all tests share: the shipped release, the methods, the demonstration root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from musk_id.cli.workplace import Casework
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.release import load_release
from musk_id.stages.library import BarcodeLibrary

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "examples"
# A time limit per example would make the outcome hang on how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

CASES = ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-D", "DEMO-E")


@pytest.fixture(scope="session")
def shipped_release() -> ReferenceRelease:
    return load_release(PROJECT / "reference_db" / "releases" / "2026.1")


@pytest.fixture(scope="session")
def barcode_library(shipped_release: ReferenceRelease) -> BarcodeLibrary:
    return BarcodeLibrary.from_release(shipped_release, BARCODE_METHODS[0])


@pytest.fixture(scope="session")
def methods() -> tuple:
    return BARCODE_METHODS[0], ANIMAL_METHODS[0]


@pytest.fixture(scope="session")
def demo() -> Casework:
    return Casework(EXAMPLES)


@pytest.fixture
def command():
    """Run musk-id in a process of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "musk_id", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env={**os.environ, **environment},
            timeout=120,
        )

    return run
