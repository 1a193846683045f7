"""Errors that Musk-ID raises on purpose, and the exit code of each.

::

    MuskIdError                 1
    ├── UsageError              2   command line
    ├── ConfigError             2   configuration file
    ├── RequestError            2   request, examination, batch sheet, laboratory file
    ├── StorageError            2   a disk, a folder or a permission stands in the way
    ├── InputFormatError        3   a foreign file that cannot be read as what it claims to be
    ├── RemoteError             3   a service on the network that does not give what was asked for
    ├── ReferenceDataError      4   the reference library is not what its manifest says
    └── IntegrityError          4   a file, a record or a seal is not what was recorded

An error says what happened, where, what was measured against what is allowed,
and what to do next. Anything else that reaches the top is a bug (exit code 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ConfigError",
    "InputFormatError",
    "IntegrityError",
    "MuskIdError",
    "Problem",
    "ReferenceDataError",
    "RemoteError",
    "RequestError",
    "StorageError",
    "UsageError",
    "counted",
    "told_problems",
]

# A file made to harm can have a hundred thousand faults; nobody reads more than these.
MAX_TOLD_PROBLEMS = 200


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: ``1 spectrum``, ``2 spectra``."""
    return f"{number} {one if number == 1 else many}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input: where it is, what is wrong, what is allowed."""

    where: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} (allowed: {self.allowed})" if self.allowed else text


def told_problems(problems: Sequence[Problem]) -> list[str]:
    """Texts of the first ``MAX_TOLD_PROBLEMS`` problems, and how many more there are."""
    told = [str(problem) for problem in problems[:MAX_TOLD_PROBLEMS]]
    more = len(problems) - len(told)
    return [*told, f"and {counted(more, 'more problem', 'more problems')}"] if more else told


class MuskIdError(Exception):
    """Base of all errors that are raised on purpose.

    Parameters
    ----------
    message : str
        What happened, with the measured value and the allowed one.
    where : str
        File, line, key or record concerned; empty if the message says it.
    hint : str
        What to do next.
    problems : tuple of Problem
        All faults found, where one pass can find several.
    """

    exit_code = 1
    code = "ERROR"

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.problems = problems

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def diagnostics(self) -> str:
        """Text for a person: the message, the first problems on a line each, how many more, and the hint."""
        lines = [str(self)]
        lines += [f"  - {problem}" for problem in told_problems(self.problems)]
        if self.hint:
            lines.append(f"What to do: {self.hint}")
        return "\n".join(lines)


class UsageError(MuskIdError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2
    code = "USAGE"


class ConfigError(MuskIdError):
    """The configuration is malformed or incomplete."""

    exit_code = 2
    code = "CONFIG"


class RequestError(MuskIdError):
    """A request, examination, batch sheet or laboratory file breaks its schema or contradicts itself."""

    exit_code = 2
    code = "REQUEST"


class StorageError(MuskIdError):
    """The system refuses to read or write: no room, no permission, no such folder."""

    exit_code = 2
    code = "STORAGE"

    @classmethod
    def of(cls, error: OSError, *, whole_path: bool) -> StorageError:
        """The error of the system; the folder of the file is told to people only, no record may hold it."""
        path = str(error.filename or "")
        return cls(
            error.strerror or type(error).__name__,
            where=(path if whole_path else path.rsplit("/", 1)[-1]) or "a file",
            hint="see that the folders exist, may be read and written, and have room; then run the command again",
        )


class InputFormatError(MuskIdError):
    """A file from outside cannot be read as the format that it claims to be."""

    exit_code = 3
    code = "INPUT_FORMAT"


class RemoteError(MuskIdError):
    """A service on the network cannot be reached, refuses, or answers something else than was asked for."""

    exit_code = 3
    code = "REMOTE"


class ReferenceDataError(MuskIdError):
    """The reference library differs from its manifest or contradicts itself."""

    exit_code = 4
    code = "REFERENCE_DATA"


class IntegrityError(MuskIdError):
    """A file, record or seal differs from what was recorded of it."""

    exit_code = 4
    code = "INTEGRITY"
