"""The folder of a case in the output: input copies, record and pages, seal; swapped in as a whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from musk_id.cli.fonts import laboratory_fonts
from musk_id.cli.papers import OPTIONAL_INPUTS
from musk_id.cli.photographs import case_photographs
from musk_id.cli.swap import build_folder
from musk_id.errors import IntegrityError, UsageError
from musk_id.model.intake import IntakeRecord
from musk_id.model.record import CaseRecord
from musk_id.model.seal import Manifest
from musk_id.model.values import Sha256
from musk_id.records.canonical import canonical_json, digest
from musk_id.records.files import resolve_inside, sha256_file, usual_mode, write_atomic
from musk_id.records.inputs import find_input, find_optional_input
from musk_id.sealing.seal import RECORD_PATH, build_manifest, write_seal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["INPUT_FOLDER", "Sealable", "content_digest", "seal_case", "write_case"]

INPUT_FOLDER = "input"


def write_case(record: CaseRecord, case_dir: Path, laboratory: Path, cases: Path) -> Path:
    """Write inputs, record and pages of a case to ``cases/<case id>``; an older unsigned folder is replaced.

    The folder is built beside its place and swapped in, so that a killed run leaves the old one or none.
    """
    from musk_id.render.catalogue import load_catalogue
    from musk_id.render.html import document_html
    from musk_id.render.pages.build import build_document
    from musk_id.render.pdf import document_pdf, require_drawn
    from musk_id.render.tables import findings_csv

    place = (cases / record.case_id).resolve()
    if case_dir.resolve().is_relative_to(place) or place.is_relative_to(case_dir.resolve()):
        raise UsageError("the output would overwrite the case folder", where=record.case_id)
    data = canonical_json(record)
    fonts = laboratory_fonts(record.intake.laboratory, laboratory.parent)

    def fill(building: Path) -> None:
        _copy_inputs(record, case_dir, laboratory, building / INPUT_FOLDER)
        pages = building / "record"
        photographs = case_photographs(record, building / INPUT_FOLDER)
        write_atomic(building / RECORD_PATH, data)
        for language in record.intake.laboratory.languages:
            catalogue = load_catalogue(language)
            require_drawn(catalogue, fonts)
            # Composed once, drawn twice.
            document = build_document(record, data, catalogue, photographs)
            write_atomic(pages / f"record.{language}.pdf", document_pdf(document, data, fonts))
            write_atomic(pages / f"record.{language}.html", document_html(document, data))
            write_atomic(pages / f"findings.{language}.csv", findings_csv(record, language))

    return build_folder(cases, record.case_id, fill)


def _copy_inputs(record: CaseRecord, case_dir: Path, laboratory: Path, target: Path) -> None:
    """Copies of the inputs, each checked against the digest that intake recorded."""
    expected = {str(entry.name): entry.sha256 for entry in record.intake.provenance.inputs}
    named = [find_input(case_dir, "request"), find_input(case_dir, "examination"), laboratory]
    papers = (find_optional_input(case_dir, stem) for stem in OPTIONAL_INPUTS)
    named += [
        paper for paper in (*papers, find_optional_input(laboratory.parent, "chemistry")) if paper is not None
    ]
    copies = [(path, path.name, expected.get(path.name)) for path in named]
    copies += [
        (resolve_inside(case_dir, fact.path), fact.path, fact.sha256)
        for fact in record.intake.files
        if fact.sha256 is not None
    ]
    for source, name, known in dict.fromkeys(copies):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if copy.exists():
            raise IntegrityError("two inputs would be copied to one name", where=name)
        if not source.is_file():
            raise IntegrityError("the file was removed after intake", where=name, hint="run the case again")
        shutil.copyfile(source, copy)
        os.chmod(copy, usual_mode(0o644))
        if sha256_file(copy) != known:
            raise IntegrityError("the file changed after intake", where=name, hint="run the case again")


class Sealable(NamedTuple):
    """What of a record is held against its folder before it is sealed: id, digest of the record, its inputs."""

    case_id: str
    record_sha256: Sha256
    intake: IntakeRecord

    @classmethod
    def of(cls, record: CaseRecord) -> Sealable:
        """That of a record."""
        return cls(record.case_id, digest(record), record.intake)


def content_digest(place: Path, case_id: str) -> Sha256:
    """Digest of all that a case folder holds outside of its seal: that of its manifest."""
    return digest(build_manifest(place, case_id))


def seal_case(
    place: Path,
    record: Sealable,
    key: tuple[str, Ed25519PrivateKey] | None,
    content_sha256: Sha256 | None = None,
) -> Manifest:
    """Seal the folder of a case, if it still holds this record and its inputs, and the pages made with it.

    Parameters
    ----------
    content_sha256 : Sha256, optional
        What :func:`content_digest` gave when the folder was written.

    Raises
    ------
    IntegrityError
        If the folder is gone, its record or an input copy is another than the record says, or anything else in it
        is not what was written.
    """
    if not (place / RECORD_PATH).is_file():
        raise IntegrityError("there is no record to seal", where=record.case_id, hint="run the case again")
    manifest = build_manifest(place, record.case_id)
    sealed = {str(entry.path): str(entry.sha256) for entry in manifest.files}
    wanted = {RECORD_PATH: str(record.record_sha256)}
    wanted |= {f"{INPUT_FOLDER}/{f.path}": str(f.sha256) for f in record.intake.files if f.sha256 is not None}
    wanted |= {f"{INPUT_FOLDER}/{i.name}": str(i.sha256) for i in record.intake.provenance.inputs}
    for path, known in wanted.items():
        if sealed.get(path) != known:
            raise IntegrityError(
                f"{path} is not what the record says: it was changed before it was sealed",
                where=record.case_id,
                hint="move the folder away and run the case again",
            )
    if content_sha256 not in (None, digest(manifest)):
        raise IntegrityError(
            "its pages are not what was written with the record: they were changed before they were sealed",
            where=record.case_id,
            hint="move the folder away and run the case again",
        )
    write_seal(place, manifest, key)
    return manifest
