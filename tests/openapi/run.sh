#!/usr/bin/env bash
# Holds the OpenAPI documents of the services against what others make of them: a validator, two generators of clients, and schemathesis, which
# calls a server by them and holds its answers against them.
#
#   tests/openapi/run.sh PROGRAM
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "$1")
"$here/install.sh"

work=$(mktemp -d)
server=
end() {
  if [ -n "$server" ]; then
    kill "$server" && wait "$server" || true
    server=
  fi
}
trap 'end; rm -rf "$work"' EXIT
cd "$work"
export PATH="$here/.venv/bin:$here/node_modules/.bin:$PATH" NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1
command -v node >/dev/null || PATH="$here/../clients/.venv/bin:$PATH"

fail() {
  printf 'tests/openapi/run.sh: %s\n' "$*" >&2
  exit 1
}

# read_by NAME ARGUMENTS…: the document is valid, and both generators make a client of all of its operations.
read_by() {
  local name=$1
  shift
  "$program" openapi "$@" >"$name.json"
  openapi-spec-validator --schema 3.1 "$name.json"
  openapi-python-client generate --path "$name.json" --meta none --output-path "${name}_client" --fail-on-warning ||
    fail "openapi-python-client leaves something of $name out"
  openapi-typescript "$name.json" --output "$name.ts"
  tsc --noEmit --strict --target es2022 "$name.ts"
  python - "$name" <<'PY'
import importlib, json, pathlib, pkgutil, sys
name = sys.argv[1]
sys.path.insert(0, ".")
document = json.load(open(f"{name}.json"))
operations = [operation["operationId"] for item in document["paths"].values() for verb, operation in item.items() if verb != "servers"]
client = importlib.import_module(f"{name}_client")
modules = [module.name for module in pkgutil.walk_packages(client.__path__, f"{name}_client.") if not module.ispkg]
functions = [module for module in map(importlib.import_module, modules) if hasattr(module, "sync_detailed")]
types = pathlib.Path(f"{name}.ts").read_text()
missing = [operation for operation in operations if f'"{operation}": {{' not in types and f"    {operation}: {{" not in types]
assert len(functions) == len(operations), (len(functions), len(operations))
assert not missing, missing
print(f"{name}: {len(operations)} operations in both clients")
PY
}

# serve EDITION: a server of the scenario that the documents play, with a real clock.
serve() {
  sed -e '/^clock:/d' -e "s/edition: documented/edition: $1/" "$here/../../src/contract/openapi/scenario.yaml" >scenario.yaml
  "$program" serve --listen 127.0.0.1:0 --port-file port scenario.yaml 2>log &
  server=$!
  local tries=0
  until [ -s port ]; do
    kill -0 "$server" 2>/dev/null || fail "the server did not start: $(cat log)"
    [ $((tries += 1)) -le 100 ] || fail 'the server did not start within 10 s'
    sleep 0.1
  done
  STANDIN_URL=http://127.0.0.1:$(head -1 port)
  export STANDIN_URL
}

# Services document statuses from 500 on, so a server error is no finding by itself. That none of them is a bug is looked up in the log.
checks=status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance

# call NAME PATH ARGUMENTS…: schemathesis calls below this path by the document, and each answer is as it says.
call() {
  local name=$1 path=$2
  shift 2
  printf '\n-- %s at %s %s\n' "$name" "$path" "$*"
  SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$here" schemathesis --config-file "$here/schemathesis.toml" run "$name.json" --url "$STANDIN_URL$path" \
    --phases examples,coverage,fuzzing --max-examples 15 --seed 1 --checks "$checks" --continue-on-failure --no-shrink --warnings off "$@" \
    >told 2>&1 || { cat told; fail "an answer is not as the document of $name says"; }
  tail -n 12 told
}

# Whether no exchange has met a bug.
sound() {
  grep -q ' exchange ' log || fail "no exchange is in the log: $(head -5 log)"
  ! grep 'bug of standin' log || fail 'standin has panicked'
  end
}

read_by chert chert
read_by documented bitrix24 --edition documented
read_by live bitrix24 --edition live

serve documented
python "$here/clients.py" chert
# A stream lasts a minute.
call chert /api/v1 --exclude-path /events/stream -H 'authorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99'
sound

for edition in documented live; do
  serve "$edition"
  python "$here/clients.py" "$edition"
  call "$edition" /rest --exclude-path /oauth/token/ -H 'authorization: Bearer access-token'
  call "$edition" /rest/1/webhook-secret --exclude-path /oauth/token/
  call "$edition" '' --include-path /oauth/token/
  sound
done
