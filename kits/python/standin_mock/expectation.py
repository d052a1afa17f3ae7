"""What a test expects of its client."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Union

Calls = Union[str, Mapping[str, int]]
"""A number of calls: `"never"`, `{"exactly": 2}`, `{"at_least": 1, "at_most": 3}`."""


def expectation(
    name: str,
    on: str,
    calls: Optional[Calls],
    match: Optional[Mapping[str, Any]],
    after: Optional[str],
    answered: Optional[Mapping[str, Any]],
    the: Optional[Mapping[str, Any]],
    has: Optional[Mapping[str, Any]],
) -> Dict[str, Any]:
    """An expectation as a scenario has it, with the keys that are given."""
    keys = {"calls": calls, "match": match, "after": after, "answered": answered, "the": the, "has": has}
    return {"name": name, "on": on, **given(keys)}


def given(keys: Mapping[str, Any]) -> Dict[str, Any]:
    """The keys whose value is not `None`."""
    return {key: value for key, value in keys.items() if value is not None}
