"""What a client and the services said to each other, in words."""

from __future__ import annotations

from typing import List

from .control import Control

MOST = 20
"""How many exchanges, and how many events, are told at most."""

SILENCE = (
    "no call has reached this namespace; a call with credentials that no namespace has is in the journal of the main scenario:\n"
    "compare the URL and the credentials that the client uses with `bitrix24`, `chert` and `environment` of the fixture"
)


def conversation(control: Control) -> str:
    """The newest exchanges and events of a namespace, each as the server explains it."""
    entries = control.ask("GET", f"/journal?last={MOST}")["entries"]
    deliveries = control.ask("GET", "/outbox")["deliveries"]
    if not entries and not deliveries:
        return SILENCE
    parts: List[str] = []
    if entries and entries[0]["number"] > 1:
        parts.append(f"{entries[0]['number'] - 1} earlier exchanges are left out")
    parts += [control.ask("GET", f"/journal/{entry['number']}/explain") for entry in entries]
    if len(deliveries) > MOST:
        parts.append(f"{len(deliveries) - MOST} earlier events are left out")
    parts += [control.ask("GET", f"/outbox/{delivery['id']}/explain") for delivery in deliveries[-MOST:]]
    return "\n\n".join(part.strip() for part in parts)
