"""A laboratory root: the laboratory, its methods in force, its release, prepared libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id import __version__
from musk_id.cli.library_ranking import RankedLibrary, ranking_in_use
from musk_id.errors import ConfigError, RequestError
from musk_id.model.laboratory import Laboratory
from musk_id.model.laboratory_chemistry import LaboratoryChemistry, StatedLimit
from musk_id.model.methods import (
    ANIMAL_METHODS,
    BARCODE_METHODS,
    CONTROL_METHODS,
    EVIDENCE_METHODS,
    READS_METHODS,
    SANGER_METHODS,
    SPECTRA_METHODS,
    ReadsMethod,
    require_method,
)
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.record import MethodsUsed
from musk_id.model.reference import ReferenceRelease
from musk_id.model.report_templates import TEMPLATES
from musk_id.model.values import Line, Sha256
from musk_id.records.files import sha256_file
from musk_id.records.inputs import find_input, find_optional_input, read_input, read_laboratory
from musk_id.render.phrase_files import WHOLE_LANGUAGES

if TYPE_CHECKING:
    from musk_id.model.error_figures import ReleaseCalibration
    from musk_id.model.library import Library
    from musk_id.model.method_cards import MethodCards
    from musk_id.model.musk_tables import MuskTables
    from musk_id.stages.library import BarcodeLibrary
    from musk_id.stages.spectral_library import SpectralLibrary

__all__ = ["Casework", "find_root", "require_known_markers"]


def find_root(case_dir: Path) -> Path:
    """The laboratory root: the nearest folder above a case that holds ``laboratory.yaml``.

    Raises
    ------
    RequestError
        If there is none.
    """
    for folder in case_dir.resolve().parents:
        if any((folder / f"laboratory.{ending}").is_file() for ending in ("yaml", "yml", "json")):
            return folder
    raise RequestError(
        "no laboratory.yaml was found above the case folder",
        where=case_dir.name,
        hint="name the laboratory root with --root, or see 'musk-id case new'",
    )


def require_known_markers(chemistry: LaboratoryChemistry, tables: MuskTables, name: str) -> None:
    """Check that a calibration of profiles names markers of the tables.

    Raises
    ------
    RequestError
        Naming those that are none (a rule that hangs on one of them could never be met), or the synthetic musks
        that the calibration wants absent.
    """
    profile = chemistry.profile
    if profile is None:
        return
    named = {*profile.required, *profile.absent}
    named |= {marker for ratio in profile.ratios for marker in (ratio.numerator, ratio.denominator)}
    unknown = sorted(named - {marker.marker_id for marker in tables.markers})
    if unknown:
        raise RequestError(
            f"profile names {', '.join(unknown)}, which no row of the marker table has as its id",
            where=name,
            hint="the ids stand in reference_db/chemistry, markers.tsv",
        )
    from musk_id.stages.chemistry_answers import SYNTHETIC_GROUPS

    synthetic = sorted(
        m.marker_id for m in tables.markers if m.group in SYNTHETIC_GROUPS and m.marker_id in profile.absent
    )
    if synthetic:
        raise RequestError(
            f"profile.absent names {', '.join(synthetic)}: a synthetic compound never speaks against natural musk",
            where=name,
            hint="leave synthetic musks out of 'absent'",
        )


def _require_plain_words(chemistry: LaboratoryChemistry, name: str) -> None:
    """Check that units and matrices, which stand in sentences of records, say no more than they are."""
    from musk_id.cli.typed_words import typed_word_problems

    places = [
        (f"detection_limits[{number}].{key}", text)
        for number, limit in enumerate(chemistry.detection_limits)
        for key, text in (("unit", limit.unit), ("matrix", limit.matrix))
    ]
    problems = tuple(typed_word_problems(places))
    if problems:
        raise RequestError(
            "units and matrices use words that no page may use",
            where=name,
            problems=problems,
            hint="name the unit and the matrix only",
        )


def _package_digest() -> str:
    """Digest of the package's own files: a run with other code is another run."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in {".py", ".toml", ".typ", ".j2", ".css", ".js"}:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass(frozen=True)
class Casework:
    """A laboratory root with its release and methods; what is costly is prepared at first use.

    ``dropped`` are accessions that the barcode library leaves out, to see whether an answer rests on them.
    """

    root: Path
    dropped: frozenset[str] = frozenset()

    @cached_property
    def laboratory_path(self) -> Path:
        """The laboratory's own file."""
        return find_input(self.root, "laboratory")

    @cached_property
    def laboratory(self) -> Laboratory:
        """The laboratory."""
        laboratory = read_laboratory(self.laboratory_path)
        if not laboratory.languages or len(set(laboratory.languages)) != len(laboratory.languages):
            raise RequestError("languages must be named, each once", where=self.laboratory_path.name)
        if len(set(laboratory.overlays)) != len(laboratory.overlays):
            raise RequestError("an overlay is named twice", where=self.laboratory_path.name)
        first = laboratory.languages[0]
        if first not in WHOLE_LANGUAGES:
            raise RequestError(
                f"the first language is the authoritative one: '{first}' is a draft and cannot be that",
                where=f"{self.laboratory_path.name}: languages",
                hint=f"put one of {', '.join(WHOLE_LANGUAGES)} first",
            )
        language = TEMPLATES[laboratory.template].language
        if language not in (None, first):
            raise RequestError(
                f"the template {laboratory.template} needs '{language}' as the first of the languages, "
                f"found '{first}'",
                where=f"{self.laboratory_path.name}: template",
                hint="put that language first, or choose another template",
            )
        return laboratory

    @cached_property
    def methods(self) -> MethodsUsed:
        """The method versions in force, with their numbers."""
        named = self.laboratory.methods
        return MethodsUsed(
            barcode=require_method(BARCODE_METHODS, named.barcode),
            animals=require_method(ANIMAL_METHODS, named.animals),
            sanger=require_method(SANGER_METHODS, named.sanger),
            spectra=require_method(SPECTRA_METHODS, named.spectra),
            controls=require_method(CONTROL_METHODS, named.controls),
            evidence=require_method(EVIDENCE_METHODS, named.evidence),
            reads=require_method(READS_METHODS, named.reads),
        )

    @property
    def reads_method(self) -> ReadsMethod:
        """How reads become variants."""
        if self.methods.reads is None:
            raise RuntimeError("methods in force without one for reads")
        return self.methods.reads

    @cached_property
    def release(self) -> ReferenceRelease:
        """The reference release in force, verified."""
        from musk_id.refdb.release import load_release

        return load_release(self._release_folder)

    @cached_property
    def _release_folder(self) -> Path:
        from musk_id.refdb.release import locate_release

        own = self.root / "reference_db"
        return locate_release(self.laboratory.release, own if own.is_dir() else None)

    @cached_property
    def calibration(self) -> ReleaseCalibration | None:
        """What was measured of the release's radii and errors with the methods in force; ``None`` if nothing."""
        from musk_id.refdb.shipped_calibration import find_calibration, load_release_calibration

        folder = find_calibration(self._release_folder)
        if folder is None:
            return None
        methods = self.methods
        return load_release_calibration(folder, self.release.manifest_sha256, methods.barcode, methods.animals)

    @cached_property
    def method_cards(self) -> MethodCards:
        """What benchmarks measured of the methods, as it travels with the software."""
        from musk_id.refdb.method_cards import shipped_cards

        return shipped_cards()

    @cached_property
    def musk_tables(self) -> MuskTables | None:
        """Markers and rules of the method in force; ``None`` for one that identifies nothing."""
        if self.methods.spectra.identification is None:
            return None
        from musk_id.refdb.musk_tables import find_musk_tables, load_musk_tables

        folder = find_musk_tables(self._release_folder)
        if folder is None:
            raise ConfigError(
                f"method {self.methods.spectra.version} needs the chemical tables of release "
                f"{self.laboratory.release}, which are not beside it",
                where="reference_db/chemistry",
                hint="copy the shipped tables, a folder below reference_db/chemistry, to "
                f"reference_db/chemistry/{self.laboratory.release}, or put spectra method ei-library-1 in force",
            )
        return load_musk_tables(folder)

    @cached_property
    def chemistry_path(self) -> Path | None:
        """The laboratory's own file on chemistry, if there is one."""
        return find_optional_input(self.root, "chemistry")

    @cached_property
    def laboratory_chemistry(self) -> tuple[LaboratoryChemistry, Sha256] | None:
        """The laboratory's detection limits and calibration with the digest of their file, if there is one."""
        path = self.chemistry_path
        if path is None:
            return None
        found = read_input(LaboratoryChemistry, path)
        _require_plain_words(found, path.name)
        if self.musk_tables is not None:
            require_known_markers(found, self.musk_tables, path.name)
        return found, sha256_file(path)

    @property
    def detection_limits(self) -> dict[str, StatedLimit]:
        """Detection limits by InChIKey, as records print them, with their dates."""
        found = self.laboratory_chemistry
        return {
            limit.inchikey: StatedLimit(
                Line(f"{limit.limit} {limit.unit}" + (f", {limit.matrix}" if limit.matrix else "")),
                limit.determined_on,
            )
            for limit in (() if found is None else found[0].detection_limits)
        }

    @cached_property
    def overlays(self) -> tuple[Library, ...]:
        """The laboratory's own libraries in use, verified, in the order of laboratory.yaml."""
        if not self.laboratory.overlays:
            return ()
        from musk_id.refdb.overlay import load_overlay

        return tuple(load_overlay(self.root, overlay) for overlay in self.laboratory.overlays)

    def grounds(self) -> tuple[str, ...]:
        """What every record of this root rests on beside its own files: software, laboratory, release."""
        from musk_id.refdb.manifest import MANIFEST_NAME
        from musk_id.refdb.method_cards import SHIPPED_CARDS

        return (
            f"software {__version__} {_package_digest()}",
            f"laboratory {sha256_file(self.laboratory_path)}",
            f"release {self.laboratory.release} {sha256_file(self._release_folder / MANIFEST_NAME)}",
            *(f"calibration {found.sha256}" for found in (self.calibration,) if found is not None),
            f"method cards {sha256_file(SHIPPED_CARDS)}",
            *(f"chemistry {tables.sha256}" for tables in (self.musk_tables,) if tables is not None),
            *(f"laboratory chemistry {own[1]}" for own in (self.laboratory_chemistry,) if own is not None),
            *(f"{found.name} {found.sha256}" for found in self.ranking_calibrations),
            *(f"overlay {library.library_id} {library.manifest_sha256}" for library in self.overlays),
        )

    @cached_property
    def barcode_library(self) -> BarcodeLibrary:
        """Barcodes of the release and of the overlays, prepared."""
        from musk_id.refdb.overlay import overlay_barcodes
        from musk_id.stages.library import BarcodeLibrary

        own = tuple(record for library in self.overlays for record in overlay_barcodes(library))
        kept = tuple(record for record in self.release.barcodes if record.accession not in self.dropped)
        own = tuple(record for record in own if record.accession not in self.dropped)
        return BarcodeLibrary.from_release(
            replace(self.release, barcodes=kept), self.methods.barcode, own, self.calibration
        )

    @cached_property
    def spectral_library(self) -> SpectralLibrary:
        """Spectra of the release and of the overlays, prepared."""
        from musk_id.refdb.overlay import overlay_spectra
        from musk_id.stages.spectral_library import SpectralLibrary

        own = tuple(spectrum for library in self.overlays for spectrum in overlay_spectra(library))
        whole = self.released_spectra
        if own:
            whole = SpectralLibrary.from_release(self.release, own, self.musk_tables)
        method = self.methods.spectra.ranking
        if method is None:
            return whole
        return replace(whole, ranking=ranking_in_use(self._ranked_libraries(), whole, method))

    def _ranked_libraries(self) -> Iterator[RankedLibrary]:
        """Libraries whose spectra may be calibrated, those of the laboratory first."""
        from musk_id.refdb.overlay import OVERLAYS_FOLDER
        from musk_id.refdb.ranked_spectra import find_spectral_calibration, ranked_references, released_references

        for library in self.overlays:
            yield RankedLibrary(
                Line(library.library_id),
                library.manifest_sha256,
                partial(ranked_references, library.spectra),
                find_spectral_calibration(self.root / OVERLAYS_FOLDER / library.library_id),
            )
        yield RankedLibrary(
            self.release.release_id,
            self.release.manifest_sha256,
            partial(released_references, self.release),
            find_spectral_calibration(self._release_folder),
        )

    @property
    def ranking_calibrations(self) -> tuple[InputDigest, ...]:
        """Calibrations of spectra that the method in force may rest on, with the digests of their files."""
        if self.methods.spectra.ranking is None:
            return ()
        return tuple(
            InputDigest(name=Line(f"spectral calibration {library.name}"), sha256=sha256_file(library.calibration))
            for library in self._ranked_libraries()
            if library.calibration is not None
        )

    @cached_property
    def released_spectra(self) -> SpectralLibrary:
        """Spectra of the release alone, prepared."""
        from musk_id.stages.spectral_library import SpectralLibrary

        return SpectralLibrary.from_release(self.release, tables=self.musk_tables)

    def provenance(self, methods: tuple[Line, ...], inputs: tuple[InputDigest, ...]) -> Provenance:
        """Provenance of a stage record that used the release."""
        return Provenance(
            software_version=Line(__version__),
            methods=methods,
            release_id=self.release.release_id,
            release_sha256=self.release.manifest_sha256,
            inputs=tuple(sorted(set(inputs), key=lambda i: (i.name, i.sha256))),
        )
