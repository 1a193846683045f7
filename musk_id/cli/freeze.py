"""``musk-id refdb freeze``: a new release from a release and the records of a library."""

from __future__ import annotations

import argparse
from collections import Counter

from musk_id.cli.console import say
from musk_id.errors import InputFormatError, UsageError, counted
from musk_id.records.files import read_limited, write_atomic
from musk_id.refdb.freeze import freeze_release, left_out_bytes, left_out_path
from musk_id.refdb.manifest import MAX_FILE_BYTES
from musk_id.refdb.release import load_release, locate_release

__all__ = ["run_freeze"]


def run_freeze(arguments: argparse.Namespace) -> int:
    """Make the release, say what entered it, and list what did not beside it."""
    sets = None
    if arguments.sets is not None:
        try:
            sets = read_limited(arguments.sets, MAX_FILE_BYTES)
        except InputFormatError as error:
            raise UsageError(error.message, where=str(arguments.sets)) from error
    base = locate_release(arguments.base, arguments.releases)
    frozen = freeze_release(arguments.library, base, arguments.release, arguments.date, arguments.out, sets)
    release = load_release(frozen.folder)
    listed = left_out_path(frozen.folder)
    write_atomic(listed, left_out_bytes(frozen.left_out, frozen.spectra_left_out))
    say(f"release {release.release_id} of {release.date}: manifest {release.manifest_sha256}")
    say(
        f"  {counted(len(frozen.added), 'record', 'records')} added to those of {arguments.base}, "
        f"{frozen.duplicates} of them in state duplicate; {counted(frozen.taxa_added, 'taxon', 'taxa')} added"
    )
    for locus, count in sorted(Counter(record.locus for record in frozen.added).items()):
        say(f"  {locus}: {counted(count, 'record', 'records')} added")
    for reason, count in sorted(Counter(entry.reason for entry in frozen.left_out).items()):
        say(f"  {count} left out for {reason}")
    if frozen.spectra or frozen.spectra_left_out:
        say(f"  spectra: {len(frozen.spectra)} added")
    for reason, count in sorted(Counter(spectrum.reason for spectrum in frozen.spectra_left_out).items()):
        say(f"  {count} spectra left out for {reason}")
    say(f"  {frozen.folder}")
    say(f"  {listed}")
    return 0
