#!/usr/bin/env bash
# Measures the program beside bare hyper, in turns in one run, and prints medians and ratios.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/load.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-25} seconds=${2:-1}
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

# All servers run from the beginning, and one after the other is under load, so that two rounds that are compared are close in time.
declare -A servers urls
first_port=$port
# up NAME COMMAND...   ADDRESS stands for an address of its own
up() {
  port=$((port + 1)) url=http://127.0.0.1:$port
  local command=("${@:2}")
  start "${command[@]/#ADDRESS/127.0.0.1:$port}"
  servers[$1]=$server urls[$1]=$url
}
# turn NAME [ARGUMENTS OF row]
turn() {
  server=${servers[${1%%-*}]} url=${urls[${1%%-*}]}
  row "$@"
}
up bare "${on_first[@]}" "$bare" ADDRESS 1
up standin "${on_first[@]}" "$standin" serve --listen ADDRESS --log off
up large "${on_first[@]}" "$standin" serve "$work/large.yaml" --listen ADDRESS --log off
up log "${on_first[@]}" "$standin" serve --listen ADDRESS --log text
up bare2 "$bare" ADDRESS 2
up standin2 "$standin" serve --listen ADDRESS --log off --workers 2

echo "$rounds rounds of ${seconds}s, 32 connections, journal on, exchange log off" >&2
for i in $(seq "$rounds"); do
  chert "$work/token.lua" token
  chert "$work/signature.lua" signature
  before_wrk=("${on_second[@]}")
  turn bare-webhook
  turn standin-webhook
  turn large-webhook
  turn log-webhook
  for kind in token signature; do
    turn bare-$kind "$work/$kind.lua" "" /api/v1/chats/ch_01H
    turn standin-$kind "$work/$kind.lua" "" /api/v1/chats/ch_01H
  done
  before_wrk=()
  turn bare2-webhook
  turn standin2-webhook
done
for name in "${!servers[@]}"; do server=${servers[$name]}; stop; done
port=$first_port url=http://127.0.0.1:$port

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
print("| server and rename | requests/s | CPU µs a request | p99 µs |\n| --- | --- | --- | --- |")
for name, (rate, cpu, p99) in median.items():
    print(f"| {name} | {rate:,.0f} | {cpu:.1f} | {p99:,.0f} |")
def ratio(a, b, column):
    return s.median(x[column] / y[column] for x, y in zip(rows[a], rows[b]))
print()
for what, ours, theirs in [
    *((kind, f"standin-{kind}", f"bare-{kind}") for kind in ("webhook", "token", "signature")),
    ("webhook, 2 workers", "standin2-webhook", "bare2-webhook"),
]:
    print(f"standin to bare, {what}: throughput {ratio(ours, theirs, 0):.2f}, CPU {ratio(ours, theirs, 1):.2f}")
print(f"large scenario to small: throughput {ratio('large-webhook', 'standin-webhook', 0):.2f}; its load and check: {load:.2f} s")
starts = [line.split() for line in open(f"{work}/starts")]
start = {name: [float(time) for known, time in starts if known == name] for name in ("bare", "standin")}
print(f"start to first 200: bare {s.median(start['bare']):.2f} ms, standin {s.median(start['standin']):.2f} ms,"
      f" ratio {s.median(b / a for a, b in zip(start['bare'], start['standin'])):.2f}")
memory = [line.split() for line in open(f"{work}/memory")]
print(f"memory: idle {idle / 1024:.1f} MiB; " + "; ".join(f"after {int(n):,}: {int(kib) / 1024:.1f} MiB" for n, kib in memory))
PY
