"""Strict reading of people's YAML and JSON: every scalar stays the text that was written.

The type of the field decides later what a text means, so ``NO``, ``010``, ``2026-01-02`` or ``12:30`` cannot
turn into something else. Duplicate keys, anchors, aliases, tags and several documents are refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musk_id.errors import Problem, RequestError

if TYPE_CHECKING:
    import yaml

__all__ = ["TextTree", "parse_json", "parse_yaml", "read_tree"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 24
MAX_NODES = 100_000
# Ours have at most 30 letters. Each entry keeps the path of its keys: keys without end would fill the memory.
MAX_KEY_LENGTH = 100
_MAX_KEPT_PATH = 300
MAX_PROBLEMS = 200

_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# In a file as it was written; tab and line ends may stand there.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class TextTree:
    """A tree of dict, list, text and ``None``, with the line of each key path.

    Of a key that stands twice the first value is in the tree, and ``problems`` tells the second (the first
    ``MAX_PROBLEMS`` of them).
    """

    tree: Any = None
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0

    def line_of(self, path: str) -> int | None:
        """Line of a key path, or of the nearest part of it that is in the file."""
        while path and path not in self.lines:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self.lines.get(path)

    def keep_line(self, path: str, line: int) -> None:
        """Keep the first line of a key path; longer ones than any of ours are told by a part of them."""
        if len(path) <= _MAX_KEPT_PATH:
            self.lines.setdefault(path, line)

    def tell_twice(self, where: str, key: str) -> None:
        """Add the problem of a key that stands twice."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, f"key {key[:60]!r} stands twice", "each key once"))

    def count(self, where: str, depth: int) -> None:
        """Count a node against the limits."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise RequestError(f"more than {MAX_NODES} entries", where=where)
        if depth > MAX_DEPTH:
            raise RequestError(f"nested more than {MAX_DEPTH} levels deep", where=where)


def read_tree(path: Path) -> TextTree:
    """Tree of a ``.yaml``, ``.yml`` or ``.json`` file.

    Raises
    ------
    RequestError
        If the file is missing, too large, no UTF-8 text, or breaks the rules of this module.
    """
    name = path.name
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "see 'musk-id case new' for a template"
        raise RequestError(f"cannot be read: {error.strerror}", where=name, hint=hint) from error
    if len(data) > MAX_BYTES:
        raise RequestError(f"larger than {MAX_BYTES} bytes", where=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"not UTF-8 text (byte {error.start})", where=name) from error
    bad = _CONTROL.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        raise RequestError(f"control character U+{ord(bad[0]):04X}", where=f"{name}, line {line}")
    return parse_json(text, name) if path.suffix.lower() == ".json" else parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> TextTree:
    """Tree of a YAML text; ``name`` stands in messages."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    result = TextTree()
    try:
        # Depth is checked on the event stream, before a deep document can exhaust the composer's stack.
        _check_events(yaml.parse(text, Loader=loader), name)
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise RequestError(_yaml_message(error), where=_yaml_where(error, name)) from error
    if node is None:
        raise RequestError("the file is empty", where=name)
    result.tree = _convert(node, "", name, result, 0)
    return result


def _check_events(events: Any, name: str) -> None:
    import yaml

    depth = documents = 0
    for nodes, event in enumerate(events, 1):
        line = event.start_mark.line + 1
        where = f"{name}, line {line}"
        if nodes > 2 * MAX_NODES:
            raise RequestError(f"more than {MAX_NODES} entries", where=where)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise RequestError("anchors and aliases (& and *) are not allowed", where=where)
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            raise RequestError("tags (!) are not allowed", where=where)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RequestError("more than one document", where=where)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise RequestError(f"nested more than {MAX_DEPTH} levels deep", where=where)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _yaml_message(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or "not readable as YAML"
    return f"not readable as YAML: {problem}"


def _yaml_where(error: yaml.YAMLError, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{name}, line {mark.line + 1}" if mark is not None else name


def _convert(node: yaml.Node, path: str, name: str, result: TextTree, depth: int) -> Any:
    import yaml

    line = node.start_mark.line + 1
    result.keep_line(path, line)
    result.count(f"{name}, line {line}", depth)
    if isinstance(node, yaml.ScalarNode):
        _refuse_characters(node.value, f"{name}, line {line}")
        plain = node.style is None or node.style == ""
        return None if plain and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_convert(entry, f"{path}[{i}]", name, result, depth + 1) for i, entry in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise RequestError("a key must be a word", where=f"{name}, line {key_line}")
        key = key_node.value
        _refuse_key(key, f"{name}, line {key_line}")
        if key in found:
            result.tell_twice(f"line {key_line}", key)
            continue
        where = f"{path}.{key}" if path else key
        result.keep_line(where, key_line)
        found[key] = _convert(value_node, where, name, result, depth + 1)
    return found


def _refuse_key(key: str, where: str) -> None:
    if len(key) > MAX_KEY_LENGTH:
        raise RequestError(f"a key of {len(key)} letters, at most {MAX_KEY_LENGTH} are read", where=where)
    _refuse_characters(key, where)


def _refuse_characters(text: str, where: str) -> None:
    """Refuse what an escape such as ``\\u001b`` put into a text, as if it stood there unescaped."""
    bad = _REFUSED.search(text)
    if bad is not None:
        raise RequestError(
            f"a text holds a control character or half of a character (U+{ord(bad[0]):04X})", where=where
        )


def parse_json(text: str, name: str) -> TextTree:
    """Tree of a JSON text; numbers stay text; ``name`` stands in messages."""
    result = TextTree()

    def refuse(constant: str) -> Any:
        raise RequestError(f"{constant} is no JSON", where=name)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                result.tell_twice("", key)
            found.setdefault(key, value)
        return found

    try:
        result.tree = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=refuse, object_pairs_hook=pairs
        )
    except json.JSONDecodeError as error:
        raise RequestError(f"not readable as JSON: {error.msg}", where=f"{name}, line {error.lineno}") from error
    except RecursionError as error:
        raise RequestError(f"nested more than {MAX_DEPTH} levels deep", where=name) from error
    _check_json(result.tree, name, result, 0)
    return result


def _check_json(tree: Any, name: str, result: TextTree, depth: int) -> None:
    result.count(name, depth)
    if isinstance(tree, dict):
        for key, value in tree.items():
            _refuse_key(key, name)
            _check_json(value, name, result, depth + 1)
    elif isinstance(tree, list):
        for value in tree:
            _check_json(value, name, result, depth + 1)
    elif isinstance(tree, str):
        _refuse_characters(tree, name)
