"""Single names that the rule of identification gives to public spectra: clean ones, mixtures, derivatives, CI.

Queries are public EI spectra (pool D of the data beside the project); spectra of their own authors are withheld.
Prints how often the first spectrum is the right compound, how often one compound is named, and how often wrongly::

    python benchmarks/spectral_names.py --queries 600
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "stages"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from test_hard_spectra import MASSBANK, _sum, call, pool_d, public, row_of, unit  # noqa: E402

from musk_id.formats.msp import read_msp  # noqa: E402
from musk_id.kernels.intervals import proportion_upper  # noqa: E402
from musk_id.kernels.spectral import UnitMassSpectrum  # noqa: E402
from musk_id.stages.spectral_library import compound_key  # noqa: E402

Case = tuple[UnitMassSpectrum, str | None, frozenset[str]]


def told(name: str, cases: list[Case]) -> None:
    """Call every case and print the counts; a single name is right if it is one of the case's keys."""
    counted: Counter[str] = Counter()
    for query, withheld, keys in cases:
        found, first = call(query, withheld)
        counted["first"] += first in keys
        counted[found.status.value] += 1
        if found.accession is not None:
            counted["single"] += 1
            counted["wrong"] += compound_key(found.inchikey or "") not in keys
    total, wrong = len(cases), counted["wrong"]
    print(
        f"{name}: {total} spectra; first spectrum right {counted['first']}; tentative {counted['TENTATIVE']}, "
        f"of these one name {counted['single']}; wrong names {wrong} "
        f"(upper 95 % limit {100 * proportion_upper(wrong, total):.1f} %)"
    )


def main() -> None:
    """Run all groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--queries", type=int, default=200, help="clean spectra; the other groups have half as many"
    )
    count = parser.parse_args().queries
    rng = random.Random(20261126)  # noqa: S311

    def some(spectra: list, number: int) -> list:  # type: ignore[type-arg]
        return rng.sample(spectra, min(number, len(spectra)))

    def of(spectrum) -> Case:  # type: ignore[no-untyped-def]
        row = row_of(spectrum)
        return unit(spectrum), row["authors"], frozenset({row["inchikey14"]})

    told("clean", [of(s) for s in some([s for s in public() if row_of(s)["query_D"] == "1"], count)])
    known = {compound_key(s.reference.inchikey) for s in pool_d().spectra}
    tms = [s for s in public() if row_of(s)["pool_F"] == "1" and row_of(s)["inchikey14"] in known]
    # The parent of a derivative is the wrong name; any other name is listed as wrong, too, though it may be the
    # derivative's own.
    told("TMS, field hidden", [(unit(s), row_of(s)["authors"], frozenset()) for s in some(tms, count // 2)])
    ci = list(read_msp(MASSBANK / "massbank_ci_fi_negatives.msp.gz"))
    told(
        "CI, field hidden",
        [(unit(s), None, frozenset({compound_key(s.field("inchikey") or "")})) for s in some(ci, count // 2)],
    )
    low = [s for s in public() if row_of(s)["eV_used"] in ("20", "25") and row_of(s)["inchikey14"] in known]
    told("20 and 25 eV, field hidden", [of(s) for s in some(low, count // 2)])
    spectra = list(pool_d().spectra)
    for share in (1.0, 0.5, 0.25):
        pairs = [rng.sample(spectra, 2) for _ in range(count // 2)]
        told(
            f"mixtures 1 to {share}",
            [
                (_sum(a, b, share), None, frozenset(compound_key(s.reference.inchikey) for s in (a, b)))
                for a, b in pairs
            ],
        )


if __name__ == "__main__":
    main()
