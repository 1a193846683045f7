"""Files of ``validation/``: figures that benchmarks measured, in canonical form."""

from __future__ import annotations

from pathlib import Path

from musk_id.model.validation import Validation
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import read_limited, write_atomic

__all__ = ["read_validation", "write_validation"]

MAX_VALIDATION_BYTES = 50_000_000


def read_validation(path: Path) -> Validation:
    """Figures of a file.

    Raises
    ------
    InputFormatError
        If the file cannot be read.
    IntegrityError
        If it is not the canonical form of the schema.
    """
    return parse_record(Validation, read_limited(path, MAX_VALIDATION_BYTES), path.name)


def write_validation(path: Path, validation: Validation) -> None:
    """Write figures, whole or not at all."""
    write_atomic(path, canonical_json(validation))
