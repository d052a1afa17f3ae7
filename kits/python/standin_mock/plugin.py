"""The plugin of pytest: the fixture `standin`, and what is verified at the end of each test."""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from typing import Any, Dict, Generator, Iterator, List, NoReturn, Tuple, Union

import pytest

from .errors import NoAnswer, Refused, StandinError
from .run import Run, options_of
from .server import Server
from .world import World

RUN = pytest.StashKey[Run]()
WORLD = pytest.StashKey[World]()
WARNINGS = pytest.StashKey[List[str]]()
TOLD = pytest.StashKey[bool]()

MARKER = "standin(scenario=…, seed=…, rules=…, handlers=…): how the namespace of a test is made"
MARKER_KEYS = ("scenario", "seed", "rules", "handlers")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("standin", "mock server for Bitrix24 and Chert")
    group.addoption("--standin-scenario", metavar="FILE", help="serve this scenario")
    group.addoption("--standin-seed", metavar="N", type=int, help="seed of all random draws")
    group.addoption("--standin-tls", action="store_true", default=None, help="serve https too, and let clients trust it")
    group.addoption("--standin-rules", choices=("error", "warn", "off"), help="what a broken rule does to a test")
    group.addoption("--standin-url", metavar="URL", help="use the server that runs at this URL; start none")
    parser.addini("standin_scenario", "scenario file, from the folder of the ini file; default: the built-in scenario")
    parser.addini("standin_seed", "seed of all random draws")
    parser.addini("standin_tls", "serve https too, and let clients trust it", type="bool", default=False)
    parser.addini("standin_rules", "what a broken rule does to a test: error (default), warn or off")
    parser.addini("standin_url", "use the server that runs at this URL; start none")
    parser.addini("standin_args", "further arguments of `standin serve`", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    run = config.stash[RUN] = Run(options_of(config), getattr(config, "workerinput", {}).get("standin"))
    run.trust()


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.end()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist which server to use: all workers use one."""
    node.workerinput["standin"] = node.config.stash[RUN].for_workers()


@pytest.fixture(scope="session")
def standin_server(request: pytest.FixtureRequest) -> Server:
    """The server of the test run. `standin_server.namespace()` makes a namespace that lasts longer than a test."""
    try:
        return request.config.stash[RUN].server()
    except StandinError as error:
        _fail(error)


@pytest.fixture
def standin_handlers() -> Dict[str, str]:
    """URLs of handlers that the scenario knows by name. Override this fixture to give them."""
    return {}


@pytest.fixture
def standin(
    request: pytest.FixtureRequest, standin_server: Server, standin_handlers: Dict[str, str]
) -> Iterator[World]:
    """A namespace of the mock server, for this test alone. It is verified at the end of the test."""
    run = request.config.stash[RUN]
    item: pytest.Item = request.node
    try:
        wanted = run.wanted(item, _marked(item), standin_handlers)
        world = _made(standin_server, item.nodeid, item.name, wanted)
    except StandinError as error:
        _fail(error)
    item.stash[WORLD], item.stash[TOLD] = world, False
    yield world
    del item.stash[WORLD]
    with contextlib.suppress(NoAnswer):  # What the test did after the server had gone has failed it already.
        world.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Verifies what the client did. It is a part of the test, so a breach is a failure and not an error of a fixture."""
    result = yield
    world = item.stash.get(WORLD, None)
    if world is not None:
        _verify(item, world)
    return result


def _verify(item: pytest.Item, world: World) -> None:
    try:
        failures, item.stash[WARNINGS] = world.judge()
    except StandinError as error:
        _fail(error)
    if failures:
        item.stash[TOLD] = True
        _fail("\n".join([*failures, "", _conversation(world)]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    world = item.stash.get(WORLD, None)
    if world is None or report.when == "teardown":
        return report
    if report.when == "call":
        # Under pytest-xdist, a report goes to the controller with all its attributes.
        report.standin_warnings = item.stash.get(WARNINGS, [])  # type: ignore[attr-defined]
    if report.failed and not item.stash.get(TOLD, False):
        wrong = _wrong(world)
        if wrong:
            report.sections.append(("standin: what the client did wrong", wrong))
        report.sections.append(("standin: what the client and the services said", _conversation(world)))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tells which rules were broken by breaches that fail no test."""
    broken: Dict[str, Tuple[str, List[str]]] = {}
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for warning in getattr(report, "standin_warnings", ()):
                rule, _, detail = warning.partition("\n")
                broken.setdefault(rule, (detail.split("\n")[0], []))[1].append(report.nodeid)
    if broken:
        terminalreporter.section("standin")
    for rule, (detail, tests) in broken.items():
        terminalreporter.line(rule)
        if detail:
            terminalreporter.line(detail)
        more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        terminalreporter.line(f"    {tests[0]}{more}")


def _marked(item: pytest.Item) -> Dict[str, Any]:
    """What the markers of a test say. The one nearest to the test wins."""
    marked: Dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("standin"))):
        unknown = [key for key in mark.kwargs if key not in MARKER_KEYS]
        if unknown or mark.args:
            raise StandinError(f"the marker `standin` takes {', '.join(f'`{key}=`' for key in MARKER_KEYS)} and nothing else")
        marked.update(mark.kwargs)
    return marked


def _made(server: Server, nodeid: str, name: str, wanted: Dict[str, Any]) -> World:
    """Makes the namespace of a test. Its name is the same in each run, and so are the draws that depend on it."""
    slug = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")[:31]
    digest = hashlib.sha256(nodeid.encode()).hexdigest()[:8]
    try:
        return server.namespace(f"{slug}_{digest}", **wanted)
    except Refused as refused:
        if refused.status != 409:
            raise
    # Another run that uses the same server has the name.
    return server.namespace(f"{slug}_{uuid.uuid4().hex[:8]}", **wanted)


def _fail(why: Union[str, StandinError]) -> NoReturn:
    raise pytest.fail.Exception(f"standin: {why}", pytrace=False) from None


def _wrong(world: World) -> str:
    """What a client has done wrong in a test that has failed by itself."""
    try:
        return "\n".join(world.judge().failures)
    except StandinError as error:
        return str(error)


def _conversation(world: World) -> str:
    try:
        return world.conversation()
    except StandinError as error:
        return str(error)
