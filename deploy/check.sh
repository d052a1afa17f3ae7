#!/usr/bin/env bash
# Starts three replicas behind HAProxy, and tries what docs/scale.md says. The vendors' SDKs are those of tests/clients.
#
#   deploy/check.sh PROGRAM
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! { command -v haproxy && command -v openssl; } >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q && apt-get install -q -y --no-install-recommends haproxy openssl
fi
"$here/../tests/clients/install.sh"
PYTHONDONTWRITEBYTECODE=1 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$here/../tests/clients/.venv/bin/python" "$here/fleet.py" "$1"
