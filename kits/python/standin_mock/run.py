"""The server of a test run of pytest."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import pytest

from .errors import StandinError
from .judgement import Rules, rules_of
from .scenario import is_path
from .server import Server
from .tls import Tls, Trust


class Options(NamedTuple):
    """What the command line and the ini file say."""

    scenario: Optional[Path]
    seed: Optional[int]
    tls: bool
    rules: Rules
    url: Optional[str]
    arguments: List[str]


def options_of(config: pytest.Config) -> Options:
    """Reads the options. The command line comes before the ini file."""
    scenario = _path(config.getoption("--standin-scenario"), config.invocation_params.dir)
    base = config.rootpath if config.inipath is None else config.inipath.parent
    try:
        rules = rules_of(config.getoption("--standin-rules") or config.getini("standin_rules") or "error")
    except StandinError as error:
        raise pytest.UsageError(f"standin: {error}") from error
    seed = config.getoption("--standin-seed")
    if seed is None and config.getini("standin_seed"):
        seed = config.getini("standin_seed")
        if not str(seed).isdigit():
            raise pytest.UsageError(f"`standin_seed` is `{seed}`, which is no whole number")
    return Options(
        scenario=scenario or _path(config.getini("standin_scenario"), base),
        seed=None if seed is None else int(seed),
        tls=bool(config.getoption("--standin-tls") or config.getini("standin_tls")),
        rules=rules,
        url=config.getoption("--standin-url") or config.getini("standin_url") or None,
        arguments=list(config.getini("standin_args")),
    )


class Run:
    """The one server of a run. It starts when a test needs it, in the controller if there are workers."""

    def __init__(self, options: Options, told: Optional[Mapping[str, Any]]) -> None:
        self._options = options
        self._told = told
        self._server: Optional[Server] = None
        self._trust: Optional[Trust] = None
        self._lock = threading.Lock()
        self._is_own = False

    def server(self) -> Server:
        """The server."""
        with self._lock:
            if self._server is None:
                self._server = self._found()
            return self._server

    def trust(self) -> None:
        """Lets clients trust the server, if it is to have https. That must happen before tests and their clients are imported."""
        wanted = self._options.tls if self._told is None else self._told.get("ca_file")
        if not wanted:
            return
        try:
            tls = self.server().tls
        except StandinError:
            return  # The first test that needs the server says why there is none.
        if tls is not None:
            self._trust = Trust(tls)

    def for_workers(self) -> Dict[str, Any]:
        """What a worker is told: where the server is, or why there is none."""
        try:
            server = self.server()
        except StandinError as error:
            return {"error": str(error)}
        told: Dict[str, Any] = {"url": server.control.url, "own": self._is_own}
        if server.tls is not None:
            told.update(https_url=server.tls.url, ca_file=server.tls.ca_file)
        return told

    def wanted(self, item: pytest.Item, marked: Dict[str, Any], handlers: Mapping[str, str]) -> Dict[str, Any]:
        """How the namespace of a test is made."""
        wanted: Dict[str, Any] = {"rules": self._options.rules, **marked}
        # What stands at the test itself counts more; `handlers={}` there means none.
        wanted["handlers"] = marked.get("handlers", handlers) or None
        wanted["rules"] = rules_of(wanted["rules"])
        scenario = marked.get("scenario")
        if scenario is not None:
            wanted["scenario"] = item.path.parent / scenario if is_path(scenario) else scenario
        elif not self._is_own:
            # A server that runs already serves a scenario of its own choice.
            wanted["scenario"] = self._options.scenario
            wanted.setdefault("seed", self._options.seed)
        return wanted

    def end(self) -> None:
        """Stops the server, if this process has started it."""
        if self._trust is not None:
            self._trust.undo()
        if self._server is not None:
            self._server.stop()

    def _found(self) -> Server:
        token = os.environ.get("STANDIN_CONTROL_TOKEN")
        if self._told is not None:
            if "error" in self._told:
                raise StandinError(self._told["error"])
            self._is_own = self._told["own"]
            return Server.at(self._told["url"], token=token, tls=_tls(self._told.get("https_url"), self._told.get("ca_file")))
        environment = os.environ.get
        url = self._options.url or environment("STANDIN_CONTROL_URL")
        if url:
            tls = _tls(environment("STANDIN_HTTPS_URL"), environment("STANDIN_CA"))
            return Server.at(url, token=token, tls=tls)
        self._is_own = True
        options = self._options
        return Server(options.scenario, seed=options.seed, tls=options.tls, arguments=options.arguments).start()


def _tls(url: Optional[str], ca_file: Optional[str]) -> Optional[Tls]:
    return Tls(url, ca_file) if url and ca_file else None


def _path(told: Optional[str], base: Path) -> Optional[Path]:
    return base / told if told else None
