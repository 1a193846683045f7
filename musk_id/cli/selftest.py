"""``musk-id selftest``: the shipped cases against their expected digests, with a protocol."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from musk_id import __version__
from musk_id.cli.examine import examine_case
from musk_id.cli.output import write_case
from musk_id.cli.workplace import Casework
from musk_id.errors import ConfigError, IntegrityError
from musk_id.model.record import CaseRecord
from musk_id.records.files import sha256_file, write_atomic

__all__ = ["CaseOutcome", "examples_root", "expected_digests", "produced_digests", "run_selftest"]

# Packages whose versions can change a record or a page.
PACKAGES = ("numpy", "scipy", "edlib", "jinja2", "typst", "rfc8785", "pyyaml", "pillow")

Digests = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """A case: its line of findings and the digest of each file that it produced."""

    headline: str
    digests: dict[str, str]


def examples_root() -> Path:
    """Laboratory root of the shipped cases, beside the package or inside the installed one.

    Raises
    ------
    ConfigError
        If neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package.parent / "examples", package / "examples"):
        if (root / "laboratory.yaml").is_file():
            return root
    raise ConfigError("the shipped cases were not found", where=str(package), hint="install Musk-ID again")


def expected_digests() -> tuple[str, Digests]:
    """Digest of the expected release, and of each file of each shipped case."""
    tree = json.loads(files("musk_id.selftest").joinpath("expected.json").read_text(encoding="ascii"))
    return tree["release_sha256"], tree["cases"]


def produced_digests(casework: Casework) -> dict[str, CaseOutcome]:
    """Outcome of every case below a laboratory root, written to a temporary folder and removed."""
    from musk_id.render.overview import headline

    found: dict[str, CaseOutcome] = {}
    with tempfile.TemporaryDirectory(prefix="musk-id-selftest-") as folder:
        for case_dir in sorted(p for p in (casework.root / "cases").iterdir() if p.is_dir()):
            record: CaseRecord = examine_case(casework, case_dir)
            place = write_case(record, case_dir, casework.laboratory_path, Path(folder) / "cases")
            digests = {p.name: str(sha256_file(p)) for p in sorted((place / "record").iterdir())}
            language = record.intake.laboratory.languages[0]
            found[case_dir.name] = CaseOutcome(headline(record, language), digests)
    return found


def run_selftest(arguments: argparse.Namespace) -> int:
    """Run the command: 0 if every file is as expected, 4 if not."""
    root = examples_root()
    casework = Casework(root)
    release_sha256, expected = expected_digests()
    found = produced_digests(casework)
    lines = [
        *_heading(casework),
        f"Release as expected: {_word(casework.release.manifest_sha256 == release_sha256)}",
    ]
    differing = [] if casework.release.manifest_sha256 == release_sha256 else ["the reference release"]
    for case_id in sorted(expected.keys() | found.keys()):
        wrong = _compare(case_id, expected, found, lines)
        differing += wrong
    lines.append(f"Result: {'PASSED' if not differing else 'NOT PASSED'}")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if arguments.protocol is not None:
        write_atomic(arguments.protocol, text.encode())
    if differing:
        raise IntegrityError(
            f"{len(differing)} of the expected files differ: {', '.join(differing[:5])}",
            where="selftest",
            hint="compare the versions above with constraints.txt; if they agree, do not use this installation",
        )
    return 0


def _heading(casework: Casework) -> list[str]:
    release = casework.release
    return [
        "Musk-ID self-test",
        f"Software: musk-id {__version__}; Python {platform.python_version()}; {platform.system()} "
        f"{platform.machine()}",
        "Packages: " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        f"Release: {release.release_id}, manifest SHA-256 {release.manifest_sha256}",
        "Cases: the shipped demonstration cases; expected digests: those of this version of the software",
    ]


def _compare(case_id: str, expected: Digests, found: dict[str, CaseOutcome], lines: list[str]) -> list[str]:
    """Add the lines of a case; return the names of what differs."""
    wanted = expected.get(case_id, {})
    outcome = found.get(case_id, CaseOutcome("not processed", {}))
    lines.append(outcome.headline if case_id in found else f"{case_id}  not processed")
    wrong = []
    for name in sorted(wanted.keys() | outcome.digests.keys()):
        same = name in wanted and outcome.digests.get(name) == wanted[name]
        lines.append(f"  {_word(same):<9} {name}  {outcome.digests.get(name, 'not produced')}")
        if not same:
            lines.append(f"  {'expected':<9} {name}  {wanted.get(name, 'no such file')}")
            wrong.append(f"{case_id}/{name}")
    return wrong


def _word(same: bool) -> str:
    return "same" if same else "DIFFERENT"
