"""Command line: one module a command; the only place that prints or exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    0 finished (whatever the finding), 1 a bug, 2 usage, configuration or request, 3 unreadable input,
    4 integrity, 130 interrupted.
    """
    from musk_id.cli.parser import build_parser
    from musk_id.errors import MuskIdError

    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except MuskIdError as error:
        print(f"musk-id: {error.diagnostics()}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("musk-id: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; nothing is wrong with what was written before.
        sys.stderr.close()
        return 0
    except Exception as error:
        if arguments.debug:
            raise
        print(
            f"musk-id: a bug in this software: {type(error).__name__}: {error}\n"
            "What to do: run the command again with --debug and report the traceback",
            file=sys.stderr,
        )
        return 1
    return code
