"""PDFs of every shipped case held against PDF/A-3a and PDF/UA-1 by a validator of other authors::

    make bench-pdf      # or: .venv-bench/bin/python benchmarks/pdf_conformance.py

The validator is ``page`` (PyPI ``page-validation``, MIT), which its authors hold against the corpus of veraPDF;
veraPDF itself is a Java program that no package registry carries. A file with a planted fault has to be refused under
either profile, so that a validator that passes anything is seen. Exit code 1 if a page is refused or a fault passes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import WHOLE_LANGUAGES
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROFILES = ("3a", "ua1")
# Kazakh needs no further font; Chinese pages need one that the laboratory names.
LANGUAGES = (*WHOLE_LANGUAGES, Language.KK)


def papers(cases: list[str]) -> Iterator[tuple[str, bytes]]:
    """PDFs of the shipped cases with their names."""
    casework = Casework(EXAMPLES)
    for case in cases:
        record = examine_case(casework, EXAMPLES / "cases" / case)
        data = canonical_json(record)
        for language in LANGUAGES:
            yield f"{case} {language}", render_pdf(record, data, language)


def spoilt(paper: bytes, profile: str) -> bytes:
    """The file without what a profile asks for first: its output intent, or the text of a picture."""
    with pikepdf.open(BytesIO(paper)) as pdf:
        if profile == "3a":
            del pdf.Root.OutputIntents
        else:
            for held in pdf.objects:
                if isinstance(held, pikepdf.Dictionary) and held.get("/S") in ("/Figure", "/TH"):
                    for key in ("/Alt", "/A"):
                        if key in held:
                            del held[key]
        out = BytesIO()
        pdf.save(out)
    return out.getvalue()


def refused(validator: Any, paper: bytes, profile: str) -> list[str]:
    """Rules of a profile that a file breaks; none of one that meets it."""
    report = validator.validate_pdf_bytes(paper, profile=profile)
    return [] if report.is_compliant else sorted({f"{f.rule_id}: {f.message}" for f in report.failures})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=[path.name for path in sorted((EXAMPLES / "cases").iterdir())])
    arguments = parser.parse_args()
    try:
        import page as validator
    except ImportError:
        print("page-validation is not installed (make bench-pdf installs it)", file=sys.stderr)
        return 2
    found: dict[str, Any] = {"validator": f"page-validation {version('page-validation')}", "files": {}}
    failed = False
    for name, paper in papers(arguments.cases):
        broken = {profile: refused(validator, paper, profile) for profile in PROFILES}
        seen = {profile: bool(refused(validator, spoilt(paper, profile), profile)) for profile in PROFILES}
        found["files"][name] = {"bytes": len(paper), "refused": broken, "planted_fault_seen": seen}
        failed |= any(broken.values()) or not all(seen.values())
        print(f"{name}: {'refused' if any(broken.values()) else 'passes'} {', '.join(PROFILES)}", broken, seen)
    out = Path("build") / "bench" / "pdf-conformance.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
