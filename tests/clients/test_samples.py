"""The samples of the vendors' documentation, word for word; only the host and the secrets are put in.

Missing are the samples that need what no package registry here has: Bitrix24's two in PHP, and BX24.js, which runs in
a page of the portal only.
"""

import hashlib
import hmac
import json
import os
import re
import subprocess
import time

import pytest
from conftest import HERE

TENANT = os.environ["CHERT_TENANT"]
SECRET = os.environ["CHERT_SIGNING_SECRET"]
CHAT = "47e007b1-ee15-43db-bcba-1c26e5884d3f"

over_both = pytest.mark.parametrize("url", ["STANDIN_URL", "STANDIN_HTTPS_URL"], ids=["http", "https"])


def sample(name, **replacements):
    text = (HERE / "samples" / name).read_text()
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def run(*command, text, **variables):
    """What the sample prints to stdout and stderr."""
    trusted = {"CURL_CA_BUNDLE": os.environ["STANDIN_CA"]} if "STANDIN_CA" in os.environ else {}
    environment = {**os.environ, **trusted, **variables}
    done = subprocess.run(command, input=text, env=environment, cwd=HERE, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def bitrix24(name, url):
    address = {"https://**put_your_bitrix24_address**": os.environ[url]}
    secrets = {
        "bitrix24-curl-webhook.sh": {
            "**put_your_user_id_here**": "1",
            "**put_your_webhook_here**": "webhook-secret",
        },
        "bitrix24-curl-oauth.sh": {"**put_access_token_here**": os.environ["BITRIX24_ACCESS_TOKEN"]},
    }
    return sample(name, **address, **secrets[name])


@over_both
@pytest.mark.parametrize("name", ["bitrix24-curl-webhook.sh", "bitrix24-curl-oauth.sh"])
def test_curl_of_bitrix24(standin, name, url):
    printed, _ = run("bash", text=bitrix24(name, url))
    assert json.loads(printed)["result"] == {"SUCCESS": True, "DATA": {"RESULT": {}}}
    assert standin.names("bitrix24")[CHAT] == "New dialog name"


def test_curl_of_bitrix24_with_the_documented_error(standin):
    text = bitrix24("bitrix24-curl-webhook.sh", "STANDIN_URL").replace('"105"', '"106"')
    printed, _ = run("bash", text=text)
    assert json.loads(printed) == {
        "error": "NOT_ACTIVE_LINE",
        "error_description": "The line with this ID is inactive or does not exist",
    }


def test_javascript_of_bitrix24(standin):
    """The sample calls `result.error()`, which the SDK's plain data has not. So it fails after the rename is done."""
    before = """
        import { B24Hook } from '@bitrix24/b24jssdk'
        const alert = console.log
        const $b24 = B24Hook.fromWebhookUrl(process.env.BITRIX24_HTTPS_WEBHOOK_URL)
    """
    _, complaint = run("node", "--input-type=module", "-", text=before + sample("bitrix24-js.js"))
    assert "Error: TypeError: result.error is not a function" in complaint
    assert standin.names("bitrix24")[CHAT] == "New dialog name"
    assert standin.journal() == [("imconnector.chat.name.set", 200)]


# The samples of Chert sign for the present time.
AT_PRESENT = ('clock: {virtual: "2024-11-20T15:55:08.525962+02:00"}', "clock: real")
CHERT = "https://console.trychert.com"


def curl_of_chert(url, chat, secret, age):
    text = sample("chert-curl.sh", **{CHERT: os.environ[url], "ch_01H...": chat})
    body = re.search(r"-d '(.*)'", text, re.DOTALL)[1]
    seconds = str(int(time.time()) - age)
    digest = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    printed, _ = run("bash", text=text, TENANT=TENANT, TS=seconds, SIG=digest)
    return json.loads(printed)


def node_of_chert(url, chat, secret, age):
    before = f"""
        import crypto from 'node:crypto'
        const {{ SIGNING_SECRET, TENANT_SLUG, chatId }} = process.env
        const now = Date.now() - {age} * 1000
        Date.now = () => now
    """
    after = "\nconsole.log(await res.text())\n"
    text = before + sample("chert-node.js", **{CHERT: os.environ[url]}) + after
    printed, _ = run(
        "node", "--input-type=module", "-", text=text, SIGNING_SECRET=secret, TENANT_SLUG=TENANT, chatId=chat
    )
    return json.loads(printed)


def python_of_chert(url, chat, secret, age):
    text = sample("chert-python.py", **{CHERT: os.environ[url]})
    names = {"SIGNING_SECRET": secret, "TENANT_SLUG": TENANT, "chat_id": chat}
    with pytest.MonkeyPatch.context() as patch:
        now = time.time() - age
        patch.setattr(time, "time", lambda: now)
        exec(text, names)
    return names["r"].json()


of_chert = pytest.mark.parametrize("client", [curl_of_chert, node_of_chert, python_of_chert])


@over_both
@of_chert
def test_of_chert(standin, client, url):
    standin.serve("documented", replace=[AT_PRESENT])
    assert client(url, "ch_01H...", SECRET, 0) == {
        "chat": {
            "id": "ch_01H...",
            "display_name": "Acme launch crew",
            "group_chat_icon": "https://cdn.example.com/acme-icon.png",
            "is_group": True,
        }
    }


@of_chert
@pytest.mark.parametrize(
    "chat, secret, age, status, code",
    [
        ("ch_02D...", SECRET, 0, 400, 1006),
        ("ch_09X...", SECRET, 0, 404, 2002),
        ("ch_05R...", SECRET, 0, 502, 4001),
        ("ch_03K...", SECRET, 0, 501, 4099),
        ("ch_04L...", SECRET, 0, 501, 4099),
        ("ch_01H...", "wrong", 0, 401, 2004),
        ("ch_01H...", SECRET, 400, 401, 2013),
    ],
)
def test_of_chert_with_an_error(standin, client, chat, secret, age, status, code):
    standin.serve("documented", replace=[AT_PRESENT])
    error = client("STANDIN_URL", chat, secret, age)["error"]
    assert (error["status"], error["code"]) == (status, code)
    assert standin.journal() == [("chats.rename", status)]
