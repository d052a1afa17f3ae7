"""What can go wrong."""

from __future__ import annotations

from typing import Any


class StandinError(Exception):
    """Something cannot be done, for a reason that the text says."""


class ProgramNotFound(StandinError):
    """There is no program `standin`."""


class ServerNotStarted(StandinError):
    """The server ended before it was ready."""


class NoAnswer(StandinError):
    """The server does not answer."""


class Refused(StandinError):
    """The control interface refuses a request."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(_words(status, told))
        self.status = status
        """The HTTP status."""
        self.told = told
        """The body of the answer."""


class VerificationError(AssertionError):
    """The client did not do what is expected of it, or broke a rule."""


def _words(status: int, told: Any) -> str:
    if not isinstance(told, dict):
        return f"the control interface answered with status {status}: {told}"
    words = [str(told[key]) for key in ("standin", "help", "report") if told.get(key)]
    return "\n".join(words) or f"the control interface answered with status {status}: {told}"
