"""The folder of a case in the output: input copies, record and pages, seal; swapped in as a whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import IntegrityError, UsageError
from musk_id.model.record import CaseRecord
from musk_id.model.seal import Manifest
from musk_id.records.canonical import canonical_json
from musk_id.records.files import resolve_inside, sha256_file, write_atomic
from musk_id.records.inputs import find_input

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["refuse_output_inside", "seal_case", "write_case"]


def refuse_output_inside(out: Path, case_dir: Path) -> None:
    """Refuse an output folder inside the case folder, which would change what is examined.

    Raises
    ------
    UsageError
        If ``out`` lies in the case folder.
    """
    if out.resolve().is_relative_to(case_dir.resolve()):
        raise UsageError("the output folder lies inside the case folder", where="--out")


def write_case(record: CaseRecord, case_dir: Path, laboratory: Path, cases: Path) -> Path:
    """Write inputs, record and pages of a case to ``cases/<case id>``; an older folder is replaced.

    The folder is built beside its place and swapped in, so that a killed run leaves the old one or none.
    """
    from musk_id.render.html import render_html
    from musk_id.render.pdf import render_pdf
    from musk_id.render.tables import findings_csv

    data = canonical_json(record)
    cases.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=cases, prefix=f".{record.case_id}."))
    try:
        _copy_inputs(record, case_dir, laboratory, building / "input")
        pages = building / "record"
        write_atomic(pages / "record.json", data)
        for language in record.intake.laboratory.languages:
            write_atomic(pages / f"record.{language}.pdf", render_pdf(record, data, language))
            write_atomic(pages / f"record.{language}.html", render_html(record, data, language))
            write_atomic(pages / f"findings.{language}.csv", findings_csv(record, language))
        os.chmod(building, 0o755)  # noqa: S103 - mkdtemp made it private; a case folder is handed on
        return _swap(building, cases / record.case_id)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _copy_inputs(record: CaseRecord, case_dir: Path, laboratory: Path, target: Path) -> None:
    """Copies of the inputs, each checked against the digest that intake recorded."""
    expected = {str(entry.name): entry.sha256 for entry in record.intake.provenance.inputs}
    named = [find_input(case_dir, "request"), find_input(case_dir, "examination"), laboratory]
    copies = [(path, path.name, expected.get(path.name)) for path in named]
    copies += [
        (resolve_inside(case_dir, fact.path), fact.path, fact.sha256)
        for fact in record.intake.files
        if fact.sha256 is not None
    ]
    for source, name, digest in dict.fromkeys(copies):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        os.chmod(copy, 0o644)
        if sha256_file(copy) != digest:
            raise IntegrityError("the file changed after intake", where=name, hint="run the case again")


def _swap(building: Path, place: Path) -> Path:
    """Put the new folder in its place; identical content keeps the old folder with its seal."""
    if place.is_dir() and _same(building, place):
        shutil.rmtree(building)
        return place
    if place.exists():
        old = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.old."))
        os.replace(place, old / place.name)
        os.replace(building, place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(building, place)
    return place


def _same(building: Path, place: Path) -> bool:
    from musk_id.sealing.seal import case_files

    try:
        names = case_files(place)
    except IntegrityError:
        return False
    return names == case_files(building) and all(
        sha256_file(place / name) == sha256_file(building / name) for name in names
    )


def seal_case(place: Path, case_id: str, key: tuple[str, Ed25519PrivateKey] | None) -> Manifest:
    """Seal a case folder."""
    from musk_id.sealing.seal import build_manifest, write_seal

    manifest = build_manifest(place, case_id)
    write_seal(place, manifest, key)
    return manifest
