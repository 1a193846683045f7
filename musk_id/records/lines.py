"""JSON Lines of records: one canonical record a line, the class told by its ``schema`` field."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from musk_id.errors import IntegrityError
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.intake import IntakeRecord
from musk_id.model.record import CaseFailure, CaseRecord
from musk_id.model.seal import Manifest
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Sha256
from musk_id.records.canonical import canonical_json, decode_record, load_tree
from musk_id.records.files import sha256_bytes, write_atomic

__all__ = ["RECORD_CLASSES", "read_heads", "read_jsonl", "read_trees", "write_jsonl"]

RECORD_CLASSES: dict[str, type[Any]] = {
    cls.SCHEMA: cls
    for cls in (
        IntakeRecord,
        ControlsRecord,
        BarcodeRecord,
        SpectraRecord,
        EvidenceRecord,
        CaseRecord,
        CaseFailure,
        Manifest,
    )
}


def write_jsonl(path: Path, records: Iterable[Any]) -> None:
    """Write records, one a line, atomically."""
    write_atomic(path, b"".join(canonical_json(record) + b"\n" for record in records))


def read_jsonl(path: Path, only: frozenset[str] | None = None) -> list[Any]:
    """Records of a file, in file order.

    Parameters
    ----------
    only : frozenset of str, optional
        Cases or batches whose records are wanted; those of others are not decoded.

    Raises
    ------
    IntegrityError
        If a line is cut off, changed, or of an unknown schema; the message names file and line.
    """
    lines = _lines(path)
    found = [_record(line, f"{path.name}, line {i}", only) for i, line in enumerate(lines, 1)]
    return [record for record in found if record is not None]


def read_heads(path: Path) -> list[tuple[str, str]]:
    """Case and schema of each line, in file order, without decoding the records; raises as :func:`read_jsonl`."""
    return [(str(tree.get("case_id")), str(tree.get("schema"))) for tree, _ in read_trees(path)]


def read_trees(path: Path) -> list[tuple[dict[str, Any], Sha256]]:
    """JSON object of each line, in file order, with the digest of the line; raises as :func:`read_jsonl`."""
    found = []
    for number, line in enumerate(_lines(path), 1):
        where = f"{path.name}, line {number}"
        tree = load_tree(line, where)
        if not isinstance(tree, dict):
            raise IntegrityError("a line holds no record", where=where)
        found.append((tree, sha256_bytes(line)))
    return found


def _lines(path: Path) -> list[bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"cannot be read: {error.strerror}", where=path.name) from error
    if data and not data.endswith(b"\n"):
        raise IntegrityError("the last line is cut off", where=path.name, hint="run the stage again")
    return data.splitlines()


def _record(line: bytes, where: str, only: frozenset[str] | None) -> Any:
    tree = load_tree(line, where)
    if only is not None and isinstance(tree, dict) and tree.get("batch_id", tree.get("case_id")) not in only:
        return None
    schema = tree.get("schema") if isinstance(tree, dict) else None
    cls = RECORD_CLASSES.get(schema) if isinstance(schema, str) else None
    if cls is None:
        raise IntegrityError(f"unknown schema {str(schema)[:60]!r}", where=where)
    return decode_record(cls, tree, where)
