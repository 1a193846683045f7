"""What the benchmarks of the release measured, as rows of the shared schema ``musk-id/validation/1``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from musk_id.kernels.intervals import clopper_pearson
from musk_id.library_vocabulary import IntervalKind
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import DecimalText, Line, RelativePath, Sha256, Text, decimal_text
from musk_id.vocabulary import Locus

__all__ = [
    "accuracy_split_validation",
    "accuracy_validation",
    "panel_specificity_validation",
    "row_of",
    "wide_margins_validation",
]

Tree = Mapping[str, Any]


def row_of(
    measure: str, method: str, locus: str | None, stratum: str, data: tuple[str, ...], **more: Any
) -> ValidationRow:
    """A row from plain values; further columns of :class:`ValidationRow` by name."""
    return ValidationRow(
        measure=Line(measure),
        method=Line(method),
        locus=None if locus is None else Locus(locus),
        stratum=Line(stratum),
        data=tuple(map(Sha256, data)),
        listed=tuple(map(Line, more.pop("listed", ()))),
        **more,
    )


def _rate(tree: Tree) -> dict[str, Any]:
    upper = tree.get("upper_95_one_sided")
    interval = None if upper is None else Interval(kind=IntervalKind.ONE_SIDED_95, upper=DecimalText(upper))
    return {"k": tree["k"], "n": tree["n"], "interval": interval}


def wide_margins_validation(tree: Tree) -> Validation:
    """Figures of ``wide_margins.py``: W of each reference and the range of each genus."""
    method, rows = tree["method"], []
    for entry in tree["loci"]:
        data, locus = (entry["data_sha256"],), entry["locus"]
        least, most = entry["length_bp"]
        for genus, (smallest, largest) in entry["edits_by_genus"].items():
            for name, value in (("smallest W of a genus", smallest), ("largest W of a genus", largest)):
                rows.append(row_of(name, method, locus, genus, data, **_edits(value)))
        for found in entry["references"]:
            stratum = f"{found['accession']} {found['genus']}"
            whole = f"W over records of {least} to {most} letters"
            rows.append(
                row_of(whole, method, locus, stratum, data, listed=found["nearest"], **_edits(found["edits"]))
            )
            rows.append(
                row_of(
                    "records of other genera compared",
                    method,
                    locus,
                    stratum,
                    data,
                    k=found["haplotypes_compared"],
                )
            )
            rows.append(
                row_of(
                    "W with fragments counted in",
                    method,
                    locus,
                    stratum,
                    data,
                    listed=found["nearest_with_fragments"],
                    **_edits(found["edits_with_fragments"]),
                )
            )
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(tree["benchmark"]),
        methods=(Line(method),),
        note=Text(
            f"Distance: {tree['distance']}. Origin of the data: {tree['origin']}. "
            f"References: barcodes.tsv with SHA-256 {tree['barcodes_sha256']}."
        ),
        data=tuple(
            ValidationData(path=RelativePath(e["data"]), sha256=Sha256(e["data_sha256"]), records=e["haplotypes"])
            for e in tree["loci"]
        ),
        rows=tuple(rows),
    )


def _edits(value: int) -> dict[str, Any]:
    return {"value": DecimalText(str(value)), "unit": Line("edits")}


def panel_specificity_validation(tree: Tree) -> Validation:
    """Figures of ``panel_specificity.py``: false calls of the release, calls of *Moschus*, other mammals."""
    barcode, animals = tree["methods"]
    digests = {entry["data"]: entry["data_sha256"] for entry in (*tree["other_genera"], *tree["moschus"])}
    rows = [
        *(row for entry in tree["other_genera"] for row in _other_genera(entry, barcode)),
        *(row for entry in tree["moschus"] for row in _moschus(entry, barcode)),
        *_other_mammals(tree["other_mammals"], animals, digests),
    ]
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(tree["benchmark"]),
        methods=(Line(barcode), Line(animals)),
        release_id=Line(tree["release"]),
        release_sha256=Sha256(tree["release_sha256"]),
        note=Text(tree["note"]),
        data=tuple(ValidationData(path=RelativePath(p), sha256=Sha256(d)) for p, d in sorted(digests.items())),
        rows=tuple(rows),
    )


def _other_genera(entry: Tree, method: str) -> Iterator[ValidationRow]:
    data, locus, stratum = (entry["data_sha256"],), entry["locus"], entry["stratum"]

    def row(measure: str, **more: Any) -> ValidationRow:
        return row_of(measure, method, locus, stratum, data, **more)

    yield row("called Moschus", listed=entry["called_records"], **_rate(entry["called_moschus"]))
    yield row("called Moschus, of those judged", **_rate(entry["called_moschus_of_judged"]))
    yield row("species with a record called Moschus", **_rate(entry["called_moschus_by_species"]))
    for reason, count in entry["not_judged"].items():
        yield row(f"not judged: {reason}", k=count)
    yield row("records that are references themselves", k=entry["records_that_are_references_themselves"])
    yield row("found to be of another marker", k=entry["locus_found_is_another"])
    kernel = entry.get("kernel")
    if kernel is None:
        return
    n, whole = kernel["called"]["n"], kernel["records_of_admitted_length"]
    yield row("distance alone: called Moschus", listed=kernel["called_records"], **_rate(kernel["called"]))
    yield row("distance alone: nearest is Moschus", k=kernel["nearest_is_moschus"], n=n)
    yield row("distance alone: species nearest to Moschus", k=kernel["nearest_is_moschus_species"])
    yield row(
        "distance alone: nearest is Moschus, by at least the margin",
        k=kernel["nearest_is_moschus_with_margin"],
        n=n,
    )
    yield row("distance alone: of admitted length", k=whole, n=n)
    yield row(
        "distance alone: of admitted length, within the radius",
        k=kernel["within_radius_of_admitted_length"],
        n=whole,
    )
    yield row(
        "distance alone: of admitted length, smallest distance to Moschus",
        **_edits(kernel["smallest_distance_of_admitted_length"]),
    )


def _moschus(entry: Tree, method: str) -> Iterator[ValidationRow]:
    strata = {
        "not_in_release_called": "Moschus records that are no reference",
        "own_deposited_species_withheld_called": "Moschus records, own deposited species withheld",
    }
    for key, stratum in strata.items():
        found, data = entry[key], (entry["data_sha256"],)
        counts = {"k": found["k"], "n": found["n"]}
        yield row_of("called Moschus", method, entry["locus"], stratum, data, listed=found["records"], **counts)
        missed = found["missed"]
        yield row_of("not called Moschus", method, entry["locus"], stratum, data, k=len(missed), listed=missed)


def _other_mammals(tree: Tree, method: str, digests: Mapping[str, str]) -> Iterator[ValidationRow]:
    short = tuple(sorted(d for path, d in digests.items() if "screenforbio2023" in path))
    for name, found in tree.items():
        locus, _, path = name.partition(" ")
        single = path in digests
        where, data = (locus, (digests[path],)) if single else (None, short)
        held, lacking = found["genus_in_release"], found["genus_not_in_release"]
        kind = "one marker alone" if single else "both short markers of one accession"
        n_held, n_lacking = held["wrong"]["n"], lacking["wrong"]["n"]
        inside, outside = f"genus in the release, {kind}", f"genus not in the release, {kind}"
        yield row_of("genus right", method, where, inside, data, k=held["right"], n=n_held)
        yield row_of("no genus", method, where, inside, data, k=held["no_genus"], n=n_held)
        yield row_of("genus wrong", method, where, inside, data, **_rate(held["wrong"]))
        yield row_of("no genus", method, where, outside, data, k=lacking["no_genus"], n=n_lacking)
        yield row_of("genus wrong", method, where, outside, data, **_rate(lacking["wrong"]))
        wrong = found["wrong_records"]
        yield row_of("records with a wrong genus", method, where, kind, data, k=len(wrong), listed=wrong)


def accuracy_split_validation(tree: Tree) -> Validation:
    """Species of the development half of ``barcode_accuracy.py``, by set."""
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(tree["benchmark"]),
        methods=(Line(tree["method"]),),
        note=Text(
            "Limits of the method were fixed on queries of these species; the other species of a set are the "
            "validation half. Each set is compared as a whole, of which the query, its species or its genus is "
            "withheld."
        ),
        data=tuple(
            ValidationData(path=RelativePath(found["path"]), sha256=Sha256(found["sha256"]))
            for found in tree["sets"].values()
        ),
        rows=tuple(
            row_of(
                "species of the development half",
                tree["method"],
                found["locus"],
                name,
                (found["sha256"],),
                k=len(found["own"]),
                n=found["of"],
                listed=tuple(found["own"]),
            )
            for name, found in tree["sets"].items()
        ),
    )


def accuracy_validation(tree: Tree) -> Validation:
    """Figures of ``barcode_accuracy.py``: answers by set, scenario and distance to the nearest congener."""
    sets = tree["sets"]
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(tree["benchmark"]),
        methods=(Line(tree["method"]),),
        note=Text(
            f"Half: {tree['half']}; species of the development half: validation/barcode-accuracy-split.json, "
            f"SHA-256 {tree['split_sha256']}. Programs: {tree['peers']['vsearch']}, {tree['peers']['blastn']}. "
            "These rates describe the comparison step on public reference sequences and on simulated ones. They "
            "do not include sampling, contamination, exchange of samples, or wrong names in the references; they "
            "are not the probability that a result is wrong."
        ),
        data=tuple(
            ValidationData(
                path=RelativePath(found["path"] or "benchmarks/simulated_radiations.py"),
                sha256=Sha256(found["sha256"]),
                records=found["records"],
            )
            for found in sets.values()
        ),
        rows=tuple(
            row
            for name, found in sets.items()
            for row in (*_accuracy_notes(name, found, tree["method"]), *_accuracy_rows(name, found, tree))
        ),
    )


def _accuracy_notes(name: str, found: Tree, method: str) -> Iterator[ValidationRow]:
    data, locus = (found["sha256"],), found["locus"]
    yield row_of("queries judged", method, locus, name, data, k=found["judged"], n=found["queries"])
    yield row_of("records repaired", method, locus, name, data, k=found["repaired"])
    yield row_of("mislabelled records left out", method, locus, name, data, k=found["mislabelled_left_out"])
    called = found["called_moschus"]
    yield row_of(
        "called Moschus, of other genera, in any scenario",
        method,
        locus,
        name,
        data,
        k=len(called),
        listed=tuple(called),
    )


def _accuracy_rows(name: str, found: Tree, tree: Tree) -> Iterator[ValidationRow]:
    kinds = ("right", "wrong", "set with the species", "set without the species", "none")
    held = [f for f in tree["figures"] if f["data"] == name]
    for figure in held:
        own = figure["rule"].startswith(tree["method"])
        # Of the second rank of a set (the genus where species are asked for, or the reverse) our own figures only.
        if figure["rank"] != held[0]["rank"] and figure["rule"] != tree["method"]:
            continue
        for kind, count in zip(kinds, figure["counts"], strict=True):
            if figure["rank"] == "genus" and kind.startswith("set"):
                continue
            lower, upper = clopper_pearson(count, figure["n"])
            yield row_of(
                f"{figure['rank']} {kind}",
                figure["rule"],
                found["locus"],
                f"{name}; {figure['scenario']}; {figure['stratum']}",
                (found["sha256"],),
                peer=not own,
                k=count,
                n=figure["n"],
                interval=Interval(
                    kind=IntervalKind.TWO_SIDED_95,
                    lower=decimal_text(lower, 6),
                    upper=decimal_text(upper, 6),
                ),
                listed=figure["wrong"] if kind == "wrong" else (),
            )
