#!/usr/bin/env bash
# Puts the packed PHP package into the repository that Composer reads it from, with a tag: .ci/release/composer.sh ZIP REPOSITORY. REPOSITORY is a
# URL for git; the repository may be empty.
set -euo pipefail
[ $# = 2 ] || { echo 'usage: .ci/release/composer.sh ZIP REPOSITORY' >&2; exit 2; }
zip=$(realpath "$1")
version=$("$(dirname "${BASH_SOURCE[0]}")/version.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet "$2" "$work/php" 2>/dev/null
cd "$work/php"
git rm -rq --ignore-unmatch .
unzip -q "$zip"
git add --all
git -c user.name=standin -c user.email=standin@users.noreply.github.com commit --quiet --allow-empty --message "standin $version"
git tag "v$version"
git push --quiet origin HEAD:main "v$version"
echo "v$version is in the repository"
