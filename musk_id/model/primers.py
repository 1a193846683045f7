"""Primer pairs of published assays, as data: what may be removed from the ends of reads.

Strings are facts of the sources named. Inosine pairs with every base and is written N. The marker is the window of
the library in which the insert lies, ``None`` where the library has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import Line
from musk_id.vocabulary import Locus

__all__ = ["PRIMER_PAIRS", "PrimerPairEntry", "own_pair"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimerPairEntry:
    """A primer pair, 5' to 3' as ordered."""

    name: Line
    locus: Locus | None
    forward: Line
    reverse: Line
    source: Line


def _pair(name: str, locus: Locus | None, forward: str, reverse: str, source: str) -> PrimerPairEntry:
    return PrimerPairEntry(
        name=Line(name),
        locus=locus,
        forward=Line(forward.replace("I", "N")),
        reverse=Line(reverse.replace("I", "N")),
        source=Line(source),
    )


def own_pair(forward: str, reverse: str) -> PrimerPairEntry:
    """A pair that a laboratory names itself."""
    return _pair(f"{forward}/{reverse}", None, forward, reverse, "named by the laboratory")


_SCREEN = "ScreenForBio-mbc 12S_primers.fa, 16S_primers.fa, COI_primers.fa"
_CITES = "CITESspeciesDetect PrimerFile.txt"

PRIMER_PAIRS: tuple[PrimerPairEntry, ...] = (
    _pair("12S-V5 Riaz 2011", Locus.RRNA_12S, "ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG", _SCREEN),
    _pair(
        "12S Kocher 1989",
        Locus.RRNA_12S,
        "GCTTCAAACTGGGATTAGATACCCCACTAT",
        "TGACTGCAGAGGGTGACGGGCGGTGTGT",
        _SCREEN,
    ),
    _pair("16S mam Taylor 1996", Locus.RRNA_16S, "CGGTTGGGGTGACCTCGGA", "GCTGTTATCCCTAGGGTAACT", _SCREEN),
    _pair(
        "16S food Dobrovolny 2019",
        Locus.RRNA_16S_FOOD,
        "GACGAGAAGACCCTATGGAGC",
        "TCCGAGGTCRCCCCAACC",
        "Dobrovolny et al. 2019, PubMed 30309555",
    ),
    _pair("16S mini 16SF/16SR", Locus.RRNA_16S, "AYAAGACGAGAAGACCC", "GATTGCGCTGTTATTCC", _CITES),
    _pair("16Sar-L/16Sbr-H", Locus.RRNA_16S, "CGCCTGTTTATCAAAAACAT", "CCGGTCTGAACTCAGATCACGT", _CITES),
    _pair("COI VF1d/VR1d", Locus.COI, "TTCTCAACCAACCACAARGAYATYGG", "TAGACTTCTGGGTGGCCRAARAAYCA", _CITES),
    _pair("COI VF1i/VR1i", Locus.COI, "TTCTCAACCAACCAIAAIGAIATIGG", "TAGACTTCTGGGTGICCIAAIAAICA", _CITES),
    _pair("COI LepF1/LepR1", Locus.COI, "ATTCAACCAATCATAAAGATATTGG", "TAAACTTCTGGATGTCCAAAAAATCA", _CITES),
    _pair("COI Leray mini", Locus.COI, "GGWACWGGWTGAACWGTWTAYCCYCC", "TAIACYTCIGGRTGICCRAARAAYCA", _CITES),
    _pair("COI mini ScreenForBio", Locus.COI, "TCCACTAATCACAARGATATTGGTAC", "TATCAGGGGCTCCGATTAT", _SCREEN),
    _pair("cytb CB1-L/CB2-H", Locus.CYTB, "CCATCCAACATCTCAGCATGATGAAA", "CCCTCAGAATGATATTTGTCCTCA", _CITES),
    _pair("cytb CB1-L/CB3-H", Locus.CYTB, "CCATCCAACATCTCAGCATGATGAAA", "GGCAAATAGGAARTATCATTC", _CITES),
    _pair(
        "cytb mcb398/mcb869",
        Locus.CYTB,
        "TACCATGAGGACAAATATCATTCTG",
        "CCTCCTAGTTTGTTAGGGATTGATCG",
        "Verma and Singh 2003, doi 10.1046/j.1471-8286.2003.00340.x; strings to be verified",
    ),
)
