"""The closed catalogue of sentences and labels: what is not in it cannot be printed.

Statements are sentences that findings consist of; labels are headings, table heads, names of enumerated values and
standing texts. English is the pattern for the keys and placeholders of every other language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from musk_id import (
    card_vocabulary,
    form_vocabulary,
    inbox_vocabulary,
    library_vocabulary,
    sharing_vocabulary,
    spike_vocabulary,
    vocabulary,
)
from musk_id.errors import ConfigError, IntegrityError, Problem
from musk_id.model.evidence import Statement
from musk_id.render.phrase_files import WHOLE_LANGUAGES, Review, placeholders, read_texts
from musk_id.render.placeholders import fits, kind_of
from musk_id.render.wording import forbidden_words
from musk_id.vocabulary import Language

__all__ = ["PHRASES", "WHOLE_LANGUAGES", "Catalogue", "Review", "load_catalogue", "placeholders"]

PHRASES = Path(__file__).parent / "phrases"

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

# Labels of enumerated values stand under these names.
ENUM_PREFIXES: dict[type[StrEnum], str] = {
    vocabulary.BatchKind: "batch_kind",
    vocabulary.CandidateLevel: "candidate_level",
    card_vocabulary.Characteristic: "characteristic",
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
    library_vocabulary.CalibrationRefusal: "calibration_refusal",
    library_vocabulary.NameOutcome: "name_outcome",
    library_vocabulary.RatioChange: "ratio_change",
    library_vocabulary.RatioModel: "ratio_model",
    vocabulary.Reason: "reason",
    inbox_vocabulary.ReceiptStatus: "receipt_status",
    vocabulary.ReplicateKind: "replicate_kind",
    vocabulary.SealState: "seal_state",
    vocabulary.Selection: "selection",
    vocabulary.Sex: "sex",
    sharing_vocabulary.JumpState: "jump_state",
    spike_vocabulary.SpikeUnit: "spike_unit",
    sharing_vocabulary.Sharing: "sharing_kind",
    vocabulary.Stage: "stage",
    vocabulary.Strand: "strand",
    vocabulary.Technique: "technique",
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences and labels of one language.

    Attributes
    ----------
    language : Language
        Language of the texts.
    reviews : Mapping
        Review of each text, by id.
    phrases, labels : Mapping
        Texts by id.
    untranslated : frozenset of str
        Ids of texts that stand in English for want of a translation.
    pattern_and : str
        How a list ends in them.
    """

    language: Language
    reviews: Mapping[str, Review]
    phrases: Mapping[str, str]
    labels: Mapping[str, str]
    untranslated: frozenset[str] = frozenset()
    pattern_and: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether a single text has not been reviewed."""
        return self.reviewed < len(self.reviews)

    @property
    def reviewed(self) -> int:
        """How many texts a person has reviewed."""
        return sum(review.status == "reviewed" for review in self.reviews.values())

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
        if not values and "{" not in text:
            return text
        _check_values(key, {name: (value,) for name, value in values.items()})
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
        # A sentence that stands in English for want of a translation has its lists in English too.
        pattern = self.pattern_and if phrase_id in self.untranslated else self.labels["list.and"]
        _check_values(phrase_id, values)
        joined = {name: _joined(texts, pattern) for name, texts in values.items()}
        return _filled(text, joined, f"statements.{self.language}.toml: {phrase_id}")

    def statement(self, statement: Statement) -> str:
        """The sentence of a statement."""
        return self.phrase(statement.phrase, {value.name: value.texts for value in statement.values})

    def join(self, texts: Sequence[str]) -> str:
        """``a``, ``a and b``, ``a, b and c`` in the catalogue's language."""
        return _joined(texts, self.labels["list.and"])


def _joined(texts: Sequence[str], pattern: str) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return _filled(pattern, {"first": ", ".join(texts[:-1]), "last": texts[-1]}, "list.and")


def _check_values(key: str, values: Mapping[str, Sequence[str]]) -> None:
    """Refuse a value that is not of the kind of its placeholder."""
    for name, texts in values.items():
        wrong = next((text for text in texts if not fits(key, name, text)), None)
        if wrong is not None:
            raise IntegrityError(
                f"the placeholder {{{name}}} takes {kind_of(key, name)}, found {wrong[:80]!r}",
                where=key,
                hint="render the record with the software version that made it",
            )


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
        If a file is absent or malformed, keys or placeholders differ from the English ones, or a text uses a word
        that no page may use; all faults at once.
    """
    problems: list[Problem] = []
    texts = read_texts(folder, language, problems)
    for key, text in (*texts.phrases.items(), *texts.labels.items()):
        problems += [
            Problem(f"{language}: {key}", f"uses {word.found!r}, which no page may use (listed as {word.word!r})")
            for word in forbidden_words(text, language, key)
        ]
    if problems:
        raise ConfigError(
            f"the phrase catalogue of '{language}' has {len(problems)} faults",
            where=str(folder.name),
            hint="every language must hold the keys of the English one with the same placeholders",
            problems=tuple(problems),
        )
    return Catalogue(
        language, texts.reviews, texts.phrases, texts.labels, texts.untranslated, texts.pattern_labels["list.and"]
    )
