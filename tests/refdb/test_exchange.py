"""A library from one laboratory to another: what the policy lets out, and that nothing else comes in."""

from __future__ import annotations

import io
import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_library import (
    PROVENANCE,
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
from spectra_libraries import msp

from musk_id.cli import main
from musk_id.errors import ConfigError
from musk_id.model.bundle import BundleMember, LibraryOrigin
from musk_id.model.reference import ReferenceRelease
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import sha256_bytes
from musk_id.refdb.adopt import read_origin
from musk_id.refdb.exchange import parse_policy
from musk_id.refdb.library_read import read_library
from musk_id.refdb.library_store import library_manifest
from musk_id.refdb.release import load_release, locate_release
from musk_id.sealing.bundle import MAGIC, ROLE, write_bundle
from musk_id.sealing.keys import create_key, load_key
from musk_id.sealing.verify import check_signature
from musk_id.vocabulary import Locus

PASSPHRASE = "a test passphrase"
POLICY = """schema = "musk-id/exchange-policy/1"
exporter = "Laboratory One"
statement = "Records of our own collection, as agreed in MTA 7."
licences = ["CC0-1.0", "CC-BY-4.0", "INSDC"]
required_provenance = [{required}]
"""
ALL = ", ".join(f'"{field}"' for field in PROVENANCE)


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(locate_release("2026.1"))


@pytest.fixture(scope="module")
def libraries(release: ReferenceRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a library of one open input (``open``) and one of many terms (``mixed``)."""
    folder = tmp_path_factory.mktemp("libraries")
    coi, short = panel(release, Locus.COI, 3), panel(release, Locus.RRNA_12S, 3)
    good = [with_provenance(made_from(r, f"AB00010{i}.1")) for i, r in enumerate((*coi, *short))]
    build(write_sources(folder / "s1", {"a": Input(tuple(good))}, library_id="open"), release, folder)
    odd = (
        with_provenance(made_from(coi[0], "AB000201.1"), licence="CC-BY-NC-4.0"),
        with_provenance(made_from(coi[1], "AB000202.1"), licence="CC-BY-4.0"),
        with_provenance(made_from(coi[2], "AB000203.1"), collection_permit=""),
        made_from(short[0], "AB000204.1", country="Kenya"),
    )
    closed = (with_provenance(made_from(short[1], "AB000301.1"), licence="CC0-1.0"),)
    nothing = (with_provenance(made_from(short[2], "AB000401.1")),)
    inputs = {
        "good": Input(tuple(good)),
        "odd": Input(odd),
        "closed": Input(closed, redistribute=False),
        "nothing": Input(nothing, "none stated"),
    }
    build(write_sources(folder / "s2", inputs, library_id="mixed"), release, folder)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key, the trust in it, a strict and a lenient policy."""
    monkeypatch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
    for role in ("release", "seal"):
        _, key = create_key(tmp_path / "keys", role, PASSPHRASE)
        key.rename(tmp_path / "keys" / key.name)
        shutil.copy(key.with_suffix(".pub"), tmp_path / f"{role}.trust")
    (tmp_path / "strict.toml").write_text(POLICY.format(required=ALL))
    (tmp_path / "lenient.toml").write_text(POLICY.format(required=""))
    return tmp_path


def _key(desk: Path, role: str = "release") -> Path:
    return next((desk / "keys").glob(f"{role}-*.pem"))


def _export(desk: Path, library: Path, policy: str = "strict", *more: str, key: Path | None = None) -> int:
    told = ["--key", str(key or _key(desk)), "--policy", str(desk / f"{policy}.toml")]
    return main(["refdb", "export", str(library), *told, "--out", str(desk / "x.mskid"), *more])


def _import(desk: Path, bundle: Path | None = None, trust: str = "release.trust", out: str = "adopted") -> int:
    told = ["--trust", str(desk / trust), "--out", str(desk / out)]
    return main(["refdb", "import", str(bundle or desk / "x.mskid"), *told])


def test_whole_library_travels_byte_for_byte(
    libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(desk, libraries / "open") == 0
    first = (desk / "x.mskid").read_bytes()
    assert _export(desk, libraries / "open") == 0
    assert (desk / "x.mskid").read_bytes() == first
    assert rows(desk / "x.mskid.refused.tsv") == []
    assert _import(desk) == 0
    assert files_of(desk / "adopted" / "open") == files_of(libraries / "open")
    assert sorted(p.name for p in (desk / "adopted").iterdir()) == ["open", "open.origin.json"]
    origin = read_origin(desk / "adopted" / "open")
    assert isinstance(origin, LibraryOrigin)
    assert origin.header.exporter == "Laboratory One"
    assert origin.header.inputs[0].licence == "CC0-1.0"
    check_signature(origin.signature, MAGIC + canonical_json(origin.header), ROLE)
    capsys.readouterr()
    assert main(["refdb", "list", "--libraries", str(desk / "adopted")]) == 0
    assert "exported by Laboratory One" in capsys.readouterr().out
    assert _import(desk) == 0
    assert "was there already" in capsys.readouterr().out


def test_what_the_policy_forbids_stays_and_is_listed(
    libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(desk, libraries / "mixed") == 0
    told = capsys.readouterr().out
    refused = {r["accession"]: (r["reason"], r["detail"]) for r in rows(desk / "x.mskid.refused.tsv")}
    assert {a: reason for a, (reason, _) in refused.items()} == {
        "AB000201.1": "LICENCE_NOT_ALLOWED",
        "AB000203.1": "PROVENANCE_MISSING",
        "AB000204.1": "PROVENANCE_MISSING",
        "AB000301.1": "INPUT_NOT_SHARED",
        "AB000401.1": "LICENCE_NOT_ALLOWED",
    }
    assert refused["AB000203.1"][1] == "not stated: collection_permit"
    assert refused["AB000204.1"][1] == "not stated: cites_permit, collection_permit, informed_consent"
    assert all(f"refused: {accession} " in told for accession in refused)
    assert _import(desk) == 0
    part = read_library(desk / "adopted" / "mixed-part")
    whole = {r.accession for r in read_library(libraries / "mixed").records}
    assert {r.accession for r in part.records} == whole - set(refused)
    assert [entry.path for entry in part.inputs] == ["good.fa", "odd.fa"]
    assert b"AB000301" not in b"".join(files_of(desk / "adopted" / "mixed-part").values())
    (desk / "x.mskid").unlink()
    assert _export(desk, libraries / "mixed", "lenient") == 0
    left = {r["accession"] for r in rows(desk / "x.mskid.refused.tsv")}
    assert left == {"AB000201.1", "AB000301.1", "AB000401.1"}


def test_a_part_is_what_a_build_of_its_records_is(libraries: Path, desk: Path, release: ReferenceRelease) -> None:
    assert _export(desk, libraries / "mixed", "strict", "--library-id", "given") == 0
    assert _import(desk) == 0
    part = files_of(desk / "adopted" / "given")
    coi, short = panel(release, Locus.COI, 3), panel(release, Locus.RRNA_12S, 3)
    good = [with_provenance(made_from(r, f"AB00010{i}.1")) for i, r in enumerate((*coi, *short))]
    odd = with_provenance(made_from(coi[1], "AB000202.1"), licence="CC-BY-4.0")
    inputs = {"good": Input(tuple(good)), "odd": Input((odd,))}
    alone = files_of(build(write_sources(desk / "s", inputs, library_id="given"), release, desk / "alone"))
    assert set(part) == set(alone)
    assert {n for n in part if part[n] != alone[n]} <= {"manifest.json", "inputs.tsv"}


def test_exports_that_are_refused(libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "none.toml").write_text(POLICY.format(required="").replace('"CC0-1.0", "CC-BY-4.0", "INSDC"', ""))
    assert _export(desk, libraries / "mixed", "none") == 2
    assert "none of 12 records" in capsys.readouterr().err
    assert len(rows(desk / "x.mskid.refused.tsv")) == 12
    (desk / "x.mskid.refused.tsv").unlink()
    assert _export(desk, libraries / "mixed", "strict", "--library-id", "mixed") == 2
    assert _export(desk, libraries / "mixed", "strict", "--library-id", "../x") == 2
    assert _export(desk, libraries / "open", key=_key(desk, "seal")) == 2
    assert _export(desk, libraries / "open", "missing") == 2
    assert _export(desk, libraries / "nowhere") == 4
    assert not list(desk.glob("x.mskid*"))
    (desk / "x.mskid").write_text("something else")
    assert _export(desk, libraries / "open") == 2
    assert (desk / "x.mskid").read_text() == "something else"


def test_a_library_of_nothing_makes_no_bundle(
    desk: Path, release: ReferenceRelease, capsys: pytest.CaptureFixture[str]
) -> None:
    record = made_from(panel(release, Locus.COI, 1)[0], "AB000001.1", species="Capra sp.")
    library = build(write_sources(desk / "s", {"a": Input((record,))}), release, desk / "libs")
    assert _export(desk, library) == 2
    assert "holds neither sequences nor spectra: no bundle was written" in capsys.readouterr().err
    assert not (desk / "x.mskid").exists()


def test_what_was_set_aside_of_a_closed_input_stays(desk: Path, release: ReferenceRelease) -> None:
    good = with_provenance(made_from(panel(release, Locus.COI, 1)[0], "AB000100.1"))
    sources = write_sources(desk / "s", {"a": Input((good,))}, library_id="aside")
    library = build(with_spectra(sources, msp("SP1", {31.0: 1.0}), redistribute=False), release, desk / "libs")
    assert b"SP1" in (library / "set_aside.tsv").read_bytes()
    assert _export(desk, library) == 0
    assert _import(desk) == 0
    assert b"SP1" not in b"".join(files_of(desk / "adopted" / "aside-part").values())


FAULTS = {
    "no TOML": ('exporter = "', "exporter = ", "TOML"),
    "another schema": ("policy/1", "policy/2", "schema"),
    "no exporter": ('exporter = "Laboratory One"', "", "exporter"),
    "unknown key": ("exporter", "more = 1\nexporter", "more"),
    "unknown field": ('"country"', '"colour"', "colour"),
    "no licences": ("licences = [", "licences = [3, ", "licences"),
    "a licence that grants nothing": ('"INSDC"', '"None stated"', "None stated"),
    "no derivatives": ('"INSDC"', '"CC-BY-ND-4.0"', "CC-BY-ND-4.0"),
    "a licence twice": ('"INSDC"', '"CC0-1.0"', "twice"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_policies_are_told(fault: str) -> None:
    old, new, word = FAULTS[fault]
    text = POLICY.format(required=ALL)
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse_policy(text.replace(old, new, 1).encode(), "policy.toml")
    assert word in caught.value.diagnostics()
    parse_policy(text.encode(), "policy.toml")


def test_what_is_not_as_signed_is_not_adopted(
    libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(desk, libraries / "open") == 0
    data = (desk / "x.mskid").read_bytes()
    generator = random.Random(7)
    bad = desk / "bad.mskid"
    for position in [0, len(data) - 1, *generator.sample(range(len(data)), 40)]:
        changed = bytearray(data)
        changed[position] ^= 1 << generator.randrange(8)
        bad.write_bytes(bytes(changed))
        assert _import(desk, bad) in (3, 4), position
    for part in range(50):
        bad.write_bytes(data[: len(data) * part // 50])
        assert _import(desk, bad) == 3
        assert "ends after" in capsys.readouterr().err
    assert _import(desk, trust="seal.trust") == 4
    (desk / "empty.trust").write_text("# nobody\n")
    assert _import(desk, trust="empty.trust") == 4
    assert _import(desk, desk / "missing.mskid") == 2
    assert _import(desk, trust="missing.trust") == 2
    assert "Traceback" not in capsys.readouterr().err
    assert list((desk / "adopted").iterdir()) == []


def _npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=pickled)
    return stream.getvalue()


def _faulty(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """Files of a library with a fault, and a manifest that fits them."""
    told = {n: d for n, d in files.items() if n != "manifest.json"}
    head = json.loads(told["library.json"])
    offsets = np.load(io.BytesIO(told["coi-658.accession_offsets.npy"]))
    changes: dict[str, dict[str, bytes]] = {
        "an empty array": {"coi-658.packed.npy": b""},
        "an array cut off": {"coi-658.packed.npy": told["coi-658.packed.npy"][:-5]},
        "a pickle": {"coi-658.taxon.npy": _npy(np.array([{}], dtype=object), pickled=True)},
        "another type": {"coi-658.taxon.npy": _npy(np.zeros(3, dtype="<f8"))},
        "no array": {"coi-658.taxon.npy": b"\x93NUMPY\x01\x00\x06\x00{'a':\n"},
        "a huge array": {
            "coi-658.packed.npy": told["coi-658.packed.npy"].replace(b"(3, 329)", b"(9" + b"9" * 18 + b", 329)")
        },
        "offsets beyond the text": {"coi-658.accession_offsets.npy": _npy(offsets * 7)},
        "offsets backwards": {"coi-658.accession_offsets.npy": _npy(offsets[::-1])},
        "names beyond the taxa": {"coi-658.revised.npy": _npy(np.array([[0, 9999]], dtype="<u4"))},
        "a head without loci": {"library.json": json.dumps({**head, "loci": 3}).encode()},
        "a head that is a list": {"library.json": b"[]"},
        "a deep head": {"library.json": b"[" * 100_000},
        "a head without anchors": {
            "library.json": json.dumps({k: v for k, v in head.items() if "sha256" not in k}).encode()
        },
        "no table": {"records.tsv": b"\xff\xfe"},
        "records of others": {"records.tsv": told["records.tsv"].replace(b"AB000100", b"XX000100")},
        "another id": {"library.json": json.dumps({**head, "library_id": "../../x"}).encode()},
        "not to be passed on": {"inputs.tsv": told["inputs.tsv"].replace(b"\tyes\t", b"\tno\t")},
        "another licence": {"inputs.tsv": told["inputs.tsv"].replace(b"CC0-1.0", b"CC-BY-4.0")},
    }
    told |= changes[name]
    return told | {"manifest.json": library_manifest(told)}


FAULTY = (
    "an empty array", "an array cut off", "a pickle", "another type", "no array", "a huge array",
    "offsets beyond the text",
    "offsets backwards", "names beyond the taxa", "a head without loci", "a head that is a list", "a deep head",
    "a head without anchors", "no table", "records of others", "another id", "not to be passed on",
    "another licence",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_library_is_refused_though_a_trusted_key_signed_it(
    fault: str, libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(desk, libraries / "open") == 0
    assert _import(desk, out="first") == 0
    origin = read_origin(desk / "first" / "open")
    files = _faulty(fault, files_of(libraries / "open"))
    assert files != files_of(libraries / "open")
    members = tuple(
        BundleMember(name=name, size_bytes=len(data), sha256=sha256_bytes(data))
        for name, data in sorted(files.items())
    )
    header = replace(origin.header, members=members, manifest_sha256=sha256_bytes(files["manifest.json"]))
    write_bundle(desk / "faulty.mskid", header, files, load_key(_key(desk), PASSPHRASE))
    capsys.readouterr()
    assert _import(desk, desk / "faulty.mskid") == 4
    assert "Traceback" not in capsys.readouterr().err
    assert list((desk / "adopted").iterdir()) == []


def test_another_library_of_the_same_id_is_not_overwritten(
    libraries: Path, desk: Path, release: ReferenceRelease, capsys: pytest.CaptureFixture[str]
) -> None:
    record = with_provenance(made_from(panel(release, Locus.COI, 1)[0], "AB000999.1"))
    other = build(write_sources(desk / "s", {"a": Input((record,))}, library_id="open"), release, desk / "adopted")
    before = files_of(other)
    assert _export(desk, libraries / "open") == 0
    assert _import(desk) == 4
    assert "other content" in capsys.readouterr().err
    assert files_of(other) == before
    assert sorted(p.name for p in (desk / "adopted").iterdir()) == ["open"]


def test_an_origin_that_does_not_fit_makes_a_library_unusable(
    libraries: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(desk, libraries / "open") == 0
    assert _import(desk) == 0
    path = desk / "adopted" / "open.origin.json"
    origin = parse_record(LibraryOrigin, path.read_bytes(), path.name)
    path.write_bytes(canonical_json(origin).replace(origin.manifest_sha256.encode(), b"0" * 64))
    capsys.readouterr()
    assert main(["refdb", "list", "--libraries", str(desk / "adopted")]) == 0
    assert "NOT USABLE" in capsys.readouterr().out
    assert main(["refdb", "list", "--libraries", str(desk / "nowhere")]) == 4
