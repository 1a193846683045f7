"""One question to NCBI's E-utilities, through Biopython's Entrez.

Biopython builds the query and keeps the pace (three questions a second, ten with a key). It cannot be
told another address, follows a redirect anywhere, waits without end and puts the key into the address,
from where it gets into messages and logs. So its ``urlopen`` is replaced, while a question is asked, by
one that posts to the address given here, within limits.
"""

from __future__ import annotations

import http.client
import io
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any
from urllib.parse import urlsplit

from musk_id.errors import ConfigError, RemoteError, UsageError

__all__ = ["NCBI_URL", "EntrezError", "FaultKind", "Service", "fetch_flat_text"]

NCBI_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
TOOL = "musk-id"
MAX_ANSWER_BYTES = 40_000_000
MAX_REDIRECTS = 3
MAX_WAIT_S = 60.0

_CHUNK = 1 << 16
_EXCERPT_BYTES = 2_000
_EMAIL = re.compile(r"[^@\s,;<>\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,190}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_XML_ERROR = re.compile(r"<error[^>]*>([^<]{1,300})</error>", re.IGNORECASE)


class FaultKind(StrEnum):
    """What to do about an answer that is no records."""

    BUSY = "busy"
    """Ask again later: overload, time-out, a page of maintenance, a cut connection."""

    REFUSED = "refused"
    """This question will never be answered; another one may."""

    HOPELESS = "hopeless"
    """No question will be answered: wrong address, wrong key, redirect to another host."""


class EntrezError(RemoteError):
    """An answer that is no records.

    Parameters
    ----------
    message : str
        What the service did; never holds the key.
    kind : FaultKind
        What to do about it.
    wait_s : float
        How long the service asks to wait, 0 if it says nothing.
    """

    def __init__(self, message: str, kind: FaultKind, *, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where and as whom to ask.

    Parameters
    ----------
    email : str
        Address under which NCBI reaches whoever asks; NCBI requires it.
    api_key : str, optional
        Key of an NCBI account; it allows ten questions a second in place of three.
    base_url : str
        Folder of the E-utilities, of NCBI or of a mirror.
    timeout_s, answer_limit_s : float
        Longest silence, and longest time for a whole answer.
    """

    email: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str = NCBI_URL
    timeout_s: float = 30.0
    answer_limit_s: float = 300.0

    def __post_init__(self) -> None:
        if not _EMAIL.fullmatch(self.email):
            raise ConfigError("the e-mail address for NCBI is none", hint="write it as name@example.org")
        if self.api_key is not None and not _KEY.fullmatch(self.api_key):
            raise ConfigError("the API key for NCBI holds characters that no key has")
        try:
            parts = urlsplit(self.base_url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        plain = f"[{host}]" if ":" in host else host
        if (
            not _HOST.fullmatch(plain)
            or parts.scheme not in ("http", "https")
            or "@" in parts.netloc
            or parts.query
            or parts.fragment
            or not self.base_url.isascii()
            or not self.base_url.isprintable()
            or " " in self.base_url
        ):
            raise UsageError(
                "the address of the service is none that is asked",
                where="--base-url",
                hint="write http:// or https://, a host and a path; no user name, no query",
            )
        if self.api_key is not None and parts.scheme == "http" and host not in _LOOPBACK:
            raise UsageError(
                "an API key is not sent over http",
                where="--base-url",
                hint="name an https address, or unset the key",
            )

    @property
    def host(self) -> str:
        """Host and port, as messages name them."""
        return urlsplit(self.base_url).netloc


def fetch_flat_text(service: Service, accessions: Sequence[str]) -> str:
    """Answer to one question for GenBank flat files; what is in it is for the caller to check.

    Raises
    ------
    EntrezError
        If there is no answer, or it is an error, a page or too large.
    """
    from Bio import Entrez

    opener = _Opener(service)
    try:
        with _entrez_through(opener):
            handle = Entrez.efetch(  # type: ignore[no-untyped-call]
                db="nuccore",
                id=",".join(accessions),
                rettype="gb",
                retmode="text",
                tool=TOOL,
                email=service.email,
                api_key=service.api_key,
            )
        data: bytes = getattr(handle, "buffer", handle).read()
    except urllib.error.HTTPError as error:
        try:
            raise _status_fault(service, error) from None
        finally:
            error.close()
    except urllib.error.URLError as error:
        raise _busy(service, f"cannot be reached: {_plain(error.reason, service)}") from None
    except TimeoutError:
        raise _busy(service, f"was silent for {service.timeout_s:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        raise _busy(service, f"broke off: {type(error).__name__}") from None
    return _flat_text(service, data)


class _Body(io.BytesIO):
    """A whole answer, with the attributes of a response that Biopython looks at."""

    def __init__(self, data: bytes, response: http.client.HTTPResponse) -> None:
        super().__init__(data)
        self.headers = response.headers
        self.url = ""


class _SameHostRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects inside the service only; the question is posted again as it was."""

    max_redirections = MAX_REDIRECTS
    max_repeats = MAX_REDIRECTS

    def http_error_302(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            # The standard library parses the new address before it looks at anything else.
            fp.close()
            host = urlsplit(req.full_url).netloc
            raise EntrezError(f"{host} redirects to an address that is none", FaultKind.HOPELESS) from None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Any,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request:
        # The base class would read the body of the redirect, however long it is.
        fp.close()
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            raise EntrezError(
                f"{old.netloc} redirects to another host or port ({_shown(new.netloc)}), which is not followed",
                FaultKind.HOPELESS,
            )
        return urllib.request.Request(newurl, data=req.data, method="POST")  # noqa: S310 - scheme as before


class _Opener:
    """In place of ``urlopen`` in Biopython's Entrez."""

    def __init__(self, service: Service) -> None:
        self._service = service
        director = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            _SameHostRedirects(),
            urllib.request.HTTPErrorProcessor(),
        ):
            director.add_handler(handler)
        self._director = director

    def __call__(self, request: urllib.request.Request) -> _Body:
        """Post the question that Biopython made to the address of the service; read the answer in limits."""
        asked = urlsplit(request.full_url)
        query = request.data if isinstance(request.data, bytes) else asked.query.encode("ascii")
        url = f"{self._service.base_url.rstrip('/')}/{asked.path.rsplit('/', 1)[-1]}"
        question = urllib.request.Request(url, data=query, method="POST")  # noqa: S310 - checked by Service
        until = time.monotonic() + self._service.answer_limit_s
        with self._director.open(question, timeout=self._service.timeout_s) as response:
            return _Body(self._read(response, until), response)

    def _read(self, response: http.client.HTTPResponse, until: float) -> bytes:
        if response.status != 200:
            raise _busy(self._service, f"answers with status {response.status} without records")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise EntrezError(f"{self._service.host} answers compressed, unasked", FaultKind.HOPELESS)
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise EntrezError(
                    f"the answer of {self._service.host} is larger than {MAX_ANSWER_BYTES} bytes",
                    FaultKind.REFUSED,
                )
            if time.monotonic() > until:
                raise _busy(self._service, f"had not ended its answer after {self._service.answer_limit_s:g} s")
        if response.length:
            raise _busy(self._service, f"cut off its answer after {size} bytes")
        return b"".join(parts)


@contextmanager
def _entrez_through(opener: _Opener) -> Iterator[None]:
    """Biopython's Entrez with another opener and without its own repeats, which do not wait on errors 5xx."""
    from Bio import Entrez

    module: Any = Entrez
    kept = module.urlopen, module.max_tries
    module.urlopen, module.max_tries = opener, 1
    try:
        yield
    finally:
        module.urlopen, module.max_tries = kept


def _flat_text(service: Service, data: bytes) -> str:
    """Text of an answer with status 200, if it is not one of the ways in which the service says no."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _busy(service, f"sends text that is not UTF-8 (byte {error.start + 1})") from None
    start = text[:_EXCERPT_BYTES].lstrip("\ufeff \t\r\n")
    if start.startswith("LOCUS ") or not start:
        return text.lstrip("\ufeff")
    if stated := _XML_ERROR.search(start):
        raise EntrezError(f"{service.host} answers: {_plain(stated[1], service)}", FaultKind.REFUSED)
    if start.startswith("<"):
        raise _busy(service, "answers with a page (HTML or XML) in place of records")
    if "rate limit" in start.lower():
        raise _busy(service, "says that its rate limit is exceeded")
    # "Error occurred: cannot get document ..." or "Failed to retrieve sequence: ...", with status 200.
    raise EntrezError(f"{service.host} answers: {_plain(start, service)}", FaultKind.REFUSED)


def _status_fault(service: Service, error: urllib.error.HTTPError) -> EntrezError:
    try:
        said = error.read(_EXCERPT_BYTES).decode("utf-8", "replace") if error.fp else ""
    except (OSError, http.client.HTTPException):
        said = ""
    if error.code == 429 or error.code >= 500:
        fault = _busy(service, f"answers with status {error.code}")
        fault.wait_s = _asked_wait(error)
        return fault
    if "api key invalid" in said.lower():
        return EntrezError(f"{service.host} says that the API key is invalid", FaultKind.HOPELESS)
    kind = FaultKind.REFUSED if error.code == 400 else FaultKind.HOPELESS
    match = _XML_ERROR.search(said)
    told = f": {_plain(match[1] if match else said, service)}" if said.strip() else ""
    return EntrezError(f"{service.host} answers with status {error.code}{told}", kind)


def _asked_wait(error: urllib.error.HTTPError) -> float:
    asked = error.headers.get("Retry-After", "") if error.headers else ""
    return min(float(asked), MAX_WAIT_S) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0.0


def _busy(service: Service, what: str) -> EntrezError:
    return EntrezError(f"{service.host} {what}", FaultKind.BUSY)


def _plain(said: object, service: Service) -> str:
    """What the service said, in 120 printable characters and without the key, which it likes to repeat."""
    text = str(said)
    if service.api_key is not None:
        text = text.replace(service.api_key, "(key)")
    return _shown(text)


def _shown(said: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in " ".join(said.split()))
    return text if len(text) <= 120 else text[:117] + "..."
