"""The passphrase of a key: from the environment, or asked on a terminal; never an argument."""

from __future__ import annotations

import getpass
import os
import sys

from musk_id.errors import UsageError

__all__ = ["VARIABLE", "ask_passphrase"]

VARIABLE = "MUSK_ID_PASSPHRASE"


def ask_passphrase(*, twice: bool = False) -> str:
    """The passphrase.

    Raises
    ------
    UsageError
        If it is neither in the environment nor can be asked for, or the two answers differ.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise UsageError(f"no passphrase: {VARIABLE} is not set and there is no terminal to ask on")
    answer = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Again: ") != answer:
        raise UsageError("the two passphrases differ")
    return answer
