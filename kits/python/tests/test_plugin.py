"""The plugin of pytest, seen from outside: each test runs a test suite of its own."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import EVENTS

CLIENT = """
import json, urllib.error, urllib.request
from http.client import HTTPConnection
from urllib.parse import urlsplit
import pytest

def rename(standin, name, times=1):
    '''Renames over one connection. Returns the statuses.'''
    place = urlsplit(standin.chert.base_url)
    connection = HTTPConnection(place.netloc)
    statuses = []
    for _ in range(times):
        headers = {"authorization": "Bearer " + standin.chert.signing_secret, "content-type": "application/json"}
        connection.request("PUT", place.path + "/chats/ch_01H", json.dumps({"display_name": name}), headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """What surrounds this suite is not to reach the suites in it."""
    for name in ("STANDIN_CONTROL_URL", "STANDIN_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


def run(pytester: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(CLIENT + tests)
    others = [] if "asyncio_mode=strict" in arguments else ["-p", "no:asyncio"]
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *others, *arguments)


def test_a_good_client_passes_and_nothing_is_said(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_good(standin):
    standin.expect("chert.chats.rename", calls={"exactly": 1})
    assert rename(standin, "New") == [200]
    assert standin.chat("ch_01H").name == "New"

def test_none():
    pass
""",
        "-W",
        "error",
    )
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*standin*===*")


def test_a_broken_rule_fails_the_test_and_the_conversation_is_shown(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_repeats(standin):
    standin.fault("chert.chats.rename", error="2005", name="suspended")
    assert rename(standin, "New", times=2) == [403, 403]
    print("the secret is not in the report", standin.name)
""",
        "--junitxml=report.xml",
    )
    # It is a failure of the test, not an error of its fixture.
    result.assert_outcomes(failed=1)
    said = [
        "standin: error: `chert.repeated-refusal`: *",
        "    exchange 1, 2 of namespace test_repeats_*: it was refused with 2005 and `retryable: false`, and came again",
        "exchange 1 of namespace test_repeats_* at *: PUT /api/v1/chats/ch_01H",
        "answered with status 403, the service's error is 2005",
        "`suspended` fired on its call 1 and decided the answer: *",
        "exchange 2 of namespace test_repeats_*",
    ]
    result.stdout.fnmatch_lines(said)
    assert "5f4dcc3b5aa765d61d8327deb882cf99" not in result.stdout.str()
    failure = ElementTree.parse(pytester.path / "report.xml").find(".//failure")
    assert failure is not None and failure.text is not None
    assert "exchange 2 of namespace" in failure.text and "5f4dcc3b" not in failure.text


def test_an_expectation_that_is_not_met_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_unmet(standin):
    standin.expect("chert.chats.rename", calls={"exactly": 2}, name="tried again")
    rename(standin, "New")

def test_silent(standin):
    standin.expect("chert.chats.rename")

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(standin):
    standin.expect("chert.chats.rename")
""",
    )
    result.assert_outcomes(failed=2, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "standin: `tried again` is not met: expected exactly 2 calls of `chert.chats.rename`; 1 call came (exchange 1)",
            "exchange 1 of namespace test_unmet_*: PUT /api/v1/chats/ch_01H",
            "standin: `expectation 1` is not met*",
            "no call has reached this namespace*",
        ]
    )


def test_a_test_that_fails_by_itself_shows_the_conversation_once(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_own(standin):
    standin.expect("chert.chats.rename", calls="never")
    assert rename(standin, "New") == [201]

def test_skipped(standin):
    standin.expect("chert.chats.rename")
    pytest.skip("not now")

@pytest.fixture
def broken(standin):
    rename(standin, "New")
    raise ValueError("broken")

def test_broken(broken):
    pass
""",
    )
    result.assert_outcomes(failed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines(["E *ValueError: broken", "*standin: what the client and the services said*"])
    result.stdout.fnmatch_lines(["E *assert [[]200[]] == [[]201[]]", "*standin: what the client and the services said*"])
    result.stdout.fnmatch_lines(["exchange 1 of namespace test_own_*"])
    assert result.stdout.str().count("exchange 1 of namespace test_own_") == 1


BREACH = """
def test_breach(standin):
    standin.fault("chert.chats.rename", error="2005")
    rename(standin, "New", times=2)

@pytest.mark.standin(rules="off")
def test_marked(standin):
    test_breach(standin)
"""


@pytest.mark.parametrize(("rules", "failed", "told"), [("error", 1, 0), ("warn", 0, 1), ("off", 0, 0)])
@pytest.mark.parametrize("where", ["ini", "option"])
def test_rules_can_warn_or_be_off(pytester: pytest.Pytester, rules: str, failed: int, told: int, where: str) -> None:
    arguments = [f"--standin-rules={rules}"] if where == "option" else []
    pytester.makeini(f"[pytest]\nstandin_rules = {rules if where == 'ini' else 'error'}\n")
    result = run(pytester, BREACH, "-W", "error", *arguments)
    result.assert_outcomes(failed=failed, passed=2 - failed)
    if told:
        result.stdout.fnmatch_lines(["*= standin =*", "error: `chert.repeated-refusal`: *", "    *::test_breach"])
    assert ("test_marked" in result.stdout.str()) is False


def test_warnings_are_told_at_the_end_also_by_workers(pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.parametrize("number", [1, 2, 3])
def test_warned(standin, number):
    urllib.request.urlopen(standin.bitrix24.rest_url + "server.time?auth=" + standin.bitrix24.access_token).read()
"""
    for arguments in ([], ["-n", "2"]):
        result = run(pytester, tests, "-W", "error", *arguments)
        result.assert_outcomes(passed=3)
        result.stdout.fnmatch_lines(["*= standin =*", "warning: `bitrix24.token-in-url`: *", "    *::test_warned* and 2 more"])


def test_options_and_markers_choose_the_scenario(pytester: pytest.Pytester) -> None:
    (pytester.mkdir("tests") / "events.yaml").write_text(EVENTS)
    (pytester.path / "tests" / "other.yaml").write_text("standin: 1\nname: other\n")
    pytester.makeini("[pytest]\nstandin_scenario = tests/events.yaml\nstandin_seed = 7\n")
    (pytester.path / "tests" / "test_it.py").write_text(
        """
import pytest

def told(standin):
    health = standin.request("GET", "/health")
    return health["scenario"], health["seed"]

def test_ini(standin, request):
    wanted = request.config.getoption("--standin-scenario")
    assert told(standin) == (("other", 9) if wanted else ("events", 7))

@pytest.mark.standin(scenario="other.yaml", seed=8)
class TestMarked:
    def test_both(self, standin):
        assert told(standin) == ("other", 8)

    @pytest.mark.standin(scenario={"standin": 1, "name": "a mapping"})
    def test_the_nearest_wins(self, standin):
        assert told(standin) == ("a mapping", 8)
"""
    )
    # The folder in which pytest is called does not matter for the ini file and for markers.
    for arguments in ([], ["--standin-scenario=tests/other.yaml", "--standin-seed=9"], ["-n2"]):
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
        result.assert_outcomes(passed=3)


def test_mistakes_are_told_in_words(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.standin(scenery="x")
def test_key(standin):
    pass

@pytest.mark.standin(scenario="nothing.yaml")
def test_file(standin):
    pass

@pytest.mark.standin(scenario="standin: 1\\nname: x\\ncolour: blue\\n")
def test_scenario(standin):
    pass

@pytest.mark.standin(rules="loud")
def test_rules(standin):
    pass

@pytest.mark.standin(handlers={"app": "http://127.0.0.1:9/"})
def test_handlers(standin):
    pass
""",
    )
    result.assert_outcomes(errors=5)
    for said in (
        "standin: the marker `standin` takes `scenario=`, `seed=`, `rules=`, `handlers=` and nothing else",
        "standin: the scenario `*nothing.yaml` cannot be read: No such file or directory",
        "*error: there is no key `colour` here",
        "standin: `rules` is `loud`; it can be `error`, `warn` or `off`",
        "standin: the scenario has no handler called `app`; no namespace was made",
    ):
        result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")
    for ini in ("standin_rules = loud", "standin_seed = many"):
        pytester.makeini(f"[pytest]\n{ini}\n")
        result = run(pytester, BREACH)
        assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_without_a_program_only_tests_that_need_it_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: "list[str]"
) -> None:
    monkeypatch.setenv("STANDIN_BIN", "/no/such/program")
    for tls in ([], ["--standin-tls"]):
        result = run(pytester, "def test_one(standin): pass\ndef test_two(): pass\n", *workers, *tls)
        result.assert_outcomes(errors=1, passed=1)
        result.stdout.fnmatch_lines(["standin: `STANDIN_BIN` is `/no/such/program`, which is no program"])


def test_a_server_that_cannot_start_is_told_once_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", wrong="standin: 1\nname: x\ncolour: blue\n")
    result = run(pytester, "def test_one(standin): pass\n", "--standin-scenario=wrong.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["standin: standin ended with exit code 1:", "error: there is no key `colour` here"])


def test_handlers_get_their_urls_from_a_fixture(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", events=EVENTS)
    result = run(
        pytester,
        """
@pytest.fixture
def standin_handlers():
    return {"app": "http://127.0.0.1:9/events"}

@pytest.mark.standin(scenario="events.yaml")
def test_bound(standin):
    standin.act("bitrix24.operator.write", connector="connector", line=105, chat="chat-1", text="Hello")
    assert standin.outbox()[0].handler["url"] == "http://127.0.0.1:9/events"

# What stands at the test counts more.
@pytest.mark.standin(scenario="events.yaml", handlers={"app": "http://127.0.0.1:9/own"})
def test_marked(standin):
    standin.act("bitrix24.operator.write", connector="connector", line=105, chat="chat-1", text="Hello")
    assert standin.outbox()[0].handler["url"] == "http://127.0.0.1:9/own"

@pytest.mark.standin(handlers={})
def test_the_scenario_has_no_such_handler(standin):
    pass

def test_unbound(standin_server):
    pass
""",
    )
    result.assert_outcomes(passed=4)


def test_a_test_that_fails_by_itself_tells_what_the_client_did_wrong(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(standin):
    standin.expect("chert.chats.rename", calls={"exactly": 2})
    assert 1 == 2
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2", "*what the client did wrong*", "*is not met: expected exactly 2 calls of*"])


def test_classes_of_unittest_can_use_it(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import unittest

class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def with_standin(self, standin):
        self.standin = standin

    def test_good(self):
        self.assertEqual(rename(self.standin, "New"), [200])

    def test_unmet(self):
        self.standin.expect("chert.chats.rename")
""",
    )
    result.assert_outcomes(passed=1, failed=1)


def test_coroutines_can_use_it(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_asyncio")
    result = run(
        pytester,
        """
import asyncio

@pytest.mark.asyncio
async def test_waits(standin):
    waiting = asyncio.ensure_future(standin.aio.wait_for("chert.chats.rename"))
    await asyncio.to_thread(rename, standin, "New")
    await waiting

@pytest.mark.asyncio
async def test_unmet(standin):
    standin.expect("chert.chats.rename")
""",
        "-o",
        "asyncio_mode=strict",
    )
    result.assert_outcomes(passed=1, failed=1)


def test_a_server_that_goes_away_is_told(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import os, signal

def test_kills(standin, standin_server):
    os.kill(standin_server.pid, signal.SIGKILL)
    standin_server._process.wait()

def test_next(standin):
    pass
""",
    )
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["standin: the server at http://127.0.0.1:* does not answer: *"])


def test_the_marker_and_the_options_are_documented(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --strict-markers\n")
    result = run(pytester, "@pytest.mark.standin(seed=1)\ndef test_it(standin): pass\n")
    result.assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("--markers", "--fixtures", "-v")
    assert json.dumps("standin(scenario=")[1:-1] in result.stdout.str()
