"""The plugin of pytest with a server that runs already."""

from __future__ import annotations

import pytest
from test_plugin import clean, run

from standin_mock import Server

__all__ = ["clean"]


USES = """
def test_used(standin, request):
    assert rename(standin, "New") == [200]
    (request.config.rootpath / "url").write_text(standin.url)
"""


@pytest.mark.parametrize("how", ["option", "ini", "environment"])
@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_a_server_that_runs_already_is_used(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch, how: str, workers: "list[str]"
) -> None:
    arguments = [*workers, *([f"--standin-url={server.url}"] if how == "option" else [])]
    if how == "ini":
        pytester.makeini(f"[pytest]\nstandin_url = {server.url}\n")
    if how == "environment":
        monkeypatch.setenv("STANDIN_CONTROL_URL", server.control.url)
    result = run(pytester, USES, *arguments)
    result.assert_outcomes(passed=1)
    assert (pytester.path / "url").read_text() == server.url
    # The namespace was dropped.
    names = [one["namespace"] for one in server.control.ask("GET", "/namespaces")["namespaces"]]
    assert not [name for name in names if name.startswith("test_used")]


def test_a_name_that_is_taken_gets_another_one(pytester: pytest.Pytester, server: Server) -> None:
    tests = """
def test_twice(standin, standin_server, request):
    with standin_server.namespace(standin.name + "x"):
        pass
    (request.config.rootpath / "name").write_text(standin.name)
"""
    names = []
    taken = None
    for _ in range(3):
        run(pytester, tests, f"--standin-url={server.url}").assert_outcomes(passed=1)
        names.append((pytester.path / "name").read_text())
        taken = taken or (server.namespace(names[0]) if len(names) == 2 else None)
    assert taken is not None
    taken.end()
    # The same test has the same name in each run, so that draws are the same.
    assert names[0] == names[1] != names[2]
