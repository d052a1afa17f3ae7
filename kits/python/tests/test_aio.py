"""Members to await."""

from __future__ import annotations

import asyncio
from typing import Optional

import pytest
from conftest import EVENTS, confirm, rename, write

from standin_mock import Event, Server, VerificationError, World


def test_the_event_loop_goes_on_while_a_test_waits(world: World) -> None:
    async def main() -> None:
        waiting = asyncio.create_task(world.aio.wait_for("chert.chats.rename", calls={"exactly": 1}))
        await asyncio.to_thread(rename, world, "x")
        await waiting
        with pytest.raises(VerificationError):
            await world.aio.wait_for("chert.chats.rename", calls="never", time_limit=3600)

    asyncio.run(main())


def test_a_handler_in_the_same_loop_is_called(server: Server) -> None:
    async def main() -> None:
        bodies: "list[bytes]" = []

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            bodies.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        app = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{app.sockets[0].getsockname()[1]}/events"
        async with server.namespace(scenario=EVENTS, handlers={"app": url}) as world:
            message = write(world, "Hello")["changed"]["message"]
            await world.aio.wait_for("bitrix24.OnImConnectorMessageAdd", answered={"status": "2xx"})
            assert b"event=ONIMCONNECTORMESSAGEADD" in bodies[0]
            confirm(world, message)
            await world.aio.act("bitrix24.operator.write", connector="connector", line=105, chat="chat-1", text="Again")
            # What the clock makes due has ended when this returns, although the handler is in this loop.
            await world.aio.advance("1s")
            await world.aio.wait_for("bitrix24.OnImConnectorMessageAdd", calls={"exactly": 2}, answered={"status": "2xx"})
            await world.aio.verify()
        app.close()
        await app.wait_closed()

    asyncio.run(main())


def test_events_are_handed_to_a_function_to_await(events: World) -> None:
    async def handler(event: Event) -> Optional[int]:
        await asyncio.sleep(0)
        return 204

    write(events, "Hello")
    assert [event.id for event in asyncio.run(events.aio.deliver(handler))] == ["e1"]
    assert events.outbox()[0].status == 204


def test_servers_and_namespaces_end_with_their_blocks() -> None:
    async def main() -> None:
        async with Server() as server, server.namespace() as world:
            assert rename(world, "x")[0] == 200
        with pytest.raises(VerificationError):
            async with Server() as server, server.namespace() as world:
                world.expect("chert.chats.rename")

    asyncio.run(main())
