"""`fast-bitrix24`, the most used SDK for Python that is not the vendor's own.

It sends a single item in a `batch`, too, unless it is told `raw=True`. Of an error outside of a batch its user sees the
status only. It repeats what was answered with 5xx, eleven times in all.
"""

import asyncio
import http.client
import json
import os
import urllib.request

import aiohttp
import pytest
from conftest import ERRORS, EXPIRED, LIVE, every_error
from fast_bitrix24 import Bitrix, BitrixAsync
from fast_bitrix24.server_response import ErrorInServerResponseException

WEBHOOK = os.environ["BITRIX24_WEBHOOK_URL"]
REST = os.environ["BITRIX24_REST_URL"]
METHOD = "imconnector.chat.name.set"
CHAT = "47e007b1-ee15-43db-bcba-1c26e5884d3f"
RENAMED = {"SUCCESS": True, "DATA": {"RESULT": {}}}


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    """The SDK waits before it repeats a request. It has no setting for that, only this constant."""
    monkeypatch.setattr("fast_bitrix24.srh.INITIAL_TIMEOUT", 0)


def item(**fields):
    return {"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": CHAT, "NAME": "New name", **fields}


def client(url=WEBHOOK, **options):
    return BitrixAsync(url, verbose=False, **options)


def call(items, url=WEBHOOK, raw=False, **options):
    return asyncio.run(client(url, **options).call(METHOD, items, raw=raw))


def test_a_rename(standin):
    answer = call(item(NAME='Имя & "имя" 🚀'), raw=True)
    assert answer["result"] == RENAMED
    assert standin.names("bitrix24")[CHAT] == 'Имя & "имя" 🚀'
    assert standin.journal() == [(METHOD, 200)]


def test_a_rename_without_async(standin):
    assert Bitrix(WEBHOOK, verbose=False).call(METHOD, item(), raw=True)["result"] == RENAMED


def test_a_rename_of_the_live_edition(standin):
    async def token():
        return os.environ["BITRIX24_ACCESS_TOKEN"]

    standin.serve("default", replace=[LIVE])
    answer = call(item(), url=REST, raw=True, token_func=token)
    assert (answer["result"], answer["time"]["operating"]) == (RENAMED, 0)


def test_a_rename_over_https(standin):
    assert call(item(), url=os.environ["BITRIX24_HTTPS_WEBHOOK_URL"], raw=True)["result"] == RENAMED


def test_one_item_in_a_batch(standin):
    assert call(item(NAME='Имя & "имя" 🚀')) == {"order0000000000": RENAMED}
    assert standin.names("bitrix24")[CHAT] == 'Имя & "имя" 🚀'
    assert standin.journal() == [("batch", 200)]


def test_more_items_than_one_batch_holds(standin):
    answers = call([item(NAME=f"Name {number}") for number in range(120)])
    assert answers == (RENAMED,) * 120
    assert standin.journal() == [("batch", 200)] * 3


def test_a_batch_with_names(standin):
    commands = {
        "first": f"{METHOD}?CONNECTOR=connector&LINE=105&CHAT_ID={CHAT}&NAME=One",
        "second": f"{METHOD}?CONNECTOR=messenger&LINE=105&CHAT_ID=direct-chat&USER_ID=visitor-1&NAME=Two",
    }
    answer = asyncio.run(client().call_batch({"halt": 0, "cmd": commands}))
    assert answer == {"first": RENAMED, "second": RENAMED}
    assert standin.names("bitrix24")["direct-chat"] == "Two"


@every_error
def test_an_error(standin, error):
    standin.serve("bitrix24-errors")
    status, batch = error["status"], "batch" in error
    url = REST if "token" in error else WEBHOOK.replace("webhook-secret", error.get("webhook", "webhook-secret"))
    token = {"auth": error["token"]} if "token" in error else {}
    gives_up = status >= 500
    with pytest.raises(RuntimeError if gives_up else aiohttp.ClientResponseError) as raised:
        call(item(**error.get("fields", {}), **token), url=url, raw=not batch)
    cause = raised.value.__cause__.__cause__ if gives_up else raised.value
    assert (cause.status, cause.message) == (status, http.client.responses[status])
    tries = 11 if gives_up else 1
    assert standin.journal() == [("batch" if batch else METHOD, status)] * tries


@pytest.mark.parametrize("error", ERRORS[:4], ids=[error["code"] for error in ERRORS[:4]])
def test_an_error_in_a_batch(standin, error):
    standin.serve("bitrix24-errors")
    with pytest.raises(ErrorInServerResponseException) as raised:
        call([item(NAME="One"), item(**error["fields"]), item(NAME="Three")])
    told = {"error": error["code"], "error_description": error["text"]}
    assert raised.value.args == ({"order0000000001": told},)
    assert standin.names("bitrix24")[CHAT] == "Three"


@pytest.mark.parametrize(
    "effect, status",
    [
        ({"error": "QUERY_LIMIT_EXCEEDED"}, 503),
        ({"reply": {"status": 502, "headers": {"content-type": "text/html"}, "body": "<h1>Bad Gateway</h1>"}}, 502),
        ({"wire": "reset"}, 200),
    ],
)
def test_the_sdk_tries_again(standin, effect, status):
    standin.serve("default", {"on": "bitrix24", "when": {"first": 2}, **effect})
    assert call(item(), raw=True)["result"] == RENAMED
    assert standin.journal() == [(METHOD, status)] * 2 + [(METHOD, 200)]


def test_a_token_is_refreshed(standin):
    """The SDK asks for a token at the start and after a 401. Getting one is its user's part."""
    standin.serve("token-expires", replace=[EXPIRED])
    asked = []

    async def token():
        asked.append(None)
        if len(asked) == 1:
            return "access-token"
        query = (
            "grant_type=refresh_token&client_id=local.685d5063933614.00854686"
            "&client_secret=client-secret&refresh_token=refresh-token"
        )
        with urllib.request.urlopen(f"{standin.url}/oauth/token/?{query}") as answer:
            return json.load(answer)["access_token"]

    bitrix = client(REST, token_func=token)
    assert asyncio.run(bitrix.call(METHOD, item(), raw=True))["result"] == RENAMED
    assert asyncio.run(bitrix.call(METHOD, item())) == {"order0000000000": RENAMED}
    assert len(asked) == 2
    assert standin.journal() == [(METHOD, 401), ("oauth.token", 200), (METHOD, 200), ("batch", 200)]
