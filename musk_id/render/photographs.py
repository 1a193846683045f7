"""Photographs as pages show them: pixels decoded from a foreign file, made smaller, and encoded anew.

Only pixels pass. What a file says beside them (EXIF with its position and thumbnail, XMP, comments, colour
profiles, further pictures, bytes behind the end) has no way into a page, because the encoder is given nothing but
pixels.

The same file gives the same bytes on every platform with the pinned Pillow: pictures are made smaller by whole
factors in integers (``reduce``), never with a filter of floating-point weights, and its libjpeg-turbo uses the
integer transforms, whose results do not depend on the processor. PNG would depend on the version of zlib and be
several times larger; see ``docs/decisions/photographs-on-pages.md``.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from musk_id.model.values import RelativePath

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "LONG_SIDE",
    "MAX_DRAWN",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "MAX_TOTAL_BYTES",
    "DrawnPhotograph",
    "PhotographRemark",
    "drawn_photographs",
    "photograph_of",
]

MAX_FILE_BYTES = 64_000_000
# Pictures of telephones have up to 50 million; decoding as many takes some 400 megabytes at the most.
MAX_PIXELS = 50_000_000
# Longest side of a picture on a page, in pixels; divided where all pictures of a case together are too large.
LONG_SIDE = 640
_SMALLER = (1, 2, 4)
MAX_DRAWN = 40
MAX_TOTAL_BYTES = 330_000
# Cameras write some ten scans; each of thousands of empty ones would cost a pass over all pixels.
MAX_SCANS = 100
_QUALITY = 80
_ORIENTATION = 0x0112
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_SIXTEEN_BITS = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
# What Pillow raises on damaged files of the two kinds.
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError),
    *(OverflowError, ZeroDivisionError, MemoryError, struct.error, zlib.error),
)


class PhotographRemark(StrEnum):
    """What is told of a photograph on a page: why there is none, or in what it differs from the file."""

    MISSING = "MISSING"
    ALTERED = "ALTERED"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    NOT_JPEG_OR_PNG = "NOT_JPEG_OR_PNG"
    DAMAGED = "DAMAGED"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_MANY_SCANS = "TOO_MANY_SCANS"
    TOO_MANY_PICTURES = "TOO_MANY_PICTURES"
    FIRST_OF_SEVERAL = "FIRST_OF_SEVERAL"
    PRINTING_COLOURS = "PRINTING_COLOURS"
    SIXTEEN_BITS = "SIXTEEN_BITS"
    COLOUR_PROFILE = "COLOUR_PROFILE"


@dataclass(frozen=True, slots=True)
class DrawnPhotograph:
    """A photograph as drawn: ``jpeg`` with its size in pixels, empty where ``remarks`` say why there is none.

    ``original`` is the size of the file's picture in pixels, as the file states it, before it is turned upright.
    """

    remarks: tuple[PhotographRemark, ...] = ()
    jpeg: bytes = b""
    size: tuple[int, int] = (0, 0)
    original: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Pixels of a picture at its largest size on a page."""

    data: bytes
    size: tuple[int, int]
    original: tuple[int, int]
    remarks: tuple[PhotographRemark, ...]


def drawn_photographs(
    sources: Iterable[tuple[RelativePath, bytes | PhotographRemark]],
) -> dict[RelativePath, DrawnPhotograph]:
    """Photographs of a case as drawn, by path: together at most :data:`MAX_TOTAL_BYTES`.

    Parameters
    ----------
    sources : iterable
        Path and bytes of each file in the order of the record, or why there are none. Taken one at a time.
    """
    drawn: dict[RelativePath, DrawnPhotograph] = {}
    held: dict[RelativePath, _Pixels] = {}
    for path, data in sources:
        if isinstance(data, PhotographRemark):
            drawn[path] = DrawnPhotograph((data,))
            continue
        if len(held) == MAX_DRAWN:
            drawn[path] = DrawnPhotograph((PhotographRemark.TOO_MANY_PICTURES,))
            continue
        pixels = _pixels(data)
        if isinstance(pixels, PhotographRemark):
            drawn[path] = DrawnPhotograph((pixels,))
        else:
            held[path] = pixels
    return drawn | _fitted(held)


def photograph_of(data: bytes) -> DrawnPhotograph:
    """One photograph at its largest size on a page, or the remark why there is none; raises nothing.

    Parameters
    ----------
    data : bytes
        A file from outside, whatever it holds.
    """
    return drawn_photographs([(RelativePath("-"), data)])[RelativePath("-")]


def _fitted(held: dict[RelativePath, _Pixels]) -> dict[RelativePath, DrawnPhotograph]:
    """All pictures at the largest size at which they keep to the limit, or as many as do at the smallest one."""
    found: dict[RelativePath, DrawnPhotograph] = {}
    for factor in _SMALLER:
        found = {path: _encoded(pixels, factor) for path, pixels in held.items()}
        if sum(len(picture.jpeg) for picture in found.values()) <= MAX_TOTAL_BYTES:
            return found
    left = MAX_TOTAL_BYTES
    for path, picture in found.items():
        left -= len(picture.jpeg)
        if left < 0:
            found[path] = DrawnPhotograph((PhotographRemark.TOO_MANY_PICTURES,))
    return found


def _encoded(pixels: _Pixels, factor: int) -> DrawnPhotograph:
    from PIL import Image

    # A picture made of bytes alone: nothing of the file is attached to it that the encoder could write.
    image = Image.frombytes("RGB", pixels.size, pixels.data)
    if factor > 1:
        image = image.reduce(factor)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, subsampling=2, optimize=False, progressive=False)
    return DrawnPhotograph(pixels.remarks, stream.getvalue(), image.size, pixels.original)


def _pixels(data: bytes) -> _Pixels | PhotographRemark:
    """Pixels of a JPEG or PNG file; its limits are looked at before anything is decoded."""
    if len(data) > MAX_FILE_BYTES:
        return PhotographRemark.FILE_TOO_LARGE
    if not data.startswith((_PNG, _JPEG)):
        return PhotographRemark.NOT_JPEG_OR_PNG
    if data.startswith(_JPEG) and data.count(b"\xff\xda") > MAX_SCANS:
        return PhotographRemark.TOO_MANY_SCANS
    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities in metadata, which are not used.
            warnings.simplefilter("ignore")
            return _decoded(data)
    except _DAMAGED:
        return PhotographRemark.DAMAGED


def _decoded(data: bytes) -> _Pixels | PhotographRemark:
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    # The readers are called by kind: Image.open would try further formats and its own kinds of JPEG files.
    with (PngImageFile if data.startswith(_PNG) else JpegImageFile)(io.BytesIO(data)) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            return PhotographRemark.TOO_MANY_PIXELS
        remarks = _remarks(image, data)
        orientation = _orientation(image)
        if isinstance(image, JpegImageFile):
            # JPEG is decoded at a half, quarter or eighth where that is still larger than what is drawn.
            image.draft(None, (LONG_SIDE, LONG_SIDE))
        image.load()
        upright = _turned(_rgb(_smaller(_plain(image))), orientation)
        return _Pixels(upright.tobytes(), upright.size, (width, height), remarks)


def _remarks(image: Image, data: bytes) -> tuple[PhotographRemark, ...]:
    """In what the picture drawn differs from the one in the file."""
    is_png = data.startswith(_PNG)
    several = getattr(image, "n_frames", 1) > 1 or "mp" in image.info
    found = {
        PhotographRemark.FIRST_OF_SEVERAL: several,
        PhotographRemark.PRINTING_COLOURS: image.mode == "CMYK",
        # Bits of a sample are the ninth byte of the header chunk, which comes first.
        PhotographRemark.SIXTEEN_BITS: is_png and data[24] == 16,
        PhotographRemark.COLOUR_PROFILE: bool(image.info.get("icc_profile")),
    }
    return tuple(remark for remark, holds in found.items() if holds)


def _orientation(image: Image) -> object:
    """How the camera was held, if its metadata can be read; damage to them is no damage to the picture."""
    try:
        return image.getexif().get(_ORIENTATION)
    except _DAMAGED:
        return None


def _plain(image: Image) -> Image:
    """The picture in a mode that can be made smaller: eight bits a sample, no palette."""
    if image.mode in _SIXTEEN_BITS:
        import numpy as np
        from PIL import Image as Images

        return Images.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image.convert("L") if image.mode == "1" else image


def _smaller(image: Image) -> Image:
    factor = -(-max(image.size) // LONG_SIDE)
    return image.reduce(factor) if factor > 1 else image


def _rgb(image: Image) -> Image:
    """The picture in three colours; what is transparent becomes white."""
    if image.mode not in ("RGBA", "LA"):
        return image.convert("RGB")
    from PIL import Image as Images

    ground = Images.new("RGB", image.size, (255, 255, 255))
    ground.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return ground


def _turned(image: Image, orientation: object) -> Image:
    """The picture upright: the one fact of the file's metadata that is used, a whole number from 2 to 8."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)
