"""``musk-id refdb report``: a library or a release as readable pages."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.errors import UsageError

__all__ = ["run_report"]


def run_report(arguments: argparse.Namespace) -> int:
    """Write the report of a library, or of a release, as JSON, HTML and PDF, and its taxa as CSV."""
    from musk_id.model.methods import BARCODE_METHODS
    from musk_id.records.canonical import canonical_json
    from musk_id.records.files import write_atomic
    from musk_id.refdb.audit import Provenance, audit_library
    from musk_id.refdb.audit_output import read_provenance
    from musk_id.refdb.library_report import report_library
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.release import load_release, locate_release
    from musk_id.refdb.release_library import release_library
    from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
    from musk_id.render.html import document_html
    from musk_id.render.library_pages import library_document
    from musk_id.render.library_taxa import taxa_csv
    from musk_id.render.pdf import document_pdf

    method = BARCODE_METHODS[-1]
    folder = Path(arguments.library)
    if folder.is_dir() and (folder / "library.json").exists():
        library, provenance = load_library(folder), read_provenance(folder)
        checklist = load_release(locate_release(library.anchors_release, arguments.releases))
        spectra = 0 if library.spectra is None else len(library.spectra)
    elif folder.is_dir():
        raise UsageError("the folder holds no library", where=arguments.library)
    else:
        checklist = load_release(locate_release(arguments.library, arguments.releases))
        library, provenance = release_library(checklist, method), Provenance({}, {})
        spectra = len(checklist.spectra)
    audit = audit_library(library, checklist, method, provenance)
    report = report_library(library, audit, checklist, method, spectra=spectra)
    data = canonical_json(report)
    write_atomic(arguments.out / "library-report.json", data)
    write_atomic(arguments.out / "library-report.taxa.csv", taxa_csv(report))
    for language in WHOLE_LANGUAGES:
        words = load_catalogue(language)
        page = document_html(library_document(report, data, words, is_folded=True), data)
        write_atomic(arguments.out / f"library-report.{language}.html", page)
        paper = document_pdf(library_document(report, data, words, is_folded=False), data)
        write_atomic(arguments.out / f"library-report.{language}.pdf", paper)
    print(f"{library.library_id} of {library.date}: {arguments.out}")
    return 0
