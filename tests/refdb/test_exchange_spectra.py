"""Spectra from one laboratory to another: what the policy lets out, that they arrive bit by bit, and that
nothing faulty comes in."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_library import (
    Input,
    build,
    files_of,
    made_from,
    panel,
    rows,
    with_provenance,
    with_spectra,
    write_sources,
)
from refdata import REFDATA, needs_refdata
from spectra_libraries import ETHANOL, anchors, msp

from musk_id.cli import main
from musk_id.cli.exchange import MAX_REFUSED_SHOWN
from musk_id.errors import IntegrityError, ReferenceDataError
from musk_id.formats.msp import read_msp, read_msp_bytes
from musk_id.model.barcode import RunIdentity
from musk_id.model.bundle import BundleHeader, BundleMember
from musk_id.model.library import Library
from musk_id.model.methods import BARCODE_METHODS, SPECTRA_METHODS
from musk_id.model.spectral_table import FORMER_COLUMNS, SPECTRUM_COLUMNS
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import Identifier, Line
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes
from musk_id.refdb.adopt import read_origin
from musk_id.refdb.library_build import build_library
from musk_id.refdb.library_read import LIBRARY_FILES, read_library
from musk_id.refdb.library_store import library_manifest, load_library
from musk_id.refdb.overlay import overlay_spectra
from musk_id.refdb.spectra_store import peaks_digest
from musk_id.sealing.bundle import BundleLimits, unpack_bundle, write_bundle
from musk_id.sealing.keys import create_key, load_key
from musk_id.stages.spectra import examine_spectrum
from musk_id.stages.spectral_library import SpectralLibrary
from musk_id.vocabulary import CurationState, Locus, Technique

PASSPHRASE = "a test passphrase"
PEAKS = {27.0: 220.0, 29.0: 340.5, 31.0: 999.0, 45.0: 515.25, 46.0: 217.0}
PERMITS = {
    "Country": "Mongolia",
    "Collection_permit": "permit 12",
    "Informed_consent": "MAT 3",
    "CITES_permit": "MN 001",
}
POLICY = """schema = "musk-id/exchange-policy/1"
exporter = "Laboratory One"
statement = "Records of our own collection, as agreed in MTA 7."
licences = ["CC0-1.0", "CC BY"]
required_provenance = ["country", "collection_permit", "informed_consent", "cites_permit", "submitter"]
"""


def own(accession: str, peaks: dict[float, float] | None = None, **fields: str) -> str:
    """A record with all that the policy asks for."""
    return msp(accession, peaks or PEAKS, **(PERMITS | fields))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key, the trust in it, and a policy."""
    monkeypatch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
    _, key = create_key(tmp_path / "keys", "release", PASSPHRASE)
    shutil.copy(key.with_suffix(".pub"), tmp_path / "trust")
    (tmp_path / "policy.toml").write_text(POLICY)
    return tmp_path


def _key(desk: Path) -> Path:
    return next((desk / "keys").glob("release-*.pem"))


def _export(desk: Path, library: Path, *more: str, policy: str = "policy.toml") -> int:
    told = ["--key", str(_key(desk)), "--policy", str(desk / policy), "--out", str(desk / "x.mskid")]
    return main(["refdb", "export", str(library), *told, *more])


def _import(desk: Path, bundle: Path | None = None) -> int:
    told = ["--trust", str(desk / "trust"), "--out", str(desk / "adopted")]
    return main(["refdb", "import", str(bundle or desk / "x.mskid"), *told])


def _library(desk: Path, text: str, *, name: str = "ei", curation: str = "", redistribute: bool = True) -> Path:
    sources = write_sources(desk / f"s-{name}", {}, library_id=name, curation=curation)
    return build(with_spectra(sources, text, redistribute=redistribute), anchors(), desk / "libs")


def _peaks(folder: Path) -> dict[str, str]:
    table = load_library(folder).spectra
    assert table is not None
    return {entry.accession: peaks_digest(table, n) for n, entry in enumerate(table.entries())}


def test_a_library_of_spectra_travels_byte_for_byte(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    curation = "SP2\t\tunusable\t\tA Person\t2026-02-01\tbleed\n"
    library = _library(desk, own("SP1") + own("SP2", {**PEAKS, 28.0: 3.0}), curation=curation)
    assert _export(desk, library) == 0
    assert "library ei: 0 sequences and 2 spectra exported, 0 records refused" in capsys.readouterr().out
    assert rows(desk / "x.mskid.refused.tsv") == []
    assert _import(desk) == 0
    adopted = desk / "adopted" / "ei"
    assert files_of(adopted) == files_of(library)
    origin = read_origin(adopted)
    assert origin is not None
    assert (origin.header.records, [i.records for i in origin.header.inputs]) == (2, [2])
    assert origin.header.inputs[0].licence == "all rights reserved"  # of the file; the records state their own
    table = load_library(adopted).spectra
    assert table is not None
    assert [table.state_of(n) for n in range(2)] == [CurationState.REFERENCE, CurationState.UNUSABLE]
    entry = table.entry(0)
    assert (entry.licence, entry.authors, entry.country) == ("CC BY", "A. Person", "Mongolia")
    assert (entry.collection_permit, entry.informed_consent, entry.cites_permit) == (
        "permit 12",
        "MAT 3",
        "MN 001",
    )
    capsys.readouterr()
    assert main(["refdb", "diff", str(library), str(adopted)]) == 0
    assert capsys.readouterr().out.count("no difference") == 3
    assert _import(desk) == 0
    assert "was there already" in capsys.readouterr().out


REFUSED = {
    "NC1": ({"License": "CC BY-NC-SA"}, "LICENCE_NOT_ALLOWED", "CC BY-NC-SA; the policy allows: CC BY, CC0-1.0"),
    "NO1": ({"License": ""}, "LICENCE_NOT_ALLOWED", "all rights reserved; the policy allows: CC BY, CC0-1.0"),
    "PR1": ({"CITES_permit": ""}, "PROVENANCE_MISSING", "not stated: cites_permit"),
    "PR2": ({"Authors": "", "Country": "N/A"}, "PROVENANCE_MISSING", "not stated: country, submitter"),
}


def test_each_spectrum_is_held_against_the_policy(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = own("SP1", {**PEAKS, 40.0: 4.0}) + own("SP2", {**PEAKS, 41.0: 6.0, 42.0: 9.0})
    refused = (
        own(name, PEAKS | {50.0 + n: 7.0 + n}, **fields[0]) for n, (name, fields) in enumerate(REFUSED.items())
    )
    text = kept + "".join(refused)
    curation = "NC1\t\tunusable\t\tA Person\t2026-02-01\tx\nSP2\t\tduplicate\t\tA Person\t2026-02-01\ty\n"
    library = _library(desk, text, curation=curation)
    assert _export(desk, library) == 0
    out = capsys.readouterr().out
    assert "library ei-part: 0 sequences and 2 spectra exported, 4 records refused" in out
    assert "2 spectra refused for LICENCE_NOT_ALLOWED" in out and "2 spectra refused for PROVENANCE_MISSING" in out
    listed = {r["accession"]: (r["reason"], r["detail"]) for r in rows(desk / "x.mskid.refused.tsv")}
    assert listed == {name: (reason, detail) for name, (_, reason, detail) in REFUSED.items()}
    assert {r["licence"] for r in rows(desk / "x.mskid.refused.tsv")} == {
        "CC BY", "CC BY-NC-SA", "all rights reserved",
    }  # fmt: skip
    assert _import(desk) == 0
    part = desk / "adopted" / "ei-part"
    held = b"".join(files_of(part).values())
    assert not any(name.encode() in held for name in REFUSED)
    assert _peaks(part) == {name: digest for name, digest in _peaks(library).items() if name not in REFUSED}
    (counts,) = rows(part / "inputs.tsv")
    assert (counts["records_in"], counts["records_kept"], counts["records_set_aside"]) == ("2", "2", "0")
    # Save for the digest of the input, the part is what a build from its records alone is.
    alone = _library(desk, kept, name="ei-part", curation="SP2\t\tduplicate\t\tA Person\t2026-02-01\ty\n")
    differ = {n for n, data in files_of(part).items() if files_of(alone)[n] != data}
    assert set(files_of(alone)) == set(files_of(part)) and differ <= {"inputs.tsv", "manifest.json"}


def test_nothing_to_travel_and_a_closed_input(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = _library(desk, own("SP1") + own("SP2"), redistribute=False)
    assert _export(desk, library) == 2
    assert "none of 2 records may be exported" in capsys.readouterr().err
    assert [r["reason"] for r in rows(desk / "x.mskid.refused.tsv")] == ["INPUT_NOT_SHARED"] * 2
    assert not (desk / "x.mskid").exists()
    many = "".join(msp(f"N{n:03d}", PEAKS) for n in range(MAX_REFUSED_SHOWN + 7))
    assert _export(desk, _library(desk, many, name="many")) == 2
    told = capsys.readouterr().out
    assert told.count("refused: ") == MAX_REFUSED_SHOWN and "  7 more stand in the list" in told
    assert len(rows(desk / "x.mskid.refused.tsv")) == MAX_REFUSED_SHOWN + 7


def test_sequences_and_spectra_travel_together(desk: Path) -> None:
    good = [with_provenance(made_from(r, f"AB00010{i}.1")) for i, r in enumerate(panel(anchors(), Locus.COI, 3))]
    good = [replace(record, submitter="A. Person") for record in good]
    sources = write_sources(desk / "s", {"a": Input(tuple(good))}, library_id="mix")
    text = own("SP1") + own("SP2", License="none stated")
    library = build(with_spectra(sources, text), anchors(), desk / "libs")
    assert _export(desk, library) == 0
    assert _import(desk) == 0
    part = read_library(desk / "adopted" / "mix-part")
    assert {r.accession for r in part.records} == {r.accession for r in good}
    assert [entry.accession for entry in part.library.spectra.entries()] == ["SP1"]
    assert [(entry.path, entry.travelling) for entry in part.inputs] == [("a.fa", 3), ("s.msp", 1)]
    (desk / "x.mskid").unlink()
    assert _export(desk, library, "--library-id", "mix") == 2  # a part never bears the name of the whole
    assert not (desk / "x.mskid").exists()


def test_statements_of_library_toml_hold_for_silent_records(desk: Path) -> None:
    sources = with_spectra(write_sources(desk / "s", {}, library_id="toml"), msp("SP1", PEAKS) + own("SP2"))
    text = (sources / "library.toml").read_text()
    stated = "".join(f'{key.lower()} = "all of the file"\n' for key in PERMITS)
    (sources / "library.toml").write_text(text + stated)
    table = load_library(build(sources, anchors(), desk / "libs")).spectra
    assert table is not None
    assert [table.entry(n).cites_permit for n in range(2)] == ["all of the file", "MN 001"]
    assert [table.entry(n).voucher for n in range(2)] == [None, None]
    assert _export(desk, desk / "libs" / "toml") == 0


def _former(library: Path, target: Path) -> Path:
    """The library as it was built before provenance was kept."""
    shutil.copytree(library, target)
    lines = (target / "spectra.tsv").read_text("utf-8").split("\n")[:-1]
    kept = ["\t".join(line.split("\t")[: len(FORMER_COLUMNS)]) + "\n" for line in lines]
    (target / "spectra.tsv").write_text("".join(kept), "utf-8")
    files = {name: data for name, data in files_of(target).items() if name != "manifest.json"}
    (target / "manifest.json").write_bytes(library_manifest(files))
    return target


def test_a_library_without_provenance_columns_is_read(desk: Path) -> None:
    library = _library(desk, own("SP1") + own("SP2"))
    former = _former(library, desk / "former" / "ei")
    assert len(SPECTRUM_COLUMNS) == len(FORMER_COLUMNS) + 7
    built = read_library(former)
    assert built.library.spectra.entry(0).country is None
    assert _export(desk, former) == 2
    assert {r["reason"] for r in rows(desk / "x.mskid.refused.tsv")} == {"PROVENANCE_MISSING"}
    (desk / "free.toml").write_text(POLICY.replace(POLICY.split("\n")[4], "required_provenance = []"))
    assert _export(desk, former, policy="free.toml") == 0
    assert _import(desk) == 0
    assert _peaks(desk / "adopted" / "ei") == _peaks(library)


RUN = RunIdentity(
    item_id=Identifier("a"),
    sub_sample_id=Identifier("a"),
    extract_id=Identifier("a"),
    product_id=Identifier("a"),
    run_id=Identifier("a"),
    technique=Technique.GC_MS_EI,
)


def _answers(library: Library, queries: str) -> list[bytes]:
    """What the spectral stage says with the library as the laboratory's own data, byte by byte."""
    prepared = SpectralLibrary.from_release(anchors(), overlay_spectra(library))
    prepared = replace(prepared, release_id=Line("the same"))
    spectra = read_msp_bytes(queries.encode(), "q.msp")
    evidence = SpectrumEvidence(run=RUN, file_sha256=sha256_bytes(b""), spectra=spectra)
    return [canonical_json(examine_spectrum(s, evidence, prepared, SPECTRA_METHODS[-1])) for s in spectra]


_LISTS = st.dictionaries(
    st.floats(20, 80, allow_nan=False).map(lambda x: round(x, 4)),
    st.floats(0.001, 1e9, allow_nan=False),
    min_size=5,
    max_size=30,
)


# Every example is a whole exchange: what fails is shown as it was drawn.
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(lists=st.lists(_LISTS, min_size=2, max_size=5), data=st.data())
def test_what_arrives_searches_as_what_left(
    lists: list[dict[float, float]], data: st.DataObject, desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("travel")
    for name in ("trust", "policy.toml"):
        shutil.copy(desk / name, place / name)
    shutil.copytree(desk / "keys", place / "keys")
    shut = data.draw(st.sets(st.integers(0, len(lists) - 1), max_size=len(lists) - 1))
    text = "".join(own(f"SP{n}", p, License="closed" if n in shut else "CC BY") for n, p in enumerate(lists))
    whole = _library(place, text)
    assert _export(place, whole) == 0
    assert _import(place) == 0
    adopted = place / "adopted" / ("ei-part" if shut else "ei")
    stays = {f"SP{n}" for n in range(len(lists))} - {f"SP{n}" for n in shut}
    assert _peaks(adopted) == {name: digest for name, digest in _peaks(whole).items() if name in stays}
    open_text = "".join(own(f"SP{n}", p) for n, p in enumerate(lists) if n not in shut)
    queries = "".join(
        msp(f"Q{n}", {mz: value * (1.1 if int(mz) % 2 else 1.0) for mz, value in p.items()})
        for n, p in enumerate(lists)
    )
    alone = load_library(_library(place, open_text, name="alone"))
    adopted_answers = _answers(replace(load_library(adopted), library_id=Line("lab")), queries)
    assert adopted_answers == _answers(replace(alone, library_id=Line("lab")), queries)
    assert b'"hits":[{' in adopted_answers[0] or b"SPECTRUM_TOO_FEW" in adopted_answers[0]


def test_a_case_is_examined_with_what_was_adopted_as_with_what_was_built(desk: Path) -> None:
    project = Path(__file__).resolve().parents[2]
    lists = {n: {40.0 + n: 999.0, 50.0: 300.0, 60.5: 50.0, 70.0 + n: 80.0, 81.0: 4.0} for n in range(4)}
    text = "".join(own(f"SP{n}", p, License="CC BY" if n != 2 else "closed") for n, p in lists.items())
    assert _export(desk, _library(desk, text), "--library-id", "lab") == 0
    alone = "".join(own(f"SP{n}", p) for n, p in lists.items() if n != 2)
    query = "".join(f"{mz} {value * (1.05 if int(mz) % 2 else 1)}\n" for mz, value in lists[1].items())
    query += "".join(f"{mz} 3\n" for mz in range(100, 107))
    records = []
    for name in ("adopted", "built"):
        root = Path(shutil.copytree(project / "examples", desk / name))
        if name == "adopted":
            told = ["--trust", str(desk / "trust"), "--out", str(root / "overlays")]
            assert main(["refdb", "import", str(desk / "x.mskid"), *told]) == 0
        else:
            sources = with_spectra(write_sources(desk / "s-lab", {}, library_id="lab"), alone)
            build(sources, anchors(), root / "overlays")
        laboratory = root / "laboratory.yaml"
        # The made spectra have peaks above what their formula gives: ei-identify-1 leaves such references out.
        text = laboratory.read_text("utf-8").replace("ei-identify-1", "ei-library-1")
        laboratory.write_text(text + "overlays: [lab]\n", "utf-8")
        case = root / "cases" / "DEMO-C"
        (case / "C1-R2_peak2.msp").write_text(f"Name: peak\nNum Peaks: 12\n{query}\n")
        assert main(["examine", str(case), "--out", str(desk / "out" / name)]) == 0
        record = (desk / "out" / name / "cases" / "DEMO-C" / "record" / "record.json").read_bytes()
        records.append(json.loads(record)["spectra"])
    hits = next(s["hits"] for s in records[0]["spectra"] if s["run"]["run_id"] == "C1-R2")
    assert hits[0]["accession"] == "SP1" and hits[0]["overlay"] == "lab"
    # The provenance tells which library it was; all that was found is the same.
    assert [r["spectra"] for r in records[:1]] == [r["spectra"] for r in records[1:]]
    assert records[0]["markers"] == records[1]["markers"]


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array(files: dict[str, bytes], name: str) -> np.ndarray:
    return np.load(io.BytesIO(files[f"spectra.{name}.npy"]))


def _changed(files: dict[str, bytes], name: str, place: int, value: float) -> dict[str, bytes]:
    array = _array(files, name).copy()
    array[place] = value
    return {f"spectra.{name}.npy": _npy(array)}


def _told(fault: str, files: dict[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Files that a fault changes, and a word of the message."""
    tsv, inputs, curation = files["spectra.tsv"], files["inputs.tsv"], files["curation.tsv"]
    head = json.loads(files["library.json"])
    first, *rest = tsv.split(b"\n")
    changes: dict[str, tuple[dict[str, bytes], str]] = {
        "an accession twice": ({"spectra.tsv": tsv.replace(b"SP2\t", b"SP1\t")}, "SP1 stands twice"),
        "out of order": ({"spectra.tsv": tsv.replace(b"SP2\t", b"SP0\t")}, "SP0 is out of order"),
        "a foreign input": ({"spectra.tsv": tsv.replace(b"s.msp", b"t.msp")}, "tells of no such input"),
        "a path upwards": ({"spectra.tsv": tsv.replace(b"s.msp", b"../s.msp")}, "is not what a build writes"),
        "counts of another": ({"inputs.tsv": inputs.replace(b"\t3\t3\t0\t", b"\t4\t4\t0\t")}, "tells of 4"),
        "another state": (_changed(files, "state", 0, 1), "SP1 is "),
        "a state that curation tells of": (
            {"curation.tsv": curation + b"SP1\t\tunusable\t\tA Person\t2026-02-01\tx\n"},
            "by curation.tsv unusable",
        ),
        "another mass": ({"spectra.tsv": tsv.replace(b"46.04186", b"46.14186")}, "has the mass 46.14186"),
        "no formula": ({"spectra.tsv": tsv.replace(b"C2H6O", b"C2H6Xx")}, "Xx"),
        "a unit mass of others": (_changed(files, "unit_intensity", 1, 7), "unit-mass form differ"),
        "peaks of others": (_changed(files, "mz", 1, 29.9), "unit-mass form differ"),
        "not a number": (_changed(files, "mz", 1, np.nan), "out of range"),
        "another licence": ({"spectra.tsv": tsv.replace(b"CC BY", b"CC BY-NC")}, "LICENCE_NOT_ALLOWED"),
        "no permit": ({"spectra.tsv": tsv.replace(b"MN 001", b"")}, "PROVENANCE_MISSING"),
        "not to be passed on": ({"inputs.tsv": inputs.replace(b"\tyes\t", b"\tno\t")}, "not to be passed on"),
        "a row less": ({"spectra.tsv": b"\n".join([first, *rest[:-2], b""])}, "are there"),
        "no spectra in the head": (
            {"library.json": json.dumps({**head, "spectra": None}).encode()}, "the header says records 3",
        ),
        "a deep table": ({"spectra.tsv": b"\x00" * 1000}, "contradict"),
        "another id": ({"library.json": json.dumps({**head, "library_id": "../x"}).encode()}, "library_id"),
    }  # fmt: skip
    return changes[fault]


FAULTY = (
    "an accession twice", "out of order", "a foreign input", "a path upwards", "counts of another",
    "another state", "a state that curation tells of", "another mass", "no formula", "a unit mass of others",
    "peaks of others",
    "not a number", "another licence", "no permit", "not to be passed on", "a row less", "no spectra in the head",
    "a deep table", "another id",
)  # fmt: skip


def _resigned(desk: Path, files: dict[str, bytes], **changes: object) -> Path:
    """A bundle of those files that the trusted key signed, whatever is in it."""
    origin = read_origin(desk / "adopted" / "ei")
    assert origin is not None
    members = tuple(
        BundleMember(name=Line(name), size_bytes=len(data), sha256=sha256_bytes(data))
        for name, data in sorted(files.items())
    )
    fields = {"members": members, "manifest_sha256": sha256_bytes(files["manifest.json"])} | changes
    path = desk / "faulty.mskid"
    write_bundle(path, replace(origin.header, **fields), files, load_key(_key(desk), PASSPHRASE))
    return path


@pytest.fixture
def exported(desk: Path) -> Path:
    """A library of three spectra, exported and adopted; of the adopted one only the origin is left."""
    library = _library(desk, own("SP1") + own("SP2", {**PEAKS, 28.0: 4.0}) + own("SP3", {**PEAKS, 28.0: 9.0}))
    assert _export(desk, library) == 0
    assert _import(desk) == 0
    shutil.rmtree(desk / "adopted" / "ei")
    return library


def _nothing_adopted(desk: Path) -> bool:
    return [path.name for path in (desk / "adopted").iterdir()] == ["ei.origin.json"]


@pytest.mark.parametrize("fault", FAULTY)
def test_faulty_spectra_are_refused_though_a_trusted_key_signed_them(
    fault: str, desk: Path, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: data for name, data in files_of(exported).items() if name != "manifest.json"}
    change, word = _told(fault, files)
    assert {name: files[name] for name in change} != change
    files |= change
    files["manifest.json"] = library_manifest(files)
    capsys.readouterr()
    assert _import(desk, _resigned(desk, files)) == 4
    told = capsys.readouterr().err
    assert word in told and "Traceback" not in told
    assert _nothing_adopted(desk)


def test_a_header_that_lies_is_refused(desk: Path, exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = files_of(exported)
    for change, word in (
        ({"records": 2}, "records 2"),
        ({"licences": ("CC0-1.0",)}, "LICENCE_NOT_ALLOWED"),
        ({"required_provenance": ("voucher",)}, "PROVENANCE_MISSING"),
        ({"required_provenance": ("__class__",)}, "is no field"),
        ({"inputs": ()}, "inputs"),
    ):
        (desk / "faulty.mskid").unlink(missing_ok=True)
        capsys.readouterr()
        assert _import(desk, _resigned(desk, files, **change)) == 4
        assert word in capsys.readouterr().err
        assert _nothing_adopted(desk)


def test_members_of_other_names_sizes_and_digests_are_refused(
    desk: Path, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = read_origin(desk / "adopted" / "ei")
    assert origin is not None
    files = files_of(exported)
    sound = origin.header.members

    def other(which: str, **changes: object) -> tuple[BundleMember, ...]:
        return tuple(replace(m, **changes) if m.name == which else m for m in sound)

    cases: tuple[tuple[tuple[BundleMember, ...], int, str], ...] = (
        (other("spectra.mz.npy", sha256=sha256_bytes(b"")), 4, "differs from its entry"),
        (other("spectra.mz.npy", name=Line("spectra.../../mz.npy")), 4, "is no file of a library"),
        (other("spectra.mz.npy", name=Line("spectra.more.npy")), 4, "is no file of a library"),
        (other("spectra.mz.npy", size_bytes=3_000_000_000), 4, "a size that is not"),
        (other("spectra.mz.npy", size_bytes=-1), 4, "a size that is not"),
        (other("taxa.tsv", size_bytes=10_000_000), 3, "the file ends after"),
        ((*sound, sound[-1]), 4, "not sorted by name, each once"),
        (tuple(m for m in sound if m.name != "spectra.mz.npy"), 4, "spectra.mz.npy is missing"),
    )
    for members, code, word in cases:
        held = {m.name: files.get(m.name, b"") for m in members}
        header = replace(origin.header, members=members)
        (desk / "faulty.mskid").unlink(missing_ok=True)
        write_bundle(desk / "faulty.mskid", header, held, load_key(_key(desk), PASSPHRASE))
        capsys.readouterr()
        assert _import(desk, desk / "faulty.mskid") == code, word
        assert word in capsys.readouterr().err
        assert _nothing_adopted(desk)


def test_changed_and_cut_bundles_are_refused_and_leave_nothing(desk: Path, exported: Path) -> None:
    data = (desk / "x.mskid").read_bytes()
    bad = desk / "bad.mskid"
    for part in range(0, len(data), max(1, len(data) // 20)):
        bad.write_bytes(data[:part])
        assert _import(desk, bad) == 3
        changed = bytearray(data)
        changed[part] ^= 0x10
        bad.write_bytes(bytes(changed))
        assert _import(desk, bad) in (3, 4)
    bad.write_bytes(data + b"x")
    assert _import(desk, bad) == 4
    assert _nothing_adopted(desk)


def test_limits_hold_for_members_of_spectra(desk: Path, exported: Path, tmp_path: Path) -> None:
    from musk_id.cli.verify import read_trusted

    sizes = {path.name: path.stat().st_size for path in exported.iterdir()}
    biggest = max(sizes.values())
    for number, limits in enumerate(
        (BundleLimits(member_bytes=biggest - 1), BundleLimits(total_bytes=sum(sizes.values()) - 1))
    ):
        folder = tmp_path / f"unpacked-{number}"
        folder.mkdir()
        with pytest.raises(IntegrityError):
            unpack_bundle(desk / "x.mskid", folder, read_trusted(desk / "trust"), LIBRARY_FILES, limits)
        assert list(folder.iterdir()) == []
    folder = tmp_path / "unpacked"
    folder.mkdir()
    exact = BundleLimits(member_bytes=biggest, total_bytes=sum(sizes.values()))
    unpack_bundle(desk / "x.mskid", folder, read_trusted(desk / "trust"), LIBRARY_FILES, exact)


def test_a_build_gives_only_sound_spectra(desk: Path) -> None:
    library = _library(desk, own("SP1", {27.0: 1.0, 29.49: 0.5, 31.0: 999.0, 45.0: 499.5, 46.0: 3e-9}))
    read_library(library)
    table = load_library(library).spectra
    assert table is not None and table.entry(0).inchikey == ETHANOL
    files = {name: data for name, data in files_of(library).items() if name != "manifest.json"}
    files |= _changed(files, "unit_intensity", 0, 3)
    (library / "spectra.unit_intensity.npy").write_bytes(files["spectra.unit_intensity.npy"])
    (library / "manifest.json").write_bytes(library_manifest(files))
    with pytest.raises(ReferenceDataError, match="unit-mass form differ"):
        read_library(library)
    assert isinstance(BundleHeader.SCHEMA, str)


@needs_refdata
@pytest.mark.full
def test_the_public_pool_travels(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "massbank/massbank_ei.msp.gz"
    sources = write_sources(desk / "s", {}, library_id="pool")
    with (sources / "library.toml").open("a") as stream:
        stream.write(
            f'\n[[spectra]]\npath = "{name}"\nsource = "s"\nlicence = "none stated"\nredistribute = true\n'
        )
    folder = REFDATA / "spectra"
    library = build_library(sources, folder, desk / "libs", anchors(), BARCODE_METHODS[-1])
    peaks = _peaks(library)
    licences = {s.field("db#"): s.field("license") for s in read_msp(folder / name)}
    # Counted in the published file, without the software's own tables.
    shared = {accession for accession in peaks if licences[accession] in ("CC BY", "CC BY-SA")}
    policy = POLICY.replace('"CC0-1.0", "CC BY"', '"CC BY", "CC BY-SA"').replace(
        '"country", "collection_permit", "informed_consent", "cites_permit", ', ""
    )
    (desk / "open.toml").write_text(policy)
    (desk / "all.toml").write_text(policy.replace('"CC BY-SA"', '"CC BY-SA", "CC BY-NC-SA"'))
    assert _export(desk, library, policy="open.toml") == 0
    refused = rows(desk / "x.mskid.refused.tsv")
    assert (len(shared), len(refused), len(peaks)) == (1664, 11011, 12675)
    assert {r["accession"] for r in refused} == set(peaks) - shared
    assert {(r["reason"], r["licence"]) for r in refused} == {("LICENCE_NOT_ALLOWED", "CC BY-NC-SA")}
    assert _import(desk) == 0
    assert _peaks(desk / "adopted" / "pool-part") == {a: digest for a, digest in peaks.items() if a in shared}
    (desk / "x.mskid").unlink()
    assert _export(desk, library, policy="all.toml") == 0
    assert rows(desk / "x.mskid.refused.tsv") == []
    assert _import(desk) == 0
    capsys.readouterr()
    assert main(["refdb", "diff", str(library), str(desk / "adopted" / "pool")]) == 0
    assert capsys.readouterr().out.count("no difference") == 3
