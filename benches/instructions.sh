#!/usr/bin/env bash
# Counts the instructions of a rename with callgrind, in user space: the figure that does not depend on how busy the machine
# is. Prints each beside the committed one of benches/instructions.tsv, and fails when one is more than 5 % above it.
# Needs python3, and valgrind, which it installs from Debian if it may. Traffic stays on loopback.
#
#   benches/instructions.sh [--write]        --write: commit to today's figures
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "benches/instructions.sh: $*" >&2; exit 3; }
[ "$#" = 0 ] || [ "$*" = --write ] || fail "\`$*\` is not \`--write\`"
if ! command -v valgrind >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && apt-get install -q -y --no-install-recommends valgrind; } >&2 || fail 'apt-get could not install valgrind'
fi
command -v valgrind >/dev/null || fail 'valgrind is missing; Debian has it as valgrind'

cargo build --profile dist --quiet --features bare-hyper --bin standin --bin bare_hyper
exec python3 benches/instructions.py "${CARGO_TARGET_DIR:-target}/dist" "$@"
