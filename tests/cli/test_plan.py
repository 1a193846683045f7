"""``musk-id plan``: what it prints, what it refuses, and that it starts light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from musk_id.cli import main


def test_sampling_prints_the_table_of_the_rules(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", "sampling", "--units", "100"]) == 0
    text = capsys.readouterr().out
    assert [line.strip() for line in text.splitlines() if "at least" in line] == [
        "at least 50 %: 5", "at least 70 %: 8", "at least 90 %: 23",
    ]  # fmt: skip
    assert "chosen at random" in text


def test_sampling_of_other_shares_negatives_and_confidence(capsys) -> None:  # type: ignore[no-untyped-def]
    arguments = ["plan", "sampling", "--units", "20", "--share", "99.5", "--share", "30", "--negatives", "1"]
    assert main([*arguments, "--confidence", "99"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "with 99 % confidence" in lines[0] and "at most 1 of them negative" in lines[0]
    assert lines[1].strip() == "at least 99.5 %: cannot be shown"
    # With 5 of 20 positive, 4 or more of 5: 76 of 15504 ways; 3 or more of 4: 155 of 4845, above 1 %.
    assert lines[2].strip() == "at least 30 %: 5"


def test_what_examined_units_show(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", "sampling", "--units", "10", "--examined", "3", "--positive", "3"]) == 0
    assert "at least 5 of the 10 units are positive (50.0 %)" in capsys.readouterr().out


def test_ratio_says_what_numbers_could_give_at_best(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", "ratio", "--individuals", "10", "--species", "245", "--bound", "100"]) == 0
    text = capsys.readouterr().out
    assert "could give: 60.98" in text and "moderate support" in text and "[not verified]" in text
    assert "with 10 individuals: 403 species" in text
    assert "with 245 species: no number of individuals is enough" in text


def test_below_the_smallest_numbers_no_word_is_printed(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", "ratio", "--individuals", "8", "--species", "58"]) == 0
    text = capsys.readouterr().out
    assert "gives no ratio and no word: 8 of 10 individuals, 58 of 59 species" in text
    assert "support" not in text


def test_a_bound_alone_lists_numbers_for_it(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", "ratio", "--bound", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # Twenty species would do; the method asks for 59.
    assert lines[1].strip() == "with 10 individuals: 59 species" and len(lines) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ratio"], "numbers of items, or a bound, are needed"),
        (["ratio", "--individuals", "10"], "numbers of items, or a bound, are needed"),
        (["ratio", "--individuals", "0", "--species", "5"], "--individuals: found 0, allowed 1 to"),
        (["ratio", "--bound", "nan"], "--bound: found 'nan', allowed a number from 1 to"),
        (["sampling", "--units", "0"], "--units: found 0, allowed 1 to 100000"),
        (["sampling", "--units", "5", "--share", "0"], "--share: found '0'"),
        (["sampling", "--units", "5", "--share", "1e9"], "--share: found '1e9'"),
        (["sampling", "--units", "5", "--confidence", "100"], "--confidence: found '100'"),
        (["sampling", "--units", "5", "--negatives", "5"], "--negatives: found 5, allowed 0 to 4"),
        (["sampling", "--units", "5", "--examined", "3"], "found --examined 3 and --positive None"),
        (
            ["sampling", "--units", "5", "--examined", "3", "--positive", "4"],
            "found --examined 3 and --positive 4",
        ),
        (
            ["sampling", "--units", "5", "--examined", "3", "--positive", "3", "--share", "50"],
            "planned or counted",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(capsys, arguments: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert main(["plan", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_planning_starts_without_heavy_modules() -> None:
    code = (
        "import sys; from musk_id.cli import main;"
        "main(['plan', 'ratio', '--individuals', '10', '--species', '99']);"
        "main(['plan', 'sampling', '--units', '99']);"
        "print([m for m in ('scipy', 'yaml', 'jinja2', 'typst', 'Bio', 'skbio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
