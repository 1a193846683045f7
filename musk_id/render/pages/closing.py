"""Sections at the end: limitations, the requester's statements, provenance, signatures."""

from __future__ import annotations

from musk_id.model.record import CaseRecord, ReleaseSummary
from musk_id.model.request import CitesDetails
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Facts,
    Heading,
    Items,
    Notice,
    Paragraph,
    Section,
    SignatureBlock,
    Signatures,
    Table,
    cell,
    lines,
    mono,
)
from musk_id.render.pages.facts import given, listed, party, quantity, said

__all__ = ["limitations_section", "provenance_section", "requester_section", "signatures_section"]

GAPS_SHOWN = 40


def limitations_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Standing limitations, what was not recorded, what the reference release lacks."""
    label = catalogue.label
    blocks: list[Block] = [Items(said(catalogue, record.evidence.limitations))]
    blocks.append(Heading(2, label("limitations.missing")))
    missing = said(catalogue, record.evidence.missing)
    blocks.append(Items(missing or (cell(label("limitations.nothing_missing")),)))
    gaps = record.release.gaps
    if gaps:
        title = label("limitations.gaps", release=record.release.release_id)
        blocks.append(Annex(title, (_gaps_table(record.release, catalogue),)))
    return Section("limitations", label("section.limitations"), tuple(blocks))


def _gaps_table(release: ReleaseSummary, catalogue: Catalogue) -> Table:
    label = catalogue.label
    grouped: dict[tuple[str, str], list[str]] = {}
    for gap in release.gaps:
        grouped.setdefault((gap.where, gap.note), []).append(gap.subject)
    rows = tuple(
        (cell(where), cell(listed(catalogue, subjects, GAPS_SHOWN)), cell(note))
        for (where, note), subjects in sorted(grouped.items())
    )
    heads = tuple(label(f"head.{h}") for h in ("where", "lacking", "remark"))
    return Table("", heads, (3, 9, 8), rows)


def requester_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Words of the requester that had no part in the findings, marked as such."""
    label = catalogue.label
    request = record.intake.request
    rows: list[tuple[str, Cell]] = [
        (label("requester.authority"), party(catalogue, request.authority)),
        (label("requester.legal_ground"), given(catalogue, request.legal_ground)),
    ]
    if request.seizure is not None:
        seizure = request.seizure
        facts = (seizure.place, seizure.country, seizure.date, seizure.record_number)
        rows.append((label("requester.seizure"), cell("; ".join(f for f in facts if f is not None))))
    if request.alleged_origin is not None:
        origin = request.alleged_origin
        parts = (origin.country, origin.population, origin.stated_by)
        rows.append((label("requester.origin"), cell("; ".join(p for p in parts if p is not None))))
    if request.case_facts is not None:
        rows.append((label("requester.case_facts"), cell(request.case_facts.strip())))
    if request.cites is not None:
        rows.extend(_cites_rows(request.cites, catalogue))
    notice = Notice(label("requester.notice"), said(catalogue, record.appendix_statements), tuple(rows))
    blocks: list[Block] = [notice]
    if request.cites is not None and request.cites.specimens:
        blocks.append(_specimens_table(request.cites, catalogue))
    return Section("requester", label("section.requester"), tuple(blocks))


def _cites_rows(cites: CitesDetails, catalogue: Catalogue) -> list[tuple[str, Cell]]:
    label = catalogue.label
    permit = [] if cites.permit_kind is None else [catalogue.word(cites.permit_kind)]
    if cites.permit_number is not None:
        permit.append(cites.permit_number)
    states = (
        ("export", cites.state_of_export),
        ("re_export", cites.state_of_re_export),
        ("import", cites.state_of_import),
        ("origin", cites.state_of_origin),
    )
    named = [label(f"requester.state_{key}", country=state) for key, state in states if state is not None]
    return [
        (label("requester.exporter"), party(catalogue, cites.exporter)),
        (label("requester.importer"), party(catalogue, cites.importer)),
        (label("requester.permit"), cell("; ".join(permit)) if permit else given(catalogue, None)),
        (label("requester.states"), cell("; ".join(named)) if named else given(catalogue, None)),
    ]


def _specimens_table(cites: CitesDetails, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            cell(line.species_name),
            cell(line.specimen_type),
            given(catalogue, line.number),
            given(catalogue, quantity(line.quantity)),
            given(catalogue, line.size),
            cell(catalogue.word(line.sex)) if line.sex is not None else given(catalogue, None),
        )
        for line in cites.specimens
    )
    heads = ("species_declared", "specimen_type", "number", "quantity", "size", "sex")
    return Table(label("requester.specimens"), tuple(label(f"head.{h}") for h in heads), (6, 5, 3, 4, 4, 4), rows)


def provenance_section(record: CaseRecord, digest: str, catalogue: Catalogue) -> Section:
    """What the record was made from: software, release, inputs and stage records by digest."""
    label = catalogue.label
    release = record.release
    counts = label(
        "provenance.release_text",
        release=release.release_id,
        date=release.date,
        barcodes=str(release.barcode_records),
        individuals=str(release.barcode_individuals),
        spectra=str(release.spectrum_records),
    )
    own = [
        label(
            "provenance.overlay_text",
            overlay=o.library_id,
            date=o.date,
            barcodes=str(o.barcode_records),
            spectra=str(o.spectrum_records),
        )
        for o in release.overlays
    ]
    blocks: list[Block] = [
        Facts(
            (
                (label("provenance.software"), cell(record.provenance.software_version)),
                (label("provenance.methods"), cell(", ".join(record.provenance.methods) or "-")),
                (label("provenance.library"), lines(cell(counts), *(cell(text) for text in own))),
                (label("provenance.language"), _language_note(record, catalogue)),
            )
        ),
        _digests_table(label("provenance.digests"), _main_digests(record, digest, catalogue), catalogue),
        Annex(
            label("provenance.other_digests"), (_digests_table("", _other_digests(record, catalogue), catalogue),)
        ),
        Annex(
            label("provenance.sources"), (Items(tuple(cell(f"{s.citation} {s.terms}") for s in release.sources)),)
        ),
        Paragraph(cell(label("provenance.seal")), quiet=True),
    ]
    return Section("provenance", label("section.provenance"), tuple(blocks))


def _main_digests(record: CaseRecord, digest: str, catalogue: Catalogue) -> list[tuple[str, str]]:
    """What a reader of the paper compares: the record, the release, the evidence files."""
    label, release = catalogue.label, record.release
    digests = [(label("provenance.record"), digest), (label("provenance.release"), str(release.manifest_sha256))]
    digests += [
        (label("provenance.overlay", overlay=o.library_id), str(o.manifest_sha256)) for o in release.overlays
    ]
    digests += [(label("provenance.font", path=f.path), str(f.sha256)) for f in record.intake.laboratory.fonts]
    return digests + [(f.path, str(f.sha256)) for f in record.intake.files if f.sha256 is not None]


def _other_digests(record: CaseRecord, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Papers, stages, controls and the calibration."""
    label = catalogue.label
    digests: list[tuple[str, str]] = []
    source = None if record.calibration is None else record.calibration.source
    if source is not None:
        library = label("provenance.calibration_library", library=source.library_id)
        digests += [(label("provenance.calibration"), source.sha256), (library, source.library_sha256)]
    digests += [(label("provenance.stage", stage=d.name), d.sha256) for d in record.stage_digests]
    digests += [(d.name, d.sha256) for d in record.provenance.inputs]
    for controls in record.controls:
        digests += [(f"{controls.batch_id}: {f.path}", f.sha256) for f in controls.files if f.sha256 is not None]
    return digests


def _digests_table(caption: str, digests: list[tuple[str, str]], catalogue: Catalogue) -> Table:
    rows = tuple((cell(name), mono(value)) for name, value in dict.fromkeys(digests))
    return Table(caption, (catalogue.label("head.what"), catalogue.label("head.sha256")), (6, 14), rows)


def _language_note(record: CaseRecord, catalogue: Catalogue) -> Cell:
    first = record.intake.laboratory.languages[:1]
    if catalogue.language in first:
        note = cell(catalogue.label("language_note.authoritative"))
    else:
        names = catalogue.join([catalogue.word(language) for language in first])
        note = cell(catalogue.label("language_note.translation", language=names))
    if catalogue.is_draft:
        note = lines(note, cell(catalogue.label("language_note.draft", reviewed=str(catalogue.reviewed))))
    if catalogue.untranslated:
        count = str(len(catalogue.untranslated))
        note = lines(note, cell(catalogue.label("language_note.untranslated", count=count)))
    return note


def signatures_section(catalogue: Catalogue) -> Section:
    """Boxes for the paper route."""
    label = catalogue.label

    def block(key: str, *fields: str) -> SignatureBlock:
        return SignatureBlock(label(f"signature.{key}"), tuple(label(f"signature.{f}") for f in fields))

    boxes = (
        block("examiner", "name", "date", "sign"),
        block("reviewer", "name", "date", "sign"),
        block("stamp", "stamp_field"),
    )
    intro = Paragraph(cell(label("signature.intro")), quiet=True)
    return Section("signatures", label("section.signatures"), (intro, Signatures(boxes)))
