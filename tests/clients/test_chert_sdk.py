"""`chert-sdk`, the vendor's SDK for Python. It sends a bearer token and tries each request once."""

import os

import pytest
from chert import ChertAPIError, ChertClient

TENANT = os.environ["CHERT_TENANT"]
SECRET = os.environ["CHERT_SIGNING_SECRET"]


def client(tenant=TENANT, secret=SECRET, url=os.environ["CHERT_BASE_URL"], **options):
    return ChertClient(url, secret, tenant, **options)


def rename(chat, body, **whose):
    return client(**whose).request(f"/chats/{chat}", method="PUT", body=body)


def test_a_rename(standin):
    icon = "https://cdn.example.com/acme-icon.png"
    answer = rename("ch_01H", {"display_name": "  Acme launch crew 🚀 ", "group_chat_icon": icon})
    chat = {"id": "ch_01H", "display_name": "Acme launch crew 🚀", "group_chat_icon": icon, "is_group": True}
    assert answer == {"chat": chat}
    assert standin.names("chert")["ch_01H"] == "Acme launch crew 🚀"


def test_a_rename_without_naming_the_tenant(standin):
    assert rename("ch_01H", {"display_name": "New"}, tenant=None)["chat"]["display_name"] == "New"


def test_a_rename_over_https(standin):
    url = os.environ["CHERT_HTTPS_BASE_URL"]
    assert rename("ch_01H", {"display_name": "New"}, url=url)["chat"]["display_name"] == "New"


NAME = {"display_name": "New name"}
SUSPENDED = {"tenant": "suspended-2005", "secret": "secret-2005"}
UNVERIFIED = {"tenant": "unverified-2007", "secret": "secret-2007"}
AT_LIMIT = {"tenant": "at-limit-2008", "secret": "secret-2008"}

# 2012 and 2013 are missing: this SDK cannot leave its token out, and it does not sign.
ERRORS = [
    # chat, body, whose, status, code, message, retryable, retry_after
    ("ch_01H", {}, {}, 400, "1001", "Missing required field: display_name or group_chat_icon", False, None),
    ("ch_01H", {"display_name": " "}, {}, 400, "1002", "Invalid field value: display_name", False, None),
    ("ch_01H", {"group_chat_icon": "icon.png"}, {}, 400, "1002", "Invalid field value: group_chat_icon", False, None),
    ("ch_01H", ["display_name"], {}, 400, "1004", "Invalid JSON body", False, None),
    ("ch_02D", NAME, {}, 400, "1006", "Chat is a direct message", False, None),
    ("ch_1007", NAME, {}, 429, "1007", "Rate limit exceeded", True, 2),
    ("ch_01H", NAME, {"tenant": "nobody"}, 404, "2001", "Tenant not found", False, None),
    ("ch_09X", NAME, {}, 404, "2002", "Chat not found", False, None),
    ("ch_01H", NAME, {"secret": "wrong"}, 401, "2004", "Invalid authentication", False, None),
    ("ch_01H", NAME, SUSPENDED, 403, "2005", "Forbidden", False, None),
    ("ch_01H", NAME, UNVERIFIED, 403, "2007", "Email not verified", False, None),
    ("ch_01H", NAME, AT_LIMIT, 402, "2008", "Account limit reached", False, None),
    ("ch_01H/typing", NAME, {}, 404, "2011", "Not found", False, None),
    ("ch_3001", NAME, {}, 500, "3001", "Internal server error", True, None),
    ("ch_3002", NAME, {}, 503, "3002", "Delivery unavailable", True, None),
    ("ch_3003", NAME, {}, 500, "3003", "Delivery service not configured", False, None),
    ("ch_3004", NAME, {}, 502, "3004", "Delivery service error", True, None),
    ("ch_4001", NAME, {}, 502, "4001", "Delivery failed", True, None),
    ("ch_4002", NAME, {}, 503, "4002", "All lines saturated for recipient", True, 3),
    ("ch_03K", NAME, {}, 501, "4099", "Not supported for this chat", False, None),
    ("ch_04L", NAME, {}, 501, "4099", "Not supported for this chat", False, None),
]


@pytest.mark.parametrize("chat, body, whose, status, code, message, retryable, retry_after", ERRORS)
def test_an_error(standin, chat, body, whose, status, code, message, retryable, retry_after):
    standin.serve("chert-errors")
    names = standin.names("chert")
    with pytest.raises(ChertAPIError) as raised:
        rename(chat, body, **whose)
    error = raised.value
    assert (error.status, error.code) == (status, code)
    assert error.request_id == error.data["trace_id"]
    expected = {"status": status, "code": int(code), "message": message, "retryable": retryable}
    if retry_after:
        expected["retry_after"] = retry_after
    assert error.data == {"success": False, "error": expected, "trace_id": error.request_id}
    assert standin.names("chert") == names
    assert len(standin.journal()) == 1


@pytest.mark.parametrize(
    "effect, status, code",
    [
        ({"wire": "reset"}, 0, "transport_error"),
        ({"wire": "stall"}, 0, "timeout"),
        ({"wire": "truncate_json"}, 502, "invalid_response"),
        ({"wire": "invalid_utf8"}, 502, "invalid_response"),
        ({"reply": {"status": 502, "body": "<h1>502 Bad Gateway</h1>"}}, 502, "invalid_response"),
        ({"reply": {"status": 302, "headers": {"location": "/"}}}, 502, "redirect_blocked"),
    ],
)
def test_an_answer_that_is_not_the_vendors(standin, effect, status, code):
    standin.serve("default", {"on": "chert", "when": {"first": 1}, **effect})
    patience = 0.2 if code == "timeout" else 15
    with pytest.raises(ChertAPIError) as raised:
        client(timeout=patience).request("/chats/ch_01H", method="PUT", body=NAME)
    assert (raised.value.status, raised.value.code) == (status, code)
    assert rename("ch_01H", NAME)["chat"]["display_name"] == "New name"
    assert len(standin.journal()) == 2
