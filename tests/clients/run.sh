#!/usr/bin/env bash
# Runs the connectors and fixtures of examples/, and the vendors' SDKs and the samples of their documentation, unchanged,
# against a server.
#
# STANDIN names the program, else it is target/debug/standin: its `run --tls` starts the server and puts the addresses
# into the environment. With STANDIN_URL there already, nothing is installed, that server is used, and connectors and
# fixtures are left out: they are judged, each with a server of its own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

# Requests to this machine go to it directly.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1

# connector COMMAND: whether a connector lives through its scenario, on a port that is free, and breaks no rule.
connector() {
  PORT=$(python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export PORT
  local told status=0
  told=$("$program" run scenarios/connector-life.yaml --handler "app=http://127.0.0.1:$PORT/events" \
    --until expectations --until 60s -- "$@" 2>&1) || status=$?
  printf '%s\n' "$told"
  [ "$status" = 0 ] && grep -q 'no rule broken' <<<"$told"
}

if [ -z "${STANDIN_URL:-}" ]; then
  program="${STANDIN:-target/debug/standin}"
  "$here/install.sh"
  (
    export PATH="$here/.venv/bin:$PATH"
    connector python examples/connector/python/connector.py
    connector node examples/connector/node/connector.mjs
    python "$here/storm.py" "$program"
    "$program" run -- python -m pytest -q -p no:cacheprovider examples/fixtures/pytest
    "$program" run -- node --test --test-reporter=dot examples/fixtures/node/rename.test.mjs
    "$program" run -- php examples/fixtures/php/rename.php
    # SDKs with a proxy between them and the server. It ends with 0 only if nothing differs, so what no vendor sends is left out.
    # shellcheck disable=SC2016 # The inner shell expands the variables.
    "$program" run --tls --no-judge scenarios/default.yaml -- \
      sh -c '"$0" proxy "$STANDIN_URL" --listen 127.0.0.1:0 --log off -- "$@"' "$program" \
      python -m pytest -q -p no:cacheprovider "$here/test_chert_sdk.py" "$here/test_fast_bitrix24.py" \
      -k 'not an_answer_that_is_not_the_vendors and not tries_again'
  )
  exec "$program" run --tls --no-judge scenarios/default.yaml -- "$here/run.sh"
fi

export PATH="$here/.venv/bin:$PATH"

python -m pytest -q -p no:cacheprovider "$here"
node --test --test-reporter=dot "$here"/*.test.mjs
php "$here/events.php"
