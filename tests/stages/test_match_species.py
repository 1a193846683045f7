"""Species of a library in arrays, against records taken one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.frames import pack_nibbles
from musk_id.model.columns import TextColumn
from musk_id.model.library import Library, LocusTable, TaxonColumn
from musk_id.model.methods import IsolatedRadius, SpeciesRadius
from musk_id.model.values import DecimalText, IsoDate, Line, Sha256, decimal_text
from musk_id.stages import match_species
from musk_id.stages.mammal_species import call_species
from musk_id.stages.match_entries import Entries
from musk_id.stages.match_species import LibrarySpecies
from musk_id.stages.relatives import Relatives
from musk_id.vocabulary import CurationState, Locus, Rank

WIDTH = 60
LIMITS = SpeciesRadius(
    min_individuals=2,
    min_compared_bp=30,
    spread_share=DecimalText("0.33"),
    least_p=DecimalText("0.02"),
    most_p=DecimalText("0.12"),
)
# Distances at which species of the made libraries stand alone or just do not.
ALONE = replace(
    LIMITS,
    least_p=DecimalText("0"),
    isolated=IsolatedRadius(radius_p=DecimalText("0.14"), other_p=DecimalText("0.06"), times=2, min_genera=0),
)
# The fourth is a second row of the first name; in the order of a file, not of the names.
TAXA = (
    ("Bb two", "Bb", "Fbidae"),
    ("Aa one", "Aa", "Faidae"),
    ("Aa two", "Aa", "Faidae"),
    ("Bb two", "Bb", "Fcidae"),
    ("Aa three", "Aa", "Faidae"),
    ("Moschus one", "Moschus", "Moschidae"),
)


def library_of(rng: np.random.Generator, count: int) -> Library:
    """Records of few species, near each other, with ambiguity letters, missing ends, twins and doubted names."""
    base = 1 << rng.integers(0, 4, WIDTH)
    genus = {g: _changed(rng, base, 0.1) for g in ("Aa", "Bb", "Moschus")}
    taxon = rng.integers(0, len(TAXA), count)
    rows = np.zeros((count, WIDTH), np.uint8)
    for n, number in enumerate(taxon.tolist()):
        rows[n] = _changed(rng, genus[TAXA[number][1]], float(rng.choice([0.0, 0.03, 0.08])))
        if rng.random() < 0.2:
            rows[n, : rng.integers(0, 40)] = 0
        if rng.random() < 0.2:
            rows[n, rng.integers(0, WIDTH, 2)] = rng.integers(1, 16, 2)
        if n and rng.random() < 0.3:
            rows[n] = rows[rng.integers(0, n)]
    kin = {n: [m for m, row in enumerate(TAXA) if row[1] == TAXA[n][1]] for n in range(len(TAXA))}
    revised = {n: tuple(sorted(set(rng.choice(kin[int(taxon[n])], 2).tolist()))) for n in range(0, count, 3)}
    state = rng.choice(len(CurationState), count, p=[0.8, 0.05, 0.05, 0.05, 0.05]).astype(np.uint8)
    individual = rng.integers(0, max(count // 2, 1), count).astype(np.uint32)
    return held(rows, taxon, state, individual, revised)


def held(
    rows: np.ndarray,
    taxon: np.ndarray,
    state: np.ndarray,
    individual: np.ndarray,
    revised: dict[int, tuple[int, ...]],
) -> Library:
    """Records as a library."""
    count = len(rows)
    packed, haplotype = np.unique(pack_nibbles(rows), axis=0, return_inverse=True)
    table = LocusTable(
        locus=Locus.COI,
        width=WIDTH,
        packed=packed,
        haplotype=haplotype.reshape(-1).astype(np.uint32),
        taxon=taxon.astype(np.uint32),
        state=state,
        individual=individual,
        strand=np.ones(count, np.int8),
        collapsed=np.zeros(count, np.uint8),
        accessions=TextColumn.of([f"R{(n * 7) % count:03d}" if count % 7 else f"R{n:03d}" for n in range(count)]),
        revised=revised,
    )
    return Library(
        library_id=Line("made"),
        date=IsoDate("2026-11-26"),
        title=Line("made"),
        anchors_release=Line("2026.1"),
        manifest_sha256=Sha256("0" * 64),
        taxa=TaxonColumn(tuple("\t".join((*row, "Artiodactyla")) for row in TAXA)),
        loci={Locus.COI: table},
        individuals=count,
    )


def _changed(rng: np.random.Generator, row: np.ndarray, share: float) -> np.ndarray:
    hit = rng.random(WIDTH) < share
    return np.where(hit, 1 << rng.integers(0, 4, WIDTH), row)


def text(value: Fraction) -> DecimalText:
    return decimal_text(float(value), 4)


@pytest.mark.parametrize("limits", [LIMITS, ALONE], ids=["spread", "alone"])
@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), pairs=st.sampled_from((1, 7, 500_000)))
def test_answers_are_those_of_all_records_of_the_genus(
    limits: SpeciesRadius, seed: int, count: int, pairs: int
) -> None:
    rng = np.random.default_rng(seed)
    library = library_of(rng, count)
    entries = Entries(library, library.loci[Locus.COI], coding=True)
    if entries.in_full or entries.index is None or not entries.record.size:
        return
    species = LibrarySpecies(entries, entries.index, library, limits)
    relatives = Relatives(lambda _, genus: entries.records_of(genus), {Locus.COI: WIDTH})

    def spread(name: str):  # type: ignore[no-untyped-def]
        return relatives.spread(Locus.COI, name.split(" ")[0], name, LIMITS.min_compared_bp)

    queries = np.stack(
        [
            _changed(rng, entries.masks(np.array([rng.integers(0, entries.record.size)]))[0], 0.04)
            for _ in range(12)
        ]
    ).astype(np.uint8)
    nearest = entries.index.nearest(queries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match_species, "_PAIRS", pairs)
        within = species.within(queries, nearest, entries.genus_number("Moschus"))
    for query, own, further in zip(
        queries, entries.compared_of(nearest), entries.compared_of(within), strict=True
    ):
        if not own:
            continue
        genera = {entry.record.genus for entry in own if entry.upper == min(e.upper for e in own)}
        genus = min(genera)
        if len(genera) > 1 or genus == "Moschus":
            assert genus != "Moschus" or len(genera) > 1 or not further
            continue
        rows, counts = entries.within(query, None)
        every = entries.compared(rows, counts, WIDTH)
        expected = call_species(every, genus, spread, limits, text)
        got = call_species(own + further, genus, lambda n: species.spread(n.split(" ")[0], n, 30), limits, text)
        assert (got.rank, got.species) == (expected.rank, expected.species)
    for name in sorted({row[0] for row in TAXA} | {"Aa none", "Zz one"}):
        found, known = species.spread(name.split(" ")[0], name, LIMITS.min_compared_bp), spread(name)
        assert (found.individuals, found.spread) == (known.individuals, known.spread), name


@pytest.mark.parametrize(
    ("others", "revised", "rank"),
    [
        # Columns in which records of "Aa two" differ from the query, which lies 3 of 60 columns from "Aa one".
        ((12, 14, 16), {}, Rank.SPECIES),
        ((11, 14, 16), {}, Rank.GENUS),
        # A second record of "Aa one", 9 columns off, that is "Aa two" as revised is one of another species.
        ((12, 14, 16), {1: (1, 2)}, Rank.GENUS),
        ((12, 14, 16), {1: (1,)}, Rank.SPECIES),
    ],
)
def test_the_nearest_of_another_species_is_found(
    others: tuple[int, ...], revised: dict[int, tuple[int, ...]], rank: Rank
) -> None:
    base = np.ones(WIDTH, np.uint8)
    rows = np.stack([_differing(base, 3), _differing(base, 9), *(_differing(base, count, 20) for count in others)])
    numbers = np.arange(len(rows), dtype=np.uint32)
    library = held(rows, np.array([1, 1, 2, 2, 2], np.uint32), np.zeros(5, np.uint8), numbers, revised)
    entries = Entries(library, library.loci[Locus.COI], coding=True)
    isolated = IsolatedRadius(radius_p=DecimalText("0.14"), other_p=DecimalText("0.2"), times=4, min_genera=0)
    limits = replace(ALONE, spread_share=DecimalText("0.1"), isolated=isolated)
    assert entries.index is not None
    species = LibrarySpecies(entries, entries.index, library, limits)
    nearest = entries.index.nearest(base[None, :])
    within = species.within(base[None, :], nearest, None)
    compared = entries.compared_of(nearest)[0] + entries.compared_of(within)[0]
    found = call_species(compared, "Aa", lambda name: species.spread("Aa", name, 30), limits, text)
    assert found.rank is rank


def _differing(base: np.ndarray, count: int, first: int = 0) -> np.ndarray:
    return np.where((np.arange(WIDTH) >= first) & (np.arange(WIDTH) < first + count), 2, base).astype(np.uint8)


def test_spreads_of_other_columns_are_refused() -> None:
    library = library_of(np.random.default_rng(1), 20)
    entries = Entries(library, library.loci[Locus.COI], coding=True)
    assert entries.index is not None
    with pytest.raises(RuntimeError, match="30 columns"):
        LibrarySpecies(entries, entries.index, library, LIMITS).spread("Aa", "Aa one", 31)
