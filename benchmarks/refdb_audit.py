"""The audit of a library: known label problems of *Moschus*, seeded wrong names, and the counts of the build.

Builds a library of the public sets, audits it, and asks whether the records that were judged by hand are among
the conflicts. Then wrong names are seeded into the Kruger COI records, and sensitivity and precision of the
strict rule (``NAME_CONFLICT``) are counted over 20 seeds. The rule's limits were chosen on seeds 100 to 119.
``--write`` writes ``validation/refdb-audit.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
sys.path.insert(0, str(PROJECT / "benchmarks"))

from audit_validation import audit_validation  # noqa: E402

from musk_id.kernels.intervals import clopper_pearson  # noqa: E402
from musk_id.library_vocabulary import AuditFlag  # noqa: E402
from musk_id.model.audit import LibraryAudit  # noqa: E402
from musk_id.model.library import Library, LibraryTaxon  # noqa: E402
from musk_id.model.methods import BARCODE_METHODS  # noqa: E402
from musk_id.records.files import sha256_file  # noqa: E402
from musk_id.records.validation import write_validation  # noqa: E402
from musk_id.refdb.audit import AUDIT_METHOD, audit_library  # noqa: E402
from musk_id.refdb.audit_names import Names  # noqa: E402
from musk_id.refdb.audit_output import read_provenance  # noqa: E402
from musk_id.refdb.audit_table import audit_table  # noqa: E402
from musk_id.refdb.library_build import build_library  # noqa: E402
from musk_id.refdb.library_store import load_library  # noqa: E402
from musk_id.refdb.release import load_release  # noqa: E402
from musk_id.vocabulary import Locus  # noqa: E402

REFDATA = PROJECT.parent / "shared" / "refdata"
RELEASE = PROJECT / "reference_db" / "releases" / "2026.1"
RESULT = PROJECT / "validation" / "refdb-audit.json"
KRUGER = "kruger/kruger_mammal_COI"
CORE_SETS = (
    ("moschus/moschus_12S-V5", Locus.RRNA_12S),
    ("moschus/moschus_16S-amplicon", Locus.RRNA_16S),
    ("moschus/moschus_CYTB", Locus.CYTB),
    ("moschus/moschus_COX1", Locus.COI),
    (KRUGER, Locus.COI),
    ("mldsp/mammal_COX1", Locus.COI),
)
WIDE_SETS = (
    ("mitoclub/mammal_cytb_refseq2023", Locus.CYTB),
    ("mldsp/mammal_12S", Locus.RRNA_12S),
    ("screenforbio2023/mammal_12S-V5_amplicon_2023", Locus.RRNA_12S),
    ("screenforbio2023/mammal_16S_amplicon_2023", Locus.RRNA_16S),
)
SEEDS = range(20)
TUNING_SEEDS = range(100, 120)
WRONG_SHARE = 0.05
MIN_INDIVIDUALS = 3
STRATA = ("sister", "family", "any")

# Judged by hand from the distances (docs of the public sets, files moschus/*.tsv, flag LABEL_DOUBT).
MOSCHUS_DOUBTED = ("NC_020093", "JQ608470", "AY847268", "AY504958", "AY504959", "KY792714")
# Wrong in the source, judged by hand (README of the public sets, row kruger_mammal_COI).
KRUGER_WRONG = frozenset({"KJ192755.1", "KJ862184.1", "KJ862183.1", "GBMA19829-19", "KX655614", "GBMA21165-19"})
CONTEXT = (
    "SATIVA on simulated errors: sensitivity 0.969, precision 0.917 (Kozlov et al. 2016, doi 10.1093/nar/gkw396)"
)
CAVEAT = (
    "Counts of one public set with wrong names seeded by chance. Records of one run are counted once for each "
    "seed, so that the intervals take repeated records for independent ones and are too narrow."
)


def library_toml(sets: Iterable[tuple[str, Locus]]) -> str:
    """Description of the library that is audited."""
    head = 'library_id = "audit-benchmark"\ndate = "2026-11-25"\ntitle = "Public sets of mammals"\n'
    parts = [
        f'\n[[sequences]]\npath = "sequences/{name}.fasta.gz"\ntaxonomy = "sequences/{name}.tsv"\n'
        f'loci = ["{locus.value}"]\nsource = "public set {name}"\nlicence = "see the source"\n'
        "redistribute = false\n"
        for name, locus in sets
    ]
    return head + "".join(parts)


@dataclass
class Tally:
    """Seeded records found and missed, and flags that are right and wrong, by stratum."""

    found: Counter[str] = field(default_factory=Counter)
    seeded: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    wrong_before: Counter[str] = field(default_factory=Counter)
    adjudicated: int = 0
    false_records: Counter[str] = field(default_factory=Counter)


class Seeding:
    """Kruger COI records under their own names and under seeded ones."""

    def __init__(self, library: Library, folder: Path) -> None:
        table = library.loci[Locus.COI]
        lines = (folder / "records.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
        rows = [line.split("\t") for line in lines if line.startswith(f"{Locus.COI.value}\t")]
        chosen = np.array([i for i, row in enumerate(rows) if KRUGER in "\t".join(row)], dtype=np.int64)
        self.table = audit_table(table, chosen)
        self.names = Names(self.table)
        self.taxa: tuple[LibraryTaxon, ...] = tuple(library.taxa)
        self.taxon = self.table.taxon.tolist()
        self.species = sorted(set(self.taxon))
        pairs = set(zip(self.taxon, self.table.individual.tolist(), strict=True))
        individuals = Counter(taxon for taxon, _ in pairs)
        self.eligible = [i for i, taxon in enumerate(self.taxon) if individuals[taxon] >= MIN_INDIVIDUALS]
        self.before = set(self.names.conflicts())
        before = {self.table.accessions[i] for i in self.before}
        self.as_deposited = {
            "judged_wrong_and_in_conflict": sorted(KRUGER_WRONG & before),
            "judged_wrong_and_not_in_conflict": sorted(KRUGER_WRONG - before),
            "others_in_conflict": sorted(before - KRUGER_WRONG),
        }

    def relation(self, first: int, second: int) -> str:
        """How near two species names stand."""
        one, other = self.taxa[first], self.taxa[second]
        if one.genus == other.genus:
            return "sister"
        return "family" if one.family == other.family else "any"

    def seed(self, seed: int) -> dict[int, int]:
        """Wrong name of each record that gets one: a third each to a sister, the family, any other."""
        random = np.random.default_rng(seed)
        order = [i for i in random.permutation(self.eligible).tolist() if self._sound(i)]
        total = round(WRONG_SHARE * len(self.eligible))
        sizes = {"sister": total - 2 * (total // 3), "family": total // 3, "any": total // 3}
        wrong: dict[int, int] = {}
        for stratum in STRATA:
            left = sizes[stratum]
            for record in order:
                own = self.taxon[record]
                pool = [s for s in self.species if s != own and self.relation(own, s) == stratum]
                if left and record not in wrong and pool:
                    wrong[record] = pool[int(random.integers(len(pool)))]
                    left -= 1
        return wrong

    def _sound(self, record: int) -> bool:
        return self.table.accessions[record] not in KRUGER_WRONG

    def count(self, seeds: Iterable[int]) -> Tally:
        """Counts over some seeds."""
        tally = Tally()
        for seed in seeds:
            wrong = self.seed(seed)
            names = self.table.taxon.copy()
            for record, taxon in wrong.items():
                names[record] = taxon
            found = self.names.conflicts(names)
            for record, taxon in wrong.items():
                stratum = self.relation(self.taxon[record], taxon)
                tally.seeded[stratum] += 1
                tally.found[stratum] += record in found
                tally.named[stratum] += record in found and found[record].taxon == self.taxon[record]
            for record, conflict in found.items():
                stratum = self.relation(int(names[record]), conflict.taxon)
                if record in wrong:
                    tally.right[stratum] += 1
                elif not self._sound(record):
                    tally.adjudicated += 1
                else:
                    tally.wrong[stratum] += 1
                    tally.wrong_before[stratum] += record in self.before
                    tally.false_records[f"{self.table.accessions[record]} {self._name(record)}"] += 1
        return tally

    def _name(self, record: int) -> str:
        return self.taxa[self.taxon[record]].species


def rate(k: int, n: int) -> dict[str, object]:
    """k of n with the two-sided 95 % Clopper-Pearson interval."""
    interval = [f"{limit:.4f}" for limit in clopper_pearson(k, n)] if n else None
    return {"k": k, "n": n, "rate": f"{k / n:.4f}" if n else None, "interval_95": interval}


def seeded_figures(tally: Tally) -> dict[str, object]:
    """Sensitivity and precision, by stratum and over all."""

    def figures(strata: Sequence[str]) -> dict[str, object]:
        def total(counter: Counter[str]) -> int:
            return sum(counter[s] for s in strata)

        right, wrong = total(tally.right), total(tally.wrong)
        return {
            "sensitivity": rate(total(tally.found), total(tally.seeded)),
            "true_name_proposed": rate(total(tally.named), total(tally.seeded)),
            "precision": rate(right, right + wrong),
            "precision_without_conflicts_of_the_source": rate(right, right + wrong - total(tally.wrong_before)),
        }

    return {
        **{stratum: figures([stratum]) for stratum in STRATA},
        "all": figures(STRATA),
        "flags_on_records_judged_wrong_in_the_source": tally.adjudicated,
        "flags_on_other_records": dict(sorted(tally.false_records.items())),
    }


def moschus_figures(audit: LibraryAudit) -> dict[str, object]:
    """Conflicts of *Moschus* records that have other individuals of their name, and whether the doubted are in."""
    found = [c for c in audit.conflicts if c.species.startswith("Moschus ") and c.own]
    names = {c.accession.split(".")[0] for c in found}
    return {
        "judged_by_hand": rate(sum(a in names for a in MOSCHUS_DOUBTED), len(MOSCHUS_DOUBTED)),
        "missed": sorted(set(MOSCHUS_DOUBTED) - names),
        "others_in_conflict": sorted(names - set(MOSCHUS_DOUBTED)),
        "conflicts": [
            {
                "record": f"{c.locus} {c.accession} {c.species}",
                "flag": c.flag.value,
                "likely_wrong_side": c.side.value,
                "beside": [f"{m.accession} {m.species} {m.differing}/{m.compared}" for m in c.others],
                "own": [f"{m.accession} {m.species} {m.differing}/{m.compared}" for m in c.own],
            }
            for c in found
        ],
        "single_individuals": [
            f"{c.locus} {c.accession} {c.species}: beside {c.others[0].accession} {c.others[0].species} "
            f"{c.others[0].differing}/{c.others[0].compared}"
            for c in audit.conflicts
            if c.species.startswith("Moschus ") and not c.own
        ],
        "other_remarks": [
            f"{r.flag} {r.locus} {', '.join(r.species)} {', '.join(r.accessions)}: {r.measured}"
            for r in audit.remarks
            if any(s.startswith("Moschus ") for s in r.species)
        ],
    }


def build_counts(folder: Path) -> list[dict[str, object]]:
    """What became of the records of each input."""
    head, *lines = [line.split("\t") for line in (folder / "inputs.tsv").read_text("utf-8").split("\n")[:-1]]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    counts = []
    for row in rows:
        numbers = {key: int(row[f"records_{key}"]) for key in ("in", "kept", "set_aside")}
        assert numbers["in"] == numbers["kept"] + numbers["set_aside"], row["input"]
        counts.append({"input": row["input"], "sha256": row["sha256"], **numbers})
    return counts


def run(refdata: Path, *, quick: bool, seeds: range) -> dict[str, object]:
    """All figures."""
    release, method = load_release(RELEASE), BARCODE_METHODS[-1]
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(temporary) / "sources"
        sources.mkdir()
        text = library_toml(CORE_SETS if quick else CORE_SETS + WIDE_SETS)
        (sources / "library.toml").write_text(text, encoding="utf-8")
        folder = build_library(sources, refdata, Path(temporary) / "libraries", release, method)
        library = load_library(folder)
        start = time.perf_counter()
        audit = audit_library(library, release, method, read_provenance(folder))
        print(
            f"audit of {sum(t.records for t in library.loci.values())} records: "
            f"{time.perf_counter() - start:.1f} s"
        )
        seeding = Seeding(library, folder)
        tally = seeding.count(seeds)
        counts = build_counts(folder)
    flags = Counter(c.flag for c in audit.conflicts) + Counter(r.flag for r in audit.remarks)
    grades = Counter((g.locus, g.grade) for g in audit.grades)
    return {
        "benchmark": "benchmarks/refdb_audit.py",
        "method_version": AUDIT_METHOD,
        "library_sha256": library.manifest_sha256,
        "note": CAVEAT,
        "context": CONTEXT,
        "build": counts,
        "flags": {flag.value: flags[flag] for flag in AuditFlag},
        "grades": {f"{locus} {letter}": count for (locus, letter), count in sorted(grades.items())},
        "moschus": moschus_figures(audit),
        "seeded": {
            "data": f"sequences/{KRUGER}.fasta.gz",
            "data_sha256": sha256_file(refdata / f"sequences/{KRUGER}.fasta.gz"),
            "locus": Locus.COI.value,
            "seeds": [seeds.start, seeds.stop - 1],
            "wrong_share": str(WRONG_SHARE),
            "min_individuals": MIN_INDIVIDUALS,
            "names_as_deposited": seeding.as_deposited,
            **seeded_figures(tally),
        },
    }


def main() -> int:
    """Measure, print, write the validation file when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refdata", type=Path, default=REFDATA, help="folder of the public sets")
    parser.add_argument("--write", action="store_true", help="write the validation file")
    parser.add_argument("--quick", action="store_true", help="without the widest sets, 3 seeds; nothing written")
    parser.add_argument(
        "--tuning", action="store_true", help="the seeds that limits are chosen on; nothing written"
    )
    options = parser.parse_args()
    if not options.refdata.is_dir():
        print(f"skipped: no public sets at {options.refdata}")
        return 0
    seeds = TUNING_SEEDS if options.tuning else (range(3) if options.quick else SEEDS)
    tree = run(options.refdata, quick=options.quick, seeds=seeds)
    text = json.dumps(tree, indent=1, sort_keys=True) + "\n"
    print(text)
    if options.write and not (options.quick or options.tuning):
        write_validation(RESULT, audit_validation(tree))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
