#!/usr/bin/env bash
# Packs a program for download: .ci/release/archive.sh PROGRAM TARGET FOLDER writes FOLDER/standin-VERSION-TARGET.tar.gz and prints its path.
set -euo pipefail
[ $# = 3 ] || { echo 'usage: .ci/release/archive.sh PROGRAM TARGET FOLDER' >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name="standin-$("$root/.ci/release/version.sh")-$2"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/$name" "$3"
cp "$1" "$stage/$name/standin"
chmod 755 "$stage/$name/standin"
cp "$root"/{README.md,CHANGELOG.md,LICENSE-APACHE,LICENSE-MIT} "$stage/$name"
tar -czf "$3/$name.tar.gz" -C "$stage" "$name"
echo "$3/$name.tar.gz"
