#!/usr/bin/env bash
# Loads a judging server for a long time with half of what it can take, with faults, with namespaces that are made, used,
# reset and dropped, and with a scenario that changes every ten seconds; then accounts for every exchange.
# Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/soak.sh [MINUTES]
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-20} seconds=5
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
# Renames of both vendors, a batch, and a chat that does not exist; MILLISECONDS between two requests of a connection.
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
  [ "$1" = 0 ] || echo "function delay() return $1 end"
}
load() { wrk -t1 -c"$1" -d"$2" -s "$work/$3.lua" "$url/" > "$work/wrk-$3"; awk '/Requests\/sec/ {print int($2)}' "$work/wrk-$3"; }
mixture 0 > "$work/full.lua"
mixture 2 > "$work/half.lua"

scenario 0 > "$work/scenario.yaml"
start "$standin" serve "$work/scenario.yaml" --watch --judge --listen 127.0.0.1:$port --log off
most=$(load 32 "${seconds}s" full)
stop

start "$standin" serve "$work/scenario.yaml" --watch --judge --listen 127.0.0.1:$port --log off
( edition=0; while sleep 10; do
    edition=$((edition + 1)); scenario "$edition" > "$work/next.yaml"; mv "$work/next.yaml" "$work/scenario.yaml"; echo "$edition" > "$work/editions"
  done ) & reloads=$!
( while sleep 10; do resident >> "$work/memory"; done ) & samples=$!
touch "$work/goes-on"
python3 - "$port" "$work" > "$work/spaces" <<'PY' & spaces=$!
import collections, http.client, json, os, sys, time
port, work = int(sys.argv[1]), sys.argv[2]
client = http.client.HTTPConnection("127.0.0.1", port)
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
# A minute at a time, each with as many connections as the one before says that half the load needs.
connections=32
for minute in $(seq "$minutes"); do
  rate=$(load "$connections" 1m half)
  echo "$connections $rate $(awk '/requests in/ {print $1}' "$work/wrk-half") $(awk '/Socket errors/ {gsub(",", ""); print $4, $6, $8, $10}' "$work/wrk-half")" >> "$work/minutes"
  connections=$((connections * most / 2 / rate + 1))
done
rm "$work/goes-on"
wait "$spaces"
kill "$reloads" "$samples"

curl -s "$url/__standin/metrics" > "$work/metrics"
curl -s "$url/__standin/journal" > "$work/journal"
python3 - "$work" "$most" <<'PY'
import json, re, statistics as s, sys
work, most = sys.argv[1], int(sys.argv[2])
read = lambda name: open(f"{work}/{name}").read()
metrics = read("metrics")
minutes = [[int(figure) for figure in line.split()] for line in read("minutes").splitlines()]
exchanges = sum(int(count) for count in re.findall(r"^standin_exchanges_total\{.*\} (\d+)$", metrics, re.M))
value = lambda name: int(re.search(rf"^{name} (\d+)$", metrics, re.M)[1])
evicted, kept = value("standin_journal_evicted_total"), len(json.loads(read("journal"))["entries"])
made, calls = (int(figure) for figure in read("spaces").split())
answered = sum(minute[2] for minute in minutes)
# What was under way when a minute ended is in the journal and has no answer that anybody read.
connections = sum(minute[0] for minute in minutes)
errors = [sum(column) for column in zip(*(minute[3:] or [0] * 4 for minute in minutes))]
fired = sum(int(count) for count in re.findall(r"^standin_faults_fired_total\{.*\} (\d+)$", metrics, re.M))
lost = sum(int(count) for count in re.findall(r'^standin_faults_fired_total\{fault="lost"\} (\d+)$', metrics, re.M))
memory = [int(line) / 1024 for line in read("memory").split()]
part = max(1, len(memory) // 10)
print(f"{answered:,} answers at {s.median(minute[1] for minute in minutes):,.0f} requests/s, half of {most:,} being {most // 2:,}; "
      f"{calls:,} more in {made:,} namespaces; {read('editions').strip()} other scenarios; {fired:,} fired faults")
print("memory in MiB, medians of ten parts: " + ", ".join(f"{s.median(memory[i * part:(i + 1) * part]):.1f}" for i in range(len(memory) // part)))
print(f"{exchanges:,} exchanges = {evicted:,} evicted + {kept:,} in the journal")
print(f"{exchanges - answered - calls:,} exchanges beyond the answers: {lost:,} lost by a fault, the rest under way when one of {len(minutes)} minutes ended; "
      f"errors of the client's sockets: connect {errors[0]}, read {errors[1]}, write {errors[2]}, timeout {errors[3]}")
assert exchanges == evicted + kept, "an exchange is in no journal, or in two"
assert 0 <= exchanges - answered - calls - lost <= connections, "exchanges are missing"
PY
