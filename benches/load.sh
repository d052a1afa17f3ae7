#!/usr/bin/env bash
# Measures the program beside bare hyper, in turns in one run, and prints medians and ratios.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/load.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-4}
. benches/common.sh

python3 - "$work" <<'PY'
import sys
head = open("scenarios/default.yaml").read()
chats = "".join(f"    - {{connector: connector, line: 105, id: other-{i}, name: Chat {i}}}\n" for i in range(100_000))
faults = "faults:\n" + "".join(
    f"  - {{name: fault {i}, on: bitrix24.imconnector.chat.name.set, match: {{CHAT_ID: other-{i}}}, error: CHAT_RENAMING_FAILED}}\n"
    for i in range(1_000))
open(f"{sys.argv[1]}/large.yaml", "w").write(head.replace("\nchert:", chats + "\nchert:") + faults)
PY

echo "rounds of ${seconds}s, 32 connections, journal on, exchange log off" >&2
for i in $(seq "$rounds"); do
  for workers in 1 2; do
    start "$bare" 127.0.0.1:$port $workers; row "bare/$workers"; stop
    start "$standin" serve --listen 127.0.0.1:$port --log off --workers $workers; row "standin/$workers"; stop
  done
  start "$standin" serve --listen 127.0.0.1:$port --log text; row standin+log/1; stop
  start "$standin" serve "$work/large.yaml" --listen 127.0.0.1:$port --log off; row standin+large/1; stop
done

echo "start to first 200, 20 times" >&2
python3 - "$standin" "$port" > "$work/starts" <<'PY'
import socket, subprocess, sys, time
for _ in range(20):
    began = time.perf_counter()
    server = subprocess.Popen([sys.argv[1], "serve", "--listen", f"127.0.0.1:{sys.argv[2]}", "--log", "off"], stderr=subprocess.DEVNULL)
    answer = b"nothing"
    while not answer.endswith(b"200"):
        if time.perf_counter() - began > 20 or server.poll() is not None:
            server.kill()
            sys.exit(f"benches/load.sh: no 200 from /__standin/health within 20 s, but {answer}")
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=5) as client:
                client.sendall(b"GET /__standin/health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
                answer = client.recv(12) or answer
        except OSError:
            pass
    print((time.perf_counter() - began) * 1e3)
    server.terminate()
    server.wait()
PY

echo "memory, 1,000,000 requests" >&2
start "$standin" serve --listen 127.0.0.1:$port --log off
idle=$(resident) done=0
: > "$work/memory"
while [ "$done" -lt 1000000 ]; do
  generate 5 -t1 -c32 -d5s -s "$work/rename.lua" "$url/rest/1/webhook-secret/imconnector.chat.name.set"
  answered=$(awk '/requests in/ {print $1}' "$work/wrk")
  [ "${answered:-0}" -gt 0 ] || { cat "$work/wrk" >&2; fail "the server answers nothing"; }
  done=$((done + answered))
  echo "$done $(resident)" >> "$work/memory"
done
stop
load=$( { TIMEFORMAT=%R; time "$standin" check "$work/large.yaml" 2>/dev/null; } 2>&1 )

python3 - "$work" "$idle" "$load" <<'PY'
import statistics as s, sys
work, idle, load = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rows = {}
for line in open(f"{work}/rounds"):
    name, *figures = line.split()
    rows.setdefault(name, []).append([float(figure) for figure in figures])
median = {name: [s.median(column) for column in zip(*values)] for name, values in rows.items()}
print("| server, workers | requests/s | CPU µs a request | p99 µs |\n| --- | --- | --- | --- |")
for name, (rate, cpu, p99) in median.items():
    print(f"| {name} | {rate:,.0f} | {cpu:.1f} | {p99:,.0f} |")
def ratio(a, b, column):
    return s.median(x[column] / y[column] for x, y in zip(rows[a], rows[b]))
print()
for w in "12":
    print(f"standin/{w} to bare/{w}: throughput {ratio('standin/' + w, 'bare/' + w, 0):.2f}, CPU {ratio('standin/' + w, 'bare/' + w, 1):.2f}")
print(f"standin/1 to standin/2: throughput {ratio('standin/1', 'standin/2', 0):.2f}")
print(f"large scenario to small: throughput {ratio('standin+large/1', 'standin/1', 0):.2f}; its load and check: {load:.2f} s")
starts = [float(line) for line in open(f"{work}/starts")]
print(f"start to first 200: median {s.median(starts):.1f} ms")
memory = [line.split() for line in open(f"{work}/memory")]
print(f"memory: idle {idle / 1024:.1f} MiB; " + "; ".join(f"after {int(n):,}: {int(kib) / 1024:.1f} MiB" for n, kib in memory))
PY
