"""mzML and mzXML files with the scans that a test asks for."""

from __future__ import annotations

import base64
import struct
import zlib

__all__ = ["mzml", "mzxml", "packed"]

Points = list[tuple[float, float]]


def packed(values: list[float], code: str = "<d", *, compressed: bool = False) -> str:
    data = b"".join(struct.pack(code, value) for value in values)
    return base64.b64encode(zlib.compress(data) if compressed else data).decode()


def _array(values: list[float], kind: str, *, bits: int, compressed: bool) -> str:
    number = {32: ("MS:1000521", "<f"), 64: ("MS:1000523", "<d")}[bits]
    packing = "MS:1000574" if compressed else "MS:1000576"
    terms = "".join(f'<cvParam cvRef="MS" accession="{term}" name="x"/>' for term in (number[0], packing, kind))
    text = packed(values, number[1], compressed=compressed)
    return f"<binaryDataArray>{terms}<binary>{text}</binary></binaryDataArray>"


def mzml(
    scans: list[Points],
    *,
    bits: int = 64,
    compressed: bool = False,
    head: str = "",
    kind: str = "MS:1000127",
    source: str = "MS:1000389",
) -> bytes:
    """An mzML file; scan i starts at i seconds. ``kind`` says centroided or profile, ``source`` the ion source."""
    spectra = "".join(
        f'<spectrum id="scan={index}" index="{index}" defaultArrayLength="{len(points)}">'
        '<referenceableParamGroupRef ref="common"/>'
        f'<scanList><scan><cvParam accession="MS:1000016" value="{index}" unitAccession="UO:0000010"/>'
        "</scan></scanList>"
        f'<binaryDataArrayList count="2">'
        f"{_array([p[0] for p in points], 'MS:1000514', bits=bits, compressed=compressed)}"
        f"{_array([p[1] for p in points], 'MS:1000515', bits=bits, compressed=compressed)}"
        "</binaryDataArrayList></spectrum>"
        for index, points in enumerate(scans)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<mzML xmlns="http://psi.hupo.org/ms/mzml">'
        '<referenceableParamGroupList><referenceableParamGroup id="common">'
        f'<cvParam accession="MS:1000511" value="1"/><cvParam accession="{kind}" value=""/>'
        "</referenceableParamGroup></referenceableParamGroupList>"
        f'<instrumentConfiguration><source><cvParam accession="{source}" value=""/></source>'
        "</instrumentConfiguration>"
        f"<run><spectrumList>{spectra}</spectrumList></run></mzML>"
    ).encode()


def mzxml(scans: list[Points], *, bits: int = 32, compressed: bool = False) -> bytes:
    """An mzXML file; every scan after the first lies inside the one before, as product scans do."""
    opened = "".join(
        f'<scan num="{index}" msLevel="{index}" peaksCount="{len(points)}" retentionTime="PT{index}M30S">'
        f'<peaks precision="{bits}" byteOrder="network" contentType="m/z-int" '
        f'compressionType="{"zlib" if compressed else "none"}">'
        + packed([v for p in points for v in p], ">f" if bits == 32 else ">d", compressed=compressed)
        + "</peaks>"
        for index, points in enumerate(scans, 1)
    )
    return (
        '<?xml version="1.0"?><mzXML><msRun><dataProcessing centroided="1"/>'
        f'<msIonisation category="x" value="EI"/>{opened}{"</scan>" * len(scans)}</msRun></mzXML>'
    ).encode()
