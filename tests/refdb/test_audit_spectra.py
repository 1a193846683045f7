"""The audit of spectra: planted faults are found with their values, sound records stay without a flag."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from spectra_libraries import anchors, build, built, msp, sources

from musk_id.errors import ReferenceDataError
from musk_id.kernels.near_duplicates import near_duplicates
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.spectra_audit import SpectraAudit, SpectraAuditLimits, SpectrumFinding
from musk_id.model.spectral_table import SpectrumEntry
from musk_id.model.values import DecimalText, Line, RelativePath, Text
from musk_id.records.canonical import parse_record
from musk_id.refdb.audit_spectra import audit_spectra, spectra_audit_files
from musk_id.refdb.audit_spectrum import label_source
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_store import load_library
from musk_id.vocabulary import CurationState, MassPrecision, SpectrumFlag

# Decane, after textbook ions: M 142, no isotope label, no derivative.
DECANE = {
    "InChIKey": "DIOQZVSQGTUSAI-UHFFFAOYSA-N",
    "Formula": "C10H22",
    "ExactMass": "142.17215",
    "Name": "Decane",
}
PEAKS = {27: 20, 29: 30, 41: 40, 43: 100, 55: 12, 57: 90, 71: 40, 85: 30, 99: 5, 113: 4, 142: 6, 143: 1}


def flags(tmp_path: Path, peaks: dict[float, float], *more: str, **fields: str) -> dict[str, SpectrumFinding]:
    """Findings at the record A1 by flag."""
    audit = audit_spectra(built(tmp_path, msp("A1", peaks, **(DECANE | fields)) + "".join(more)))
    return {finding.flag.value: finding for finding in audit.findings if finding.accession == "A1"}


def test_a_sound_record_has_no_flag(tmp_path: Path) -> None:
    assert flags(tmp_path, PEAKS) == {}


def test_missing_molecular_ion(tmp_path: Path) -> None:
    found = flags(tmp_path / "a", {**PEAKS, 142: 0, 143: 5.2})
    finding = found.pop("MOLECULAR_ION_MISSING")
    assert found == {}
    assert finding.measured == "m/z 142 absent, m/z 143 5.2 %"
    assert finding.proposed is CurationState.UNUSABLE
    assert flags(tmp_path / "b", {**PEAKS, 142: 0, 143: 4.9}) == {}
    assert flags(tmp_path / "c", {**PEAKS, 142: 1, 143: 50}) == {}


def test_peaks_above_the_molecular_ion(tmp_path: Path) -> None:
    found = flags(tmp_path / "a", {**PEAKS, 149: 2.2})
    assert found.keys() == {"PEAKS_ABOVE_MOLECULAR_ION"}
    assert found["PEAKS_ABOVE_MOLECULAR_ION"].measured == "2.2 % above m/z 142 (highest m/z 149)"
    assert flags(tmp_path / "b", {**PEAKS, 148: 50, 149: 1.9}) == {}
    # Isotope peaks of eight chlorine atoms reach far above the ion of the lightest isotopes.
    chlorinated = {"Formula": "C12H2Cl8", "ExactMass": "425.76626", "InChIKey": "DTMRKGRREZAYAP-UHFFFAOYSA-N"}
    assert flags(tmp_path / "c", {**PEAKS, 426: 30, 436: 20, 442: 3}, **chlorinated) == {}


def test_derivatives_under_the_structure_of_the_parent(tmp_path: Path) -> None:
    alcohol = {"Formula": "C10H22O", "ExactMass": "158.16707", "InChIKey": "MWKFXSUHUHTGQN-UHFFFAOYSA-N"}
    silyl = {**PEAKS, 73: 80, 142: 0, 143: 0, 215: 60, 230: 5}
    declared = flags(tmp_path / "a", silyl, Derivative_type="1 TMS", Derivative_form="C13H30OSi", **alcohol)
    assert declared.keys() == {"DERIVATIVE_UNDER_PARENT_KEY"}  # the molecular ion is that of the derivative
    assert declared["DERIVATIVE_UNDER_PARENT_KEY"].measured == ("declared: 1 TMS; 60.0 % above m/z 158 of C10H22O")
    undeclared = flags(tmp_path / "b", silyl, **alcohol)
    assert undeclared.keys() == {"DERIVATIVE_UNDER_PARENT_KEY", "PEAKS_ABOVE_MOLECULAR_ION"}
    assert undeclared["DERIVATIVE_UNDER_PARENT_KEY"].measured.startswith("not declared; m/z 73 or 147 at 80.0 %")
    assert "m/z 215 as of a silyl derivative at 60.0 %" in undeclared["DERIVATIVE_UNDER_PARENT_KEY"].measured
    # Ions 73 and above M alone, but none that silyl groups would give, are no evidence of them.
    assert flags(tmp_path / "e", {**PEAKS, 73: 80, 149: 3}).keys() == {"PEAKS_ABOVE_MOLECULAR_ION"}
    # Where formula and key are those of the derivative itself, nothing is amiss.
    own = {"Formula": "C13H30OSi", "ExactMass": "230.20659", "InChIKey": "OJSTVYMGHSKWJK-UHFFFAOYSA-N"}
    assert flags(tmp_path / "c", silyl, Derivative_type="1 TMS", **own) == {}
    assert flags(tmp_path / "d", PEAKS, Derivative_type="0 TMS") == {}


LABELLED = [
    "ACETOPHENONE (2,2,2-D3)", "(2,2,2,-2H3)ACETOPHENONE", "(2',2',2'-2H(3))ETHYLIDENECYCLOHEXANE", "Benzene-[d6]",
    "L-Aspartic acid-[2-15N][3,3-d2]", "Glycine-[2-13C, 15N]", "Citric acid-[1-13C]", "FENCHYL ALCOHOL (OD)",
    "3-ACETYL-1-TRIDEUTEROMETHYLINDOLE", "1,1-DIMETHYLSILACYCLOPENTANE (D6-DIMETHYL)", "cholestanol-d7",
    "alpha-ketoglutaric acid-[1,2,3,4,5-13C5]", "(13CH3)TOLUENE",
]  # fmt: skip
UNLABELLED = [
    "3,4-DIHYDRO-2H-PYRAN", "OCTAHYDRONAPHTHALEN-1(2H)-ONE", "VITAMIN D3", "Prostaglandin D2",
    "D-3-Phenyllactic acid", "TRIDECANE-13CARBOXYLIC ACID",
    "4-HYDROXY-3-(3-OXO-1-PHENYLBUTYL)-2H-CHROMEN-2-ONE", "7-CHLORO-2H-1,4-BENZODIAZEPIN-2-ONE", "D-Glucose",
    "TRIAZINO(1,2-A)QUINOLINE-1,3,6(2H,5H)-TRIONE", "D-12-TRIMETHYLSILOXYDECANE", "PGD2", "2,4-D",
]  # fmt: skip


def entry(name: str, smiles: str = "C") -> SpectrumEntry:
    return SpectrumEntry(
        accession=Line("A1"),
        name=Line(name),
        smiles=Text(smiles),
        formula=Line("CH4"),
        exact_mass=DecimalText("16.03130"),
        ionisation=Line("EI"),
        licence=Line("CC0"),
        input=RelativePath("a.msp"),
    )


@pytest.mark.parametrize("name", LABELLED)
def test_isotope_labels_in_names(name: str) -> None:
    assert label_source(entry(name)) == "name"


@pytest.mark.parametrize("name", UNLABELLED)
def test_places_of_hydrogen_and_names_with_d_are_no_labels(name: str) -> None:
    assert label_source(entry(name)) == ""


@pytest.mark.parametrize(
    ("smiles", "labelled"), [("[2H]C", True), ("[13CH3]C", True), ("[H]C", False), ("[Cd]", False)]
)
def test_isotope_labels_in_smiles(smiles: str, labelled: bool) -> None:
    assert label_source(entry("a compound", smiles)) == ("structure" if labelled else "")


def test_isotopologues(tmp_path: Path) -> None:
    found = flags(tmp_path / "a", PEAKS, Name="DECANE (1,1,1-D3)")
    assert found.keys() == {"ISOTOPOLOGUE_UNDER_PARENT_KEY"}
    assert "full key of the unlabelled parent" in found["ISOTOPOLOGUE_UNDER_PARENT_KEY"].measured
    found = flags(tmp_path / "b", PEAKS, Synon="decane-d3", InChIKey="DIOQZVSQGTUSAI-FIBGUPNXSA-N")
    assert "connectivity block" in found["ISOTOPOLOGUE_UNDER_PARENT_KEY"].measured


@pytest.mark.parametrize(
    ("energy", "flag"),
    [
        ("65 eV", None),
        ("80", None),
        ("64.9 eV", "OTHER"),
        ("20 eV", "OTHER"),
        ("0", "NOT_STATED"),
        ("", "NOT_STATED"),
        ("not stated", "NOT_STATED"),
        ("high", "NOT_STATED"),
    ],
)
def test_electron_energy(tmp_path: Path, energy: str, flag: str | None) -> None:
    assert set(flags(tmp_path, PEAKS, Ionization_energy=energy)) == (
        {f"ELECTRON_ENERGY_{flag}"} if flag else set()
    )


@pytest.mark.parametrize(
    ("extra", "precision"),
    [({}, "UNIT"), ({70.5: 1}, "HALVES"), ({70.5: 1, 70.7: 1}, "TENTHS"), ({70.0783: 1}, "FINER")],
)
def test_precision(tmp_path: Path, extra: dict[float, float], precision: str) -> None:
    audit = audit_spectra(built(tmp_path, msp("A1", PEAKS | extra, **DECANE)))
    counts = {count.precision: count.records for count in audit.precision}
    assert counts == {kind: int(kind.value == precision) for kind in MassPrecision}
    assert audit.count(SpectrumFlag.MASS_PRECISION) == (precision != "UNIT")


def test_start_and_number_of_peaks(tmp_path: Path) -> None:
    found = flags(tmp_path, {57: 90, 71: 40, 142: 6})
    assert {f: found[f].measured for f in found} == {
        "STARTS_HIGH": "first peak at m/z 57",
        "FEW_PEAKS": "3 peaks",
    }


@pytest.mark.parametrize(
    ("mass", "flagged"), [("142.17215", False), ("142.2", False), ("142", False), ("143", True), ("142.19", True)]
)
def test_stated_mass_against_formula(tmp_path: Path, mass: str, flagged: bool) -> None:
    assert ("MASS_CONTRADICTS_FORMULA" in flags(tmp_path, PEAKS, ExactMass=mass)) is flagged


@pytest.mark.parametrize(
    ("inchi", "flag"),
    [
        ("InChI=1S/C10H22/c1-3-5-7-9-10-8-6-4-2/h3-10H2,1-2H3", None),
        ("InChI=1S/C10H20/c1-3", "FORMULA_CONTRADICTS_KEY"),
        ("InChI=1S/C10H22/c1-3-5-7-9-10-8-6-4-2/h3-10H2,1-2H3/i1D3", "ISOTOPOLOGUE_UNDER_PARENT_KEY"),
        ("InChI=1S/C10H23/c1-3/p+1", None),
        ("InChI=1S/C4H8O.C6H14/c1", None),
    ],
)
def test_inchi_against_formula(tmp_path: Path, inchi: str, flag: str | None) -> None:
    assert set(flags(tmp_path, PEAKS, InChI=inchi)) == ({flag} if flag else set())


def test_formulas_within_a_key(tmp_path: Path) -> None:
    others = [msp(name, {**PEAKS, 28: n}, **DECANE) for n, name in enumerate(("B1", "C1"), 50)]
    found = flags(tmp_path, PEAKS, *others, Formula="C10H20", ExactMass="140.15650")
    finding = found["FORMULA_CONTRADICTS_KEY"]
    assert finding.compared_with == ("B1", "C1")
    audit = audit_spectra(load_library(tmp_path / "out" / "spectra-1"))
    assert audit.count(SpectrumFlag.FORMULA_CONTRADICTS_KEY) == 1


def test_same_peaks_under_two_structures(tmp_path: Path) -> None:
    other = {"InChIKey": "GTJOHISYCKPIMT-UHFFFAOYSA-N", "Formula": "C10H22", "ExactMass": "142.17215"}
    scaled = {mz: value * 10 for mz, value in PEAKS.items()}  # another scale is the same list
    found = flags(tmp_path / "a", PEAKS, msp("B1", scaled, **other))
    assert found.keys() == {"SAME_PEAKS_OTHER_STRUCTURE"}
    assert found["SAME_PEAKS_OTHER_STRUCTURE"].compared_with == ("B1",)
    assert audit_spectra(load_library(tmp_path / "a" / "out" / "spectra-1")).same_peaks_groups == 1
    assert flags(tmp_path / "b", PEAKS, msp("B1", {**PEAKS, 27: 21}, **other)) == {}


def test_near_duplicates_only_inside_a_compound(tmp_path: Path) -> None:
    text = msp("A1", PEAKS, **DECANE)
    text += msp("B1", {**PEAKS, 27: 20.5}, **DECANE)
    text += msp("C1", {**PEAKS, 27: 60}, **DECANE)
    text += msp("D1", {**PEAKS, 27: 20.5}, **(DECANE | {"InChIKey": "GTJOHISYCKPIMT-UHFFFAOYSA-N"}))
    audit = audit_spectra(built(tmp_path, text))
    near = [finding for finding in audit.findings if finding.flag is SpectrumFlag.NEAR_DUPLICATE]
    assert [(f.accession, f.compared_with, f.proposed) for f in near] == [("B1", ("A1",), CurationState.DUPLICATE)]
    loose = audit_spectra(
        load_library(tmp_path / "out" / "spectra-1"), SpectraAuditLimits(near_duplicate_cosine=DecimalText("0.9"))
    )
    assert loose.count(SpectrumFlag.NEAR_DUPLICATE) == 2


UNIT = st.dictionaries(st.integers(1, 12), st.integers(1, 999), min_size=1, max_size=8)


def brute_force(spectra: list[dict[int, int]], limit: Fraction) -> list[tuple[int, int]]:
    """Pairs by definition, with rational numbers."""
    found, kept = [], []
    for number, spectrum in enumerate(spectra):
        for other in kept:
            dot = sum(value * spectra[other].get(mz, 0) for mz, value in spectrum.items())
            norms = [sum(v * v for v in s.values()) for s in (spectrum, spectra[other])]
            if Fraction(dot * dot, norms[0] * norms[1]) > limit * limit:
                found.append((number, other))
                break
        else:
            kept.append(number)
    return found


@given(
    st.lists(UNIT, max_size=8), st.lists(st.integers(0, 7), max_size=4), st.sampled_from(["0.9995", "0.9", "0.5"])
)
def test_near_duplicates_against_brute_force(spectra: list[dict[int, int]], again: list[int], limit: str) -> None:
    spectra = spectra + [spectra[n] for n in again if n < len(spectra)]
    mz = [np.array(sorted(s), dtype=np.uint32) for s in spectra]
    intensity = [np.array([s[m] for m in sorted(s)], dtype=np.uint16) for s in spectra]
    found = near_duplicates(mz, intensity, Decimal(limit))
    assert [(f.spectrum, f.repeats) for f in found] == brute_force(spectra, Fraction(limit))


def test_a_pair_exactly_at_the_limit_is_no_duplicate() -> None:
    # (3, 4) and (4, 3): cosine 24 / 25 without rounding.
    mz = [np.array([1, 2], dtype=np.uint32)] * 2
    intensity = [np.array(pair, dtype=np.uint16) for pair in ((3, 4), (4, 3))]
    assert near_duplicates(mz, intensity, Decimal("0.96")) == []
    assert len(near_duplicates(mz, intensity, Decimal("0.9599999999"))) == 1


def test_files_of_the_audit_are_canonical_and_repeatable(tmp_path: Path) -> None:
    text = msp("A1", {**PEAKS, 142: 0, 143: 9}, **DECANE) + msp("B1", PEAKS, **DECANE) + msp("C1", PEAKS, **DECANE)
    library = load_library(build(tmp_path, text))
    audit = audit_spectra(library)
    files = spectra_audit_files(audit)
    assert files == spectra_audit_files(audit_spectra(library))
    assert parse_record(SpectraAudit, files["spectra_audit.json"], "spectra_audit.json") == audit
    assert audit.library_manifest_sha256 == library.manifest_sha256
    assert files["spectra_proposals.tsv"].decode().splitlines()[1:] == [
        "A1\tunusable\tMOLECULAR_ION_MISSING: m/z 142 absent, m/z 143 9.0 %",
        "C1\tduplicate\tNEAR_DUPLICATE: cosine 1.000000",
    ]
    assert [row.split("\t")[:2] for row in files["spectra_findings.tsv"].decode().splitlines()[1:]] == [
        ["A1", "MOLECULAR_ION_MISSING"],
        ["C1", "NEAR_DUPLICATE"],
    ]


def test_a_library_without_spectra_is_refused(tmp_path: Path) -> None:
    library = built(tmp_path, msp("A1", {31: 1, 45: 1}))
    assert library.spectra is None
    with pytest.raises(ReferenceDataError, match="holds no spectra"):
        audit_spectra(library)


@needs_refdata
@pytest.mark.full
def test_the_public_pool(tmp_path: Path) -> None:
    """Counts of the pool of MassBank 2025.05.1; skatole JP007832 is known to lack its base peak and M."""
    sources(tmp_path, inputs=("massbank/massbank_ei.msp.gz",))
    folder = build_library(tmp_path, REFDATA / "spectra", tmp_path / "out", anchors(), BARCODE_METHODS[-1])
    audit = audit_spectra(load_library(folder))
    assert audit.count(SpectrumFlag.MOLECULAR_ION_MISSING) == 72
    assert audit.count(SpectrumFlag.NEAR_DUPLICATE) == 177
    assert audit.same_peaks_groups == 3
    skatole = [f.flag for f in audit.findings if f.accession == "MSBNK-Fac_Eng_Univ_Tokyo-JP007832"]
    assert SpectrumFlag.MOLECULAR_ION_MISSING in skatole
