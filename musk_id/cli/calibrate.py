"""``musk-id refdb calibrate``: figures of a library on radii, margins and errors, or on its spectra."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.errors import UsageError, counted
from musk_id.model.calibration import Calibration, LocusCalibration
from musk_id.model.spectral_calibration import SpectralCalibration
from musk_id.refdb.release import load_release, locate_release

__all__ = ["run_calibrate"]


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Calibrate a library, write the figures, print what concerns the genus of interest."""
    from musk_id.model.methods import BARCODE_METHODS, EVIDENCE_METHODS
    from musk_id.refdb.calibrate import calibrate_library, write_calibration
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.shipped_calibration import place_calibration

    folder: Path = arguments.library
    if arguments.spectra is not None:
        return _calibrate_spectra(folder, arguments)
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


def _calibrate_spectra(folder: Path, arguments: argparse.Namespace) -> int:
    from musk_id.model.ranking_methods import RANKING_METHODS
    from musk_id.refdb.calibrate_spectra import calibrate_spectra, write_spectral_calibration
    from musk_id.refdb.library_store import load_library

    out: Path = arguments.spectra
    if arguments.panel is not None:
        raise UsageError("has no meaning for spectra", where="--panel", hint="leave it out with --spectra")
    if out.is_dir():
        raise UsageError("is a folder", where=str(out), hint="name the file to write, such as spectra.json")
    calibration = calibrate_spectra(load_library(folder), folder, RANKING_METHODS[-1])
    write_spectral_calibration(out, calibration)
    for line in _spectra_lines(calibration):
        print(line)
    print(f"  {out}")
    return 0


def _spectra_lines(calibration: SpectralCalibration) -> list[str]:
    spectra = counted(calibration.spectra, "spectrum", "spectra")
    lines = [
        f"calibration of the spectra of library {calibration.library.library_id} of {calibration.library.date}",
        f"  {spectra} of {counted(calibration.compounds, 'compound', 'compounds')}; "
        f"{counted(calibration.searches, 'search', 'searches')} by "
        f"{counted(calibration.laboratories, 'laboratory', 'laboratories')}",
    ]
    if calibration.probability is None:
        return [*lines, f"  no probability: {calibration.refused}"]
    lines.append(
        f"  right compound first: {calibration.first} of {calibration.searches}, among ten: "
        f"{calibration.among_ten}; Brier score {calibration.brier} (a constant: {calibration.brier_constant}); "
        f"named from {calibration.probability.least_probability} on"
    )
    lines += [
        f"  {row.absent_share} allowed: {row.right} right, {row.wrong} wrong, {row.none} without a name; compound "
        f"absent: {row.absent_named} of {row.searches} named (at most {row.absent_named_upper})"
        for row in calibration.naming
    ]
    return lines


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
