"""Documents keep step with what they describe."""

from __future__ import annotations

import importlib.util
import re
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import pytest

from musk_id.cli.parser import build_parser
from musk_id.model import methods

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    p
    for p in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("*/README.md"))
    if ".venv" not in p.parts
)


def _commands(parser: ArgumentParser, before: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for name, sub in action.choices.items():
                found |= {(*before, name)} | _commands(sub, (*before, name))
    return found


def test_vocabulary_page_is_that_of_the_lists() -> None:
    path = PROJECT / "scripts" / "write_vocabulary.py"
    spec = importlib.util.spec_from_file_location("write_vocabulary", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (PROJECT / "docs" / "vocabulary.md").read_text(encoding="utf-8") == module.vocabulary_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_commands_named_in_pages_exist(page: Path) -> None:
    known = _commands(build_parser())
    first_words = {command[0] for command in known}
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    for words in re.findall(r"musk-id ((?:[a-z][a-z-]* ?){1,2})", text):
        named = tuple(words.split())
        assert named[0] in first_words, named
        with_actions = {command[0] for command in known if len(command) == 2}
        if named[0] in with_actions and len(named) == 2:
            assert named[:2] in known, named
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert target in targets, target


def test_methods_page_names_every_version_in_force() -> None:
    text = (PROJECT / "docs" / "methods.md").read_text(encoding="utf-8")
    families = (
        methods.BARCODE_METHODS,
        methods.ANIMAL_METHODS,
        methods.SPECTRA_METHODS,
        methods.CONTROL_METHODS,
        methods.EVIDENCE_METHODS,
    )
    for family in families:
        for method in family:
            assert f"## {method.version}" in text
