"""The same case on machines of other time zones, locales, hash seeds, homes and fonts: the same bytes."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CASE = PROJECT / "examples" / "cases" / "DEMO-C"
SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
STRANGE = "Strange Face"
RUN = "import locale, sys; locale.setlocale(locale.LC_ALL, ''); from musk_id.cli import main; sys.exit(main())"
PLAIN_RUN = "import sys; from musk_id.cli import main; sys.exit(main())"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _examine(out: Path, work: Path, code: str, environment: dict[str, str]) -> dict[str, bytes]:
    """Files of a case examined in a process that has this environment only, in the folder ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code, "examine", str(CASE), "--root", str(PROJECT / "examples"), "--out", str(out)],
        capture_output=True,
        text=True,
        cwd=work,
        env={**kept, "PYTHONPATH": str(PROJECT), **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return _files(out)


def renamed_font(font: bytes, family: str) -> bytes:
    """A TrueType font under another family name (OpenType tables, all others as they are)."""
    count = struct.unpack(">H", font[4:6])[0]
    tables: dict[bytes, bytes] = {}
    for number in range(count):
        tag, _, offset, length = struct.unpack(">4sLLL", font[12 + 16 * number : 28 + 16 * number])
        tables[tag] = font[offset : offset + length]
    texts = {1: family, 2: "Regular", 4: family, 6: family.replace(" ", "")}
    storage, records = b"", b""
    for name_id, text in texts.items():
        data = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x409, name_id, len(data), len(storage))
        storage += data
    tables[b"name"] = struct.pack(">3H", 0, len(texts), 6 + 12 * len(texts)) + records + storage
    directory, body = b"", b""
    start = 12 + 16 * len(tables)
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sLLL", tag, 0, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    return font[:4] + struct.pack(">4H", len(tables), 0, 0, 0) + directory + body


@pytest.fixture(scope="module")
def strange_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose fonts carry the names of the bundled ones with other letters."""
    found = next((Path(name) for name in SYSTEM_FONTS if Path(name).is_file()), None)
    if found is None:
        pytest.skip("no TrueType font of the system to give another name (fonts-liberation)")
    home = tmp_path_factory.mktemp("home")
    folders = [home / ".fonts", home / ".local" / "share" / "fonts"]
    for folder in folders:
        folder.mkdir(parents=True)
        for family in ("Libertinus Serif", "DejaVu Sans Mono", STRANGE):
            (folder / f"{family.replace(' ', '')}.ttf").write_bytes(renamed_font(found.read_bytes(), family))
    lines = "".join(f"<dir>{folder}</dir>" for folder in folders)
    (home / "fonts.conf").write_text(f"<fontconfig>{lines}<cachedir>{home}/cache</cachedir></fontconfig>")
    return home


def test_the_strange_fonts_would_be_taken_if_the_machine_were_asked(strange_fonts: Path, tmp_path: Path) -> None:
    """Else the next test would show nothing of fonts."""
    (tmp_path / "page.typ").write_text(
        f'#set document(date: none)\n#set text(font: "{STRANGE}")\nMoschus', encoding="utf-8"
    )
    code = (
        "import sys, typst; "
        "own = sys.argv[1] == 'own'; "
        "page = typst.Compiler(input='page.typ', root='.', font_paths=[], ignore_system_fonts=own); "
        "sys.stdout.buffer.write(page.compile(format='pdf'))"
    )

    def made(fonts: str, home: Path) -> bytes:
        environment = {"HOME": str(home), "FONTCONFIG_FILE": str(home / "fonts.conf"), "PATH": os.environ["PATH"]}
        command = [sys.executable, "-c", code, fonts]
        return subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, check=True).stdout

    own = made("own", strange_fonts)
    assert made("system", strange_fonts) != own
    assert made("own", tmp_path) == own


def test_a_case_gives_the_same_bytes_everywhere(strange_fonts: Path, tmp_path: Path) -> None:
    here = _examine(tmp_path / "a", tmp_path / "x", PLAIN_RUN, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"})
    assert {Path(name).suffix for name in here} >= {".pdf", ".html", ".json", ".csv"}
    turkish = tmp_path / "locales"
    turkish.mkdir()
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(turkish / "tr_TR.UTF-8")], capture_output=True
    )
    there = {
        "TZ": "Pacific/Chatham",
        "PYTHONHASHSEED": "4242",
        "HOME": str(strange_fonts),
        "XDG_DATA_HOME": str(strange_fonts / ".local" / "share"),
        "FONTCONFIG_FILE": str(strange_fonts / "fonts.conf"),
        "TYPST_FONT_PATHS": str(strange_fonts / ".fonts"),
        "SOURCE_DATE_EPOCH": "1",
        "RAYON_NUM_THREADS": "3",
        "OMP_NUM_THREADS": "2",
        "TMPDIR": str(tmp_path),
        "COLUMNS": "20",
        "PYTHONUTF8": "0",
    }
    if made and made.returncode in (0, 1):
        # Decimal commas, and an i without a dot: the classic of locales.
        there |= {"LOCPATH": str(turkish), "LC_ALL": "tr_TR.UTF-8"}
        code = RUN
    else:
        there |= {"LC_ALL": "POSIX"}
        code = PLAIN_RUN
    assert _examine(tmp_path / "b" / "another place", tmp_path / "y z", code, there) == here
