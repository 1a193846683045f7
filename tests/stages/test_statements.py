"""Sentences of an answer are true for whatever an item may hold, and every open answer says what helps."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from barcode_cases import records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage_cases import Case, barcode, evidence_of

from musk_id.cli.casework import intake_case
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.evidence import Answer, Statement
from musk_id.render.catalogue import load_catalogue
from musk_id.render.wording import forbidden_words
from musk_id.vocabulary import Finding, Grade, Language, Locus, MaterialClass, QuestionKind, Rank, Reason

MINI = (Locus.RRNA_12S, Locus.RRNA_16S)
MARKERS = (*MINI, Locus.CYTB)
DNA_KINDS = (QuestionKind.MUSK_DEER_PRESENT, QuestionKind.ANIMAL_OF_ORIGIN, QuestionKind.SPECIES_OF_MUSK_DEER)
GENERA = ("Moschus", "Sus", "Capra", "Capreolus", "Ovis", "Homo", "cut", "noise", "far")


@pytest.fixture(scope="module")
def example(demo):  # type: ignore[no-untyped-def]
    return intake_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")


@pytest.fixture(scope="module")
def letters(shipped_release):  # type: ignore[no-untyped-def]
    """A sequence of a kind at a marker: of a genus, too short, of no marker, or outside every radius."""
    held = {}
    for locus in MARKERS:
        for genus in GENERA[:6]:
            held[genus, locus] = str(records(shipped_release, locus, genus)[0].sequence)
        own = held["Moschus", locus]
        held["cut", locus], held["noise", locus] = own[: len(own) // 4], "ACGGTTCA" * 16
        # Every tenth letter is lost to another base: the marker is still recognised, no reference is near.
        swap = str.maketrans("ACGT", "CATG")
        held["far", locus] = "".join(x.translate(swap) if i % 14 == 13 else x for i, x in enumerate(own))
    return held


@st.composite
def mixtures(draw, letters):  # type: ignore[no-untyped-def]
    """Two sub-samples at most, one to three markers each, any kind of sequence, any state of the batch."""
    sub_samples = []
    for _ in range(draw(st.integers(1, 2))):
        loci = draw(st.lists(st.sampled_from(MARKERS), min_size=1, max_size=3, unique=True))
        kind = draw(st.sampled_from(GENERA))
        mixed = draw(st.booleans())
        sub_samples.append({x: letters[draw(st.sampled_from(GENERA)) if mixed else kind, x] for x in loci})
    invalid = tuple(sorted(draw(st.sets(st.sampled_from(MARKERS)))))
    failed = bool(invalid)
    return Case(
        sub_samples=tuple(sub_samples),
        material=draw(st.sampled_from([None, *MaterialClass])),
        raw=draw(st.booleans()),
        batch=draw(st.booleans()),
        controls_passed=not failed,
        controls_reasons=(Reason.CONTROL_FAILED,) if failed else (),
        invalid_loci=invalid,
        batch_per_sub_sample=draw(st.booleans()),
        simulated=draw(st.sampled_from([None, "made"])),
        kinds=tuple(QuestionKind),
    )


def phrases(statements: tuple[Statement, ...]) -> list[str]:
    return [str(s.phrase) for s in statements]


def texts(answer: Answer, phrase: str) -> set[str]:
    return {t for s in answer.statements if s.phrase == phrase for v in s.values for t in v.texts}


def used(record: BarcodeRecord) -> list:  # type: ignore[type-arg]
    return [r for r in record.sequences if Reason.CONTROL_FAILED not in r.reasons]


def check_answer(answer: Answer, record: BarcodeRecord) -> None:
    said = set(phrases(answer.statements))
    call = record.items[0]
    seen = used(record)
    moschus = [r for r in seen if r.call is not None and r.call.taxon == "Moschus"]
    # What is said to be recovered was recovered, from sequences that no failed control took out.
    assert ("dna.moschus_detected" in said) <= bool(moschus)
    assert ("dna.human" in said) == any(Reason.HUMAN_DNA in r.reasons for r in seen)
    named = {t.taxon for t in call.other_taxa}
    assert {s.values[-1].texts[0] for s in answer.statements if s.phrase == "dna.other_taxon"} == named
    # Nothing of the genus that was recovered is passed over.
    if moschus:
        assert {"dna.moschus_detected", "dna.conflict_moschus"} & said
    aside = {r.run.run_id for r in record.sequences if r not in seen}
    assert texts(answer, "dna.runs_set_aside") == aside
    empty = {r.run.run_id for r in seen if r.call is None and Reason.HUMAN_DNA not in r.reasons}
    assert texts(answer, "dna.runs_without_result") == empty
    # No two sentences that contradict each other, no reason that the item's own data disprove.
    assert not {"dna.moschus_detected", "dna.moschus_not_detected", "dna.inconclusive", "dna.conflict"} <= said
    assert len(said & {"dna.moschus_detected", "dna.moschus_not_detected", "dna.moschus_excluded"}) <= 1
    if any(r.call is not None and r.call.rank is not Rank.NONE for r in seen):
        assert Reason.NO_USABLE_RESULT not in answer.reasons


def check_finding(answer: Answer, record: BarcodeRecord, case: Case) -> None:
    said = set(phrases(answer.statements))
    finding = answer.finding
    if finding in (Finding.INCONCLUSIVE, Finding.NOT_DETECTED, Finding.NOT_EXAMINED):
        assert answer.next_steps, (answer.kind, finding, answer.reasons)
    if finding is Finding.NOT_DETECTED:
        assert "dna.moschus_not_detected" in said and Reason.LIMIT_NOT_DETERMINED in answer.reasons
    if answer.kind is QuestionKind.MUSK_DEER_PRESENT:
        assert (finding is Finding.DETECTED) == ("dna.moschus_detected" in said)
        assert (finding is Finding.EXCLUDED) == ("dna.moschus_excluded" in said)
    if finding is Finding.EXCLUDED:
        assert answer.grade is Grade.A and case.material in (MaterialClass.TISSUE, MaterialClass.GLAND_WALL)
    if finding is Finding.DETECTED and answer.grade is Grade.C:
        assert "grade.screening_only" in said
    if answer.kind is QuestionKind.SPECIES_OF_MUSK_DEER:
        assert finding is not Finding.DETECTED
    if answer.kind is QuestionKind.ANIMAL_OF_ORIGIN and finding is Finding.DETECTED:
        assert {"dna.moschus_detected", "dna.other_taxon"} & said


def check_words(answer: Answer) -> None:
    """Every sentence renders in every language, without a forbidden word and without an open placeholder."""
    for language in Language:
        catalogue = load_catalogue(language)
        for statement in (*answer.statements, *answer.next_steps):
            words = catalogue.statement(statement)
            assert forbidden_words(words, language, statement.phrase) == (), words
            assert not re.search(r"[{}?]|\b(appendix I|приложение I)\b", words, re.IGNORECASE), words
            assert "  " not in words and not words.rstrip(".").endswith(":"), words


@pytest.fixture(scope="module")
def check(barcode_library, shipped_release, example):  # type: ignore[no-untyped-def]
    def run(case: Case) -> set[tuple[Finding, str]]:
        record = barcode(case, barcode_library)
        evidence = evidence_of(case, barcode_library, shipped_release, example)
        for answer in evidence.answers:
            check_words(answer)
            if answer.kind in DNA_KINDS:
                check_answer(answer, record)
                check_finding(answer, record, case)
            else:
                assert answer.finding not in (Finding.DETECTED, Finding.NOT_DETECTED, Finding.EXCLUDED)
        return {(a.finding, p) for a in evidence.answers for p in phrases(a.statements)}

    return run


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_answers_are_true_for_whatever_an_item_holds(check, letters, data) -> None:  # type: ignore[no-untyped-def]
    check(data.draw(mixtures(letters)))


def test_every_kind_of_item_by_itself_and_every_pair(check, letters) -> None:  # type: ignore[no-untyped-def]
    """All pairs of kinds over two extracts, so that no sentence depends on what chance draws."""
    reached = set()
    for first in GENERA:
        for second in GENERA:
            one, two = ({x: letters[kind, x] for x in MINI} for kind in (first, second))
            case = Case(sub_samples=(one, two), kinds=DNA_KINDS)
            reached |= {phrase for _, phrase in check(case)}
            cross = Case(sub_samples=({MINI[0]: one[MINI[0]], MINI[1]: two[MINI[1]]},), kinds=DNA_KINDS)
            reached |= {phrase for _, phrase in check(replace(cross, photographed=(True,)))}
    every = {p for p in load_catalogue(Language.EN).phrases if p.startswith("dna.")}
    rare = {"dna.not_examined", "dna.runs_set_aside", "dna.species_detected", "dna.certified_margin_small"}
    # Said of traces and of batches whose positive is of the same animal: tests/cli/test_traces.py.
    rare |= {"dna.mixed_traces", "dna.haplotype_of_control"}
    # Needs two species of one genus with a wide library: tests/stages/test_mammal_species.py.
    rare |= {"dna.other_taxon_set"}
    # Said of runs of reads: tests/cli/test_reads_case.py.
    rare |= {"dna.read_traces"}
    # Said of batches with spiked process controls: tests/cli/test_spiked_controls.py.
    rare |= {"dna.spiked_percent", "dna.spiked_copies", "dna.spiked_without_limit"}
    # A sentence that no item reaches is no sentence of the catalogue.
    assert every - reached <= rare, every - reached
