"""Tests clients of Bitrix24 and Chert against the mock server standin.

With pytest, ask for the fixture `standin`, which is a `World`. Without it:

    with Server() as server, server.namespace() as world:
        rename(world.chert.base_url, …)
"""

from .access import Bitrix24, Chert
from .aio import AsyncWorld
from .clock import Clock
from .control import Control
from .errors import (
    NoAnswer,
    ProgramNotFound,
    Refused,
    ServerNotStarted,
    StandinError,
    VerificationError,
)
from .fault import Fault
from .judgement import Judgement, Rules
from .program import find_program
from .records import Chat, Delivery, Event, Exchange, Message
from .scenario import Scenario
from .server import Server
from .tls import Tls
from .world import World

__all__ = [
    "AsyncWorld",
    "Bitrix24",
    "Chat",
    "Chert",
    "Clock",
    "Control",
    "Delivery",
    "Event",
    "Exchange",
    "Fault",
    "Judgement",
    "Message",
    "NoAnswer",
    "ProgramNotFound",
    "Refused",
    "Rules",
    "Scenario",
    "Server",
    "ServerNotStarted",
    "StandinError",
    "Tls",
    "VerificationError",
    "World",
    "find_program",
]
