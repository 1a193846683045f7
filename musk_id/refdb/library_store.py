"""A library on disk: tables for people, arrays for comparison, and a manifest with the digest of each file.

Arrays are plain ``.npy`` files without objects; they are mapped into memory, not read. Loading compares every
file with the manifest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import IntegrityError, ReferenceDataError
from musk_id.model.library import Library, LibraryTaxon, LocusTable, TextColumn
from musk_id.model.values import RULES, IsoDate, Line, Sha256
from musk_id.records.files import sha256_bytes, sha256_file
from musk_id.refdb.manifest import MANIFEST_NAME
from musk_id.vocabulary import CurationState, Locus

__all__ = ["TAXA_COLUMNS", "array_files", "library_manifest", "load_library", "verify_library"]

MANIFEST_FORMAT = "musk-id-library-manifest/1"
MAX_MANIFEST_BYTES = 1_000_000
HEAD_NAME = "library.json"
TAXA_NAME = "taxa.tsv"
TAXA_COLUMNS = ("species", "genus", "family", "order")

_ARRAYS: dict[str, tuple[str, int]] = {
    "packed": ("|u1", 2),
    "haplotype": ("<u4", 1),
    "taxon": ("<u4", 1),
    "state": ("|u1", 1),
    "individual": ("<u4", 1),
    "strand": ("|i1", 1),
    "collapsed": ("|u1", 1),
    "accession_offsets": ("<u4", 1),
    "accession_bytes": ("|u1", 1),
    "revised": ("<u4", 2),
}


def _stem(locus: Locus) -> str:
    return locus.value.lower()


def array_files(table: LocusTable) -> dict[str, bytes]:
    """Bytes of the array files of a marker."""
    pairs = [(record, name) for record, names in sorted(table.revised.items()) for name in names]
    arrays: dict[str, NDArray[Any]] = {
        "packed": table.packed,
        "haplotype": table.haplotype,
        "taxon": table.taxon,
        "state": table.state,
        "individual": table.individual,
        "strand": table.strand,
        "collapsed": table.collapsed,
        "accession_offsets": table.accessions.offsets,
        "accession_bytes": table.accessions.data,
        "revised": np.array(pairs, dtype=np.uint32).reshape(-1, 2),
    }
    return {f"{_stem(table.locus)}.{name}.npy": _npy(array, name) for name, array in arrays.items()}


def _npy(array: NDArray[Any], name: str) -> bytes:
    stream = io.BytesIO()
    dtype = np.dtype(_ARRAYS[name][0])
    # Version 1.0 headers are fixed in form, so that equal arrays give equal bytes with every NumPy.
    np.lib.format.write_array(stream, np.ascontiguousarray(array, dtype=dtype), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def library_manifest(files: Mapping[str, bytes]) -> bytes:
    """Manifest of the files of a library, sorted by name."""
    listed = [
        {"path": name, "size": len(files[name]), "sha256": sha256_bytes(files[name])} for name in sorted(files)
    ]
    tree = {"format": MANIFEST_FORMAT, "files": listed}
    return (json.dumps(tree, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode("ascii")


def verify_library(directory: Path) -> Sha256:
    """Compare every file with the manifest; the manifest's own digest.

    Raises
    ------
    ReferenceDataError
        Naming every file that is missing, was added, was changed, or is no regular file.
    """
    path = directory / MANIFEST_NAME
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
        raise ReferenceDataError("there is no manifest of a library", where=str(directory))
    data = path.read_bytes()
    listed = _entries(data)
    present = {entry.name for entry in directory.iterdir()} - {MANIFEST_NAME}
    problems = [f"{name} is missing" for name in sorted(set(listed) - present)]
    problems += [f"{name} is not in it" for name in sorted(present - set(listed))]
    for name in sorted(set(listed) & present):
        file = directory / name
        size, digest = listed[name]
        if file.is_symlink() or not file.is_file():
            problems.append(f"{name} is no regular file")
        elif file.stat().st_size != size or sha256_file(file) != digest:
            problems.append(f"{name} differs from its entry in {MANIFEST_NAME}")
    if problems:
        raise ReferenceDataError(
            f"the library is not what {MANIFEST_NAME} says: " + "; ".join(problems),
            where=directory.name,
            hint="build it again, or restore it; a library is never edited",
        )
    return sha256_bytes(data)


def _entries(data: bytes) -> dict[str, tuple[int, str]]:
    try:
        tree = json.loads(data)
        listed = {entry["path"]: (entry["size"], entry["sha256"]) for entry in tree["files"]}
        names_are_plain = all(isinstance(n, str) and not set(n) & set("/\\\0") and n[:1] != "." for n in listed)
        sound = tree["format"] == MANIFEST_FORMAT and len(listed) == len(tree["files"]) and names_are_plain
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReferenceDataError("not in the form that it was written in", where=MANIFEST_NAME) from error
    if not sound:
        raise ReferenceDataError("not the manifest of a library", where=MANIFEST_NAME)
    return listed


def load_library(directory: Path) -> Library:
    """Load a built library; its arrays are mapped, not read.

    Raises
    ------
    ReferenceDataError
        If files differ from the manifest, or contradict each other.
    """
    if not directory.is_dir():
        raise ReferenceDataError("no such folder", where=str(directory))
    manifest = verify_library(directory)
    try:
        head = json.loads((directory / HEAD_NAME).read_bytes())
        return _assemble(directory, head, manifest)
    except (OSError, ValueError, KeyError, TypeError, IntegrityError) as error:
        raise ReferenceDataError(f"the files contradict each other: {error}", where=directory.name) from error


def _assemble(directory: Path, head: dict[str, Any], manifest: Sha256) -> Library:
    if not RULES[IsoDate].accepts(head["date"]):
        raise ValueError("the date of the library is none")
    rows = (directory / TAXA_NAME).read_text(encoding="utf-8").split("\n")[1:-1]
    taxa = tuple(LibraryTaxon(**dict(zip(TAXA_COLUMNS, map(Line, row.split("\t")), strict=True))) for row in rows)
    loci = {
        Locus(entry["locus"]): _table(directory, Locus(entry["locus"]), int(entry["width"]), len(taxa))
        for entry in head["loci"]
    }
    return Library(
        library_id=Line(head["library_id"]),
        date=IsoDate(head["date"]),
        title=Line(head["title"]),
        anchors_release=Line(head["anchors_release"]),
        manifest_sha256=manifest,
        taxa=taxa,
        loci=loci,
        individuals=int(head["individuals"]),
    )


def _table(directory: Path, locus: Locus, width: int, taxa: int) -> LocusTable:
    arrays: dict[str, NDArray[Any]] = {}
    for name, (dtype, dimensions) in _ARRAYS.items():
        path = directory / f"{_stem(locus)}.{name}.npy"
        if not path.is_file():
            raise ValueError(
                f"{path.name} is missing: the library was built by an earlier version, build it again"
            )
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.dtype.str != dtype or array.ndim != dimensions:
            raise ValueError(f"{path.name} is {array.dtype.str} of {array.ndim} dimensions")
        arrays[name] = array
    records = arrays["haplotype"].size
    lengths = {name: arrays[name].size for name in ("taxon", "state", "individual", "strand", "collapsed")}
    lengths["accession_offsets"] = arrays["accession_offsets"].size - 1
    if any(length != records for length in lengths.values()):
        raise ValueError(f"the arrays of {locus} differ in length: {lengths}")
    if arrays["packed"].shape[1] != -(-width // 2):
        raise ValueError(f"{locus} has rows of {arrays['packed'].shape[1]} bytes for {width} columns")
    limits = {"haplotype": arrays["packed"].shape[0], "taxon": taxa, "state": len(CurationState), "collapsed": 2}
    for name, limit in limits.items():
        if records and int(arrays[name].max()) >= limit:
            raise ValueError(f"{locus}: {name} points beyond its table")
    revised: dict[int, tuple[int, ...]] = {}
    for record, taxon in arrays["revised"].tolist():
        revised[record] = (*revised.get(record, ()), taxon)
    return LocusTable(
        locus=locus,
        width=width,
        packed=arrays["packed"],
        haplotype=arrays["haplotype"],
        taxon=arrays["taxon"],
        state=arrays["state"],
        individual=arrays["individual"],
        strand=arrays["strand"],
        collapsed=arrays["collapsed"],
        accessions=TextColumn(arrays["accession_offsets"], arrays["accession_bytes"]),
        revised=revised,
    )
