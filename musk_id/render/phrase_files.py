"""Files of the phrase catalogue, read and checked: texts of a language, and who reviewed each of them.

English and Russian have two files each, ``statements.<language>.toml`` and ``labels.<language>.toml``, and are
whole. A further language is one file, ``catalogue.<language>.toml``, with the same keys; what it lacks stands in
English, and its pages are drafts. A review names a person, a date and the digest of the text and of the English
one that it renders: a text that changed afterwards is a draft again.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musk_id.errors import Problem
from musk_id.model.values import RULES, IsoDate
from musk_id.render.kept import kept
from musk_id.vocabulary import Language

__all__ = [
    "PATTERN_LANGUAGE",
    "WHOLE_LANGUAGES",
    "LanguageTexts",
    "Review",
    "placeholders",
    "read_texts",
    "text_digest",
]

PATTERN_LANGUAGE = Language.EN
WHOLE_LANGUAGES = (Language.EN, Language.RU)

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACE = re.compile(r"[{}]")
_HEAD_KEYS = ("language", "status", "reviewed_by", "reviewed_on")
_REVIEW_KEYS = frozenset({"text_sha256", "reviewed_by", "reviewed_on"})


@kept
def placeholders(text: str) -> frozenset[str]:
    """Names of the placeholders ``{name}`` of a text."""
    return frozenset(_PLACEHOLDER.findall(text))


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a person has checked a text: ``draft`` or ``reviewed`` with name and date."""

    status: str
    reviewed_by: str
    reviewed_on: str


DRAFT = Review("draft", "", "")


@dataclass(frozen=True, slots=True)
class LanguageTexts:
    """Texts of a language by id; ``untranslated`` are those that stand in English for want of a translation."""

    phrases: Mapping[str, str]
    labels: Mapping[str, str]
    reviews: Mapping[str, Review]
    untranslated: frozenset[str]
    pattern_labels: Mapping[str, str]


def text_digest(english: str, text: str) -> str:
    """SHA-256 of a text and of the English text that it renders; a review holds for this pair alone."""
    return hashlib.sha256(f"{english}\0{text}".encode()).hexdigest()


def read_texts(folder: Path, language: Language, problems: list[Problem]) -> LanguageTexts:
    """Texts of a language; every fault of its files is added to ``problems``."""
    english = _read_pair(folder, PATTERN_LANGUAGE, problems)
    if language is PATTERN_LANGUAGE:
        reviews = dict.fromkeys((*english[0], *english[1]), english[2])
        return LanguageTexts(english[0], english[1], reviews, frozenset(), english[1])
    if language in WHOLE_LANGUAGES:
        phrases, labels, _ = _read_pair(folder, language, problems)
        names = (f"statements.{language}.toml", f"labels.{language}.toml")
        for pattern, texts, name in zip(english[:2], (phrases, labels), names, strict=True):
            problems.extend(_differences(pattern, texts, name, whole=True))
        untranslated: frozenset[str] = frozenset()
    else:
        phrases, labels = _read_one(folder, language, problems)
        name = f"catalogue.{language}.toml"
        for pattern, texts in zip(english[:2], (phrases, labels), strict=True):
            problems.extend(_differences(pattern, texts, name, whole=False))
        untranslated = frozenset({**english[0], **english[1]}.keys() - phrases.keys() - labels.keys())
    reviews = _reviews(folder, language, {**english[0], **english[1]}, {**phrases, **labels}, problems)
    reviews |= dict.fromkeys(untranslated, DRAFT)
    return LanguageTexts({**english[0], **phrases}, {**english[1], **labels}, reviews, untranslated, english[1])


def _read_pair(
    folder: Path, language: Language, problems: list[Problem]
) -> tuple[dict[str, str], dict[str, str], Review]:
    """Statements and labels of a language with two files, and the review that both claim at their head."""
    found: list[dict[str, str]] = []
    reviews: list[Review] = []
    for kind in ("statements", "labels"):
        name = f"{kind}.{language}.toml"
        tree = _load(folder / name, problems)
        reviews.append(_head(tree, language, name, problems))
        tables = {key: value for key, value in tree.items() if key not in _HEAD_KEYS}
        texts: dict[str, str] = {}
        _flatten(tables.get("phrases", {}) if kind == "statements" else tables, "", texts, name, problems)
        found.append(texts)
    return found[0], found[1], next((r for r in reviews if r.status == "draft"), reviews[0])


def _read_one(folder: Path, language: Language, problems: list[Problem]) -> tuple[dict[str, str], dict[str, str]]:
    """Statements and labels of a language with one file."""
    name = f"catalogue.{language}.toml"
    tree = _load(folder / name, problems)
    _head(tree, language, name, problems)
    phrases: dict[str, str] = {}
    labels: dict[str, str] = {}
    _flatten(tree.get("phrases", {}), "", phrases, name, problems)
    rest = {key: value for key, value in tree.items() if key not in (*_HEAD_KEYS, "phrases")}
    _flatten(rest, "", labels, name, problems)
    return phrases, labels


def _load(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(Problem(path.name, f"cannot be read: {error}"))
        return {}


def _head(tree: Mapping[str, Any], language: Language, name: str, problems: list[Problem]) -> Review:
    """What a file says of itself; only the pattern may claim a review for all of its texts at once."""
    if tree.get("language") != language.value:
        problems.append(Problem(f"{name}: language", f"found {tree.get('language')!r}", language.value))
    status = tree.get("status")
    allowed = ("draft", "reviewed") if language is PATTERN_LANGUAGE else ("draft",)
    if status not in allowed:
        found = f"found {status!r}; reviews of a translation stand text by text in reviews.{language}.toml"
        problems.append(Problem(f"{name}: status", found, ", ".join(allowed)))
    review = Review(str(status), str(tree.get("reviewed_by", "")), str(tree.get("reviewed_on", "")))
    if status == "reviewed" and not (review.reviewed_by and review.reviewed_on):
        problems.append(Problem(name, "reviewed, but by whom and when is missing", "reviewed_by, reviewed_on"))
    return review


def _reviews(
    folder: Path,
    language: Language,
    english: Mapping[str, str],
    texts: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, Review]:
    """Review of each text: that of ``reviews.<language>.toml`` where it speaks of the text as it now stands."""
    path = folder / f"reviews.{language}.toml"
    rows = _load(path, problems) if path.exists() else {}
    reviews = dict.fromkeys(texts, DRAFT)
    for key, row in rows.items():
        where = f"{path.name}: {key}"
        if not isinstance(row, dict) or row.keys() != _REVIEW_KEYS:
            problems.append(Problem(where, "has other keys", ", ".join(sorted(_REVIEW_KEYS))))
        elif key not in texts:
            problems.append(Problem(where, "is a text that the language does not have"))
        elif not str(row["reviewed_by"]).strip() or not RULES[IsoDate].accepts(str(row["reviewed_on"])):
            problems.append(Problem(where, "a review names a person and a date", "reviewed_by, reviewed_on"))
        elif row["text_sha256"] == text_digest(english.get(key, ""), texts[key]):
            reviews[key] = Review("reviewed", row["reviewed_by"], row["reviewed_on"])
    return reviews


def _flatten(
    tree: Mapping[str, Any], prefix: str, texts: dict[str, str], name: str, problems: list[Problem]
) -> None:
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            _flatten(value, path, texts, name, problems)
        elif not isinstance(value, str) or not value.strip():
            problems.append(Problem(f"{name}: {path}", f"found {value!r}", "a text"))
        elif _BRACE.search(_PLACEHOLDER.sub("", value)):
            problems.append(Problem(f"{name}: {path}", "a brace that is no placeholder", "{name}"))
        else:
            texts[path] = value


def _differences(pattern: Mapping[str, str], texts: Mapping[str, str], name: str, *, whole: bool) -> list[Problem]:
    missing = sorted(pattern.keys() - texts.keys()) if whole else []
    problems = [Problem(f"{name}: {key}", "is missing") for key in missing]
    problems += [Problem(f"{name}: {key}", "is not in English") for key in sorted(texts.keys() - pattern.keys())]
    for key in sorted(pattern.keys() & texts.keys()):
        wanted, found = placeholders(pattern[key]), placeholders(texts[key])
        if wanted != found:
            problems.append(Problem(f"{name}: {key}", f"placeholders {_names(found)}", f"{_names(wanted)}"))
    return problems


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no values"
