#!/usr/bin/env bash
# Debian packages that tests use: a browser for the HTML pages, poppler for looking at PDF pages.
# Tests that need one are skipped with a reason where it cannot be installed.
set -u
packages="chromium poppler-utils"
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v pdftoppm >/dev/null 2>&1 || missing="$missing poppler-utils"
if [ -z "$missing" ]; then
  echo "system packages are there: $packages"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null \
    || echo "could not install:$missing (tests that need them are skipped)"
else
  echo "not installed:$missing (tests that need them are skipped)"
fi
exit 0
