# What the measurements share: a server under load, its CPU time and its memory. To be sourced in the project's folder.
port=18480 url=http://127.0.0.1:18480
work=$(mktemp -d)
server=
# What still runs in the background ends with the script.
trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done; rm -rf "$work"' EXIT
fail() { echo "$0: $*" >&2; exit 3; }
command -v wrk >/dev/null || fail "wrk is missing: apt-get install wrk"

# The feature adds a binary and changes no other.
cargo build --profile dist --quiet --features bare-hyper --bin standin --bin bare_hyper
standin=${CARGO_TARGET_DIR:-target}/dist/standin bare=${CARGO_TARGET_DIR:-target}/dist/bare_hyper

# A rename of the chat CHAT as a script of wrk: rename FILE CHAT
rename() {
  cat > "$1" <<LUA
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"CONNECTOR":"connector","LINE":"${3:-105}","CHAT_ID":"$2","NAME":"New dialog name"}'
LUA
}
rename "$work/rename.lua" 47e007b1-ee15-43db-bcba-1c26e5884d3f

# Server and load generator each on a core of its own, so that neither moves: to be put before a command.
on_first=() on_second=()
if [ "$(nproc)" -ge 2 ] && command -v taskset >/dev/null; then on_first=(taskset -c 0) on_second=(taskset -c 1); fi
# What comes before each wrk.
before_wrk=()

# Asks COMMAND again and again until it succeeds: within SECONDS WHAT COMMAND...
within() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -le "$end" ] || fail "$what does not come about"
    sleep 0.02
  done
}
answers() {
  curl -s -m 5 -o /dev/null "$url/" && return
  kill -0 "$server" 2>/dev/null || { cat "$work/talk" >&2; fail "the server ended"; }
  return 1
}
start() {
  "$@" >/dev/null 2>"$work/talk" & server=$!
  within 20 "an answer of \`$1\` at $url" answers
}
# wrk ends by itself; a server that hangs must not hold it: generate SECONDS ARGUMENT...
generate() {
  local limit=$(($1 + 30)); shift
  timeout "$limit" "${before_wrk[@]}" wrk "$@" > "$work/wrk" || { cat "$work/wrk" >&2; fail "wrk failed, or did not end in $limit s"; }
}
has_ended() { ! kill -0 "$server" 2>/dev/null; }
stop() { kill "$server"; within 20 "the end of the server" has_ended; server=; }
ticks() { awk '{print $14 + $15}' "/proc/$server/stat"; }
resident() { awk '/VmRSS/ {print $2}' "/proc/$server/status"; }

# One round: throughput in requests/s, CPU time per request in microseconds, p99 in microseconds.
#   round [SCRIPT [EXPECTED [PATH]]]   EXPECTED: "errors" when every answer is to be one
round() {
  local before after
  before=$(ticks)
  generate "$seconds" -t1 -c32 -d"${seconds}s" --latency -s "${1:-$work/rename.lua}" "$url${3:-/rest/1/webhook-secret/imconnector.chat.name.set}"
  after=$(ticks)
  python3 - "$work/wrk" "$((after - before))" "$(getconf CLK_TCK)" "${2:-}" <<'PY'
import re, sys
text, ticks, hertz = open(sys.argv[1]).read(), int(sys.argv[2]), int(sys.argv[3])
requests = int(re.search(r"(\d+) requests in", text)[1])
number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
p99 = float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
assert int(errors[1] if errors else 0) == (requests if sys.argv[4] == "errors" else 0), text
print(re.search(r"Requests/sec:\s+([\d.]+)", text)[1], ticks / hertz * 1e6 / requests, p99)
PY
}

# A round as a line of the file of rounds: row NAME [ARGUMENTS OF round]
row() {
  local figures
  figures=$(round "${@:2}")
  echo "$1 $figures" | tee -a "$work/rounds" >&2
}
