"""Controls of a batch: every outcome, what is required, which markers a contaminated blank takes out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from barcode_cases import ANIMALS, METHOD, PROVENANCE, records

from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.controls import ControlsRecord
from musk_id.model.examination import EvidenceFile
from musk_id.model.methods import CONTROL_METHODS
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Identifier, Line, RelativePath
from musk_id.stages.controls import TRACE_ROLES, assess_controls
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    BatchKind,
    ControlKind,
    ControlOutcome,
    ControlResult,
    FileRole,
    Locus,
    Rank,
    Reason,
)

L12, L16 = Locus.RRNA_12S, Locus.RRNA_16S
BLANK, NEGATIVE, POSITIVE = ControlKind.EXTRACTION_BLANK, ControlKind.PCR_NEGATIVE, ControlKind.POSITIVE
CLEAN = ControlResult.NO_PRODUCT


def row(  # type: ignore[no-untyped-def]
    position: str,
    kind: ControlKind,
    result: ControlResult = ControlResult.NOT_RECORDED,
    locus: Locus | None = None,
    expected: str | None = None,
    file: str | None = None,
    sample: str | None = None,
) -> SheetRow:
    files = () if file is None else (EvidenceFile(path=RelativePath(file), role=FileRole.SEQUENCE),)
    return SheetRow(
        position=Line(position),
        kind=kind,
        sample=None if sample is None else Line(sample),
        locus=locus,
        expected_taxon=None if expected is None else Line(expected),
        result=result,
        files=files,
    )


@pytest.fixture
def assess(barcode_library):  # type: ignore[no-untyped-def]
    def run(*rows: SheetRow, kind: BatchKind = BatchKind.DNA, **sequences: str | None) -> ControlsRecord:
        sheet = RunSheet(schema=Line(RunSheet.SCHEMA), batch_id=Identifier("B"), kind=kind, rows=rows)
        held = {
            f"{name}.{end}": None if text is None else (NucleotideSequence(name, text),)
            for name, text in sequences.items()
            for end in ("fasta", "ab1")
        }
        return assess_controls(sheet, (), held, barcode_library, CONTROL_METHODS[0], METHOD, ANIMALS, PROVENANCE)

    return run


@pytest.fixture
def letters(shipped_release):  # type: ignore[no-untyped-def]
    def of(genus: str, locus: Locus = L12) -> str:
        return str(records(shipped_release, locus, genus)[0].sequence)

    return of


SOUND = (
    row("A1", BLANK, CLEAN),
    row("A2", NEGATIVE, CLEAN, L12),
    row("A3", POSITIVE, ControlResult.AS_EXPECTED, L12, expected="Capra"),
    row("A4", ControlKind.EXHIBIT, sample="E1", locus=L12),
)


def test_a_complete_batch_passes(assess) -> None:  # type: ignore[no-untyped-def]
    found = assess(*SOUND)
    assert found.passed and found.reasons == () and found.invalid_loci == ()
    assert {need.outcome for need in found.required} == {ControlOutcome.PASSED}
    assert found.exhibit_rows == 1 and all(r.kind is not ControlKind.EXHIBIT for r in found.sheet.rows)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_silence_about_a_control_means_absent(assess, left_out: int) -> None:  # type: ignore[no-untyped-def]
    without = [r for i, r in enumerate(SOUND) if i != left_out]
    silent = [row(r.position, r.kind, locus=r.locus) if i == left_out else r for i, r in enumerate(SOUND)]
    for rows in (without, silent):
        found = assess(*rows)
        assert not found.passed and found.reasons == (Reason.CONTROL_ABSENT,)


def test_every_marker_needs_its_own_negative(assess) -> None:  # type: ignore[no-untyped-def]
    found = assess(*SOUND, row("B4", ControlKind.EXHIBIT, sample="E1", locus=L16))
    lacking = [n for n in found.required if n.outcome is ControlOutcome.NOT_RECORDED]
    assert [(n.kind, n.locus, n.required, n.present) for n in lacking] == [(NEGATIVE, L16, 1, 0)]


@pytest.mark.parametrize(("extracts", "blanks"), [(1, 1), (24, 1), (25, 2), (48, 2), (49, 3)])
def test_one_extraction_blank_for_24_extracts(assess, extracts: int, blanks: int) -> None:  # type: ignore[no-untyped-def]
    exhibits = [row(f"X{i}", ControlKind.EXHIBIT, sample=f"E{i}", locus=L12) for i in range(extracts)]
    again = [row(f"Y{i}", ControlKind.EXHIBIT, sample=f"E{i}", locus=L12) for i in range(extracts)]
    found = assess(*SOUND[1:3], *exhibits, *again, *(row(f"K{i}", BLANK, CLEAN) for i in range(blanks)))
    assert found.passed and next(n for n in found.required if n.kind is BLANK).required == blanks
    if blanks > 1:
        fewer = assess(*SOUND[1:3], *exhibits, *(row(f"K{i}", BLANK, CLEAN) for i in range(blanks - 1)))
        assert fewer.reasons == (Reason.CONTROL_ABSENT,)


def test_an_animal_in_a_blank_takes_out_its_marker(assess, letters) -> None:  # type: ignore[no-untyped-def]
    dirty = row("A2", NEGATIVE, ControlResult.PRODUCT, L12, file="goat.fasta")
    found = assess(SOUND[0], dirty, *SOUND[2:], goat=letters("Capra"))
    assert not found.passed and found.reasons == (Reason.CONTROL_FAILED,)
    assert found.invalid_loci == (L12,) and "Capra" in found.controls[1].taxa


def test_moschus_in_a_blank_takes_out_every_marker(assess, letters) -> None:  # type: ignore[no-untyped-def]
    dirty = row("A2", NEGATIVE, CLEAN, L12, file="musk.fasta")
    found = assess(SOUND[0], dirty, *SOUND[2:], musk=letters("Moschus"))
    assert found.invalid_loci == tuple(sorted(RELEASE_MARKERS)) and found.reasons == (Reason.CONTROL_FAILED,)


def test_a_product_in_a_blank_of_no_marker_takes_out_every_marker(assess) -> None:  # type: ignore[no-untyped-def]
    found = assess(row("A1", BLANK, ControlResult.PRODUCT), *SOUND[1:])
    assert found.invalid_loci == tuple(sorted(RELEASE_MARKERS)) and not found.passed


def test_a_blank_takes_out_the_marker_that_it_holds_and_not_only_that_declared(assess, letters) -> None:  # type: ignore[no-untyped-def]
    dirty = row("A2", NEGATIVE, CLEAN, L12, file="goat.fasta")
    found = assess(SOUND[0], dirty, *SOUND[2:], goat=letters("Capra", L16))
    assert found.invalid_loci == tuple(sorted((L12, L16)))


def test_human_dna_in_a_blank_is_a_warning_only(assess, letters) -> None:  # type: ignore[no-untyped-def]
    dirty = row("A2", NEGATIVE, ControlResult.PRODUCT, L12, file="h.fasta")
    found = assess(SOUND[0], dirty, *SOUND[2:], h=letters("Homo"))
    assert found.controls[1].outcome is ControlOutcome.WARNING and found.controls[1].taxa == ("Homo",)
    assert found.passed and found.invalid_loci == () and found.reasons == (Reason.HUMAN_DNA,)


def test_a_control_file_that_cannot_be_read_fails(assess) -> None:  # type: ignore[no-untyped-def]
    found = assess(SOUND[0], row("A2", NEGATIVE, CLEAN, L12, file="x.fasta"), *SOUND[2:], x=None)
    assert found.controls[1].outcome is ControlOutcome.FAILED
    assert found.reasons == (Reason.CONTROL_FAILED, Reason.FILE_UNREADABLE)


@pytest.mark.parametrize(
    ("genus", "expected", "outcome"),
    [
        ("Capra", "Capra hircus", ControlOutcome.PASSED),
        ("Sus", "Capra", ControlOutcome.FAILED),
        ("Moschus", "Capra", ControlOutcome.FAILED),
        ("Moschus", "Moschus", ControlOutcome.FAILED),
        ("Homo", "Capra", ControlOutcome.FAILED),
    ],
)
def test_positive_must_show_what_it_holds_and_never_moschus(assess, letters, genus, expected, outcome) -> None:  # type: ignore[no-untyped-def]
    positive = row("A3", POSITIVE, ControlResult.AS_EXPECTED, L12, expected, "p.fasta")
    found = assess(*SOUND[:2], positive, SOUND[3], p=letters(genus))
    assert found.controls[2].outcome is outcome
    assert found.passed is (outcome is ControlOutcome.PASSED)
    # Nothing then shows that the batch worked: it is to be repeated.
    assert found.invalid_loci == (() if found.passed else tuple(sorted(RELEASE_MARKERS)))


def test_a_second_template_in_the_positive_fails_it(assess, letters) -> None:  # type: ignore[no-untyped-def]
    positive = row("A3", POSITIVE, ControlResult.AS_EXPECTED, L12, "Capra", "p.fasta")
    files = (*positive.files, EvidenceFile(path=RelativePath("q.fasta"), role=FileRole.SEQUENCE))

    found = assess(*SOUND[:2], replace(positive, files=files), SOUND[3], p=letters("Capra"), q=letters("Sus"))
    assert found.controls[2].outcome is ControlOutcome.FAILED


@pytest.mark.parametrize("role", [r for r in FileRole if r is not FileRole.SEQUENCE and r not in TRACE_ROLES])
def test_a_file_that_this_version_does_not_read_takes_nothing_out(assess, role) -> None:  # type: ignore[no-untyped-def]
    """A spectrum beside a control is no unreadable sequence; the laboratory's word on the control stands."""
    kept = EvidenceFile(path=RelativePath("x.ab1"), role=role)
    found = assess(*(replace(r, files=(kept,)) if r.kind is not ControlKind.EXHIBIT else r for r in SOUND), x=None)
    assert found.passed and found.invalid_loci == ()
    chemistry = (replace(r, files=(kept,)) for r in CHEMISTRY)
    assert assess(*chemistry, kind=BatchKind.CHEMISTRY, x=None).passed


@pytest.mark.parametrize("role", sorted(TRACE_ROLES))
def test_a_trace_of_a_blank_is_read(assess, letters, role) -> None:  # type: ignore[no-untyped-def]
    trace = EvidenceFile(path=RelativePath("x.ab1"), role=role)
    blank, *others = (replace(SOUND[0], files=(trace,)), *SOUND[1:])
    assert blank.kind is ControlKind.EXTRACTION_BLANK and blank.result is ControlResult.NO_PRODUCT
    found = assess(blank, *others, x=letters("Moschus"))
    assert found.controls[0].taxa == ("Moschus",) and found.invalid_loci == tuple(sorted(RELEASE_MARKERS))
    unreadable = assess(blank, *others, x=None)
    assert Reason.FILE_UNREADABLE in unreadable.controls[0].reasons and not unreadable.passed


def test_traces_of_a_positive_must_show_it_also_beside_a_sequence_that_does(assess, letters) -> None:  # type: ignore[no-untyped-def]
    positive = row("A3", POSITIVE, ControlResult.AS_EXPECTED, L12, "Capra", "p.fasta")
    trace = EvidenceFile(path=RelativePath("x.ab1"), role=FileRole.TRACE_FORWARD)
    both = replace(positive, files=(*positive.files, trace))
    goat = letters("Capra")
    for strand, passed in ((goat, True), ("ACGT" * 8, False), (letters("Sus"), False)):
        found = assess(*SOUND[:2], both, SOUND[3], p=goat, x=strand)
        assert found.passed is passed and bool(found.invalid_loci) is not passed


def test_declared_moschus_positive_fails_without_a_file(assess) -> None:  # type: ignore[no-untyped-def]
    positive = row("A3", POSITIVE, ControlResult.AS_EXPECTED, L12, "Moschus moschiferus")
    assert assess(*SOUND[:2], positive, SOUND[3]).reasons == (Reason.CONTROL_FAILED,)


@pytest.mark.parametrize("result", [ControlResult.NOT_AS_EXPECTED, ControlResult.NO_PRODUCT])
def test_positive_that_failed_by_the_laboratorys_word(assess, result) -> None:  # type: ignore[no-untyped-def]
    positive = row("A3", POSITIVE, result, L12, "Capra")
    assert assess(*SOUND[:2], positive, SOUND[3]).reasons == (Reason.CONTROL_FAILED,)


CHEMISTRY = (
    row("1", ControlKind.PROCESS_BLANK, CLEAN),
    row("2", ControlKind.STANDARD, ControlResult.AS_EXPECTED),
    row("3", ControlKind.CARRY_OVER_BLANK, CLEAN),
    row("4", ControlKind.EXHIBIT, sample="E1"),
)


def test_chemical_batches_need_blank_standard_and_carry_over(assess) -> None:  # type: ignore[no-untyped-def]
    assert assess(*CHEMISTRY, kind=BatchKind.CHEMISTRY).passed
    for left_out in range(3):
        rows = [r for i, r in enumerate(CHEMISTRY) if i != left_out]
        assert assess(*rows, kind=BatchKind.CHEMISTRY).reasons == (Reason.CONTROL_ABSENT,)
    dirty = row("1", ControlKind.PROCESS_BLANK, ControlResult.NOT_AS_EXPECTED)
    assert assess(dirty, *CHEMISTRY[1:], kind=BatchKind.CHEMISTRY).reasons == (Reason.CONTROL_FAILED,)


def test_an_empty_sheet_has_no_controls(assess) -> None:  # type: ignore[no-untyped-def]
    found = assess()
    assert not found.passed and found.reasons == (Reason.CONTROL_ABSENT,)


def test_what_may_be_moschus_in_a_blank_takes_out_every_marker(assess, shipped_release, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Near enough, though its margin is too small for a name."""
    from musk_id.stages import controls

    deer = records(shipped_release, L12)[1].sequence
    rows = (row("A1", BLANK, CLEAN), row("A2", NEGATIVE, CLEAN, L12, file="a.fasta"), *SOUND[2:])
    real = controls.examine_sequence

    def unnamed(sequence, *rest):  # type: ignore[no-untyped-def]
        result, called = real(sequence, *rest)
        return replace(result, call=replace(result.call, rank=Rank.NONE, taxon=None)), called

    monkeypatch.setattr(controls, "examine_sequence", unnamed)
    record = assess(*rows, a=deer)
    assert set(record.invalid_loci) == set(RELEASE_MARKERS)
