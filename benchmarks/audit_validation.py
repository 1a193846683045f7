"""What ``refdb_audit.py`` measured, as rows of the shared schema ``musk-id/validation/1``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from musk_id.library_vocabulary import IntervalKind
from musk_id.model.validation import Interval, Validation, ValidationData, ValidationRow
from musk_id.model.values import DecimalText, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import Locus

__all__ = ["audit_validation"]

Tree = Mapping[str, Any]

_SEEDED = {
    "all": "seeded wrong names, all",
    "sister": "seeded wrong names, of the same genus",
    "family": "seeded wrong names, of the same family",
    "any": "seeded wrong names, of any species",
}


def audit_validation(tree: Tree) -> Validation:
    """Figures of the audit: wrong names seeded and found, the genus of interest, the build, the flags."""
    method = Line(tree["method_version"])
    every = tuple(sorted(Sha256(entry["sha256"]) for entry in tree["build"]))
    rows = [*_build(tree, method), *_seeded(tree["seeded"], method), *_moschus(tree["moschus"], method, every)]
    for kind in ("flags", "grades"):
        for name, count in tree[kind].items():
            rows.append(_row(f"{kind}: {name}", method, "all inputs", every, k=count))
    return Validation(
        schema=Line(Validation.SCHEMA),
        benchmark=RelativePath(tree["benchmark"]),
        methods=(method,),
        note=Text(f"{tree['note']} Library {tree['library_sha256']}. For context: {tree['context']}."),
        data=tuple(
            ValidationData(path=RelativePath(e["input"]), sha256=Sha256(e["sha256"]), records=e["in"])
            for e in tree["build"]
        ),
        rows=tuple(rows),
    )


def _row(measure: str, method: Line, stratum: str, data: tuple[Sha256, ...], **more: Any) -> ValidationRow:
    return ValidationRow(
        measure=Line(measure),
        method=method,
        stratum=Line(stratum),
        data=data,
        listed=tuple(Line(text[:500]) for text in more.pop("listed", ())),
        **more,
    )


def _rate(tree: Tree) -> dict[str, Any]:
    lower, upper = map(DecimalText, tree["interval_95"])
    interval = Interval(kind=IntervalKind.TWO_SIDED_95, lower=lower, upper=upper)
    return {"k": tree["k"], "n": tree["n"], "interval": interval}


def _build(tree: Tree, method: Line) -> Iterator[ValidationRow]:
    for entry in tree["build"]:
        data, n = (Sha256(entry["sha256"]),), entry["in"]
        yield _row("records kept", method, entry["input"], data, k=entry["kept"], n=n)
        yield _row("records set aside", method, entry["input"], data, k=entry["set_aside"], n=n)


def _seeded(tree: Tree, method: Line) -> Iterator[ValidationRow]:
    data = (Sha256(tree["data_sha256"]),)
    for key, stratum in _SEEDED.items():
        for measure, found in tree[key].items():
            yield _row(
                measure.replace("_", " "), method, stratum, data, locus=Locus(tree["locus"]), **_rate(found)
            )
    for key in ("judged_wrong_and_in_conflict", "judged_wrong_and_not_in_conflict"):
        listed = tree["names_as_deposited"].get(key, [])
        yield _row(key.replace("_", " "), method, "names as deposited", data, k=len(listed), listed=listed)
    others = tree["flags_on_other_records"]
    listed = [f"{record}: {count}" for record, count in others.items()]
    yield _row("flags on other records", method, _SEEDED["all"], data, k=sum(others.values()), listed=listed)


def _moschus(tree: Tree, method: Line, data: tuple[Sha256, ...]) -> Iterator[ValidationRow]:
    stratum = "Moschus"
    found = tree["judged_by_hand"]
    listed = sorted({conflict["record"] for conflict in tree["conflicts"]})
    yield _row("records judged wrong by hand, found", method, stratum, data, listed=listed, **_rate(found))
    for key in ("missed", "others_in_conflict", "other_remarks", "single_individuals"):
        yield _row(key.replace("_", " "), method, stratum, data, k=len(tree[key]), listed=tree[key])
