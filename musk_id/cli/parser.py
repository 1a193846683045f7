"""Arguments of every command; a command's module is imported only when the command runs."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path

from musk_id import __version__

__all__ = ["build_parser"]

STAGES = ("intake", "controls", "barcode", "spectra", "evidence", "record", "seal")
SPECTRAL_SCORES = ("cosine", "entropy", "identity", "identity-reverse", "similarity", "similarity-reverse")
KEY_ROLES = ("seal", "person", "release", "label-authority")


def _deferred(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        command = getattr(importlib.import_module(f"musk_id.cli.{module}"), function)
        code: int = command(arguments)
        return code

    return run


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``musk-id``."""
    parser = argparse.ArgumentParser(
        prog="musk-id",
        description="Examine evidence of musk deer and musk products; seal what was found.",
        epilog="Exit codes: 0 finished, 1 bug, 2 usage or request, 3 unreadable input, 4 integrity.",
    )
    parser.add_argument("--version", action="version", version=f"musk-id {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a bug")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _examine(commands)
    what_if = commands.add_parser(
        "what-if", help="would the DNA answers of a case stand without a reference record?"
    )
    what_if.add_argument("case_dir", type=Path, metavar="CASE_DIR", help="case folder")
    what_if.add_argument("--drop", action="append", required=True, metavar="ACCESSION", help="record to leave out")
    what_if.add_argument("--root", type=Path, help="laboratory root")
    what_if.set_defaults(run=_deferred("what_if", "run_what_if"))
    _verify(commands)
    _case(commands)
    _inbox(commands)
    _key(commands)
    _barcode(commands)
    _spectra(commands)
    _refdb(commands)
    _stage(commands)
    _runs(commands)
    _plan(commands)
    selftest = commands.add_parser("selftest", help="run the shipped cases against their expected digests")
    selftest.add_argument("--protocol", type=Path, help="also write the protocol to this file")
    selftest.set_defaults(run=_deferred("selftest", "run_selftest"))
    return parser


def _examine(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("examine", help="examine one case, from its files to a sealed record")
    parser.add_argument(
        "case_dir", type=Path, metavar="CASE_DIR", help="folder with request.yaml and examination.yaml"
    )
    parser.add_argument(
        "--root", type=Path, help="laboratory root (default: the folder above that has laboratory.yaml)"
    )
    parser.add_argument("--out", type=Path, required=True, help="output folder; the case goes to OUT/cases/<case>")
    parser.add_argument(
        "--key", type=Path, help="private key file for the seal (passphrase: MUSK_ID_PASSPHRASE, or asked)"
    )
    parser.set_defaults(run=_deferred("examine", "run_examine"))


def _verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("verify", help="check a sealed case: every byte, and the signature")
    parser.add_argument("case_dir", type=Path, metavar="DIR", help="sealed case folder")
    parser.add_argument("--trust", type=Path, help="file of trusted public keys, one '<key id> <base64>' a line")
    parser.set_defaults(run=_deferred("verify", "run_verify"))


def _case(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("case", help="make or check the input files of a case")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="write commented templates for a new case")
    new.add_argument("case_dir", type=Path, metavar="DIR", help="folder to make; its name is the case id")
    new.add_argument("--laboratory", action="store_true", help="also write laboratory.yaml and a run sheet")
    new.set_defaults(run=_deferred("case", "run_new"))
    check = actions.add_parser("check", help="check the inputs of a case; all problems at once")
    check.add_argument("case_dir", type=Path, metavar="DIR", help="case folder")
    check.add_argument("--root", type=Path, help="laboratory root")
    check.set_defaults(run=_deferred("case", "run_check"))
    table = actions.add_parser("import", help="make many cases from a table (CSV); all of them or none")
    table.add_argument("table", type=Path, metavar="TABLE", help="table; its files lie beside or below it")
    table.add_argument("--root", type=Path, required=True, help="laboratory root")
    table.set_defaults(run=_deferred("case_import", "run_import"))


def _inbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "inbox", help="file the requests that an authority dropped into a folder, and answer each with a receipt"
    )
    parser.add_argument("inbox", type=Path, metavar="DIR", help="folder with request files; they stay as they are")
    parser.add_argument("--root", type=Path, required=True, help="laboratory root")
    parser.add_argument("--receipts", type=Path, help="folder for the receipts (default: DIR/receipts)")
    parser.add_argument(
        "--settle-seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="take files that stay the same for so long (default: 5)",
    )
    parser.set_defaults(run=_deferred("inbox", "run_inbox"))


def _key(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("key", help="make a key")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make an Ed25519 key (passphrase: MUSK_ID_PASSPHRASE, or asked)")
    new.add_argument("--role", choices=KEY_ROLES, default="seal")
    new.add_argument("--out", type=Path, required=True, help="folder for the key files")
    new.set_defaults(run=_deferred("key", "run_new"))


def _add_table_options(match: argparse.ArgumentParser) -> None:
    """Options of a match of many against a library, whatever is matched."""
    match.add_argument("--library", required=True, help="release id, such as 2026.1, or the folder of a library")
    match.add_argument("--out", required=True, metavar="TSV", help="table to write; '-' for standard output")
    match.add_argument("--processes", type=int, metavar="N", help="processes (default: one a processor)")
    match.add_argument("--releases", type=Path, help="folder of releases")


def _barcode(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("barcode", help="barcodes outside of a case")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    match = actions.add_parser("match", help="what the barcode rules say of each of many sequences, as a table")
    match.add_argument(
        "queries",
        type=Path,
        metavar="QUERIES",
        help="FASTA file, or reads: FASTQ (.fastq, .fq), both also with gzip, or mapped and sorted (.bam)",
    )
    match.add_argument("--mates", type=Path, metavar="FASTQ", help="reverse reads of the pairs, for FASTQ")
    match.add_argument(
        "--primers",
        action="append",
        metavar="FORWARD,REVERSE",
        help="a primer pair of the reads beside those of published assays; may be given several times",
    )
    _add_table_options(match)
    match.set_defaults(run=_deferred("match", "run_match"))


def _spectra(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("spectra", help="mass spectra outside of a case")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    match = actions.add_parser("match", help="the library spectra most alike to each of many, as a table")
    match.add_argument(
        "queries",
        type=Path,
        metavar="QUERIES",
        help="spectra (.msp, .msl, .mgf, .massbank, .jdx, .mzml, .mzxml, .csv ...), also with gzip",
    )
    _add_table_options(match)
    match.add_argument(
        "--score",
        choices=SPECTRAL_SCORES,
        help="what hits are ordered by (cosine; of product ions: entropy, or cosine)",
    )
    for option, default in (("--precursor-tolerance-da", "0.01"), ("--product-tolerance-da", "0.02")):
        match.add_argument(
            option, metavar="DA", help=f"of product ions, where the library is a file of them ({default})"
        )
    match.add_argument("--hits", type=int, default=10, metavar="N", help="hits a spectrum, and all ties (10)")
    match.add_argument(
        "--index", type=Path, metavar="FOLDER", help="keep the index here, so that it is made only once"
    )
    match.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="calibration of the library's spectra (default: ID.spectra.json beside its folder, if there)",
    )
    match.set_defaults(run=_deferred("match_spectra", "run_match"))


def _refdb(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("refdb", help="the reference library")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the installed releases")
    listing.add_argument("--releases", type=Path, help="folder of releases")
    listing.add_argument("--libraries", type=Path, help="also list the libraries of this folder")
    listing.set_defaults(run=_deferred("refdb", "run_list"))
    verify = actions.add_parser("verify", help="check a release against its manifest")
    verify.add_argument("release", help="release id, such as 2026.1, or the folder of a library")
    verify.add_argument("--releases", type=Path, help="folder of releases")
    verify.set_defaults(run=_deferred("refdb", "run_verify"))
    build = actions.add_parser("build", help="build a release or a library from its sources")
    build.add_argument("sources", type=Path, help="folder with release.toml or library.toml")
    build.add_argument("--inputs", type=Path, help="folder below which a library's input files lie")
    build.add_argument("--releases", type=Path, help="folder of releases")
    build.add_argument("--out", type=Path, required=True, help="folder of releases or libraries")
    build.set_defaults(run=_deferred("refdb", "run_build"))
    audit = actions.add_parser("audit", help="say what speaks against the names and sequences of a library")
    audit.add_argument("library", type=Path, metavar="LIBRARY", help="folder of a built library")
    audit.add_argument("--out", type=Path, required=True, help="folder for audit.json, proposals.tsv and audit.md")
    audit.add_argument("--checklist", help="release with the species that need references (default: the anchors')")
    audit.add_argument("--releases", type=Path, help="folder of releases")
    audit.set_defaults(run=_deferred("audit", "run_audit"))
    calibrate = actions.add_parser(
        "calibrate", help="measure radii, margins and errors of a library by leaving its records out in turn"
    )
    calibrate.add_argument("library", type=Path, metavar="LIBRARY", help="folder of a built library")
    written = calibrate.add_mutually_exclusive_group(required=True)
    written.add_argument("--out", type=Path, metavar="FILE", help="calibration to write (JSON)")
    written.add_argument(
        "--beside-release",
        action="store_true",
        help="put it, with its manifest, beside the release of --panel, where examinations read it",
    )
    written.add_argument(
        "--spectra",
        type=Path,
        metavar="FILE",
        help="calibrate its EI spectra instead: probability of a first name, and when none is given (JSON)",
    )
    calibrate.add_argument("--panel", metavar="RELEASE", help="also hold the records against this release")
    calibrate.add_argument("--releases", type=Path, help="folder of releases")
    calibrate.set_defaults(run=_deferred("calibrate", "run_calibrate"))
    report = actions.add_parser("report", help="a library or a release as readable pages (HTML, PDF)")
    report.add_argument("library", help="release id, such as 2026.1, or the folder of a library")
    report.add_argument("--out", type=Path, required=True, help="folder for the report")
    report.add_argument("--releases", type=Path, help="folder of releases")
    report.set_defaults(run=_deferred("library_report", "run_report"))
    _refdb_fetch(actions)
    _refdb_freeze(actions)
    _refdb_exchange(actions)


def _refdb_fetch(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pins = actions.add_parser("pins", help="write which records a release rests on, as pins for 'fetch'")
    pins.add_argument("release", help="release id, such as 2026.1")
    pins.add_argument("--out", type=Path, required=True, help="table to write")
    pins.add_argument("--releases", type=Path, help="folder of releases")
    pins.set_defaults(run=_deferred("fetch", "run_pins"))
    fetch = actions.add_parser(
        "fetch",
        help="fetch pinned records from NCBI and check each",
        epilog="MUSK_ID_NCBI_EMAIL must hold an e-mail address, which NCBI requires; MUSK_ID_NCBI_API_KEY may "
        "hold an API key. A run that was interrupted goes on where it stopped.",
    )
    fetch.add_argument("pins", type=Path, metavar="PINS", help="table of pins")
    fetch.add_argument("--out", type=Path, required=True, help="folder for the records and fetched.tsv")
    fetch.add_argument("--base-url", metavar="URL", help="folder of the E-utilities (default: those of NCBI)")
    fetch.set_defaults(run=_deferred("fetch", "run_fetch"))


def _refdb_freeze(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    freeze = actions.add_parser("freeze", help="make a new release from a release and the records of a library")
    freeze.add_argument("library", type=Path, metavar="LIBRARY", help="folder of a built library")
    freeze.add_argument("--base", required=True, metavar="RELEASE", help="release whose tables are continued")
    freeze.add_argument("--release", required=True, metavar="YYYY.N", help="number of the new release")
    freeze.add_argument("--date", required=True, metavar="YYYY-MM-DD", help="date of the new release")
    freeze.add_argument("--sets", type=Path, help="sets.tsv with the base's sets and the new records of them")
    freeze.add_argument("--releases", type=Path, help="folder of releases, in which the base is looked for")
    freeze.add_argument("--out", type=Path, required=True, help="folder of releases for the new one")
    freeze.set_defaults(run=_deferred("freeze", "run_freeze"))
    diff = actions.add_parser("diff", help="what changed between two releases or two libraries")
    diff.add_argument("before", metavar="A", help="release id, release folder or library folder")
    diff.add_argument("after", metavar="B", help="the same kind as A")
    diff.add_argument("--json", type=Path, metavar="FILE", help="also write the differences as canonical JSON")
    diff.add_argument(
        "--panel",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="also compare answers: on sequences (FASTA) and spectra (MSP and other formats of a case), or, "
        "without a file, on the records of Moschus and the spectra of marker compounds of A and B, each with its "
        "own individual withheld",
    )
    diff.add_argument("--answers", type=Path, metavar="TSV", help="write a row for each query of the panel")
    diff.add_argument("--releases", type=Path, help="folder of releases")
    diff.set_defaults(run=_deferred("diff", "run_diff"))


def _refdb_exchange(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = actions.add_parser("export", help="write a library as one signed file for another laboratory")
    export.add_argument("library", type=Path, metavar="LIBRARY", help="folder of a built library")
    export.add_argument(
        "--key", type=Path, required=True, help="key of role 'release' (passphrase: MUSK_ID_PASSPHRASE, or asked)"
    )
    export.add_argument("--policy", type=Path, required=True, help="which licences and provenance are needed")
    export.add_argument(
        "--library-id", metavar="ID", help="id of what is exported (default for a part: <id>-part)"
    )
    export.add_argument("--releases", type=Path, help="folder of releases")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.mskid", help="file to write")
    export.set_defaults(run=_deferred("exchange", "run_export"))
    adopt = actions.add_parser("import", help="verify and adopt a library that another laboratory exported")
    adopt.add_argument("bundle", type=Path, metavar="FILE.mskid", help="signed file of the other laboratory")
    adopt.add_argument("--trust", type=Path, required=True, help="trusted keys, one '<key id> <base64>' a line")
    adopt.add_argument("--out", type=Path, required=True, help="folder of libraries")
    adopt.set_defaults(run=_deferred("exchange", "run_import"))


def _stage(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("stage", help="run one stage over a shard of cases (for the workflow)")
    parser.add_argument("name", choices=STAGES)
    parser.add_argument("--root", type=Path, required=True, help="laboratory root")
    parser.add_argument(
        "--shard", type=Path, required=True, help="list of the shard; earlier records lie beside it"
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON Lines file to write")
    parser.add_argument("--controls", type=Path, nargs="*", default=[], help="controls records of all batches")
    parser.add_argument("--cases", type=Path, help="folder for the cases' files (record and seal)")
    parser.add_argument("--rows", type=Path, help="rows of the overview to write (record)")
    parser.set_defaults(run=_deferred("stage", "run_stage"))


def _runs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("runs", help="plan and watch runs over many cases")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    plan = actions.add_parser("plan", help="cut new cases into shards (append-only)")
    plan.add_argument("--root", type=Path, required=True)
    plan.add_argument("--out", type=Path, required=True)
    plan.add_argument("--cases-per-shard", type=int, default=100)
    plan.add_argument("--held-lock", type=int, metavar="FD", help=argparse.SUPPRESS)
    plan.set_defaults(run=_deferred("runs", "run_plan"))
    status = actions.add_parser("status", help="count finished and failed cases; exit 3 if any failed")
    status.add_argument("--out", type=Path, required=True)
    status.set_defaults(run=_deferred("runs", "run_status"))
    overview = actions.add_parser("overview", help="write summary.csv and index.html of an output folder")
    overview.add_argument("--out", type=Path, required=True)
    overview.set_defaults(run=_deferred("runs", "run_overview"))
    sbom = actions.add_parser("sbom", help="what is installed, as a bill of materials (CycloneDX, JSON)")
    sbom.add_argument("--out", type=Path, metavar="FILE", help="bill to write")
    sbom.add_argument(
        "--check", action="store_true", help="hold every installed file against its package's digest"
    )
    sbom.set_defaults(run=_deferred("sbom", "run_sbom"))
    shared = actions.add_parser("shared", help="list the sequences that wells of a batch share (TSV)")
    shared.add_argument("batch", metavar="BATCH", help="id of the batch, the name of its folder")
    shared.add_argument("--root", type=Path, required=True, help="laboratory root")
    shared.set_defaults(run=_deferred("shared_wells", "run_shared"))


def _plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("plan", help="how many items are needed, before anything is examined")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    ratio = actions.add_parser("ratio", help="what likelihood ratio numbers of items could give at best")
    ratio.add_argument("--individuals", type=int, metavar="N1", help="individuals of the genus (H1)")
    ratio.add_argument("--species", type=int, metavar="N2", help="species of the alternatives (H2)")
    ratio.add_argument("--bound", metavar="LR", help="lower bound that is wanted")
    ratio.set_defaults(run=_deferred("plan", "run_ratio"))
    sampling = actions.add_parser("sampling", help="how many units of a seizure to examine")
    sampling.add_argument("--units", type=int, required=True, metavar="N", help="units in all")
    sampling.add_argument(
        "--share", action="append", metavar="PERCENT", help="share to be shown positive (default: 50, 70 and 90)"
    )
    sampling.add_argument(
        "--negatives", type=int, default=0, metavar="R", help="examined units that may be negative"
    )
    sampling.add_argument("--confidence", default="95", metavar="PERCENT", help="confidence (default: 95)")
    sampling.add_argument("--examined", type=int, metavar="N", help="units examined, chosen at random")
    sampling.add_argument("--positive", type=int, metavar="K", help="how many of those were positive")
    sampling.set_defaults(run=_deferred("plan", "run_sampling"))
