"""``musk-id refdb export`` and ``import``: a library from one laboratory to another, as one signed file."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from musk_id.cli.console import say
from musk_id.cli.passphrase import ask_passphrase
from musk_id.cli.verify import read_trusted
from musk_id.errors import ConfigError, InputFormatError, UsageError, counted
from musk_id.model.bundle import BundleHeader, BundleInput, BundleMember, LibraryOrigin
from musk_id.model.library import LibraryInput
from musk_id.model.values import RULES, Identifier, IsoDate, Line, RelativePath
from musk_id.records.files import read_limited, sha256_bytes, write_atomic
from musk_id.refdb.adopt import adopt_library
from musk_id.refdb.exchange import (
    SPECTRA_STAY,
    ExchangePolicy,
    RefusedRecord,
    parse_policy,
    part_id,
    refused_bytes,
    select_for_exchange,
)
from musk_id.refdb.library_read import LIBRARY_FILES, BuiltLibrary, read_library
from musk_id.refdb.library_subset import Key, own_files, subset_library
from musk_id.refdb.manifest import MANIFEST_NAME
from musk_id.refdb.release import load_release, locate_release
from musk_id.sealing.bundle import unpack_bundle, write_bundle
from musk_id.sealing.keys import load_key

__all__ = ["run_export", "run_import"]

MAX_POLICY_BYTES = 1_000_000
REFUSED_ENDING = ".refused.tsv"


def run_export(arguments: argparse.Namespace) -> int:
    """Write what the policy lets out as a signed bundle, and list what it keeps back."""
    out: Path = arguments.out
    policy = _policy(arguments.policy)
    built = read_library(arguments.library)
    keep, refused = select_for_exchange(built, policy)
    spectra = built.library.spectra
    held = 0 if spectra is None else len(spectra)
    _say_refused(refused, held)
    listed = out.with_name(out.name + REFUSED_ENDING)
    if not keep:
        write_atomic(listed, refused_bytes(refused, spectra))
        raise _nothing_left(built, held, listed.name)
    members, library_id = _members(arguments, built, keep)
    header = _header(built, library_id, keep, policy, members)
    key = load_key(arguments.key, ask_passphrase())
    write_bundle(out, header, members, key)
    write_atomic(listed, refused_bytes(refused, spectra))
    left = f", {counted(held, 'spectrum', 'spectra')} left out" if held else ""
    say(
        f"library {library_id}: {counted(header.records, 'record', 'records')} exported, "
        f"{len(refused)} refused{left}"
    )
    say(f"  signed by {key[0]}; manifest {header.manifest_sha256}")
    say(f"  {out}")
    say(f"  {listed}")
    return 0


def _policy(path: Path) -> ExchangePolicy:
    try:
        return parse_policy(read_limited(path, MAX_POLICY_BYTES), path.name)
    except InputFormatError as error:
        raise ConfigError(error.message, where=path.name) from error


def _nothing_left(built: BuiltLibrary, spectra: int, listed: str) -> UsageError:
    where = built.library.library_id
    if spectra and not built.records:
        return UsageError(
            f"{counted(spectra, 'spectrum', 'spectra')} and no sequences; {SPECTRA_STAY}: no bundle was written",
            where=where,
            hint=f"see {listed}; hand on the files from which the library was built, where their terms permit it",
        )
    if not built.records:
        return UsageError(
            "the library holds neither sequences nor spectra: no bundle was written",
            where=where,
            hint="see its set_aside.tsv for what became of its inputs",
        )
    return UsageError(
        f"none of {counted(len(built.records), 'record', 'records')} may be exported: no bundle was written",
        where=where,
        hint=f"see the reasons above and in {listed}; state what is missing in the sources",
    )


def _say_refused(refused: tuple[RefusedRecord, ...], spectra: int) -> None:
    for entry in refused:
        say(f"refused: {entry.record.accession} {entry.record.locus}: {entry.reason}: {entry.detail}")
    for reason, count in sorted(Counter(entry.reason for entry in refused).items()):
        say(f"  {count} refused for {reason}")
    if spectra:
        say(f"  {counted(spectra, 'spectrum', 'spectra')} left out: {SPECTRA_STAY}")


def _members(
    arguments: argparse.Namespace, built: BuiltLibrary, keep: frozenset[Key]
) -> tuple[dict[str, bytes], Identifier]:
    whole = Identifier(built.library.library_id)
    wanted = arguments.library_id
    if wanted is not None and not RULES[Identifier].accepts(wanted):
        raise UsageError(f"--library-id is not {RULES[Identifier].described}")
    if _travels_whole(built, keep) and wanted in (None, whole):
        return own_files(arguments.library), whole
    library_id = Identifier(wanted) if wanted is not None else part_id(whole)
    if library_id == whole:
        raise UsageError(
            f"a part of library {whole} cannot bear the id of the whole", hint="give another --library-id"
        )
    anchors = load_release(locate_release(built.library.anchors_release, arguments.releases))
    return subset_library(built, anchors, keep, library_id), library_id


def _travels_whole(built: BuiltLibrary, keep: frozenset[Key]) -> bool:
    """Whether nothing stays; files of the whole also name what was set aside of inputs that are not shared."""
    all_shared = all(entry.redistribute for entry in built.inputs)
    return len(keep) == len(built.records) and built.library.spectra is None and all_shared


def _header(
    built: BuiltLibrary,
    library_id: Identifier,
    keep: frozenset[Key],
    policy: ExchangePolicy,
    members: dict[str, bytes],
) -> BundleHeader:
    travelling = Counter(record.input_path for record in built.records if record.key in keep)
    return BundleHeader(
        schema=Line(BundleHeader.SCHEMA),
        library_id=library_id,
        library_date=IsoDate(built.library.date),
        library_title=built.library.title,
        manifest_sha256=sha256_bytes(members[MANIFEST_NAME]),
        records=len(keep),
        exporter=policy.exporter,
        statement=policy.statement,
        policy_sha256=policy.sha256,
        licences=policy.licences,
        required_provenance=policy.required_provenance,
        inputs=tuple(_input(entry, travelling) for entry in built.inputs if travelling[entry.path]),
        members=tuple(
            BundleMember(name=Line(name), size_bytes=len(data), sha256=sha256_bytes(data))
            for name, data in sorted(members.items())
        ),
    )


def _input(entry: LibraryInput, travelling: Counter[RelativePath]) -> BundleInput:
    return BundleInput(
        path=entry.path,
        sha256=entry.sha256,
        licence=entry.licence,
        source=entry.source,
        records=travelling[entry.path],
    )


def run_import(arguments: argparse.Namespace) -> int:
    """Verify a bundle, load the library in it, and adopt it with its origin beside it."""
    out: Path = arguments.out
    trusted = read_trusted(arguments.trust)
    if not arguments.bundle.is_file():
        raise UsageError("there is no such file", where=str(arguments.bundle))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".adopting-") as temporary:
        folder = Path(temporary) / "library"
        folder.mkdir()
        bundle = unpack_bundle(arguments.bundle, folder, trusted, LIBRARY_FILES)
        header = bundle.header
        origin = LibraryOrigin(
            schema=Line(LibraryOrigin.SCHEMA),
            library_id=header.library_id,
            manifest_sha256=header.manifest_sha256,
            bundle_sha256=bundle.sha256,
            header=header,
            signature=bundle.signature,
        )
        target, is_new = adopt_library(folder, out, origin)
    say(f"library {header.library_id} of {header.library_date}: {'adopted' if is_new else 'was there already'}")
    say(f"  exported by {header.exporter}, signed by {bundle.signature.key_id}")
    say(f"  manifest {header.manifest_sha256}; {counted(header.records, 'record', 'records')}")
    for entry in header.inputs:
        say(f"  {entry.path}: {counted(entry.records, 'record', 'records')}, licence {entry.licence}")
    say(f"  {target}")
    return 0
