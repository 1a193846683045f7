"""``musk-id key``: keys for seals."""

from __future__ import annotations

import argparse

from musk_id.cli.passphrase import ask_passphrase
from musk_id.sealing.keys import create_key

__all__ = ["run_new"]


def run_new(arguments: argparse.Namespace) -> int:
    """Make a key and say where it lies."""
    key_id, path = create_key(arguments.out, arguments.role, ask_passphrase(twice=True))
    print(f"{key_id}\n  private key (encrypted): {path}\n  public key: {path.with_suffix('.pub')}")
    return 0
