"""One question to the E-utilities: where it goes, what it carries, and every way in which the answer is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import eutils
import pytest
from eutils import Answer, Eutils, running
from flat_files import flat_record

from musk_id.errors import ConfigError, MuskIdError, UsageError
from musk_id.formats import entrez
from musk_id.formats.entrez import EntrezError, FaultKind, Service, fetch_flat_text

KEY = "0123456789abcdef0123456789abcdef0123"
EMAIL = "laboratory@example.org"
RECORDS = {f"AY84726{n}.1": flat_record(f"AY84726{n}.1", "ACGT" * 30) for n in range(3)}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server() -> Iterator[Eutils]:
    with running(Eutils(RECORDS)) as started:
        yield started


def ask(server: Eutils, *ids: str, **more: object) -> str:
    service = Service(email=EMAIL, base_url=server.url, **{"api_key": KEY, "timeout_s": 5.0, **more})
    return fetch_flat_text(service, ids or tuple(RECORDS))


def fault(server: Eutils, *script: Answer, **more: object) -> EntrezError:
    server.script = list(script)
    with pytest.raises(EntrezError) as caught:
        ask(server, **more)
    assert KEY not in repr(caught.value) + caught.value.diagnostics(), "the key stays out of messages"
    return caught.value


def test_question_is_posted_with_who_asks_and_the_key_is_not_in_the_address(server: Eutils) -> None:
    assert ask(server) == "".join(text + "\n" for text in RECORDS.values())
    assert server.paths == ["/entrez/eutils/efetch.fcgi"]
    assert server.questions == [
        {
            "db": "nuccore",
            "id": ",".join(RECORDS),
            "rettype": "gb",
            "retmode": "text",
            "tool": "musk-id",
            "email": EMAIL,
            "api_key": KEY,
        }
    ]


def test_biopython_is_left_as_it_was(server: Eutils) -> None:
    from Bio import Entrez

    before = Entrez.urlopen, Entrez.max_tries, Entrez.email, Entrez.api_key
    ask(server)
    fault(server, eutils.status(500, "x"))
    assert (Entrez.urlopen, Entrez.max_tries, Entrez.email, Entrez.api_key) == before


@pytest.mark.parametrize(("key", "most_a_second"), [(None, 3), (KEY, 10)])
def test_pace(server: Eutils, key: str | None, most_a_second: int) -> None:
    for _ in range(4):
        ask(server, api_key=key)
    # The span of all, since a busy machine may hand over a single question late.
    assert server.times[-1] - server.times[0] > 0.9 * 3 / most_a_second


def test_repr_does_not_show_the_key() -> None:
    assert KEY not in repr(Service(email=EMAIL, api_key=KEY))


XML = '<?xml version="1.0"?><eFetchResult><ERROR>ID list is empty! No correct IDs.</ERROR></eFetchResult>'
INVALID = f'{{"error":"API key invalid","api-key":"{KEY}","type":"eutils","status":"Bad Request"}}'


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (eutils.status(400, XML, "text/xml"), FaultKind.REFUSED, "status 400: ID list is empty"),
        (eutils.status(200, XML, "text/xml"), FaultKind.REFUSED, "answers: ID list is empty"),
        (eutils.status(200, "Error occurred: cannot get document X"), FaultKind.REFUSED, "cannot get document X"),
        (eutils.status(200, "Failed to retrieve sequence: X"), FaultKind.REFUSED, "Failed to retrieve"),
        (eutils.status(200, f"Error:\x1b[2J {KEY}"), FaultKind.REFUSED, r"Error: \[2J \(key\)"),
        (eutils.status(200, "<html><body>Down</body></html>", "text/html"), FaultKind.BUSY, "a page"),
        (eutils.status(200, "\ufeff <!DOCTYPE html>"), FaultKind.BUSY, "a page"),
        (eutils.status(200, b"LOCUS \xff"), FaultKind.BUSY, r"not UTF-8 \(byte 7\)"),
        (eutils.status(200, '{"error":"API rate limit exceeded"}'), FaultKind.BUSY, "rate limit"),
        (eutils.status(206, "LOCUS "), FaultKind.BUSY, "status 206"),
        (eutils.busy, FaultKind.BUSY, "status 429"),
        (eutils.status(500, "x"), FaultKind.BUSY, "status 500"),
        (eutils.status(502, "<html>", "text/html"), FaultKind.BUSY, "status 502"),
        (eutils.status(400, INVALID, "application/json"), FaultKind.HOPELESS, "key is invalid"),
        (eutils.status(403, f"blocked {KEY}"), FaultKind.HOPELESS, r"status 403: blocked \(key\)"),
        (eutils.status(404, ""), FaultKind.HOPELESS, "status 404$"),
        (eutils.broken_off, FaultKind.BUSY, "cut off its answer after 100 bytes"),
        (eutils.redirect("http://evil.example/entrez"), FaultKind.HOPELESS, r"another host .*\(evil.example\)"),
        (eutils.redirect("http://127.0.0.1:9/x"), FaultKind.HOPELESS, "another host or port"),
        (eutils.redirect("https://eutils.example/x", 308), FaultKind.HOPELESS, "another host or port"),
        (eutils.redirect("file:///etc/passwd"), FaultKind.HOPELESS, "status 302"),
        (eutils.redirect("http://[x"), FaultKind.HOPELESS, "an address that is none"),
        (eutils.redirect("http://127.0.0.1:x/"), FaultKind.HOPELESS, "another host or port"),
        (eutils.status(200, b"\x1f\x8b", Content_Encoding="gzip"), FaultKind.HOPELESS, "compressed"),
    ],
)  # fmt: skip
def test_answers_that_are_none(server: Eutils, answer: Answer, kind: FaultKind, message: str) -> None:
    error = fault(server, answer)
    assert error.kind is kind
    with pytest.raises(EntrezError, match=message):
        raise error
    assert len(server.questions) == 1, "Biopython's own repeats are off"


def test_wait_that_the_service_asks_for_is_bounded(server: Eutils) -> None:
    assert fault(server, eutils.busy).wait_s == 7
    assert fault(server, eutils.status(503, "", Retry_After="9999")).wait_s == entrez.MAX_WAIT_S
    assert fault(server, eutils.status(503, "", Retry_After="-1")).wait_s == 0


def test_redirect_inside_the_service_posts_the_question_again(server: Eutils) -> None:
    server.script = [eutils.redirect("/elsewhere/efetch.fcgi")]
    assert ask(server).startswith("LOCUS ")
    assert server.paths == ["/entrez/eutils/efetch.fcgi", "/elsewhere/efetch.fcgi"]
    assert server.questions[0] == server.questions[1]


def test_redirects_end(server: Eutils) -> None:
    server.always = eutils.redirect("/entrez/eutils/efetch.fcgi")
    assert fault(server).kind is FaultKind.HOPELESS
    assert len(server.questions) <= entrez.MAX_REDIRECTS + 1


def test_silence_and_endless_answers_end(server: Eutils, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "silent" in str(fault(server, eutils.silent, timeout_s=0.3))
    assert "had not ended" in str(fault(server, eutils.dripping, timeout_s=5.0, answer_limit_s=0.3))
    monkeypatch.setattr(entrez, "MAX_ANSWER_BYTES", 1_000_000)
    error = fault(server, eutils.endless)
    assert error.kind is FaultKind.REFUSED
    assert "larger than 1000000 bytes" in str(error)


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        service = Service(email=EMAIL, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(EntrezError, match=r"cannot be reached: .*refused") as caught:
            fetch_flat_text(service, ["AY847260.1"])
    assert caught.value.kind is FaultKind.BUSY
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "nobody"}, ConfigError),
        ({"email": "a@b\nX-Y: z"}, ConfigError),
        ({"api_key": "a b"}, ConfigError),
        ({"api_key": "a&db=x"}, ConfigError),
        ({"base_url": "ftp://x/y"}, UsageError),
        ({"base_url": "file:///etc"}, UsageError),
        ({"base_url": "https:///x"}, UsageError),
        ({"base_url": "https://user:word@x.example/"}, UsageError),
        ({"base_url": "https://x.example/?a=b"}, UsageError),
        ({"base_url": "https://x.example/a b"}, UsageError),
        ({"base_url": "https://x.example:port/"}, UsageError),
        ({"base_url": "https://[::1/"}, UsageError),
        ({"base_url": "http://mirror.example/", "api_key": KEY}, UsageError),
    ],
)
def test_settings_are_checked_before_anything_is_asked(fields: dict[str, str], error: type[MuskIdError]) -> None:
    with pytest.raises(error) as caught:
        Service(**{"email": EMAIL, **fields})
    assert caught.value.exit_code == 2
    assert KEY not in caught.value.diagnostics()


def test_settings_that_are_fine() -> None:
    for url in ("https://x.example", "http://x.example:8080/a/", "http://[::1]:80/"):
        assert Service(email=EMAIL, base_url=url).base_url == url
    assert Service(email=EMAIL, api_key=KEY, base_url="http://localhost:1/").host == "localhost:1"
