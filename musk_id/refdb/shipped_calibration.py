"""The calibration that is shipped beside a release: figures on public data that are not shipped themselves."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from musk_id.errors import IntegrityError, MuskIdError, ReferenceDataError
from musk_id.library_vocabulary import DistanceKind
from musk_id.model.calibration import Calibration
from musk_id.model.error_figures import ReleaseCalibration
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.values import Sha256
from musk_id.records.canonical import canonical_json, decode_record, parse_record
from musk_id.records.files import sha256_bytes
from musk_id.refdb.manifest import MANIFEST_NAME, manifest_bytes, read_verified

__all__ = [
    "CALIBRATION_FOLDER",
    "CALIBRATION_NAME",
    "find_calibration",
    "load_release_calibration",
    "load_shipped_calibration",
    "place_calibration",
]

CALIBRATION_NAME = "calibration.json"
CALIBRATION_FOLDER = "calibration"
# Where an installed package keeps what the project keeps in reference_db/calibration.
INSTALLED_FOLDER = "reference_db_calibration"


def find_calibration(release_folder: Path) -> Path | None:
    """Folder of the calibration of a release, or ``None``: ``calibration/<id>`` beside the release's folder.

    Releases that stand in a folder of their own (``releases/<id>``) have it beside that folder.
    """
    release_id, holder = release_folder.name, release_folder.parent
    places = (
        holder / CALIBRATION_FOLDER / release_id,
        holder.parent / CALIBRATION_FOLDER / release_id,
        holder.parent / INSTALLED_FOLDER / release_id,
    )
    return next((place for place in places if place.is_dir()), None)


def place_calibration(release_folder: Path, calibration: Calibration) -> Path:
    """Put a calibration and its manifest beside a release, whole or not at all; equal bytes are left as they are.

    Parameters
    ----------
    release_folder : Path
        Folder of the release that was the panel.
    calibration : Calibration
        Figures measured with that release.

    Returns
    -------
    Path
        Folder of the calibration.

    Raises
    ------
    IntegrityError
        If other figures stand there already.
    """
    release_id, holder = release_folder.name, release_folder.parent
    beside = holder.parent if holder.name == "releases" else holder
    data = canonical_json(calibration)
    files = {CALIBRATION_NAME: data}
    files[MANIFEST_NAME] = manifest_bytes(release_id, calibration.library.date, {CALIBRATION_NAME: data})
    target = find_calibration(release_folder) or beside / CALIBRATION_FOLDER / release_id
    if target.exists():
        names = {path.name for path in target.iterdir()}
        if names != set(files) or any((target / name).read_bytes() != files[name] for name in names):
            raise IntegrityError(
                "other figures stand there already",
                where=f"{CALIBRATION_FOLDER}/{release_id}",
                hint="move the folder away; records name the figures that they quote by digest",
            )
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as temporary:
        folder = Path(temporary) / release_id
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        shutil.move(folder, target)
    return target


def load_shipped_calibration(directory: Path, release_sha256: Sha256) -> Calibration:
    """Calibration of a release, all of it.

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
    data = _verified(directory)
    try:
        calibration = parse_record(Calibration, data, CALIBRATION_NAME)
    except MuskIdError as error:
        raise ReferenceDataError(error.message, where=CALIBRATION_NAME, problems=error.problems) from error
    _require_release(calibration, release_sha256, directory)
    return calibration


def load_release_calibration(
    directory: Path, release_sha256: Sha256, method: BarcodeMethod, animals: AnimalMethod
) -> ReleaseCalibration | None:
    """What the stages need of a calibration; ``None`` if it was not measured with the method in force.

    The bytes are those of the manifest; only what is kept is decoded, which takes a tenth of the time of all.

    Parameters
    ----------
    directory, release_sha256 : Path, Sha256
        As for :func:`load_shipped_calibration`.
    method, animals : BarcodeMethod, AnimalMethod
        Their radii, margins and shortest queries say what is kept.

    Raises
    ------
    ReferenceDataError
        If the folder is not what its manifest says, speaks of another release, or cannot be read.
    """
    data = _verified(directory)
    try:
        tree = json.loads(data)
        kept = _reduced(tree, method, animals)
        calibration = decode_record(Calibration, kept, CALIBRATION_NAME)
    except MuskIdError as error:
        raise ReferenceDataError(error.message, where=CALIBRATION_NAME, problems=error.problems) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReferenceDataError(f"cannot be read: {error!r}", where=CALIBRATION_NAME) from error
    _require_release(calibration, release_sha256, directory)
    if method.version not in calibration.methods:
        return None
    return ReleaseCalibration(sha256=sha256_bytes(data), calibration=calibration)


def _verified(directory: Path) -> bytes:
    files = read_verified(directory).files
    if set(files) != {CALIBRATION_NAME}:
        raise ReferenceDataError(f"holds {', '.join(sorted(files)) or 'nothing'}", where=directory.name)
    return files[CALIBRATION_NAME]


def _require_release(calibration: Calibration, release_sha256: Sha256, directory: Path) -> None:
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
            hint=f"the release's manifest is {release_sha256}, the calibration names "
            f"{', '.join(sorted(panels)) or 'none'}; remove the folder, or measure again with --panel",
        )


def _reduced(tree: Any, method: BarcodeMethod, animals: AnimalMethod) -> dict[str, Any]:
    """The tree without windows that no query admitted by the method has, and without rules not in force."""
    shortest = {limits.locus.value: limits.min_compared_bp for limits in method.long_loci}
    rules = _rules(method, animals)
    loci = [
        {
            **locus,
            "windows": [
                _window(window, rules.get(locus["locus"], set()))
                for number, window in enumerate(locus["windows"])
                if number == 0 or (window["length_bp"] or 0) >= shortest.get(locus["locus"], 0)
            ],
        }
        for locus in tree["loci"]
    ]
    return {**tree, "loci": loci}


def _rules(method: BarcodeMethod, animals: AnimalMethod) -> Mapping[str, set[tuple[Fraction, Fraction]]]:
    """Radius and margin of the rules in force at each marker."""
    others = (Fraction(animals.long_radius_p), Fraction(animals.long_margin_p))
    rules = {a.locus.value: {(Fraction(a.radius_edits), Fraction(a.margin_edits))} for a in method.amplicons}
    for limits in method.long_loci:
        rules[limits.locus.value] = {(Fraction(limits.radius_p), Fraction(limits.margin_p)), others}
    return rules


def _window(window: dict[str, Any], rules: set[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    texts = {(e["radius"], e["margin"]) for e in window["errors"]}
    wanted = {(r, m) for r, m in texts if (Fraction(r), Fraction(m)) in rules}
    return {
        **window,
        "distances": [d for d in window["distances"] if d["kind"] == DistanceKind.NEAREST_OTHER_GENUS.value],
        "errors": [e for e in window["errors"] if (e["radius"], e["margin"]) in wanted],
    }
