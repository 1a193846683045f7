"""Libraries of spectra: every record kept or set aside with its reason, and read back as published."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from library_sources import RELEASES
from refdata import REFDATA, needs_refdata
from spectra_libraries import ETHANOL, anchors, build, built, msp, sources

from musk_id.cli import main
from musk_id.errors import InputFormatError, ReferenceDataError
from musk_id.formats.msp import read_msp
from musk_id.kernels.spectral import to_unit_mass
from musk_id.library_vocabulary import SetAside
from musk_id.model.methods import BARCODE_METHODS
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_sources import parse_library_file
from musk_id.refdb.library_store import library_manifest, load_library
from musk_id.vocabulary import CurationState

PEAKS = {27: 20, 29: 30, 31: 100, 45: 50, 46: 22}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    header, *rows = (folder / name).read_text("utf-8").splitlines()
    return [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]


def aside(folder: Path) -> dict[str, str]:
    return {row["accession"]: row["reason"] for row in table(folder, "set_aside.tsv")}


def test_a_record_is_normalised(tmp_path: Path) -> None:
    text = msp(
        "A1",
        {27.0229: 2.5, 31.0178: 99.9, 46.0413: 20, 46.5: 1},
        Name="Ethanol",
        Synon="Ethyl alcohol",
        SMILES="CCO",
        Instrument="An instrument",
        Derivative_type="1 TMS",
        Derivative_form="C5H14OSi",
        RetentionIndex="427.50 (DB-5)",
        Column="DB-5MS",
    )
    library = built(tmp_path, text)
    assert library.spectra is not None and len(library.spectra) == 1 and library.loci == {}
    entry = library.spectra.entry(0)
    assert (entry.accession, entry.name, entry.other_names) == ("A1", "Ethanol", "Ethyl alcohol")
    assert (entry.inchikey, entry.compound, entry.smiles) == (ETHANOL, "LFQSCWFLJHTTHZ", "CCO")
    assert (entry.formula, entry.exact_mass, entry.stated_mass) == ("C2H6O", "46.04186", "46.04186")
    assert (entry.ionisation, entry.electron_energy_ev) == ("EI", "70")
    assert (entry.instrument, entry.instrument_type) == ("An instrument", "EI-B")
    assert (entry.derivative, entry.derivative_formula) == ("1 TMS", "C5H14OSi")
    assert (entry.retention_index, entry.phase) == ("427.50", "DB-5MS")
    assert (entry.licence, entry.authors, entry.input) == ("CC BY", "A. Person", "one.msp")
    mz, intensity = library.spectra.peaks(0)
    assert mz.tolist() == [27.0229, 31.0178, 46.0413, 46.5]
    assert intensity.tolist() == pytest.approx([25, 999, 200, 10], rel=1e-6)
    unit_mz, unit_intensity = library.spectra.unit_peaks(0)
    assert unit_mz.tolist() == [27, 31, 46] and unit_intensity.tolist() == [25, 999, 210]
    assert isinstance(library.spectra.mz.base, np.memmap)


def test_statements_of_the_keeper_hold_where_the_record_is_silent(tmp_path: Path) -> None:
    text = msp("A1", PEAKS, Instrument_type="", Ionization_energy="", License="", Derivatised="yes")
    text += msp("A2", PEAKS, Instrument_type="", Ionization_energy="20 eV", Derivatised="no")
    extra = 'ionisation = "EI"\nelectron_energy_ev = "70"\nderivative = "TMS"\n'
    spectra = built(tmp_path, text, extra).spectra
    assert spectra is not None
    first, second = spectra.entries()
    assert (first.electron_energy_ev, first.derivative, first.licence) == ("70", "kind not stated", "CC0")
    assert (second.electron_energy_ev, second.derivative, second.licence) == ("20", None, "CC BY")


def test_every_record_is_kept_or_set_aside(tmp_path: Path) -> None:
    text = (
        msp("B1", PEAKS)
        + msp("A1", PEAKS)
        + msp("A1", PEAKS)
        + msp("A1", {**PEAKS, 47: 1})
        + msp(None, PEAKS)
        + msp("C1", PEAKS, InChIKey="")
        + msp("C2", PEAKS, InChIKey="no key")
        + msp("C3", PEAKS, InChIKey="", SMILES="CCO")
        + msp("C4", PEAKS, InChIKey="LFQSCWFLJHTTHZ")
        + msp("D1", PEAKS, Formula="")
        + msp("D2", PEAKS, Formula="[C2H6O]+")
        + msp("D3", PEAKS, Formula="C2H6Xx")
        + msp("E1", PEAKS, Instrument_type="CI-B")
        + msp("E2", PEAKS, Ionization="CI")
        + msp("E3", PEAKS, Instrument_type="GC-APCI-QTOF")
        + msp("E4", PEAKS, Ion_mode="Negative")
        + msp("E5", PEAKS, Spectrum_type="MS2")
        + msp("E6", PEAKS, Instrument_type="")
        + msp("P1", PEAKS, Comment="in-silico, CFM-ID")
        + msp("P2", PEAKS, Instrument_type="in-silico QTOF")
        + msp("F1", {31: 100, 45: 50})
        + msp("F2", {31: 100, 45: 50, 46: 0})
    )
    folder = build(tmp_path, text)
    assert aside(folder) == {
        "A1": "DUPLICATE_ACCESSION",
        "record 5: nameless": "ACCESSION_MISSING",
        **dict.fromkeys(("C1", "C2"), "NO_STRUCTURE"),
        **dict.fromkeys(("D1", "D2", "D3"), "FORMULA_UNREADABLE"),
        **dict.fromkeys(("E1", "E2", "E3", "E4", "E5"), "NOT_EI"),
        "E6": "IONISATION_NOT_STATED",
        **dict.fromkeys(("P1", "P2"), "PREDICTED"),
        **dict.fromkeys(("F1", "F2"), "TOO_FEW_PEAKS"),
    }
    reasons = Counter(row["reason"] for row in table(folder, "set_aside.tsv"))
    assert reasons["ACCESSION_CONFLICT"] == 1 and set(reasons) <= {reason.value for reason in SetAside}
    assert all(row["measured"] and row["allowed"] for row in table(folder, "set_aside.tsv"))
    (counts,) = table(folder, "inputs.tsv")
    assert (counts["records_in"], counts["records_kept"], counts["records_set_aside"]) == ("22", "4", "18")
    spectra = load_library(folder).spectra
    assert spectra is not None
    assert [entry.accession for entry in spectra.entries()] == ["A1", "B1", "C3", "C4"]
    assert [entry.compound for entry in spectra.entries()] == [ETHANOL[:14], ETHANOL[:14], "CCO", ETHANOL[:14]]


def test_massbank_text_and_withdrawn_records(tmp_path: Path) -> None:
    head = (
        "ACCESSION: {}\nLICENSE: CC BY-SA\nAUTHORS: B. Person\nCH$NAME: Ethanol\nCH$FORMULA: C2H6O\n"
        f"CH$LINK: INCHIKEY {ETHANOL}\nAC$INSTRUMENT_TYPE: GC-EI-TOF\nAC$MASS_SPECTROMETRY: MS_TYPE MS\n"
        "AC$MASS_SPECTROMETRY: IONIZATION_ENERGY 20 eV\nAC$CHROMATOGRAPHY: KOVATS_RTI 427\n"
    )
    tail = "PK$NUM_PEAK: 3\nPK$PEAK: m/z int. rel.int.\n  29 3 300\n  31 10 999\n  45 5 500\n//\n"
    sources(tmp_path, inputs=("records.txt",))
    (tmp_path / "records.txt").write_text(
        head.format("T1") + tail + head.format("T2") + "DEPRECATED: 2026-01-01 wrong\n" + tail
    )
    folder = build_library(tmp_path, tmp_path, tmp_path / "out", anchors(), BARCODE_METHODS[-1])
    assert aside(folder) == {"T2": "WITHDRAWN_BY_SOURCE"}
    spectra = load_library(folder).spectra
    assert spectra is not None
    entry = spectra.entry(0)
    assert (entry.accession, entry.inchikey, entry.electron_energy_ev) == ("T1", ETHANOL, "20")
    assert (entry.retention_index, entry.licence, entry.authors) == ("427", "CC BY-SA", "B. Person")


def test_mona_comments_are_read(tmp_path: Path) -> None:
    comment = '"accession=M1" "license=CC BY" "ionization energy=70 eV" "SMILES=CCO" "instrument type=EI-B"'
    text = msp(None, PEAKS, Instrument_type="", Ionization_energy="", License="", Comments=comment)
    spectra = built(tmp_path, text).spectra
    assert spectra is not None
    entry = spectra.entry(0)
    assert (entry.accession, entry.electron_energy_ev, entry.smiles) == ("M1", "70", "CCO")


def test_the_same_inputs_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    records = [msp("A1", PEAKS), msp("B1", {**PEAKS, 28: 3})]
    first = build(tmp_path / "a", "".join(records))
    second = build(tmp_path / "b", "".join(reversed(records)))
    names = {path.name for path in first.iterdir()}
    assert names == {path.name for path in second.iterdir()}
    differ = {name for name in names if (first / name).read_bytes() != (second / name).read_bytes()}
    assert differ == {"inputs.tsv", "manifest.json"}  # they name the digest of the file handed in


def test_a_library_of_both_kinds(tmp_path: Path) -> None:
    barcode = next(r for r in anchors().barcodes if r.locus.value == "COI-658")
    (tmp_path / "coi.fasta").write_text(f">{barcode.accession}\n{barcode.sequence}\n")
    (tmp_path / "coi.tsv").write_text(
        f"accession\tspecies\tfamily\torder\n{barcode.accession}\tMoschus berezovskii\tMoschidae\tArtiodactyla\n"
    )
    sources(tmp_path)
    (tmp_path / "one.msp").write_text(msp("A1", PEAKS))
    with (tmp_path / "library.toml").open("a") as handle:
        handle.write(
            '[[sequences]]\npath = "coi.fasta"\ntaxonomy = "coi.tsv"\nsource = "a test"\nlicence = "CC0"\n'
            "redistribute = true\n"
        )
    folder = build_library(tmp_path, tmp_path, tmp_path / "out", anchors(), BARCODE_METHODS[-1])
    library = load_library(folder)
    assert library.spectra is not None and len(library.spectra) == 1
    assert sum(t.records for t in library.loci.values()) == 1
    assert [row["input"] for row in table(folder, "inputs.tsv")] == ["coi.fasta", "one.msp"]


def test_curation_states_hold_for_spectra(tmp_path: Path) -> None:
    entry = "A1\t\t{}\t{}\tA. Person\t2026-{}-01\tfaulty\n"
    text = msp("A1", PEAKS) + msp("B1", PEAKS)
    folder = build(
        tmp_path / "a", text, curation=entry.format("unusable", "", "02") + entry.format("duplicate", "", "01")
    )
    spectra = load_library(folder).spectra
    assert spectra is not None
    assert [spectra.state_of(0), spectra.state_of(1)] == [CurationState.UNUSABLE, CurationState.REFERENCE]
    with pytest.raises(ReferenceDataError, match="the spectrum A1 a marker or names"):
        build(tmp_path / "b", text, curation=entry.format("unusable", "Moschus fuscus", "02"))
    with pytest.raises(ReferenceDataError, match="names X1"):
        build(tmp_path / "c", text, curation=entry.format("unusable", "", "02").replace("A1", "X1"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('path = "one.csv"', r"spectra\[1\].path: found 'one.csv' .allowed: a name in .msp or .txt"),
        ('path = "../one.msp"', r"spectra\[1\].path: found"),
        ("redistribute = 1", "no truth value"),
        ('electron_energy_ev = "70 eV"', "electron_energy_ev: found '70 eV' .allowed: a decimal number"),
        ('taxonomy = "x"', "taxonomy: unknown key"),
    ],
)
def test_faults_of_library_toml_are_named(line: str, message: str) -> None:
    fields = {"path": '"one.msp"', "source": '"s"', "licence": '"l"', "redistribute": "true"}
    key, _, value = line.partition(" = ")
    body = "".join(f"{k} = {v}\n" for k, v in (fields | {key: value}).items())
    text = f'library_id = "a"\ndate = "2026-11-25"\ntitle = "t"\n[[spectra]]\n{body}'
    with pytest.raises(InputFormatError) as caught:
        parse_library_file(text.encode())
    assert re.search(message, caught.value.diagnostics()), caught.value.diagnostics()


def test_a_library_of_nothing_and_a_path_twice_are_refused() -> None:
    head = b'library_id = "a"\ndate = "2026-11-25"\ntitle = "t"\n'
    entry = b'[[spectra]]\npath = "a.msp"\nsource = "s"\nlicence = "l"\nredistribute = true\n'
    with pytest.raises(InputFormatError) as caught:
        parse_library_file(head)
    assert "no table [[sequences]] and no table [[spectra]]" in caught.value.diagnostics()
    with pytest.raises(InputFormatError) as caught:
        parse_library_file(head + entry * 2)
    assert "a.msp: stands more than once" in caught.value.diagnostics()
    with pytest.raises(InputFormatError) as caught:
        parse_library_file(head + b"spectra = 3\n")
    assert "[[spectra]]" in caught.value.diagnostics()


def test_the_commands_build_and_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources(tmp_path)
    (tmp_path / "one.msp").write_text(msp("A1", PEAKS))
    arguments = ["--releases", str(RELEASES), "--out", str(tmp_path / "out")]
    assert main(["refdb", "build", str(tmp_path), *arguments]) == 0
    assert "spectra: 1 record of 1 compound" in capsys.readouterr().out
    assert main(["refdb", "verify", str(tmp_path / "out" / "spectra-1")]) == 0
    (tmp_path / "one.msp").write_text(msp("A1", PEAKS)[:-10])
    assert main(["refdb", "build", str(tmp_path), *arguments]) == 3
    assert "one.msp, line" in capsys.readouterr().err


def test_an_unreadable_input_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="are declared"):
        build(tmp_path, msp("A1", PEAKS).replace("Num Peaks: 5", "Num Peaks: 6"))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound"), msp("A1", PEAKS) + msp("B1", {31: 5, 45: 9, 46: 1}))


def tampered(sound: Path, tmp_path: Path, name: str, data: bytes) -> Path:
    """A copy with another file and a manifest that agrees with it."""
    folder = Path(shutil.copytree(sound, tmp_path / "library"))
    (folder / name).write_bytes(data)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(library_manifest(files))
    return folder


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def offsets(*values: int) -> bytes:
    return npy(np.array(values, dtype="<u8"))


HOSTILE = {
    "state of another type": ("state", npy(np.zeros(2, "<u2")), "spectra.state.npy is <u2"),
    "states too few": ("state", npy(np.zeros(1, "u1")), "1 states"),
    "state beyond the list": ("state", npy(np.array([0, 9], "u1")), "curation state"),
    "offsets of another type": ("offsets", npy(np.array([0, 5, 8], "<u4")), "spectra.offsets.npy is <u4"),
    "offsets too few": ("offsets", offsets(0, 8), "do not cover"),
    "offsets beyond": ("offsets", offsets(0, 5, 9), "do not cover"),
    "offsets that fall": ("offsets", offsets(0, 9, 8), "do not rise"),
    "offsets from 1": ("offsets", offsets(1, 5, 8), "do not cover"),
    "an empty record": ("offsets", offsets(0, 8, 8), "without peaks"),
    "no offsets": ("offsets", npy(np.zeros(0, "<u8")), "do not cover"),
    "m/z of another type": ("mz", npy(np.zeros(8, "<f4")), "spectra.mz.npy is <f4"),
    "m/z in two dimensions": ("mz", npy(np.ones((8, 1))), "2 dimensions"),
    "m/z too few": ("mz", npy(np.arange(1.0, 8.0)), "7 peaks are there"),
    "m/z not a number": ("mz", npy(np.array([27, 29, np.nan, 45, 46, 31, 45, 46.0])), "out of range"),
    "m/z infinite": ("mz", npy(np.array([27, 29, 31, 45, np.inf, 31, 45, 46.0])), "do not rise"),
    "m/z that fall": ("mz", npy(np.array([27, 29, 31, 46, 45, 31, 45, 46.0])), "do not rise"),
    "intensity too few": ("intensity", npy(np.ones(7, "<f4")), "8 m/z for 7 intensities"),
    "intensity above 999": ("intensity", npy(np.full(8, 1000, "<f4")), "out of range"),
    "intensity zero": ("intensity", npy(np.zeros(8, "<f4")), "out of range"),
    "unit offsets beyond": ("unit_offsets", offsets(0, 5, 99), "unit mass: the offsets"),
    "unit m/z zero": ("unit_mz", npy(np.zeros(8, "<u4")), "unit mass: m/z"),
    "objects": ("mz", npy(np.array([{}] * 8, dtype=object)), "object"),
    "no array": ("mz", b"not an array", "magic"),
    "an empty file": ("mz", b"", "no array file|magic|EOF"),
    "a header alone": ("mz", npy(np.ones(8))[:128], "mmap length|no array file"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_arrays_are_refused(sound: Path, tmp_path: Path, name: str) -> None:
    array, data, message = HOSTILE[name]
    folder = tampered(sound, tmp_path, f"spectra.{array}.npy", data)
    with pytest.raises(ReferenceDataError, match=message):
        load_library(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("accession\t", "acc\t", "other columns"),
        ("B1\t", "\t", "accession: '' is not"),
        ("46.04186", "1e5", "exact_mass: '1e5' is not"),
        ("CC BY", "CC\tBY", "28 fields"),
        (ETHANOL, "", "neither InChIKey nor SMILES"),
        ("one.msp" + 7 * "\t" + "\n", "one.msp", "other columns, or is cut off|rows"),
    ],
)
def test_a_hostile_table_is_refused(sound: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (sound / "spectra.tsv").read_text("utf-8").replace(old, new)
    folder = tampered(sound, tmp_path, "spectra.tsv", text.encode())
    with pytest.raises(ReferenceDataError, match=message):
        spectra = load_library(folder).spectra
        assert spectra is not None
        list(spectra.entries())


def test_other_counts_and_bytes_are_refused(sound: Path, tmp_path: Path) -> None:
    head = json.loads((sound / "library.json").read_text())
    head["spectra"]["records"] = 3
    folder = tampered(sound, tmp_path, "library.json", json.dumps(head).encode())
    with pytest.raises(ReferenceDataError, match="3 spectra with 8 peaks are announced"):
        load_library(folder)
    (folder / "spectra.tsv").write_bytes(b"\xff\n")
    with pytest.raises(ReferenceDataError, match="differs from its entry"):
        load_library(folder)


@needs_refdata
@pytest.mark.full
def test_the_public_pool_is_built_whole(tmp_path: Path) -> None:
    name = "massbank/massbank_ei.msp.gz"
    folder = REFDATA / "spectra"
    sources(tmp_path, inputs=(name,))
    library = load_library(build_library(tmp_path, folder, tmp_path / "out", anchors(), BARCODE_METHODS[-1]))
    (counts,) = table(tmp_path / "out" / "spectra-1", "inputs.tsv")
    assert (counts["records_in"], counts["records_kept"], counts["records_set_aside"]) == ("13285", "12675", "610")
    assert library.spectra is not None
    published = {s.field("db#"): s for s in read_msp(folder / name)}
    for record, entry in enumerate(library.spectra.entries()):
        spectrum = published[entry.accession]
        mz, intensity = library.spectra.peaks(record)
        assert np.array_equal(mz, spectrum.mz)
        assert np.allclose(intensity, 999 * (spectrum.intensity / spectrum.intensity.max()), rtol=1e-6)
        unit = to_unit_mass(spectrum.mz, spectrum.intensity)
        assert np.array_equal(library.spectra.unit_peaks(record)[0], unit.mz)
        assert np.array_equal(library.spectra.unit_peaks(record)[1], unit.intensity)


@needs_refdata
def test_chemical_ionisation_and_product_ions_are_never_kept(tmp_path: Path) -> None:
    sources(tmp_path, inputs=("massbank/massbank_ci_fi_negatives.msp.gz",))
    folder = build_library(tmp_path, REFDATA / "spectra", tmp_path / "out", anchors(), BARCODE_METHODS[-1])
    assert load_library(folder).spectra is None
    assert Counter(row["reason"] for row in table(folder, "set_aside.tsv")) == {"NOT_EI": 924}
