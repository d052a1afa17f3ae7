#!/usr/bin/env bash
# Installs the vendors' SDKs and what examples/connector/ needs, in the versions that requirements.txt and
# package-lock.json pin, into .venv and node_modules beside this file. What is there already is left alone, so it can be run before every test run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  printf 'tests/clients/install.sh: %s\n' "$*" >&2
  exit 1
}

# Whether all tools are there. A venv needs Python's module `ensurepip`, which Debian packs on its own. Node.js comes
# from requirements.txt.
complete() {
  command -v curl >/dev/null && command -v php >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null
}

if ! complete && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && apt-get install -q -y --no-install-recommends curl php-cli python3 python3-venv; } ||
    fail 'apt-get could not install curl, php-cli, python3 and python3-venv'
fi
complete || fail 'curl, php and python3 with its venv are needed; Debian has them as curl php-cli python3 python3-venv'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or later is needed; this is $(python3 --version)"

# up_to_date DIRECTORY FILE: whether DIRECTORY was made from FILE as it is now.
up_to_date() {
  cmp -s "$2" "$1/.made-from"
}

all_requirements=$(mktemp)
trap 'rm -f "$all_requirements"' EXIT
cat requirements.txt ../../examples/connector/python/requirements.txt >"$all_requirements"
if ! up_to_date .venv "$all_requirements"; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r "$all_requirements" ||
    fail 'pip could not install requirements.txt'
  .venv/bin/python -m pip check || fail 'requirements.txt misses a package'
  cp "$all_requirements" .venv/.made-from
fi

export PATH="$PWD/.venv/bin:$PATH"
if ! up_to_date node_modules package-lock.json; then
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error || fail 'npm could not install package-lock.json'
  cp package-lock.json node_modules/.made-from
fi
