"""Characters that act in shells, in paths and ids, through the whole workflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_cases import make_root
from workflow_runs import run_workflow, tree_digest

from musk_id.model.values import RULES, Identifier, RelativePath

ACTING = "'; touch PWNED; $(touch PWNED) `touch PWNED` \"&|<>*?[]!~#%\\ 麝 -x"


def test_a_root_and_an_output_whose_names_act_in_shells(tmp_path: Path) -> None:
    make_root(tmp_path / f"r{ACTING}", 1)
    done = run_workflow(tmp_path / f"r{ACTING}", tmp_path / f"o{ACTING}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"o{ACTING}" / "cases" / "K00000" / "seal" / "manifest.json").is_file()
    assert not [path for path in tmp_path.rglob("PWNED") if path.name == "PWNED"]
    make_root(tmp_path / "plain", 1)
    assert run_workflow(tmp_path / "plain", tmp_path / "out").returncode == 0
    assert tree_digest(tmp_path / "out") == tree_digest(tmp_path / f"o{ACTING}")


@given(st.text(min_size=1, max_size=70))
def test_ids_and_paths_hold_no_character_that_acts(text: str) -> None:
    safe = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    if RULES[Identifier].accepts(text):
        assert set(text) <= safe
        assert text[0] not in "-_"
    if RULES[RelativePath].accepts(text):
        assert set(text) <= safe | {".", "/"}
        assert not any(part in {"", ".", ".."} or part[0] in "-." for part in text.split("/"))


@pytest.mark.parametrize(
    "text", ["a\n", "a\nb", "..", "a/../b", "/a", "-rf", "a b", "а", "ａ", "a" * 64, "", "con", "a\0"]
)
def test_ids_that_are_refused(text: str) -> None:
    assert not RULES[Identifier].accepts(text)
