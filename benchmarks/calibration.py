"""The calibration that is shipped beside a release: built again from the public sets, compared, written.

Without ``--write`` the shipped figures are compared with what was measured; every one has to be the same.
``--rows`` measures nothing: it writes the shipped figures as rows of ``validation/calibration.json``, which
``--write`` does with those measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from calibration_rows import calibration_validation  # noqa: E402

from musk_id.model.calibration import Calibration  # noqa: E402
from musk_id.model.methods import (  # noqa: E402
    ANIMAL_METHODS,
    BARCODE_METHODS,
    EVIDENCE_METHODS,
    require_method,
)
from musk_id.model.validation import Validation  # noqa: E402
from musk_id.records.canonical import canonical_json  # noqa: E402
from musk_id.records.files import write_atomic  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.calibrate import calibrate_library  # noqa: E402
from musk_id.refdb.library_build import build_library  # noqa: E402
from musk_id.refdb.library_store import load_library  # noqa: E402
from musk_id.refdb.manifest import MANIFEST_NAME, manifest_bytes  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.refdb.shipped_calibration import CALIBRATION_NAME, load_shipped_calibration  # noqa: E402
from musk_id.vocabulary import Locus  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata"
RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
SOURCES = PROJECT / "reference_db" / "sources" / "calibration-2026.1"
SHIPPED = PROJECT / "reference_db" / "calibration" / "2026.1"
ROWS = PROJECT / "validation" / "calibration.json"
# general-mammal-2 keeps this radius and margin for libraries of few genera, as the release is one; in the wide
# library of the calibration it would take others.
ANIMALS = require_method(ANIMAL_METHODS, "general-mammal-1")
BENCHMARK = "benchmarks/calibration.py"


def measured(refdata: Path) -> Calibration:
    """Calibration of the public sets with the release as panel."""
    release = load_release(RELEASE)
    with tempfile.TemporaryDirectory() as out:
        folder = build_library(SOURCES, refdata / "sequences", Path(out), release, BARCODE_METHODS[-1])
        return calibrate_library(load_library(folder), folder, BARCODE_METHODS[-1], EVIDENCE_METHODS[-1], release)


def validation(calibration: Calibration) -> Validation:
    """The figures as rows."""
    plan = tomllib.loads((SOURCES / "library.toml").read_text(encoding="utf-8"))
    loci_of = {entry["path"]: tuple(map(Locus, entry["loci"])) for entry in plan["sequences"]}
    release = load_release(RELEASE)
    return calibration_validation(calibration, release, BARCODE_METHODS[-1], ANIMALS, loci_of, BENCHMARK)


def summary(calibration: Calibration) -> str:
    """Figures of the whole windows on the genus of interest."""
    lines = []
    for locus in calibration.loci:
        window = locus.windows[0]
        target, panel = window.target, window.target.panel
        lines.append(
            f"{locus.locus} ({locus.unit}): {window.individuals} individuals, {window.species} species; "
            f"{target.genus} {target.individuals}, within {target.within_largest}, nearest other "
            f"{target.nearest_other}"
        )
        lines += [
            f"  other genera within {row.radius}: {row.haplotypes} of {row.haplotypes_compared} haplotypes"
            for row in target.within_radius
        ]
        if panel is not None:
            lines.append(
                f"  panel {panel.release_id}: nearest to {target.genus} are {panel.nearest_is_target} of "
                f"{panel.records} records of other genera ({panel.nearest_is_target_species} species), "
                f"{panel.with_margin} by the margin; {panel.called} called"
            )
        if target.ratio is not None:
            ratio = target.ratio
            lines.append(
                f"  counts for a ratio: {ratio.k1}/{ratio.n1} and {ratio.k2}/{ratio.n2}, "
                f"{'enough' if ratio.enough else 'not enough'} for one"
            )
    return "\n".join(lines)


def main() -> int:
    """Measure, print, compare or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--write", action="store_true", help="write the calibration and its manifest")
    parser.add_argument("--rows", action="store_true", help="write the shipped figures as rows, measure nothing")
    options = parser.parse_args()
    if options.rows:
        shipped = load_shipped_calibration(SHIPPED, load_release(RELEASE).manifest_sha256)
        write_validation(ROWS, validation(shipped))
        return 0
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    start = time.perf_counter()
    calibration = measured(options.refdata)
    print(summary(calibration))
    print(f"{time.perf_counter() - start:.0f} s")
    data = canonical_json(calibration)
    if options.write:
        write_atomic(SHIPPED / CALIBRATION_NAME, data)
        manifest = manifest_bytes(RELEASE.name, calibration.library.date, {CALIBRATION_NAME: data})
        write_atomic(SHIPPED / MANIFEST_NAME, manifest)
        write_validation(ROWS, validation(calibration))
        return 0
    # Fields that a later version added are absent in the file that was shipped before: values are compared.
    same = load_shipped_calibration(SHIPPED, load_release(RELEASE).manifest_sha256) == calibration
    same &= ROWS.read_bytes() == canonical_json(validation(calibration))
    print("the shipped figures are the same" if same else "THE SHIPPED FIGURES ARE OTHERS")
    return 0 if same else 4


if __name__ == "__main__":
    raise SystemExit(main())
