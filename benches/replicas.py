"""Measures one, two and three replicas behind HAProxy: renames a second, and the share of CPU time that each process takes. Needs haproxy,
openssl and wrk (Debian: apt-get install haproxy openssl wrk). Traffic stays on loopback.

    cargo build --profile dist
    python benches/replicas.py [ROUNDS] [SECONDS]
"""

import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy"))
import fleet  # noqa: E402

PROGRAM = str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "dist" / "standin")
NAMESPACES = 30


def cpu(process):
    """The CPU time of a process so far, in seconds."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def script(made, path):
    """A script of wrk that renames in one namespace after the other."""
    paths = [one["environment"]["BITRIX24_WEBHOOK_URL"].split("/", 3)[3] for one in made]
    body = json.dumps({**fleet.CHAT, "NAME": "New name"})
    lines = ",".join(f'"/{one}{fleet.METHOD}"' for one in paths)
    path.write_text(
        f"local paths = {{{lines}}}\nlocal at = 0\nlocal fields = {{['content-type'] = 'application/json'}}\n"
        f"request = function() at = at % #paths + 1 return wrk.format('POST', paths[at], fields, '{body}') end\n"
    )


def measure(count, seconds):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        servers = fleet.Fleet(PROGRAM, pathlib.Path(folder))
        stack.callback(servers.stop)
        names = fleet.REPLICAS[:count]
        for name in names:
            servers.start(name)
        for name in names:
            fleet.within(20, name, lambda name=name: servers.is_up(name))
        servers.balance()
        # Until it has looked, the balancer believes that all three are there.
        wanted = f"{servers.url}/__standin/namespaces"
        fleet.within(20, "the balancer", lambda: all(fleet.control(wanted, "POST")[0] == 201 for _ in range(6)))
        made = [fleet.make(servers, number) for number in range(NAMESPACES)]
        lua = pathlib.Path(folder) / "rename.lua"
        script(made, lua)
        before = {name: cpu(process) for name, process in servers.processes.items()}
        done = subprocess.run(
            ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", lua, servers.url], capture_output=True, text=True, check=True
        )
        assert "Non-2xx" not in done.stdout, done.stdout
        taken = {name: (cpu(process) - before[name]) / float(seconds) for name, process in servers.processes.items()}
        rate = float(next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Requests/sec")))
        return rate, taken


def main(rounds, seconds):
    found = {1: [], 2: [], 3: []}
    for _ in range(rounds):
        for count, all_of in found.items():
            all_of.append(measure(count, seconds))
    for count, all_of in found.items():
        rate = statistics.median(rate for rate, _ in all_of)
        shares = {name: statistics.median(taken[name] for _, taken in all_of) for name in all_of[0][1]}
        shown = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())
        print(f"{count} replicas: {rate:,.0f} renames a second; of a core: {shown}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
