"""``musk-id runs sbom``: what is installed, as a software bill of materials (CycloneDX 1.5, JSON).

The bill belongs to a run or an environment, not to a record: a record must have the same bytes in every sound
environment. It holds no time and no path, so that equal environments give equal bytes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import platform
import re
from pathlib import Path
from typing import Any

from musk_id import __version__
from musk_id.cli.console import say
from musk_id.errors import IntegrityError, Problem, counted
from musk_id.records.files import sha256_bytes, write_atomic

__all__ = ["BILL_NAME", "bill_of_materials", "changed_files", "run_sbom", "write_bill"]

BILL_NAME = "environment.cdx.json"

_NAME = re.compile(r"[-_.]+")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
MAX_TOLD = 50


def run_sbom(arguments: argparse.Namespace) -> int:
    """Write the bill; with ``--check`` hold every installed file against the digest of its package."""
    found = _installed()
    if arguments.out is not None:
        write_bill(arguments.out)
    say(f"{counted(len(found), 'package', 'packages')} installed")
    if arguments.check:
        differing = {name: changed_files(package) for name, package in found.items()}
        problems = tuple(Problem(name, path) for name, paths in differing.items() for path in paths)
        if problems:
            raise IntegrityError(
                f"{counted(len(problems), 'installed file is', 'installed files are')} not as recorded",
                where="environment",
                problems=problems[:MAX_TOLD],
                hint="make the environment anew from constraints.txt",
            )
        say("every installed file is what its package recorded")
    return 0


def write_bill(path: Path) -> None:
    """Write the bill of what is installed."""
    data = json.dumps(bill_of_materials(_installed()), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_atomic(path, data.encode("utf-8"))


def _normal(name: str) -> str:
    return _NAME.sub("-", name).lower()


def _installed() -> dict[str, importlib.metadata.Distribution]:
    """Installed packages by normal name, sorted; of two of one name the one that Python would import."""
    found: dict[str, importlib.metadata.Distribution] = {}
    for package in importlib.metadata.distributions():
        name = package.metadata["Name"]
        if name:
            found.setdefault(_normal(name), package)
    return dict(sorted(found.items()))


def _reference(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def bill_of_materials(found: dict[str, importlib.metadata.Distribution]) -> dict[str, Any]:
    """CycloneDX tree of packages.

    Parameters
    ----------
    found : dict
        Packages by normal name.
    """
    components, dependencies = [], []
    for name, package in found.items():
        reference = _reference(name, package.version)
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": reference,
            "purl": reference,
            "name": name,
            "version": package.version,
        }
        told = package.metadata.json
        licence = told.get("license_expression") or told.get("license")
        if isinstance(licence, str) and len(licence) <= 200 and "\n" not in licence:
            component["licenses"] = [{"license": {"name": licence}}]
        record = package.read_text("RECORD")
        if record:
            # Lines of compiled files differ between hosts; everything else is what the wheel brought.
            lines = sorted(
                line for line in record.splitlines() if "__pycache__" not in line and "/bin/" not in line
            )
            digest = sha256_bytes("\n".join(lines).encode("utf-8"))
            component["properties"] = [{"name": "musk-id:record-sha256", "value": digest}]
        components.append(component)
        needed = sorted(
            {
                _reference(other, found[other].version)
                for text in package.requires or ()
                if "extra ==" not in text
                and (match := _REQUIREMENT.match(text)) is not None
                and (other := _normal(match[1])) in found
            }
        )
        dependencies.append({"ref": reference, "dependsOn": needed})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "musk-id", "name": "musk-id", "version": __version__},
            "properties": [
                {"name": "python:implementation", "value": platform.python_implementation()},
                {"name": "python:version", "value": platform.python_version()},
            ],
        },
        "components": components,
        "dependencies": dependencies,
    }


def changed_files(package: importlib.metadata.Distribution) -> list[str]:
    """Files of a package that are missing or differ from the digests that it recorded when it was installed."""
    changed = []
    for file in package.files or ():
        if file.hash is None or file.hash.mode != "sha256":
            continue
        path = Path(str(package.locate_file(file)))
        try:
            digest = hashlib.sha256(path.read_bytes()).digest()
        except OSError:
            changed.append(f"{file}: missing or unreadable")
            continue
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii") != file.hash.value:
            changed.append(f"{file}: changed")
    return changed
