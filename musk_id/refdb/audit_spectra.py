"""Audit of a library's spectra: measured values against limits, proposals for people, nothing applied.

What cannot be checked here: whether an InChIKey belongs to its SMILES or name, which needs a program that
draws structures.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from musk_id.errors import ReferenceDataError
from musk_id.kernels.near_duplicates import near_duplicates
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.library import Library
from musk_id.model.spectra_audit import (
    FlagCount,
    PrecisionCount,
    SpectraAudit,
    SpectraAuditLimits,
    SpectrumFinding,
)
from musk_id.model.spectral_table import SpectrumEntry, SpectrumTable
from musk_id.model.values import Line, decimal_text
from musk_id.records.canonical import canonical_json
from musk_id.refdb.audit_spectrum import Measured, measure, precisions, spectrum_findings
from musk_id.refdb.tables import LIST_SEPARATOR, table_bytes
from musk_id.vocabulary import CurationState, MassPrecision, SpectrumFlag

__all__ = ["AUDIT_LIMITS", "audit_spectra", "spectra_audit_files"]

AUDIT_LIMITS = SpectraAuditLimits()

MAX_COMPARED = 20
"""Records named at a finding; the measured value tells how many there are."""

_FINDING_COLUMNS = ("accession", "flag", "measured", "allowed", "compared_with", "proposed")
_PROPOSAL_COLUMNS = ("accession", "state", "reasons")


def audit_spectra(library: Library, limits: SpectraAuditLimits = AUDIT_LIMITS) -> SpectraAudit:
    """Audit every spectrum of a library.

    Raises
    ------
    ReferenceDataError
        If the library holds no spectra.
    """
    table = library.spectra
    if table is None:
        raise ReferenceDataError("the library holds no spectra", where=library.library_id)
    entries = list(table.entries())
    units = [_unit(table, record) for record in range(len(table))]
    shown = [
        measure(entry, unit, int(table.offsets[record + 1] - table.offsets[record]), limits)
        for record, (entry, unit) in enumerate(zip(entries, units, strict=True))
    ]
    kinds = precisions(table.mz, table.offsets)
    findings = [
        finding
        for entry, values, kind in zip(entries, shown, kinds, strict=True)
        for finding in spectrum_findings(entry, values, kind, limits)
    ]
    groups = _same_peaks(table, entries)
    findings += _same_peaks_findings(entries, groups)
    findings += _near_duplicates(table, entries, limits)
    findings += _formulas_within_key(entries)
    return _audit(library, limits, entries, shown, kinds, len(groups), findings)


def _audit(
    library: Library,
    limits: SpectraAuditLimits,
    entries: Sequence[SpectrumEntry],
    shown: Sequence[Measured],
    kinds: Sequence[MassPrecision],
    groups: int,
    findings: list[SpectrumFinding],
) -> SpectraAudit:
    order = {flag: place for place, flag in enumerate(SpectrumFlag)}
    findings.sort(key=lambda finding: (finding.accession, order[finding.flag]))
    # A spectrum may have two findings under one flag; it counts once.
    flags = Counter(flag for _, flag in {(finding.accession, finding.flag) for finding in findings})
    precision = Counter(kinds)
    return SpectraAudit(
        schema=Line(SpectraAudit.SCHEMA),
        library_id=library.library_id,
        library_date=library.date,
        library_manifest_sha256=library.manifest_sha256,
        limits=limits,
        records=len(entries),
        compounds=len({entry.compound for entry in entries}),
        molecular_ion_testable=sum(values.is_testable(limits) for values in shown),
        same_peaks_groups=groups,
        flags=tuple(FlagCount(flag=flag, records=flags[flag]) for flag in SpectrumFlag),
        precision=tuple(PrecisionCount(precision=kind, records=precision[kind]) for kind in MassPrecision),
        findings=tuple(findings),
    )


def _unit(table: SpectrumTable, record: int) -> UnitMassSpectrum:
    mz, intensity = table.unit_peaks(record)
    return UnitMassSpectrum(mz.astype(np.int64), intensity.astype(np.int64))


def _same_peaks(table: SpectrumTable, entries: Sequence[SpectrumEntry]) -> list[list[int]]:
    """Records with one and the same list of peaks, where it stands under more than one compound."""
    by_digest: dict[bytes, list[int]] = defaultdict(list)
    for record in range(len(table)):
        mz, intensity = table.peaks(record)
        by_digest[hashlib.sha256(mz.tobytes() + intensity.tobytes()).digest()].append(record)
    return [group for group in by_digest.values() if len({entries[r].compound for r in group}) > 1]


def _same_peaks_findings(
    entries: Sequence[SpectrumEntry], groups: Sequence[Sequence[int]]
) -> Iterator[SpectrumFinding]:
    for group in groups:
        for record in group:
            others = [r for r in group if entries[r].compound != entries[record].compound]
            yield SpectrumFinding(
                accession=entries[record].accession,
                flag=SpectrumFlag.SAME_PEAKS_OTHER_STRUCTURE,
                measured=Line(f"the same peaks as {len(others)} record(s) of other structures"),
                allowed=Line("one structure for one list of peaks"),
                compared_with=tuple(entries[r].accession for r in others[:MAX_COMPARED]),
                proposed=CurationState.NAME_UNRESOLVED,
            )


def _near_duplicates(
    table: SpectrumTable, entries: Sequence[SpectrumEntry], limits: SpectraAuditLimits
) -> Iterator[SpectrumFinding]:
    members: dict[str, list[int]] = defaultdict(list)
    for record, entry in enumerate(entries):
        members[entry.compound].append(record)
    limit = Decimal(limits.near_duplicate_cosine)
    for group in members.values():
        peaks = [table.unit_peaks(record) for record in group]
        for found in near_duplicates([p[0] for p in peaks], [p[1] for p in peaks], limit):
            yield SpectrumFinding(
                accession=entries[group[found.spectrum]].accession,
                flag=SpectrumFlag.NEAR_DUPLICATE,
                measured=Line(f"cosine {decimal_text(found.cosine, 6)}"),
                allowed=Line(f"at most {limits.near_duplicate_cosine} to an earlier record of the compound"),
                compared_with=(entries[group[found.repeats]].accession,),
                proposed=CurationState.DUPLICATE,
            )


def _formulas_within_key(entries: Sequence[SpectrumEntry]) -> Iterator[SpectrumFinding]:
    """Records of one connectivity block must have one formula; those apart from the most frequent are told."""
    members: dict[str, list[SpectrumEntry]] = defaultdict(list)
    for entry in entries:
        if entry.inchikey is not None:
            members[entry.compound].append(entry)
    for block, group in members.items():
        counts = Counter(entry.formula for entry in group)
        if len(counts) == 1:
            continue
        most = max(counts.values())
        common = sorted(formula for formula, count in counts.items() if count == most)
        for entry in group:
            if common != [entry.formula]:  # where formulas are equally frequent, each is told
                others = [e.accession for e in group if e.formula != entry.formula]
                yield SpectrumFinding(
                    accession=entry.accession,
                    flag=SpectrumFlag.FORMULA_CONTRADICTS_KEY,
                    measured=Line(f"{entry.formula} under {block}, others {', '.join(sorted(counts))}"[:500]),
                    allowed=Line("one formula for one connectivity block of the InChIKey"),
                    compared_with=tuple(others[:MAX_COMPARED]),
                    proposed=CurationState.NAME_UNRESOLVED,
                )


def spectra_audit_files(audit: SpectraAudit) -> dict[str, bytes]:
    """The audit as canonical JSON, its findings as a table, and proposals for ``curation.tsv``, by file name."""
    return {
        "spectra_audit.json": canonical_json(audit),
        "spectra_findings.tsv": table_bytes(_FINDING_COLUMNS, map(_finding_row, audit.findings)),
        "spectra_proposals.tsv": table_bytes(_PROPOSAL_COLUMNS, _proposal_rows(audit)),
    }


def _finding_row(finding: SpectrumFinding) -> tuple[str, ...]:
    return (
        finding.accession,
        finding.flag.value,
        finding.measured,
        finding.allowed,
        LIST_SEPARATOR.join(finding.compared_with),
        "" if finding.proposed is None else finding.proposed.value,
    )


# Where flags propose several states for a record, the first of these.
_WEIGHT = (CurationState.UNUSABLE, CurationState.NAME_UNRESOLVED, CurationState.DUPLICATE)


def _proposal_rows(audit: SpectraAudit) -> Iterator[tuple[str, str, str]]:
    """One row a record with a proposal: a person, a date and the wording of the reason are still to be given."""
    by_record: dict[str, list[SpectrumFinding]] = defaultdict(list)
    for finding in audit.findings:
        if finding.proposed is not None:
            by_record[finding.accession].append(finding)
    for accession, findings in by_record.items():
        state = min((f.proposed for f in findings if f.proposed is not None), key=_WEIGHT.index)
        yield accession, state.value, "; ".join(f"{f.flag.value}: {f.measured}" for f in findings)
