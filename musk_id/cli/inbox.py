"""``musk-id inbox``: request files that an authority dropped become cases that wait for the laboratory.

The inbox validates, files and answers; it examines and issues nothing. Dropped files are never moved, changed
or deleted. An answer depends on the bytes of the file and on the case of its id, so that running the command
again, or after it was killed, answers the same. What is still being copied is left for the next run: a file is
taken only if nobody has it open for writing and it is the same at two looks some seconds apart.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from musk_id import __version__
from musk_id.cli.console import say
from musk_id.cli.papers import read_part
from musk_id.cli.run_lock import hold_cases
from musk_id.cli.workplace import Casework
from musk_id.errors import InputFormatError, IntegrityError, Problem, RequestError, UsageError, told_problems
from musk_id.inbox_vocabulary import ReceiptStatus
from musk_id.model.receipt import Receipt
from musk_id.model.request import Request
from musk_id.model.values import RULES, Identifier, Line, Text
from musk_id.records.canonical import canonical_json, digest, parse_record
from musk_id.records.codec import MAX_INTEGER
from musk_id.records.files import read_limited, sha256_bytes, usual_mode, write_atomic
from musk_id.records.inputs import find_input
from musk_id.records.tree import MAX_BYTES, read_tree
from musk_id.stages.intake import request_problems
from musk_id.vocabulary import Language

__all__ = ["run_inbox"]

ENDINGS = frozenset({".yaml", ".yml", ".json"})
# Names that programs give to files that they are still copying.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download", ".swp", "~")
RECEIPT_ENDING = ".receipt.json"
PAGE_ENDING = ".receipt.html"
MAX_FILES = 100_000
MAX_SETTLE_SECONDS = 3600
_MAX_SHOWN = 300
_BUILDING = ".inbox-"


@dataclass(frozen=True, slots=True)
class _Drop:
    """A dropped file: what it is called, its bytes if they may be read, or why they may not."""

    name: str
    size: int
    data: bytes | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a dropped file says: a request, or problems."""

    drop: _Drop
    request: Request | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Filed:
    """The folder of the cases, names in it by their small letters, and ids with the digests of their requests."""

    folder: Path
    standing: dict[str, str]
    taken: Mapping[str, str]


def run_inbox(arguments: argparse.Namespace) -> int:
    """Answer every new request file of the inbox."""
    inbox: Path = arguments.inbox
    if not inbox.is_dir():
        raise UsageError("there is no such folder", where=str(inbox))
    if not 0 <= arguments.settle_seconds <= MAX_SETTLE_SECONDS:
        raise UsageError(f"--settle-seconds must lie in 0 to {MAX_SETTLE_SECONDS}")
    root: Path = arguments.root.resolve()
    found = Casework(root).laboratory
    laboratory, languages = found.name, found.languages
    receipts: Path = arguments.receipts if arguments.receipts is not None else inbox / "receipts"
    for folder in (receipts, root / "cases"):
        if folder.is_symlink():
            raise UsageError("the folder is a symbolic link", where=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
    with hold_cases(root / "cases"):
        _remove_unfinished(root / "cases")
        drops, unsettled = _settled(inbox, arguments.settle_seconds)
        drops, blocked = _answerable(drops, receipts)
        before = {drop.name: _earlier(receipts / _receipt_name(drop)) for drop in drops}
        new = [drop for drop in drops if before[drop.name] is None]
        readings = [_read(drop) for drop in new]
        known = {drop.name: receipt for drop in drops if (receipt := before[drop.name]) is not None}
        claims = _claims(readings, list(known.values()))
        taken = _taken_ids(receipts)
        # Looked at once: nobody else puts cases there under the lock, and an authority may drop many requests.
        standing = {path.name.lower(): path.name for path in (root / "cases").iterdir()}
        filed = _Filed(root / "cases", standing, taken)
        answers = [_answer(reading, claims, filed, laboratory) for reading in readings]
        for drop, receipt in zip(new, answers, strict=True):
            # The case is in its place by now: a receipt that was lost is written again, a case is not.
            _write_receipt(receipts / _receipt_name(drop), receipt, languages)
        for drop in drops:
            # A page that was lost, or that an earlier version did not write.
            path = receipts / _receipt_name(drop)
            if drop.name in known and not _page_of(path).is_file():
                _write_page(path, known[drop.name], languages)
    for receipt in answers:
        told = f"case {receipt.case_id}" if receipt.status is ReceiptStatus.ACCEPTED else receipt.problems[0]
        say(f"{receipt.status.value}  {receipt.file_name}  {told}")
    accepted = sum(receipt.status is ReceiptStatus.ACCEPTED for receipt in answers)
    print(
        f"accepted {accepted}, refused {len(answers) - accepted}, answered before {len(drops) - len(new)}, "
        f"left for the next run {unsettled + blocked}"
    )
    return 0


def _earlier(path: Path) -> Receipt | None:
    """The receipt that a file was given before; one that is not whole is written again."""
    try:
        return parse_record(Receipt, read_limited(path, MAX_BYTES), path.name)
    except (InputFormatError, IntegrityError):
        return None


def _answerable(drops: list[_Drop], receipts: Path) -> tuple[list[_Drop], int]:
    """Files whose answer can be written; one whose receipt has a folder in its place must not stop the others."""
    found = []
    for drop in drops:
        place = receipts / _receipt_name(drop)
        if place.is_dir() or _page_of(place).is_dir():
            say(f"left  {_harmless(drop.name)}  a folder stands in the place of its receipt {place.name}")
        else:
            found.append(drop)
    return found, len(drops) - len(found)


def _claims(readings: list[_Reading], receipts: list[Receipt]) -> Counter[str]:
    """How many different requests, answered or new, lie in the inbox for each case id."""
    found = {(str(r.case_id).lower(), r.request_sha256) for r in receipts if r.case_id is not None}
    for reading in readings:
        if reading.request is not None and reading.drop.data is not None:
            found.add((reading.request.case_id.lower(), sha256_bytes(reading.drop.data)))
    return Counter(case_id for case_id, _ in found)


def _taken_ids(receipts: Path) -> dict[str, str]:
    """Ids of the requests that were accepted, in small letters, each with the digest of its request.

    An id stays with its request as long as the receipt lies there, also after the case was taken away: two
    authorities must not hold receipts for one case.
    """
    found: dict[str, str] = {}
    for path in sorted(receipts.glob(f"*{RECEIPT_ENDING}")):
        receipt = _earlier(path)
        if receipt is None or receipt.status is not ReceiptStatus.ACCEPTED:
            continue
        if receipt.case_id is not None and receipt.request_sha256 is not None:
            found.setdefault(receipt.case_id.lower(), receipt.request_sha256)
    return found


def _remove_unfinished(cases: Path) -> None:
    for left in cases.glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _page_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(RECEIPT_ENDING) + PAGE_ENDING)


def _write_receipt(path: Path, receipt: Receipt, languages: tuple[Language, ...]) -> None:
    # The page first: a file counts as answered once its receipt is there.
    _write_page(path, receipt, languages)
    write_atomic(path, canonical_json(receipt))


def _write_page(path: Path, receipt: Receipt, languages: tuple[Language, ...]) -> None:
    from musk_id.render.receipt import receipt_html

    write_atomic(_page_of(path), receipt_html(receipt, path.name, digest(receipt), languages))


def _settled(inbox: Path, seconds: float) -> tuple[list[_Drop], int]:
    """Files that were the same at two looks, sorted by name, and how many were not."""
    first = _look(inbox)
    time.sleep(seconds)
    second = _look(inbox)
    names = sorted(name for name, state in second.items() if first.get(name) == state)
    found = [_open_drop(inbox / name) for name in names]
    drops = [drop for drop in found if drop is not None]
    return drops, len(second) - len(drops)


def _look(inbox: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    with os.scandir(inbox) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name.lower().endswith(UNFINISHED) or entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(FileNotFoundError):
                state = entry.stat(follow_symlinks=False)
                found[name] = (state.st_mode, state.st_size, state.st_mtime_ns, state.st_ino)
            if len(found) > MAX_FILES:
                raise UsageError(f"more than {MAX_FILES} files", where=str(inbox), hint="move answered ones away")
    return found


def _open_drop(path: Path) -> _Drop | None:
    """A dropped file; ``None`` if it is gone or somebody is writing to it."""
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            return _Drop(path.name, 0, None, "no regular file: links, pipes and devices are not read")
        if state.st_size > MAX_BYTES:
            return _Drop(path.name, state.st_size, None, f"{state.st_size} bytes, at most {MAX_BYTES} are read")
        if path.suffix.lower() not in ENDINGS:
            return _Drop(path.name, state.st_size, None, "no request: the name must end in .yaml, .yml or .json")
        if _is_being_written(path):
            return None
        # What has become a link since it was looked at would be a file of somebody else.
        data = read_limited(path, MAX_BYTES, follow=False)
    except FileNotFoundError:
        return None
    except InputFormatError as error:
        return _Drop(path.name, 0, None, error.message) if os.path.lexists(path) else None
    return _Drop(path.name, len(data), data) if len(data) == state.st_size else None


def _is_being_written(path: Path) -> bool:
    """Whether a process of this host has the file open for writing, as far as the system tells.

    A read lease is given only on files that nobody has open for writing (``fcntl(2)``, F_SETLEASE).
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError:
        # Who reads it tells why it cannot be read: one file must not stop all others.
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        # Network file systems and files of others have no leases: the two looks alone decide there.
        return False
    finally:
        os.close(handle)
    return False


def _read(drop: _Drop) -> _Reading:
    if drop.data is None:
        return _Reading(drop, None, (Problem("", drop.problem),))
    problems: list[Problem] = []
    # Read from a copy of the very bytes whose digest the receipt names.
    with tempfile.TemporaryDirectory(prefix="musk-id-inbox-") as folder:
        path = Path(folder) / f"request{Path(drop.name).suffix.lower()}"
        path.write_bytes(drop.data)
        try:
            tree = read_tree(path).tree
        except RequestError as error:
            return _Reading(drop, None, (Problem(error.where, error.message),))
        case_id = tree.get("case_id") if isinstance(tree, dict) else None
        named = Path(folder) / (
            case_id if isinstance(case_id, str) and RULES[Identifier].accepts(case_id) else "x"
        )
        named.mkdir(exist_ok=True)
        request = read_part(Request, path.rename(named / path.name), problems)
    if request is not None:
        problems += request_problems(request)
    return _Reading(drop, None if problems else request, tuple(problems))


def _answer(reading: _Reading, claims: Counter[str], filed: _Filed, laboratory: Line) -> Receipt:
    drop, request, problems = reading.drop, reading.request, list(reading.problems)
    if request is not None:
        key = request.case_id.lower()
        problems += _file_case(request, drop, filed, claims[key])
    is_accepted = request is not None and not problems
    return Receipt(
        schema=Line(Receipt.SCHEMA),
        status=ReceiptStatus.ACCEPTED if is_accepted else ReceiptStatus.REFUSED,
        laboratory=laboratory,
        file_name=Line(_harmless(drop.name)),
        # A file of holes may have more than a record can say; the problem tells its size.
        size_bytes=min(drop.size, MAX_INTEGER),
        request_sha256=None if drop.data is None else sha256_bytes(drop.data),
        case_id=None if request is None else request.case_id,
        photographs_named=0 if request is None else sum(len(item.photographs) for item in request.items),
        problems=tuple(Text(told[:2000]) for told in told_problems(problems)),
        hint=None
        if is_accepted
        else Text(
            "correct the request, or take away what stands against it, and hand it in under another file name"
        ),
        software_version=Line(__version__),
    )


def _file_case(request: Request, drop: _Drop, filed: _Filed, claims: int) -> list[Problem]:
    """Put the request into a case folder of its own; what stands against it."""
    case_id, data = str(request.case_id), drop.data or b""
    cases, there, taken = filed.folder, filed.standing.get(case_id.lower()), filed.taken.get(case_id.lower())
    if there is not None:
        try:
            is_same = there == case_id and read_limited(find_input(cases / there, "request"), MAX_BYTES) == data
        except (RequestError, InputFormatError):
            is_same = False
        return [] if is_same else [_other_request(case_id)]
    if taken is not None:
        if taken != sha256_bytes(data):
            return [_other_request(case_id)]
    elif claims > 1:
        # Neither is preferred: which one was handed in first would hang on names or on the clock.
        allowed = "one request for a case: take the others away and hand in the right one under another file name"
        return [Problem("case_id", f"{case_id} stands in {claims} files that differ", allowed)]
    building = Path(tempfile.mkdtemp(dir=cases, prefix=_BUILDING))
    write_atomic(building / f"request{Path(drop.name).suffix.lower()}", data)
    # mkdtemp made it private; the laboratory adds its examination.
    os.chmod(building, usual_mode(0o755))
    building.rename(cases / case_id)
    filed.standing[case_id.lower()] = case_id
    return []


def _other_request(case_id: str) -> Problem:
    allowed = "a request of its own id; a revision is agreed with the laboratory"
    return Problem("case_id", f"case {case_id} was taken in with another request", allowed)


def _harmless(name: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in name)
    # A line of a record is no blank.
    return shown.encode("utf-8", "replace").decode("utf-8")[:_MAX_SHOWN] if shown.strip() else "?"


def _receipt_name(drop: _Drop) -> str:
    """Name of a file's receipt: another content, or another name, is another receipt."""
    told = re.sub(r"[^A-Za-z0-9._-]", "_", drop.name)[:80]
    name = drop.name.encode("utf-8", "surrogateescape")
    content = drop.problem.encode("utf-8") if drop.data is None else drop.data
    whole = sha256_bytes(b"\0".join((name, str(drop.size).encode("ascii"), content)))
    return f"{told}.{whole[:16]}{RECEIPT_ENDING}"
