"""Command line: one module a command; the only place that prints or exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

NEW_LINE = "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    0 finished (whatever the finding), 1 a bug, 2 usage, configuration or request, 3 unreadable input,
    4 integrity, 130 interrupted.
    """
    from musk_id.cli.console import harmless, prepare_streams
    from musk_id.cli.parser import build_parser
    from musk_id.errors import MuskIdError, StorageError

    prepare_streams()
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except MuskIdError as error:
        print(f"musk-id: {harmless(error.diagnostics(), keep=NEW_LINE)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("musk-id: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; nothing is wrong with what was written before.
        sys.stderr.close()
        return 0
    except (OSError, MemoryError) as error:
        if arguments.debug:
            raise
        told = StorageError("the memory is exhausted")
        if isinstance(error, OSError):
            told = StorageError.of(error, whole_path=True)
        print(f"musk-id: {harmless(told.diagnostics(), keep=NEW_LINE)}", file=sys.stderr)
        return told.exit_code
    except Exception as error:
        if arguments.debug:
            raise
        print(
            f"musk-id: a bug in this software: {type(error).__name__}: {harmless(str(error))}\n"
            "What to do: run the command again with --debug and report the traceback",
            file=sys.stderr,
        )
        return 1
    return code
