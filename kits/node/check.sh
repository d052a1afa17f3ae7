#!/usr/bin/env bash
# Checks the package for npm from its packed files, in an empty folder: kits/node/check.sh [PROGRAM]
#
# PROGRAM is a program `standin` for this machine; the default is STANDIN_BIN. It needs Node.js 20 or later and npm, and installs vitest, jest and
# TypeScript from npm into a temporary folder. NODE chooses another node.
set -euo pipefail
program="$(realpath "${1:-${STANDIN_BIN:?say which program: kits/node/check.sh PROGRAM}}")"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
kit="$root/kits/node"
node="${NODE:-node}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export npm_config_cache="${npm_config_cache:-$work/cache}" npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
# The tests run what the package carries.
unset STANDIN_BIN STANDIN_URL STANDIN_CONTROL_URL STANDIN_HTTPS_URL STANDIN_CA STANDIN_CONTROL_TOKEN STANDIN_SCENARIO STANDIN_SEED

step() { printf '\n== %s\n' "$*"; }

step 'pack and install'
"$node" "$kit/pack.mjs" "$program" "$("$node" -p 'process.platform + "-" + process.arch')" "$work/packed"
mkdir "$work/app"
cd "$work/app"
# vitest 3 is the newest for Node.js 20.
vitest="$("$node" -p 'Number(process.versions.node.split(".")[0]) < 22 ? 3 : "latest"')"
echo '{"private": true}' >package.json
npm install --loglevel=error "$work"/packed/*.tgz "vitest@$vitest" jest@30 typescript@5 @types/node@22
"$node" node_modules/standin/bin/standin.cjs --version
cp -r "$kit/tests" tests

step 'types'
cp "$kit/tsconfig.json" node_modules/standin/tsconfig.json
"$node" node_modules/typescript/bin/tsc -p node_modules/standin/tsconfig.json --typeRoots node_modules/@types
"$node" node_modules/typescript/bin/tsc -p tests/tsconfig.json

step 'the examples of the documentation'
mkdir "$work/app/guide" "$work/app/readme"
"$node" tests/doc.mjs "$root/docs/testing-in-javascript.md" "$work/app/guide"
cp guide/client.mjs readme/
"$node" tests/doc.mjs "$kit/README.md" "$work/app/readme"

step 'tests'
"$node" --test --test-concurrency=1 --test-reporter=spec tests/*.test.mjs

step 'times'
"$node" tests/measure.mjs
