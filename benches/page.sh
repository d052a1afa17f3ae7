#!/usr/bin/env bash
# Measures what watching costs: throughput of a rename with 0, 1 and 10 readers of the stream, in turns; the share of exchanges that a
# reader is sent; memory with readers that stall. Needs wrk (Debian: apt-get install wrk), curl and python3. Traffic stays on loopback.
#
#   benches/page.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-9} seconds=${2:-2}
. benches/common.sh

# Readers of the stream until they are killed, in a job of their own: readers COUNT FILE. The file gets how many rows came, and how many were
# missed.
readers() {
  exec python3 - "$port" "$1" "$2" <<'PY'
import json, os, signal, socket, sys, threading
port, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rows, missed = [0] * count, [0] * count
def read(place):
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(b"GET /__standin/stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
        event = ""
        for line in stream.makefile("rb"):
            if line.startswith(b"event: "):
                event = line[7:].strip()
                rows[place] += event == b"exchange"
            elif event == b"missed" and line.startswith(b"data: "):
                missed[place] += json.loads(line[6:])["exchanges"]
def end(*_):
    with open(path, "w") as file:
        file.write(f"{sum(rows)} {sum(missed)}\n")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
for place in range(count):
    threading.Thread(target=read, args=(place,), daemon=True).start()
signal.pause()
PY
}

start "${on_first[@]}" "$standin" serve --listen 127.0.0.1:$port --log off
before_wrk=("${on_second[@]}")
for _ in $(seq "$rounds"); do
  row readers-0
  for count in 1 10; do
    readers $count "$work/read-$count" & watching=$!
    sleep 0.5
    row readers-$count
    kill "$watching"; wait "$watching" 2>/dev/null || true
    cat "$work/read-$count" >> "$work/sent-$count"
  done
done

python3 - "$work" <<'PY'
import statistics, sys
work, found = sys.argv[1], {}
for line in open(f"{work}/rounds"):
    name, rate, cpu, _ = line.split()
    found.setdefault(name, []).append((float(rate), float(cpu)))
alone = found["readers-0"]
for name, rounds in found.items():
    rate, cpu = (statistics.median(column) for column in zip(*rounds))
    ratio = statistics.median(one[0] / base[0] for one, base in zip(rounds, alone))
    print(f"{name}: {rate:.0f} requests/s, {ratio:.3f} of those without readers; {cpu:.1f} CPU µs a request")
for count in (1, 10):
    rows, missed = (sum(int(line.split()[place]) for line in open(f"{work}/sent-{count}")) for place in (0, 1))
    print(f"{count} readers were sent {rows} rows and told that they missed {missed}")
PY

echo "memory before: $(resident) KiB"
python3 - "$port" <<'PY' & stalled=$!
import signal, socket
import sys
streams = []
for _ in range(10):
    stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream.sendall(b"GET /__standin/stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
    streams.append(stream)
signal.pause()
PY
sleep 0.5
seconds=10
round > /dev/null
echo "memory with ten readers that stall: $(resident) KiB"
round > /dev/null
echo "after as much traffic again: $(resident) KiB"
kill "$stalled"; wait "$stalled" 2>/dev/null || true
stop
