#!/usr/bin/env bash
# Draws docs/images/record-page.png: the first page of the first example's record. Needs poppler and ImageMagick.
set -euo pipefail
cd "$(dirname "$0")/.."
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
.venv/bin/musk-id examine examples/cases/DEMO-A --out "$out" >/dev/null
pdftoppm -r 100 -png -f 1 -l 1 "$out/cases/DEMO-A/record/record.en.pdf" "$out/page"
convert "$out"/page*.png -colors 48 -define png:exclude-chunks=date,time,tEXt docs/images/record-page.png
