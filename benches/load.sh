#!/usr/bin/env bash
# Measures the program beside bare hyper, in turns in one run, and prints medians and ratios.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/load.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-15} seconds=${2:-2}
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

# A rename at Chert as a script of wrk. A signature is valid for five minutes, so it is made for each round.
#   chert FILE token|signature
chert() {
  python3 - "$@" <<'PY'
import hashlib, hmac, sys, time
secret, now = "5f4dcc3b5aa765d61d8327deb882cf99", int(time.time())
body = '{"display_name":"Acme launch crew","group_chat_icon":"https://cdn.example.com/acme-icon.png"}'
digest = hmac.new(secret.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
fields = {
    "token": {"authorization": f"Bearer {secret}"},
    "signature": {"x-chert-tenant": "acme-7a3f", "x-chert-signature": f"v1,{now},{digest}"},
}[sys.argv[2]]
with open(sys.argv[1], "w") as script:
    print('wrk.method = "PUT"', f"wrk.body = '{body}'", sep="\n", file=script)
    for name, value in {"content-type": "application/json", **fields}.items():
        print(f'wrk.headers["{name}"] = "{value}"', file=script)
PY
}

# A server with one worker, under each kind of rename: rows NAME COMMAND...
rows() {
  start "${on_first[@]}" "${@:2}"
  row "$1-webhook/1"
  chert "$work/token.lua" token
  row "$1-token/1" "$work/token.lua" "" /api/v1/chats/ch_01H
  chert "$work/signature.lua" signature
  row "$1-signature/1" "$work/signature.lua" "" /api/v1/chats/ch_01H
  stop
}

echo "$rounds rounds of ${seconds}s, 32 connections, journal on, exchange log off" >&2
for i in $(seq "$rounds"); do
  before_wrk=("${on_second[@]}")
  rows bare "$bare" 127.0.0.1:$port 1
  rows standin "$standin" serve --listen 127.0.0.1:$port --log off
  start "${on_first[@]}" "$standin" serve "$work/large.yaml" --listen 127.0.0.1:$port --log off; row standin+large/1; stop
  start "${on_first[@]}" "$standin" serve --listen 127.0.0.1:$port --log text; row standin+log/1; stop
  before_wrk=()
  start "$bare" 127.0.0.1:$port 2; row bare/2; stop
  start "$standin" serve --listen 127.0.0.1:$port --log off --workers 2; row standin/2; stop
done

echo "start to first 200, 40 times in turns" >&2
python3 - "$port" "$bare" "$standin" > "$work/starts" <<'PY'
import socket, subprocess, sys, time
address = f"127.0.0.1:{sys.argv[1]}"
commands = {"bare": [sys.argv[2], address, "1"], "standin": [sys.argv[3], "serve", "--listen", address, "--log", "off"]}
for turn in range(80):
    name = ["bare", "standin"][turn % 2]
    began = time.perf_counter()
    server = subprocess.Popen(commands[name], stderr=subprocess.DEVNULL)
    answer = b"nothing"
    while not answer.endswith(b"200"):
        if time.perf_counter() - began > 20 or server.poll() is not None:
            server.kill()
            sys.exit(f"benches/load.sh: no 200 from /__standin/health within 20 s, but {answer}")
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as client:
                client.sendall(b"GET /__standin/health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
                answer = client.recv(12) or answer
        except OSError:
            pass
    print(name, (time.perf_counter() - began) * 1e3)
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
for kind in ["-webhook/1", "-token/1", "-signature/1", "/2"]:
    print(f"standin to bare, {kind[1:]}: throughput {ratio('standin' + kind, 'bare' + kind, 0):.2f}, CPU {ratio('standin' + kind, 'bare' + kind, 1):.2f}")
print(f"large scenario to small: throughput {ratio('standin+large/1', 'standin-webhook/1', 0):.2f}; its load and check: {load:.2f} s")
starts = [line.split() for line in open(f"{work}/starts")]
start = {name: [float(time) for known, time in starts if known == name] for name in ("bare", "standin")}
print(f"start to first 200: bare {s.median(start['bare']):.2f} ms, standin {s.median(start['standin']):.2f} ms,"
      f" ratio {s.median(b / a for a, b in zip(start['bare'], start['standin'])):.2f}")
memory = [line.split() for line in open(f"{work}/memory")]
print(f"memory: idle {idle / 1024:.1f} MiB; " + "; ".join(f"after {int(n):,}: {int(kib) / 1024:.1f} MiB" for n, kib in memory))
PY
