#!/usr/bin/env bash
# Runs the fixtures of examples/, and the vendors' SDKs and the samples of their documentation, unchanged, against a server.
#
# STANDIN names the program, else it is target/debug/standin: its `run --tls` starts the server and puts the addresses
# into the environment. With STANDIN_URL there already, nothing is installed, that server is used, and the fixtures are left out:
# they are judged.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

# Requests to this machine go to it directly.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1

if [ -z "${STANDIN_URL:-}" ]; then
  program="${STANDIN:-target/debug/standin}"
  "$here/install.sh"
  (
    export PATH="$here/.venv/bin:$PATH"
    "$program" run -- python -m pytest -q -p no:cacheprovider examples/fixtures/pytest
    "$program" run -- node --test --test-reporter=dot examples/fixtures/node/rename.test.mjs
    "$program" run -- php examples/fixtures/php/rename.php
  )
  exec "$program" run --tls --no-judge scenarios/default.yaml -- "$here/run.sh"
fi

export PATH="$here/.venv/bin:$PATH"

python -m pytest -q -p no:cacheprovider "$here"
node --test --test-reporter=dot "$here"/*.test.mjs
