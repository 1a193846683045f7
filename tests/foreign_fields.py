"""Every text of a case record: those from outside, and those that the software itself writes or has checked.

A field that stands in neither list fails a test: whoever adds one has to say whose words it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from musk_id.model.record import CaseRecord
from musk_id.model.values import Line, Text
from musk_id.records.codec import plan_of

__all__ = ["FOREIGN", "LINKED", "OWN", "text_fields"]

# Texts in these fields come from people, instruments, foreign files or libraries.
FOREIGN: dict[str, tuple[str, ...]] = {
    "DetectionLevels": ("taxon",),
    "MixturePart": ("genera", "records"),
    "RankedName": ("accession", "compound", "name"),
    "SpectralRanking": ("library",),
    "Spike": ("taxon",),
    "Laboratory": ("name", "address", "contact"),
    "Accreditation": ("body", "number", "scope"),
    "Request": ("legal_ground", "case_facts"),
    "Party": ("name", "address", "contact", "reference"),
    "Question": ("text",),
    "RequestItem": ("described_as", "seal_number", "label_text"),
    "Quantity": ("unit",),
    "Photograph": ("caption",),
    "Seizure": ("place", "record_number"),
    "AllegedOrigin": ("stated_by", "population"),
    "CitesDetails": ("permit_number",),
    "SpecimenLine": ("species_name", "specimen_type", "size"),
    "Examination": (
        *("accession_number", "persons", "condition_on_receipt", "departures"),
        *("place_of_work", "participants"),
    ),
    "Interim": ("reason",),
    "Told": ("to", "by", "what"),
    "NetMass": ("balance",),
    "ExaminedItem": ("laboratory_number", "seal_number_found", "condition"),
    "FoundToBe": ("description", "method_version", "analyst"),
    "SubSample": ("laboratory_number", "taken_from", "analyst", "method_version"),
    "Extract": ("laboratory_number", "analyst", "method_version"),
    "Product": ("laboratory_number", "analyst", "method_version", "instrument"),
    "Run": ("analyst", "method_version", "instrument", "position", "simulated"),
    "CustodyEvent": ("event", "from_holder", "to_holder", "place", "seal_before", "seal_after", "witness"),
    "OutsideFinding": ("method", "provider", "result"),
    "TraceFacts": (
        *("sample_name", "well", "plate", "run_name"),
        *("instrument", "basecaller", "started_at", "stopped_at"),
    ),
    "StatementValue": ("texts",),
    "BaseEdit": ("reason", "person"),
    "Reintegration": ("peak", "from_area", "to_area", "reason", "person"),
    "RunSheet": ("analyst", "method_version", "instrument", "departures"),
    "BatchReads": ("positions",),
    "TagJumps": ("primers",),
    "SharedSequence": ("primers",),
    "SharedWell": ("position",),
    "RuleFixed": ("method_version",),
    "RuleDeparture": ("to_version", "reason", "person"),
    "SheetPeak": ("name", "formula"),
    "SecondReading": ("person", "remark"),
    "ReadingComparison": ("person", "software"),
    "TrustedKey": ("public_key", "role"),
    "ReagentLot": ("reagent", "lot"),
    "SheetRow": ("position", "sample", "expected_taxon"),
    "ControlFile": ("position",),
    "ControlFinding": ("position", "note", "taxa"),
    "SequenceResult": ("sequence_name",),
    "BarcodeHit": ("accession", "organism_as_deposited", "organism_revised", "genus", "overlay"),
    "NotExcluded": ("species", "note", "records"),
    "AlignmentPicture": ("organisms", "accessions"),
    "QueryTreeNode": ("organisms", "overlays", "accessions"),
    "SpectrumResult": ("spectrum_name", "ionisation_energy"),
    "SpectrumHit": ("name", "formula", "overlay", "accession", "inchikey"),
    "CompoundCall": ("name", "confusables", "inchikey", "accession"),
    "MarkerFinding": ("name", "limit"),
    "LibraryGap": ("subject", "where", "note"),
    "SourceNote": ("citation", "terms"),
    "LegalRow": ("text", "instrument", "taxon", "listing"),
    "Verification": ("source_document", "verified_by"),
    "OverlaySummary": ("library_id",),
    "CalibrationSource": ("library_id", "library_title"),
    "ItemCall": ("taxon",),
    "LocusCall": ("taxon", "species"),
    "NamedTaxon": ("taxon", "records"),
    "ViewCall": ("nearest_genus", "nearest_records", "next_genus", "next_records"),
    "Candidate": ("members",),
    "QueryTree": ("outgroup",),
    "DiagnosticSites": ("frame_record",),
    "ReplicateCount": ("taxa",),
    "BlankReads": ("genus",),
    "RadiusGround": ("nearest_records",),
    "Criterion": ("deciding_records",),
}


# Texts of these fields are written by the software, stand in its own tables and methods, or are checked against a
# closed list or a narrow form (letters of sequences, InChIKeys) before they are read.
OWN: dict[str, tuple[str, ...]] = {
    "AlignmentPicture": ("query", "rows"),
    "AmpliconLimits": ("forward_primer", "reverse_primer"),
    "AnimalMethod": ("version",),
    "BarcodeMethod": ("version", "genus"),
    "BarcodeRecord": ("schema",),
    "CalibrationSource": ("methods",),
    "Candidate": ("letters",),
    "CaseRecord": ("schema",),
    "ClauseResult": ("number",),
    "CodeRow": ("code", "meaning"),
    "ComparisonErrors": ("method", "unit", "genus"),
    "ControlMethod": ("version", "required_dna", "required_chemistry"),
    "ControlsRecord": ("schema",),
    "Criterion": ("name", "measured", "limit", "unit"),
    "DiagnosticSites": ("query",),
    "Disagreement": ("forward", "reverse", "chosen"),
    "Edits": ("schema",),
    "EvidenceMethod": ("version",),
    "EvidenceRecord": ("schema",),
    "Examination": ("schema",),
    "FileFact": ("owner",),
    "GradePart": ("subject",),
    "Haplotype": ("letters",),
    "IdentificationRule": ("source",),
    "InputDigest": ("name",),
    "IntakeNote": ("subject",),
    "IntakeRecord": ("schema",),
    "ItemCall": ("nearest_sets",),
    "ItemRatio": ("alternatives", "alternatives_described", "word"),
    "Laboratory": ("schema", "release"),
    "LegalRow": ("row_id",),
    "Listing": ("taxon", "listings"),
    "LocusCall": ("nearest_set",),
    "LocusRatio": ("unit",),
    "MarkerFinding": ("marker_id", "group", "inchikey", "cas", "set_aside_by"),
    "MeasuredCount": ("stratum",),
    "MeasuredRange": ("measure", "file"),
    "MethodCard": ("method",),
    "MethodsInForce": ("barcode", "animals", "sanger", "reads", "spectra", "controls", "evidence"),
    "PanelFigures": ("release_id",),
    "PopulationRow": ("row_id", "taxon", "listing"),
    "Provenance": ("software_version", "methods", "release_id"),
    "RadiusGround": ("genus",),
    "RatioSensitivity": ("subject", "word"),
    "RankingMethod": ("version",),
    "ReadSupport": ("primers", "chimera"),
    "ReadsMethod": ("version",),
    "ReleaseSummary": ("release_id",),
    "Request": ("schema",),
    "RuleOutcome": ("rule_id", "phrase", "markers", "source"),
    "Run": ("searched_for",),
    "RunSheet": ("schema",),
    "SangerMethod": ("version",),
    "ScaleBand": ("word",),
    "SecondReadings": ("schema",),
    "SheetPeak": ("inchikey",),
    "SourceNote": ("source_id",),
    "SpectraMethod": ("version",),
    "SpectraRecord": ("schema",),
    "SpectralRanking": ("method",),
    "Statement": ("phrase",),
    "StatementValue": ("name",),
    "TraceReading": ("consensus",),
    "TraceWindow": ("letters",),
    "VerbalScale": ("version",),
}

# Names of libraries by which parts of a record find each other. Texts that are put into each apart would
# contradict each other; the same names stand in fields of the first list.
LINKED: dict[str, tuple[str, ...]] = {
    "Candidate": ("name",),
    "CandidatePair": ("first", "second"),
}


def text_fields(cls: type = CaseRecord, seen: set[type] | None = None) -> Iterator[tuple[str, str]]:
    """Type and name of every field of free text that a record can hold, each type once."""
    known = set() if seen is None else seen
    known.add(cls)
    for field in plan_of(cls):
        plan = field.type
        while plan.item is not None:
            plan = plan.item
        if plan.text_type in (Line, Text):
            yield cls.__name__, field.name
        if plan.cls is not None and plan.cls not in known:
            yield from text_fields(plan.cls, known)
