#!/usr/bin/env bash
# Runs what action.yml, the Dockerfile and docs/ci.md say, as far as that goes without GitHub, GitLab and Docker: the steps
# of the action by hand, and the image as the static program alone in an empty root. Needs curl, python3 and the right to
# change the root. The build takes some minutes; CARGO_TARGET_DIR keeps it apart from the usual one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
said() { printf '\n== %s\n' "$*"; }
must() { "$@" || { echo "tests/recipes.sh: this failed: $*" >&2; exit 1; }; }
must_not() { ! "$@" || { echo "tests/recipes.sh: this should fail: $*" >&2; exit 1; }; }

said 'Dockerfile: a static program'
target=${CARGO_TARGET_DIR:-target/static}
RUSTFLAGS='-C target-feature=+crt-static' CARGO_TARGET_DIR=$target \
  cargo build --profile dist --locked --bin standin --target x86_64-unknown-linux-gnu
standin=$target/x86_64-unknown-linux-gnu/dist/standin
must_not sh -c "ldd '$standin' 2>/dev/null | grep -q '=>'"

said 'Dockerfile: the program alone in an empty root'
setting() { sed -n "s/^$1 //p" Dockerfile; }
mkdir "$work/root"
cp "$standin" "$work/root/standin"
cp scenarios/fails-then-recovers.yaml "$work/root/scenario.yaml"
change_root=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
in_root=(env -i "$(setting ENV | sed 's/8080/18490/')" STANDIN_CONTROL_TOKEN=token "$change_root" "$work/root")
"${in_root[@]}" /standin serve /scenario.yaml --judge 2>"$work/log" & server=$!
check=$(setting HEALTHCHECK | sed 's/.*CMD //; s/8080/18490/' | python3 -c 'import json, sys; print(*json.load(sys.stdin))')
# shellcheck disable=SC2086
must "${in_root[@]}" $check --wait 10s

said 'docs/ci.md: the client of another container'
client() { curl -sS --fail-with-body --resolve standin:18490:127.0.0.1 "$@"; }
rename() {
  client -X PUT http://standin:18490/api/v1/chats/ch_01H -H 'content-type: application/json' \
    -H 'authorization: Bearer 5f4dcc3b5aa765d61d8327deb882cf99' -d '{"display_name":"Acme launch crew"}'
}
must_not rename
must_not rename
must rename
expected='- {name: tried again, on: chert.chats.rename, calls: {exactly: 3}}'
questions() { # WHICH: the line of the recipe, against this port
  sed -n "/^curl.*$1\$/s/8080/18490/p" docs/ci.md
}
ask() {
  bash -c "curl() { command curl -sS --resolve standin:18490:127.0.0.1 \"\$@\"; }; STANDIN_CONTROL_TOKEN=token; $1"
}
must ask "$(questions verify) --data-binary '$expected'"
must_not ask "$(questions verify) --data-binary '${expected/3/7}'"
must ask "$(questions conduct)"
client -o /dev/null -X PUT http://standin:18490/api/v1/chats/ch_01H -H 'x-chert-signature: v1,1,0' -d '{}' || true
must_not ask "$(questions conduct)"
must_not client -X POST http://standin:18490/__standin/verify --data-binary "$expected"
kill "$server"
must wait "$server"
server=

said 'action.yml: its steps'
python3 - > "$work/step" <<'PY'
for line in open("action.yml"):
    if "- run: standin run" in line:
        print(line.split("run:", 1)[1].strip())
PY
cp scenarios/fails-then-recovers.yaml "$work/a scenario.yaml"
step() { # SCENARIO FLAGS COMMAND
  GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$work/summary" SCENARIO=$1 FLAGS=$2 COMMAND=$3 \
    PATH="$(cd "$(dirname "$standin")" && pwd):$PATH" bash "$work/step" 2>"$work/talk"
}
must step "$work/a scenario.yaml" "--report junit=$work/report.xml" 'test -n "$CHERT_BASE_URL"
test -n "$BITRIX24_REST_URL"'
must python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$work/report.xml"
must grep -q 'no rule broken' "$work/summary"
must_not step "" "" 'false
true'
must_not step "" "" 'curl -s -X PUT "$CHERT_BASE_URL/chats/x" -H "x-chert-signature: v1,1,0" -d "{}"'
must grep -q '^::error title=standin%3A chert.signature-alone\|^::error title=standin: chert.signature-alone' "$work/talk"
said 'all as the recipes say'
