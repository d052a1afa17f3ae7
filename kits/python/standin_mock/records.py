"""What the control interface tells, as objects."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import parse_qsl

from .control import Control


class Message:
    """A request or an answer, as the journal shows it. Secrets are hidden."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        """All that the journal has."""
        self.headers: Dict[str, str] = {name.lower(): value for name, value in data.get("headers") or ()}
        """The header fields. Names are in lower case."""
        self.body: str = _text(data.get("body"))
        """The body. Of a file, only length and hash are kept."""

    @property
    def method(self) -> str:
        """The method of a request."""
        return str(self.data["method"])

    @property
    def target(self) -> str:
        """Path and query of a request."""
        return str(self.data["target"])

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.data["status"])

    def json(self) -> Any:
        """What the body holds as JSON."""
        return json.loads(self.body)


class Exchange:
    """A request of the client, and its answer."""

    def __init__(self, control: Control, data: Mapping[str, Any]) -> None:
        self._control = control
        self.data = data
        """All that the journal has."""
        self.number: int = data["number"]
        """Its number in the namespace, from 1."""
        self.service: Optional[str] = data.get("service")
        """`bitrix24` or `chert`. `None`: no service took the request."""
        self.operation: Optional[str] = data.get("operation")
        """The operation, such as `chert.chats.rename`. `None`: no operation was meant."""
        self.error: Optional[str] = data.get("error")
        """The error of the service. `None`: there was none."""
        self.request = Message(data["request"])
        """What the client sent."""
        self.response = Message(data["response"])
        """What the service answered, before the connection did anything to it."""
        self.status: int = self.response.status
        """The status of the answer."""
        self.faults: List[str] = [asked["fault"] for asked in data.get("faults", ()) if asked["fired"]]
        """The names of the faults that fired."""

    def explain(self) -> str:
        """Why the service answered so."""
        return str(self._control.ask("GET", f"/journal/{self.number}/explain"))

    def __repr__(self) -> str:
        return f"<exchange {self.number}: {self.operation or self.request.target} {self.status} {self.error or ''}>"


class Delivery:
    """An event that a service sends to a handler."""

    def __init__(self, control: Control, data: Mapping[str, Any]) -> None:
        self._control = control
        self.data = data
        """All that the outbox has."""
        self.id: str = data["id"]
        """Its number, such as `e1`."""
        self.service: str = data["service"]
        """`bitrix24` or `chert`."""
        self.event: str = data["event"]
        """The name of the event, such as `OnImConnectorMessageAdd`."""
        self.state: str = data["state"]
        """`waiting`, `sending`, `delivered`, `failed`, `blocked` or `dropped`."""
        self.handler: Mapping[str, Any] = data.get("handler") or {}
        """To whom it goes: `id`, and `url` or `name`."""
        self.body: str = _text(data.get("body"))
        """The body. Secrets are hidden."""

    @property
    def status(self) -> Optional[int]:
        """The status that the handler answered at the latest attempt. `None`: there was no answer."""
        attempts = self.data.get("attempts") or [{}]
        status = attempts[-1].get("status")
        return None if status is None else int(status)

    def take(self) -> Event:
        """Begins an attempt: the test is the handler, and answers with `Event.answer`."""
        return Event(self._control, self.event, self._control.ask("POST", f"/outbox/{self.id}/take"))

    def send(self) -> None:
        """Sends an event again that has ended."""
        self._control.ask("POST", f"/outbox/{self.id}/send")

    def explain(self) -> str:
        """Why it was sent, how it ended, and what to do."""
        return str(self._control.ask("GET", f"/outbox/{self.id}/explain"))

    def __repr__(self) -> str:
        return f"<event {self.id}: {self.service}.{self.event}, {self.state}>"


class Event:
    """The request of an event that the test has taken. The test hands it to the handler, and answers in its place."""

    def __init__(self, control: Control, name: str, data: Mapping[str, Any]) -> None:
        self._control = control
        self.id: str = data["id"]
        """Its number, such as `e1`."""
        self.name = name
        """The name of the event, such as `OnImConnectorMessageAdd`."""
        self.method: str = data["method"]
        """The method of the request."""
        self.url: Optional[str] = data.get("url")
        """The URL of the handler. `None`: it has none."""
        self.query: str = data.get("query") or ""
        """The query of the request, without `?`."""
        self.headers: Dict[str, str] = dict(data["headers"])
        """The header fields. Names are in lower case."""
        self.body: bytes = str(data["body"]).encode()
        """The body of the request, with signatures and tokens that work."""

    @property
    def form(self) -> Dict[str, str]:
        """The members of the body, if it is a form as Bitrix24 sends it: `form["data[CONNECTOR]"]`."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """What the body holds, if it is JSON as Chert sends it."""
        return json.loads(self.body)

    def answer(self, status: int = 200) -> None:
        """Tells the service which status the handler answered."""
        self._control.ask("POST", f"/outbox/{self.id}/answer", {"status": status})

    def __repr__(self) -> str:
        return f"<event {self.id}: {self.name}>"


class Chat(Dict[str, Any]):
    """A chat as it is now: a dictionary, as `state` has it."""

    @property
    def name(self) -> Optional[str]:
        """The name of the chat, whatever the service calls it."""
        name = self.get("display_name") if "display_name" in self else self.get("name")
        return None if name is None else str(name)


def _text(body: Any) -> str:
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body)
