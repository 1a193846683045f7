"""JCAMP-DX: packed ordinates, blocks, what is refused, and the files of other programs."""

from __future__ import annotations

import gzip
import re
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import jcamp_ordinates
from musk_id.formats.jcamp import JcampBlock, read_blocks, read_jcamp
from musk_id.formats.jcamp_ordinates import decode_ordinates
from musk_id.formats.spectra_files import read_spectra

SQZ = {**{str(i): c for i, c in enumerate("@ABCDEFGHI")}, **{f"-{i}": c for i, c in enumerate("abcdefghi", 1)}}
DIF = {**{str(i): c for i, c in enumerate("%JKLMNOPQR")}, **{f"-{i}": c for i, c in enumerate("jklmnopqr", 1)}}
DUP = {**{str(i): c for i, c in enumerate("STUVWXYZ", 1)}, "9": "s"}


def ordinates(*lines: str) -> list[float]:
    return decode_ordinates(list(enumerate(lines, 1)), "x.jdx").ordinates


def packed(value: int, letters: dict[str, str]) -> str:
    text = str(value)
    cut = 2 if text.startswith("-") else 1
    return letters[text[:cut]] + text[cut:]


def squeezed(values: list[int]) -> str:
    return "".join(packed(value, SQZ) for value in values)


def differences(values: list[int]) -> str:
    steps = (b - a for a, b in pairwise(values))
    return packed(values[0], SQZ) + "".join(packed(step, DIF) for step in steps)


def suppressed(tokens: str) -> str:
    """Runs of equal tokens as a token and its count."""
    found = re.findall(r"[@%A-Za-z]\d*", tokens)
    written, at = "", 0
    while at < len(found):
        count = 1
        while at + count < len(found) and found[at + count] == found[at]:
            count += 1
        written += found[at] + (packed(count, DUP) if count > 1 else "")
        at += count
    return written


VALUES = st.lists(st.integers(-12_345, 12_345), min_size=1, max_size=40)
RUNS = st.lists(st.tuples(st.integers(-30, 30), st.integers(1, 12)), min_size=1, max_size=8).map(
    lambda runs: [value for value, count in runs for _ in range(count)]
)


@given(st.one_of(VALUES, RUNS))
def test_every_form_gives_the_same_ordinates(values: list[int]) -> None:
    plain = " ".join(map(str, values))
    pac = "".join(f"{value:+d}" for value in values)
    for line in (
        f"400 {plain}",
        f"400{pac}",
        f"400{squeezed(values)}",
        f"400{suppressed(squeezed(values))}",
        f"400{differences(values)}",
        f"400{suppressed(differences(values))}",
    ):
        # The first line tells packed forms from plain ones, where an E begins an exponent.
        packed_table = line.startswith("400") and line[3] not in " +-"
        before = ["399A"] if packed_table else []
        assert ordinates(*before, line)[len(before) :] == values, line


@given(st.lists(VALUES.filter(lambda v: len(v) > 1), min_size=2, max_size=5))
def test_lines_of_differences_carry_a_check(parts: list[list[int]]) -> None:
    lines, last = [], None
    for part in parts:
        values = part if last is None else [last, *part]
        lines.append(f"400{differences(values)}")
        last = part[-1]
    assert ordinates(*lines) == [value for part in parts for value in part]
    first, *rest = lines
    broken = rest[0].replace(packed(parts[0][-1], SQZ), packed(parts[0][-1] + 1, SQZ), 1)
    with pytest.raises(InputFormatError, match="Y check failed"):
        ordinates(first, broken)


@needs_refdata
def test_published_table_of_differences_and_repeats() -> None:
    text = (REFDATA / "formats" / "jcamp" / "DIFDUP_published_vector.txt").read_text()
    fields = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    table = decode_ordinates([(1, fields["encoded_line_1"]), (2, fields["encoded_line_2"])], "x.jdx")
    assert len(table.ordinates) == int(fields["expected_count"])
    assert table.ordinates == [float(value) for value in fields["expected_values"].split()]
    assert table.y_checks == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("400 1 ? 3", "an ordinate is missing"),
        ("400J1", "begins with a difference"),
        ("400T", "nothing to repeat"),
        ("400A1!", "'!' is no ordinate"),
        ("@1A2", "does not begin with its abscissa"),
        ("400A1S9999999999", "too long"),
    ],
)
def test_damaged_ordinates_are_refused(line: str, message: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        ordinates(line)
    assert caught.value.where == "x.jdx, line 1"


def test_repeats_cannot_exhaust_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jcamp_ordinates, "MAX_POINTS", 100)
    assert len(ordinates("400A1Y9")) == 79
    with pytest.raises(InputFormatError, match="too long"):
        ordinates("400A1Y9Y9")
    with pytest.raises(InputFormatError, match="more than 100 points"):
        ordinates("400" + "A1" * 101)


def write(folder: Path, *lines: str, name: str = "x.jdx") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


MASS = ("##TITLE=a", "##JCAMP-DX=4.24", "##DATA TYPE=MASS SPECTRUM")


def test_peak_table_comments_and_label_spelling(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *MASS,
        "$$ a remark",
        "##N_POINTS= 4 $$ of them",
        "##PEAK TABLE=(XY..XY)",
        "60,5; 41 7 $$ two",
        "50.5,1.5e1 60,1",
        "##END",
    )
    (spectrum,) = read_jcamp(path)
    assert spectrum.name == "a"
    assert spectrum.mz.tolist() == [41.0, 50.5, 60.0] and spectrum.intensity.tolist() == [7.0, 15.0, 6.0]
    assert spectrum.field("merged_peaks") == "1" and spectrum.field("npoints") == "4"
    assert read_spectra(path)[0].name == "a"


def test_even_spacing_factors_and_blocks_in_a_link_block(tmp_path: Path) -> None:
    inner = (
        "##DATA TYPE=INFRARED SPECTRUM",
        "##XFACTOR=0.5",
        "##YFACTOR=0.1",
        "##FIRSTX=400",
        "##LASTX=402",
        "##NPOINTS=3",
        "##XYDATA=(X++(Y..Y))",
        "800 10 20 30",
        "##END=",
    )
    path = write(tmp_path, "##TITLE=l", "##DATA TYPE=LINK", "##TITLE=b1", *inner, "##TITLE=b2", *inner, "##END=")
    blocks = read_blocks(path)
    assert [b.title for b in blocks] == ["b1", "b2"]
    assert blocks[1].x.tolist() == [400.0, 401.0, 402.0]
    np.testing.assert_allclose(blocks[1].y, [1.0, 2.0, 3.0])
    with pytest.raises(InputFormatError, match="no mass spectrum in the file; it holds: INFRARED SPECTRUM"):
        read_jcamp(path)


def test_pages_of_ntuples(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *MASS,
        "##NTUPLES=MASS SPECTRUM",
        "##SYMBOL=X, Y, T",
        "##FACTOR=1, 2, 1",
        "##VAR_DIM=, , 2",
        "##PAGE=T=1",
        "##NPOINTS=2",
        "##DATA TABLE=(XY..XY), PEAKS",
        "40,1 41,2",
        "##PAGE=T=2",
        "##NPOINTS=1",
        "##DATA TABLE=(XY..XY), PEAKS",
        "50,3",
        "##END NTUPLES=MASS SPECTRUM",
        "##END=",
    )
    first, second = read_blocks(path)
    assert (first.label("PAGE"), second.label("PAGE")) == ("T=1", "T=2")
    assert first.y.tolist() == [2.0, 4.0] and second.y.tolist() == [6.0]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((*MASS, "##PEAK TABLE=(XY..XY)", "60,5"), "no '##END='"),
        ((*MASS, "##END="), "no table"),
        ((*MASS, "##NPOINTS=3", "##PEAK TABLE=(XY..XY)", "60,5", "##END="), "declares 3"),
        ((*MASS, "##NPOINTS=x", "##PEAK TABLE=(XY..XY)", "60,5", "##END="), "'x' is no"),
        ((*MASS, "##PEAK TABLE=(XY..XY)", "##END="), "the table is empty"),
        ((*MASS, "##PEAK TABLE=(XY..XY)", "60,5,7", "##END="), "no pairs"),
        ((*MASS, "##PEAK TABLE=(XY..XY)", "60 five", "##END="), "no pairs"),
        ((*MASS, "##PEAK TABLE=(XYW..XYW)", "60,5,7", "##END="), "are not read"),
        ((*MASS, "##PEAK TABLE=(XY..XY)", "60,-5", "##END="), "negative intensity"),
        ((*MASS, "##XFACTOR=nan", "##PEAK TABLE=(XY..XY)", "60,5", "##END="), "'nan' is no number"),
        ((*MASS, "##XYDATA=(X++(Y..Y))", "60 5", "##END="), "##FIRSTX= or ##LASTX= is missing"),
        (
            (*MASS, "##FIRSTX=1", "##LASTX=9", "##XYDATA=(X++(Y..Y))", "1 5 5", "1.5 5", "##END="),
            "points are missing or too many",
        ),
        (("some text", "##TITLE=a"), "does not begin with a '##' label"),
        (("##DATA TYPE=X", "##TITLE=a"), "stands outside a block"),
        (tuple(f"##TITLE={i}" for i in range(20)), "nested more than 8 deep"),
    ],
)
def test_faults_are_named(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read_jcamp(write(tmp_path, *lines))
    assert caught.value.where.startswith("x.jdx")


# Number of tables in these public files; None: refused.
FOREIGN = {
    "nzhagen+jcamp/ISAS_MS3.DX": 3,
    "nzhagen+jcamp/CH4_CI.jdx": 145,
    "nzhagen+jcamp/blckpac1.jdx": 5,
    "nzhagen+jcamp/TESTNTUP.DX": 2,
    "nzhagen+jcamp/sqzdupd1.jdx": 1,
    "nzhagen+jcamp/1-propanol_ms.jdx": 6,
    "nzhagen+jcamp/ethanol_ms.jdx": 1,
    "cheminfo+jcampconverter/tree-uv.jdx": 2,
    "cheminfo+jcampconverter/ISAS_MS1.DX": 1,
    "cheminfo+jcampconverter/multivariable.jdx": None,
}
JCAMP = REFDATA / "formats" / "jcamp"


@needs_refdata
@pytest.mark.parametrize(("name", "tables"), FOREIGN.items())
def test_files_of_other_programs(name: str, tables: int | None) -> None:
    if tables is None:
        with pytest.raises(InputFormatError, match="are not read"):
            read_blocks(JCAMP / name)
    else:
        assert len(read_blocks(JCAMP / name)) == tables


@needs_refdata
def test_every_public_file_is_read_or_refused_with_a_reason() -> None:
    files = sorted(p for p in JCAMP.rglob("*") if p.is_file())
    read: list[tuple[JcampBlock, ...]] = []
    for path in files:
        try:
            read.append(read_blocks(path))
        except InputFormatError as error:
            assert error.where.startswith(path.name) and error.message
    assert len(files) >= 80 and len(read) >= 68
    assert all(block.x.size == block.y.size > 0 for blocks in read for block in blocks)


@needs_refdata
def test_packed_and_difference_form_of_one_spectrum_agree() -> None:
    folder = JCAMP / "cheminfo+jcampconverter"
    (first,) = read_blocks(folder / "compression__jcamp-difdup.dx")
    (second,) = read_blocks(folder / "compression__jcamp-packed.dx")
    np.testing.assert_array_equal(first.y, second.y)
    np.testing.assert_array_equal(first.x, second.x)


def test_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jdx.gz"
    path.write_bytes(gzip.compress("\n".join((*MASS, "##PEAK TABLE=(XY..XY)", "60,5", "##END=")).encode()))
    assert read_jcamp(path)[0].mz.tolist() == [60.0]


def test_numbers_beyond_every_limit_are_refused_in_words(tmp_path: Path) -> None:
    head = "##TITLE=x\n##DATA TYPE=MASS SPECTRUM\n##FIRSTX=1\n##LASTX=2\n"
    path = tmp_path / "x.jdx"
    for body in (
        "##XYDATA=(X++(Y..Y))\n1 A0Z" + "9" * 100_000,
        "##YFACTOR=1e308\n##XYDATA=(X++(Y..Y))\n1 1E308 1E308",
        "##XFACTOR=1e308\n##PEAK TABLE=(XY..XY)\n1E308 1",
    ):
        path.write_text(f"{head}{body}\n##END=\n", encoding="ascii")
        with warnings.catch_warnings(), pytest.raises(InputFormatError, match="too"):
            warnings.simplefilter("error")
            read_jcamp(path)
