"""The closed catalogue of sentences and labels: what is not in it cannot be printed.

A language has two files in ``phrases/``: ``statements.<language>.toml`` (sentences that findings consist
of) and ``labels.<language>.toml`` (headings, table heads, names of enumerated values, standing texts).
English is the pattern: every other language must have the same keys with the same placeholders.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from musk_id import form_vocabulary, library_vocabulary, vocabulary
from musk_id.errors import ConfigError, IntegrityError, Problem
from musk_id.model.evidence import Statement
from musk_id.vocabulary import Language

__all__ = ["PHRASES", "Catalogue", "Review", "load_catalogue", "placeholders"]

PHRASES = Path(__file__).parent / "phrases"
PATTERN_LANGUAGE = Language.EN

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACE = re.compile(r"[{}]")
_REVIEW_KEYS = ("language", "status", "reviewed_by", "reviewed_on")

# Labels of enumerated values stand under these names.
ENUM_PREFIXES: dict[type[StrEnum], str] = {
    vocabulary.BatchKind: "batch_kind",
    vocabulary.CandidateLevel: "candidate_level",
    vocabulary.CompoundStatus: "compound_status",
    form_vocabulary.ClauseSet: "clause_set",
    form_vocabulary.ClauseState: "clause_state",
    form_vocabulary.ConclusionForm: "conclusion_form",
    form_vocabulary.DocumentKind: "title",
    form_vocabulary.IssueObstacle: "issue_obstacle",
    form_vocabulary.ListingState: "listing_state",
    form_vocabulary.Need: "need",
    form_vocabulary.SpecimenPart: "specimen_part",
    form_vocabulary.Template: "template",
    library_vocabulary.CongenerStratum: "congener_stratum",
    vocabulary.ControlKind: "control_kind",
    vocabulary.ControlOutcome: "control_outcome",
    vocabulary.ControlResult: "control_result",
    vocabulary.CriterionOutcome: "criterion_outcome",
    vocabulary.CurationState: "curation_state",
    vocabulary.ExtractKind: "extract_kind",
    vocabulary.FileRole: "file_role",
    vocabulary.Finding: "finding",
    vocabulary.Grade: "grade",
    vocabulary.Language: "language_name",
    library_vocabulary.LibraryGrade: "library_grade",
    library_vocabulary.Resolution: "resolution",
    vocabulary.Locus: "locus",
    vocabulary.MaterialClass: "material",
    vocabulary.NameView: "name_view",
    vocabulary.PermitKind: "permit_kind",
    vocabulary.QuestionKind: "question_kind",
    vocabulary.Rank: "rank",
    library_vocabulary.RatioChange: "ratio_change",
    library_vocabulary.RatioModel: "ratio_model",
    vocabulary.Reason: "reason",
    vocabulary.ReplicateKind: "replicate_kind",
    vocabulary.SealState: "seal_state",
    vocabulary.Selection: "selection",
    vocabulary.Sex: "sex",
    vocabulary.Stage: "stage",
    vocabulary.Strand: "strand",
    vocabulary.Technique: "technique",
}


def placeholders(text: str) -> frozenset[str]:
    """Names of the placeholders ``{name}`` of a text."""
    return frozenset(_PLACEHOLDER.findall(text))


@dataclass(frozen=True, slots=True)
class Review:
    """Whether a person has checked the words: ``draft`` or ``reviewed`` with name and date."""

    status: str
    reviewed_by: str
    reviewed_on: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences and labels of one language.

    Attributes
    ----------
    language : Language
        Language of the texts.
    reviews : tuple of Review
        Review of the statements and of the labels.
    phrases, labels : Mapping
        Texts by id.
    """

    language: Language
    reviews: tuple[Review, Review]
    phrases: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def is_draft(self) -> bool:
        """Whether a part of the texts has not been reviewed."""
        return any(review.status == "draft" for review in self.reviews)

    def label(self, key: str, **values: str) -> str:
        """A label, its placeholders filled.

        Raises
        ------
        ConfigError
            If the catalogue has no such label.
        IntegrityError
            If the values are not those that the label names.
        """
        text = self.labels.get(key)
        if text is None:
            raise ConfigError(
                f"no label '{key}' in the catalogue",
                where=f"labels.{self.language}.toml",
                hint="add the label in every language",
            )
        return _filled(text, values, f"labels.{self.language}.toml: {key}")

    def word(self, member: StrEnum) -> str:
        """The name of an enumerated value."""
        return self.label(f"{ENUM_PREFIXES[type(member)]}.{member.value}")

    def phrase(self, phrase_id: str, values: Mapping[str, Sequence[str]]) -> str:
        """A sentence with its values; a value with several texts is joined as a list.

        Raises
        ------
        IntegrityError
            If a record names a phrase that the catalogue lacks, or other values than the phrase has.
        """
        text = self.phrases.get(phrase_id)
        if text is None:
            raise IntegrityError(
                f"the record names the phrase '{phrase_id}', which the catalogue does not hold",
                where=f"statements.{self.language}.toml",
                hint="render the record with the software version that made it, or a later one",
            )
        joined = {name: self.join(texts) for name, texts in values.items()}
        return _filled(text, joined, f"statements.{self.language}.toml: {phrase_id}")

    def statement(self, statement: Statement) -> str:
        """The sentence of a statement."""
        return self.phrase(statement.phrase, {value.name: value.texts for value in statement.values})

    def join(self, texts: Sequence[str]) -> str:
        """``a``, ``a and b``, ``a, b and c`` in the catalogue's language."""
        if len(texts) < 2:
            return "".join(texts)
        return self.label("list.and", first=", ".join(texts[:-1]), last=texts[-1])


def _filled(text: str, values: Mapping[str, str], where: str) -> str:
    wanted = placeholders(text)
    if wanted != values.keys():
        raise IntegrityError(
            f"the text asks for {_names(wanted)}, the record gives {_names(values)}",
            where=where,
            hint="render the record with the software version that made it",
        )
    # One pass over the pattern: braces inside a value are never read as placeholders.
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)


def _names(names: Any) -> str:
    return ", ".join(sorted(names)) or "no values"


@cache
def load_catalogue(language: Language, folder: Path = PHRASES) -> Catalogue:
    """Catalogue of a language, checked against the English one.

    Raises
    ------
    ConfigError
        If a file is absent or malformed, or keys or placeholders differ from the English ones; all
        faults at once.
    """
    problems: list[Problem] = []
    statements, statement_review = _read(folder, "statements", language, problems)
    labels, label_review = _read(folder, "labels", language, problems)
    if language is not PATTERN_LANGUAGE:
        for kind, texts in (("statements", statements), ("labels", labels)):
            pattern, _ = _read(folder, kind, PATTERN_LANGUAGE, problems)
            problems.extend(_differences(pattern, texts, f"{kind}.{language}.toml"))
    if problems:
        raise ConfigError(
            f"the phrase catalogue of '{language}' has {len(problems)} faults",
            where=str(folder.name),
            hint="every language must hold the same keys with the same placeholders",
            problems=tuple(problems),
        )
    return Catalogue(language, (statement_review, label_review), statements, labels)


def _read(folder: Path, kind: str, language: Language, problems: list[Problem]) -> tuple[dict[str, str], Review]:
    name = f"{kind}.{language}.toml"
    draft = Review("draft", "", "")
    try:
        tree = tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(Problem(name, f"cannot be read: {error}"))
        return {}, draft
    texts: dict[str, str] = {}
    tables = {key: value for key, value in tree.items() if key not in _REVIEW_KEYS}
    if kind == "statements":
        tables = tables.get("phrases", {})
    _flatten(tables, "", texts, name, problems)
    return texts, _review(tree, language, name, problems)


def _review(tree: Mapping[str, Any], language: Language, name: str, problems: list[Problem]) -> Review:
    if tree.get("language") != language.value:
        problems.append(Problem(f"{name}: language", f"found {tree.get('language')!r}", language.value))
    status = tree.get("status")
    if status not in ("draft", "reviewed"):
        problems.append(Problem(f"{name}: status", f"found {status!r}", "draft, reviewed"))
    review = Review(str(status), str(tree.get("reviewed_by", "")), str(tree.get("reviewed_on", "")))
    if status == "reviewed" and not (review.reviewed_by and review.reviewed_on):
        problems.append(Problem(name, "reviewed, but by whom and when is missing", "reviewed_by, reviewed_on"))
    return review


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


def _differences(pattern: Mapping[str, str], texts: Mapping[str, str], name: str) -> list[Problem]:
    problems = [Problem(f"{name}: {key}", "is missing") for key in sorted(pattern.keys() - texts.keys())]
    problems += [Problem(f"{name}: {key}", "is not in English") for key in sorted(texts.keys() - pattern.keys())]
    for key in sorted(pattern.keys() & texts.keys()):
        wanted, found = placeholders(pattern[key]), placeholders(texts[key])
        if wanted != found:
            problems.append(Problem(f"{name}: {key}", f"placeholders {_names(found)}", f"{_names(wanted)}"))
    return problems
