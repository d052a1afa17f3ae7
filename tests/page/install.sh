#!/usr/bin/env bash
# Installs what the visit of the page needs: Debian's Chromium, and the packages that package-lock.json pins, into node_modules beside this
# file. Node.js is that of ../clients if there is none. What is there already is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  printf 'tests/page/install.sh: %s\n' "$*" >&2
  exit 1
}

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; } ||
    fail 'apt-get could not install chromium and fonts-dejavu-core'
fi
command -v chromium >/dev/null || fail 'Chromium is needed; Debian has it as chromium'

if ! command -v npm >/dev/null; then
  [ -x ../clients/.venv/bin/npm ] || ../clients/install.sh
  export PATH="$PWD/../clients/.venv/bin:$PATH"
fi
if ! cmp -s package-lock.json node_modules/.made-from; then
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error || fail 'npm could not install package-lock.json'
  cp package-lock.json node_modules/.made-from
fi
