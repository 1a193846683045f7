"""Isomers that library or tables know take every single name away, however far their spectra lie."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chemistry_cases import disturbed, entry, evidence, library, match, peaks_of, single

from musk_id.kernels.isomer_count import IsomerCount
from musk_id.model.methods import SPECTRA_METHODS
from musk_id.model.values import DecimalText, Line
from musk_id.stages.chemistry_answers import chemical_findings
from musk_id.stages.known_isomers import KNOWN_ISOMERS
from musk_id.stages.spectral_library import LibrarySpectrum, SpectralLibrary
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

A = {
    41: 200.0,
    55: 300.0,
    77: 250.0,
    91: 400.0,
    105: 999.0,
    119: 320.0,
    120: 150.0,
    134: 500.0,
    135: 55.0,
    65: 90.0,
}
A |= {51: 120.0, 63: 80.0}
# Another compound of the same mass whose ions are others.
B = {
    43: 999.0,
    58: 600.0,
    71: 350.0,
    85: 280.0,
    102: 410.0,
    111: 330.0,
    133: 222.0,
    134: 300.0,
    135: 33.0,
    60: 75.0,
}
KEY_A, KEY_B = "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "BBBBBBBBBBBBBB-UHFFFAOYSA-N"
FORMULA = "C10H14"


def held(name: str, key: str, peaks: dict[int, float], formula: str = FORMULA) -> LibrarySpectrum:
    from musk_id.kernels.spectral import to_unit_mass

    made = disturbed(peaks, 1, 0.0)
    pattern = entry("NL0014")
    reference = replace(
        pattern.reference,
        accession=Line(f"X-{name}"),
        name=Line(name),
        inchikey=Line(key),
        formula=Line(formula),
        exact_mass=DecimalText("134.10955"),
    )
    return LibrarySpectrum(reference, to_unit_mass(made.mz, made.intensity), 134)


def of(*spectra: LibrarySpectrum) -> SpectralLibrary:
    return SpectralLibrary(Line("made"), tuple(spectra), library().markers, library().confusables)


ALONE = of(held("cymene", KEY_A, A), held("other", KEY_B, B, "C9H10O"))


@pytest.mark.parametrize("version", ["ei-library-1", "ei-identify-1"])
def test_a_compound_without_known_isomers_keeps_its_tentative_name(version: str) -> None:
    method = next(m for m in SPECTRA_METHODS if m.version == version)
    call = single(disturbed(A, 5), using=ALONE, method=method).call
    assert call is not None and (call.status, call.name) == (CompoundStatus.TENTATIVE, "cymene")
    isomers = next(c for c in call.trace if c.name == KNOWN_ISOMERS)
    assert (isomers.measured, isomers.limit, isomers.outcome) == ("0", "C10H14: 0", CriterionOutcome.PASSED)


@pytest.mark.parametrize("version", ["ei-library-1", "ei-identify-1"])
@pytest.mark.parametrize(
    ("name", "key", "formula"),
    [
        ("butylbenzene", KEY_B, "C10H14"),
        ("butylbenzene", KEY_B, "H14C10"),
        ("other form of cymene", "AAAAAAAAAAAAAA-BBBBBBBBBB-N", "C10H14"),
    ],
)
def test_an_isomer_or_another_form_in_the_library_takes_the_name_away(
    version: str, name: str, key: str, formula: str
) -> None:
    """Its spectrum is nothing like the query: the gap is hundreds, the lead of the first one is wide."""
    method = next(m for m in SPECTRA_METHODS if m.version == version)
    record = match(
        evidence(disturbed(A, 5)), using=of(held("cymene", KEY_A, A), held(name, key, B, formula)), method=method
    )
    result, call = record.spectra[0], record.spectra[0].call
    assert call is not None and call.status is CompoundStatus.TENTATIVE
    assert (call.name, call.inchikey, call.accession) == (None, None, None)
    assert set(call.confusables) == {"cymene", name} and Reason.CONFUSABLE_NOT_SEPARATED in call.reasons
    isomers = next(c for c in call.trace if c.name == KNOWN_ISOMERS)
    assert (isomers.measured, isomers.outcome) == (f"1: {name}", CriterionOutcome.FAILED)
    said = {str(s.phrase): s for s in chemical_findings(result.run.item_id, record, ()).statements}
    assert "chemistry.one_of_isomers" in said and "chemistry.tentative" not in said
    values = {v.name: v.texts for v in said["chemistry.one_of_isomers"].values}
    assert values["formula"] == ("C10H14",) and values["names"] == tuple(sorted(("cymene", name)))


def test_an_isomer_that_only_the_tables_know_takes_the_name_away() -> None:
    marker = next(m for m in library().markers if m.marker_id == "phenol")
    call = single(disturbed(A, 5), using=of(held("made", KEY_A, A, str(marker.formula)))).call
    assert call is not None and (call.status, call.name) == (CompoundStatus.TENTATIVE, None)
    assert set(call.confusables) == {"made", marker.name}


def test_of_a_class_with_isomers_none_is_named_though_none_is_known() -> None:
    call = single(disturbed(A, 5), using=of(held("a sterol", KEY_A, A, "C29H50O"))).call
    assert call is not None and (call.status, call.name) == (CompoundStatus.TENTATIVE, None)
    isomers = next(c for c in call.trace if c.name == KNOWN_ISOMERS)
    assert (isomers.measured, isomers.outcome) == ("?", CriterionOutcome.FAILED)


def test_the_most_alike_isomers_are_listed_and_all_are_counted() -> None:
    many = [held(f"isomer {n:02d}", f"{chr(67 + n) * 14}-UHFFFAOYSA-N", B) for n in range(15)]
    near = held("the near one", KEY_B, {**A, 105: 500.0, 91: 700.0, 119: 100.0})
    call = single(disturbed(A, 5), using=of(held("cymene", KEY_A, A), *many, near)).call
    assert call is not None and call.name is None
    assert {"cymene", "the near one"} <= set(call.confusables) and len(call.confusables) == 11
    isomers = next(c for c in call.trace if c.name == KNOWN_ISOMERS)
    assert isomers.measured == "16: the near one, isomer 00, isomer 01, isomer 02, ..."


def test_ions_that_the_table_lists_tell_members_of_a_group_apart() -> None:
    """Galaxolide beside tonalide and traseolide: their table names the ions, and the gap decides, as it did."""
    galaxolide = entry("NL0014")
    call = single(disturbed(peaks_of(galaxolide), 7)).call
    assert call is not None and (call.status, call.name) == (CompoundStatus.TENTATIVE, galaxolide.reference.name)
    assert {"Tonalide", "Traseolide", "Versalide"} <= set(call.confusables)
    outside = held("not of the group", KEY_B, B, "C18H26O")
    mixed = replace(library(), spectra=(*library().spectra, outside))
    call = single(disturbed(peaks_of(galaxolide), 7), using=mixed).call
    group = library().group_of(galaxolide.reference.inchikey)
    assert call is not None and group is not None and (call.name, call.accession) == (group.name, None)


def test_counts_of_isomers() -> None:
    count = IsomerCount(
        [
            (KEY_A, "C10H14"),
            ("AAAAAAAAAAAAAA-BBBBBBBBBB-N", "C10H14"),
            ("AAAAAAAAAAAAAA", "C10H14"),
            (KEY_B, "H14C10"),
            ("CC(C)c1ccc(C)cc1", "C10H14"),
            ("CCCCCCCCCCCCCC-UHFFFAOYSA-N", "C10H16"),
            ("DDDDDDDDDDDDDD", ""),
            ("EEEEEEEEEEEEEE", ""),
            ("", "C10H14"),
        ]
    )
    assert count.of("AAAAAAAAAAAAAA", "C10H14") == 3
    assert count.of("BBBBBBBBBBBBBB", "C10H14") == 2
    assert count.of("CCCCCCCCCCCCCC", "C10H16") == 0
    assert count.of("DDDDDDDDDDDDDD", "") == 0
