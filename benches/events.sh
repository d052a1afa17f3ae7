#!/usr/bin/env bash
# Measures events on their way to handlers: latency, rate, and what many handlers that never answer do to other traffic.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/events.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-2}
. benches/common.sh
cargo build --profile dist --quiet --features bare-hyper --bin events
events=${CARGO_TARGET_DIR:-target}/dist/events
handler=127.0.0.1:18499 address=127.0.0.1:$port

# A scenario whose events go to COUNT handlers that have LIMIT to answer: scenario FILE COUNT LIMIT
scenario() {
  python3 - "$@" "$handler" <<'PY'
import sys
path, count, limit, handler = sys.argv[1:]
text = open("scenarios/default.yaml").read()
own = f"  events: {{time_limit: {limit}}}\n  handlers:\n" + "".join(
    f'    - {{event: OnImConnectorStatusDelete, url: "http://{handler}/h{i}"}}\n' for i in range(int(count)))
open(path, "w").write(text.replace("bitrix24:\n", "bitrix24:\n" + own, 1))
PY
}
is_full() { [ "$(count dropped)" -gt 0 ]; }
count() { curl -s "$url/__standin/metrics" | awk -v state="$1" '/^standin_deliveries/ && index($0, state) {sum += $NF} END {print sum + 0}'; }

scenario "$work/one.yaml" 1 5s
for i in $(seq "$rounds"); do
  for what in "latency 2000" "rate 10000"; do
    start "$standin" serve "$work/one.yaml" --listen "$address" --log off
    read -r kind number <<< "$what"
    timeout 60 "$events" "$kind" "$address" "$handler" "$number" | tee -a "$work/figures" >&2
    stop
  done
done

scenario "$work/many.yaml" 1000 100ms
for i in $(seq "$rounds"); do
  start "$standin" serve "$work/many.yaml" --listen "$address" --log off
  row without
  "$events" silent "$address" "$handler" $((3 * seconds + 8)) & raising=$!
  within 20 "a full outbox" is_full
  before=$(resident)
  row with
  middle=$(resident)
  row with
  after=$(resident)
  echo "silent waiting $(count waiting) dropped $(count dropped) failed $(count failed) memory_kib $before $middle $after" | tee -a "$work/figures" >&2
  wait "$raising"
  stop
done

python3 - "$work" <<'PY'
import statistics as s, sys
work = sys.argv[1]
lines = [line.split() for line in open(f"{work}/figures")]
of = lambda kind: [line for line in lines if line[0] == kind]
print(f"call to first byte at the handler: median {s.median(float(l[2]) for l in of('latency_ms')):.2f} ms, p99 {s.median(float(l[4]) for l in of('latency_ms')):.2f} ms")
print(f"10,000 events to one handler: {s.median(float(l[1]) for l in of('rate')):,.0f} a second, lost {sum(int(l[3]) for l in of('rate'))}, in order: {all(l[5] == 'true' for l in of('rate'))}")
rows = {}
for line in open(f"{work}/rounds"):
    name, rate, cpu, p99 = line.split()
    rows.setdefault(name, []).append(float(rate))
pairs = zip(rows["without"], zip(rows["with"][::2], rows["with"][1::2]))
print(f"renames beside 1,000 handlers that never answer: {s.median(rows['with']):,.0f} a second, {s.median(sum(b) / 2 / a for a, b in pairs):.2f} of that without")
for l in of("silent"):
    print(f"  waiting {int(l[2]):,}, given up {int(l[4]):,}, failed {int(l[6]):,}, memory {' -> '.join(f'{int(kib) / 1024:.1f}' for kib in l[8:])} MiB")
PY
