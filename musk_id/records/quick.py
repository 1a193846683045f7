"""Reading and writing our own records quickly: one function for each type, made once.

Reading accepts what :class:`musk_id.records.codec.Decoder` accepts of a record and gives the same objects; where
it gives nothing, the decoder is asked, which names every fault. Writing gives the canonical JSON of the tree that
:func:`musk_id.records.codec.encode` makes, without the tree. Tests hold both against the plain ways.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, TypeVar

from musk_id.model.values import RULES
from musk_id.records.codec import MAX_INTEGER, MAX_LIST_LENGTH, TypePlan, plan_of

__all__ = ["read_quickly", "write_quickly"]

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]
_Put = Callable[[str], None]
_Writer = Callable[[Any, _Put], None]


class _DoesNotFitError(Exception):
    """A tree is not what its type asks for."""


def read_quickly(cls: type[_T], tree: object) -> _T | None:
    """The object of a JSON tree, or ``None`` if it breaks its schema."""
    kind: Any = cls
    try:
        found: _T = _object_reader(kind)(tree)
    except _DoesNotFitError:
        return None
    return found


@cache
def _object_reader(cls: Any) -> _Reader:
    schema = getattr(cls, "SCHEMA", None)
    plan = plan_of(cls)
    names = frozenset(field.name for field in plan)
    # Readers of the fields are made at first use: types may refer to each other.
    fields: list[tuple[str, _Reader, bool, bool]] = []

    def read(tree: Any) -> Any:
        if type(tree) is not dict or not tree.keys() <= names:
            raise _DoesNotFitError
        if not fields:
            fields.extend((f.name, _reader(f.type), f.required, f.type.optional) for f in plan)
        found: dict[str, Any] = {}
        for name, reader, required, optional in fields:
            value = tree.get(name)
            if value is not None:
                found[name] = reader(value)
            elif required:
                if not optional:
                    raise _DoesNotFitError
                found[name] = None
        if schema is not None and found.get("schema") != schema:
            raise _DoesNotFitError
        try:
            return cls(**found)
        except ValueError as error:
            raise _DoesNotFitError from error

    return read


@cache
def _reader(plan: TypePlan) -> _Reader:
    if plan.kind == "object":
        kind: Any = plan.cls
        return _object_reader(kind)
    if plan.kind == "list":
        item: Any = plan.item
        return _list_reader(_reader(item))
    if plan.kind == "integer":
        return _integer
    if plan.kind == "boolean":
        return _boolean
    if plan.kind == "choice":
        return _choice_reader(plan.enum)
    return _text_reader(plan.text_type)


def _list_reader(item: _Reader) -> _Reader:
    def read(tree: Any) -> Any:
        if type(tree) is not list or len(tree) > MAX_LIST_LENGTH:
            raise _DoesNotFitError
        return tuple(map(item, tree))

    return read


def _choice_reader(enum: Any) -> _Reader:
    members = {member.value: member for member in enum}

    def read(tree: Any) -> Any:
        member = members.get(tree) if type(tree) is str else None
        if member is None:
            raise _DoesNotFitError
        return member

    return read


def _text_reader(text_type: object) -> _Reader:
    rule = RULES[text_type]
    accepts, longest, check = re.compile(rule.pattern).fullmatch, rule.max_length, rule.check

    def read(tree: Any) -> Any:
        if type(tree) is not str or len(tree) > longest or accepts(tree) is None:
            raise _DoesNotFitError
        if check is not None and not check(tree):
            raise _DoesNotFitError
        return tree

    return read


def _integer(tree: Any) -> Any:
    if type(tree) is not int or not -MAX_INTEGER <= tree <= MAX_INTEGER:
        raise _DoesNotFitError
    return tree


def _boolean(tree: Any) -> Any:
    if type(tree) is not bool:
        raise _DoesNotFitError
    return tree


def write_quickly(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of a model object.

    Raises
    ------
    TypeError
        If the object holds something that a record must not hold, such as a float.
    ValueError
        If it holds an integer beyond 2**53 - 1 or half of a character.
    """
    pieces: list[str] = []
    _WRITERS[type(value)](value, pieces.append)
    return "".join(pieces).encode("utf-8")


class _Writers(dict[type, _Writer]):
    """Writers by type, made when a type is met first."""

    def __missing__(self, kind: type) -> _Writer:
        writer = self[kind] = _writer(kind)
        return writer


def _writer(kind: type) -> _Writer:
    if dataclasses.is_dataclass(kind):
        return _object_writer(kind)
    if issubclass(kind, StrEnum):
        return _choice_writer(kind)
    if issubclass(kind, tuple):
        return _write_list
    if kind is bool:
        return lambda value, put: put("true" if value else "false")
    if kind is type(None):
        return lambda _, put: put("null")
    if issubclass(kind, int):
        return _write_integer
    if issubclass(kind, str):
        return lambda value, put: put(encode_basestring(value))
    raise TypeError(f"a record must not hold {kind.__name__}")


def _object_writer(kind: type) -> _Writer:
    # Names of fields are ASCII, so that their order is that of RFC 8785.
    names = sorted(field.name for field in plan_of(kind))
    heads = [f"{',' if number else ''}{encode_basestring(name)}:" for number, name in enumerate(names)]
    getters = [attrgetter(name) for name in names]
    parts = tuple(zip(heads, getters, strict=True))

    def write(value: Any, put: _Put) -> None:
        put("{")
        for head, getter in parts:
            put(head)
            part = getter(value)
            part_kind = type(part)
            if part_kind is str:
                put(encode_basestring(part))
            else:
                _WRITERS[part_kind](part, put)
        put("}")

    return write


def _choice_writer(kind: type[StrEnum]) -> _Writer:
    texts = {member: encode_basestring(member.value) for member in kind}
    return lambda value, put: put(texts[value])


def _write_list(value: Any, put: _Put) -> None:
    put("[")
    is_first = True
    for part in value:
        if is_first:
            is_first = False
        else:
            put(",")
        _WRITERS[type(part)](part, put)
    put("]")


def _write_integer(value: Any, put: _Put) -> None:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError(f"a record must hold no integer beyond {MAX_INTEGER}, found {value}")
    put(int.__repr__(value))


_WRITERS = _Writers()
