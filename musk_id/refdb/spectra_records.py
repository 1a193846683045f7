"""Spectra as published to one model: who, what, how measured, under which terms; or the reason why not.

Fields go by many names (MSP of NIST, MassBank, MoNA, RIKEN and PNNL; MassBank text). A statement of a record
holds before one of the file's keeper in ``library.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from musk_id.errors import ReferenceDataError
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.library_vocabulary import SetAside
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.spectral_table import SpectrumEntry
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import RULES, DecimalText, Line, Text, decimal_text
from musk_id.refdb.library_sources import SpectraInput

__all__ = ["MIN_PEAKS", "SpectrumRefusal", "accession_of", "normalised"]

MIN_PEAKS = 3
"""An identification rests on at least three ions (decision rules, section 6); fewer peaks cannot give them."""

MASS_DIGITS = 5
_MAX_LINE, _MAX_TEXT = 500, 20_000

# Some collections give the connectivity block alone; it tells the compound, not the stereoisomer.
_INCHIKEY = re.compile(r"[A-Z]{14}(-[A-Z]{10}-[A-Z])?")
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)")
_ENERGY = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?) *(?:eV)?(?: *\(nominal\))?", re.IGNORECASE)
_COMMENT_FIELD = re.compile(r'"([^"=]{1,60})=([^"]*)"')
_FORMULA_NOISE = re.compile(r"\s+")
_SILENT = frozenset({"", "N/A", "NA", "NOT STATED", "NOT GIVEN", "UNKNOWN", "NONE", "NULL", "-", "NAN"})

# Names of a field, the more telling ones first.
_ACCESSION = ("accession", "db#", "usi", "spectrumid", "spectrum_id", "db_id", "nist#")
_INCHIKEY_NAMES = ("inchikey", "inchi key", "inchi_key", "ch$link inchikey", "inchikey14")
_SMILES = ("smiles", "ch$smiles", "computed smiles")
_INCHI = ("inchi", "ch$iupac")
_FORMULA = ("formula", "ch$formula", "molecular formula")
_MASS = ("exactmass", "exact mass", "exact_mass", "ch$exact_mass")
_SYNONYMS = ("synon", "synonym", "synonyms", "ch$name", "ch$iupac_name")
_INSTRUMENT = ("instrument", "ac$instrument", "source_instrument")
_INSTRUMENT_TYPE = ("instrument_type", "instrument type", "instrumenttype", "ac$instrument_type")
_IONISATION = ("ionization", "ionisation", "ac$mass_spectrometry ionization")
_ION_MODE = ("ion_mode", "ion mode", "ionmode", "ionization mode", "ac$mass_spectrometry ion_mode")
_MS_TYPE = ("spectrum_type", "ms level", "ms_level", "mslevel", "ac$mass_spectrometry ms_type")
_ENERGY_NAMES = (
    "ionization_energy", "ionization energy", "ionisation_energy", "electron_energy",
    "ac$mass_spectrometry ionization_energy",
)  # fmt: skip
_DERIVATIVE = ("derivative_type", "derivatization type", "derivatization_type", "ms$focused_ion derivative_type")
_DERIVATISED = ("derivatised", "derivatized")
_DERIVATIVE_FORM = ("derivative_form", "ms$focused_ion derivative_form", "derivative formula")
_INDEX = (
    "retentionindex", "retention_index", "retention index", "ri", "ac$chromatography kovats_rti",
    "ac$chromatography retention_index",
)  # fmt: skip
_PHASE = ("column", "column_name", "column name", "ac$chromatography column_name", "phase")
_LICENCE = ("license", "licence")
_AUTHORS = ("authors", "author", "contributor", "submitter")
_PROVENANCE = {
    "voucher": ("voucher", "specimen_voucher", "specimen voucher"),
    "country": ("country", "country_of_origin", "country of origin"),
    "collected_by": ("collected_by", "collected by", "collector"),
    "publication": ("publication",),
    "collection_permit": ("collection_permit", "collection permit"),
    "informed_consent": ("informed_consent", "informed consent"),
    "cites_permit": ("cites_permit", "cites permit"),
}

# Words of instrument types that name an ionisation ("Separation tool-Ionization method-Analyzer", MassBank 2.4.2).
_METHODS = frozenset({"EI", "CI", "NCI", "PCI", "FI", "FD", "ESI", "APCI", "APPI", "FAB", "MALDI", "LDI", "DESI"})
_NOT_DERIVATISED = re.compile(r"no|none|false|0( *(TMS|TBDMS|MEOX))?", re.IGNORECASE)
_Derived = Line | Literal[False] | None


@dataclass(frozen=True, slots=True)
class SpectrumRefusal:
    """Why a spectrum does not take part."""

    reason: SetAside
    measured: Line
    allowed: Line


class _Fields:
    """Fields of a record by any of their names; fields inside MoNA-style comments are read too."""

    def __init__(self, spectrum: MassSpectrum) -> None:
        self._values: dict[str, list[str]] = {}
        for key, value in spectrum.metadata:
            self._add(key, value)
            if key in ("comment", "comments"):
                for name, inner in _COMMENT_FIELD.findall(value):
                    self._add(name.lower(), inner)

    def _add(self, key: str, value: str) -> None:
        text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
        if text.upper() not in _SILENT:
            self._values.setdefault(key, []).append(text)

    def text(self, names: tuple[str, ...]) -> str | None:
        """First statement under the names."""
        return next((self._values[name][0] for name in names if name in self._values), None)

    def line(self, names: tuple[str, ...]) -> Line | None:
        """Like ``text``, cut to one line's length."""
        found = self.text(names)
        return None if found is None else Line(found[:_MAX_LINE])

    def every(self, names: tuple[str, ...]) -> list[str]:
        """All statements under the names, in their order."""
        return [value for name in names for value in self._values.get(name, [])]

    def has(self, name: str) -> bool:
        """Whether a field of that name says anything."""
        return name in self._values


def accession_of(spectrum: MassSpectrum) -> Line | None:
    """Accession of a record under its source's name for it."""
    return _Fields(spectrum).line(_ACCESSION)


def normalised(spectrum: MassSpectrum, given: SpectraInput) -> SpectrumEntry | SpectrumRefusal:
    """What is known of a spectrum, or why it does not take part (the first reason that holds)."""
    fields = _Fields(spectrum)
    accession = fields.line(_ACCESSION)
    if accession is None:
        return _refusal(SetAside.ACCESSION_MISSING, spectrum.name, "an accession in the record")
    if fields.has("deprecated"):
        said = fields.text(("deprecated",))
        return _refusal(SetAside.WITHDRAWN_BY_SOURCE, str(said), "a record that its source upholds")
    predicted = stated_prediction(spectrum)
    if predicted is not None:
        return _refusal(SetAside.PREDICTED, predicted, "a spectrum that was measured")
    method = _ionisation(fields, given)
    if isinstance(method, SpectrumRefusal):
        return method
    key, smiles = fields.text(_INCHIKEY_NAMES), fields.text(_SMILES)
    if key is not None and _INCHIKEY.fullmatch(key) is None:
        return _refusal(SetAside.NO_STRUCTURE, f"InChIKey {key}", "an InChIKey, or a SMILES and no key")
    if key is None and (smiles is None or len(smiles) > _MAX_TEXT):
        return _refusal(SetAside.NO_STRUCTURE, "neither InChIKey nor SMILES", "one of them")
    formula = _FORMULA_NOISE.sub("", fields.text(_FORMULA) or "")
    mass = _mass(formula)
    if mass is None:
        return _refusal(SetAside.FORMULA_UNREADABLE, formula or "no formula", "a formula such as C18H26O")
    if spectrum.mz.size < MIN_PEAKS:
        return _refusal(SetAside.TOO_FEW_PEAKS, f"{spectrum.mz.size} peaks", f"at least {MIN_PEAKS}")
    return _entry(spectrum.name, fields, given, accession, method, formula, mass)


def _entry(
    name: str,
    fields: _Fields,
    given: SpectraInput,
    accession: Line,
    method: Line,
    formula: str,
    mass: DecimalText,
) -> SpectrumEntry:
    key, smiles, inchi = fields.text(_INCHIKEY_NAMES), fields.text(_SMILES), fields.text(_INCHI)
    title = " ".join(name.split())[:_MAX_LINE] or "unnamed"
    others = list(dict.fromkeys(n for n in fields.every(_SYNONYMS) if n != title))
    derived = _derivative(fields)
    form = _FORMULA_NOISE.sub("", fields.text(_DERIVATIVE_FORM) or "")
    return SpectrumEntry(
        accession=accession,
        name=Line(title),
        other_names=Text(" | ".join(others)[:_MAX_TEXT]) if others else None,
        inchikey=None if key is None else Line(key),
        smiles=None if smiles is None or len(smiles) > _MAX_TEXT else Text(smiles),
        inchi=None if inchi is None or len(inchi) > _MAX_TEXT else Text(inchi),
        formula=Line(formula),
        exact_mass=mass,
        stated_mass=_decimal(fields.text(_MASS)),
        instrument=fields.line(_INSTRUMENT),
        instrument_type=fields.line(_INSTRUMENT_TYPE),
        ionisation=method,
        electron_energy_ev=_energy(fields.text(_ENERGY_NAMES)) or given.electron_energy_ev,
        derivative=(given.derivative if derived is None else derived) or None,
        derivative_formula=Line(form) if form and _mass(form) is not None else None,
        retention_index=_index(fields.text(_INDEX)),
        phase=fields.line(_PHASE),
        licence=fields.line(_LICENCE) or given.licence,
        authors=fields.line(_AUTHORS),
        input=given.path,
        **{name: fields.line(names) or getattr(given.stated, name) for name, names in _PROVENANCE.items()},
    )


def _refusal(reason: SetAside, measured: str, allowed: str) -> SpectrumRefusal:
    return SpectrumRefusal(reason, Line(" ".join(measured.split())[:200] or "nothing"), Line(allowed))


def _ionisation(fields: _Fields, given: SpectraInput) -> Line | SpectrumRefusal:
    """EI, if every statement of the record on its ionisation says so."""
    kind = fields.text(_INSTRUMENT_TYPE) or ""
    stated = [word for word in re.split(r"[-\s/;,()]+", kind.upper()) if word in _METHODS]
    stated += [_method(word) for word in fields.every(_IONISATION)]
    mode = (fields.text(_ION_MODE) or "").upper()
    level = (fields.text(_MS_TYPE) or "").upper()
    wanted = "EI, positive ions, full scan"
    if any(word != "EI" for word in stated):
        return _refusal(SetAside.NOT_EI, f"ionisation {', '.join(stated)}", wanted)
    if mode.startswith(("N", "-")):
        return _refusal(SetAside.NOT_EI, f"ion mode {mode}", wanted)
    if level.removeprefix("MS").removeprefix("=").strip() not in ("", "1"):
        return _refusal(SetAside.NOT_EI, f"spectrum type {level}", wanted)
    if stated:
        return Line("EI")
    if given.ionisation is None:
        return _refusal(SetAside.IONISATION_NOT_STATED, "neither record nor library.toml states it", "EI")
    if _method(given.ionisation) != "EI":
        return _refusal(SetAside.NOT_EI, f"ionisation {given.ionisation}", wanted)
    return Line("EI")


def _method(text: str) -> str:
    word = text.upper().strip(" +-")
    return "EI" if word in ("EI", "ELECTRON IONIZATION", "ELECTRON IONISATION", "ELECTRON IMPACT") else word


def _mass(formula: str) -> DecimalText | None:
    try:
        return decimal_text(monoisotopic_mass(formula), MASS_DIGITS)
    except ReferenceDataError:
        return None


def _decimal(text: str | None) -> DecimalText | None:
    """A number as stated, without superfluous zeros in front."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    value = decimal_text(Decimal(text), min(len(text.partition(".")[2]), 18))
    return value if RULES[DecimalText].accepts(value) else None


def _energy(text: str | None) -> DecimalText | None:
    match = _ENERGY.fullmatch(text or "")
    return None if match is None or float(match[1]) == 0 else _decimal(match[1])


def _index(text: str | None) -> DecimalText | None:
    """A retention index; 0 stands for none in public records."""
    match = _NUMBER.match(text or "")
    value = _decimal(match[1]) if match else None
    return None if value is None or float(value) == 0 else value


def _derivative(fields: _Fields) -> _Derived:
    """Kind of derivative; false where the record says that there is none, ``None`` where it is silent."""
    kind = fields.line(_DERIVATIVE)
    stated = fields.line(_DERIVATISED)
    if kind is not None:
        return False if _NOT_DERIVATISED.fullmatch(kind) else kind
    if stated is None:
        return None
    if _NOT_DERIVATISED.fullmatch(stated):
        return False
    return Line("kind not stated") if stated.lower() in ("yes", "true") else stated
