"""A server: one that this process starts, or one that runs already."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import IO, Any, List, Mapping, Optional, Sequence, Type, Union
from urllib.parse import urlsplit

from .control import Control
from .errors import ServerNotStarted, StandinError
from .expectation import given
from .judgement import Rules
from .program import find_program
from .scenario import Scenario, for_wire
from .tls import Tls, write_bundle
from .world import World

START_LIMIT = 30.0
"""Seconds that a server has to start."""

STOP_LIMIT = 5.0
"""Seconds that a server has to stop."""


class Server:
    """A server that this process starts. It ends with this process, however that ends.

    `scenario` is the path of a scenario file; without it, the built-in scenario is served. `tls` adds https.
    `arguments` are further arguments of `standin serve`, such as `["--deliver-to", "app:3000"]`.
    """

    def __init__(
        self,
        scenario: Union[str, "os.PathLike[str]", None] = None,
        *,
        seed: Optional[int] = None,
        tls: bool = False,
        arguments: Sequence[str] = (),
    ) -> None:
        self._command: List[str] = ["serve", "--listen", "127.0.0.1:0", "--log", "off", "--judge", "--until-stdin-closes"]
        self._wants_tls = tls
        if seed is not None:
            self._command += ["--seed", str(seed)]
        self._command += arguments
        if scenario is not None:
            self._command += ["--", os.fspath(scenario)]
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._owner = os.getpid()
        self._folder: Optional[Path] = None
        self._control: Optional[Control] = None
        self.tls: Optional[Tls] = None
        """The https side. `None`: the server has none."""

    @classmethod
    def at(cls, url: str, *, token: Optional[str] = None, tls: Optional[Tls] = None) -> Server:
        """A server that runs already, by its URL or by that of its control interface. `stop` leaves it alone."""
        base = url.rstrip("/")
        if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
            raise StandinError(f"`{url}` is no URL of a server: type one such as `http://127.0.0.1:8080`")
        if not urlsplit(base).path:
            base += "/__standin"
        server = cls()
        server._control = Control(base, token)
        server.tls = tls
        return server

    @property
    def control(self) -> Control:
        """The control interface."""
        if self._control is None:
            raise ServerNotStarted("the server is not running: call `start`, or use it in a `with` statement")
        return self._control

    @property
    def url(self) -> str:
        """The URL, such as `http://127.0.0.1:40123`."""
        place = urlsplit(self.control.url)
        return f"{place.scheme}://{place.netloc}"

    @property
    def pid(self) -> Optional[int]:
        """The ID of the process. `None`: this process has started none."""
        return None if self._process is None else self._process.pid

    def start(self) -> Server:
        """Starts the server, and returns when it is ready."""
        if self._control is not None:
            return self
        folder = self._folder = Path(tempfile.mkdtemp(prefix="standin-"))
        with tempfile.TemporaryFile() as told:
            try:
                self._launch(folder, told)
                self._wait(folder / "port", told)
            except BaseException:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Stops a server that this process has started."""
        if os.getpid() != self._owner:
            return
        process, folder = self._process, self._folder
        self._process = self._folder = None
        _open.discard(self)
        if process is None:
            _remove(folder)
            return
        self._control = self.tls = None
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _remove(folder)

    def namespace(
        self,
        name: Optional[str] = None,
        *,
        scenario: Optional[Scenario] = None,
        seed: Optional[int] = None,
        handlers: Optional[Mapping[str, str]] = None,
        expect: Optional[Sequence[Mapping[str, Any]]] = None,
        rules: Rules = "error",
    ) -> World:
        """Makes a namespace: a fresh copy of the scenario, with credentials, faults and a journal of its own.

        `scenario` is another scenario for it: the path of a file, a text in YAML, or a mapping. `handlers` has the URLs
        of handlers that the scenario knows by name. `expect` replaces the expectations of the scenario.
        """
        wanted = {
            "name": name,
            "scenario": None if scenario is None else for_wire(scenario),
            "seed": seed,
            "handlers": None if handlers is None else dict(handlers),
            "expect": None if expect is None else [dict(one) for one in expect],
        }
        made = self.control.ask("POST", "/namespaces", given(wanted))
        environment = dict(made["environment"])
        # A server behind another address has that address in its answers; what this process reaches is the URL that it was told.
        control = self.control.at(f"{self.control.url}/namespaces/{made['namespace']}")
        if self.tls is not None:
            environment.update(self.tls.environment(environment["STANDIN_URL"], environment))
        return World(made["namespace"], control, environment, self.tls, rules)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Server:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        return "<standin server, not running>" if self._control is None else f"<standin server at {self.url}>"

    def _launch(self, folder: Path, told: IO[bytes]) -> None:
        command = [find_program(), *self._command[:1], "--port-file", str(folder / "port")]
        if self._wants_tls:
            command += ["--tls-listen", "127.0.0.1:0", "--tls-ca-out", str(folder / "ca.pem")]
        command += self._command[1:]
        # Variables such as STANDIN_LISTEN are defaults of `standin serve`: they are not meant for this server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STANDIN_")}
        # The server ends when the pipe closes, so also when this process is killed. A session of its own keeps Ctrl-C from
        # it: a test that is interrupted still ends its namespace.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=told, stderr=told, env=environment, start_new_session=True
        )
        _open.add(self)

    def _wait(self, port_file: Path, told: IO[bytes]) -> None:
        """Waits for the file that the server writes when it is ready."""
        assert self._process is not None
        limit = time.monotonic() + START_LIMIT
        while not port_file.exists():
            if self._process.poll() is not None:
                raise ServerNotStarted(f"standin ended with exit code {self._process.returncode}:\n{_read(told)}")
            if time.monotonic() > limit:
                raise ServerNotStarted(f"standin was not ready after {START_LIMIT:.0f} s:\n{_read(told)}")
            time.sleep(0.001)
        ports = port_file.read_text().split()
        self._control = Control(f"http://127.0.0.1:{ports[0]}/__standin")
        if self._wants_tls:
            ca = port_file.with_name("ca.pem")
            write_bundle(ca)
            self.tls = Tls(f"https://localhost:{ports[1]}", str(ca))
        else:
            # Nothing needs the folder any more, so nothing of it is left if this process is killed.
            _remove(port_file.parent)


_open: "weakref.WeakSet[Server]" = weakref.WeakSet()
"""The servers that this process has started."""


def _leave_to_parent() -> None:
    """Closes the pipes in a child that was forked, so that a server does not outlive the process that started it."""
    for server in list(_open):
        if server._process is not None and server._process.stdin is not None:
            server._process.stdin.close()


os.register_at_fork(after_in_child=_leave_to_parent)


@atexit.register
def _stop_all() -> None:
    for server in list(_open):
        server.stop()


def _remove(folder: Optional[Path]) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _read(told: IO[bytes]) -> str:
    told.seek(0)
    return told.read().decode("utf-8", "replace").strip()
