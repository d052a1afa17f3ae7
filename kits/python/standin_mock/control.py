"""Requests to the control interface of a server."""

from __future__ import annotations

import http.client
import json
from typing import Any, Optional
from urllib.parse import urlsplit

from .errors import NoAnswer, Refused

TIME_LIMIT = 30.0
"""Seconds that the server has for an answer."""

NOT_MET = 417
"""The status by which the control interface says that something is not as expected. It is an answer, not an error."""


class Control:
    """The control interface of a server or of one namespace. It can be used by several threads."""

    def __init__(self, url: str, token: Optional[str] = None) -> None:
        self.url = url.rstrip("/")
        """The URL, such as `http://127.0.0.1:40123/__standin`."""
        self._token = token

    def at(self, url: str) -> Control:
        """The control interface at another URL of the same server."""
        return Control(url, self._token)

    def ask(self, method: str, path: str, body: Any = None, *, time_limit: float = TIME_LIMIT) -> Any:
        """Sends a request and returns the answer: what its JSON holds, or its text.

        `path` follows the URL and begins with a slash. `body` is sent as JSON.
        """
        __tracebackhide__ = True
        status, is_json, answer = self._send(method, path, body, time_limit)
        told = json.loads(answer) if is_json else answer.decode("utf-8", "replace")
        if status >= 400 and status != NOT_MET:
            raise Refused(status, told)
        return told

    def _send(self, method: str, path: str, body: Any, time_limit: float) -> tuple[int, bool, bytes]:
        __tracebackhide__ = True
        place = urlsplit(self.url)
        secure = place.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        headers = {} if self._token is None else {"authorization": f"Bearer {self._token}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        # Each request has a connection of its own: on one machine that takes a tenth of a millisecond, and a connection that the
        # server has closed meanwhile is never met.
        connection = connect(place.hostname or "", place.port, timeout=time_limit)
        try:
            connection.request(method, place.path + path, data, headers)
            response = connection.getresponse()
            is_json = response.getheader("content-type", "").startswith("application/json")
            return response.status, is_json, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"the server at {place.scheme}://{place.netloc} does not answer: {error!r}") from error
        finally:
            connection.close()
