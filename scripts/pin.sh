#!/usr/bin/env bash
# Renews constraints.txt and constraints-dev.txt: every package that is installed, with version and digests of its
# files, for Python 3.11 to 3.13 on every platform. Run it by hand, look at the difference, run the tests, commit.
# Packages keep the version that stands in the files; to raise one: scripts/pin.sh --upgrade-package NAME
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "uv is needed to renew the pins (pip install uv)" >&2; exit 2; }
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"; }
build="$(mktemp)"
all="$(mktemp)"
cat constraints.txt constraints-dev.txt >"$all" # uv keeps the versions that stand in its output file
trap 'rm -f "$build" "$all"' EXIT
# What builds the package itself: pip must not fetch it unpinned behind our back.
printf 'hatchling==1.27.0\neditables\n' >"$build"
compile pyproject.toml "$build" --output-file constraints.txt "$@"
compile pyproject.toml "$build" --extra dev --constraint constraints.txt --output-file "$all" "$@"
# The second file holds only what the first one lacks: each package is pinned in one place.
python3 - "$all" <<'EOF' >constraints-dev.txt
import re, sys
from pathlib import Path

def entries(path):
    return re.split(r"(?m)^(?=\S)", Path(path).read_text(encoding="ascii"))[1:]

held = set(entries("constraints.txt"))
print("".join(entry for entry in entries(sys.argv[1]) if entry not in held), end="")
EOF
