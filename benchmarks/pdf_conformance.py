"""PDFs of every shipped case held against PDF/A-3a and PDF/UA-1 by a validator of other authors::

    make bench-pdf      # or: .venv-bench/bin/python benchmarks/pdf_conformance.py

The validator is ``page`` (PyPI ``page-validation``, MIT), which its authors hold against the corpus of veraPDF;
veraPDF itself is a Java program that no package registry carries. A file that claims another part of the standard
has to be refused under either profile, so that a validator that passes anything is seen. Exit code 1 if a page is
refused or such a file passes. Faults planted one by one are in ``tests/render/test_pdf_faults.py``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

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
    """The file with another claim in its metadata, which are not compressed, than the profile asks for."""
    name, told, other = {"3a": (b"pdfaid:part", b"3", b"2"), "ua1": (b"pdfuaid:part", b"1", b"2")}[profile]
    changed = paper.replace(b"<" + name + b">" + told, b"<" + name + b">" + other)
    if changed == paper:
        raise ValueError(f"the metadata do not hold {name.decode()}")
    return changed


def refused(validator: Any, paper: bytes, profile: str) -> list[str]:
    """Rules of a profile that a file breaks; none of one that meets it."""
    failures = [f for f in validator.validate_pdf_bytes(paper, profile=profile).failures if not misread(paper, f)]
    return sorted({f"{failure.rule_id}: {failure.message}" for failure in failures})


def misread(paper: bytes, failure: Any) -> bool:
    """Whether a length is called wrong that is right.

    A stream that ends with a byte of value 13, as one compressed stream in 256 does, and the line feed before
    ``endstream`` look like one end of a line to the validator (0.11.0), which then counts a byte too few.
    """
    if not failure.rule_id.endswith("STREAM-LENGTH-001") or failure.object_id is None:
        return False
    start = paper.index(b"\n%d 0 obj" % failure.object_id.object_number)
    data = paper.index(b"stream\n", start) + len(b"stream\n")
    length = re.search(rb"/Length (\d+)", paper[start:data])
    if length is None:
        return False
    end = data + int(length.group(1))
    return paper[end - 1 : end + 10] == b"\r\nendstream"


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
