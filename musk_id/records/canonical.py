"""Canonical JSON (RFC 8785) of records, and reading it back."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from musk_id.errors import IntegrityError
from musk_id.model.values import Sha256
from musk_id.records.codec import MAX_INTEGER, Decoder, encode
from musk_id.records.files import sha256_bytes

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


def canonical_json(record: Any) -> bytes:
    """Canonical JSON of a model object."""
    return canonical_bytes(encode(record))


def digest(record: Any) -> Sha256:
    """Digest of a record: SHA-256 of its canonical JSON."""
    return sha256_bytes(canonical_json(record))


def _no_float(text: str) -> Any:
    raise ValueError(f"a record holds no number such as {text[:20]}")


def load_tree(data: bytes, where: str) -> Any:
    """JSON tree of a record's bytes; floats, duplicate keys and non-canonical bytes are refused.

    Raises
    ------
    IntegrityError
        If the bytes are not the canonical JSON of a tree.
    """
    try:
        tree = json.loads(data, parse_float=_no_float, parse_constant=_no_float)
        canonical = canonical_bytes(tree)
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
    decoder = Decoder(texts=False)
    record = decoder.decode(cls, tree)
    if record is None:
        raise IntegrityError(
            f"the record breaks its schema in {len(decoder.problems)} places",
            where=where,
            problems=tuple(decoder.problems),
        )
    return record
