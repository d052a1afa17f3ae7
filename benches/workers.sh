#!/usr/bin/env bash
# Measures one worker and two, in turns in one run, with two namespaces that are both busy, and prints medians, the ratio and
# what the load generator takes of the CPU time. Where the generator takes a core of two, a second worker has none.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/workers.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-4}
. benches/common.sh

# Makes a namespace and prints the path of a rename in it.
namespace() {
  curl -sS -m 10 -f -X POST "$url/__standin/namespaces" | python3 -c '
import json, sys
webhook = json.load(sys.stdin)["environment"]["BITRIX24_WEBHOOK_URL"]
print("/rest/" + webhook.split("/rest/")[1] + "imconnector.chat.name.set")'
}

# Two generators at once, one a namespace: a line of WORKERS, requests/s, and the CPU seconds of server and generators.
busy() {
  local one other path load loads=() before
  one=$(namespace) other=$(namespace) before=$(ticks)
  for path in "$one" "$other"; do
    ( TIMEFORMAT='cpu %U %S'; time timeout $((seconds + 30)) wrk -t1 -c16 -d"${seconds}s" -s "$work/rename.lua" "$url$path" ) \
      > "$work/wrk-${#loads[@]}" 2>&1 & loads+=("$!")
  done
  for load in "${loads[@]}"; do wait "$load" || fail "wrk failed, or did not end in $((seconds + 30)) s"; done
  python3 - "$1" "$(($(ticks) - before))" "$(getconf CLK_TCK)" "$work/wrk-0" "$work/wrk-1" <<'PY' | tee -a "$work/rounds" >&2
import re, sys
workers, ticks, hertz, *files = sys.argv[1:]
texts = [open(file).read() for file in files]
assert not any("Non-2xx" in text for text in texts), texts
rate = sum(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]) for text in texts)
load = sum(float(part) for text in texts for part in re.search(r"^cpu (\S+) (\S+)$", text, re.M).groups())
print(workers, rate, int(ticks) / int(hertz), load)
PY
}

echo "rounds of ${seconds}s, two namespaces with 16 connections each, journal on, exchange log off, $(nproc) cores" >&2
for i in $(seq "$rounds"); do
  for workers in 1 2; do
    start "$standin" serve --listen 127.0.0.1:$port --log off --workers $workers; busy $workers; stop
  done
done

python3 - "$work/rounds" "$seconds" <<'PY'
import statistics as s, sys
rows = {}
for line in open(sys.argv[1]):
    workers, *figures = line.split()
    rows.setdefault(workers, []).append([float(figure) for figure in figures])
print("| workers | requests/s | CPU µs a request, server | CPU share of the generator |\n| --- | --- | --- | --- |")
for workers, values in rows.items():
    rate, server, load = (s.median(column) for column in zip(*values))
    each = s.median(x[1] / x[0] for x in values)
    print(f"| {workers} | {rate:,.0f} | {each / float(sys.argv[2]) * 1e6:.1f} | {load / (load + server):.0%} |")
print(f"\ntwo workers to one: throughput {s.median(x[0] / y[0] for x, y in zip(rows['2'], rows['1'])):.2f}")
PY
