"""Spectra, references and sequences for tests of identification; all made, none measured."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from barcode_cases import PROVENANCE, identity

from musk_id.model.barcode import RunIdentity
from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.chromatography import MeasuredPeak, RuleFixed, SheetPeak
from musk_id.model.examination import EvidenceFile
from musk_id.model.injections import SequenceInjections
from musk_id.model.methods import SPECTRA_METHODS, SpectraMethod
from musk_id.model.musk_tables import MuskTables
from musk_id.model.spectra import SpectraRecord, SpectrumResult
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, RelativePath, Sha256
from musk_id.refdb.musk_tables import load_musk_tables
from musk_id.refdb.release import load_release
from musk_id.stages.injections import injections_of
from musk_id.stages.spectra import match_spectra
from musk_id.stages.spectral_library import LibrarySpectrum, SpectralLibrary
from musk_id.vocabulary import BatchKind, ControlKind, FileRole

DATABASE = Path(__file__).resolve().parents[1] / "reference_db"
METHOD = SPECTRA_METHODS[-1]
BATCH_DATE = "2026-03-10"

# Times of a made ladder: index 100 n at n - 8 minutes and a bit.
LADDER = {n: f"{n - 8}.{n:03d}" for n in range(14, 25)}


# No spectrum of muscone is open: these peaks are made, with the ions that textbooks name.
MUSCONE = "ALHUZKCOMYUFRB-UHFFFAOYSA-N"
CYCLOHEXADECANONE = "LXJDKGYSHYYKFJ-UHFFFAOYSA-N"
KETONE = {41: 700.0, 55: 900.0, 58: 300.0, 69: 600.0, 71: 300.0, 85: 999.0, 97: 400.0, 98: 150.0, 109: 80.0}
KETONE |= {125: 300.0, 180: 60.0, 195: 55.0, 209: 150.0, 223: 60.0, 238: 300.0, 239: 51.0}


@cache
def tables() -> MuskTables:
    return load_musk_tables(DATABASE / "chemistry" / "2026.1")


@cache
def library() -> SpectralLibrary:
    """The release that ships with the tables that ship."""
    return SpectralLibrary.from_release(load_release(DATABASE / "releases" / "2026.1"), tables=tables())


def entry(accession: str) -> LibrarySpectrum:
    return next(s for s in library().spectra if s.reference.accession.endswith(accession))


def spectrum(peaks: Mapping[int, float], name: str = "peak", **fields: str) -> MassSpectrum:
    mz = sorted(peaks)
    return MassSpectrum(
        name=name,
        mz=np.array(mz, dtype=np.float64),
        intensity=np.array([peaks[m] for m in mz], dtype=np.float64),
        metadata=tuple(fields.items()),
    )


def peaks_of(source: LibrarySpectrum) -> dict[int, float]:
    return dict(zip(source.unit_mass.mz.tolist(), source.unit_mass.intensity.tolist(), strict=True))


def disturbed(peaks: Mapping[int, float], seed: int, share: float = 0.05, **fields: str) -> MassSpectrum:
    """Every intensity changed by up to a share: another injection, never the same spectrum."""
    rng = random.Random(seed)
    return spectrum({mz: max(1.0, v * (1 + rng.uniform(-share, share))) for mz, v in peaks.items()}, **fields)


@dataclass(frozen=True)
class Standard:
    """A reference substance of a sequence."""

    name: str
    inchikey: str
    formula: str
    peaks: Mapping[int, float] | None
    time: str = "12.340"
    index: str | None = None
    index_sd: str | None = None
    seed: int = 1


def sheet(*standards: Standard, **changes: Any) -> RunSheet:
    """A run sheet with a ladder, standards, and blanks without a peak."""
    rows = [
        SheetRow(
            position=Line(f"S{number}"),
            kind=ControlKind.STANDARD,
            files=(EvidenceFile(path=RelativePath(f"s{number}.msp"), role=FileRole.SPECTRUM),),
            peaks=(
                SheetPeak(
                    retention_time_min=DecimalText(s.time),
                    inchikey=Line(s.inchikey),
                    name=Line(s.name),
                    formula=Line(s.formula),
                    retention_index=None if s.index is None else DecimalText(s.index),
                    retention_index_sd=None if s.index_sd is None else DecimalText(s.index_sd),
                    spectrum=None if s.peaks is None else RelativePath(f"s{number}.msp"),
                ),
            ),
        )
        for number, s in enumerate(standards, 1)
    ]
    rows.append(
        SheetRow(
            position=Line("L1"),
            kind=ControlKind.LADDER,
            peaks=tuple(SheetPeak(retention_time_min=DecimalText(t), carbons=n) for n, t in LADDER.items()),
        )
    )
    rows.append(SheetRow(position=Line("B1"), kind=ControlKind.PROCESS_BLANK, peaks=()))
    rows.append(SheetRow(position=Line("C1"), kind=ControlKind.CARRY_OVER_BLANK, peaks=()))
    made = RunSheet(
        schema=Line(RunSheet.SCHEMA),
        batch_id=Identifier("CHEM-1"),
        kind=BatchKind.CHEMISTRY,
        date=IsoDate(BATCH_DATE),
        rows=tuple(rows),
        spectra_rule=RuleFixed(method_version=METHOD.version, fixed_on=IsoDate("2026-03-01")),
    )
    return replace(made, **changes)


def sequence(*standards: Standard, **changes: Any) -> SequenceInjections:
    spectra = {
        f"s{number}.msp": disturbed(s.peaks, s.seed)
        for number, s in enumerate(standards, 1)
        if s.peaks is not None
    }
    found = injections_of(sheet(*standards, **changes), spectra)
    assert found is not None
    return found


PEAK = MeasuredPeak(
    retention_time_min=DecimalText("12.345"),
    signal_to_noise_base=DecimalText("210"),
    signal_to_noise_weakest=DecimalText("9.5"),
    area=DecimalText("180000"),
)


def evidence(
    *spectra: MassSpectrum,
    sequences: tuple[SequenceInjections, ...] = (),
    peak: MeasuredPeak | None = PEAK,
    run: RunIdentity | None = None,
    **more: Any,
) -> SpectrumEvidence:
    return SpectrumEvidence(
        run=run or identity(),
        file_sha256=Sha256("0" * 64),
        spectra=spectra,
        peak=peak,
        sequences=sequences,
        **more,
    )


def match(
    *found: SpectrumEvidence, method: SpectraMethod = METHOD, using: SpectralLibrary | None = None, **more: Any
) -> SpectraRecord:
    return match_spectra(
        Identifier("CASE"), found, using or library(), method, PROVENANCE, rules=tables().rules, **more
    )


def single(query: MassSpectrum, *sequences: SequenceInjections, **more: Any) -> SpectrumResult:
    using, method = more.pop("using", None), more.pop("method", METHOD)
    return match(evidence(query, sequences=sequences, **more), using=using, method=method).spectra[0]
