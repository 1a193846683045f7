"""``musk-id refdb pins`` and ``musk-id refdb fetch``: the records that a library rests on."""

from __future__ import annotations

import argparse
import os
import sys

from musk_id.errors import ConfigError, UsageError, counted
from musk_id.formats.entrez import NCBI_URL, Service
from musk_id.records.files import write_atomic
from musk_id.refdb.fetch import fetch_records
from musk_id.refdb.fetched import LOG_NAME
from musk_id.refdb.pins import pins_bytes, pins_of, read_pins
from musk_id.refdb.release import load_release, locate_release

__all__ = ["API_KEY_VARIABLE", "EMAIL_VARIABLE", "run_fetch", "run_pins"]

EMAIL_VARIABLE = "MUSK_ID_NCBI_EMAIL"
API_KEY_VARIABLE = "MUSK_ID_NCBI_API_KEY"
BAR_WIDTH = 40


def run_pins(arguments: argparse.Namespace) -> int:
    """Write the pins of a release."""
    pins = pins_of(load_release(locate_release(arguments.release, arguments.releases)))
    write_atomic(arguments.out, pins_bytes(pins))
    windows = sum(len(pin.parts) for pin in pins)
    print(f"{arguments.out}: {counted(len(pins), 'record', 'records')}, {counted(windows, 'window', 'windows')}")
    return 0


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch the pinned records that are not there yet."""
    service = _service(arguments.base_url or NCBI_URL)
    pins = read_pins(arguments.pins)
    if arguments.out.exists() and not arguments.out.is_dir():
        raise UsageError("is no folder", where=f"--out {arguments.out}")
    bar = _bar if sys.stderr.isatty() else None
    try:
        report = fetch_records(pins, arguments.out, service, progress=bar)
    finally:
        if bar is not None:
            print(file=sys.stderr)
    print(
        f"{arguments.out}: {counted(len(report.fetched), 'record', 'records')} fetched, "
        f"there already and intact: {len(report.present)}"
    )
    print(f"  all {len(pins)} are what is pinned; their digests are in {LOG_NAME}")
    for accession, pinned, found in report.renamed:
        print(f"  {accession}: the organism is {found}, pinned as {pinned}")
    return 0


def _service(base_url: str) -> Service:
    email = os.environ.get(EMAIL_VARIABLE, "").strip()
    if not email:
        raise ConfigError(
            f"no e-mail address: {EMAIL_VARIABLE} is not set",
            hint="NCBI requires an address under which it reaches you before it blocks a program that asks too "
            f"much: set {EMAIL_VARIABLE}=name@example.org",
        )
    return Service(email=email, api_key=os.environ.get(API_KEY_VARIABLE, "").strip() or None, base_url=base_url)


def _bar(total: int, done: int) -> None:
    filled = BAR_WIDTH * done // total
    print(f"\r[{'#' * filled:<{BAR_WIDTH}}] {done}/{total}", end="", file=sys.stderr, flush=True)
