"""The clock of a namespace."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Optional, Union

from .control import Control


class Clock:
    """The time of a namespace. Only a virtual clock can be moved: the scenario needs `clock: {virtual: now}`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """The time that it is."""
        return instant(self._control.ask("GET", "/clock")["now"])

    @property
    def next(self) -> Optional[datetime]:
        """When something is due next: a late change, an action, the close of a session, an event. `None`: nothing is."""
        due = self._control.ask("GET", "/clock").get("next")
        return None if due is None else instant(due)

    def advance(self, step: Union[str, timedelta]) -> datetime:
        """Moves the clock by a length of time, such as `"30s"`, or to what is due next, by `"next"`. Returns the new time.

        The answer comes when what became due has ended: events have been sent, and their handlers have answered.
        """
        return self._move({"advance": length(step)})

    def set(self, to: Union[str, datetime]) -> datetime:
        """Moves the clock to an instant. Returns the new time."""
        return self._move({"set": to if isinstance(to, str) else to.isoformat()})

    def _move(self, how: Any) -> datetime:
        return instant(self._control.ask("POST", "/clock", how)["now"])


def length(of: Union[str, timedelta]) -> str:
    """A length of time as standin writes it."""
    return of if isinstance(of, str) else f"{of // timedelta(microseconds=1)}us"


def instant(text: str) -> datetime:
    """A time that standin has written. Python's times have no nanoseconds: these are cut off."""
    at, fraction, offset = re.fullmatch(r"([^.+Z]*)(\.\d+)?(.*)", text).groups()  # type: ignore[union-attr]
    micros = (fraction or ".")[1:7].ljust(6, "0")
    return datetime.fromisoformat(f"{at}.{micros}{offset.replace('Z', '+00:00')}")
