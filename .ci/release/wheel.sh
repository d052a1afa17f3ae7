#!/usr/bin/env bash
# Builds the wheel with the program inside: .ci/release/wheel.sh TARGET FOLDER [TAGS] writes it into FOLDER and prints its path. TAGS are the
# platform tags of a static program, such as manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_2_x86_64. Needs cargo with the target, and
# Python with maturin and wheel. CARGO_PROFILE is the profile, `dist` by default.
set -euo pipefail
[ $# -ge 2 ] || { echo 'usage: .ci/release/wheel.sh TARGET FOLDER [TAGS]' >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cd "$root/kits/python"
# The check of maturin knows no wheel that runs on every Linux, so that the tags are given afterwards.
check=()
[ $# = 2 ] || check=(--compatibility linux)
python3 -m maturin build --locked --profile "${CARGO_PROFILE:-dist}" --target "$1" ${check[@]+"${check[@]}"} --out "$stage" >&2
[ $# = 2 ] || python3 -m wheel tags --remove --platform-tag "$3" "$stage"/*.whl >&2
wheel=$(basename "$stage"/*.whl)
mv "$stage/$wheel" "$out"
echo "$out/$wheel"
