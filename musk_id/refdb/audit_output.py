"""Files of an audit: ``audit.json``, proposals for ``curation.tsv`` that a person has to sign, and a page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from musk_id.model.audit import AuditConflict, AuditMember, AuditRemark, LibraryAudit
from musk_id.model.values import Line
from musk_id.records.canonical import canonical_json
from musk_id.records.files import read_limited
from musk_id.refdb.audit import Provenance
from musk_id.refdb.library_sources import CURATION_COLUMNS
from musk_id.refdb.library_tables import RECORD_COLUMNS
from musk_id.refdb.tables import Row, parse_rows, parse_table, table_bytes
from musk_id.vocabulary import AuditFlag, AuditSide, CurationState, LibraryGrade, Locus

__all__ = ["audit_files", "proposals", "read_provenance"]

MAX_RECORDS_BYTES = 500_000_000
REMARKS_SHOWN = 40

# NCBI names itself as second submitter of every RefSeq record that it makes.
_NCBI = "National Center for Biotechnology Information"

_UNUSABLE = frozenset({AuditFlag.STOP_CODON})


def read_provenance(folder: Path) -> Provenance:
    """Letters too many or missing and submitters of the records of a library's folder.

    Raises
    ------
    ReferenceDataError
        If ``records.tsv`` is not the table of a library.
    """
    data = read_limited(folder / "records.tsv", MAX_RECORDS_BYTES)
    indels: dict[tuple[Locus, str], int] = {}
    submitters: dict[tuple[Locus, str], str] = {}

    def take(row: Row) -> None:
        key = (row.word("locus", Locus), row.text("accession", Line))
        indels[key] = row.integer("indels")
        submitter = row.optional("submitter", Line)
        if submitter is not None and _NCBI not in submitter:
            submitters[key] = submitter

    parse_rows(parse_table(data, "records.tsv", RECORD_COLUMNS), take)
    return Provenance(indels, submitters)


def audit_files(audit: LibraryAudit, genera: Iterable[str]) -> dict[str, bytes]:
    """Bytes of the files of an audit; conflicts of some genera stand first on the page."""
    return {
        "audit.json": canonical_json(audit),
        "proposals.tsv": table_bytes(CURATION_COLUMNS, proposals(audit)),
        "audit.md": ("\n".join(_page(audit, frozenset(genera))) + "\n").encode("utf-8"),
    }


def proposals(audit: LibraryAudit) -> list[tuple[str, ...]]:
    """Rows for ``curation.tsv``; the person is left empty, so that none holds before somebody signs it."""
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for conflict in audit.conflicts:
        if conflict.side is AuditSide.RECORD:
            state = CurationState.NAME_UNRESOLVED
            key = (conflict.accession, conflict.locus.value)
            rows[key] = (*key, state.value, "", "", audit.library_date, _reason(conflict))
    for remark in audit.remarks:
        if remark.flag in _UNUSABLE:
            for accession in remark.accessions:
                key = (accession, remark.locus.value)
                reason = f"{remark.flag.value}: {remark.measured}"
                rows[key] = (*key, CurationState.UNUSABLE.value, "", "", audit.library_date, reason)
    return [rows[key] for key in sorted(rows)]


def _reason(conflict: AuditConflict) -> str:
    own = f"; own name from {_distance(conflict.own[0])}" if conflict.own else ""
    return (
        f"{conflict.flag.value}: beside {conflict.other_individuals} individual(s) of {conflict.other_species} "
        f"from {_distance(conflict.others[0])}{own}"
    )


def _distance(member: AuditMember) -> str:
    return f"{member.differing}/{member.compared}"


def _page(audit: LibraryAudit, genera: frozenset[str]) -> Iterator[str]:
    yield f"# Audit of the library {audit.library_id}"
    yield ""
    yield f"Library of {audit.library_date}, manifest {audit.library_sha256}. Method {audit.method_version}."
    yield "What stands here are remarks; nothing in the library was changed. Distances read differing/compared:"
    yield "columns that share no base of columns that both hold, or edits of letters of the shorter sequence."
    yield from _counts(audit)
    chosen = [c for c in audit.conflicts if {c.species.split()[0], c.other_species.split()[0]} & genera]
    title = ", ".join(sorted(genera))
    yield from _conflicts(f"Conflicts of names: {title}", [c for c in chosen if c.own])
    yield from _brief(f"Single individuals with another name: {title}", [c for c in chosen if not c.own])
    rest = [c for c in audit.conflicts if c not in set(chosen)]
    yield from _conflicts("Conflicts of names: others", [c for c in rest if c.flag is AuditFlag.NAME_CONFLICT])
    yield from _brief("Nearer to another name", [c for c in rest if c.flag is AuditFlag.NEARER_OTHER_NAME])
    yield from _brief("Single individuals with another name", [c for c in rest if c.flag is AuditFlag.SITS_WITH])
    yield from _remarks(audit.remarks)


def _counts(audit: LibraryAudit) -> Iterator[str]:
    loci = sorted({grade.locus for grade in audit.grades}, key=list(Locus).index)
    yield from ("", "## Counts", "", "| | " + " | ".join(loci) + " |", "|---|" + "---|" * len(loci))
    grades = Counter((grade.grade, grade.locus) for grade in audit.grades)
    for letter in LibraryGrade:
        yield f"| species of grade {letter} | " + " | ".join(str(grades[letter, locus]) for locus in loci) + " |"
    flags = Counter((c.flag, c.locus) for c in audit.conflicts) + Counter((r.flag, r.locus) for r in audit.remarks)
    for flag in AuditFlag:
        yield f"| {flag} | " + " | ".join(str(flags[flag, locus]) for locus in loci) + " |"


def _conflicts(title: str, conflicts: list[AuditConflict]) -> Iterator[str]:
    yield from ("", f"## {title}")
    if not conflicts:
        yield from ("", "None.")
    for conflict in conflicts:
        yield ""
        ratio = f", ratio {conflict.ratio}" if conflict.ratio else ""
        yield f"### {conflict.locus}: {conflict.accession} as {conflict.species} ({conflict.flag}{ratio})"
        yield ""
        yield f"Likely wrong side: {conflict.side}."
        companions = [accession for accession in conflict.claim if accession != conflict.accession]
        if companions:
            yield f"Companions of the same submission: {', '.join(companions)}."
        yield ""
        yield f"- beside: {conflict.other_individuals} individual(s) of {conflict.other_species}: "
        yield "  " + "; ".join(_member(member) for member in conflict.others)
        yield f"- own name: {conflict.own_individuals} independent individual(s)" + (": " if conflict.own else "")
        if conflict.own:
            yield "  " + "; ".join(_member(member) for member in conflict.own)


def _member(member: AuditMember) -> str:
    return f"{member.accession} {member.species} {_distance(member)}"


def _brief(title: str, conflicts: list[AuditConflict]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not conflicts:
        yield "None."
        return
    yield from ("| marker | record | as | beside | own | likely wrong |", "|---|---|---|---|---|---|")
    for c in conflicts:
        own = _member(c.own[0]) if c.own else "no other individual"
        yield f"| {c.locus} | {c.accession} | {c.species} | {_member(c.others[0])} | {own} | {c.side} |"


def _remarks(remarks: tuple[AuditRemark, ...]) -> Iterator[str]:
    by_flag: dict[AuditFlag, list[AuditRemark]] = defaultdict(list)
    for remark in remarks:
        by_flag[remark.flag].append(remark)
    for flag in AuditFlag:
        if flag not in by_flag:
            continue
        yield from (
            "",
            f"## {flag}",
            "",
            "| marker | species | records | measured | allowed |",
            "|---|---|---|---|---|",
        )
        for r in by_flag[flag][:REMARKS_SHOWN]:
            accessions = ", ".join(r.accessions[:6]) + (" …" if len(r.accessions) > 6 else "")
            yield f"| {r.locus} | {', '.join(r.species)} | {accessions} | {r.measured} | {r.allowed} |"
        if len(by_flag[flag]) > REMARKS_SHOWN:
            yield from ("", f"{len(by_flag[flag])} in all; the others stand in audit.json.")
