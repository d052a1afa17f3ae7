"""https, and the trust of clients."""

from __future__ import annotations

import os
import ssl
import urllib.request
from pathlib import Path
from typing import Iterator

import pytest

from standin_mock import Server


@pytest.fixture(scope="module")
def secure() -> Iterator[Server]:
    with Server(tls=True) as server:
        yield server


def test_urls_files_and_contexts(secure: Server) -> None:
    with secure.namespace("secure") as world:
        assert world.https_url.startswith("https://localhost:")
        assert world.bitrix24.https_webhook_url == f"{world.https_url}/rest/1/webhook-secret-secure/"
        assert world.bitrix24.https_rest_url == f"{world.https_url}/rest/"
        assert world.bitrix24.https_token_url == f"{world.https_url}/oauth/token/"
        assert world.chert.https_base_url == f"{world.https_url}/api/v1"
        assert world.environment["STANDIN_CA"] == world.ca_file
        url = f"{world.bitrix24.https_rest_url}server.time?auth={world.bitrix24.access_token}"
        assert urllib.request.urlopen(url, context=world.ssl_context).status == 200
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(url, context=ssl.create_default_context())
        bundle = Path(world.environment["SSL_CERT_FILE"]).read_text()
        assert bundle.endswith(Path(world.ca_file).read_text())


CLIENTS = """
{early}
import asyncio, os, pytest, urllib.request

def url(standin):
    return standin.bitrix24.https_rest_url + "server.time"

@pytest.fixture
def data(standin):
    return {{"auth": standin.bitrix24.access_token}}

def test_requests(standin, data):
    requests = pytest.importorskip("requests")
    assert requests.post(url(standin), json=data).status_code == 200

def test_httpx(standin, data):
    httpx = pytest.importorskip("httpx")
    assert httpx.post(url(standin), json=data).status_code == 200

def test_aiohttp(standin, data):
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with aiohttp.ClientSession() as session, session.post(url(standin), json=data) as answer:
            return answer.status

    assert asyncio.run(main()) == 200

def test_urllib(standin, data):
    assert urllib.request.urlopen(url(standin) + "?auth=" + data["auth"]).status == 200

def test_public_authorities_are_trusted_too(standin):
    import ssl
    assert len(ssl.create_default_context().get_ca_certs()) > 10
"""


@pytest.mark.parametrize("arguments", [["--standin-tls"], ["-n2"]], ids=["option", "workers"])
def test_clients_trust_the_server(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: "list[str]"
) -> None:
    monkeypatch.delenv("STANDIN_CONTROL_URL", raising=False)
    if "--standin-tls" not in arguments:
        pytester.makeini("[pytest]\nstandin_tls = true\n")
    # aiohttp reads the certificates when it is imported, here before the server runs.
    early = "try:\n    import aiohttp\nexcept ImportError:\n    pass\n"
    pytester.makeconftest(early)
    pytester.makepyfile(CLIENTS.format(early=early))
    before = {name: value for name, value in os.environ.items() if "CERT" in name or "_CA" in name}
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rs", "-p", "no:asyncio", *arguments)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] + outcomes.get("skipped", 0) == 5 and "failed" not in outcomes and "errors" not in outcomes
    assert before == {name: value for name, value in os.environ.items() if "CERT" in name or "_CA" in name}


def test_https_of_a_server_that_runs_already_is_known_by_the_environment(
    pytester: pytest.Pytester, secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secure.tls is not None
    monkeypatch.setenv("STANDIN_CONTROL_URL", secure.control.url)
    monkeypatch.setenv("STANDIN_HTTPS_URL", secure.tls.url)
    monkeypatch.setenv("STANDIN_CA", secure.tls.ca_file)
    pytester.makepyfile(CLIENTS.format(early=""))
    outcomes = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--standin-tls", "-k", "urllib").parseoutcomes()
    assert outcomes["passed"] == 1
