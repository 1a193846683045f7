"""Answers on a panel under two releases or two libraries: what each says of a query, and which records decide.

A panel is files of queries (FASTA, and spectra as a case may hold them), or, without files, the records of the
collections themselves, each asked with its own individual withheld: the records of *Moschus*, and the spectra of
marker compounds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from musk_id.cli.diff_collections import METHODS, Animals, Collection, spectrum_answer
from musk_id.errors import UsageError
from musk_id.formats.fasta import read_fasta
from musk_id.formats.spectra_files import SPECTRUM_SUFFIXES, read_spectra
from musk_id.model.refdiff import AnswerChange, PanelAnswer, PanelDiff, SpectrumAnswer, SpectrumAnswerChange
from musk_id.model.reference import SpectrumReference
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import Line, Sha256
from musk_id.records.files import sha256_bytes, sha256_file
from musk_id.vocabulary import Locus, Reason

__all__ = ["ANSWER_COLUMNS", "AnsweredPanel", "answer_panel", "described", "panel_rows"]

ANSWER_COLUMNS = ("kind", "number", "query", "changed", "before", "after", "deciding_before", "deciding_after")
FILES, WITHHELD = Line("files"), Line("own records, each with its individual withheld")


@dataclass(frozen=True, slots=True)
class _SequenceQuery:
    name: Line
    sequence: NucleotideSequence
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class _SpectrumQuery:
    name: Line
    spectrum: MassSpectrum
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredPanel:
    """The differences, and every answer of both sides in the order of the panel."""

    diff: PanelDiff
    sequences: tuple[AnswerChange, ...]
    spectra: tuple[SpectrumAnswerChange, ...]


def answer_panel(before: Collection, after: Collection, files: Sequence[Path]) -> AnsweredPanel:
    """Ask both collections every query of the files; without files, their own records.

    Raises
    ------
    InputFormatError
        If a file is not what its name says.
    UsageError
        If there is nothing to ask.
    """
    sequences, spectra = _from_files(files) if files else _own(before, after)
    if not sequences and not spectra:
        raise UsageError(
            "there is nothing to ask: no record of Moschus and no spectrum of a marker compound",
            hint="name a panel: --panel QUERIES.fasta QUERIES.msp",
        )
    answered = tuple(_asked(sequences, before, after))
    told = tuple(_asked_spectra(spectra, before, after))
    changed = tuple(a for a in answered if _is_changed(a))
    spectra_changed = tuple(a for a in told if _is_changed(a))
    return AnsweredPanel(
        diff=PanelDiff(
            panel_sha256=_digest(files, sequences, spectra),
            panel=FILES if files else WITHHELD,
            methods=METHODS,
            sequences=len(answered),
            changed=changed,
            other_records=sum(_by_other_records(a) for a in answered) + sum(_by_other_records(a) for a in told),
            spectra=len(told),
            spectra_changed=spectra_changed,
        ),
        sequences=answered,
        spectra=told,
    )


def _is_changed(answer: AnswerChange | SpectrumAnswerChange) -> bool:
    return replace(answer.before, deciding=()) != replace(answer.after, deciding=())


def _by_other_records(answer: AnswerChange | SpectrumAnswerChange) -> bool:
    return not _is_changed(answer) and answer.before.deciding != answer.after.deciding


def _from_files(files: Sequence[Path]) -> tuple[list[_SequenceQuery], list[_SpectrumQuery]]:
    sequences: list[_SequenceQuery] = []
    spectra: list[_SpectrumQuery] = []
    for path in files:
        if path.name.lower().removesuffix(".gz").endswith(SPECTRUM_SUFFIXES):
            spectra += [_SpectrumQuery(_shown(s.name), s) for s in read_spectra(path)]
        else:
            sequences += [_SequenceQuery(_shown(s.name), s) for s in read_fasta(path)]
    return sequences, spectra


def _shown(name: str) -> Line:
    return Line(" ".join(name.split())[:200] or "unnamed")


def _own(before: Collection, after: Collection) -> tuple[list[_SequenceQuery], list[_SpectrumQuery]]:
    """Records of both sides; where both hold a record, its letters or peaks are those of the first."""
    letters: dict[tuple[str, Locus], str] = {}
    references: dict[str, SpectrumReference] = {}
    for side in (after, before):
        letters |= {(r.accession, r.locus): r.sequence.replace("-", "") for r in side.of_genus()}
        keys = {marker.inchikey.split("-")[0] for marker in side.release.markers}
        references |= {s.accession: s for s in side.spectra() if s.inchikey.split("-")[0] in keys}
    sequences = [
        _SequenceQuery(Line(f"{accession} {locus}"), NucleotideSequence(f"query {number}", text), accession)
        for number, ((accession, locus), text) in enumerate(sorted(letters.items()), 1)
    ]
    # A query that bore its accession would be told from its own reference by name, on whichever side holds it.
    spectra = [
        _SpectrumQuery(Line(f"{accession} {reference.name}"[:200]), _as_query(reference, number), accession)
        for number, (accession, reference) in enumerate(sorted(references.items()), 1)
        if reference.derivative == "none"
    ]
    return sequences, spectra


def _as_query(reference: SpectrumReference, number: int) -> MassSpectrum:
    mz = np.array([float(peak.mz) for peak in reference.peaks])
    intensity = np.array([float(peak.intensity) for peak in reference.peaks])
    return MassSpectrum(f"query {number}", mz, intensity)


def _asked(queries: Sequence[_SequenceQuery], before: Collection, after: Collection) -> Iterator[AnswerChange]:
    answers: dict[int, tuple[PanelAnswer, PanelAnswer]] = {}
    sides = (before, after)
    held = [side.animals() if any(q.withheld for q in queries) else {} for side in sides]
    groups: dict[tuple[Animals, ...], list[int]] = {}
    for number, query in enumerate(queries):
        animals = tuple(own.get(query.withheld or "", Animals()) for own in held)
        groups.setdefault(animals, []).append(number)
    for animals, members in groups.items():
        asked = [queries[number].sequence for number in members]
        told = [side.without(own).answer(asked) for side, own in zip(sides, animals, strict=True)]
        answers |= dict(zip(members, zip(*told, strict=True), strict=True))
    for number, query in enumerate(queries):
        first, second = answers[number]
        # Human DNA is reported as a word, without the name that the sequence bears.
        is_human = Reason.HUMAN_DNA in (*first.reasons, *second.reasons)
        name = Line("human") if is_human else query.name
        yield AnswerChange(number=number + 1, name=name, before=first, after=second)


def _asked_spectra(
    queries: Sequence[_SpectrumQuery], before: Collection, after: Collection
) -> Iterator[SpectrumAnswerChange]:
    if not queries:
        return
    sides = [before.prepared(), after.prepared()]
    # Scoring a large library takes a second or two a query; equal spectra need it once.
    is_same = before.spectra() == after.spectra() and before.release == after.release
    for number, query in enumerate(queries, 1):
        first = spectrum_answer(query.spectrum, sides[0], query.withheld)
        second = first if is_same else spectrum_answer(query.spectrum, sides[1], query.withheld)
        yield SpectrumAnswerChange(number=number, name=query.name, before=first, after=second)


def _digest(
    files: Sequence[Path], sequences: Sequence[_SequenceQuery], spectra: Sequence[_SpectrumQuery]
) -> Sha256:
    """Digest of a single file, of the digests of several, or of the queries themselves."""
    if len(files) == 1:
        return sha256_file(files[0])
    if files:
        return sha256_bytes("\n".join(sha256_file(path) for path in files).encode("ascii"))
    whole = hashlib.sha256()
    for query in sequences:
        whole.update(f"{query.name}\t{query.sequence.letters}\n".encode())
    for measured in spectra:
        whole.update(f"{measured.name}\n".encode())
        whole.update(measured.spectrum.mz.tobytes() + measured.spectrum.intensity.tobytes())
    return Sha256(whole.hexdigest())


def panel_rows(panel: AnsweredPanel) -> Iterator[tuple[str, ...]]:
    """One row a query: what both sides answer, whether that differs, and the records that decide."""
    for kind, answers in (("sequence", panel.sequences), ("spectrum", panel.spectra)):
        for answer in answers:
            yield (
                kind,
                str(answer.number),
                answer.name,
                "yes" if _is_changed(answer) else "no",
                described(answer.before),
                described(answer.after),
                ", ".join(answer.before.deciding),
                ", ".join(answer.after.deciding),
            )


def described(answer: PanelAnswer | SpectrumAnswer) -> str:
    """An answer in one line."""
    reasons = ", ".join(answer.reasons) or "-"
    if isinstance(answer, SpectrumAnswer):
        others = f"; not told from: {', '.join(answer.confusables)}" if answer.confusables else ""
        return f"{answer.status or 'no call'} {answer.name or '-'}{others}; reasons: {reasons}"
    return (
        f"{answer.rank} {answer.taxon or '-'}; not excluded: {', '.join(answer.not_excluded) or '-'}; "
        f"reasons: {reasons}"
    )
