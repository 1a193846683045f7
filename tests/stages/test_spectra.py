"""The spectra stage: hit lists, what may be tentative, self-matches, markers without a reference."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from barcode_cases import PROVENANCE, identity
from refdata import REFDATA, needs_refdata

from musk_id.formats.msp import read_msp
from musk_id.model.methods import SPECTRA_METHODS
from musk_id.model.spectra import SpectraRecord, SpectrumResult
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.technical import FailedRun, SpectrumEvidence
from musk_id.model.values import Identifier, Line, Sha256
from musk_id.stages.chemistry_answers import chemical_findings
from musk_id.stages.spectra import match_spectra
from musk_id.stages.spectral_library import LibrarySpectrum, SpectralLibrary, compound_key
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Finding, Reason

METHOD = SPECTRA_METHODS[0]


@pytest.fixture(scope="module")
def library(shipped_release) -> SpectralLibrary:  # type: ignore[no-untyped-def]
    return SpectralLibrary.from_release(shipped_release)


def spectrum(peaks: dict[float, float], name: str = "unknown", **fields: str) -> MassSpectrum:
    mz = sorted(peaks)
    return MassSpectrum(
        name=name,
        mz=np.array(mz, dtype=np.float64),
        intensity=np.array([peaks[m] for m in mz], dtype=np.float64),
        metadata=tuple(fields.items()),
    )


def match(library: SpectralLibrary, *spectra: MassSpectrum) -> SpectraRecord:
    evidence = SpectrumEvidence(run=identity(), file_sha256=Sha256("0" * 64), spectra=spectra)
    return match_spectra(Identifier("CASE"), (evidence,), library, METHOD, PROVENANCE)


def single(library: SpectralLibrary, query: MassSpectrum) -> SpectrumResult:
    return match(library, query).spectra[0]


def noisy(entry: LibrarySpectrum, share: float, seed: int) -> MassSpectrum:
    """A reference with each intensity changed by up to a share; simulated, never the reference itself."""
    rng = random.Random(seed)
    peaks = zip(entry.unit_mass.mz.tolist(), entry.unit_mass.intensity.tolist(), strict=True)
    return spectrum({float(mz): max(1.0, value * (1 + rng.uniform(-share, share))) for mz, value in peaks})


def test_every_reference_finds_itself_first_when_disturbed_and_is_tentative_at_most(library) -> None:  # type: ignore[no-untyped-def]
    tentative = 0
    for seed, entry in enumerate(library.spectra):
        result = single(library, noisy(entry, 0.15, seed))
        assert result.references_compared == len(library.spectra)
        if result.call is None:
            assert Reason.SPECTRUM_TOO_FEW_PEAKS in result.reasons
            continue
        first = [h.accession for h in result.hits if h.rank == 1]
        close = [h for h in result.hits if compound_key(h.inchikey) == compound_key(entry.reference.inchikey)]
        assert entry.reference.accession in first or close, entry.reference.accession
        assert result.call.status in (CompoundStatus.TENTATIVE, CompoundStatus.NOT_DETECTED)
        assert result.finding is Finding.INCONCLUSIVE
        tentative += result.call.status is CompoundStatus.TENTATIVE
    assert tentative >= len(library.spectra) // 2


def test_a_reference_handed_in_as_evidence_is_refused(library) -> None:  # type: ignore[no-untyped-def]
    for entry in library.spectra:
        same = spectrum(dict(zip(entry.unit_mass.mz.tolist(), entry.unit_mass.intensity.tolist(), strict=True)))
        scaled = spectrum({m: 7.3 * i for m, i in zip(same.mz.tolist(), same.intensity.tolist(), strict=True)})
        for query in (same, scaled):
            result = single(library, query)
            if result.peak_count >= METHOD.min_peaks:
                assert Reason.SELF_MATCH in result.reasons
            assert result.call is None or result.peak_count < 3
    named = noisy(library.spectra[0], 0.2, 1)
    told = MassSpectrum(
        name="x",
        mz=named.mz,
        intensity=named.intensity,
        metadata=(("db#", library.spectra[0].reference.accession),),
    )
    assert Reason.SELF_MATCH in single(library, told).reasons and single(library, told).hits == ()


def test_random_spectra_are_no_compound(library) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(11)
    for _ in range(40):
        peaks = {float(mz): rng.uniform(1, 999) for mz in rng.sample(range(40, 320), 60)}
        result = single(library, spectrum(peaks))
        assert result.call is not None and result.call.status is CompoundStatus.NOT_DETECTED
        assert result.call.name is None and result.call.reasons == (Reason.NO_LIBRARY_MATCH,)


def test_a_mixture_of_two_musks_names_neither_as_identified(library) -> None:  # type: ignore[no-untyped-def]
    first, second = (
        library.spectra[0],
        next(s for s in library.spectra if s.nominal_mass != library.spectra[0].nominal_mass),
    )
    peaks: dict[float, float] = {}
    for entry in (first, second):
        for mz, value in zip(entry.unit_mass.mz.tolist(), entry.unit_mass.intensity.tolist(), strict=True):
            peaks[float(mz)] = peaks.get(float(mz), 0.0) + value
    result = single(library, spectrum(peaks))
    assert result.call is not None and result.call.status is not CompoundStatus.IDENTIFIED


@pytest.mark.parametrize(
    ("fields", "failed"),
    [
        ({"ionization": "CI"}, "spectra.ionisation"),
        ({"ms_type": "ESI-MS2"}, "spectra.ionisation"),
        ({"spectrum_type": "MS2"}, "spectra.ionisation"),
        ({"ms_level": "2"}, "spectra.ionisation"),
        ({"derivative": "1 TMS"}, "spectra.derivative"),
    ],
)
def test_spectra_of_another_kind_are_not_compared_with_the_rule(library, fields, failed) -> None:  # type: ignore[no-untyped-def]
    plain = noisy(library.spectra[0], 0.1, 5)
    query = MassSpectrum(name="x", mz=plain.mz, intensity=plain.intensity, metadata=tuple(fields.items()))
    result = single(library, query)
    assert result.call is None and Reason.NO_LIBRARY_MATCH in result.reasons
    assert [c.name for c in result.quality if c.outcome is CriterionOutcome.FAILED] == [failed]


def test_few_peaks_are_said(library) -> None:  # type: ignore[no-untyped-def]
    result = single(library, spectrum({60.0: 999.0, 73.0: 500.0}))
    assert result.call is None and result.reasons == (Reason.SPECTRUM_TOO_FEW_PEAKS,)
    empty = single(library, spectrum({}))
    assert empty.call is None and (empty.mz_low, empty.peak_count, empty.hits) == (None, 0, ())


def plain_simple_factor(query: dict[int, int], other: dict[int, int]) -> float:
    """Similarity factor, forward, on the scale to 999.5; both from the later first m/z on."""
    start = max(min(query), min(other))
    cross = norm_query = norm_other = 0.0
    for mz in sorted(m for m in query.keys() | other.keys() if m >= start):
        a, b = query.get(mz), other.get(mz)
        if a is not None and b is not None and max(a, b) > 1:
            cross, norm_query, norm_other = cross + math.sqrt(a * b), norm_query + a, norm_other + b
        elif b is None and a is not None and a > 1:
            norm_query += a
        elif a is None and b is not None and b > 1:
            norm_other += b
    return 1000 * cross * cross / (norm_query * norm_other) - 0.5 if cross else 0.0


def test_printed_scores_are_those_of_a_plain_restatement(library) -> None:  # type: ignore[no-untyped-def]
    result = single(library, noisy(library.spectra[3], 0.3, 9))
    query = {p.mz: p.intensity for p in result.peaks}
    assert result.hits
    for hit in result.hits:
        other = {p.mz: p.intensity for p in hit.peaks}
        assert float(hit.similarity_forward) == pytest.approx(plain_simple_factor(query, other), abs=0.0501)
        assert hit.matched_ions == len(query.keys() & other.keys())
    forward = [float(h.identity_forward) for h in result.hits]
    assert forward == sorted(forward, reverse=True)
    assert [h.rank for h in result.hits] == [1 + sum(f > v for f in forward) for v in forward]


def test_scores_do_not_depend_on_what_else_is_in_the_batch(library) -> None:  # type: ignore[no-untyped-def]
    queries = [noisy(entry, 0.2, i) for i, entry in enumerate(library.spectra[:5])]
    together = match(library, *queries).spectra
    assert [single(library, query) for query in queries] == list(together)


def test_markers_without_a_reference_are_said_and_muscone_is_one(library) -> None:  # type: ignore[no-untyped-def]
    record = match(library, noisy(library.spectra[0], 0.1, 2))
    status = {m.name.lower(): m.status for m in record.markers}
    assert len(status) == len(library.markers)
    assert status["muscone"] is CompoundStatus.NO_REFERENCE
    for marker in record.markers:
        known = next(m for m in library.markers if m.marker_id == marker.marker_id)
        assert (marker.status is CompoundStatus.NO_REFERENCE) == (not known.accessions)
        if marker.status is CompoundStatus.NOT_DETECTED:
            assert Reason.LIMIT_NOT_DETERMINED in marker.reasons


def test_a_compound_that_may_be_the_one_named_is_not_said_to_be_missing(library) -> None:  # type: ignore[no-untyped-def]
    seen = 0
    for seed, entry in enumerate(library.spectra):
        record = match(library, noisy(entry, 0.1, seed))
        call = record.spectra[0].call
        if call is None or call.status is not CompoundStatus.TENTATIVE or not call.confusables:
            continue
        seen += 1
        found = chemical_findings(Identifier("I1"), record, ())
        missing = {
            t.lower() for s in found.statements if s.phrase == "chemistry.not_found" for t in s.values[0].texts
        }
        assert not missing & {name.lower() for name in call.confusables}
    assert seen >= 3


def test_sterols_and_macrocycles_are_named_by_their_group_without_a_retention_index(library) -> None:  # type: ignore[no-untyped-def]
    """However far the next library spectrum lies: the public spectra of isomers do not tell them apart."""
    entry = next(s for s in library.spectra if s.unit_mass.mz.size > 40)
    for marker_id in ("etiocholanolone", "muscone", "exaltolide"):
        marker = next(m for m in library.markers if m.marker_id == marker_id)
        group = library.group_of(marker.inchikey)
        assert group is not None
        taken = replace(entry, reference=replace(entry.reference, inchikey=marker.inchikey, name=marker.name))
        held = replace(marker, accessions=(taken.reference.accession,))
        markers = tuple(held if m.marker_id == marker_id else m for m in library.markers)
        alone = replace(library, spectra=(taken,), markers=markers)
        record = match(alone, noisy(taken, 0.1, 3))
        call = record.spectra[0].call
        assert call is not None and call.status is CompoundStatus.TENTATIVE
        assert (call.name, call.inchikey, call.accession) == (group.name, None, None)
        assert marker.name in call.confusables and Reason.CONFUSABLE_NOT_SEPARATED in call.reasons
        assert not [m for m in record.markers if m.status is CompoundStatus.TENTATIVE]


def test_a_failed_control_is_said_beside_the_compounds(library) -> None:  # type: ignore[no-untyped-def]
    record = match(library, noisy(library.spectra[0], 0.1, 1))
    found = chemical_findings(Identifier("I1"), record, (Reason.CONTROL_FAILED,))
    assert "chemistry.batch_failed" in {str(s.phrase) for s in found.statements}
    assert "next.repeat_batch" in {str(s.phrase) for s in found.next_steps}


def test_chemistry_never_detects_natural_musk_nor_excludes_it(library) -> None:  # type: ignore[no-untyped-def]
    for seed, entry in enumerate(library.spectra):
        record = match(library, noisy(entry, 0.1, seed))
        found = chemical_findings(Identifier("I1"), record, ())
        assert found.natural is Finding.INCONCLUSIVE
        assert found.synthetic in (Finding.INCONCLUSIVE, Finding.DETECTED)
        assert found.substances is not Finding.NOT_DETECTED
        said = {str(s.phrase) for s in found.natural_statements}
        assert {"chemistry.no_conclusion_on_origin", "chemistry.natural_musk_not_detectable"} <= said
        if record.spectra[0].call and record.spectra[0].call.status is CompoundStatus.TENTATIVE:
            assert any(c.outcome is CriterionOutcome.NOT_TESTED for c in record.spectra[0].call.trace)


def test_a_run_without_data_is_not_examined(library) -> None:  # type: ignore[no-untyped-def]
    failed = FailedRun(run=identity(), declared_locus=None, reason=Reason.FILE_MISSING, note=Line("gone"))
    record = match_spectra(Identifier("CASE"), (failed,), library, METHOD, PROVENANCE)
    assert record.spectra[0].finding is Finding.NOT_EXAMINED and record.markers == ()


@needs_refdata
def test_public_spectra_of_other_laboratories_name_no_wrong_musk(library) -> None:  # type: ignore[no-untyped-def]
    """Spectra of compounds that the release lacks: none is named as one that it holds."""
    held = {compound_key(s.reference.inchikey) for s in library.spectra}
    found = read_msp(REFDATA / "spectra" / "musk_targets" / "musk_targets_ei.msp.gz")
    others = [s for s in found if s.field("inchikey14") not in held]
    assert len(others) > 100
    named = {q.name: call.name for q in others if (call := single(library, q).call) is not None and call.accession}
    assert named == {}


@needs_refdata
@pytest.mark.full
def test_no_public_ei_spectrum_of_another_compound_is_named_as_a_held_one(library) -> None:  # type: ignore[no-untyped-def]
    held = {compound_key(s.reference.inchikey) for s in library.spectra}
    found = read_msp(REFDATA / "spectra" / "massbank" / "massbank_ei.msp.gz")
    others = [s for s in found if compound_key(s.field("inchikey") or "") not in held]
    assert len(others) == 13_281
    named = {q.name: call.name for q in others if (call := single(library, q).call) is not None and call.accession}
    assert named == {}
