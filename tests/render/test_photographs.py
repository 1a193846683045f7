"""Photographs on pages: pixels alone pass, whatever the file is; bounded in bytes, pixels, number and memory."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from musk_id.cli.casework import barcode_case, intake_case, spectra_case
from musk_id.cli.examine import examine_case
from musk_id.cli.output import write_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.model.request import Photograph
from musk_id.model.values import Line, RelativePath
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Annex, Photo, Photos
from musk_id.render.pages.photographs import SHOWN_IN_TEXT
from musk_id.render.pdf import render_pdf
from musk_id.render.photographs import (
    LONG_SIDE,
    MAX_DRAWN,
    MAX_FILE_BYTES,
    MAX_PIXELS,
    MAX_SCANS,
    MAX_TOTAL_BYTES,
    DrawnPhotograph,
    PhotographRemark,
    drawn_photographs,
    photograph_of,
)
from musk_id.vocabulary import Language
from tests.browser import open_page
from tests.html_access import access_faults
from tests.pdf_structure import structure_faults

PROJECT = Path(__file__).resolve().parents[2]
CASE = PROJECT / "examples" / "cases" / "DEMO-B"
EXAMPLE = CASE / "B1_photograph.png"
# Markers of a JPEG file that holds pixels, their tables and the standing first segment, and nothing else.
PLAIN_MARKERS = {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}
WINDOW = 8


def _file(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _picture(width: int = 96, height: int = 64) -> Image.Image:
    """Four quarters of different colours, so that turning and mirroring can be told apart."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 200, 30), (width // 2, 0, width, height // 2))
    image.paste((30, 30, 200), (0, height // 2, width // 2, height))
    image.paste((230, 230, 230), (width // 2, height // 2, width, height))
    return image


def _open(drawn: DrawnPhotograph) -> Image.Image:
    return Image.open(io.BytesIO(drawn.jpeg)).convert("RGB")


def _segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    """Marker and content of every segment, read by the letter of ITU-T T.81, annex B."""
    found, at = [(0xD8, b"")], 2
    assert jpeg[:2] == b"\xff\xd8"
    while jpeg[at + 1] != 0xD9:
        assert jpeg[at] == 0xFF
        marker, length = jpeg[at + 1], struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        found.append((marker, jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == 0xDA:
            while jpeg[at] != 0xFF or jpeg[at + 1] == 0 or 0xD0 <= jpeg[at + 1] <= 0xD7:
                at += 1
    assert at + 2 == len(jpeg), "bytes behind the end"
    return [*found, (0xD9, b"")]


# ---- only pixels pass ----


def _exif(text: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x010F], exif[0x0110] = text, f"made by {text}", f"serial {text}"
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2), 27: text.encode(), 29: text}
    return exif.tobytes()


def _with_everything(text: str, kind: str) -> bytes:
    """A picture with the text in every place beside the pixels that the kind of file has."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + text.encode()
    image, exif = _picture(), _exif(text)
    if kind == "PNG":
        notes = PngInfo()
        notes.add_text("Comment", text)
        notes.add_text("Title", text, zip=True)
        notes.add_itxt("XML:com.adobe.xmp", f"<x>{text}</x>")
        return _file(image, kind, exif=exif, icc_profile=profile, pnginfo=notes) + text.encode()
    xmp = f"<x>{text}</x>".encode()
    return _file(image, kind, exif=exif, icc_profile=profile, comment=text.encode(), xmp=xmp) + text.encode()


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=WINDOW, max_size=120),
    kind=st.sampled_from(["JPEG", "PNG"]),
)
def test_no_byte_of_what_stands_beside_the_pixels_is_drawn(text: str, kind: str) -> None:
    drawn = photograph_of(_with_everything(text, kind))
    assert drawn.remarks == (PhotographRemark.COLOUR_PROFILE,) and drawn.original == (96, 64)
    # Equal pixels give equal bytes, so nothing else can have had a part in them.
    pixels = Image.open(io.BytesIO(_with_everything(text, kind))).convert("RGB")
    assert drawn.jpeg == photograph_of(_file(pixels, "PNG")).jpeg
    segments = _segments(drawn.jpeg)
    assert {marker for marker, _ in segments} == PLAIN_MARKERS
    assert [content for marker, content in segments if marker == 0xE0] == [b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"]
    assert text.encode() not in drawn.jpeg


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), CASE)


def _streams(paper: bytes) -> list[bytes]:
    """The file itself, and every stream of it decoded (pictures as they are encoded)."""
    found = [paper]
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        for entry in pdf.objects:
            if isinstance(entry, pikepdf.Stream):
                is_picture = entry.get("/Filter") == pikepdf.Name.DCTDecode
                found.append(entry.read_raw_bytes() if is_picture else entry.read_bytes())
    return found


def _hidden(page: bytes) -> list[bytes]:
    """The file itself, and everything that it holds as base64."""
    return [page, *(base64.b64decode(text) for text in re.findall(rb";base64,([A-Za-z0-9+/=]+)", page))]


def test_no_byte_of_the_exif_block_is_in_the_pages_that_a_case_writes(tmp_path: Path, record: CaseRecord) -> None:
    place = write_case(record, CASE, PROJECT / "examples" / "laboratory.yaml", tmp_path)
    exif = Image.open(io.BytesIO(EXAMPLE.read_bytes())).info["exif"]
    windows = {exif[i : i + WINDOW] for i in range(len(exif) - WINDOW + 1)}
    # Runs of zeros are everywhere; eight bytes of anything else are not there by chance.
    telling = {window for window in windows if len(set(window)) > 3}
    assert any(b"2026:03:" in window for window in telling) and len(telling) > 60
    assert (place / "input" / "B1_photograph.png").read_bytes() == EXAMPLE.read_bytes()
    for language in record.intake.laboratory.languages:
        paper = _streams((place / "record" / f"record.{language}.pdf").read_bytes())
        page = _hidden((place / "record" / f"record.{language}.html").read_bytes())
        assert sum(part.startswith(b"\xff\xd8\xff") for part in paper) == 1
        assert sum(part.startswith(b"\xff\xd8\xff") for part in page) == 1
        for part in (*paper, *page):
            assert not [window for window in telling if window in part]


# ---- the picture is the right one ----


@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_stands_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _file(_picture(), "PNG", exif=exif.tobytes())
    drawn, wanted = _open(photograph_of(data)), ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert drawn.size == wanted.size
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            at = (round(x * drawn.width), round(y * drawn.height))
            difference = [abs(a - b) for a, b in zip(drawn.getpixel(at), wanted.getpixel(at), strict=True)]
            assert max(difference) <= 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (641, 10), (1300, 900), (4000, 30), (7, 3001)])
def test_a_picture_keeps_its_shape_and_is_no_larger_than_pages_need(kind: str, size: tuple[int, int]) -> None:
    drawn = photograph_of(_file(_picture(*size), kind))
    assert max(drawn.size) <= LONG_SIDE and drawn.original == size
    for side, whole in zip(drawn.size, size, strict=True):
        # Sides are divided by one whole factor and rounded up, twice where a JPEG is decoded smaller.
        factor = max(size) / max(drawn.size)
        assert abs(side - whole / factor) <= 2
    assert max(drawn.size) == max(size) or max(drawn.size) > LONG_SIDE / 3


def _mean(drawn: DrawnPhotograph) -> tuple[int, ...]:
    return _open(drawn).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def test_other_kinds_of_pixels_are_drawn_in_their_colours_and_it_is_said() -> None:
    sixteen = Image.new("I;16", (8, 8), 0x80FF)
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 200, 10])
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    grey_clear = Image.new("LA", (8, 8), (0, 0))
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    cases = {
        "16 bits": (_file(sixteen, "PNG"), (128, 128, 128), (PhotographRemark.SIXTEEN_BITS,)),
        "palette": (_file(palette, "PNG"), (10, 200, 10), ()),
        "hole in a palette": (_file(palette, "PNG", transparency=1), (255, 255, 255), ()),
        "clear": (_file(clear, "PNG"), (255, 255, 255), ()),
        "clear grey": (_file(grey_clear, "PNG"), (255, 255, 255), ()),
        "two tones": (_file(Image.new("1", (8, 8), 1), "PNG"), (255, 255, 255), ()),
        "grey": (_file(Image.new("L", (8, 8), 77), "JPEG"), (77, 77, 77), ()),
        "CMYK": (_file(cmyk, "JPEG"), (255, 0, 0), (PhotographRemark.PRINTING_COLOURS,)),
    }
    for name, (data, colour, remarks) in cases.items():
        drawn = photograph_of(data)
        assert drawn.remarks == remarks, name
        assert max(abs(a - b) for a, b in zip(_mean(drawn), colour, strict=True)) <= 4, name


def _png(width: int, height: int, *chunks: tuple[bytes, bytes], bits: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    written = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def test_sixteen_bits_of_three_colours_are_said_too() -> None:
    row = b"\0" + struct.pack(">3H", 0x20FF, 0x8000, 0xF000) * 4
    drawn = photograph_of(_png(4, 4, (b"IDAT", zlib.compress(row * 4)), bits=16))
    assert drawn.remarks == (PhotographRemark.SIXTEEN_BITS,)
    assert max(abs(a - b) for a, b in zip(_mean(drawn), (0x20, 0x80, 0xF0), strict=True)) <= 4


@pytest.mark.parametrize("kind", ["PNG", "MPO"])
def test_of_several_pictures_the_first_is_drawn(kind: str) -> None:
    second = [Image.new("RGB", (96, 64))]
    drawn = photograph_of(_file(_picture(), kind, save_all=True, append_images=second))
    assert drawn.remarks == (PhotographRemark.FIRST_OF_SEVERAL,)
    assert _mean(drawn) == pytest.approx(_mean(photograph_of(_file(_picture(), kind))), abs=2)


def test_the_example_gives_these_bytes_on_every_platform() -> None:
    drawn = photograph_of(EXAMPLE.read_bytes())
    assert hashlib.sha256(drawn.jpeg).hexdigest() == EXPECTED
    assert drawn.remarks == () and drawn.original == (960, 720)


EXPECTED = "d688e55c942aa4dd4160219c1701f5ab6b3afe2430f5301b2a62e01b8a460163"


# ---- hostile files ----


def _jpeg_size(width: int, height: int) -> bytes:
    """A JPEG whose frame says that it is of this size."""
    data = bytearray(_file(_picture(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


_JPEG, _PNG = _file(_picture(), "JPEG"), _file(_picture(), "PNG")
_DAMAGED_ONES = {
    "JPEG cut off": _JPEG[: len(_JPEG) // 2],
    "JPEG of a head alone": _JPEG[:20],
    "PNG cut off": _PNG[: len(_PNG) - 30],
    "PNG of a head alone": _PNG[:33],
    "PNG without pixels": _png(9, 9),
    "PNG without size": _png(0, 0, (b"IDAT", zlib.compress(b""))),
    "PNG of impossible bits": _png(9, 9, (b"IDAT", zlib.compress(b"\0" * 999)), bits=7),
    "PNG with a wrong sum": _PNG[:40] + bytes([_PNG[40] ^ 1]) + _PNG[41:],
    "PNG whose text unpacks without end": _png(
        9, 9, (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 90_000_000)), (b"IDAT", zlib.compress(b"\0" * 300))
    ),
    "JPEG that is none": b"\xff\xd8\xff" + b"<script>alert(1)</script>",
    "PNG that is none": b"\x89PNG\r\n\x1a\n<svg onload='alert(1)'/>",
}
_OTHERS = {
    "empty": b"",
    "SVG named PNG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "HTML": b"<!DOCTYPE html><script>globalThis.struck = 1</script>",
    "PDF": b"%PDF-1.7\n",
    "GIF": _file(_picture(), "GIF"),
    "WEBP": _file(_picture(), "WEBP"),
    "TIFF": _file(_picture(), "TIFF"),
    "BMP": _file(_picture(), "BMP"),
    "PPM of a billion pixels": b"P6 65535 65535 255\n",
    "zip": b"PK\x03\x04",
}
_TOO_LARGE = {
    "PNG of four billion pixels": _png(65_535, 65_535, (b"IDAT", zlib.compress(b"\0" * 99))),
    "PNG a pixel too large": _png(MAX_PIXELS + 1, 1, (b"IDAT", zlib.compress(b"\0" * 99))),
    "PNG of the largest side": _png(2**31 - 1, 2**31 - 1, (b"IDAT", zlib.compress(b"\0" * 99))),
    "JPEG of four billion pixels": _jpeg_size(65_500, 65_500),
}


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        *((pytest.param(d, PhotographRemark.DAMAGED, id=n)) for n, d in _DAMAGED_ONES.items()),
        *((pytest.param(d, PhotographRemark.NOT_JPEG_OR_PNG, id=n)) for n, d in _OTHERS.items()),
        *((pytest.param(d, PhotographRemark.TOO_MANY_PIXELS, id=n)) for n, d in _TOO_LARGE.items()),
        pytest.param(
            _JPEG[:-2] + b"\xff\xda" * MAX_SCANS + _JPEG[-2:], PhotographRemark.TOO_MANY_SCANS, id="scans"
        ),
        pytest.param(b"\xff\xd8\xff" + bytes(MAX_FILE_BYTES), PhotographRemark.FILE_TOO_LARGE, id="bytes"),
    ],
)
def test_a_file_that_is_no_fit_picture_is_a_remark(data: bytes, remark: PhotographRemark) -> None:
    assert photograph_of(data) == DrawnPhotograph((remark,))


@settings(max_examples=300, deadline=None)
@given(
    base=st.sampled_from([_JPEG, _PNG, _with_everything("word", "JPEG"), _with_everything("word", "PNG")]),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 400),
)
def test_a_damaged_file_is_drawn_or_remarked_and_nothing_else(
    base: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(base)
    for place, value in changes:
        data[place % len(data)] = value
    drawn = photograph_of(bytes(data[: len(data) - cut]))
    assert bool(drawn.jpeg) or len(drawn.remarks) == 1
    assert not drawn.jpeg or {marker for marker, _ in _segments(drawn.jpeg)} == PLAIN_MARKERS


_MEMORY = """
import io, resource, sys
from PIL import Image
from musk_id.render.photographs import MAX_PIXELS, photograph_of
side = int(MAX_PIXELS ** 0.5)
stream = io.BytesIO()
Image.new(sys.argv[1], (side, side)).save(stream, sys.argv[2], **eval(sys.argv[3]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = stream.getvalue()
limit = 900_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(photograph_of(data).size)
"""


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [("RGBA", "PNG", "{}"), ("P", "PNG", "{}"), ("RGB", "JPEG", "{'progressive': True, 'subsampling': 0}")],
)
def test_the_largest_picture_that_is_drawn_needs_less_than_900_megabytes(
    mode: str, kind: str, options: str
) -> None:
    assert resource.RLIMIT_AS
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, mode, kind, options], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(5") or done.stdout.startswith("(4"), done.stdout


# ---- pages ----


def test_pictures_of_a_case_keep_to_a_sum_and_a_number() -> None:
    noise = [_file(Image.effect_noise((640, 480), 90 + n).convert("RGB"), "JPEG") for n in range(8)]
    few = drawn_photographs((RelativePath(f"{n}.jpg"), data) for n, data in enumerate(noise[:1]))
    assert few[RelativePath("0.jpg")].size == (640, 480)
    some = drawn_photographs((RelativePath(f"{n}.jpg"), data) for n, data in enumerate(noise))
    assert {drawn.size for drawn in some.values()} in ({(320, 240)}, {(160, 120)})
    assert sum(len(drawn.jpeg) for drawn in some.values()) <= MAX_TOTAL_BYTES
    many = drawn_photographs((RelativePath(f"{n}.jpg"), noise[n % 8]) for n in range(MAX_DRAWN + 9))
    assert len(many) == MAX_DRAWN + 9
    assert 0 < sum(len(drawn.jpeg) for drawn in many.values()) <= MAX_TOTAL_BYTES
    last = [many[RelativePath(f"{n}.jpg")] for n in range(MAX_DRAWN, MAX_DRAWN + 9)]
    assert set(last) == {DrawnPhotograph((PhotographRemark.TOO_MANY_PICTURES,))}


def _with_photographs(record: CaseRecord, names: list[str], hostile: str = "") -> CaseRecord:
    examination = record.intake.examination
    photographs = tuple(
        Photograph(path=RelativePath(name), caption=Line(hostile or f"caption of {name} here")) for name in names
    )
    item = dataclasses.replace(examination.items[0], photographs=photographs)
    fact = next(fact for fact in record.intake.files if fact.path == EXAMPLE.name)
    files = tuple(dataclasses.replace(fact, path=RelativePath(name)) for name in names)
    intake = dataclasses.replace(
        record.intake, examination=dataclasses.replace(examination, items=(item,)), files=files
    )
    return dataclasses.replace(record, intake=intake)


@pytest.mark.parametrize("language", WHOLE_LANGUAGES)
def test_the_first_ones_stand_in_the_text_and_the_rest_in_an_annex(
    record: CaseRecord, language: Language, tmp_path: Path
) -> None:
    names = [f"p{n}.png" for n in range(SHOWN_IN_TEXT + 2)]
    changed = _with_photographs(record, names)
    wide = photograph_of(_file(_picture(4000, 30), "PNG"))
    drawn = {RelativePath(name): photograph_of(EXAMPLE.read_bytes()) for name in names} | {
        RelativePath("p1.png"): DrawnPhotograph((PhotographRemark.DAMAGED,)),
        RelativePath("p2.png"): wide,
    }
    data = canonical_json(changed)
    document = build_document(changed, data, load_catalogue(language), drawn)
    (shown,) = [b for s in document.sections for b in s.blocks if isinstance(b, Photos)]
    (further,) = [b for s in document.annexes for b in s.blocks if isinstance(b, Photos)]
    assert [len(shown.entries), len(further.entries)] == [SHOWN_IN_TEXT, 2]
    assert not any(isinstance(b, Annex) for s in document.sections for b in s.blocks)
    assert [_path(entry) for entry in (*shown.entries, *further.entries)] == names
    page = render_html(changed, data, language, drawn).decode()
    assert page.count("<img ") == 4 and page.count("alt=") == 4 and access_faults(page) == []
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert page.count(f"<code>{digest}</code>") >= len(names)
    assert load_catalogue(language).labels["photograph.remark.DAMAGED"] in page
    paper = render_pdf(changed, data, language, (), drawn)
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        assert structure_faults(pdf) == []
        pictures = [
            entry
            for entry in pdf.objects
            if isinstance(entry, pikepdf.Stream) and entry.get("/Subtype") == pikepdf.Name.Image
        ]
        alternatives = {str(e.Alt) for e in pdf.objects if isinstance(e, pikepdf.Dictionary) and "/Alt" in e}
    assert {p.get("/Filter") for p in pictures} == {pikepdf.Name.DCTDecode} and len(pictures) == 2
    plain = {text.replace("\u200b", "") for text in alternatives}
    assert {entry.alt for entry in shown.entries if entry.jpeg} <= plain


def _path(entry: Photo) -> str:
    return next(span.text for line in entry.text for span in line if span.text.endswith(".png"))


def test_without_files_a_record_is_drawn_as_before(record: CaseRecord) -> None:
    page = render_html(record, canonical_json(record), Language.EN).decode()
    assert "<img" not in page and "img-src" not in page and EXAMPLE.name in page


def test_the_browser_shows_the_picture_and_asks_for_nothing(record: CaseRecord, tmp_path: Path) -> None:
    drawn = {RelativePath(EXAMPLE.name): photograph_of(EXAMPLE.read_bytes())}
    hostile = _with_photographs(record, [EXAMPLE.name], '"><img src=x onerror="globalThis.struck = 1">')
    path = tmp_path / "page.html"
    with open_page(tmp_path) as page:
        path.write_bytes(render_html(hostile, canonical_json(hostile), Language.EN, drawn))
        page.visit(path)
        assert page.run("[...document.images].map((i) => [i.naturalWidth, i.naturalHeight])") == [[480, 360]]
        assert page.messages == [] and page.run("globalThis.struck") is None
        assert [url for url in page.requests if not url.startswith("data:image/jpeg")] == [path.as_uri()]


def _copied(folder: Path) -> Path:
    root = folder / "examples"
    shutil.copytree(PROJECT / "examples", root)
    return root


def _pages_of(root: Path, out: Path) -> tuple[CaseRecord, str]:
    case = root / "cases" / "DEMO-B"
    record = examine_case(Casework(root), case)
    place = write_case(record, case, root / "laboratory.yaml", out)
    return record, (place / "record" / "record.en.html").read_text(encoding="utf-8")


def _declare(root: Path, digest: str) -> None:
    path = root / "cases" / "DEMO-B" / "examination.yaml"
    text = path.read_text(encoding="utf-8")
    named = f"      - path: {EXAMPLE.name}\n"
    path.write_text(text.replace(named, f"{named}        sha256: {digest}\n"), encoding="utf-8")


def test_missing_and_altered_photographs_are_told_and_not_drawn(tmp_path: Path) -> None:
    root = _copied(tmp_path)
    photograph = root / "cases" / "DEMO-B" / EXAMPLE.name
    photograph.unlink()
    _, page = _pages_of(root, tmp_path / "one")
    assert "Not drawn: the file was not handed in." in page and "<img" not in page
    photograph.write_bytes(EXAMPLE.read_bytes())
    _declare(root, "0" * 64)
    _, page = _pages_of(root, tmp_path / "two")
    assert "Not drawn: the file is not the one whose digest is declared." in page and "<img" not in page


def test_technical_stages_do_not_see_a_photograph(tmp_path: Path) -> None:
    """Other pixels leave the records of sequences and spectra as they are, byte for byte."""
    root = _copied(tmp_path)
    case = root / "cases" / "DEMO-B"

    def technical() -> tuple[bytes, ...]:
        casework = Casework(root)
        intake = intake_case(casework, case)
        found = (barcode_case(casework, intake, {}, case), spectra_case(casework, intake, {}, case))
        return tuple(canonical_json(part) for part in found)

    before = technical()
    (case / EXAMPLE.name).write_bytes(b"\xff\xd8\xff no picture")
    assert technical() == before


def test_a_record_is_read_without_pillow() -> None:
    code = "import sys, musk_id.render.html, musk_id.cli.output; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


_SIMD = """
import hashlib, io
from PIL import Image
from musk_id.render.photographs import photograph_of
for scale in range(4):
    for sampling in range(3):
        stream = io.BytesIO()
        noise = Image.linear_gradient("L").resize((701 + 900 * scale, 503 + 300 * scale))
        Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180))).save(stream, "JPEG", subsampling=sampling)
        print(hashlib.sha256(photograph_of(stream.getvalue()).jpeg).hexdigest())
"""


def test_the_bytes_do_not_depend_on_what_the_processor_can() -> None:
    """libjpeg-turbo without its instructions for special processors, decoding and encoding, gives the same."""

    def digests(**environment: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", _SIMD],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, **environment},
        ).stdout

    plain = digests()
    assert len(plain.split()) == 12 and digests(JSIMD_FORCENONE="1") == plain
