"""Canonical JSON (RFC 8785) of records, and reading it back."""

from __future__ import annotations

import dataclasses
import json
import re
import weakref
from functools import cache
from typing import Any, TypeVar

from musk_id.errors import IntegrityError
from musk_id.model.values import Sha256
from musk_id.records.codec import MAX_INTEGER, Decoder
from musk_id.records.files import sha256_bytes
from musk_id.records.quick import read_quickly, write_quickly

__all__ = ["canonical_bytes", "canonical_json", "decode_record", "digest", "load_tree", "parse_record"]

_T = TypeVar("_T")


# The interpreter's own encoder sorts keys by code point, RFC 8785 by UTF-16: for ASCII keys that is the same.
# Both escape what must be escaped and nothing else, in the same way.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode


def canonical_bytes(tree: Any) -> bytes:
    """RFC 8785 form of a JSON tree."""
    if _is_simple(tree):
        return _ENCODE(tree).encode("utf-8")
    import rfc8785

    return rfc8785.dumps(tree)


def _is_simple(tree: Any) -> bool:
    """Whether a tree holds nothing but what records hold: no floats, no large numbers, ASCII keys."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is dict:
            for key in node:
                if type(key) is not str or not key.isascii():
                    return False
            waiting.extend(node.values())
        elif kind is list:
            waiting.extend(node)
        elif kind is int:
            if not -MAX_INTEGER <= node <= MAX_INTEGER:
                return False
        elif kind is not str and kind is not bool and node is not None:
            return False
    return True


# A stage asks for the same records' bytes again and again: of the controls for each case of their batch, of a case
# record for its pages, its digest and its line. They are kept for as long as the record lives; records are frozen.
_KNOWN: dict[int, tuple[weakref.ref[Any], bytes]] = {}


def canonical_json(record: Any) -> bytes:
    """Canonical JSON of a model object."""
    if not _keeps(record):
        return write_quickly(record)
    key = id(record)
    known = _KNOWN.get(key)
    if known is not None and known[0]() is record:
        return known[1]
    # Names of fields are ASCII, so that their order is that of RFC 8785.
    names = sorted(field.name for field in dataclasses.fields(record))
    data = b"{" + b",".join(_key_text(name) + b":" + _part(getattr(record, name)) for name in names) + b"}"
    _KNOWN[key] = (weakref.ref(record, lambda _: _KNOWN.pop(key, None)), data)
    return data


def _part(value: Any) -> bytes:
    """Canonical JSON of a field; records in it may be known already."""
    if _keeps(value):
        return canonical_json(value)
    if type(value) is tuple and value and all(map(_keeps, value)):
        return b"[" + b",".join(map(canonical_json, value)) + b"]"
    return write_quickly(value)


def _keeps(value: Any) -> bool:
    kind: Any = type(value)
    return _is_kept(kind)


@cache
def _is_kept(kind: Any) -> bool:
    """Whether the bytes of a class's records are kept: those with a schema that can be referred to weakly."""
    return dataclasses.is_dataclass(kind) and hasattr(kind, "SCHEMA") and hasattr(kind, "__weakref__")


@cache
def _key_text(name: str) -> bytes:
    return canonical_bytes(name)


def digest(record: Any) -> Sha256:
    """Digest of a record: SHA-256 of its canonical JSON."""
    return sha256_bytes(canonical_json(record))


def _no_float(text: str) -> Any:
    raise ValueError(f"a record holds no number such as {text[:20]}")


def _safe_integer(text: str) -> int:
    number = int(text)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise ValueError(f"a record holds no number such as {text[:20]}")
    return number


# First byte of four in UTF-8.
_BEYOND_BASIC_PLANE = re.compile(rb"[\xf0-\xff]")


def load_tree(data: bytes, where: str) -> Any:
    """JSON tree of a record's bytes; floats, duplicate keys and non-canonical bytes are refused.

    Raises
    ------
    IntegrityError
        If the bytes are not the canonical JSON of a tree.
    """
    try:
        tree = json.loads(data, parse_int=_safe_integer, parse_float=_no_float, parse_constant=_no_float)
        # The two orders of keys differ only where a character beyond the basic plane stands in one; numbers were
        # looked at above. So nothing is left that would need the slow way.
        is_plain = _BEYOND_BASIC_PLANE.search(data) is None
        canonical = _ENCODE(tree).encode("utf-8") if is_plain else canonical_bytes(tree)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"no readable record: {error}", where=where) from error
    if canonical != data:
        raise IntegrityError("the record is not in canonical form: its bytes were changed", where=where)
    return tree


def parse_record(cls: type[_T], data: bytes, where: str) -> _T:
    """A record from its canonical bytes.

    Raises
    ------
    IntegrityError
        If the bytes are not canonical or the record breaks its schema.
    """
    return decode_record(cls, load_tree(data, where), where)


def decode_record(cls: type[_T], tree: Any, where: str) -> _T:
    """A record from its JSON tree.

    Raises
    ------
    IntegrityError
        If the record breaks its schema.
    """
    quick = read_quickly(cls, tree)
    if quick is not None:
        return quick
    # What breaks the schema is told by the reader that collects every fault.
    decoder = Decoder(texts=False)
    record = decoder.decode(cls, tree)
    if record is None:
        raise IntegrityError(
            f"the record breaks its schema in {len(decoder.problems)} places",
            where=where,
            problems=tuple(decoder.problems),
        )
    return record
