#!/usr/bin/env bash
# Loads a judging server for a long time with half of what it can take, with faults, with namespaces that are made, used,
# reset and dropped, and with a scenario that changes every ten seconds; then accounts for every exchange.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/soak.sh [MINUTES]
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-20} connections=64
. benches/common.sh

scenario() {
  cat scenarios/default.yaml
  cat <<YAML
faults:
  - {name: fails, on: bitrix24.imconnector.chat.name.set, when: {probability: 0.05}, error: CHAT_RENAMING_FAILED}
  - {name: is slow, on: bitrix24, when: {every: 500}, delay: {uniform: [1ms, 20ms]}}
  - {name: lost, on: chert.chats.rename, when: {every: 1000}, wire: reset, applied: true}
  - {name: "later, edition $1", on: chert.chats.rename, when: {every: 50}, error: 4001, applied: {later: 100ms}}
YAML
}
# Renames of both vendors, a batch, and a chat that does not exist: mixture [REQUESTS_A_SECOND], which are kept by the clock.
mixture() {
  cat <<LUA
local json, number = {["content-type"] = "application/json"}, 0
local chert = {["content-type"] = "application/json", authorization = "Bearer 5f4dcc3b5aa765d61d8327deb882cf99"}
local chat = '{"CONNECTOR":"connector","LINE":"105","CHAT_ID":"47e007b1-ee15-43db-bcba-1c26e5884d3f","NAME":"'
local command = "imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=sleeping-chat&NAME="
function request()
  number = number + 1
  local kind = number % 10
  if kind < 6 then
    return wrk.format("POST", "/rest/1/webhook-secret/imconnector.chat.name.set", json, chat .. number .. '"}')
  elseif kind < 8 then
    return wrk.format("PUT", "/api/v1/chats/ch_01H", chert, '{"display_name":"' .. number .. '"}')
  elseif kind == 8 then
    return wrk.format("POST", "/rest/1/webhook-secret/batch", json, '{"cmd":["' .. command .. number .. '","' .. command .. '"]}')
  end
  return wrk.format("PUT", "/api/v1/chats/nowhere-" .. number, chert, '{"display_name":"n"}')
end
LUA
  [ -z "${1:-}" ] || cat <<LUA
local ffi = require("ffi")
ffi.cdef("struct timeval { long s, us; }; int gettimeofday(struct timeval *, void *);")
local now, start, turn = ffi.new("struct timeval"), nil, 0
function delay()
  ffi.C.gettimeofday(now, nil)
  local time = tonumber(now.s) + tonumber(now.us) / 1e6
  start, turn = start or time, turn + 1
  return math.max(0, math.floor((start + turn / $1 - time) * 1000))
end
LUA
}
load() { generate "$1" -t1 -c$connections -d"$1s" -s "$work/$2.lua" "$url/"; mv "$work/wrk" "$work/wrk-$2"; }
figure() { awk "$2" "$work/wrk-$1"; }

scenario 0 > "$work/scenario.yaml"
start "$standin" serve "$work/scenario.yaml" --watch --judge --listen 127.0.0.1:$port --log off
mixture > "$work/full.lua"
load 20 full
most=$(figure full '/Requests\/sec/ {print int($2)}')
stop

start "$standin" serve "$work/scenario.yaml" --watch --judge --listen 127.0.0.1:$port --log off
mixture $((most / 2)) > "$work/half.lua"
( edition=0; sleep 5; while sleep 10; do
    edition=$((edition + 1)); scenario "$edition" > "$work/next.yaml"; mv "$work/next.yaml" "$work/scenario.yaml"; echo "$edition" > "$work/editions"
  done ) & reloads=$!
( while sleep 10; do resident >> "$work/memory"; done ) & samples=$!
touch "$work/goes-on"
python3 - "$port" "$work" > "$work/spaces" <<'PY' & spaces=$!
import collections, http.client, json, os, sys, time
port, work = int(sys.argv[1]), sys.argv[2]
client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
def ask(method, path, body=None, headers={}):
    client.request(method, path, body and json.dumps(body), {"content-type": "application/json", **headers})
    answer = client.getresponse()
    text = answer.read()
    return answer.status, text and json.loads(text)
live, made, calls = collections.deque(), 0, 0
def drop():
    name, sent = live.popleft()
    # What its journal holds is what was sent to it since its reset, each once and in order.
    entries = ask("GET", f"/__standin/namespaces/{name}/journal")[1]["entries"]
    names = [json.loads(entry["request"]["body"]).get("NAME") for entry in entries]
    assert names == sent and [entry["number"] for entry in entries] == list(range(1, len(sent) + 1)), (name, names, sent)
    assert ask("DELETE", f"/__standin/namespaces/{name}")[0] == 200
while os.path.exists(f"{work}/goes-on"):
    status, space = ask("POST", "/__standin/namespaces")
    assert status == 201, space
    made += 1
    name, path = space["namespace"], "/rest/" + space["environment"]["BITRIX24_WEBHOOK_URL"].split("/rest/")[1]
    sent = []
    for call in range(made % 12 + 2):
        body = {"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": "47e007b1-ee15-43db-bcba-1c26e5884d3f", "NAME": f"{name}/{call}"}
        status, answer = ask("POST", f"{path}imconnector.chat.name.set", body)
        assert status in (200, 400), (status, answer)
        calls += 1
        sent.append(body["NAME"])
        if made % 5 == 0 and call == 3:
            ask("POST", f"/__standin/namespaces/{name}/reset")
            sent = []
    live.append((name, sent))
    if len(live) > 200:
        drop()
    time.sleep(0.02)
while live:
    drop()
print(made, calls)
PY
load $((minutes * 60)) half
rm "$work/goes-on"
wait "$spaces"
kill "$reloads" "$samples"

curl -s "$url/__standin/metrics" > "$work/metrics"
curl -s "$url/__standin/journal" > "$work/journal"
echo "$connections" "$(figure half '/requests in/ {print $1}')" "$(figure half '/Requests\/sec/ {print $2}')" \
  "$(figure half '/Socket errors/ {gsub(",", ""); print $4, $6, $8, $10}')" > "$work/answers"
python3 - "$work" "$most" <<'PY'
import json, re, statistics as s, sys
work, most = sys.argv[1], int(sys.argv[2])
read = lambda name: open(f"{work}/{name}").read()
metrics = read("metrics")
connections, answered, rate, *errors = (float(figure) for figure in read("answers").split())
exchanges = sum(int(count) for count in re.findall(r"^standin_exchanges_total\{.*\} (\d+)$", metrics, re.M))
value = lambda name: int(re.search(rf"^{name} (\d+)$", metrics, re.M)[1])
evicted, kept = value("standin_journal_evicted_total"), len(json.loads(read("journal"))["entries"])
made, calls = (int(figure) for figure in read("spaces").split())
fired = sum(int(count) for count in re.findall(r"^standin_faults_fired_total\{.*\} (\d+)$", metrics, re.M))
lost = sum(int(count) for count in re.findall(r'^standin_faults_fired_total\{fault="lost"\} (\d+)$', metrics, re.M))
memory = [int(line) / 1024 for line in read("memory").split()]
part = max(1, len(memory) // 10)
print(f"{answered:,.0f} answers at {rate:,.0f} requests/s, half of {most:,} being {most // 2:,}; "
      f"{calls:,} more in {made:,} namespaces; {read('editions').strip()} other scenarios; {fired:,} fired faults")
print("memory in MiB, medians of ten parts: " + ", ".join(f"{s.median(memory[i * part:(i + 1) * part]):.1f}" for i in range(len(memory) // part)))
print(f"{exchanges:,} exchanges = {evicted:,} evicted + {kept:,} in the journal")
# What was under way when the load ended is in the journal and has no answer that anybody read.
print(f"{exchanges - answered - calls:,.0f} exchanges beyond the answers: {lost:,} lost by a fault, the rest under way when the load "
      f"with its {connections:.0f} connections ended; errors of its sockets (connect, read, write, timeout): {errors or 'none'}")
assert exchanges == evicted + kept, "an exchange is in no journal, or in two"
assert 0 <= exchanges - answered - calls - lost <= connections, "exchanges are missing"
PY
