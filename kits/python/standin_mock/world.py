"""A namespace, as a test uses it."""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Type, Union
from urllib.parse import urlencode

from .access import Bitrix24, Chert
from .aio import AsyncWorld
from .clock import Clock
from .control import TIME_LIMIT, Control
from .conversation import conversation
from .errors import Refused, StandinError, VerificationError
from .expectation import Calls, expectation, given
from .fault import Fault
from .judgement import Judgement, Rules, judge
from .records import Chat, Delivery, Event, Exchange
from .tls import Tls

MOST_EVENTS = 1000
"""How many events `deliver` hands over at most. A handler that raises an event for each one would never end."""


class World:
    """A namespace of a server: a fresh copy of the scenario, with credentials, faults and a journal of its own.

    In a `with` block it is verified at the end, and then dropped.
    """

    def __init__(
        self, name: str, control: Control, environment: Mapping[str, str], tls: Optional[Tls], rules: Rules
    ) -> None:
        self._control = control
        self._tls = tls
        self._expected: List[Dict[str, Any]] = []
        self._faults = 0
        self._has_ended = False
        self.rules: Rules = rules
        """What a broken rule does: `error` fails the verification, `warn` is told, `off` is nothing."""
        self.name = name
        """The name of the namespace."""
        self.environment: Dict[str, str] = dict(environment)
        """URLs and credentials under the names that `standin run` gives them, for a client that reads its environment."""
        self.bitrix24 = Bitrix24(self.environment)
        """How a client calls Bitrix24."""
        self.chert = Chert(self.environment)
        """How a client calls Chert."""
        self.clock = Clock(control)
        """The time."""
        self.aio = AsyncWorld(self)
        """What may take time, for `asyncio`."""

    @property
    def url(self) -> str:
        """The server's URL."""
        return self.environment["STANDIN_URL"]

    @property
    def https_url(self) -> str:
        """The server's URL over https."""
        return self._secure().url

    @property
    def ca_file(self) -> str:
        """A file with the certificate that clients must trust."""
        return self._secure().ca_file

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """A context that trusts the server."""
        return self._secure().context()

    def fault(
        self,
        on: str,
        *,
        error: Optional[str] = None,
        when: Optional[Mapping[str, Any]] = None,
        match: Optional[Mapping[str, Any]] = None,
        match_headers: Optional[Mapping[str, Any]] = None,
        match_credential: Optional[Any] = None,
        message: Optional[str] = None,
        retry_after: Optional[int] = None,
        argument: Optional[str] = None,
        reply: Optional[Mapping[str, Any]] = None,
        delay: Optional[Union[str, Mapping[str, Any]]] = None,
        wire: Optional[Union[str, Mapping[str, Any]]] = None,
        deliver: Optional[Union[str, Mapping[str, Any]]] = None,
        applied: Optional[Union[bool, Mapping[str, Any]]] = None,
        name: Optional[str] = None,
    ) -> Fault:
        """Adds a fault. The parameters are the keys that `faults` has in a scenario.

        It lasts until the end of the test. With `with world.fault(…):` it lasts until the end of the block.
        """
        __tracebackhide__ = True
        self._faults += 1
        name = name or f"fault_{self._faults}"
        keys = {
            "name": name,
            "on": on,
            "match": match,
            "match_headers": match_headers,
            "match_credential": match_credential,
            "when": when,
            "error": error,
            "message": message,
            "retry_after": retry_after,
            "argument": argument,
            "reply": reply,
            "delay": delay,
            "wire": wire,
            "deliver": deliver,
            "applied": applied,
        }
        self.request("POST", "/faults", given(keys))
        return Fault(self._control, name)

    def act(self, action: str, /, **parameters: Any) -> Dict[str, Any]:
        """Performs an action, such as `act("bitrix24.operator.write", chat="chat-1", text="Hello", …)`.

        Returns what `changed`, and the numbers of the `events` that it raised.
        """
        __tracebackhide__ = True
        told: Dict[str, Any] = self.request("POST", "/actions", {"do": action, "with": parameters})
        return told

    def journal(
        self, *, operation: Optional[str] = None, service: Optional[str] = None, last: Optional[int] = None
    ) -> List[Exchange]:
        """What the client has called, the oldest first: all of it, or that of an operation or service, or the newest."""
        asked = urlencode(given({"operation": operation, "service": service, "last": last}))
        told = self.request("GET", f"/journal?{asked}")
        return [Exchange(self._control, entry) for entry in told["entries"]]

    def explain(self, exchange: Union[int, str] = "last") -> str:
        """Why the service answered an exchange so. `explain("e1")` tells of an event."""
        text = str(exchange)
        path = f"/outbox/{text}/explain" if text.startswith("e") else f"/journal/{text}/explain"
        return str(self.request("GET", path))

    def conversation(self) -> str:
        """What the client has called and which events were sent, each explained. Secrets are hidden."""
        return conversation(self._control)

    def state(self) -> Dict[str, Any]:
        """What exists now: chats, messages, connectors, lines, handlers. Secrets are left out."""
        told: Dict[str, Any] = self.request("GET", "/state")
        return told

    def chat(self, id: str) -> Chat:
        """The chat as it is now."""
        __tracebackhide__ = True
        state = self.state()
        chats = list(state.get("bitrix24", {}).get("chats", ()))
        for tenant in state.get("chert", {}).get("tenants", ()):
            chats += tenant["chats"]
        found = [chat for chat in chats if chat["id"] == id]
        if len(found) != 1:
            those = ", ".join(f"`{chat['id']}`" for chat in chats) or "none"
            count = "several chats have the ID" if found else "there is no chat"
            raise StandinError(f"{count} `{id}`; the chats are {those}; `state` has all")
        return Chat(found[0])

    def outbox(self, *, event: Optional[str] = None) -> List[Delivery]:
        """The events that were sent or wait, the oldest first."""
        told = self.request("GET", "/outbox")
        all = [Delivery(self._control, data) for data in told["deliveries"]]
        return [one for one in all if event is None or _is(one, event)]

    def take(self, event: Optional[str] = None) -> Event:
        """Takes the first event that waits for a handler without a URL. The test hands it over, and calls `answer`."""
        __tracebackhide__ = True
        for delivery in self.outbox(event=event):
            taken = _taken(delivery)
            if taken is not None:
                return taken
        silences = [silence["remark"] for silence in self.request("GET", "/outbox")["silences"]]
        which = "no event" if event is None else f"no event `{event}`"
        why = f"; {'; '.join(silences)}" if silences else ""
        raise StandinError(f"{which} waits for a handler without a URL{why}")

    def deliver(self, handler: Callable[[Event], Optional[int]]) -> List[Event]:
        """Hands each event that waits for a handler without a URL to a function, also those that are raised meanwhile.

        The function returns the status that the handler answered; `None` is 200. If it raises an error, the status is 500.
        An event that waits again, because the handler has refused it, is handed over by the next call of `deliver`.
        """
        handed: List[Event] = []
        for event in self.waiting(handed):
            status = 500
            try:
                status = handler(event) or 200
            finally:
                event.answer(status)
        return handed

    def expect(
        self,
        on: str,
        *,
        calls: Optional[Calls] = None,
        match: Optional[Mapping[str, Any]] = None,
        after: Optional[str] = None,
        answered: Optional[Mapping[str, Any]] = None,
        the: Optional[Mapping[str, Any]] = None,
        has: Optional[Mapping[str, Any]] = None,
        name: Optional[str] = None,
    ) -> None:
        """Expects something of the client at the end of the test. The parameters are the keys of `expect` in a scenario."""
        __tracebackhide__ = True
        name = name or f"expectation {len(self._expected) + 1}"
        wanted = [*self._expected, expectation(name, on, calls, match, after, answered, the, has)]
        # A mistake in it is told here, not at the end of the test.
        self.request("POST", "/verify", wanted)
        self._expected = wanted

    def wait_for(
        self,
        on: str,
        *,
        calls: Optional[Calls] = None,
        match: Optional[Mapping[str, Any]] = None,
        answered: Optional[Mapping[str, Any]] = None,
        the: Optional[Mapping[str, Any]] = None,
        has: Optional[Mapping[str, Any]] = None,
        time_limit: float = 10.0,
    ) -> None:
        """Waits until an expectation is met, at most `time_limit` seconds."""
        __tracebackhide__ = True
        wanted = expectation("what the test waits for", on, calls, match, None, answered, the, has)
        path = f"/verify?wait_for={int(time_limit * 1000)}ms"
        told = self._control.ask("POST", path, [wanted], time_limit=time_limit + TIME_LIMIT)
        if not told["met"]:
            raise VerificationError("\n".join(filter(None, [told["report"].rstrip(), told.get("help")])))

    def judge(self) -> Judgement:
        """What the client has done wrong so far: expectations that are not met, and broken rules."""
        return judge(self._control, self._expected, self.rules)

    def verify(self) -> None:
        """Fails if an expectation is not met, or if a rule of severity `error` is certainly broken."""
        __tracebackhide__ = True
        failures = self.judge().failures
        if failures:
            raise VerificationError("\n".join(failures))

    def reset(self) -> None:
        """Goes back to the start of the scenario: state, faults, clock, journal. Also forgets what the test expects."""
        self.request("POST", "/reset")
        self._expected = []

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Sends a request to the control interface of the namespace: `request("GET", "/health")`."""
        __tracebackhide__ = True
        return self._control.ask(method, path, body)

    def end(self) -> None:
        """Drops the namespace. Its credentials are dead then."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            self._control.ask("DELETE", "")
        except Refused as refused:
            if refused.status != 404:
                raise

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            if error is None:
                self.verify()
        finally:
            self.end()

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def __repr__(self) -> str:
        return f"<standin namespace {self.name} at {self.url}>"

    def waiting(self, handed: List[Event]) -> Iterator[Event]:
        """Takes one waiting event after the other, and notes each in `handed`. Each must be answered before the next."""
        while True:
            before = {event.id for event in handed}
            new = (delivery for delivery in self.outbox() if delivery.id not in before)
            event = next(filter(None, map(_taken, new)), None)
            if event is None:
                return
            if len(handed) == MOST_EVENTS:
                raise StandinError(f"{MOST_EVENTS} events were handed over, and each has raised another")
            handed.append(event)
            yield event

    def _secure(self) -> Tls:
        if self._tls is None:
            raise StandinError("the server has no https: use `standin_tls = true` with pytest, or `Server(tls=True)`")
        return self._tls


def _is(delivery: Delivery, event: str) -> bool:
    """Whether a delivery is of an event, which is given with its service or without."""
    name = event.lower()
    return name in (delivery.event.lower(), f"{delivery.service}.{delivery.event}".lower())


def _taken(delivery: Delivery) -> Optional[Event]:
    """The event, if it waits for a handler without a URL and its turn has come."""
    if delivery.state != "waiting" or delivery.handler.get("url") is not None:
        return None
    try:
        return delivery.take()
    except Refused as refused:
        if refused.status == 409:
            return None
        raise
