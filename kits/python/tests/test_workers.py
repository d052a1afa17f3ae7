"""pytest-xdist: one server for all workers."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import PYTHON, processes
from test_server import has_ended

SUITE = """
import os, pytest
from conftest import rename

@pytest.mark.parametrize("number", range(30))
def test_renamed(standin, number, request):
    if number % 3:
        standin.fault("chert.chats.rename", error="4001", when={"first": number % 3})
    standin.expect("chert.chats.rename", calls={"exactly": number % 3 + 1})
    statuses = [rename(standin, f"Name {number}")[0] for _ in range(number % 3 + 1)]
    assert statuses[-1] == 200 and standin.chat("ch_01H").name == f"Name {number}"
    assert len(standin.journal()) == number % 3 + 1
    told = request.config.rootpath / "told"
    told.mkdir(exist_ok=True)
    (told / str(number)).write_text(f"{standin.url} {os.getpid()}")
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STANDIN_CONTROL_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(conftest=(Path(__file__).parent / "conftest.py").read_text().replace('pytest_plugins = ["pytester"]', ""))


def test_thirty_tests_in_four_workers_use_one_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    # The argument marks the servers of this run among the processes of this machine.
    mark = f"mark-{os.getpid()}.example"
    pytester.makeini(f"[pytest]\nstandin_args = --deliver-to {mark}\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-n4")
    result.assert_outcomes(passed=30)
    told = [file.read_text().split() for file in (pytester.path / "told").iterdir()]
    assert len({url for url, _ in told}) == 1
    assert len({worker for _, worker in told}) > 1
    assert processes(mark) == []


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_no_server_is_left_when_the_runner_is_killed(pytester: pytest.Pytester, workers: "list[str]") -> None:
    # Each worker tells that it is in a test, and stays there.
    pytester.makepyfile(
        """
import os, pytest

@pytest.mark.parametrize("number", [1, 2])
def test_stays(standin, number, request):
    with open(request.config.rootpath / "told", "w") as told:
        told.write(f"{os.getpid()}\\n")
    with open(request.config.rootpath / "stay"):
        pass
"""
    )
    os.mkfifo(pytester.path / "told")
    os.mkfifo(pytester.path / "stay")
    mark = f"mark-{os.getpid()}-{len(workers)}.example"
    pytester.makeini(f"[pytest]\nstandin_args = --deliver-to {mark}\n")
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, str(pytester.path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=pytester.path) as runner:
        with open(pytester.path / "told") as told:
            worker = int(told.readline())
        servers = processes(mark)
        # The runner's own command line does not have the mark: it is in the ini file.
        assert len(servers) == 1
        runner.send_signal(signal.SIGKILL)
        runner.wait()
        assert has_ended(servers[0])
        # What stays in a test is set free.
        if workers:
            os.kill(worker, signal.SIGKILL)
