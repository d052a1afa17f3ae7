#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a version: .ci/release/notes.sh VERSION [FILE]
set -euo pipefail
[ $# -ge 1 ] || { echo 'usage: .ci/release/notes.sh VERSION [FILE]' >&2; exit 2; }
file=${2:-$(dirname "${BASH_SOURCE[0]}")/../../CHANGELOG.md}
notes=$(awk -v head="## [$1]" '
  /^## / { shown = index($0, head) == 1; next }
  shown && (NF || text) { text = 1; print }
' "$file")
[ -n "$notes" ] || { echo ".ci/release/notes.sh: CHANGELOG.md has no section \`## [$1]\`, or it is empty" >&2; exit 1; }
printf '%s\n' "$notes"
