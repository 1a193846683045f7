#!/usr/bin/env bash
# Debian packages: of the programs that tests use (a browser for the HTML pages, poppler for looking at PDF
# pages, minimap2 to map reads), or with the word "bench" of those that `make bench` compares with. What needs one that cannot be
# installed is skipped with a reason.
set -u
wanted="chromium:chromium pdftoppm:poppler-utils minimap2:minimap2"
[ "${1:-tests}" = bench ] && wanted="vsearch:vsearch blastn:ncbi-blast+"
missing=""
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
if [ -z "$missing" ]; then
  echo "system packages are there: $wanted"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null \
    || echo "could not install:$missing (what needs them is skipped)"
else
  echo "not installed:$missing (needs root and apt-get; what needs them is skipped)"
fi
exit 0
