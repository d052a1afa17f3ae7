"""What a client has done wrong."""

from __future__ import annotations

from typing import Any, List, Literal, Mapping, NamedTuple, Sequence

from .control import Control
from .errors import StandinError

Rules = Literal["error", "warn", "off"]
"""What a broken rule does: `error` fails the verification, `warn` is told, `off` is nothing."""

RULES: Sequence[Rules] = ("error", "warn", "off")

NOT_OBSERVED = "the server does not observe rules: start it with `standin serve --judge`"


class Judgement(NamedTuple):
    """Texts for people, one for each expectation that is not met and each rule that is broken."""

    failures: List[str]
    """What fails the test."""
    warnings: List[str]
    """What is told, and fails nothing."""


def rules_of(told: str) -> Rules:
    """What a user has typed for `rules`."""
    for rules in RULES:
        if rules == told:
            return rules
    raise StandinError(f"`rules` is `{told}`; it can be `error`, `warn` or `off`")


def judge(control: Control, expected: Sequence[Mapping[str, Any]], rules: Rules) -> Judgement:
    """Asks a namespace for its judgement. `expected` are the expectations of the test, beside those of the scenario."""
    told = control.ask("GET", "/judgement")
    failures: List[str] = []
    warnings: List[str] = []
    if rules != "off":
        if not told["observed"]:
            warnings.append(NOT_OBSERVED)
        for block in _blocks(told["report"]):
            fails = rules == "error" and block.startswith("error:")
            (failures if fails else warnings).append(block)
    failures += [_unmet(outcome) for outcome in told["expectations"] if not outcome["met"]]
    if expected:
        told = control.ask("POST", "/verify", list(expected))
        if not told["met"]:
            failures.append("\n".join(filter(None, [told["report"].rstrip(), told.get("help")])))
    return Judgement(failures, warnings)


def _unmet(outcome: Mapping[str, Any]) -> str:
    """An expectation of the scenario that is not met, or an action of it that was not performed."""
    return f"`{outcome['name']}` is not met: expected {outcome['expected']}; {outcome['found']}"


def _blocks(report: str) -> List[str]:
    """The report of each rule: a line, and the lines under it, which are indented."""
    blocks: List[str] = []
    for line in report.splitlines():
        if line.startswith(" ") and blocks:
            blocks[-1] += "\n" + line
        elif line:
            blocks.append(line)
    return blocks
