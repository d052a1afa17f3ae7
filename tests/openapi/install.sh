#!/usr/bin/env bash
# Installs what reads the documents, in the versions that requirements.txt and package-lock.json pin, into .venv and node_modules beside this
# file. Node.js is that of ../clients if there is none. What is there already is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  printf 'tests/openapi/install.sh: %s\n' "$*" >&2
  exit 1
}

# A venv needs Python's module `ensurepip`, which Debian packs on its own.
complete() {
  python3 -c 'import ensurepip, venv' 2>/dev/null
}

if ! complete && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && apt-get install -q -y --no-install-recommends python3 python3-venv; } ||
    fail 'apt-get could not install python3 and python3-venv'
fi
complete || fail 'python3 with its venv is needed; Debian has them as python3 python3-venv'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or later is needed; this is $(python3 --version)"

if ! cmp -s requirements.txt .venv/.made-from; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt ||
    fail 'pip could not install requirements.txt'
  .venv/bin/python -m pip check || fail 'requirements.txt misses a package'
  cp requirements.txt .venv/.made-from
fi

if ! command -v npm >/dev/null; then
  [ -x ../clients/.venv/bin/npm ] || ../clients/install.sh
  export PATH="$PWD/../clients/.venv/bin:$PATH"
fi
if ! cmp -s package-lock.json node_modules/.made-from; then
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error || fail 'npm could not install package-lock.json'
  cp package-lock.json node_modules/.made-from
fi
