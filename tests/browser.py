"""A headless Chromium driven over a pipe, for tests of pages: its messages, keys, accessibility, printing."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Page", "open_page"]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
)
KEY_CODES = {
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Home": 36,
    "End": 35,
    "Enter": 13,
    "Tab": 9,
    "PageUp": 33,
    "PageDown": 34,
}
SECONDS = 60.0


class Page:
    """One page; ``messages`` are what its console and errors say, ``requests`` every address it asked for."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.events: set[str] = set()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility", "Security"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(end - time.monotonic(), 0.0))[0]:
                raise AssertionError("the browser does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise AssertionError("the browser has ended")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        method, params = event.get("method", ""), event.get("params", {})
        self.events.add(method)
        if method == "Runtime.consoleAPICalled":
            self.messages.append(f"console: {[a.get('value') for a in params['args']]}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.messages.append(f"error: {details.get('text')} {details.get('exception', {}).get('description')}")
        elif method == "Log.entryAdded":
            self.messages.append(f"log: {params['entry']['text']}")
        elif method == "Page.javascriptDialogOpening":
            self.messages.append(f"dialog: {params['message']}")
            raise AssertionError("the page opened a dialog")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def visit(self, path: Path) -> None:
        """Open a file and wait until it is loaded."""
        self.messages.clear()
        self.requests.clear()
        self.events.discard("Page.loadEventFired")
        self.call("Page.navigate", url=path.as_uri())
        end = time.monotonic() + SECONDS
        while "Page.loadEventFired" not in self.events:
            assert time.monotonic() < end, "the page does not load"
            self._note(self._next())
        self.run("1")

    def run(self, expression: str) -> Any:
        """Value of an expression in the page."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go."""
        values = {"key": key, "modifiers": 8 if shift else 0}
        if key in KEY_CODES:
            values |= {"code": key, "windowsVirtualKeyCode": KEY_CODES[key]}
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **values, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **values)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """An event of the mouse: ``Moved``, ``Pressed``, ``Released`` or ``Wheel``."""
        held = {} if kind in ("Moved", "Wheel") else {"button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **held, **more)

    def printed(self) -> bytes:
        """The page as the browser prints it."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextmanager
def open_page(folder: Path) -> Iterator[Page]:
    """A page of a browser of its own, whose profile lies in ``folder``; the test is skipped without a browser."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (scripts/system-packages.sh installs it)")
    from_test, to_browser = os.pipe(), os.pipe()
    # The browser reads from its descriptor 3 and writes to 4.
    command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    arguments = [str(from_test[0]), str(to_browser[1]), program, *FLAGS, f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.Popen(
        ["bash", "-c", command, "bash", *arguments],
        pass_fds=(from_test[0], to_browser[1]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(from_test[0])
    os.close(to_browser[1])
    try:
        yield Page(to_browser[0], from_test[1])
    finally:
        process.terminate()
        process.wait(30)
        os.close(to_browser[0])
        os.close(from_test[1])
