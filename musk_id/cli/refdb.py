"""``musk-id refdb``: releases and libraries of reference records."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.errors import UsageError, counted
from musk_id.model.library import Library
from musk_id.refdb.build import build_release
from musk_id.refdb.release import RELEASE_FILE, load_release, locate_release, release_roots

__all__ = ["run_build", "run_list", "run_verify"]

LIBRARY_FILE = "library.toml"


def run_list(arguments: argparse.Namespace) -> int:
    """List the releases (and libraries) that can be found, one a line, with their fault if they have one."""
    from musk_id.refdb.report import ListedRelease, list_releases

    def line(listed: ListedRelease) -> str:
        summary = listed.summary
        if summary is None:
            return f"{listed.directory.name}  NOT USABLE: {listed.fault}"
        loci = ", ".join(f"{locus} {count}" for locus, count in summary.barcodes_by_locus)
        gaps = counted(summary.gaps, "gap", "gaps")
        return (
            f"{summary.release_id}  {summary.date}  {counted(summary.taxa, 'taxon', 'taxa')}; barcodes: {loci}; "
            f"{counted(summary.spectra, 'spectrum', 'spectra')}; {gaps} named; manifest {summary.manifest_sha256}"
        )

    for root in release_roots(arguments.releases):
        if root.is_dir():
            for listed in list_releases(root):
                print(line(listed))
    if arguments.libraries is not None:
        _list_libraries(arguments.libraries)
    return 0


def _list_libraries(root: Path) -> None:
    from musk_id.cli.console import say
    from musk_id.refdb.adopt import list_libraries

    for listed in list_libraries(root):
        library = listed.library
        if library is None:
            say(f"library {listed.directory.name}  NOT USABLE: {listed.fault}")
            continue
        loci = ", ".join(f"{locus} {table.records}" for locus, table in library.loci.items()) or "none"
        spectra = 0 if library.spectra is None else len(library.spectra)
        origin = f"; exported by {listed.exporter}" if listed.exporter else ""
        say(
            f"library {library.library_id}  {library.date}  {counted(len(library.taxa), 'taxon', 'taxa')}; "
            f"barcodes: {loci}; {counted(spectra, 'spectrum', 'spectra')}{origin}; "
            f"manifest {library.manifest_sha256}"
        )


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify a release, or a library given as a folder, and say what it holds."""
    folder = Path(arguments.release)
    if folder.is_dir() and (folder / "library.json").exists():
        from musk_id.refdb.library_store import load_library

        _say(load_library(folder))
        return 0
    release = load_release(locate_release(arguments.release, arguments.releases))
    print(f"release {release.release_id} of {release.date}: intact")
    print(f"  manifest {release.manifest_sha256}")
    barcodes = counted(len(release.barcodes), "barcode", "barcodes")
    gaps = counted(len(release.gaps), "gap", "gaps")
    print(f"  {barcodes}, {counted(len(release.spectra), 'spectrum', 'spectra')}, {gaps} named")
    return 0


def _say(library: Library) -> None:
    print(f"library {library.library_id} of {library.date}: intact")
    print(f"  manifest {library.manifest_sha256}")
    for locus, table in library.loci.items():
        species = len(set(table.taxon.tolist()))
        haplotypes = counted(table.haplotypes, "haplotype", "haplotypes")
        print(f"  {locus}: {counted(table.records, 'record', 'records')}, {haplotypes}, {species} species")
    if library.spectra is not None:
        compounds = len({entry.compound for entry in library.spectra.entries()})
        records = counted(len(library.spectra), "record", "records")
        print(f"  spectra: {records} of {counted(compounds, 'compound', 'compounds')}")


def run_build(arguments: argparse.Namespace) -> int:
    """Build a release (``release.toml``) or a library (``library.toml``) from its sources."""
    sources: Path = arguments.sources
    kinds = [name for name in (RELEASE_FILE, LIBRARY_FILE) if (sources / name).is_file()]
    if len(kinds) != 1:
        raise UsageError(
            f"the sources hold {' and '.join(kinds) or 'neither'} of {RELEASE_FILE} and {LIBRARY_FILE}",
            where=str(sources),
            hint="exactly one of them says what is to be built",
        )
    if kinds == [RELEASE_FILE]:
        print(build_release(sources, arguments.out))
        return 0
    return _build_library(arguments)


def _build_library(arguments: argparse.Namespace) -> int:
    from musk_id.model.methods import BARCODE_METHODS
    from musk_id.refdb.library_build import build_library
    from musk_id.refdb.library_sources import parse_library_file, read_source_file
    from musk_id.refdb.library_store import load_library

    sources: Path = arguments.sources
    plan = parse_library_file(read_source_file(sources, LIBRARY_FILE))
    anchors = load_release(locate_release(plan.anchors_release, arguments.releases))
    inputs: Path = arguments.inputs or sources
    folder = build_library(sources, inputs, arguments.out, anchors, BARCODE_METHODS[-1])
    _say(load_library(folder))
    print(f"  {folder}")
    return 0
