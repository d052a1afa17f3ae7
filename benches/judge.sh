#!/usr/bin/env bash
# Measures what watching a client costs, in turns in one run, and prints medians and ratios: throughput with the rules of
# conduct on and off, with and without the other edition; what `standin run` adds to its command; what a namespace takes.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/judge.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} seconds=${2:-4}
. benches/common.sh
{ cat scenarios/default.yaml; echo "rules: {bitrix24.other-edition: off}"; } > "$work/one-edition.yaml"
# By token both editions make the change, if the name is another one; a webhook breaks the rule about editions every time.
cat > "$work/token.lua" <<'LUA'
local number = 0
function request()
  number = number + 1
  return wrk.format("POST", nil, {["content-type"] = "application/json", authorization = "Bearer access-token"},
    '{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"Name ' .. number .. '"}')
end
LUA

serve() { start "$standin" serve "$@" --listen 127.0.0.1:$port --log off; }
both() { row "$1/webhook"; row "$1/token" "$work/token.lua" "" /rest/imconnector.chat.name.set; }

echo "rounds of ${seconds}s, 32 connections, journal on, exchange log off" >&2
for i in $(seq "$rounds"); do
  serve;                                  both off; stop
  serve "$work/one-edition.yaml" --judge; both rules; stop
  serve --judge;                          both editions; stop
done

echo "standin run, 40 times each" >&2
python3 - "$standin" > "$work/runs" <<'PY'
import subprocess, sys, time
ways = {"true": ["true"], "run": [sys.argv[1], "run", "--", "true"], "tls": [sys.argv[1], "run", "--tls", "--", "true"]}
for _ in range(40):
    for name, command in ways.items():
        began = time.perf_counter()
        subprocess.run(command, stderr=subprocess.DEVNULL, check=True, timeout=20)
        print(name, (time.perf_counter() - began) * 1e3)
PY

echo "1,000 namespaces" >&2
serve
python3 - "$port" "$server" > "$work/spaces" <<'PY'
import http.client, sys, time
def resident():
    return int(next(line for line in open(f"/proc/{sys.argv[2]}/status") if line.startswith("VmRSS")).split()[1])
client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
before = resident()
for _ in range(1_000):
    began = time.perf_counter()
    client.request("POST", "/__standin/namespaces")
    answer = client.getresponse()
    assert answer.status == 201 and answer.read()
    print("made", (time.perf_counter() - began) * 1e3)
print("memory", (resident() - before) / 1_000)
PY
stop

python3 - "$work" <<'PY'
import statistics as s, sys
def rows(name):
    found = {}
    for line in open(f"{sys.argv[1]}/{name}"):
        key, *figures = line.split()
        found.setdefault(key, []).append([float(figure) for figure in figures])
    return found
rounds, runs, spaces = rows("rounds"), rows("runs"), rows("spaces")
label = {"off": "no rule", "rules": "every rule but the other edition", "editions": "every rule"}
print("| watched | by | requests/s | CPU µs a request | p99 µs |\n| --- | --- | --- | --- | --- |")
for name, values in rounds.items():
    rate, cpu, p99 = (s.median(column) for column in zip(*values))
    watched, by = name.split("/")
    print(f"| {label[watched]} | {by} | {rate:,.0f} | {cpu:.1f} | {p99:,.0f} |")
def ratio(a, b, column):
    return s.median(x[column] / y[column] for x, y in zip(rounds[a], rounds[b]))
print()
for by in ("webhook", "token"):
    print(f"by {by}: every rule to none: throughput {ratio(f'editions/{by}', f'off/{by}', 0):.2f}; "
          f"without the other edition {ratio(f'rules/{by}', f'off/{by}', 0):.2f}; "
          f"CPU with the other edition to without {ratio(f'editions/{by}', f'rules/{by}', 1):.2f}")
alone = s.median(x[0] for x in runs["true"])
for way in ("run", "tls"):
    print(f"standin run{' --tls' * (way == 'tls')} adds {s.median(x[0] for x in runs[way]) - alone:.1f} ms to its command")
print(f"a namespace: made in {s.median(x[0] for x in spaces['made']):.2f} ms, HTTP included; holds {spaces['memory'][0][0]:.1f} KiB")
PY
