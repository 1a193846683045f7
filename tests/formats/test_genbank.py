"""GenBank flat files: what is read of a record, and that a damaged one is refused with its line."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import pytest
from flat_files import flat_record, reference
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.errors import InputFormatError
from musk_id.formats import genbank
from musk_id.formats.genbank import read_genbank, read_genbank_bytes, split_flat_records
from musk_id.library_vocabulary import PublicationState
from musk_id.model.deposited import DepositedRecord

LETTERS = "".join(random.Random(1).choices("ACGTRYN", k=307))
SUBMITTED = reference("Submitted (12-JAN-2012) College of Life Sciences, Hefei, China")
PLAIN = flat_record("NC_020017.1", LETTERS)


def read(text: str) -> DepositedRecord:
    (record,) = read_genbank_bytes(text.encode(), "x.gb")
    return record


def test_record_is_read_with_what_its_curation_needs() -> None:
    record = read(
        flat_record(
            "NC_020017.1",
            LETTERS,
            organism="Moschus anhuiensis",
            qualifiers={
                "specimen_voucher": ["AHU:M12", "AHU:M13"],
                "geo_loc_name": ["China: Anhui"],
                "collected_by": ["A. Wang"],
                "isolate": ["M12"],
            },
            references=[reference("Mitochondrial DNA 24 (3), 1-3 (2013)", title="A genome"), SUBMITTED],
            comment="PROVISIONAL REFSEQ: not reviewed. The reference sequence\nwas derived from KC013352.",
        )
    )
    assert record.accession == "NC_020017.1"
    assert record.organism == "Moschus anhuiensis"
    assert record.lineage == ("Eukaryota", "Metazoa", "Chordata", "Mammalia", "Artiodactyla", "Moschus")
    assert (record.molecule_type, record.is_circular, record.date) == ("DNA", True, "2013-01-31")
    assert record.letters == LETTERS
    assert record.sha256 == hashlib.sha256(LETTERS.encode()).hexdigest()
    assert record.specimen_vouchers == ("AHU:M12", "AHU:M13")
    assert (record.places, record.collectors) == (("China: Anhui",), ("A. Wang",))
    assert (record.isolates, record.organelle) == (("M12",), "mitochondrion")
    assert [r.title for r in record.references] == ["A genome", "Direct Submission"]
    assert record.submissions == ("Submitted (12-JAN-2012) College of Life Sciences, Hefei, China",)
    assert record.publication is PublicationState.PUBLISHED
    assert record.derived_from == ("KC013352",)


def test_old_word_for_the_place_is_read_too() -> None:
    assert read(flat_record("AY847268.1", LETTERS, qualifiers={"country": ["Nepal"]})).places == ("Nepal",)


@pytest.mark.parametrize(
    ("journals", "state"),
    [
        (["Unpublished", "Submitted (01-JAN-2001) X"], PublicationState.UNPUBLISHED),
        (["Gene (2001) In press", "Unpublished"], PublicationState.IN_PRESS),
        (["Submitted (01-JAN-2001) X"], PublicationState.SUBMISSION_ONLY),
        (["Unpublished", "Gene 1, 2-3 (2001)"], PublicationState.PUBLISHED),
    ],
)
def test_publication_state(journals: list[str], state: PublicationState) -> None:
    text = flat_record("AY847268.1", LETTERS, references=[reference(journal) for journal in journals])
    assert read(text).publication is state


@pytest.mark.parametrize(
    ("comment", "named"),
    [
        ("The reference sequence is identical to EU043465.", ("EU043465",)),
        ("REVIEWED REFSEQ: derived from JQ608470.1, AY504958 and AY504959. COMPLETENESS: full.", (
            "JQ608470.1", "AY504958", "AY504959")),
        ("DNA was derived from muscle of animal 12.", ()),
        ("See NC_001700 for another animal.", ()),
    ],
)  # fmt: skip
def test_source_records_of_a_curated_record(comment: str, named: tuple[str, ...]) -> None:
    assert read(flat_record("NC_020017.1", LETTERS, comment=comment)).derived_from == named


def test_several_records_in_file_order_and_any_line_end(tmp_path: Path) -> None:
    path = tmp_path / "two.gb"
    path.write_bytes((PLAIN + "\n" + flat_record("AY847268.2", LETTERS[:60])).replace("\n", "\r\n").encode())
    assert [(r.accession, len(r.letters)) for r in read_genbank(path)] == [
        ("NC_020017.1", 307),
        ("AY847268.2", 60),
    ]


def test_blanks_at_line_ends_are_kept_and_do_no_harm() -> None:
    text = "".join(f"{line}  \n" for line in PLAIN.splitlines())
    (flat,) = split_flat_records(text, "x.gb")
    assert flat.text == text
    assert read(text) == read(PLAIN)


@given(st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=400))
@settings(max_examples=40, deadline=None)
def test_written_letters_read_back(letters: str) -> None:
    assert read(flat_record("KY792714.1", letters)).letters == letters


def changed(old: str, new: str) -> str:
    assert PLAIN.count(old) >= 1
    return PLAIN.replace(old, new, 1)


SECOND_LINE = next(line for line in PLAIN.split("\n") if line.startswith("       61 "))


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "no record", "x.gb"),
        (">a\nACGT\n", "begins with 'LOCUS'", "x.gb, line 1"),
        ("<html>\n", "begins with 'LOCUS'", "x.gb, line 1"),
        (PLAIN + "junk\n", "begins with 'LOCUS', here stands 'junk'", f"line {PLAIN.count(chr(10)) + 1}"),
        (PLAIN.rstrip("/\n"), "truncated", "x.gb, line 1"),
        (PLAIN + PLAIN[:300], "truncated", f"line {PLAIN.count(chr(10)) + 1}"),
        (changed(" 307 bp", " 308 bp"), "says 308 letters, the record holds 307", "line 1"),
        (changed(" bp ", " aa "), "no nucleotide record", "line 1"),
        (changed("31-JAN-2013", "31-FEB-2013"), "is no date", "line 1"),
        (changed("DNA  ", "XYZ  "), "no nucleotide record", "line 1"),
        (changed("MAM 31", "31"), "LOCUS line cannot be read", "line 1"),
        (changed(SECOND_LINE + "\n", ""), "numbered 121, letter 61 is due", "line"),
        (changed(SECOND_LINE, SECOND_LINE[:-1] + "e"), "'E' is no DNA letter", "line"),
        (changed(SECOND_LINE, SECOND_LINE[:-1] + "-"), "no line of letters", "line"),
        (changed("ORIGIN", "OTHERS"), "no ORIGIN block", "line 1"),
        (changed("VERSION     NC_020017.1", "VERSION     NC_020017"), "no accession with version", "line 1"),
        (changed("VERSION     NC_020017.1", "VERSION     ../../x.1"), "no accession with version", "line 1"),
        (changed("Hefei", "He\x07fei"), r"U\+0007", "line"),
        (changed("Hefei", "He\u202efei"), r"U\+202E", "line"),
        (changed("Hefei", "He\u2028fei"), r"U\+2028", "line"),
        (changed("Hefei", "H" * 6000), "[0-9]{4} characters, at most 5000", "line"),
        (changed("ORGANISM  Moschus berezovskii", "ORGANISM  " + "M" * 600), "is not one line", "line 1"),
    ],
)
def test_damaged_record_is_refused_with_its_place(text: str, message: str, where: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read_genbank_bytes(text.encode(), "x.gb")
    assert where in caught.value.where


def test_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(genbank, "MAX_LENGTH_BP", 300)
    with pytest.raises(InputFormatError, match="longer than 300 letters"):
        read(PLAIN)
    monkeypatch.setattr(genbank, "MAX_RECORDS", 1)
    with pytest.raises(InputFormatError, match="more than 1 records"):
        list(split_flat_records(PLAIN + PLAIN, "x.gb"))
    monkeypatch.setattr(genbank, "MAX_RECORD_BYTES", 500)
    with pytest.raises(InputFormatError, match="longer than 500 characters"):
        read(PLAIN)
    path = tmp_path / "x.gb"
    path.write_text(PLAIN)
    with pytest.raises(InputFormatError, match="larger than 100 bytes"):
        read_genbank(path, max_bytes=100)


def test_locations_of_other_features_cost_nothing() -> None:
    bomb = "     CDS             " + "\n                     ".join(["join(" * 700, "1..2," * 500] * 200) + "\n"
    start = time.monotonic()
    assert read(changed("ORIGIN", bomb + "ORIGIN")).letters == LETTERS
    assert time.monotonic() - start < 5


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_file_name(data: bytes) -> None:
    with pytest.raises(InputFormatError) as caught:
        read_genbank_bytes(data, "x.gb")
    assert caught.value.where.startswith("x.gb")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_refused_or_hold_the_letters_that_they_state(data: st.DataObject) -> None:
    content = bytearray(PLAIN.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        cut = data.draw(st.integers(0, 40))
        content[at : at + cut] = data.draw(st.binary(max_size=12))
    try:
        records = read_genbank_bytes(bytes(content), "x.gb")
    except InputFormatError as error:
        assert error.where.startswith("x.gb")
    else:
        assert all(f" {len(r.letters)} bp" in bytes(content).decode("utf-8", "replace") for r in records)
