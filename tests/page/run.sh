#!/usr/bin/env bash
# Visits the page in a real browser. STANDIN names the program, else it is target/debug/standin. `run.sh pictures` makes the pictures of
# README.md and docs/page.md anew, `run.sh measure` measures.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
STANDIN=$(realpath "${STANDIN:-target/debug/standin}")
export STANDIN NO_PROXY=127.0.0.1,localhost,standin no_proxy=127.0.0.1,localhost,standin

"$here/install.sh"
command -v node >/dev/null || export PATH="$here/../clients/.venv/bin:$PATH"

case "${1:-}" in
pictures | measure) exec node "$here/$1.mjs" ;;
esac
exec node "$here/run.mjs"
