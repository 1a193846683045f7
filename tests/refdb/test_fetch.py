"""Fetching pinned records: what is kept, what is refused, and that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import eutils
import pytest
from eutils import Eutils, running
from flat_files import flat_record, panel_records
from library_sources import PROJECT

from musk_id.errors import IntegrityError, MuskIdError, RemoteError
from musk_id.formats.entrez import Service
from musk_id.formats.genbank import read_genbank
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.fetch import FetchReport, Patience, fetch_records
from musk_id.refdb.fetched import LOG_NAME
from musk_id.refdb.pins import Pin, parse_pins, pins_bytes, pins_of

KEY = "0123456789abcdef0123456789abcdef0123"
FLAT = {f"AY84726{n}.1": flat_record(f"AY84726{n}.1", "ACGTTGCA" * (20 + n)) for n in range(6)}
NAMES = list(FLAT)


def digest(letters: str) -> str:
    return hashlib.sha256(letters.encode()).hexdigest()


def pins_for(accessions: list[str]) -> tuple[Pin, ...]:
    rows = []
    for accession in accessions:
        letters = "ACGTTGCA" * (20 + int(accession[7]))
        rows.append(f"{accession}\tMoschus berezovskii\t\t{len(letters)}\t{digest(letters)}\n")
    return parse_pins(("accession\torganism\twindow\tlength_bp\tsha256\n" + "".join(rows)).encode(), "pins.tsv")


PINS = pins_for(NAMES)


@dataclass
class Run:
    """A server, a folder, and how long a run waited."""

    server: Eutils
    out: Path
    waits: list[float] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, pins: tuple[Pin, ...] = PINS, **patience: float) -> FetchReport:
        return fetch_records(
            pins,
            self.out,
            Service(email="laboratory@example.org", api_key=KEY, base_url=self.server.url, timeout_s=5.0),
            patience=Patience(**{"batch_size": 3, **patience}),
            progress=lambda total, done: self.told.append((total, done)),
            sleep=self.waits.append,
        )

    def refused(self, error: type[MuskIdError], pins: tuple[Pin, ...] = PINS, **patience: float) -> MuskIdError:
        with pytest.raises(error) as caught:
            self(pins, **patience)
        assert KEY not in caught.value.diagnostics()
        return caught.value

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []

    @property
    def log(self) -> list[str]:
        return [line.split("\t")[0] for line in (self.out / LOG_NAME).read_text().splitlines()[1:]]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(Eutils(FLAT)) as server:
        yield Run(server, tmp_path / "records")


def files_of(names: list[str]) -> list[str]:
    return [*(f"{name}.gb" for name in names), *([LOG_NAME] if names else [])]


def test_all_records_are_fetched_in_batches_and_listed(run: Run) -> None:
    report = run()
    assert run.server.asked == [NAMES[:3], NAMES[3:]]
    assert [entry.accession for entry in report.fetched] == NAMES
    assert run.files == files_of(NAMES)
    assert (run.out / "AY847262.1.gb").read_text() == FLAT["AY847262.1"]
    first = (run.out / LOG_NAME).read_text().splitlines()[1].split("\t")
    data = (run.out / f"{NAMES[0]}.gb").read_bytes()
    assert first == [
        NAMES[0], "Moschus berezovskii", "2013-01-31", "160", digest("ACGTTGCA" * 20),
        hashlib.sha256(data).hexdigest(),
    ]  # fmt: skip
    assert run.told[-1] == (6, 6)
    assert run.waits == []


def test_second_run_asks_nothing_and_changes_nothing(run: Run) -> None:
    run()
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.out.iterdir()}
    run.server.questions.clear()
    report = run()
    assert (len(report.fetched), len(report.present), run.server.questions) == (0, 6, [])
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in run.out.iterdir()} == before


def test_same_records_give_the_same_list_whatever_the_order_of_fetching(run: Run, tmp_path: Path) -> None:
    run()
    other = Run(run.server, tmp_path / "other")
    other(pins_for(NAMES[4:]))
    other(pins_for(NAMES))
    assert (other.out / LOG_NAME).read_bytes() == (run.out / LOG_NAME).read_bytes()


def test_release_can_be_fetched_by_its_own_pins(shipped_release: ReferenceRelease, tmp_path: Path) -> None:
    with running(Eutils(panel_records(shipped_release))) as server:
        run = Run(server, tmp_path / "records")
        report = run(pins_of(shipped_release), batch_size=20)
    assert len(report.fetched) == 51
    assert report.renamed == ()
    assert "MT873042.1.gb" in run.files, "the pin has no version; the record's own is kept"
    assert len(read_genbank(run.out / "NC_013753.1.gb")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        eutils.busy,
        eutils.status(500, "x"),
        eutils.status(502, "<html>Bad gateway</html>", "text/html"),
        eutils.status(200, "<html>Down</html>", "text/html"),
        eutils.broken_off,
        eutils.cut(500),
        eutils.cut(len(FLAT[NAMES[0]]) + 300),
        eutils.changed("     1 acgt", "     7 acgt"),
    ],
)
def test_passing_faults_are_waited_for(run: Run, answer: eutils.Answer) -> None:
    run.server.script = [answer, answer]
    run()
    assert run.files == files_of(NAMES)
    assert len(run.waits) == 2
    assert len(run.server.questions) == 4


def test_waits_double_are_bounded_and_heed_the_service(run: Run) -> None:
    run.server.script = [eutils.status(500, "")] * 3 + [eutils.busy, eutils.status(503, "", Retry_After="9999")]
    run()
    assert run.waits == [1, 2, 4, 8, 60]


def test_records_before_a_cut_are_kept_and_not_asked_for_again(run: Run) -> None:
    run.server.script = [eutils.cut(len(FLAT[NAMES[0]]) + 300)]
    run()
    assert run.server.asked == [NAMES[:3], NAMES[1:3], NAMES[3:]]


def test_service_that_stays_down_ends_the_run_and_the_next_one_goes_on(run: Run) -> None:
    run.server.script = [eutils.good]
    run.server.always = eutils.status(503, "down")
    error = run.refused(RemoteError, tries=4)
    assert "status 503" in str(error)
    assert error.exit_code == 3
    assert "3 record(s) in records stay" in error.hint
    assert len(run.server.questions) == 5
    assert run.files == files_of(NAMES[:3])
    run.server.always = None
    run.server.questions.clear()
    report = run()
    assert run.server.asked == [NAMES[3:]]
    assert (len(report.present), len(report.fetched)) == (3, 3)


@pytest.mark.parametrize(
    "answer",
    [eutils.status(403, "blocked"), eutils.redirect("http://evil.example/")],
)
def test_hopeless_service_is_asked_once(run: Run, answer: eutils.Answer) -> None:
    run.server.always = answer
    run.refused(RemoteError)
    assert len(run.server.questions) == 1
    assert run.files == []


def test_record_left_out_without_a_word_is_asked_alone_and_named(run: Run) -> None:
    del run.server.records["AY847261.1"]
    error = run.refused(RemoteError)
    assert str(error.problems[0]) == "AY847261.1: the service does not give this record"
    assert run.server.asked == [NAMES[:3], NAMES[3:], ["AY847261.1"]]
    assert run.files == files_of([name for name in NAMES if name != "AY847261.1"])
    assert run.waits == []


def test_record_that_the_service_cannot_get_is_named_with_its_words(run: Run) -> None:
    def answer(handler: eutils.Handler, ids: list[str]) -> None:
        if "AY847261.1" in ids:
            handler.say(200 if len(ids) == 1 else 400, "Error occurred: cannot get document AY847261.1")
        else:
            eutils.good(handler, ids)

    run.server.always = answer
    error = run.refused(RemoteError)
    assert [str(p) for p in error.problems] == [
        f"AY847261.1: {run.server.url[7:].split('/')[0]} answers: Error occurred: cannot get document AY847261.1"
    ]
    assert run.files == files_of([name for name in NAMES if name != "AY847261.1"])


def test_error_line_behind_good_records_costs_one_wait(run: Run) -> None:
    del run.server.records["AY847261.1"]
    run.server.script = [
        lambda handler, ids: handler.say(200, handler.server.flat(ids) + "Error: cannot get document AY847261.1\n")
    ]
    run.refused(RemoteError)
    assert run.waits == [1]


CHANGED = flat_record("AY847261.1", "ACGTTGCA" * 20 + "ACGTTGCC")


def test_changed_record_is_refused_with_both_digests_and_never_written(run: Run) -> None:
    run.server.records["AY847261.1"] = CHANGED
    error = run.refused(IntegrityError)
    assert error.exit_code == 4
    assert digest("ACGTTGCA" * 20 + "ACGTTGCC") in str(error)
    assert digest("ACGTTGCA" * 21) in str(error)
    assert run.files == files_of([name for name in NAMES if name != "AY847261.1"]), "the others are fetched"
    assert "AY847261.1" not in run.log


def test_changed_and_missing_records_are_told_together(run: Run) -> None:
    run.server.records["AY847261.1"] = CHANGED
    del run.server.records["AY847264.1"]
    error = run.refused(IntegrityError)
    assert [problem.where for problem in error.problems] == ["AY847261.1", "AY847264.1"]


def test_other_version_is_refused(run: Run) -> None:
    run.server.records["AY847261.1"] = FLAT["AY847261.1"].replace("AY847261.1", "AY847261.2")
    error = run.refused(IntegrityError)
    assert "the record is AY847261.2, pinned is AY847261.1" in str(error)
    assert not any("AY847261" in name for name in run.files)


def test_record_that_nobody_asked_for_is_not_kept(run: Run) -> None:
    run.server.records["AY847261.1"] = flat_record("KC013352.1", "ACGT" * 40)
    error = run.refused(RemoteError)
    assert error.problems[0].where == "AY847261.1"
    assert not any("KC013352" in name for name in run.files)


def test_other_molecule_is_refused(run: Run) -> None:
    run.server.records["AY847261.1"] = flat_record("AY847261.1", "ACGTTGCA" * 21, molecule="mRNA")
    assert "the molecule is mRNA, DNA is pinned" in str(run.refused(IntegrityError))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("168 bp", "169 bp", "says 169 letters, the record holds 168"),
        ("Hefei", "He\x1bfei", r"U+001B"),
        ("\n//", "\n/", "is missing"),
        ("ORIGIN", "CONTIG", "no ORIGIN block"),
    ],
)
def test_damaged_record_is_asked_for_again_and_then_named(run: Run, old: str, new: str, told: str) -> None:
    run.server.records["AY847261.1"] = FLAT["AY847261.1"].replace(old, new)
    error = run.refused(RemoteError, tries=2, single_tries=2)
    assert told in "".join(problem.message for problem in error.problems)
    assert "AY847261.1.gb" not in run.files
    assert len(run.server.questions) < 12


def test_new_organism_name_is_told_and_no_fault(run: Run) -> None:
    run.server.records["AY847261.1"] = flat_record("AY847261.1", "ACGTTGCA" * 21, organism="Moschus anhuiensis")
    expected = (("AY847261.1", "Moschus berezovskii", "Moschus anhuiensis"),)
    assert run().renamed == expected
    assert run().renamed == expected


def test_accession_without_version_takes_what_the_service_holds_and_stays_with_it(run: Run) -> None:
    pins = (replace(PINS[0], accession="AY847260", parts=()),)
    assert [entry.accession for entry in run(pins).fetched] == ["AY847260.1"]
    run.server.questions.clear()
    assert [entry.accession for entry in run(pins).present] == ["AY847260.1"]
    assert run.server.questions == []
    (run.out / "AY847260.2.gb").write_text(FLAT[NAMES[0]].replace("AY847260.1", "AY847260.2"))
    assert "two versions lie here: AY847260.1.gb, AY847260.2.gb" in str(run.refused(IntegrityError, pins))


def test_list_is_a_pin_where_the_pin_says_nothing_of_the_letters(run: Run) -> None:
    pins = tuple(replace(pin, parts=()) for pin in PINS)
    run(pins)
    (run.out / "AY847261.1.gb").unlink()
    run.server.records["AY847261.1"] = CHANGED
    error = run.refused(IntegrityError, pins)
    assert f"{LOG_NAME} of this folder says {digest('ACGTTGCA' * 21)}" in str(error)
    assert "AY847261.1.gb" not in run.files


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (FLAT["AY847261.1"][:400], "cannot be read as it was fetched"),
        (FLAT["AY847261.1"].replace("Hefei", "Wuhan"), f"{LOG_NAME} says"),
        (CHANGED, "the letters have SHA-256"),
        (FLAT["AY847262.1"], "holds AY847262.1"),
        ("", "cannot be read"),
    ],
)
def test_file_that_was_changed_is_named_and_left_alone(run: Run, content: str, told: str) -> None:
    run()
    path = run.out / "AY847261.1.gb"
    path.write_text(content)
    log = (run.out / LOG_NAME).read_bytes()
    run.server.questions.clear()
    assert told in str(run.refused(IntegrityError))
    assert path.read_text() == content
    assert (run.out / LOG_NAME).read_bytes() == log
    assert run.server.questions == []


def test_link_in_the_folder_is_refused(run: Run, tmp_path: Path) -> None:
    run()
    path = run.out / "AY847261.1.gb"
    path.rename(tmp_path / "elsewhere.gb")
    path.symlink_to(tmp_path / "elsewhere.gb")
    assert "no regular file" in str(run.refused(IntegrityError))


def test_list_that_cannot_be_read_is_an_integrity_fault_and_can_be_made_anew(run: Run) -> None:
    run()
    log = (run.out / LOG_NAME).read_bytes()
    (run.out / LOG_NAME).write_bytes(log[:-5])
    assert "cannot be read" in str(run.refused(IntegrityError))
    (run.out / LOG_NAME).unlink()
    run()
    assert (run.out / LOG_NAME).read_bytes() == log


def test_killed_run_leaves_whole_records_only_and_goes_on(run: Run, tmp_path: Path) -> None:
    pins = tmp_path / "pins.tsv"
    pins.write_bytes(pins_bytes(PINS))
    code = (
        "import sys; from pathlib import Path\n"
        "from musk_id.formats.entrez import Service\n"
        "from musk_id.refdb.fetch import Patience, fetch_records\n"
        "from musk_id.refdb.pins import read_pins\n"
        "service = Service(email='a@example.org', base_url=sys.argv[3])\n"
        "pins, out = read_pins(Path(sys.argv[1])), Path(sys.argv[2])\n"
        "fetch_records(pins, out, service, patience=Patience(batch_size=1))\n"
    )
    run.server.script = [eutils.good, eutils.good, eutils.silent]
    process = subprocess.Popen([sys.executable, "-c", code, pins, run.out, run.server.url], cwd=PROJECT)
    until = time.monotonic() + 30
    while len(run.server.questions) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    run.server.released.set()
    assert run.files == files_of(NAMES[:2])
    run.server.questions.clear()
    run()
    assert run.server.asked == [NAMES[2:5], NAMES[5:]]


# The command.


def fetch(command, run: Run, pins: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"MUSK_ID_NCBI_EMAIL": "a@example.org", "MUSK_ID_NCBI_API_KEY": KEY, **environment}
    return command("refdb", "fetch", pins, "--out", run.out, "--base-url", run.server.url, **environment)


@pytest.fixture
def pins_file(tmp_path: Path) -> Path:
    path = tmp_path / "pins.tsv"
    path.write_bytes(pins_bytes(PINS))
    return path


def test_command_prints_a_summary_and_nothing_else(command, run: Run, pins_file: Path) -> None:
    done = fetch(command, run, pins_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{run.out}: 6 records fetched, there already and intact: 0",
        f"  all 6 are what is pinned; their digests are in {LOG_NAME}",
    ]
    assert "0 records fetched, there already and intact: 6" in fetch(command, run, pins_file).stdout


@pytest.mark.parametrize(
    ("environment", "code", "told"),
    [
        ({"MUSK_ID_NCBI_EMAIL": ""}, 2, "no e-mail address: MUSK_ID_NCBI_EMAIL is not set"),
        ({"MUSK_ID_NCBI_EMAIL": "x"}, 2, "the e-mail address for NCBI is none"),
        ({"MUSK_ID_NCBI_API_KEY": f"{KEY} {KEY}"}, 2, "holds characters that no key has"),
    ],
)
def test_command_asks_nothing_without_a_good_environment(
    command, run: Run, pins_file: Path, environment: dict[str, str], code: int, told: str
) -> None:
    done = fetch(command, run, pins_file, **environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert KEY not in done.stderr
    assert run.server.questions == []


def test_exit_codes_of_the_command(command, run: Run, pins_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.tsv"
    bad.write_text("x\n")
    assert fetch(command, run, bad).returncode == 3
    assert fetch(command, run, tmp_path / "none.tsv").returncode == 3
    run.server.always = eutils.status(403, "blocked")
    assert fetch(command, run, pins_file).returncode == 3
    run.server.always = None
    run.server.records["AY847261.1"] = CHANGED
    done = fetch(command, run, pins_file)
    assert done.returncode == 4
    assert KEY not in done.stdout + done.stderr
    run.out.joinpath("file").write_text("")
    run.out = run.out / "file"
    assert fetch(command, run, pins_file).returncode == 2


def test_pins_command_writes_the_list_of_the_release(command, tmp_path: Path) -> None:
    done = command("refdb", "pins", "2026.1", "--out", tmp_path / "pins.tsv")
    assert done.stdout == f"{tmp_path / 'pins.tsv'}: 51 records, 160 windows\n"
    shipped = PROJECT / "reference_db" / "pins" / "2026.1.tsv"
    assert (tmp_path / "pins.tsv").read_bytes() == shipped.read_bytes()


def test_bar_is_drawn_in_a_terminal_only(run: Run, pins_file: Path) -> None:
    leader, follower = os.openpty()
    environment = {**os.environ, "MUSK_ID_NCBI_EMAIL": "a@example.org", "MUSK_ID_NCBI_API_KEY": KEY}
    arguments = ["refdb", "fetch", pins_file, "--out", run.out, "--base-url", run.server.url]
    done = subprocess.run(
        [sys.executable, "-m", "musk_id", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=follower, cwd=PROJECT, env=environment, timeout=60,
    )  # fmt: skip
    os.close(follower)
    drawn = os.read(leader, 65_536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert "#] 6/6" in drawn
    assert b"#" not in done.stdout
