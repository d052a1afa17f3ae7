"""The documents: their examples run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Dict

import pytest
from conftest import PYTHON

DOCUMENTS = Path(os.environ.get("STANDIN_DOCUMENTS", Path(__file__).parents[3]))
"""The folder with `docs` and `kits`."""


def blocks(document: str) -> Dict[str, str]:
    """The files that a document prints: a block of Python begins with the file's name, a scenario is `events.yaml`."""
    files: Dict[str, str] = {}
    languages = "python" if document == "README.md" else "python|yaml"  # its scenarios are for other commands
    for language, block in re.findall(rf"^```({languages})\n(.*?)^```$", (DOCUMENTS / document).read_text(), re.M | re.S):
        named = re.match(r"# (\w+\.py)(, continued)?\n", block)
        name = named.group(1) if named else "events.yaml"
        assert (named is None) == (language == "yaml")
        files[name] = files.get(name, "") + block
    return files


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STANDIN_CONTROL_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("document", "passed"), [("README.md", 1), ("docs/testing-in-python.md", 5), ("kits/python/README.md", 1)])
def test_examples_run_word_for_word(pytester: pytest.Pytester, document: str, passed: int) -> None:
    files = blocks(document)
    # It binds a port that nobody listens on here.
    handlers = files.pop("conftest.py", "")
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error")
    result.assert_outcomes(passed=passed)
    if handlers:
        subprocess.run([PYTHON, "main.py"], cwd=pytester.path, check=True)
        (pytester.path / "conftest.py").write_text(handlers)
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-k", "not events")
        # The built-in scenario has no handler `app`.
        result.assert_outcomes(errors=3, deselected=2)


def test_the_report_of_the_document_is_that_of_the_plugin(pytester: pytest.Pytester) -> None:
    text = (DOCUMENTS / "docs/testing-in-python.md").read_text()
    report = re.search(r"^```text\n(.*?)^…$", text, re.M | re.S)
    assert report is not None
    pytester.makepyfile(
        """
from http.client import HTTPConnection
from urllib.parse import urlsplit

def test_a_suspended_tenant(standin):
    standin.fault("chert.chats.rename", error="2005")
    place = urlsplit(standin.chert.base_url)
    connection = HTTPConnection(place.netloc)
    for _ in range(2):
        headers = {"authorization": "Bearer " + standin.chert.signing_secret, "content-type": "application/json"}
        connection.request("PUT", place.path + "/chats/ch_01H", '{"display_name": "x"}', headers)
        connection.getresponse().read()
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    def plain(told: str) -> str:
        return re.sub(r"at \S+Z:", "at TIME:", re.sub(r"tenant_\w{8}", "tenant_NAME", told))

    assert plain(report.group(1)) in plain(result.stdout.str())
