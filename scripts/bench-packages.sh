#!/usr/bin/env bash
# Debian packages of the programs that `make bench` compares with. Where one cannot be installed the
# comparison with it is left out, and the benchmark says so.
set -u
missing=""
command -v vsearch >/dev/null 2>&1 || missing="$missing vsearch"
command -v blastn >/dev/null 2>&1 || missing="$missing ncbi-blast+"
if [ -z "$missing" ]; then
  echo "programs to compare with are there: vsearch ncbi-blast+"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null \
    || echo "could not install:$missing (no comparison with it)"
else
  echo "not installed:$missing (needs root and apt-get; no comparison with it)"
fi
exit 0
