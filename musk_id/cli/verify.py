"""``musk-id verify``: is a sealed case as it was sealed, and who signed it?"""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.cli.console import say
from musk_id.errors import InputFormatError, IntegrityError, UsageError
from musk_id.model.laboratory import TrustedKey
from musk_id.model.values import RULES, Identifier, Line
from musk_id.records.files import read_limited
from musk_id.sealing.verify import ABSENT, VALID, verify_case

__all__ = ["read_trusted", "run_verify"]


MAX_TRUST_BYTES = 1_000_000
UNSIGNED = (
    "note: the seal is not signed: it shows accidental changes only; whoever can write to this folder can change "
    "the files and make a new seal that fits them"
)
UNTRUSTED = (
    "note: whether the key belongs to the laboratory was not asked; name the keys that you trust with --trust"
)


def read_trusted(path: Path) -> tuple[TrustedKey, ...]:
    """Trusted keys of a file: one ``<key id> <base64 public key>`` a line, ``#`` begins a remark.

    Raises
    ------
    UsageError
        If the file cannot be read or a line is malformed.
    """
    try:
        lines = read_limited(path, MAX_TRUST_BYTES).decode("utf-8").splitlines()
    except (InputFormatError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read as a file of keys: {error}", where=path.name) from error
    keys: list[TrustedKey] = []
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != 2 or not RULES[Identifier].accepts(words[0]):
            raise UsageError("the line is not '<key id> <base64>'", where=f"{path.name}, line {number}")
        role = words[0].rsplit("-", 1)[0]
        keys.append(TrustedKey(key_id=Identifier(words[0]), public_key=Line(words[1]), role=Line(role)))
    return tuple(keys)


def run_verify(arguments: argparse.Namespace) -> int:
    """Run the command: 0 if intact, 4 if not (or signed by a key that is not trusted, where asked)."""
    case_dir: Path = arguments.case_dir.resolve()
    if not case_dir.is_dir():
        raise UsageError("there is no such folder", where=str(arguments.case_dir))
    trusted = None if arguments.trust is None else read_trusted(arguments.trust)
    check = verify_case(case_dir, trusted)
    for word, paths in (("changed", check.changed), ("added", check.added), ("missing", check.missing)):
        for path in paths:
            say(f"{word}: {path}")
    for problem in check.problems:
        say(f"problem: {problem}")
    signer = f" by {check.key_id}" if check.key_id else ""
    print(f"bytes: {'intact' if check.intact else 'NOT INTACT'}")
    print(f"signature: {check.signature}{signer}; trusted: {check.trusted}")
    if check.signature == ABSENT:
        print(UNSIGNED)
    elif check.signature == VALID and trusted is None:
        print(UNTRUSTED)
    if not check.intact:
        raise IntegrityError("the case is not as it was sealed", where=case_dir.name)
    if trusted is not None and (check.signature != VALID or check.trusted != "YES"):
        raise IntegrityError("the seal bears no signature of a trusted key", where=case_dir.name)
    return 0
