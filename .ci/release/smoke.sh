#!/usr/bin/env bash
# Whether a program works on this machine: .ci/release/smoke.sh PROGRAM. It has the version of Cargo.toml, serves, answers, judges, and ends
# with its starter.
set -euo pipefail
[ $# = 1 ] || { echo 'usage: .ci/release/smoke.sh PROGRAM' >&2; exit 2; }
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
# shellcheck disable=SC2154
trap 'code=$?; [ $code = 0 ] || cat "$work/told" >&2; rm -r "$work"; exit $code' EXIT
[ "$("$program" --version)" = "standin $(.ci/release/version.sh)" ]
# shellcheck disable=SC2016
"$program" run --require-requests --tls -- sh -c '
  curl -sS --fail -X PUT "$CHERT_HTTPS_BASE_URL/chats/ch_01H" -H "x-chert-tenant: $CHERT_TENANT" \
    -H "authorization: Bearer $CHERT_SIGNING_SECRET" -H "content-type: application/json" -d "{\"display_name\":\"New\"}"' >"$work/told" 2>&1
status=0
"$program" run -- curl -sS -X PUT http://127.0.0.1:9 >"$work/told" 2>&1 || status=$?
[ "$status" != 0 ]
# Its input has ended already.
"$program" serve --listen 127.0.0.1:0 --port-file "$work/port" --log off --until-stdin-closes </dev/null >"$work/told" 2>&1
echo "$1 works"
