"""What may take time, for `asyncio`: the event loop goes on meanwhile, so that a handler in it can answer."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Dict, List, Mapping, Optional, Union

from .expectation import Calls
from .records import Event

if TYPE_CHECKING:
    from .world import World


class AsyncWorld:
    """Members of `World` to await. All other members answer at once and can be called in any test."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def act(self, action: str, /, **parameters: Any) -> Dict[str, Any]:
        """`World.act`."""
        return await asyncio.to_thread(lambda: self._world.act(action, **parameters))

    async def advance(self, step: Union[str, timedelta]) -> datetime:
        """`World.clock.advance`: returns when the handlers of the events that became due have answered."""
        return await asyncio.to_thread(self._world.clock.advance, step)

    async def wait_for(
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
        """`World.wait_for`."""
        keys: Dict[str, Any] = {"calls": calls, "match": match, "answered": answered, "the": the, "has": has}
        await asyncio.to_thread(lambda: self._world.wait_for(on, time_limit=time_limit, **keys))

    async def deliver(self, handler: Callable[[Event], Awaitable[Optional[int]]]) -> List[Event]:
        """`World.deliver` with a function to await."""
        handed: List[Event] = []
        for event in self._world.waiting(handed):
            status = 500
            try:
                status = await handler(event) or 200
            finally:
                event.answer(status)
        return handed

    async def verify(self) -> None:
        """`World.verify`."""
        await asyncio.to_thread(self._world.verify)
