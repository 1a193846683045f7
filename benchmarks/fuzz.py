"""Damaged files for every reader: ``make fuzz``, in full ``make fuzz ARGS="--inputs 100000"``.

Each reader runs in a process of its own with limited memory and gets files that were made from sound ones, our
own small ones and real ones of the public sets: bits turned, parts cut out, doubled, put in, the end cut off,
also inside gzip. It must read each or refuse it with an error of this software that names the file, within
the time limit. An input that does anything else is kept in ``tests/found`` as <reader>-<digest>.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fuzz_targets import PROJECT, targets

from musk_id.errors import MuskIdError

FOUND = PROJECT / "tests" / "found"
MAX_MEMORY_BYTES = 3_000_000_000
MAX_SECONDS_EACH = 20
# Files in memory, where the system has such a place.
MEMORY_DISK = next((str(p) for p in (Path("/dev/shm"),) if p.is_dir()), None)  # noqa: S108
NASTY = (
    b"\0",
    b"\xff",
    b"\x1a",
    b"\r",
    b"-",
    b"9" * 400,
    b"1e308",
    b"nan",
    b"##",
    b">",
    b"Z99999",
    b"\x1f\x8b",
    b'"',
    b"{",
    b"[",
    b"&a ",
    b"<",
    b"\t",
    b"\n",
    b"\xe2\x80\xae",
)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four damages."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at:at] = rng.choice(NASTY)
        elif kind == 2:
            del content[at : at + rng.randint(1, 30)]
        elif kind == 3:
            other = rng.randrange(len(content) + 1)
            content[at:at] = content[min(at, other) : max(at, other)]
        else:
            del content[at:]
    return bytes(content)


def try_reader(name: str, inputs: int, seconds: float, seed: int) -> dict[str, Any]:
    """Give a reader damaged files until the number or the time is reached; what became of them."""
    file_name, reader, seeds = targets()[name]
    sound = [data for data in seeds() if data]
    rng = random.Random(f"{seed}-{name}")  # noqa: S311 - damages, no secret
    counts = {"read": 0, "refused": 0, "failed": 0}
    slowest, start = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="musk-id-fuzz-", dir=MEMORY_DISK) as folder:
        path = Path(folder) / file_name
        for number in range(inputs):
            if time.monotonic() - start > seconds:
                break
            data = rng.choice(sound)
            data = damaged(gzip.compress(data, 1, mtime=0), rng) if number % 10 == 0 else damaged(data, rng)
            path.write_bytes(data)
            # Of the processor: a busy machine makes no reader slow.
            begin = time.process_time()
            try:
                reader(path)
                counts["read"] += 1
            except MuskIdError as error:
                counts["refused"] += 1
                problem = "" if str(error) else "an empty message"
            except (Exception, SystemExit) as error:  # noqa: BLE001 - that is what is looked for
                problem = f"{type(error).__name__}: {error}"
            else:
                problem = ""
            took = time.process_time() - begin
            slowest = max(slowest, took)
            if took > MAX_SECONDS_EACH:
                problem = f"{took:.0f} s"
            if problem:
                counts["failed"] += 1
                FOUND.mkdir(exist_ok=True)
                kept = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
                kept.write_bytes(data)
                print(f"{name}: {problem[:300]}: kept as {kept}", file=sys.stderr)
    return {
        "reader": name,
        **counts,
        "slowest s": round(slowest, 3),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    """Try every reader, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="files for each reader (default: 1000)")
    parser.add_argument("--seconds", type=float, default=1e9, help="at most so long for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", action="append", help="only this reader")
    parser.add_argument("--here", action="store_true", help="in this process (used for each reader)")
    arguments = parser.parse_args()
    if arguments.here:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        print(json.dumps(try_reader(arguments.reader[0], arguments.inputs, arguments.seconds, arguments.seed)))
        return 0
    failed = tried = 0
    for name in arguments.reader or targets():
        command = [sys.executable, __file__, "--here", "--reader", name, "--inputs", str(arguments.inputs)]
        command += ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            print(f"{name}: the process ended with {done.returncode}")
            failed += 1
            continue
        print(done.stdout.strip(), flush=True)
        figures = json.loads(done.stdout)
        tried += figures["read"] + figures["refused"] + figures["failed"]
        failed += figures["failed"]
    print(f"bad inputs tried {tried}, failures {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
