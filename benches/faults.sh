#!/usr/bin/env bash
# Measures what faults cost, in turns in one run, and prints medians and ratios: faults aimed at other chats, a fault that
# fires beside the same error out of the state, 5,000 stalled connections beside normal traffic.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/faults.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-4}
. benches/common.sh
rename "$work/failing.lua" 47e007b1-ee15-43db-bcba-1c26e5884d3f
rename "$work/inactive.lua" sleeping-chat 106
scenario() { { cat scenarios/default.yaml; echo "faults:"; cat; } > "$work/$1.yaml"; }
on=bitrix24.imconnector.chat.name.set
for i in $(seq 1000); do
  echo "  - {name: fault $i, on: $on, match: {CHAT_ID: other-$i}, wire: truncate_json}"
done | scenario elsewhere
echo "  - {name: f, on: $on, match: {CHAT_ID: 47e007b1-ee15-43db-bcba-1c26e5884d3f}, error: NOT_ACTIVE_LINE}" | scenario failing
echo "  - {name: f, on: $on, match: {CHAT_ID: stalled}, wire: stall}" | scenario stalled

serve() { start "$standin" serve "$1" --listen 127.0.0.1:$port --log off --max-connections 6000; }

# Opens 5,000 connections whose answers never come, and holds them until the file is gone.
stall() {
  touch "$work/hold"
  python3 - "$port" "$work/hold" "$work/held" <<'PY' &
import os, resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
body = b"CONNECTOR=connector&LINE=105&CHAT_ID=stalled&NAME=n"
request = b"POST /rest/1/webhook-secret/imconnector.chat.name.set HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
held = []
for _ in range(5_000):
    held.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    held[-1].sendall(request)
open(sys.argv[3], "w").write(str(len(held)))
while os.path.exists(sys.argv[2]):
    time.sleep(0.1)
PY
  holder=$!
  within 60 "5,000 open connections (\`ulimit -Hn\` says $(ulimit -Hn))" test -e "$work/held"
}

echo "rounds of ${seconds}s, 32 connections, journal on, exchange log off" >&2
for i in $(seq "$rounds"); do
  serve scenarios/default.yaml; row none; stop
  serve "$work/elsewhere.yaml"; row elsewhere; stop
  serve "$work/failing.yaml"; row state "$work/inactive.lua" errors; stop
  serve "$work/failing.yaml"; row fault "$work/failing.lua" errors; stop
  serve "$work/stalled.yaml"; row alone; before=$(resident)
  stall; row beside; echo "$(((($(resident) - before)) * 1024 / 5000))" >> "$work/memory"
  rm "$work/hold" "$work/held";  wait "$holder"; stop
done

python3 - "$work" <<'PY'
import statistics as s, sys
rows = {}
for line in open(f"{sys.argv[1]}/rounds"):
    name, *figures = line.split()
    rows.setdefault(name, []).append([float(figure) for figure in figures])
label = {"none": "no fault", "elsewhere": "1,000 faults aimed at other chats", "state": "an error out of the state",
         "fault": "the same error by a fault", "alone": "no stalled connection", "beside": "5,000 stalled connections"}
print("| scenario | requests/s | CPU µs a request | p99 µs |\n| --- | --- | --- | --- |")
for name, values in rows.items():
    rate, cpu, p99 = (s.median(column) for column in zip(*values))
    print(f"| {label[name]} | {rate:,.0f} | {cpu:.1f} | {p99:,.0f} |")
def ratio(a, b):
    return s.median(x[0] / y[0] for x, y in zip(rows[a], rows[b]))
print(f"\n1,000 faults aimed elsewhere to none: throughput {ratio('elsewhere', 'none'):.2f}")
print(f"a fault that fires: {s.median(x[1] - y[1] for x, y in zip(rows['fault'], rows['state'])):.1f} µs of CPU beyond its answer")
print(f"beside 5,000 stalled connections: throughput {ratio('beside', 'alone'):.2f}")
print(f"a stalled connection holds {s.median(int(line) for line in open(f'{sys.argv[1]}/memory')) / 1024:.1f} KiB")
PY
