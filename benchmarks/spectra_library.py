"""Build and audit of the public pool of EI spectra, beside the counts that were published for it.

Prints times, what was set aside and why, the flags of the audit, and how pools made from the flags compare with
those of the data set's own index. Nothing is written into the project.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from musk_id.model.library import Library  # noqa: E402
from musk_id.model.methods import BARCODE_METHODS  # noqa: E402
from musk_id.model.spectra_audit import SpectraAudit  # noqa: E402
from musk_id.model.spectral_table import SpectrumEntry  # noqa: E402
from musk_id.refdb.audit_spectra import audit_spectra, spectra_audit_files  # noqa: E402
from musk_id.refdb.library_build import build_library  # noqa: E402
from musk_id.refdb.library_store import load_library  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.vocabulary import SpectrumFlag  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata" / "spectra"
RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
POOL = "massbank/massbank_ei.msp.gz"
INDEX = "massbank/massbank_ei_pools.tsv.gz"
OTHERS = (
    ("pnnl/PNNLMetV20191015.msp.gz", 'ionisation = "EI"\nelectron_energy_ev = "70"\nderivative = "TMS/MeOx"\n'),
    ("pnnl/FAMES_REF.msp", 'ionisation = "EI"\nelectron_energy_ev = "70"\n'),
    ("musk_targets/musk_targets_ei.msp.gz", ""),
    ("massbank/massbank_ci_fi_negatives.msp.gz", ""),
    ("massbank/massbank_lcmsms.msp.gz", ""),
)


@dataclass(frozen=True)
class Timed:
    """A library as built and loaded, with the seconds that each took."""

    folder: Path
    library: Library
    build_s: float
    load_s: float


def timed_build(name: str, inputs: Iterable[tuple[str, str]], folder: Path) -> Timed:
    """Build a library of the files named and load it."""
    sources = folder / f"sources-{name}"
    sources.mkdir()
    tables = "".join(
        f'[[spectra]]\npath = "{path}"\nsource = "public"\nlicence = "per record"\nredistribute = false\n{extra}'
        for path, extra in inputs
    )
    head = f'library_id = "{name}"\ndate = "2026-11-25"\ntitle = "Public spectra"\n'
    (sources / "library.toml").write_text(head + tables, encoding="utf-8")
    anchors = load_release(RELEASE)
    start = time.perf_counter()
    built = build_library(sources, REFDATA, folder / "libraries", anchors, BARCODE_METHODS[-1])
    middle = time.perf_counter()
    library = load_library(built)
    return Timed(built, library, middle - start, time.perf_counter() - middle)


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table, compressed or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as handle
    ):
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def say_build(timed: Timed) -> None:
    """What became of the records of each input."""
    size = sum(path.stat().st_size for path in timed.folder.iterdir()) / 1e6
    print(f"build {timed.build_s:.1f} s, load {timed.load_s:.3f} s, {size:.1f} MB")
    aside = Counter((row["input"], row["reason"]) for row in rows(timed.folder / "set_aside.tsv"))
    for entry in rows(timed.folder / "inputs.tsv"):
        counts = [int(entry[column]) for column in ("records_in", "records_kept", "records_set_aside")]
        assert counts[0] == counts[1] + counts[2], entry
        reasons = ", ".join(
            f"{reason} {n}" for (path, reason), n in sorted(aside.items()) if path == entry["input"]
        )
        print(
            f"  {entry['input']}: {counts[0]} in = {counts[1]} kept + {counts[2]} set aside ({reasons or 'none'})"
        )


def say_audit(audit: SpectraAudit, seconds: float) -> None:
    """Counts of the flags."""
    print(f"audit {seconds:.1f} s: {audit.records} spectra of {audit.compounds} compounds")
    for count in audit.flags:
        print(f"  {count.flag.value:32} {count.records:6}")
    for kind in audit.precision:
        print(f"  m/z in {kind.precision.value:25} {kind.records:6}")
    testable = audit.molecular_ion_testable
    print(f"  molecular ion testable {testable}, peak lists under several structures {audit.same_peaks_groups}")


def flagged(audit: SpectraAudit, flag: SpectrumFlag) -> set[str]:
    """Accessions with a flag."""
    return {finding.accession for finding in audit.findings if finding.flag is flag}


def say_pools(library: Library, audit: SpectraAudit) -> None:
    """Pools by the definitions of the data set's index, made from our flags, beside its own."""
    assert library.spectra is not None
    entries = list(library.spectra.entries())
    labelled = flagged(audit, SpectrumFlag.ISOTOPOLOGUE_UNDER_PARENT_KEY)
    near = flagged(audit, SpectrumFlag.NEAR_DUPLICATE)
    other = flagged(audit, SpectrumFlag.ELECTRON_ENERGY_OTHER)
    a = entries
    b = [e for e in a if e.accession not in labelled | near]
    c = [e for e in b if e.derivative is None]
    pools: dict[str, list[SpectrumEntry]] = {
        "A": a,
        "B": b,
        "C": c,
        "D": [e for e in c if e.accession not in other],
        "E": [e for e in c if e.electron_energy_ev is not None and float(e.electron_energy_ev) == 70],
        "F": [e for e in b if e.derivative is not None],
    }
    index = rows(REFDATA / INDEX)
    print("pool: spectra / compounds here, in the index, spectra only here, only there")
    for name, held in pools.items():
        theirs = {row["accession"]: row["inchikey14"] for row in index if row[f"pool_{name}"] == "1"}
        ours = {e.accession for e in held}
        compounds = len({e.compound for e in held}), len(set(theirs.values()))
        print(
            f"  {name}: {len(ours)} / {compounds[0]}, {len(theirs)} / {compounds[1]}, "
            f"{len(ours - theirs.keys())}, {len(theirs.keys() - ours)}"
        )
    known = {e.accession for e in entries}
    theirs = {row["accession"] for row in index if row["isotopologue"] == "1" and row["accession"] in known}
    names = {row["accession"]: row["name"].upper() for row in index}
    places = sum("2H-" in names[a] or "2H)" in names[a] or "2H," in names[a] for a in theirs - labelled)
    print(
        f"isotope labels: {len(labelled)} here, {len(theirs)} in the index, {len(labelled & theirs)} in both; "
        f"of the {len(theirs - labelled)} only there {places} name the place of a hydrogen (2H-…)"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="keep the audit's files in this folder")
    parser.add_argument("--quick", action="store_true", help="only the smaller files")
    arguments = parser.parse_args()
    if not REFDATA.is_dir():
        print("the public data beside the project are absent: nothing is measured")
        return
    with tempfile.TemporaryDirectory() as temporary:
        others = OTHERS[:-1] if arguments.quick else OTHERS
        say_build(timed_build("others", others, Path(temporary)))
        if arguments.quick:
            return
        timed = timed_build("ei-pool", [(POOL, "")], Path(temporary))
        say_build(timed)
        start = time.perf_counter()
        audit = audit_spectra(timed.library)
        say_audit(audit, time.perf_counter() - start)
        say_pools(timed.library, audit)
        for name, data in spectra_audit_files(audit).items():
            if arguments.out:
                arguments.out.mkdir(parents=True, exist_ok=True)
                (arguments.out / name).write_bytes(data)
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
