#!/usr/bin/env bash
# The version of everything that is published: that of Cargo.toml.
#
#   .ci/release/version.sh            prints it
#   .ci/release/version.sh 0.2.0      writes another one into every file that must have it, and gives the changelog its section
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
present=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
if [ $# = 0 ]; then
  echo "$present"
  exit
fi
[[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[a-z]+\.[0-9]+)?$ ]] || { echo "$1 is no version such as 0.2.0 or 0.2.0-rc.1" >&2; exit 2; }
[ "$1" != "$present" ] || { echo "the version is $1 already" >&2; exit 1; }
here=${present//./\\.}

# The first version in Cargo.toml is that of the package; in a lock file it follows the name.
sed -i.bak "1,/^version = /s/^version = \"$here\"/version = \"$1\"/" Cargo.toml
for lock in Cargo.lock fuzz/Cargo.lock; do
  sed -i.bak "/^name = \"standin\"\$/{n;s/^version = \"$here\"/version = \"$1\"/;}" "$lock"
done
# The package and its optional platform packages.
sed -i.bak -E "s/^(  \"version\": |    \"@standin\/[a-z0-9-]+\": )\"$here\"/\1\"$1\"/" kits/node/package.json
sed -i.bak "s/^## \[Unreleased\]\$/## [Unreleased]\n\n## [$1] - $(date -u +%Y-%m-%d)/" CHANGELOG.md
rm -f Cargo.toml.bak Cargo.lock.bak fuzz/Cargo.lock.bak kits/node/package.json.bak CHANGELOG.md.bak
echo "$present -> $1: read the difference, run the tests, commit, and push the tag v$1"
