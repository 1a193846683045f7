"""``musk-id refdb``: releases of the reference library."""

from __future__ import annotations

import argparse

from musk_id.refdb.build import build_release
from musk_id.refdb.release import load_release, locate_release, release_roots

__all__ = ["run_build", "run_list", "run_verify"]


def run_list(arguments: argparse.Namespace) -> int:
    """List the releases that can be found."""
    from musk_id.refdb.report import list_releases

    for root in release_roots(arguments.releases):
        if root.is_dir():
            for release in list_releases(root):
                print(release)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify a release and say what it holds."""
    release = load_release(locate_release(arguments.release, arguments.releases))
    print(f"release {release.release_id} of {release.date}: intact")
    print(f"  manifest {release.manifest_sha256}")
    print(f"  {len(release.barcodes)} barcodes, {len(release.spectra)} spectra, {len(release.gaps)} gaps named")
    return 0


def run_build(arguments: argparse.Namespace) -> int:
    """Build a release from its sources."""
    print(build_release(arguments.sources, arguments.out))
    return 0
