#!/usr/bin/env bash
# Runs the fixtures of examples/, and the vendors' SDKs and the samples of their documentation, unchanged, against a server.
#
# STANDIN names the program, else it is target/debug/standin: its `run --tls` starts the server and puts the addresses
# into the environment. With STANDIN_URL there already, nothing is installed and that server is used.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

if [ -z "${STANDIN_URL:-}" ]; then
  "$here/install.sh"
  exec "${STANDIN:-target/debug/standin}" run --tls --no-judge scenarios/default.yaml -- "$here/run.sh"
fi

# Requests to this machine go to it directly.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1
export PATH="$here/.venv/bin:$PATH"

# The fixtures come first: they need the scenario that the server starts with, and other tests replace it.
python -m pytest -q -p no:cacheprovider examples/fixtures/pytest
node --test --test-reporter=dot examples/fixtures/node/*.test.mjs
php examples/fixtures/php/rename.php

python -m pytest -q -p no:cacheprovider "$here"
node --test --test-reporter=dot "$here"/*.test.mjs
