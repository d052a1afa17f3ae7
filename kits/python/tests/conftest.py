"""What the tests of the kit share."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from standin_mock import Server, World

pytest_plugins = ["pytester"]

CHAT = "47e007b1-ee15-43db-bcba-1c26e5884d3f"

EVENTS = """
standin: 1
name: events
clock: {virtual: "2026-03-17T14:52:41Z"}
bitrix24:
  applications: [{client_id: local.app, client_secret: app-secret}]
  credentials: [{token: access-token, client_id: local.app}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Support}]
  handlers: [{event: OnImConnectorMessageAdd, name: app}]
chert:
  tenants:
    - slug: acme
      signing_secret: 5f4dcc3b5aa765d61d8327deb882cf99
      lines: [{id: pl_01H, phone_number: "+15555550100"}]
      chats: [{id: ch_02D, group: false, line: pl_01H, participants: ["+14155551234"]}]
      subscriptions: [{name: hook, events: [message.received]}]
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of the tests' own."""
    with Server() as server:
        yield server


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """A namespace of the built-in scenario."""
    world = server.namespace()
    yield world
    world.end()


@pytest.fixture
def events(server: Server) -> Iterator[World]:
    """A namespace with handlers that have no URL."""
    world = server.namespace(scenario=EVENTS)
    yield world
    world.end()


def put(url: str, body: Any, headers: Dict[str, str], method: str = "PUT") -> Tuple[int, Any]:
    """Sends JSON. Returns the status and the JSON of the answer."""
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def rename(world: World, name: str) -> Tuple[int, Any]:
    """A client of Chert: renames the group."""
    headers = {"x-chert-tenant": world.chert.tenant, "authorization": f"Bearer {world.chert.signing_secret}"}
    return put(f"{world.chert.base_url}/chats/ch_01H", {"display_name": name}, headers)


def call(world: World, method: str, **parameters: Any) -> Tuple[int, Any]:
    """A client of Bitrix24: calls a method with the access token."""
    parameters["auth"] = world.bitrix24.access_token
    return put(world.bitrix24.rest_url + method, parameters, {}, "POST")


def write(world: World, text: str) -> Dict[str, Any]:
    """An operator writes."""
    return world.act("bitrix24.operator.write", connector="connector", line=105, chat="chat-1", text=text)


def confirm(world: World, message: int) -> int:
    """The client confirms a message of an operator."""
    one = {"im": {"chat_id": 1767, "message_id": message}, "message": {"id": ["ext-1"]}, "chat": {"id": "chat-1"}}
    return call(world, "imconnector.send.status.delivery", CONNECTOR="connector", LINE=105, MESSAGES=[one])[0]


def processes(name: str) -> "list[int]":
    """The processes of this machine whose command line has a text, this one left out."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if name.encode() in command:
                found.append(int(folder.name))
    return found


PYTHON = sys.executable
