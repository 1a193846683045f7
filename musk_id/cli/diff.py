"""``musk-id refdb diff``: what changed between two releases or two libraries, and which answers would change."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from musk_id.cli.console import say
from musk_id.errors import UsageError, counted
from musk_id.library_vocabulary import RecordAspect
from musk_id.model.barcode import RunIdentity, SequenceResult
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.model.refdiff import (
    AnswerChange,
    CollectionDiff,
    PanelAnswer,
    PanelDiff,
    RecordChange,
    RecordSide,
    RowChange,
)
from musk_id.model.reference import ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Identifier, Line
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_file, write_atomic
from musk_id.refdb.diff import diff_sides
from musk_id.refdb.diff_sides import Side, is_library, library_side, release_side
from musk_id.refdb.library_read import read_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.vocabulary import Rank, Technique

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
    before, old = _side(arguments.before, arguments.releases)
    after, new = _side(arguments.after, arguments.releases)
    diff = diff_sides(before, after)
    if arguments.panel is not None:
        if old is None or new is None:
            raise UsageError("--panel asks what releases answer; libraries give no answers")
        diff = replace(diff, panel=_panel(arguments.panel, old, new))
    for line in _lines(diff):
        say(line)
    if arguments.json is not None:
        write_atomic(arguments.json, canonical_json(diff))
    return 0


def _side(named: str, releases: Path | None) -> tuple[Side, ReferenceRelease | None]:
    folder = Path(named)
    if folder.is_dir() and is_library(folder):
        return library_side(folder, read_library(folder)), None
    if not folder.is_dir():
        folder = locate_release(named, releases)
    release = load_release(folder)
    return release_side(folder, release), release


def _panel(path: Path, old: ReferenceRelease, new: ReferenceRelease) -> PanelDiff:
    from musk_id.formats.fasta import read_fasta

    sequences = read_fasta(path)
    methods = (BARCODE_METHODS[-1].version, ANIMAL_METHODS[-1].version)
    changed = [
        AnswerChange(number=number, name=name, before=before, after=after)
        for number, ((_, before), (name, after)) in enumerate(
            zip(_answers(sequences, old), _answers(sequences, new), strict=True), 1
        )
        if before != after
    ]
    return PanelDiff(
        panel_sha256=sha256_file(path), methods=methods, sequences=len(sequences), changed=tuple(changed)
    )


def _answers(
    sequences: tuple[NucleotideSequence, ...], release: ReferenceRelease
) -> Iterator[tuple[Line, PanelAnswer]]:
    from musk_id.stages.barcode import examine_sequence
    from musk_id.stages.library import BarcodeLibrary

    method, animals = BARCODE_METHODS[-1], ANIMAL_METHODS[-1]
    library = BarcodeLibrary.from_release(release, method)
    run = RunIdentity(
        item_id=Identifier("panel"),
        sub_sample_id=Identifier("panel"),
        extract_id=Identifier("panel"),
        product_id=Identifier("panel"),
        run_id=Identifier("panel"),
        technique=Technique.SEQUENCE,
    )
    for sequence in sequences:
        result, _ = examine_sequence(sequence, run, None, library, method, animals)
        yield result.sequence_name, _answer(result)


def _answer(result: SequenceResult) -> PanelAnswer:
    call = result.call
    return PanelAnswer(
        locus=result.locus,
        rank=Rank.NONE if call is None else call.rank,
        taxon=None if call is None else call.taxon,
        not_excluded=() if call is None else tuple(entry.species for entry in call.not_excluded),
        reasons=result.reasons,
    )


def _lines(diff: CollectionDiff) -> Iterator[str]:
    for word, side in (("before", diff.before), ("after", diff.after)):
        yield f"{word}: {side.kind} {side.collection_id} of {side.date}, manifest {side.manifest_sha256}"
    counts = Counter(record.change for record in diff.records)
    told = ", ".join(f"{count} {change.value.lower()}" for change, count in sorted(counts.items()))
    yield f"records of sequences: {told or 'no difference'}"
    for record in diff.records:
        yield from _record_lines(record)
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


def _panel_lines(panel: PanelDiff) -> Iterator[str]:
    sequences = counted(panel.sequences, "sequence", "sequences")
    changes = counted(len(panel.changed), "answer changes", "answers change")
    yield f"panel {panel.panel_sha256}: {sequences}, {changes}"
    for change in panel.changed:
        yield f"  {change.number} {change.name}"
        for word, answer in (("before", change.before), ("after", change.after)):
            yield (
                f"    {word}: {answer.rank} {answer.taxon or '-'}; not excluded: "
                f"{', '.join(answer.not_excluded) or '-'}; reasons: {', '.join(answer.reasons) or '-'}"
            )
