"""Second net under the catalogue: words that no page may use of its own accord.

A record states what was found; it does not pronounce on truth, intent or law. The list is that of the
laboratory decision rules (section 10). Words of the authority are quoted and are not searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from musk_id.render.kept import kept
from musk_id.vocabulary import Language

__all__ = [
    "ALLOWED",
    "BESIDE_RATIOS",
    "FORBIDDEN",
    "IN_EXCLUSIONS",
    "ForbiddenWord",
    "Found",
    "forbidden_words",
    "found_words",
]

# Expressions that hold a forbidden word and are harmless.
ALLOWED: dict[Language, tuple[str, ...]] = {
    Language.EN: (r"match factors?", r"mismatch(?:es|ed|ing)?"),
    Language.RU: (),
    Language.KK: (),
    Language.ZH: (r"证明书", r"证明文件"),
}

# Regular expressions for whole words; the key is the word as the rules list it. Inflected forms that
# carry the same claim are caught with it.
FORBIDDEN: dict[Language, dict[str, str]] = {
    Language.EN: {
        "authentic": r"authentic(?:ity|ated|ally)?",
        "genuine": r"genuine(?:ly|ness)?",
        "fake": r"fake[sd]?",
        "counterfeit": r"counterfeit(?:s|ed|ing)?",
        "adulterated": r"adulterat(?:ed|es?|ion|ing|ant|ants)",
        "pure": r"pure(?:ly)?|purity",
        "confirmed": r"confirm(?:s|ed|ing|ation)?",
        "proves": r"prove[sdn]?|proving|proof",
        "conclusive": r"conclusive(?:ly)?",
        "certain": r"certain(?:ly|ty)?",
        "no doubt": r"no\s+doubt|undoubted(?:ly)?|beyond\s+(?:\w+\s+)?doubt",
        "scientific certainty": r"scientific\s+certainty",
        "match": r"match(?:es|ed|ing)?",
        # Only beside a bounded likelihood ratio, and "not supported" never.
        "support": r"(?:un)?support(?:s|ed|ing|ive)?|NOT_SUPPORTED\w*",
        "positive for musk": r"positive\s+for\s+musk",
        "negative for musk": r"negative\s+for\s+musk",
        "illegal": r"illegal(?:ly)?",
        "poached": r"poach(?:ed|er|ers|ing)",
        "contraband": r"contraband",
        "smuggled": r"smuggl(?:ed|er|ers|ing|es?)",
        "not musk deer": r"not\s+musk\s+deer",
        "100 %": r"100\s*(?:%|per\s?cent)",
    },
    Language.RU: {
        "подлинный": r"подлинн\w*",
        "поддельный": r"поддел\w*",
        "фальсификат": r"фальсифи\w*",
        "несомненно": r"несомненн\w*",
        "безусловно": r"безусловн\w*",
        "доказывает": r"доказыва\w*|доказан\w*",
        "однозначно": r"однозначн\w*",
        "контрабанда": r"контрабанд\w*",
        "браконьерский": r"браконьер\w*",
        "идентичен": r"идентич\w*",
        "подтверждает": r"подтвержд\w*",
        "поддерживает": r"поддерж\w*|подкрепля\w*|свидетельств\w*",
        "незаконный": r"незаконн\w*",
        "настоящий": r"настоящ\w*",
        "100 %": r"100\s*(?:%|процент\w*)",
    },
    Language.KK: {
        "түпнұсқа": r"түпнұсқа\w*|нағыз\w*",
        "жалған": r"жалған\w*",
        "күмәнсіз": r"күмәнсіз\w*|сөзсіз",
        "дәлелдейді": r"дәлелде\w*",
        "растайды": r"раста\w*",
        "қолдайды": r"қолдайды|қолдады|қолдау\w*",
        "заңсыз": r"заңсыз\w*",
        "контрабанда": r"контрабанда\w*",
        "браконьер": r"браконьер\w*",
        "бірдей": r"бірдей",
        "100 %": r"100\s*(?:%|пайыз\w*)",
    },
    # Chinese is written without spaces: its words are found anywhere.
    Language.ZH: {
        "真品": r"真品|正品|真麝香",
        "假货": r"假货|假冒|仿冒|伪造",
        "掺假": r"掺假|掺杂",
        "纯": r"纯",
        "证明": r"证明|证实|确证",
        "无疑": r"无疑",
        "支持": r"支持",
        "非法": r"非法|违法",
        "盗猎": r"盗猎|偷猎",
        "走私": r"走私|违禁品",
        "100 %": r"100\s*%|百分之百",
    },
}

# Only an exclusion may say what an item is not.
_EXCLUSION_PHRASES = frozenset({"dna.moschus_excluded"})
IN_EXCLUSIONS = frozenset({"not musk deer"})

# Only what is printed beside a bounded likelihood ratio may say what findings speak for.
_RATIO_TEXTS = ("ratio.given_", "scale.")
BESIDE_RATIOS = frozenset({"support", "поддерживает", "қолдайды", "支持"})


@dataclass(frozen=True, slots=True)
class ForbiddenWord:
    """A forbidden word found in a text."""

    key: str
    word: str
    found: str


@dataclass(frozen=True, slots=True)
class Found:
    """A place of a forbidden word in a text, from ``start`` to before ``end``."""

    word: str
    start: int
    end: int


def forbidden_words(text: str, language: Language, key: str = "") -> tuple[ForbiddenWord, ...]:
    """Forbidden words of a catalogue text, in the order of the list.

    Parameters
    ----------
    text : str
        Text of the catalogue.
    language : Language
        Language whose list applies; a text in Cyrillic may still carry an English word, so the English
        list always applies too.
    key : str
        Id of the text; exclusion phrases and those of a likelihood ratio may use the words reserved for them.
    """
    found: dict[str, ForbiddenWord] = {}
    for place in found_words(text, language):
        if place.word in IN_EXCLUSIONS and key in _EXCLUSION_PHRASES:
            continue
        if place.word in BESIDE_RATIOS and key.startswith(_RATIO_TEXTS):
            continue
        found.setdefault(place.word, ForbiddenWord(key, place.word, text[place.start : place.end]))
    return tuple(found.values())


@kept
def found_words(text: str, language: Language) -> tuple[Found, ...]:
    """Every place of a word of the list in a text, in the order of the list.

    Parameters
    ----------
    text : str
        Any text.
    language : Language
        Language whose list applies, beside the English one.
    """
    places: list[Found] = []
    for listed in dict.fromkeys((language, Language.EN)):
        any_word, words = _patterns(listed)
        if any_word.search(text) is None:
            continue
        searched = _without_allowed(text, listed)
        for word, pattern in words:
            places += [Found(word, m.start(), m.end()) for m in pattern.finditer(searched)]
    return tuple(places)


@cache
def _patterns(language: Language) -> tuple[re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """One pattern for any word of a list, to pass over most texts at once, and one for each word."""
    every = "|".join(FORBIDDEN[language].values())
    words = FORBIDDEN[language].items()
    return (
        re.compile(_whole(every, language), re.IGNORECASE),
        tuple((word, re.compile(_whole(pattern, language), re.IGNORECASE)) for word, pattern in words),
    )


def _without_allowed(text: str, language: Language) -> str:
    for pattern in ALLOWED[language]:
        # As many letters as before, so that places in the text stay what they are.
        text = re.sub(_whole(pattern, language), lambda m: " " * len(m.group()), text, flags=re.IGNORECASE)
    return text


def _whole(pattern: str, language: Language) -> str:
    """A pattern for whole words, where a language parts its words."""
    return pattern if language is Language.ZH else rf"(?<!\w)(?:{pattern})(?!\w)"
