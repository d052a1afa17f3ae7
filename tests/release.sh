#!/usr/bin/env bash
# A dry run of the release, as far as it goes on one machine: every packing step of .github/workflows/release.yml with one program, and what
# was packed is used. Publishes nothing.
#
#   tests/release.sh [PROGRAM]     PROGRAM is a `standin`; without it, target/debug/standin
#
# Needs what the kits need; cargo, maturin and wheel for the wheel; buildah and the right to use it for the image. A step whose tool is missing is
# named at the end. WHEEL=no leaves the wheel out, which compiles the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/standin}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=$work/packages
version=$(.ci/release/version.sh)
target=$(rustc -vV | sed -n 's/^host: //p')
missing=()
said() { printf '\n== %s\n' "$*"; }
must_not() { ! "$@" >/dev/null 2>&1 || { echo "tests/release.sh: this should fail: $*" >&2; exit 1; }; }

said 'the program'
.ci/release/smoke.sh "$program"
must_not .ci/release/smoke.sh /bin/true

said 'the archive for download'
archive=$(.ci/release/archive.sh "$program" "$target" "$packages")
tar -xzf "$archive" -C "$work"
.ci/release/smoke.sh "$work/standin-$version-$target/standin"
ls "$work/standin-$version-$target"

said "the text of a release"
cat >"$work/changes.md" <<'MD'
# Changelog

## [Unreleased]

- Not yet.

## [1.10.0] - 2026-02-01

### Added

- This.

## [1.1.0] - 2026-01-01

## [1.0.0] - 2025-01-01

- That.
MD
[ "$(.ci/release/notes.sh 1.10.0 "$work/changes.md")" = $'### Added\n\n- This.' ]
[ "$(.ci/release/notes.sh 1.0.0 "$work/changes.md")" = '- That.' ]
must_not .ci/release/notes.sh 1.1.0 "$work/changes.md"
must_not .ci/release/notes.sh 1.2.0 "$work/changes.md"
.ci/release/notes.sh Unreleased >/dev/null

said 'another version'
mkdir "$work/tree"
git ls-files -z | tar --null -T - -cf - | tar -xf - -C "$work/tree"
(cd "$work/tree" && .ci/release/version.sh 99.9.9-rc.1)
{ diff -r --brief . "$work/tree" -x target -x .git -x node_modules -x .venv || true; } | sed -n 's/^Files \(.*\) and .*/\1/p' | sort | tee "$work/changed"
[ "$("$work/tree/.ci/release/version.sh")" = 99.9.9-rc.1 ]
[ "$(grep -c . "$work/changed")" = 5 ]
grep -q '"@standin/linux-x64": "99.9.9-rc.1"' "$work/tree/kits/node/package.json"
must_not "$work/tree/.ci/release/version.sh" 99.9.9-rc.1
must_not "$work/tree/.ci/release/version.sh" 1.0

said 'the package for Composer'
zip=$(kits/php/pack.sh "$packages")
git init --quiet --bare --initial-branch main "$work/composer.git"
.ci/release/composer.sh "$zip" "$work/composer.git"
must_not .ci/release/composer.sh "$zip" "$work/composer.git"
[ "$(git -C "$work/composer.git" show "v$version:composer.json" | grep -c "\"version\": \"$version\"")" = 1 ]
[ "$(git -C "$work/composer.git" show v"$version":src/World.php | md5sum)" = "$(md5sum <kits/php/src/World.php)" ]

said 'the packages for npm'
node kits/node/pack.mjs "$program" linux-x64 "$packages/npm"
mkdir "$work/from-npm"
npm install --silent --no-audit --no-fund --prefix "$work/from-npm" "$packages"/npm/*.tgz
[ "$("$work/from-npm/node_modules/.bin/standin" --version)" = "standin $version" ]

said 'the wheel, and the action that installs it'
if [ "${WHEEL:-yes}" = no ] || ! python3 -c 'import maturin, wheel' 2>/dev/null; then
  missing+=('the wheel: it needs maturin and wheel, and WHEEL is not `no`')
else
  CARGO_PROFILE=${CARGO_PROFILE:-release} .ci/release/wheel.sh "$target" "$packages/wheels" manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_2_x86_64
  python3 - action.yml >"$work/install" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
print(re.sub(r"(?m)^ {8}", "", re.search(r"- run: \|\n(.*?)\n      shell", text, re.S).group(1)))
PY
  mkdir "$work/runner"
  wheels=$(cd "$packages/wheels" && pwd)
  GITHUB_ACTION_PATH=$PWD RUNNER_TEMP=$work/runner GITHUB_PATH=$work/path PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels bash -e "$work/install"
  .ci/release/smoke.sh "$(cat "$work/path")/standin"
  # Without a wheel, the program is built: by a `cargo` that only says so.
  mkdir "$work/other"
  cat >"$work/other/cargo" <<'SH'
#!/bin/sh
echo "built by: cargo $*"
SH
  chmod +x "$work/other/cargo"
  PATH=$work/other:$PATH GITHUB_ACTION_PATH=$PWD RUNNER_TEMP=$work/other GITHUB_PATH=$work/path PIP_NO_INDEX=1 PIP_FIND_LINKS=/nowhere \
    bash -e "$work/install" 2>/dev/null | grep "built by: cargo install --profile dist --locked --path $PWD"
fi

said 'the image'
if command -v buildah >/dev/null && buildah --storage-driver vfs from --name standin-try scratch >/dev/null 2>&1; then
  buildah --storage-driver vfs rm standin-try >/dev/null
  mkdir -p "$work/build/src/target/dist"
  cp "$program" "$work/build/src/target/dist/standin"
  buildah --storage-driver vfs build --format docker --isolation chroot --build-context build="$work/build" --tag standin-try .
  buildah --storage-driver vfs inspect --type image standin-try | grep -A3 -E '"(Entrypoint|Cmd|Env)"' | head -n 12
  buildah --storage-driver vfs rmi standin-try >/dev/null
else
  missing+=('the image: it needs buildah and the right to use it')
fi

said 'checksums'
mkdir "$work/assets"
find "$packages" -type f -exec cp {} "$work/assets/" \;
(cd "$work/assets" && sha256sum -- * >SHA256SUMS && sha256sum --check --quiet SHA256SUMS && cat SHA256SUMS)

said 'done'
for one in ${missing[@]+"${missing[@]}"}; do
  echo "not done: $one"
done
