"""Frozen dataclasses of the model to JSON trees and back, directed by their types.

Two ways of reading: *records* are our own JSON and must have JSON types; *texts* come from people's YAML
and JSON files, whose scalars all arrive as text, so that the type of the field and nothing else decides
what they mean. Every problem is collected, with the path of its key.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, NewType, TypeVar, cast

from musk_id.errors import Problem
from musk_id.model.values import RULES

__all__ = ["Decoder", "FieldPlan", "TypePlan", "encode", "plan_of"]

Tree = None | bool | int | str | list["Tree"] | dict[str, "Tree"]

_T = TypeVar("_T")

MAX_PROBLEMS = 200
MAX_LIST_LENGTH = 100_000
MAX_SHOWN_PATH = 300
MAX_INTEGER = 2**53 - 1
# People count; a sign or a leading zero in a count is a slip that is better asked about.
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclasses.dataclass(frozen=True, slots=True)
class TypePlan:
    """What a field may hold: ``kind`` is one of text, integer, boolean, choice, list, object."""

    kind: str
    optional: bool = False
    text_type: object = None
    enum: type[StrEnum] | None = None
    item: TypePlan | None = None
    cls: type[Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FieldPlan:
    """A field of a dataclass: name, type, whether it must be given."""

    name: str
    type: TypePlan
    required: bool


def _type_plan(annotation: Any) -> TypePlan:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return dataclasses.replace(_type_plan(inner), optional=True)
    if origin is tuple:
        return TypePlan("list", item=_type_plan(arguments[0]))
    if isinstance(annotation, NewType):
        return TypePlan("text", text_type=annotation)
    if annotation is int:
        return TypePlan("integer")
    if annotation is bool:
        return TypePlan("boolean")
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return TypePlan("choice", enum=annotation)
    if dataclasses.is_dataclass(annotation):
        return TypePlan("object", cls=cast("type[Any]", annotation))
    raise TypeError(f"the codec has no rule for {annotation!r}")


@cache
def plan_of(cls: Any) -> tuple[FieldPlan, ...]:
    """Plan of a dataclass, made once."""
    hints = typing.get_type_hints(cls)
    missing = dataclasses.MISSING
    return tuple(
        FieldPlan(
            field.name,
            _type_plan(hints[field.name]),
            field.default is missing and field.default_factory is missing,
        )
        for field in dataclasses.fields(cls)
    )


def encode(value: Any) -> Tree:
    """JSON tree of a model object; every field is written, absent ones as ``null``.

    Raises
    ------
    TypeError
        If the object holds something that a record must not hold, such as a float.
    """
    kind: Any = type(value)
    if kind is str or value is None or kind is bool:
        scalar: Tree = value
        return scalar
    if kind is tuple:
        return [encode(item) for item in value]
    names = _names_of(kind)
    if names is not None:
        return {name: encode(getattr(value, name)) for name in names}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    raise TypeError(f"a record must not hold {kind.__name__}")


@cache
def _names_of(kind: Any) -> tuple[str, ...] | None:
    """Names of a dataclass's fields; ``None`` for what is none. A record has some ten thousand parts."""
    if not dataclasses.is_dataclass(kind):
        return None
    cls: Any = kind
    return tuple(field.name for field in plan_of(cls))


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return repr(_plain(text[:60]) + ("…" if len(text) > 60 else ""))


def _plain(text: str) -> str:
    """Text that cannot act on a terminal; keys of a file are as foreign as its values."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:MAX_SHOWN_PATH])
    return shown + ("…" if len(text) > MAX_SHOWN_PATH else "")


class Decoder:
    """Decodes one tree and collects what is wrong with it.

    Parameters
    ----------
    texts : bool
        Whether the scalars are texts of people's files (else JSON types are required).
    line_of : callable, optional
        Line of a key path in the source file.
    """

    def __init__(self, *, texts: bool, line_of: Callable[[str], int | None] | None = None) -> None:
        self._texts = texts
        self._line_of = line_of
        self.problems: list[Problem] = []
        # All of them, also those beyond the limit: what has a problem is not built.
        self._count = 0

    def decode(self, cls: type[_T], tree: object) -> _T | None:
        """The object, or ``None`` if there are problems."""
        value = self._object(cls, tree, "")
        return None if self.problems else cast("_T | None", value)

    def _problem(self, path: str, message: str, allowed: str = "") -> None:
        self._count += 1
        if len(self.problems) < MAX_PROBLEMS:
            line = self._line_of(path) if self._line_of else None
            where = _plain(path) or "the whole file"
            self.problems.append(Problem(f"{where} (line {line})" if line else where, message, allowed))

    def _object(self, cls: Any, tree: object, path: str) -> Any:
        if not isinstance(tree, dict):
            self._problem(path, f"found {_shown(tree)}", f"keys of {cls.__name__}")
            return None
        plan = plan_of(cls)
        names = {field.name for field in plan}
        before = self._count
        for key in tree:
            if key not in names:
                is_told = len(self.problems) < MAX_PROBLEMS
                near = difflib.get_close_matches(str(key)[:60], sorted(names), n=1) if is_told else []
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self._problem(_join(path, str(key)), f"unknown key{hint}", ", ".join(sorted(names)))
        arguments: dict[str, Any] = {}
        for field in plan:
            where = _join(path, field.name)
            value = tree.get(field.name)
            if value is None:
                if field.required and not field.type.optional:
                    self._problem(where, "is missing", _allowed(field.type))
                elif field.type.optional:
                    arguments[field.name] = None
                continue
            arguments[field.name] = self._value(field.type, value, where)
        if self._count > before:
            return None
        self._check_schema(cls, arguments, path)
        return self._build(cls, arguments, path)

    def _build(self, cls: Any, arguments: dict[str, Any], path: str) -> Any:
        plan = {field.name: field for field in plan_of(cls)}
        for name, field in plan.items():
            if name in arguments and arguments[name] is None and not field.required:
                del arguments[name]
        try:
            return cls(**arguments)
        except ValueError as error:
            self._problem(path, str(error))
            return None

    def _check_schema(self, cls: type[Any], arguments: dict[str, Any], path: str) -> None:
        expected = getattr(cls, "SCHEMA", None)
        if expected is not None and arguments.get("schema") != expected:
            self._problem(_join(path, "schema"), f"found {_shown(arguments.get('schema'))}", expected)

    def _value(self, plan: TypePlan, tree: object, path: str) -> Any:
        if plan.kind == "object":
            return self._object(cast("type[Any]", plan.cls), tree, path)
        if plan.kind == "list":
            return self._list(cast("TypePlan", plan.item), tree, path)
        if plan.kind == "integer":
            return self._integer(tree, path, _allowed(plan))
        if plan.kind == "boolean":
            return self._boolean(tree, path, _allowed(plan))
        if not isinstance(tree, str):
            self._problem(path, f"found {_shown(tree)}", _allowed(plan))
            return None
        if plan.kind == "choice":
            enum = cast("type[StrEnum]", plan.enum)
            if tree not in {member.value for member in enum}:
                self._problem(path, f"found {_shown(tree)}", _allowed(plan))
                return None
            return enum(tree)
        return self._text(plan, tree, path)

    def _text(self, plan: TypePlan, text: str, path: str) -> str | None:
        rule = RULES[plan.text_type]
        if self._texts:
            text = text.strip()
        if not rule.accepts(text):
            self._problem(path, f"found {_shown(text)}", rule.described)
            return None
        return text

    def _list(self, item: TypePlan, tree: object, path: str) -> tuple[Any, ...] | None:
        if not isinstance(tree, list):
            self._problem(path, f"found {_shown(tree)}", "a list")
            return None
        if len(tree) > MAX_LIST_LENGTH:
            self._problem(path, f"{len(tree)} entries", f"at most {MAX_LIST_LENGTH}")
            return None
        found = []
        for index, entry in enumerate(tree):
            where = f"{path}[{index}]"
            if entry is None:
                self._problem(where, "is empty", _allowed(item))
            else:
                found.append(self._value(item, entry, where))
        return tuple(found)

    def _integer(self, tree: object, path: str, allowed: str) -> int | None:
        if self._texts and isinstance(tree, str) and _WHOLE_NUMBER.fullmatch(tree):
            tree = int(tree)
        if isinstance(tree, bool) or not isinstance(tree, int) or abs(tree) > MAX_INTEGER:
            self._problem(path, f"found {_shown(tree)}", allowed)
            return None
        return tree

    def _boolean(self, tree: object, path: str, allowed: str) -> bool | None:
        if self._texts and tree in ("true", "false"):
            return tree == "true"
        if isinstance(tree, bool):
            return tree
        self._problem(path, f"found {_shown(tree)}", allowed)
        return None


def _allowed(plan: TypePlan) -> str:
    if plan.kind == "choice":
        return ", ".join(member.value for member in cast("type[StrEnum]", plan.enum))
    if plan.kind == "text":
        return RULES[plan.text_type].described
    return {
        "integer": "a whole number without sign or leading zero, such as 12",
        "boolean": "true or false",
        "list": "a list",
        "object": "keys and values",
    }[plan.kind]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
