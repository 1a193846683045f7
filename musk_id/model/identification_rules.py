"""Rule sets by which a compound is identified, each part of a method version of the spectra.

``DECISION_RULES`` is section 6 of the laboratory decision rules. The other sets take from a published text what it
fixes and keep the limits of section 6 where it is silent: a set without blanks or without a reference injected in
the same sequence identifies nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from musk_id.model.values import DecimalText, Line

__all__ = ["DECISION_RULES", "IDENTIFICATION_RULES", "IdentificationRule", "RatioBand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioBand:
    """How far an ion's share of the base ion may lie from that of the reference.

    Holds for ions whose share in the reference is ``from_percent`` or more; ``tolerance`` is in percent of that
    share where ``relative``, else in percentage points of the base ion.
    """

    from_percent: int
    tolerance: int
    relative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationRule:
    """When a compound is identified against a reference injected in the same sequence.

    Attributes
    ----------
    source, text_read : Line, bool
        Where the numbers come from, and whether its own text was read or only what others say of it.
    retention_time_percent, retention_time_least_min : DecimalText
        Tolerance of the retention time, in percent of the reference's and at least in minutes.
    retention_index : DecimalText
        Tolerance of the retention index.
    min_ions, one_ion_from_mz : int
        Diagnostic ions that must agree; one of them has this m/z or more, one is M or M - 15.
    ions_compared, ion_least_percent : int
        The strongest ions of the reference beside its base ion, as many as this, from this share on, and M or
        M - 15: all of them must agree, so that none is chosen afterwards.
    ratio_bands : tuple of RatioBand
        From the strongest ions to the weakest.
    signal_to_noise_base, signal_to_noise_weakest, blank_factor : int
        Signal to noise of the base ion and the weakest one; times the area in the process blank.
    isomer_index_sd : int
        Standard deviations of the retention index by which isomers of macrocycles and sterols lie apart.
    """

    source: Line
    text_read: bool
    retention_time_percent: DecimalText
    retention_time_least_min: DecimalText
    retention_index: DecimalText
    min_ions: int
    one_ion_from_mz: int
    ions_compared: int
    ion_least_percent: int
    ratio_bands: tuple[RatioBand, ...]
    signal_to_noise_base: int
    signal_to_noise_weakest: int
    blank_factor: int
    isomer_index_sd: int


DECISION_RULES = IdentificationRule(
    source=Line("laboratory decision rules, section 6"),
    text_read=True,
    retention_time_percent=DecimalText("0.2"),
    retention_time_least_min=DecimalText("0.02"),
    retention_index=DecimalText("5"),
    min_ions=3,
    one_ion_from_mz=100,
    ions_compared=4,
    ion_least_percent=5,
    ratio_bands=(RatioBand(from_percent=0, tolerance=30, relative=True),),
    signal_to_noise_base=10,
    signal_to_noise_weakest=3,
    blank_factor=10,
    isomer_index_sd=3,
)

# Five identification points in GC-MS with electron ionisation: separation 1 and one for each of four ions.
_EU_2021_808 = replace(
    DECISION_RULES,
    source=Line("Regulation (EU) 2021/808: identification points; tolerances as cited by others"),
    text_read=False,
    retention_time_percent=DecimalText("0.5"),
    min_ions=4,
    ratio_bands=(RatioBand(from_percent=0, tolerance=40, relative=True),),
)

_SANTE_12089 = replace(
    DECISION_RULES,
    source=Line("SANTE/12089/2016: ion ratios within 30 % relative of standards of the same sequence"),
    text_read=True,
)

_EPA_TIC = replace(
    DECISION_RULES,
    source=Line("EPA practice for tentatively identified compounds: ions above 10 %, within 20 points"),
    text_read=True,
    ions_compared=20,
    ion_least_percent=10,
    ratio_bands=(RatioBand(from_percent=0, tolerance=20, relative=False),),
)

_WADA_IDCR = replace(
    DECISION_RULES,
    source=Line(
        "WADA TD IDCR, as cited by others: 10 points above 50 %, 20 % relative above 25 %, 5 points below"
    ),
    text_read=False,
    retention_time_percent=DecimalText("1"),
    retention_time_least_min=DecimalText("0.1"),
    ratio_bands=(
        RatioBand(from_percent=50, tolerance=10, relative=False),
        RatioBand(from_percent=25, tolerance=20, relative=True),
        RatioBand(from_percent=0, tolerance=5, relative=False),
    ),
)

# By method version; that of the laboratory decision rules stands last: it is the one put in force by default.
IDENTIFICATION_RULES = (
    (Line("ei-identify-eu-2021-808-1"), _EU_2021_808),
    (Line("ei-identify-sante-12089-1"), _SANTE_12089),
    (Line("ei-identify-epa-tic-1"), _EPA_TIC),
    (Line("ei-identify-wada-idcr-1"), _WADA_IDCR),
    (Line("ei-identify-1"), DECISION_RULES),
)
