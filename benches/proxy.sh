#!/usr/bin/env bash
# Measures `standin proxy` beside a bare proxy of hyper, in turns in one run, in front of the same `standin serve`, and prints medians.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/proxy.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-15} seconds=${2:-1}
. benches/common.sh
cargo build --profile dist --quiet --features bare-hyper --bin bare_proxy
bare_proxy=${CARGO_TARGET_DIR:-target}/dist/bare_proxy

declare -A servers urls
first_port=$port
# up NAME COMMAND...   ADDRESS stands for an address of its own
up() {
  port=$((port + 1)) url=http://127.0.0.1:$port
  local command=("${@:2}")
  start "${command[@]/#ADDRESS/127.0.0.1:$port}"
  servers[$1]=$server urls[$1]=$url
}
up service "$standin" serve --listen ADDRESS --log off
upstream=$url
up bare "${on_first[@]}" "$bare_proxy" ADDRESS "${upstream#http://}"
up proxy "${on_first[@]}" "$standin" proxy "$upstream" --listen ADDRESS --log off
up log "${on_first[@]}" "$standin" proxy "$upstream" --listen ADDRESS --log text
up keep "${on_first[@]}" "$standin" proxy "$upstream" --listen ADDRESS --log off --keep 1000

echo "$rounds rounds of ${seconds}s, 32 connections, then one connection" >&2
before_wrk=("${on_second[@]}")
for i in $(seq "$rounds"); do
  for name in bare proxy log keep; do
    server=${servers[$name]} url=${urls[$name]}
    row "$name"
  done
  # Sequential requests over one connection, to the service itself and through each.
  python3 - "${urls[service]}" "${urls[bare]}" "${urls[proxy]}" "${urls[log]}" "${urls[keep]}" >> "$work/latency" <<'PY'
import http.client, statistics, sys, time
body = b'{"CONNECTOR":"connector","LINE":105,"CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"New dialog name"}'
names = ["service", "bare", "proxy", "log", "keep"]
clients = [http.client.HTTPConnection(url.removeprefix("http://"), timeout=20) for url in sys.argv[1:]]
times = {name: [] for name in names}
# In turns, so that what disturbs one disturbs all.
for turn in range(300):
    for name, client in zip(names, clients):
        began = time.perf_counter()
        client.request("POST", "/rest/1/webhook-secret/imconnector.chat.name.set", body, {"content-type": "application/json"})
        answer = client.getresponse()
        answer.read()
        times[name].append((time.perf_counter() - began) * 1e6)
        assert answer.status == 200
print(*(f"{name}={statistics.median(all[50:])}" for name, all in times.items()))
PY
done
for name in bare proxy log keep service; do server=${servers[$name]}; stop; done

python3 - "$work" <<'PY'
import statistics as s, sys
work = sys.argv[1]
rows = {}
for line in open(f"{work}/rounds"):
    name, *figures = line.split()
    rows.setdefault(name, []).append([float(figure) for figure in figures])
latency = {}
for line in open(f"{work}/latency"):
    for part in line.split():
        name, value = part.split("=")
        latency.setdefault(name, []).append(float(value))
titles = {"bare": "bare hyper", "proxy": "standin proxy", "log": "standin proxy with `--log text`", "keep": "standin proxy with `--keep 1000`"}
print("| proxy | requests/s | CPU µs a request | CPU ÷ bare hyper | added to an answer, µs |\n| --- | --- | --- | --- | --- |")
for name, title in titles.items():
    rate, cpu, _ = (s.median(column) for column in zip(*rows[name]))
    ratio = s.median(a[1] / b[1] for a, b in zip(rows[name], rows["bare"]))
    added = s.median(a - b for a, b in zip(latency[name], latency["service"]))
    print(f"| {title} | {rate:,.0f} | {cpu:.1f} | {ratio:.2f} | {added:.0f} |")
print(f"\na rename without a proxy: {s.median(latency['service']):.0f} µs")
PY
