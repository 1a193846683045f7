"""The calibration that is shipped beside a release: figures on public data that are not shipped themselves."""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import MuskIdError, ReferenceDataError
from musk_id.model.calibration import Calibration
from musk_id.model.values import Sha256
from musk_id.records.canonical import parse_record
from musk_id.refdb.manifest import read_verified

__all__ = ["CALIBRATION_NAME", "load_shipped_calibration"]

CALIBRATION_NAME = "calibration.json"


def load_shipped_calibration(directory: Path, release_sha256: Sha256) -> Calibration:
    """Calibration of a release.

    Parameters
    ----------
    directory : Path
        Folder with ``calibration.json`` and the manifest that holds its digest.
    release_sha256 : Sha256
        Digest of the release's manifest; the figures on its panel have to be of that very release.

    Raises
    ------
    ReferenceDataError
        If the folder is not what its manifest says, or speaks of another release.
    """
    files = read_verified(directory).files
    if set(files) != {CALIBRATION_NAME}:
        raise ReferenceDataError(f"holds {', '.join(sorted(files)) or 'nothing'}", where=directory.name)
    try:
        calibration = parse_record(Calibration, files[CALIBRATION_NAME], CALIBRATION_NAME)
    except MuskIdError as error:
        raise ReferenceDataError(error.message, where=CALIBRATION_NAME, problems=error.problems) from error
    panels = {
        window.target.panel.release_sha256
        for locus in calibration.loci
        for window in locus.windows
        if window.target.panel is not None
    }
    if panels != {release_sha256}:
        raise ReferenceDataError(
            "the calibration was not measured with this release",
            where=directory.name,
            hint=f"the release's manifest is {release_sha256}, the calibration names {', '.join(sorted(panels))}",
        )
    return calibration
