#!/usr/bin/env bash
# Measures events on their way to handlers: latency, rate, plain and signed, and what many handlers that never answer, and
# many open event streams, do to other traffic.
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
awk -v handler="$handler" '{print} /signing_secret/ {print "      subscriptions:\n        - {id: sub_01H, url: \"http://" handler "/hooks\"}"}' \
  scenarios/default.yaml > "$work/signed.yaml"
for i in $(seq "$rounds"); do
  for what in "latency 2000 one" "rate 10000 one" "signed 10000 signed"; do
    read -r kind number file <<< "$what"
    start "$standin" serve "$work/$file.yaml" --listen "$address" --log off
    timeout 60 "$events" "$kind" "$address" "$handler" "$number" | sed "s/^rate/$kind/" | tee -a "$work/figures" >&2
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

for i in $(seq "$rounds"); do
  start "$standin" serve scenarios/default.yaml --listen "$address" --log off --max-connections 2000
  row alone
  before=$(resident)
  mkfifo "$work/hold"
  "$events" streams "$address" "$handler" 1000 < "$work/hold" > "$work/streams" & opening=$!
  exec 7> "$work/hold"
  within 20 "1,000 streams" grep -q open "$work/streams"
  after=$(resident)
  row beside
  exec 7>&-
  wait "$opening"
  echo "streams kib $((after - before)) $(grep closed "$work/streams")" | tee -a "$work/figures" >&2
  rm "$work/hold"
  stop
done

python3 - "$work" <<'PY'
import statistics as s, sys
work = sys.argv[1]
lines = [line.split() for line in open(f"{work}/figures")]
of = lambda kind: [line for line in lines if line[0] == kind]
print(f"call to first byte at the handler: median {s.median(float(l[2]) for l in of('latency_ms')):.2f} ms, p99 {s.median(float(l[4]) for l in of('latency_ms')):.2f} ms")
print(f"10,000 events to one handler: {s.median(float(l[1]) for l in of('rate')):,.0f} a second, lost {sum(int(l[3]) for l in of('rate'))}, in order: {all(l[5] == 'true' for l in of('rate'))}")
print(f"10,000 signed events to one handler: {s.median(float(l[1]) for l in of('signed')):,.0f} a second, lost {sum(int(l[3]) for l in of('signed'))}, in order: {all(l[5] == 'true' for l in of('signed'))}")
rows = {}
for line in open(f"{work}/rounds"):
    name, rate, cpu, p99 = line.split()
    rows.setdefault(name, []).append(float(rate))
pairs = zip(rows["without"], zip(rows["with"][::2], rows["with"][1::2]))
print(f"renames beside 1,000 handlers that never answer: {s.median(rows['with']):,.0f} a second, {s.median(sum(b) / 2 / a for a, b in pairs):.2f} of that without")
for l in of("silent"):
    print(f"  waiting {int(l[2]):,}, given up {int(l[4]):,}, failed {int(l[6]):,}, memory {' -> '.join(f'{int(kib) / 1024:.1f}' for kib in l[8:])} MiB")
pairs = zip(rows["alone"], rows["beside"])
print(f"renames beside 1,000 open event streams: {s.median(rows['beside']):,.0f} a second, {s.median(b / a for a, b in pairs):.2f} of that without; a stream takes {s.median(int(l[2]) for l in of('streams')) / 1000:.1f} KiB, {sum(int(l[4]) for l in of('streams'))} were closed too early")
PY
