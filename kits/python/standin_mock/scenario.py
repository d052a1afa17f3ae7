"""Scenarios that a namespace is made with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Mapping, Union

from .errors import StandinError

Scenario = Union[str, "os.PathLike[str]", Mapping[str, Any]]
"""A scenario: the path of a file, a text in YAML of more than one line, or a mapping."""


def is_path(scenario: Scenario) -> bool:
    """Whether it is the path of a file."""
    return isinstance(scenario, os.PathLike) or (isinstance(scenario, str) and "\n" not in scenario)


def for_wire(scenario: Scenario) -> Any:
    """The scenario as the control interface takes it: a text in YAML, or an object."""
    if isinstance(scenario, Mapping):
        return dict(scenario)
    if not is_path(scenario):
        return str(scenario)
    try:
        return Path(scenario).read_text(encoding="utf-8")
    except OSError as error:
        raise StandinError(f"the scenario `{os.fspath(scenario)}` cannot be read: {error.strerror}") from error
