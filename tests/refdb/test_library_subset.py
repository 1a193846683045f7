"""A part of a library is what a build from its records alone gives."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from made_library import Input, Made, build, files_of, made_from, panel, rows, write_sources

from musk_id.errors import ReferenceDataError
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Identifier
from musk_id.refdb.library_read import LIBRARY_FILES, read_library
from musk_id.refdb.library_subset import own_files, subset_library
from musk_id.refdb.release import load_release, locate_release
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(locate_release("2026.1"))


def _inputs(release: ReferenceRelease) -> dict[str, Input]:
    coi, cytb, short, other = (panel(release, locus, 3) for locus in RELEASE_MARKERS)
    both = made_from(coi[0], "AB000009.1")
    one = [
        *(made_from(r, f"AB00010{i}.1", individual=f"animal {i}") for i, r in enumerate(coi)),
        made_from(coi[0], "AB000104.1", individual="animal 0"),
        # Two markers in one record, of which the input wants one: the other one is set aside.
        replace(both, letters=both.letters + "N" * 20 + cytb[0].sequence),
    ]
    two = [
        *(made_from(r, f"AB00020{i}.1", i, country="Kenya") for i, r in enumerate(short)),
        *(made_from(r, f"AB00030{i}.1", 2) for i, r in enumerate(other)),
        # Insertions of short markers widen the frame of all others.
        replace(
            made_from(short[0], "AB000400.1"), letters=short[0].sequence[:50] + "TTT" + short[0].sequence[50:]
        ),
    ]
    return {"one": Input(tuple(one), loci=(Locus.COI, Locus.RRNA_12S)), "two": Input(tuple(two), "CC-BY-4.0")}


CURATION = "AB000201.1\t\tname_unresolved\tBos taurus\tA Person\t2026-03-01\tconflict\n"


def test_part_has_the_bytes_of_a_build_from_its_records(release: ReferenceRelease, tmp_path: Path) -> None:
    inputs = _inputs(release)
    species = {r.species for entry in inputs.values() for r in entry.records}
    revised = next(name for name in sorted(species) if name.split(" ")[0] in {s.split(" ")[0] for s in species})
    curation = CURATION.replace("Bos taurus", revised)
    whole = build(write_sources(tmp_path / "s", inputs, curation=curation), release, tmp_path / "whole")
    built = read_library(whole)
    assert subset_library(built, release, {r.key for r in built.records}, Identifier("lib-1")) == own_files(whole)
    assert set(files_of(whole)) <= LIBRARY_FILES
    accessions = sorted({r.accession for r in built.records})
    for seed in range(5):
        kept = set(random.Random(seed).sample(accessions, 7))
        kept |= {r.accession for r in built.records if r.genus == revised.split(" ")[0]}
        part = subset_library(
            built, release, {r.key for r in built.records if r.accession in kept}, Identifier("lib-1")
        )
        fewer = {
            name: replace(entry, records=tuple(r for r in entry.records if r.accession in kept))
            for name, entry in inputs.items()
        }
        fewer = {name: entry for name, entry in fewer.items() if entry.records}
        own = curation if "AB000201.1" in kept else ""
        alone = build(write_sources(tmp_path / f"s{seed}", fewer, curation=own), release, tmp_path / f"o{seed}")
        expected = files_of(alone)
        assert set(part) == set(expected)
        for name, data in expected.items():
            if name not in ("manifest.json", "inputs.tsv"):
                assert part[name] == data, (seed, name)
        (tmp_path / f"i{seed}").mkdir()
        (tmp_path / f"i{seed}" / "inputs.tsv").write_bytes(part["inputs.tsv"])
        for mine, other in zip(
            rows(tmp_path / f"i{seed}" / "inputs.tsv"), rows(alone / "inputs.tsv"), strict=True
        ):
            assert {**mine, "sha256": ""} == {**other, "sha256": ""}


def test_records_of_one_animal_stay_so_without_the_record_that_linked_them(
    release: ReferenceRelease, tmp_path: Path
) -> None:
    a, b, c = panel(release, Locus.RRNA_12S, 3)
    species = {"species": a.organism_as_deposited}
    records = (
        made_from(a, "NC_900001.1", individual="KC900001", **species),
        made_from(b, "KC900001.1", individual="voucher 7", **species),
        made_from(c, "XX900001.1", individual="voucher 7", **species),
    )
    whole = build(write_sources(tmp_path / "s", {"a": Input(records)}), release, tmp_path / "o")
    built = read_library(whole)
    keep = {r.key for r in built.records if r.accession != "KC900001.1"}
    part = tmp_path / "part"
    part.mkdir()
    for name, data in subset_library(built, release, keep, Identifier("p")).items():
        (part / name).write_bytes(data)
    assert len({r.individual for r in read_library(part).records}) == 1


def test_nothing_kept_and_another_release_are_refused(release: ReferenceRelease, tmp_path: Path) -> None:
    records = (made_from(panel(release, Locus.COI, 1)[0], "AB000001.1"),)
    built = read_library(build(write_sources(tmp_path / "s", {"a": Input(records)}), release, tmp_path / "o"))
    with pytest.raises(ReferenceDataError, match="no record"):
        subset_library(built, release, frozenset(), Identifier("p"))
    other = replace(release, manifest_sha256="0" * 64)
    with pytest.raises(ReferenceDataError, match="built with"):
        subset_library(built, other, {r.key for r in built.records}, Identifier("p"))


def test_tables_and_arrays_that_disagree_are_refused(release: ReferenceRelease, tmp_path: Path) -> None:
    first, second = panel(release, Locus.COI, 2)
    records: tuple[Made, ...] = (made_from(first, "AB000001.1"), made_from(second, "AB000002.1"))
    whole = build(write_sources(tmp_path / "s", {"a": Input(records)}), release, tmp_path / "o")
    from musk_id.refdb.library_store import library_manifest

    files = files_of(whole)
    del files["manifest.json"]
    changed = files["records.tsv"].replace(CurationState.REFERENCE.encode(), CurationState.UNUSABLE.encode(), 1)
    assert changed != files["records.tsv"]
    (whole / "records.tsv").write_bytes(changed)
    (whole / "manifest.json").write_bytes(library_manifest({**files, "records.tsv": changed}))
    with pytest.raises(ReferenceDataError, match=r"AB00000[12]\.1"):
        read_library(whole)
