#!/usr/bin/env bash
# Checks the Python kit from packed files, in an empty environment and an empty folder: types, tests, examples of the documents.
#
#   kits/python/check.sh                 packs this repository with the profile `dev`, which costs seconds after `cargo build`
#   kits/python/check.sh PROGRAM         packs it without compiling: PROGRAM is a `standin` that is built
#   kits/python/check.sh WHEEL.whl       checks a wheel that is packed already
#
# PYTHON names the interpreter, `python3` by default. What it installs comes from PyPI.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
given=${1:-${STANDIN_BIN:-}}
[ -z "$given" ] || given=$(realpath "$given")
unset STANDIN_BIN STANDIN_CONTROL_URL PYTHONPATH PYTEST_ADDOPTS
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

"${PYTHON:-python3}" -m venv "$work/venv"
export PATH="$work/venv/bin:$PATH"
pip install -q -r "$here/tests/requirements.txt"

case "$given" in
*.whl) wheel=$given ;;
'')
  (cd "$here" && maturin build -q --profile dev -o "$work/wheels")
  wheel=$(echo "$work"/wheels/*.whl)
  ;;
*) wheel=$(python "$here/tests/pack.py" "$given" "$work/wheels") ;;
esac
pip install -q --no-index --find-links "$(dirname "$wheel")" --no-deps "$wheel"

# The command is on the path, and the package is not the one of this repository.
cp -r "$here/tests" "$work/tests"
mkdir -p "$work/documents/docs" "$work/documents/kits/python"
cp "$here/../../docs/testing-in-python.md" "$work/documents/docs/"
cp "$here/../../README.md" "$work/documents/"
cp "$here/README.md" "$work/documents/kits/python/"
export STANDIN_DOCUMENTS="$work/documents"
cd "$work/tests"
standin --version
python -c 'import standin_mock, sys; assert standin_mock.__file__.startswith(sys.prefix), standin_mock.__file__'

mypy --strict --no-incremental -p standin_mock
mypy --strict --no-incremental .
python -m pytest -q -p no:cacheprovider -p no:asyncio -n 4 .
