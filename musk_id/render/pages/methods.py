"""Section: the methods with all their numbers."""

from __future__ import annotations

from musk_id.model.identification_rules import IdentificationRule
from musk_id.model.methods import (
    AmpliconLimits,
    AnimalMethod,
    ControlMethod,
    LongLocusLimits,
    ReadsMethod,
    SangerMethod,
    SpectraMethod,
)
from musk_id.model.reads_method import PileLimits
from musk_id.model.record import CaseRecord, MethodsUsed, ReleaseSummary
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Facts,
    Heading,
    Paragraph,
    Section,
    Table,
    cell,
    lines,
    mono,
)
from musk_id.render.pages.error_figures import error_blocks
from musk_id.render.pages.method_cards import card_blocks
from musk_id.vocabulary import ControlKind, Locus

__all__ = ["methods_section"]


def methods_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Method versions, what they ask of a marker and what is known of their errors; all numbers in an annex."""
    label = catalogue.label
    methods = record.methods
    departures = record.intake.examination.departures
    said = cell(departures.strip()) if departures else cell(label("text.none_recorded"))
    blocks: list[Block] = [Paragraph(cell(label("methods.intro")), quiet=True)]
    blocks.extend(_markers(methods, record.release, catalogue))
    blocks.append(Facts(((label("methods.departures"), said),)))
    blocks.extend(error_blocks(record.calibration, catalogue))
    blocks.extend(card_blocks(record, catalogue))
    blocks.append(Annex(label("methods.all_numbers"), tuple(_all_numbers(methods, catalogue))))
    return Section("methods", label("section.methods"), tuple(blocks))


def _markers(methods: MethodsUsed, release: ReleaseSummary, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    method = methods.barcode
    rows = [(*_amplicon_row(a, catalogue), _individuals(a.locus, release)) for a in method.amplicons]
    rows += [(*_long_row(x, catalogue), _individuals(x.locus, release)) for x in method.long_loci]
    heads = ("locus", "length", "radius", "margin", "exclusion_other", "exclusion_moschus", "individuals")
    return [
        Heading(2, label("methods.barcode", version=method.version, genus=method.genus)),
        Paragraph(cell(label("methods.barcode_distances")), quiet=True),
        Table("", tuple(label(f"head.{h}") for h in heads), (6, 5, 4, 4, 5, 6, 5), tuple(rows)),
    ]


def _all_numbers(methods: MethodsUsed, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    blocks = _barcode_numbers(methods, catalogue)
    blocks.append(Heading(2, label("methods.animals", version=methods.animals.version)))
    blocks.append(_numbers(_animal_numbers(methods.animals), catalogue))
    blocks += _wide_numbers(methods.animals, catalogue)
    blocks.append(Heading(2, label("methods.sanger", version=methods.sanger.version)))
    blocks.append(Paragraph(cell(label("methods.sanger_words")), quiet=True))
    blocks.append(_sanger_numbers(methods.sanger, catalogue))
    if methods.reads is not None:
        blocks.append(Heading(2, label("methods.reads", version=methods.reads.version)))
        blocks.append(Paragraph(cell(label("methods.reads_words")), quiet=True))
        blocks.append(_numbers(_read_numbers(methods.reads), catalogue))
    blocks.append(Heading(2, label("methods.spectra", version=methods.spectra.version)))
    blocks.append(Paragraph(cell(label("methods.spectra_scores")), quiet=True))
    blocks.append(_numbers(_spectra_numbers(methods.spectra), catalogue))
    blocks += _identification(methods.spectra.identification, catalogue)
    blocks.append(Heading(2, label("methods.controls", version=methods.controls.version)))
    blocks.append(_required_controls(methods.controls, catalogue))
    blocks.append(Heading(2, label("methods.evidence", version=methods.evidence.version)))
    blocks.append(_grades(methods, catalogue))
    return blocks


def _barcode_numbers(methods: MethodsUsed, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    method = methods.barcode
    numbers = (
        ("max_ambiguous", method.max_ambiguous_percent, "percent"),
        ("certified_margin", str(method.certified_margin_min), "edits"),
        ("species_compared", str(method.species_min_compared_bp), "bp"),
        ("species_individuals", str(method.species_min_individuals), ""),
        ("species_others", str(method.species_min_individuals_of_others), ""),
        ("tree_replicates", str(method.tree_replicates), ""),
    )
    return [
        Heading(2, label("methods.barcode", version=method.version, genus=method.genus)),
        Facts(((label("methods.primers"), lines(*(_primers(a, catalogue) for a in method.amplicons))),)),
        _numbers(numbers, catalogue),
    ]


def _primers(limits: AmpliconLimits, catalogue: Catalogue) -> Cell:
    return mono(
        catalogue.label(
            "methods.primer_pair",
            locus=limits.locus.value,
            forward=limits.forward_primer,
            reverse=limits.reverse_primer,
        )
    )


def _individuals(locus: Locus, release: ReleaseSummary) -> Cell:
    """How many individuals stand behind the radius: of the genus and, beside them, of other mammals."""
    count = next(c for c in release.marker_counts if c.locus is locus)
    return cell(f"{count.own_individuals} / {count.other_individuals}")


def _amplicon_row(limits: AmpliconLimits, catalogue: Catalogue) -> tuple[Cell, ...]:
    edits = catalogue.label("unit.edits")
    bp = catalogue.label("unit.bp")
    return (
        cell(catalogue.word(limits.locus)),
        cell(f"{limits.min_length_bp}–{limits.max_length_bp} {bp}"),
        cell(f"≤ {limits.radius_edits} {edits}"),
        cell(f"≥ {limits.margin_edits} {edits}"),
        cell(f"≤ {limits.exclusion_other_edits} {edits}"),
        cell(catalogue.label("methods.further", count=str(limits.exclusion_moschus_further_edits))),
    )


def _long_row(limits: LongLocusLimits, catalogue: Catalogue) -> tuple[Cell, ...]:
    name = catalogue.word(limits.locus)
    if limits.provisional:
        name = catalogue.label("methods.provisional", locus=name)
    return (
        cell(name),
        cell(f"≥ {limits.min_compared_bp} {catalogue.label('unit.bp')}"),
        cell(f"p ≤ {limits.radius_p}"),
        cell(f"p ≥ {limits.margin_p}"),
        cell(f"p ≤ {limits.exclusion_other_p}"),
        cell(f"p ≥ {limits.exclusion_moschus_p}"),
    )


def _animal_numbers(method: AnimalMethod) -> tuple[tuple[str, str, str], ...]:
    return (
        ("animal_certified_margin", str(method.certified_margin_min), "edits"),
        ("animal_long_radius", method.long_radius_p, ""),
        ("animal_long_margin", method.long_margin_p, ""),
    )


def _wide_numbers(method: AnimalMethod, catalogue: Catalogue) -> list[Block]:
    """Limits of wide libraries and of species, where the method has any."""
    label = catalogue.label
    rows: list[tuple[str, Cell]] = []
    if method.wide_min_genera is not None:
        rows.append((label("number.animal_wide_genera"), cell(str(method.wide_min_genera))))
    for limits in method.wide:
        unit = label("unit.edits") if limits.locus in (Locus.RRNA_12S, Locus.RRNA_16S) else "p"
        for key, value in (("radius", limits.radius), ("margin", limits.margin)):
            name = label(f"number.animal_wide_{key}", locus=catalogue.word(limits.locus))
            rows.append((name, cell(f"{value} {unit}")))
    species = method.species
    if species is not None:
        numbers: tuple[tuple[str, str], ...] = (
            ("individuals", str(species.min_individuals)),
            ("bp", str(species.min_compared_bp)),
            ("share", species.spread_share),
            ("least", species.least_p),
            ("most", species.most_p),
        )
        isolated = species.isolated
        if isolated is not None:
            numbers += (
                ("isolated", isolated.radius_p),
                ("isolated_other", isolated.other_p),
                ("isolated_times", str(isolated.times)),
                ("isolated_genera", str(isolated.min_genera)),
            )
        rows += [(label(f"number.animal_species_{key}"), cell(value)) for key, value in numbers]
    return [Facts(tuple(rows))] if rows else []


def _sanger_numbers(method: SangerMethod, catalogue: Catalogue) -> Facts:
    good = catalogue.label("number.good_bases", quality=str(method.good_base_quality))
    percent, bp = catalogue.label("unit.percent"), catalogue.label("unit.bp")
    rows = (
        (catalogue.label("number.trim_error"), cell(method.trim_error_limit)),
        (catalogue.label("number.trim_least"), cell(f"{method.min_trimmed_bp} {bp}")),
        (catalogue.label("number.overlap"), cell(f"{method.min_overlap_bp} {bp}")),
        (catalogue.label("number.mean_quality"), cell(str(method.min_mean_quality))),
        (good, cell(f"{method.min_good_bases_percent} {percent}")),
        (catalogue.label("number.double_coverage"), cell(f"{method.min_double_coverage_percent} {percent}")),
        (catalogue.label("number.bp_per_conflict"), cell(f"{method.bp_per_conflict} {bp}")),
        (catalogue.label("number.quality_lead"), cell(str(method.min_quality_lead))),
        (catalogue.label("number.second_peak"), cell(str(method.secondary_peak_percent))),
        (catalogue.label("number.mixed_positions"), cell(str(method.mixed_positions))),
    )
    return Facts(rows)


def _read_numbers(method: ReadsMethod) -> tuple[tuple[str, str, str], ...]:
    return (
        ("read_overlap", str(method.min_overlap_bp), "bp"),
        ("read_mismatch", str(method.max_mismatch_percent), "percent"),
        ("read_errors", method.max_expected_errors, ""),
        ("read_primer_mismatches", str(method.max_primer_mismatches), ""),
        ("read_skew", str(method.skew_alpha), ""),
        ("read_least", str(method.min_reported_reads), ""),
        ("read_share", method.min_reported_percent, "percent"),
        ("read_blank_factor", str(method.min_blank_factor), ""),
        ("read_amplifications", str(method.min_amplifications), ""),
        ("read_amplification_share", str(method.min_percent_of_amplifications), "percent"),
        ("read_extracts", str(method.min_extracts), ""),
        *(
            ()
            if method.jump_confidence_percent is None
            else (("read_jumps", method.jump_confidence_percent, "percent"),)
        ),
        *(() if method.piles is None else _pile_numbers(method.piles)),
    )


def _pile_numbers(piles: PileLimits) -> tuple[tuple[str, str, str], ...]:
    return (
        ("pile_depth", str(piles.min_depth), ""),
        ("pile_share", str(piles.min_share_percent), "percent"),
        ("pile_quality", str(piles.min_base_quality), ""),
        ("pile_mapping", str(piles.min_mapping_quality), ""),
        ("pile_haplotype", str(piles.min_haplotype_reads), ""),
        ("pile_single", str(piles.single_letter_percent), "percent"),
        ("pile_edits", str(piles.max_read_edits_percent), "percent"),
        ("pile_runs", str(piles.run_error_percent), "percent"),
    )


def _spectra_numbers(method: SpectraMethod) -> tuple[tuple[str, str, str], ...]:
    return (
        ("min_peaks", str(method.min_peaks), ""),
        ("min_forward", str(method.min_forward_match_factor), ""),
        ("min_reverse", str(method.min_reverse_match_factor), ""),
        ("min_ions", str(method.min_diagnostic_ions), ""),
        ("min_ion_mz", str(method.min_diagnostic_mz), ""),
        ("ion_ratio", str(method.ion_ratio_tolerance_percent), "percent"),
        ("confusable_gap", str(method.confusable_min_gap), ""),
    )


def _identification(rule: IdentificationRule | None, catalogue: Catalogue) -> list[Block]:
    """The rule of identification, if the method has one."""
    if rule is None:
        return []
    label = catalogue.label
    source = rule.source if rule.text_read else f"{rule.source} {label('text.text_not_read')}"
    bands = "; ".join(
        label(
            "number.id_band_relative" if band.relative else "number.id_band_points",
            tolerance=str(band.tolerance),
            share=str(band.from_percent),
        )
        for band in rule.ratio_bands
    )
    rows = (
        ("id_source", source),
        ("id_time", f"{rule.retention_time_percent} %; {rule.retention_time_least_min} min"),
        ("id_index", rule.retention_index),
        ("id_ions", f"{rule.min_ions}; m/z {rule.one_ion_from_mz}"),
        ("id_compared", f"{rule.ions_compared}; {rule.ion_least_percent} %"),
        ("id_bands", bands),
        ("id_noise", f"{rule.signal_to_noise_base}; {rule.signal_to_noise_weakest}"),
        ("id_blank", str(rule.blank_factor)),
        ("id_isomers", str(rule.isomer_index_sd)),
    )
    return [Facts(tuple((label(f"number.{key}"), cell(value)) for key, value in rows))]


def _numbers(numbers: tuple[tuple[str, str, str], ...], catalogue: Catalogue) -> Facts:
    rows = []
    for key, value, unit in numbers:
        text = f"{value} {catalogue.label(f'unit.{unit}')}" if unit else value
        rows.append((catalogue.label(f"number.{key}"), cell(text)))
    return Facts(tuple(rows))


def _required_controls(method: ControlMethod, catalogue: Catalogue) -> Facts:
    def names(kinds: tuple[str, ...]) -> Cell:
        return cell(catalogue.join([catalogue.word(ControlKind(kind)) for kind in kinds]))

    return Facts(
        (
            (catalogue.label("number.required_dna"), names(method.required_dna)),
            (catalogue.label("number.required_chemistry"), names(method.required_chemistry)),
            (catalogue.label("number.extracts_per_blank"), cell(str(method.max_extracts_per_blank))),
        )
    )


def _grades(methods: MethodsUsed, catalogue: Catalogue) -> Facts:
    evidence = methods.evidence
    ratio = catalogue.label(
        "methods.no_ratio",
        individuals=str(evidence.min_individuals_h1),
        species=str(evidence.min_species_h2),
    )
    rows = [(grade, cell(catalogue.label(f"grade_meaning.{grade}"))) for grade in ("A", "B", "C")]
    rows.append((catalogue.label("number.extractions_for_a"), cell(str(evidence.min_extractions_for_grade_a))))
    rows.append((catalogue.label("number.likelihood_ratio"), cell(ratio)))
    return Facts(tuple(rows))
