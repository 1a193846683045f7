"""Pins: the list of the release, strict reading with all faults at once, and what a record must hold."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
from flat_files import flat_record, panel_letters
from library_sources import PROJECT

from musk_id.errors import InputFormatError
from musk_id.formats.genbank import read_genbank_bytes
from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.deposited import DepositedRecord
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.pins import PIN_COLUMNS, Pin, PinnedPart, parse_pins, pins_bytes, pins_of
from musk_id.vocabulary import Locus

HEADER = "\t".join(PIN_COLUMNS)
LETTERS = "".join(random.Random(3).choices("ACGT", k=900))


def digest(letters: str) -> str:
    return hashlib.sha256(letters.encode()).hexdigest()


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def pin(accession: str = "NC_020017.1", **part: object) -> Pin:
    parts = (PinnedPart(**{"window": None, "length_bp": None, "sha256": None, **part}),)
    return Pin(accession=accession, organism=None, parts=parts)


def record(letters: str = LETTERS, accession: str = "NC_020017.1", **more: str) -> DepositedRecord:
    return read_genbank_bytes(flat_record(accession, letters, **more).encode(), "x.gb")[0]


def test_list_of_the_release_is_what_the_release_gives(shipped_release: ReferenceRelease) -> None:
    data = (PROJECT / "reference_db" / "pins" / "2026.1.tsv").read_bytes()
    pins = pins_of(shipped_release)
    assert data == pins_bytes(pins)
    assert parse_pins(data, "2026.1.tsv") == pins
    stated = {(p.accession, part.window): (part.length_bp, part.sha256) for p in pins for part in p.parts}
    assert stated == {(b.accession, b.locus): (len(b.sequence), b.sha256) for b in shipped_release.barcodes}


def test_every_pin_of_the_release_accepts_a_record_that_holds_its_windows(
    shipped_release: ReferenceRelease,
) -> None:
    for wanted in pins_of(shipped_release)[::5]:
        rows = [row for row in shipped_release.barcodes if row.accession == wanted.accession]
        full = wanted.accession if "." in wanted.accession else f"{wanted.accession}.3"
        assert list(wanted.differences(record(panel_letters(rows), full))) == []


WINDOW = {"window": Locus.RRNA_12S, "length_bp": 106, "sha256": digest(LETTERS[300:406])}


def test_window_may_stand_on_either_strand_and_across_the_ends_of_a_ring() -> None:
    wanted = pin(**WINDOW)
    turned = LETTERS[350:] + LETTERS[:350]
    assert list(wanted.differences(record())) == []
    assert list(wanted.differences(record(reverse_complement_text(LETTERS)))) == []
    assert list(wanted.differences(record(turned))) == []
    assert list(wanted.differences(record(reverse_complement_text(turned)))) == []
    assert list(wanted.differences(record(turned, topology="linear"))) != []


def test_changed_window_is_told_with_both_digests() -> None:
    other = LETTERS[:320] + ("A" if LETTERS[320] != "A" else "C") + LETTERS[321:]
    (told,) = pin(**WINDOW).differences(record(other))
    assert WINDOW["sha256"] in told and digest(other) in told and "12S-V5" in told
    (short,) = pin(**WINDOW).differences(record(LETTERS[:50]))
    assert "no stretch of 106 letters" in short


def test_whole_record_is_compared_by_length_and_digest() -> None:
    assert list(pin(length_bp=900, sha256=digest(LETTERS)).differences(record())) == []
    told = list(pin(length_bp=901, sha256=digest("A")).differences(record()))
    assert told == [
        "the record has 900 letters, pinned are 901",
        f"the letters have SHA-256 {digest(LETTERS)}, pinned is {digest('A')}",
    ]


@pytest.mark.parametrize(
    ("pinned", "given", "differs"),
    [
        ("NC_020017.1", "NC_020017.1", False),
        ("NC_020017.1", "NC_020017.2", True),
        ("MT873042", "MT873042.7", False),
        ("MT873042", "MT873041.1", True),
    ],
)
def test_version_counts_where_it_is_pinned(pinned: str, given: str, differs: bool) -> None:
    assert bool(list(pin(pinned).differences(record(accession=given)))) == differs


def test_molecule_must_be_dna() -> None:
    (told,) = pin().differences(replace(record(), molecule_type="mRNA"))
    assert told == "the molecule is mRNA, DNA is pinned"
    assert list(pin().differences(replace(record(), molecule_type="ds-DNA"))) == []


def test_all_faults_of_the_table_are_told_at_once() -> None:
    good = digest("A")
    with pytest.raises(InputFormatError) as caught:
        parse_pins(
            table(
                "../../etc\t\t\t\t",
                "KC013352.1\t\tCOI-659\t\t",
                "KC013352.1\t\t\t-4\t",
                f"KC013352.1\t\t\t4\t{good[:-1]}",
            ),
            "pins.tsv",
        )
    assert caught.value.exit_code == 3
    assert [p.where for p in caught.value.problems] == [f"pins.tsv, line {n}" for n in (2, 3, 4, 5)]
    with pytest.raises(InputFormatError) as caught:
        parse_pins(
            table(
                f"KC013352.1\tMoschus a\tCYTB\t\t{good}",
                f"KC013352.1\tMoschus a\t\t0\t{good}",
                "KC013352.1\tMoschus a\t\t\t",
                "KC013352\tMoschus a\tCOI-658\t9\t" + good,
                "KC013352.1\tMoschus b\t12S-V5\t9\t" + good,
            ),
            "pins.tsv",
        )
    assert [p.where[-1] for p in caught.value.problems] == ["2", "3", "4", "5", "6"]
    assert "stands on line 3 already" in str(caught.value.problems[2])


def test_all_rows_of_another_width_are_told_at_once() -> None:
    with pytest.raises(InputFormatError, match=r"2 row\(s\) do not fit the header: 1 fields") as caught:
        parse_pins(table("KC013352.1", "KC013353.1\t\t\t\t", "KC013354.1\t"), "pins.tsv")
    assert [problem.where for problem in caught.value.problems] == ["pins.tsv, line 2", "pins.tsv, line 4"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not complete"),
        (b"a\tb\n", "the columns are"),
        (table(), "no pin in the file"),
        (table("KC013352.1\t"), "2 fields, the header has 5"),
        (table("KC013352.1\t\x07\t\t\t"), r"U\+0007"),
        (b"\xff\n", "not UTF-8"),
    ],
)
def test_other_tables_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        parse_pins(data, "pins.tsv")
