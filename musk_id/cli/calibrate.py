"""``musk-id refdb calibrate``: figures of a library on radii, margins and errors."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.errors import UsageError, counted
from musk_id.model.calibration import Calibration, LocusCalibration
from musk_id.refdb.release import load_release, locate_release

__all__ = ["run_calibrate"]


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Calibrate a library, write the figures, print what concerns the genus of interest."""
    from musk_id.model.methods import BARCODE_METHODS, EVIDENCE_METHODS
    from musk_id.refdb.calibrate import calibrate_library, write_calibration
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.shipped_calibration import place_calibration

    folder: Path = arguments.library
    out: Path | None = arguments.out
    if out is not None and out.is_dir():
        raise UsageError("is a folder", where=str(out), hint="name the file to write, such as calibration.json")
    release, place = None, None
    if arguments.panel is not None:
        place = locate_release(arguments.panel, arguments.releases)
        release = load_release(place)
    if out is None and place is None:
        raise UsageError("needs the release", where="--beside-release", hint="name it with --panel")
    library = load_library(folder)
    calibration = calibrate_library(library, folder, BARCODE_METHODS[-1], EVIDENCE_METHODS[-1], release)
    if out is not None:
        write_calibration(out, calibration)
    elif place is not None:
        out = place_calibration(place, calibration)
    _say(calibration)
    print(f"  {out}")
    return 0


def _say(calibration: Calibration) -> None:
    library = calibration.library
    print(f"calibration of library {library.library_id} of {library.date}")
    print(f"  manifest {library.manifest_sha256}")
    for locus in calibration.loci:
        for line in _lines(locus):
            print(line)


def _lines(locus: LocusCalibration) -> list[str]:
    """What concerns the genus of interest, for the whole window."""
    window = locus.windows[0]
    target, basis = window.target, window.target.radius_basis
    individuals = counted(window.individuals, "individual", "individuals")
    genera = counted(window.genera, "genus", "genera")
    lines = [
        f"  {locus.locus}: {individuals}, {window.species} species, {genera}",
        f"    {target.genus}: {counted(target.individuals, 'individual', 'individuals')}; largest distance within "
        f"{target.within_largest or '-'} {locus.unit}, nearest other genus {target.nearest_other or '-'}",
        f"    nearest other species of the same genus: {basis.own.observations} observations of {target.genus}, "
        f"{basis.pooled.observations} in all, {basis.borrowed_percent or '-'} % borrowed",
    ]
    lines += [
        f"    other genera within {row.radius}: {row.haplotypes} of {row.haplotypes_compared} haplotypes"
        for row in target.within_radius
    ]
    return lines
