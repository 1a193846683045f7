"""``musk-id refdb diff``: what changed between two releases or two libraries, and which answers would change."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from musk_id.cli.console import say
from musk_id.cli.diff_collections import Collection
from musk_id.cli.diff_panel import ANSWER_COLUMNS, answer_panel, described, panel_rows
from musk_id.errors import UsageError, counted
from musk_id.library_vocabulary import ChangeKind, RecordAspect
from musk_id.model.refdiff import (
    CollectionDiff,
    PanelDiff,
    RecordChange,
    RecordSide,
    RowChange,
    SpectrumChange,
)
from musk_id.records.canonical import canonical_json
from musk_id.records.files import write_atomic
from musk_id.refdb.diff import diff_sides
from musk_id.refdb.diff_sides import Side, is_library, library_side, release_side
from musk_id.refdb.library_read import read_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.refdb.tables import table_bytes

__all__ = ["run_diff"]

_VALUES = {
    RecordAspect.LETTERS: "letters_sha256",
    RecordAspect.HAPLOTYPE: "haplotype_of",
    RecordAspect.SPECIES: "species",
    RecordAspect.REVISED_NAMES: "revised_names",
    RecordAspect.STATE: "state",
    RecordAspect.INDIVIDUAL: "individual",
    RecordAspect.PROVENANCE: "provenance_sha256",
}


def run_diff(arguments: argparse.Namespace) -> int:
    """Print the differences in a fixed order; 0 whether there are any or not."""
    if arguments.answers is not None and arguments.panel is None:
        raise UsageError("--answers lists the answers on a panel", hint="add --panel")
    before, old = _side(arguments.before, arguments.releases)
    after, new = _side(arguments.after, arguments.releases)
    diff = diff_sides(before, after)
    if arguments.panel is not None:
        panel = answer_panel(old(), new(), arguments.panel)
        diff = replace(diff, panel=panel.diff)
        if arguments.answers is not None:
            write_atomic(arguments.answers, table_bytes(ANSWER_COLUMNS, panel_rows(panel)))
    for line in _lines(diff):
        say(line)
    if arguments.json is not None:
        write_atomic(arguments.json, canonical_json(diff))
    return 0


def _side(named: str, releases: Path | None) -> tuple[Side, Callable[[], Collection]]:
    """A side to compare, and, for when it is asked, the collection that answers."""
    folder = Path(named)
    if folder.is_dir() and is_library(folder):
        built = read_library(folder)

        def answering() -> Collection:
            anchors = locate_release(built.library.anchors_release, releases)
            return Collection(load_release(anchors), built.library)

        return library_side(folder, built), answering
    if not folder.is_dir():
        folder = locate_release(named, releases)
    release = load_release(folder)
    return release_side(folder, release), lambda: Collection(release)


def _lines(diff: CollectionDiff) -> Iterator[str]:
    for word, side in (("before", diff.before), ("after", diff.after)):
        yield f"{word}: {side.kind} {side.collection_id} of {side.date}, manifest {side.manifest_sha256}"
    counts = Counter(record.change for record in diff.records)
    told = ", ".join(f"{count} {change.value.lower()}" for change, count in sorted(counts.items()))
    yield f"records of sequences: {told or 'no difference'}"
    for record in diff.records:
        yield from _record_lines(record)
    yield from _spectrum_lines(diff.spectra)
    tables = Counter(row.table for row in diff.rows)
    yield f"rows of other tables: {', '.join(f'{t} {n}' for t, n in sorted(tables.items())) or 'no difference'}"
    for row in diff.rows:
        yield from _row_lines(row)
    if diff.panel is not None:
        yield from _panel_lines(diff.panel)


def _record_lines(record: RecordChange) -> Iterator[str]:
    side = record.after or record.before
    if side is None:
        return
    yield f"  {record.change.value.lower()} {record.locus} {record.accession} {side.species} ({side.state})"
    if record.before is not None and record.after is not None:
        for aspect in record.aspects:
            yield f"    {aspect}: {_value(aspect, record.before)} -> {_value(aspect, record.after)}"


def _value(aspect: RecordAspect, side: RecordSide) -> str:
    if aspect is RecordAspect.HIGHER_TAXA:
        return f"{side.genus}, {side.family}, {side.order}"
    value = getattr(side, _VALUES[aspect])
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    # The first accession of a haplotype may be the record itself on both sides: the digest tells them apart.
    return f"that of {text} ({side.haplotype_sha256})" if aspect is RecordAspect.HAPLOTYPE else text or "-"


def _row_lines(row: RowChange) -> Iterator[str]:
    yield f"  {row.change.value.lower()} {row.table}: {row.key}"
    if row.change.value == "CHANGED":
        for field in row.fields:
            yield f"    {field.column}: {field.before or '-'} -> {field.after or '-'}"


def _spectrum_lines(spectra: tuple[SpectrumChange, ...]) -> Iterator[str]:
    counts = Counter(spectrum.change for spectrum in spectra)
    aspects = Counter(aspect for spectrum in spectra for aspect in spectrum.aspects)
    told = ", ".join(f"{count} {change.value.lower()}" for change, count in sorted(counts.items()))
    changed = ", ".join(f"{aspect} {count}" for aspect, count in sorted(aspects.items()))
    yield f"spectra: {told or 'no difference'}{f' ({changed})' if changed else ''}"
    for spectrum in spectra:
        yield f"  {spectrum.change.value.lower()} {spectrum.accession} {spectrum.name}"
        if spectrum.change is ChangeKind.CHANGED:
            yield f"    {', '.join(spectrum.aspects)}"
            for field in spectrum.fields:
                yield f"    {field.column}: {field.before or '-'} -> {field.after or '-'}"


def _panel_lines(panel: PanelDiff) -> Iterator[str]:
    changed = len(panel.changed) + len(panel.spectra_changed)
    asked = (
        f"{counted(panel.sequences, 'sequence', 'sequences')} and {counted(panel.spectra, 'spectrum', 'spectra')}"
    )
    yield (
        f"panel of {panel.panel}, {panel.panel_sha256}: {asked}, "
        f"{counted(changed, 'answer changes', 'answers change')}, {panel.other_records} more on other records"
    )
    yield f"  methods: {', '.join(panel.methods)}"
    for kind, changes in (("sequence", panel.changed), ("spectrum", panel.spectra_changed)):
        for change in changes:
            yield f"  {kind} {change.number} {change.name}"
            for word, answer in (("before", change.before), ("after", change.after)):
                yield f"    {word}: {described(answer)}"
                yield f"      deciding records: {', '.join(answer.deciding) or '-'}"
