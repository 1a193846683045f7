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
    Exchange,
    ExchangePolicy,
    parse_policy,
    part_id,
    refused_bytes,
    select_for_exchange,
)
from musk_id.refdb.library_read import LIBRARY_FILES, BuiltLibrary, read_library
from musk_id.refdb.library_subset import own_files, subset_library
from musk_id.refdb.manifest import MANIFEST_NAME
from musk_id.refdb.release import load_release, locate_release
from musk_id.sealing.bundle import unpack_bundle, write_bundle
from musk_id.sealing.keys import load_key

__all__ = ["run_export", "run_import"]

MAX_POLICY_BYTES = 1_000_000
MAX_REFUSED_SHOWN = 50
REFUSED_ENDING = ".refused.tsv"


def run_export(arguments: argparse.Namespace) -> int:
    """Write what the policy lets out as a signed bundle, and list what it keeps back."""
    out: Path = arguments.out
    policy = _policy(arguments.policy)
    built = read_library(arguments.library)
    exchange = select_for_exchange(built, policy)
    _say_refused(exchange)
    listed = out.with_name(out.name + REFUSED_ENDING)
    if exchange.is_empty:
        write_atomic(listed, refused_bytes(exchange.refused))
        raise _nothing_left(built, len(exchange.refused), listed.name)
    members, library_id = _members(arguments, built, exchange)
    header = _header(built, library_id, exchange, policy, members)
    key = load_key(arguments.key, ask_passphrase())
    write_bundle(out, header, members, key)
    write_atomic(listed, refused_bytes(exchange.refused))
    say(
        f"library {library_id}: {_counted(len(exchange.sequences), len(exchange.spectra))} exported, "
        f"{counted(len(exchange.refused), 'record', 'records')} refused"
    )
    say(f"  signed by {key[0]}; manifest {header.manifest_sha256}")
    say(f"  {out}")
    say(f"  {listed}")
    return 0


def _counted(sequences: int, spectra: int) -> str:
    return f"{sequences} sequences and {spectra} spectra"


def _policy(path: Path) -> ExchangePolicy:
    try:
        return parse_policy(read_limited(path, MAX_POLICY_BYTES), path.name)
    except InputFormatError as error:
        raise ConfigError(error.message, where=path.name) from error


def _nothing_left(built: BuiltLibrary, refused: int, listed: str) -> UsageError:
    where = built.library.library_id
    if not refused:
        return UsageError(
            "the library holds neither sequences nor spectra: no bundle was written",
            where=where,
            hint="see its set_aside.tsv for what became of its inputs",
        )
    return UsageError(
        f"none of {counted(refused, 'record', 'records')} may be exported: no bundle was written",
        where=where,
        hint=f"see the reasons above and in {listed}; state what is missing in the sources",
    )


def _say_refused(exchange: Exchange) -> None:
    shown = exchange.refused[:MAX_REFUSED_SHOWN]
    for entry in shown:
        say(f"refused: {entry.accession} {entry.locus or 'spectrum'}: {entry.reason}: {entry.detail}")
    if len(shown) < len(exchange.refused):
        say(f"  {len(exchange.refused) - len(shown)} more stand in the list")
    kinds = Counter((entry.reason, entry.locus is None) for entry in exchange.refused)
    for (reason, is_spectrum), count in sorted(kinds.items()):
        say(f"  {count} {'spectra' if is_spectrum else 'sequences'} refused for {reason}")


def _members(
    arguments: argparse.Namespace, built: BuiltLibrary, exchange: Exchange
) -> tuple[dict[str, bytes], Identifier]:
    whole = Identifier(built.library.library_id)
    wanted = arguments.library_id
    if wanted is not None and not RULES[Identifier].accepts(wanted):
        raise UsageError(f"--library-id is not {RULES[Identifier].described}")
    if _travels_whole(built, exchange) and wanted in (None, whole):
        return own_files(arguments.library), whole
    library_id = Identifier(wanted) if wanted is not None else part_id(whole)
    if library_id == whole:
        raise UsageError(
            f"a part of library {whole} cannot bear the id of the whole", hint="give another --library-id"
        )
    anchors = load_release(locate_release(built.library.anchors_release, arguments.releases))
    return subset_library(built, anchors, exchange.sequences, library_id, exchange.spectra), library_id


def _travels_whole(built: BuiltLibrary, exchange: Exchange) -> bool:
    """Whether nothing stays; files of the whole also name what was set aside of inputs that are not shared."""
    return not exchange.refused and all(entry.redistribute for entry in built.inputs)


def _header(
    built: BuiltLibrary,
    library_id: Identifier,
    exchange: Exchange,
    policy: ExchangePolicy,
    members: dict[str, bytes],
) -> BundleHeader:
    travelling = Counter(record.input_path for record in built.records if record.key in exchange.sequences)
    if built.library.spectra is not None:
        travelling += Counter(built.library.spectra.entry(place).input for place in exchange.spectra)
    return BundleHeader(
        schema=Line(BundleHeader.SCHEMA),
        library_id=library_id,
        library_date=IsoDate(built.library.date),
        library_title=built.library.title,
        manifest_sha256=sha256_bytes(members[MANIFEST_NAME]),
        records=len(exchange.sequences) + len(exchange.spectra),
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
    say(f"  licences let through: {', '.join(header.licences)}")
    for entry in header.inputs:
        told = counted(entry.records, "record", "records")
        say(f"  {entry.path}: {told}; licence where a record states none: {entry.licence}")
    say(f"  {target}")
    return 0
