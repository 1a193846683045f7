"""Building and loading a library of many simulated barcodes.

The recipes and the seed are in ``simulated_amplicons.py`` (12S-V5, built from FASTA and a table of names) and
``simulated_barcodes.py`` (COI, written as a library). Prints seconds and memory and writes
``build/bench/library-size.json``.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from barcode_match import species_name, write_fasta, write_library  # noqa: E402
from measuring import print_table, timed, write_json  # noqa: E402
from panel_specificity import RELEASE  # noqa: E402
from simulated_amplicons import Amplicons, simulate_amplicons  # noqa: E402
from simulated_barcodes import SEED, simulate  # noqa: E402
from wide_margins import PROJECT  # noqa: E402

import musk_id  # noqa: E402
from musk_id.model.methods import BARCODE_METHODS  # noqa: E402
from musk_id.model.reference import ReferenceRelease  # noqa: E402
from musk_id.refdb.library_build import build_library  # noqa: E402
from musk_id.refdb.library_store import load_library  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.vocabulary import Locus  # noqa: E402

OUT = PROJECT / "build" / "bench" / "library-size.json"
LOADS = 5
HEAD = f"""library_id = "simulated-12s"
date = "2026-11-26"
title = "Simulated 12S-V5"
anchors_release = "{RELEASE.name}"

[[sequences]]
path = "a.fa"
taxonomy = "a.tsv"
loci = ["{Locus.RRNA_12S.value}"]
source = "simulated"
licence = "none"
redistribute = false
"""


def root_letters(release: ReferenceRelease) -> str:
    """Letters of the first 12S-V5 record without ambiguity letters."""
    found = [r for r in release.barcodes if r.locus is Locus.RRNA_12S and set(r.sequence) <= set("ACGT")]
    return str(min(found, key=lambda r: r.accession).sequence)


def write_sources(amplicons: Amplicons, folder: Path) -> None:
    """``library.toml``, FASTA and the table of names."""
    folder.mkdir()
    write_fasta(folder / "a.fa", list(amplicons.letters), "SIM")
    numbers = zip(amplicons.species.tolist(), amplicons.genus.tolist(), amplicons.family.tolist(), strict=True)
    rows = [
        f"SIM{n}\t{species_name(species, genus)}\tF{family}\tSimulata"
        for n, (species, genus, family) in enumerate(numbers)
    ]
    text = "\n".join(["accession\tspecies\tfamily\torder", *rows]) + "\n"
    (folder / "a.tsv").write_text(text, encoding="ascii")
    (folder / "library.toml").write_text(HEAD, encoding="ascii")


def loading(folder: Path) -> dict[str, object]:
    """Wall and processor seconds of loading a library, medians of some runs."""
    seconds: list[float] = []

    def load() -> None:
        start = time.process_time()
        load_library(folder)
        seconds.append(time.process_time() - start)

    return {**timed(load, LOADS).tree(), "median_processor_s": statistics.median(seconds)}


def measure(count: int, folder: Path) -> dict[str, object]:
    """Seconds of building and loading so many records; the median of the loads."""
    release = load_release(RELEASE)
    amplicons = simulate_amplicons(root_letters(release), count)
    write_sources(amplicons, folder / "sources")
    wall, processor = time.perf_counter(), time.process_time()
    built = build_library(folder / "sources", folder / "sources", folder / "out", release, BARCODE_METHODS[-1])
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    write_library(simulate(count), folder / "coi")
    return {
        "records": count,
        "distinct_sequences": len(set(amplicons.letters)),
        "records_kept": sum(table.records for table in load_library(built).loci.values()),
        "build_wall_s": wall,
        "build_processor_s": processor,
        "peak_memory_bytes": memory,
        "load_12s": loading(built),
        "load_coi": loading(folder / "coi"),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[20_000], help="sizes, ascending")
    arguments = parser.parse_args()
    results = []
    for count in arguments.records:
        with tempfile.TemporaryDirectory() as temporary:
            results.append(measure(count, Path(temporary)))
    columns = (
        "records",
        "kept",
        "build wall s",
        "processor s",
        "peak MB",
        "load 12S s",
        "processor s",
        "load COI s",
        "processor s",
    )
    print_table(
        "A library of simulated records",
        columns,
        [
            (
                r["records"],
                r["records_kept"],
                f"{r['build_wall_s']:.1f}",
                f"{r['build_processor_s']:.1f}",
                f"{int(str(r['peak_memory_bytes'])) / 1e6:.0f}",
                *(
                    f"{r[name][kind]:.3f}"  # type: ignore[index]
                    for name in ("load_12s", "load_coi")
                    for kind in ("median_s", "median_processor_s")
                ),
            )
            for r in results
        ],
    )
    write_json(OUT, {"musk_id": musk_id.__version__, "seed": SEED, "results": results})


if __name__ == "__main__":
    main()
