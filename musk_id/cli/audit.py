"""``musk-id refdb audit``: what speaks against the names and sequences of a library."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import counted

if TYPE_CHECKING:
    from musk_id.model.library import Library

__all__ = ["run_audit"]


def run_audit(arguments: argparse.Namespace) -> int:
    """Audit a library and write what was found; nothing in the library changes."""
    from musk_id.model.methods import BARCODE_METHODS
    from musk_id.records.files import write_atomic
    from musk_id.refdb.audit import audit_library
    from musk_id.refdb.audit_output import audit_files, read_provenance
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.release import load_release, locate_release

    library = load_library(arguments.library)
    checklist = load_release(locate_release(arguments.checklist or library.anchors_release, arguments.releases))
    method = BARCODE_METHODS[-1]
    audit = audit_library(library, checklist, method, read_provenance(arguments.library))
    for name, data in audit_files(audit, [method.genus]).items():
        write_atomic(arguments.out / name, data)
    print(f"library {library.library_id} of {library.date}: audited, nothing changed")
    flags = Counter(c.flag for c in audit.conflicts) + Counter(r.flag for r in audit.remarks)
    for flag, count in sorted(flags.items()):
        print(f"  {flag}: {count}")
    if library.spectra is not None:
        _audit_spectra(library, arguments.out)
    print(f"  {arguments.out}")
    return 0


def _audit_spectra(library: Library, out: Path) -> None:
    from musk_id.records.files import write_atomic
    from musk_id.refdb.audit_spectra import audit_spectra, spectra_audit_files

    audit = audit_spectra(library)
    for name, data in spectra_audit_files(audit).items():
        write_atomic(out / name, data)
    for count in audit.flags:
        if count.records:
            print(f"  {count.flag}: {counted(count.records, 'spectrum', 'spectra')}")
