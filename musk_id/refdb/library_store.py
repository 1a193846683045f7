"""A library on disk: tables for people, arrays for comparison, and a manifest with the digest of each file.

Arrays are plain ``.npy`` files without objects; they are mapped into memory, not read. Loading compares every
file with the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import IntegrityError, ReferenceDataError
from musk_id.model.library import Library, LocusTable, TaxonColumn, TextColumn
from musk_id.model.values import RULES, IsoDate, Line, Sha256
from musk_id.records.files import sha256_bytes, sha256_file
from musk_id.refdb.arrays import mapped_arrays, npy_bytes
from musk_id.refdb.manifest import MANIFEST_NAME
from musk_id.refdb.spectra_store import load_spectra
from musk_id.vocabulary import CurationState, Locus

__all__ = [
    "HEAD_NAME",
    "TAXA_COLUMNS",
    "TAXA_NAME",
    "array_files",
    "array_names",
    "library_manifest",
    "load_library",
    "verify_library",
]

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


# What reading the head and the arrays of a faulty library may raise; NumPy parses the header of an array as text.
_FAULTS = (
    ArithmeticError, EOFError, LookupError, OSError, RecursionError, SyntaxError, TokenError, TypeError,
    ValueError,
)  # fmt: skip


def _stem(locus: Locus) -> str:
    return locus.value.lower()


def array_names(locus: Locus) -> tuple[str, ...]:
    """Names of the array files of a marker."""
    return tuple(f"{_stem(locus)}.{name}.npy" for name in _ARRAYS)


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
    return {
        f"{_stem(table.locus)}.{name}.npy": npy_bytes(array, _ARRAYS[name][0]) for name, array in arrays.items()
    }


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
    except (IntegrityError, *_FAULTS) as error:
        raise ReferenceDataError(f"the files contradict each other: {error}", where=directory.name) from error


def _assemble(directory: Path, head: dict[str, Any], manifest: Sha256) -> Library:
    if not RULES[IsoDate].accepts(head["date"]):
        raise ValueError("the date of the library is none")
    head_row, *rows = (directory / TAXA_NAME).read_text(encoding="utf-8").split("\n")[:-1]
    if head_row.split("\t") != list(TAXA_COLUMNS) or any(row.count("\t") != len(TAXA_COLUMNS) - 1 for row in rows):
        raise ValueError(f"{TAXA_NAME} has other columns than {', '.join(TAXA_COLUMNS)}")
    taxa = TaxonColumn(tuple(rows))
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
        spectra=load_spectra(directory, head["spectra"]) if head.get("spectra") else None,
    )


def _table(directory: Path, locus: Locus, width: int, taxa: int) -> LocusTable:
    arrays = mapped_arrays(directory, _stem(locus), _ARRAYS)
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
