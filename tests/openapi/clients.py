"""Calls a server with the generated clients: by bearer token, by access token, by webhook, with JSON and as a form.

    python clients.py chert|documented|live

Chert's client is generated from its document, the others from that of the edition. The clients are in the working directory.
"""

import importlib
import os
import sys

sys.path.insert(0, ".")
url = os.environ["STANDIN_URL"]
name = sys.argv[1]


def module(path):
    return importlib.import_module(f"{name}_client.{path}")


def call(path, client, **arguments):
    """The answer to a call of the operation in the module `path`, as the client has read it."""
    answer = module(f"api.{path}").sync_detailed(client=client, **arguments)
    return answer.status_code, answer.parsed


def is_a(value, model):
    assert type(value).__name__ == model, f"{value} is no {model}"


models = module("models")
plain, with_token = module("client").Client, module("client").AuthenticatedClient

if name == "chert":
    chert = with_token(base_url=f"{url}/api/v1", token="5f4dcc3b5aa765d61d8327deb882cf99")
    body = models.ChatsRenameBody(display_name="From a generated client")
    status, renamed = call("chats.chats_rename", chert, id="ch_01H", body=body)
    assert (status, renamed.chat.display_name) == (200, "From a generated client"), renamed
    status, refused = call("chats.chats_rename", chert, id="ch_none", body=body)
    assert status == 404, refused
    is_a(refused, "Error2002")
    assert refused.error.code == 2002
    status, refused = call("chats.chats_rename", with_token(base_url=f"{url}/api/v1", token="wrong"), id="ch_01H", body=body)
    assert status == 401
    is_a(refused, "Error2004")
    status, file = call("attachments.attachments_content", chert, id="att_02H")
    assert (status, file.payload.read()) == (200, b"A good offer.")
else:
    by_token = with_token(base_url=f"{url}/rest", token="access-token")
    by_webhook = plain(base_url=f"{url}/rest/1/webhook-secret")
    rename = "imconnector.imconnector_chat_name_set"
    values = {"connector": "connector", "line": 105, "chat_id": "chat-1"}
    as_json = models.ImconnectorChatNameSetBody(name="As JSON", **values)
    as_form = models.ImconnectorChatNameSetForm(name="As a form", **values)
    for body in (as_json, as_form):
        status, renamed = call(rename, by_token, body=body)
        assert status == 200, renamed
        is_a(renamed, "ImconnectorChatNameSetAnswer")
    status, refused = call(rename, by_webhook, body=as_json)
    # The real server wants an access token.
    assert status == (200 if name == "documented" else 403), refused
    status, told = call("server.server_time", by_webhook)
    assert status == 200, told
    in_body = models.ServerTimeBody(auth="access-token")
    status, told = call("server.server_time", plain(base_url=f"{url}/rest"), body=in_body)
    assert status == 200, told
    status, refused = call("server.server_time", plain(base_url=f"{url}/rest"))
    assert status == 401, refused
    is_a(refused, "ErrorNoAuthFound")
    form = models.OauthTokenForm(
        grant_type="refresh_token",
        client_id="local.685d5063933614.00854686",
        client_secret="client-secret",
        refresh_token="refresh-token",
    )
    status, pair = call("oauth.oauth_token", plain(base_url=url), body=form)
    assert (status, pair.expires_in) == (200, 3600), pair

print(f"{name}: the generated client calls the server")
