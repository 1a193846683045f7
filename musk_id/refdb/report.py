"""Which releases a folder holds and whether they are what their manifests say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import ReferenceDataError
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.release import RELEASE_ID_PATTERN, load_release
from musk_id.vocabulary import RELEASE_MARKERS, Locus

__all__ = ["ListedRelease", "ReleaseSummary", "list_releases", "summarise", "verify_release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSummary:
    """Counts of a release that loads."""

    release_id: str
    date: str
    manifest_sha256: str
    taxa: int
    barcodes_by_locus: tuple[tuple[Locus, int], ...]
    spectra: int
    markers: int
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRelease:
    """A release folder: its summary, or the fault that keeps it from being used."""

    directory: Path
    summary: ReleaseSummary | None
    fault: str


def summarise(release: ReferenceRelease) -> ReleaseSummary:
    """Counts of a loaded release; ``barcodes_by_locus`` counts all curation states."""
    return ReleaseSummary(
        release_id=release.release_id,
        date=release.date,
        manifest_sha256=release.manifest_sha256,
        taxa=len(release.taxa),
        barcodes_by_locus=tuple(
            (locus, sum(record.locus == locus for record in release.barcodes)) for locus in RELEASE_MARKERS
        ),
        spectra=len(release.spectra),
        markers=len(release.markers),
        gaps=len(release.gaps),
    )


def verify_release(directory: Path) -> ReleaseSummary:
    """Load a release and check its content again, as when it was built.

    Raises
    ------
    ReferenceDataError
        If files differ from the manifest, cannot be read, or contradict each other.
    """
    from musk_id.refdb.checks import require_consistent

    release = load_release(directory)
    require_consistent(release)
    return summarise(release)


def list_releases(root: Path) -> tuple[ListedRelease, ...]:
    """All folders below ``root`` that are named as releases, oldest first.

    Raises
    ------
    ReferenceDataError
        If ``root`` is no folder.
    """
    if not root.is_dir():
        raise ReferenceDataError("no such folder", where=str(root), hint="name the folder that holds the releases")
    found = [path for path in root.iterdir() if path.is_dir() and RELEASE_ID_PATTERN.fullmatch(path.name)]
    return tuple(_listed(path) for path in sorted(found, key=lambda path: _number(path.name)))


def _number(release_id: str) -> tuple[int, int]:
    year, number = release_id.split(".")
    return int(year), int(number)


def _listed(directory: Path) -> ListedRelease:
    try:
        return ListedRelease(directory=directory, summary=summarise(load_release(directory)), fault="")
    except ReferenceDataError as error:
        return ListedRelease(directory=directory, summary=None, fault=str(error))
