"""Private keys and their passphrases stand in nothing that is written or said."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from made_library import Input, build, made_from, panel, write_sources
from workflow_runs import environment, run_workflow

from musk_id.refdb.release import load_release, locate_release
from musk_id.sealing.keys import load_key
from musk_id.vocabulary import Locus

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PASSPHRASE = "Zq7 never to be seen 4x"
MIN_LENGTH = 16  # what is shorter may stand somewhere by chance
WRONG = "Zq8 never to be seen 5y"
POLICY = """schema = "musk-id/exchange-policy/1"
exporter = "Laboratory One"
statement = "Records of our own collection."
licences = ["CC0-1.0", "CC-BY-4.0", "INSDC"]
required_provenance = []
"""


def _musk_id(*arguments: object, passphrase: str = PASSPHRASE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "musk_id", *map(str, arguments)],
        capture_output=True,
        env=environment(MUSK_ID_PASSPHRASE=passphrase),
        timeout=300,
    )


def _secrets(key: Path) -> list[bytes]:
    """The private key in the forms in which it could leak, its file's lines, and the passphrases."""
    _, private = load_key(key, PASSPHRASE)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    told = PASSPHRASE.encode("ascii")
    lines = key.read_bytes().splitlines()
    body = [line for line in lines if not line.startswith(b"-----") and len(line) >= MIN_LENGTH]
    return [
        raw,
        raw.hex().encode("ascii"),
        base64.b64encode(raw),
        base64.urlsafe_b64encode(raw),
        *body,
        told,
        told.hex().encode("ascii"),
        base64.b64encode(told),
        WRONG.encode("ascii"),
    ]


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the keys; members of archives are unpacked."""
    found = {}
    for path in (p for p in folder.rglob("*") if p.is_file() and p.parent.name != "keys"):
        found[str(path.relative_to(folder))] = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
    return found


def test_keys_and_passphrases_are_in_no_output_log_record_or_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    told = [_musk_id("key", "new", "--role", role, "--out", folder) for role in ("seal", "release")]
    seal, signing = (next(folder.glob(f"{role}-*.pem")) for role in ("seal", "release"))
    public = seal.with_suffix(".pub")
    case, out = EXAMPLES / "cases" / "DEMO-D", tmp_path / "out"
    release = load_release(locate_release("2026.1"))
    records = tuple(made_from(r, f"AB00010{i}.1") for i, r in enumerate(panel(release, Locus.COI, 3)))
    sources = write_sources(tmp_path / "sources", {"a": Input(records, "CC0-1.0")}, library_id="own")
    build(sources, release, tmp_path)
    policy, bundle = tmp_path / "policy.toml", tmp_path / "x.mskid"
    policy.write_text(POLICY)
    export = ("refdb", "export", tmp_path / "own", "--key", signing, "--policy", policy, "--out")
    told.append(_musk_id("examine", case, "--out", out, "--key", seal))
    told.append(_musk_id(*export, bundle))
    told.append(_musk_id("verify", out / "cases" / "DEMO-D", "--trust", public))
    assert [done.returncode for done in told] == [0] * 5, [done.stderr for done in told]
    refused = [
        _musk_id(*export, tmp_path / "y.mskid", passphrase=WRONG),
        _musk_id("examine", case, "--out", tmp_path / "out2", "--key", seal, passphrase=WRONG),
        # A private key where a public one or a table belongs.
        _musk_id("verify", out / "cases" / "DEMO-D", "--trust", seal),
        _musk_id("case", "import", seal, "--root", tmp_path / "root"),
    ]
    seal.chmod(0o644)
    refused.append(_musk_id("examine", case, "--out", tmp_path / "out3", "--key", seal))
    seal.chmod(0o600)
    assert all(done.returncode in {2, 3, 4} for done in refused), [done.stderr for done in refused]
    assert b"can be read by others" in refused[-1].stderr
    # A key that lies in a case's folder, where it never should, and a passphrase that the workflow inherits.
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    stray = Path(shutil.copy(seal, root / "cases" / "DEMO-D" / seal.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
        done = run_workflow(root, tmp_path / "many")
    assert done.returncode == 0, done.stderr
    stray.unlink()
    said = b"".join(part for run in (*told, *refused) for part in (run.stdout, run.stderr))
    files = _contents(tmp_path) | {"said": said, "told by the workflow": (done.stdout + done.stderr).encode()}
    assert any(name.endswith("record.json") for name in files)
    assert any(".snakemake" in name for name in files)
    assert bundle.is_file()
    for secret in {secret for key in (seal, signing) for secret in _secrets(key)}:
        assert len(secret) >= MIN_LENGTH
        assert not [name for name, data in files.items() if secret in data], secret
