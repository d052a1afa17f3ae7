"""A fault that a test has added."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Optional, Type
from urllib.parse import quote

from .control import Control
from .errors import Refused


class Fault:
    """A fault. It lasts until the namespace ends, or until the end of the `with` block that it begins."""

    def __init__(self, control: Control, name: str) -> None:
        self._control = control
        self.name = name
        """The name that reports show."""

    @property
    def calls(self) -> int:
        """How many calls met the fault."""
        return int(self._shown()["calls"])

    @property
    def fired(self) -> int:
        """On how many of these calls it fired."""
        return int(self._shown()["fired"])

    def off(self) -> None:
        """Switches the fault off."""
        self._control.ask("POST", self._path() + "/off")

    def on(self) -> None:
        """Switches the fault on again."""
        self._control.ask("POST", self._path() + "/on")

    def again(self) -> None:
        """Counts the calls anew, so that a spent fault fires again."""
        self._control.ask("POST", self._path() + "/again")

    def remove(self) -> None:
        """Removes the fault. A fault that is gone already, by a reset or by the end of the namespace, is no error."""
        try:
            self._control.ask("DELETE", self._path())
        except Refused as refused:
            if refused.status != 404:
                raise

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<fault {self.name}>"

    def _shown(self) -> Any:
        return self._control.ask("GET", self._path())

    def _path(self) -> str:
        return "/faults/" + quote(self.name, safe="")
