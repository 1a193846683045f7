"""A server on this machine that answers as NCBI's efetch does, well or badly; no test asks the real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

MAX_QUESTIONS = 400

Answer = Callable[["Handler", list[str]], None]


class Eutils(ThreadingHTTPServer):
    """Gives ``records`` (accession to flat text); ``script`` holds the first answers."""

    daemon_threads = True

    def __init__(self, records: dict[str, str], script: list[Answer] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.records = dict(records)
        self.script = list(script or [])
        self.always: Answer | None = None
        self.questions: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.times: list[float] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/entrez/eutils"

    @property
    def asked(self) -> list[list[str]]:
        return [question["id"].split(",") for question in self.questions]

    def flat(self, ids: list[str]) -> str:
        """Records of these ids, one empty line after each; unknown ids are left out without a word."""
        newest = {accession.split(".")[0]: accession for accession in self.records}
        found = [self.records.get(i) or self.records.get(newest.get(i, "")) for i in ids]
        return "".join(text + "\n" for text in found if text)


class Handler(BaseHTTPRequestHandler):
    server: Eutils

    def do_POST(self) -> None:
        server = self.server
        server.times.append(time.monotonic())
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        question = {key: values[0] for key, values in parse_qs(body).items()}
        server.questions.append(question)
        server.paths.append(self.path)
        ids = question["id"].split(",")
        if len(server.questions) > MAX_QUESTIONS:
            self.say(503, "too many questions for a test")
        elif server.script:
            server.script.pop(0)(self, ids)
        elif server.always is not None:
            server.always(self, ids)
        else:
            good(self, ids)

    def do_GET(self) -> None:
        self.say(405, "questions are posted")

    def say(self, status: int, text: str | bytes, kind: str = "text/plain", **headers: str) -> None:
        data = text.encode("utf-8") if isinstance(text, str) else text
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Nothing on the terminal."""


def good(handler: Handler, ids: list[str]) -> None:
    handler.say(200, handler.server.flat(ids))


def status(code: int, text: str, kind: str = "text/plain", **headers: str) -> Answer:
    return lambda handler, _: handler.say(code, text, kind, **headers)


def busy(handler: Handler, ids: list[str]) -> None:
    """As NCBI words it; it names the caller's key."""
    key = handler.server.questions[-1].get("api_key", "127.0.0.1")
    text = f'{{"error":"API rate limit exceeded","api-key":"{key}","count":"4","limit":"3"}}'
    handler.say(429, text, "application/json", Retry_After="7")


def cut(characters: int) -> Answer:
    """A whole answer by its header, the text ends early."""
    return lambda handler, ids: handler.say(200, handler.server.flat(ids)[:characters])


def broken_off(handler: Handler, ids: list[str]) -> None:
    """A connection that ends before the announced length."""
    data = handler.server.flat(ids).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:100])
    handler.close_connection = True


def silent(handler: Handler, ids: list[str]) -> None:
    handler.server.released.wait(20)


def dripping(handler: Handler, ids: list[str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    try:
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b"L")
    except OSError:
        pass


def endless(handler: Handler, ids: list[str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/plain")
    handler.end_headers()
    try:
        for _ in range(2000):
            handler.wfile.write(b"LOCUS       " + b"A" * 65_536)
    except OSError:
        pass


def redirect(location: str, code: int = 302) -> Answer:
    return lambda handler, _: handler.say(code, "x" * 10, Location=location)


def changed(old: str, new: str) -> Answer:
    def answer(handler: Handler, ids: list[str]) -> None:
        text = handler.server.flat(ids)
        assert old in text
        handler.say(200, text.replace(old, new))

    return answer


@contextmanager
def running(server: Eutils) -> Iterator[Eutils]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
