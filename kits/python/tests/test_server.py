"""Servers, and the program that they are."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import EVENTS, PYTHON, rename

from standin_mock import NoAnswer, ProgramNotFound, Refused, Server, ServerNotStarted, StandinError, find_program


def test_the_program_is_the_one_that_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = find_program()
    monkeypatch.setenv("STANDIN_BIN", there)
    assert find_program() == there
    monkeypatch.setenv("STANDIN_BIN", str(tmp_path / "nothing"))
    with pytest.raises(ProgramNotFound, match="which is no program"):
        Server().start()


def test_without_a_program_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STANDIN_BIN", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("standin_mock.program.DISTRIBUTION", "no-such-distribution")
    with pytest.raises(ProgramNotFound, match="install it with `pip install no-such-distribution`"):
        find_program()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text("standin: 1\nname: wrong\ncolour: blue\n")
    with pytest.raises(ServerNotStarted, match="there is no key `colour` here"):
        Server(scenario).start()
    with pytest.raises(ServerNotStarted, match="the server is not running"):
        Server().url


def test_scenario_seed_and_arguments_reach_the_server(tmp_path: Path) -> None:
    scenario = tmp_path / "-events.yaml"
    scenario.write_text(EVENTS)
    with Server(scenario, seed=7, arguments=["--handler", "app=http://127.0.0.1:9/"]) as server:
        health = server.control.ask("GET", "/health")
        assert (health["scenario"], health["seed"]) == ("events", 7)
        world = server.namespace(seed=8)
        assert world.request("GET", "/health")["seed"] == 8
        assert world.act("bitrix24.operator.write", connector="connector", line=105, chat="chat-1", text="x")["events"]
        assert world.outbox()[0].handler["url"] == "http://127.0.0.1:9/"


def test_variables_of_the_environment_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_SCENARIO", "/no/such/file.yaml")
    monkeypatch.setenv("STANDIN_WORKERS", "none")
    with Server() as server:
        assert server.control.ask("GET", "/health")["scenario"] == "default"


def test_a_server_that_runs_already_is_used_and_left_alone(server: Server) -> None:
    for url in (server.url, server.url + "/", server.control.url):
        with Server.at(url) as other:
            assert other.url == server.url and other.pid is None
            with other.namespace() as world:
                assert rename(world, "x")[0] == 200
    assert server.control.ask("GET", "/health")["status"] == "ok"


def test_scenarios_of_namespaces(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events.yaml"
    file.write_text(EVENTS)
    mapping = {"standin": 1, "name": "a mapping", "chert": {"tenants": [{"slug": "t", "signing_secret": "secret-of-t"}]}}
    for scenario, name in ((file, "events"), (str(file), "events"), (EVENTS, "events"), (mapping, "a mapping")):
        with server.namespace(scenario=scenario) as world:
            assert world.request("GET", "/health")["scenario"] == name
    with pytest.raises(StandinError, match="cannot be read: No such file"):
        server.namespace(scenario=tmp_path / "nothing.yaml")
    with pytest.raises(Refused, match="no handler called `nobody`"):
        server.namespace(scenario=EVENTS, handlers={"nobody": "http://127.0.0.1:9/"})


@pytest.mark.parametrize("url", ["localhost:18099", "nonsense", "http://", "ftp://127.0.0.1/"])
def test_a_text_that_is_no_url_is_told(url: str) -> None:
    with pytest.raises(StandinError, match=f"`{url}` is no URL of a server: type one such as"):
        Server.at(url)


def test_a_server_that_is_gone_is_told() -> None:
    with Server() as server:
        world = server.namespace()
        url = server.url
    with pytest.raises(NoAnswer, match=f"the server at {url} does not answer"):
        world.journal()
    server.stop()


KEEPS_A_SERVER = """
import sys
from standin_mock import Server
server = Server(tls="tls" in sys.argv).start()
print(server.pid, flush=True)
"""


def pid_of(child: "subprocess.Popen[str]") -> int:
    assert child.stdout is not None
    return int(child.stdout.readline())


def has_ended(pid: int) -> bool:
    """Waits until a process that is not a child has ended."""
    try:
        waiting = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    import select

    poll = select.poll()
    poll.register(waiting, select.POLLIN)
    ended = bool(poll.poll(20_000))
    os.close(waiting)
    return ended


@pytest.mark.parametrize("how", ["exit", "kill", "fork"])
def test_no_server_is_left_behind(how: str) -> None:
    more = {
        "exit": "",
        "kill": "sys.stdin.read()",
        # A child that was forked has the pipe too, and lives on.
        "fork": "import os\nif os.fork() == 0:\n    print('forked', flush=True)\nsys.stdin.read()",
    }
    pipe: Any = subprocess.PIPE
    with subprocess.Popen([PYTHON, "-c", KEEPS_A_SERVER + more[how]], stdin=pipe, stdout=pipe, text=True) as child:
        pid = pid_of(child)
        if how == "fork":
            assert child.stdout is not None and child.stdout.readline() == "forked\n"
        if how != "exit":
            child.send_signal(signal.SIGKILL)
        child.wait()
        assert has_ended(pid)
        assert child.stdin is not None
        child.stdin.close()


def test_files_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Server():
        # A server that is killed leaves nothing.
        assert list(tmp_path.iterdir()) == []
    with Server(tls=True) as server:
        assert server.tls is not None and Path(server.tls.ca_file).parent.parent == tmp_path
    assert list(tmp_path.iterdir()) == []
