#!/usr/bin/env bash
# Runs the vendors' SDKs and the samples of their documentation, unchanged, against a server.
#
# `standin run --tls` starts the server and puts its addresses into the environment; STANDIN names the program, else
# it is target/debug/standin. With STANDIN_URL in the environment the server runs already, and nothing is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

if [ -z "${STANDIN_URL:-}" ]; then
  "$here/install.sh"
  standin=${STANDIN:-target/debug/standin}
  if "$standin" run --help >/dev/null 2>&1; then
    exec "$standin" run --tls scenarios/default.yaml -- "$here/run.sh"
  fi

  # A program without `run` has no https, so what insists on https is left out.
  scratch=$(mktemp -d)
  "$standin" serve --listen 127.0.0.1:0 --port-file "$scratch/port" --log off >"$scratch/log" 2>&1 &
  server=$!
  trap 'kill $server 2>/dev/null || true; rm -rf "$scratch"' EXIT
  for _ in {1..100}; do
    [ -s "$scratch/port" ] && break
    sleep 0.05
  done
  [ -s "$scratch/port" ] || { cat "$scratch/log" >&2 && exit 3; }

  STANDIN_URL=http://127.0.0.1:$(cat "$scratch/port")
  export STANDIN_URL
  export BITRIX24_REST_URL=$STANDIN_URL/rest/
  export BITRIX24_WEBHOOK_URL=$STANDIN_URL/rest/1/webhook-secret/
  export BITRIX24_ACCESS_TOKEN=access-token
  export CHERT_BASE_URL=$STANDIN_URL/api/v1
  export CHERT_TENANT=acme-7a3f
  export CHERT_SIGNING_SECRET=5f4dcc3b5aa765d61d8327deb882cf99
fi

# Requests to this machine go to it directly.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1

pytest() {
  "$here/.venv/bin/python" -m pytest -q -p no:cacheprovider "$here" "$@"
}

if [ -n "${STANDIN_HTTPS_URL:-}" ]; then
  pytest
  node --test --test-reporter=spec "$here"/*.test.mjs
else
  echo 'tests/clients/run.sh: no https, so no b24jssdk and no b24pysdk' >&2
  pytest --ignore="$here/test_b24pysdk.py"
fi
