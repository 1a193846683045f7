"""A limit of the system on the memory of a job, so that one job cannot take the host's.

The limit holds for private writable memory (``RLIMIT_DATA``) and not for the address space: libraries reserve and
map far more addresses than they use, and a limit on those would have to be too high to help. It comes from the
environment, where the workflow puts it: if it stood in a rule's command, another limit would redo all records.
"""

from __future__ import annotations

import os
import resource

from musk_id.errors import ConfigError

__all__ = ["LIMIT_VARIABLE", "MIN_LIMIT_MB", "limit_memory"]

LIMIT_VARIABLE = "MUSK_ID_MEMORY_LIMIT_MB"
MIN_LIMIT_MB = 256


def limit_memory() -> int | None:
    """Set the limit that the environment names for this process; megabytes, or ``None`` where it names none.

    Raises
    ------
    ConfigError
        If it is no whole number, or too small for any job.
    """
    told = os.environ.get(LIMIT_VARIABLE, "0")
    if not (told.isascii() and told.isdigit()) or 0 < int(told) < MIN_LIMIT_MB:
        raise ConfigError(
            f"{told[:40]!r} is no limit of memory; 0 for none, or at least {MIN_LIMIT_MB} megabytes",
            where=LIMIT_VARIABLE,
        )
    limit = int(told)
    if limit == 0:
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limit << 20
    # An administrator's own limit may be lower; it cannot be raised and is left.
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    return limit
