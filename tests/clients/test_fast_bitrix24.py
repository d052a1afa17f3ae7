"""`fast-bitrix24`, the most used SDK for Python that is not the vendor's own.

It sends a single item in a `batch`, too, unless it is told `raw=True`. Of an error outside of a batch its user sees the
status only. It repeats what was answered with 5xx, eleven times in all.
"""

import asyncio
import json
import os
import urllib.request

import aiohttp
import pytest
from conftest import LIVE
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
    item = {"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": CHAT, "NAME": "New name", **fields}
    return {name: value for name, value in item.items() if value is not None}


def client(url=WEBHOOK, **options):
    return BitrixAsync(url, verbose=False, **options)


def call(items, url=WEBHOOK, raw=False, **options):
    return asyncio.run(client(url, **options).call(METHOD, items, raw=raw))


def test_a_rename(standin):
    answer = call(item(NAME="Имя & \"имя\" 🚀"), raw=True)
    assert answer["result"] == RENAMED
    assert standin.names("bitrix24")[CHAT] == "Имя & \"имя\" 🚀"
    assert standin.journal() == [(METHOD, 200)]


def test_a_rename_without_async(standin):
    assert Bitrix(WEBHOOK, verbose=False).call(METHOD, item(), raw=True)["result"] == RENAMED


def test_a_rename_of_the_live_edition(standin):
    async def token():
        return os.environ["BITRIX24_ACCESS_TOKEN"]

    standin.serve("default", replace=[LIVE])
    answer = call(item(), url=REST, raw=True, token_func=token)
    assert (answer["result"], answer["time"]["operating"]) == (RENAMED, 0)


@pytest.mark.skipif("BITRIX24_HTTPS_WEBHOOK_URL" not in os.environ, reason="the server has no https")
def test_a_rename_over_https(standin):
    assert call(item(), url=os.environ["BITRIX24_HTTPS_WEBHOOK_URL"], raw=True)["result"] == RENAMED


def test_one_item_in_a_batch(standin):
    assert call(item(NAME="Имя & \"имя\" 🚀")) == {"order0000000000": RENAMED}
    assert standin.names("bitrix24")[CHAT] == "Имя & \"имя\" 🚀"
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


METHOD_ERRORS = [
    ({"CHAT_ID": "CHAT_RENAMING_FAILED"}, "CHAT_RENAMING_FAILED", "Failed to rename the chat"),
    ({"LINE": "106"}, "NOT_ACTIVE_LINE", "The line with this ID is inactive or does not exist"),
    (
        {"CONNECTOR": "nobody"},
        "IMCONNECTOR_NO_CORRECT_PROVIDER",
        "Could not find a suitable provider for the connector",
    ),
    (
        {"NAME": None},
        "ERROR_ARGUMENT",
        "Required parameters NAME, CHAT_ID, USER_ID, CONNECTOR, or LINE are missing",
    ),
]


@pytest.mark.parametrize("fields, code, text", METHOD_ERRORS)
def test_an_error_of_the_method(standin, fields, code, text):
    standin.serve("bitrix24-errors")
    with pytest.raises(ErrorInServerResponseException) as raised:
        call(item(**fields))
    assert raised.value.args == ({"order0000000000": {"error": code, "error_description": text}},)

    with pytest.raises(aiohttp.ClientResponseError) as raised:
        call(item(**fields), raw=True)
    assert (raised.value.status, raised.value.message) == (400, "Bad Request")
    assert standin.journal() == [("batch", 200), (METHOD, 400)]


def webhook(secret):
    return WEBHOOK.replace("webhook-secret", secret)


@pytest.mark.parametrize(
    "url, fields, status",
    [
        (webhook("wrong"), {}, 403),  # INVALID_CREDENTIALS
        (webhook("insufficient_scope"), {}, 403),
        (REST, {}, 401),  # NO_AUTH_FOUND
        (REST, {"auth": "expired_token"}, 401),
        (REST, {"auth": "user_access_error"}, 403),
        (WEBHOOK, {"CHAT_ID": "ACCESS_DENIED"}, 403),
        (WEBHOOK, {"CHAT_ID": "INVALID_REQUEST"}, 400),
        (WEBHOOK, {"CHAT_ID": "OPERATION_TIME_LIMIT"}, 429),
        (WEBHOOK, {"CHAT_ID": "ERROR_MANIFEST_IS_NOT_AVAILABLE"}, 404),
    ],
)
def test_a_system_error(standin, url, fields, status):
    standin.serve("bitrix24-errors")
    with pytest.raises(aiohttp.ClientResponseError) as raised:
        call(item(**fields), url=url, raw=True)
    assert raised.value.status == status
    assert standin.journal() == [(METHOD, status)]


@pytest.mark.parametrize(
    "code, status",
    [
        ("QUERY_LIMIT_EXCEEDED", 503),
        ("OVERLOAD_LIMIT", 503),
        ("PORTAL_DELETED", 500),
        ("INTERNAL_SERVER_ERROR", 500),
        ("ERROR_UNEXPECTED_ANSWER", 500),
    ],
)
def test_an_error_that_the_sdk_gives_up_on(standin, code, status):
    standin.serve("bitrix24-errors")
    with pytest.raises(RuntimeError, match="All attempts to get data from server exhausted") as raised:
        call(item(CHAT_ID=code), raw=True)
    assert raised.value.__cause__.__cause__.status == status
    assert standin.journal() == [(METHOD, status)] * 11


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
    expired = {"on": "bitrix24", "match_credential": "access-token", "error": "expired_token"}
    standin.serve("default", expired)
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
