"""`b24pysdk`, the vendor's SDK for Python. It speaks https only and repeats what was answered with 503."""

import datetime
import os
from urllib.parse import parse_qsl, urlsplit

import pytest
from b24pysdk import BitrixApp, BitrixToken, BitrixWebhook, Client, Config, errors
from b24pysdk.api.requesters import BitrixOAuthRequester
from b24pysdk.credentials import EventOAuth
from b24pysdk.errors import oauth
from conftest import EXPIRED, LIVE, every_error

HOST = urlsplit(os.environ["STANDIN_HTTPS_URL"]).netloc
METHOD = "imconnector.chat.name.set"
CHAT = "47e007b1-ee15-43db-bcba-1c26e5884d3f"
RENAMED = {"SUCCESS": True, "DATA": {"RESULT": {}}}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    Config().configure(default_initial_retry_delay=0.001, default_retry_delay_increment=0)
    # The host of the authorization server stands in the SDK, which has no setting for it.
    monkeypatch.setattr(BitrixOAuthRequester, "_OAUTH_TOKEN_URL", f"https://{HOST}/oauth/token/")


def webhook(secret="webhook-secret"):
    return BitrixWebhook(domain=HOST, webhook_token=f"1/{secret}")


def application(token="access-token", refresh_token="refresh-token", secret="client-secret", expires=None):
    app = BitrixApp(client_id="local.685d5063933614.00854686", client_secret=secret)
    return BitrixToken(domain=HOST, auth_token=token, refresh_token=refresh_token, expires=expires, bitrix_app=app)


def rename(token, **fields):
    fields = {"connector": "connector", "line": 105, "chat_id": CHAT, "name": "New name", **fields}
    return Client(token).imconnector.chat.name.set(**fields)


@pytest.mark.parametrize("token", [webhook, application])
def test_a_rename(standin, token):
    request = rename(token(), name='Имя & "имя" 🚀')
    assert request.result == RENAMED
    assert request.time.finish >= request.time.start
    assert request.time.operating is None
    assert standin.names("bitrix24")[CHAT] == 'Имя & "имя" 🚀'
    assert standin.journal() == [(METHOD, 200)]


def test_a_rename_of_a_chat_with_one_user(standin):
    assert rename(webhook(), connector="messenger", chat_id="direct-chat", user_id="visitor-1").result == RENAMED
    assert standin.names("bitrix24")["direct-chat"] == "New name"


def test_a_rename_by_the_name_of_the_method(standin):
    fields = {"CONNECTOR": "connector", "LINE": "105", "CHAT_ID": CHAT, "NAME": "New name"}
    assert webhook().call_method(METHOD, fields)["result"] == RENAMED


def test_a_rename_of_the_live_edition(standin):
    standin.serve("default", replace=[LIVE])
    request = rename(application())
    assert (request.result, request.time.operating) == (RENAMED, 0)
    assert request.time.operating_reset_at - request.time.date_start == datetime.timedelta(seconds=600)


def test_a_batch(standin):
    token = webhook()
    requests = {"first": rename(token), "second": rename(token, name='Имя & "имя" 🚀')}
    answer = Client(token).call_batch(requests).result
    assert answer.result == {"first": RENAMED, "second": RENAMED}
    assert not answer.result_error
    assert set(answer.result_time) == {"first", "second"}
    assert standin.names("bitrix24")[CHAT] == 'Имя & "имя" 🚀'


@pytest.mark.parametrize("halt, renamed, last", [(True, {"a"}, "One"), (False, {"a", "c"}, "Three")])
def test_a_batch_with_an_error(standin, halt, renamed, last):
    token = webhook()
    requests = {"a": rename(token, name="One"), "b": rename(token, line=106), "c": rename(token, name="Three")}
    answer = Client(token).call_batch(requests, halt=halt).result
    assert set(answer.result) == renamed
    text = "The line with this ID is inactive or does not exist"
    assert answer.result_error == {"b": {"error": "NOT_ACTIVE_LINE", "error_description": text}}
    assert standin.names("bitrix24")[CHAT] == last


def test_more_than_one_batch_holds(standin):
    token = webhook()
    answer = Client(token).call_batches([rename(token) for _ in range(120)]).result
    assert list(answer.result.values()) == [RENAMED] * 120
    assert standin.journal() == [("batch", 200)] * 3


# What the SDK raises, by the code of the error.
RAISED = {
    "CHAT_RENAMING_FAILED": errors.BitrixAPIBadRequest,
    "NOT_ACTIVE_LINE": errors.BitrixAPIBadRequest,
    "IMCONNECTOR_NO_CORRECT_PROVIDER": errors.BitrixAPIBadRequest,
    "ERROR_ARGUMENT": errors.BitrixAPIBadRequest,
    "INVALID_CREDENTIALS": errors.BitrixAPIInvalidCredentials,
    "insufficient_scope": errors.BitrixAPIInsufficientScope,
    "NO_AUTH_FOUND": oauth.BitrixOAuthNoAuthFound,
    "user_access_error": errors.BitrixAPIUserAccessError,
    "OPERATION_TIME_LIMIT": errors.BitrixAPIOperationTimeLimit,
    "PORTAL_DELETED": errors.BitrixAPIPortalDeleted,
    "ACCESS_DENIED": errors.BitrixAPIAccessDenied,
    "INVALID_REQUEST": errors.BitrixAPIInvalidRequest,
    "ERROR_MANIFEST_IS_NOT_AVAILABLE": errors.BitrixAPINotFound,
    "INTERNAL_SERVER_ERROR": errors.BitrixAPIInternalServerError,
    "ERROR_UNEXPECTED_ANSWER": errors.BitrixAPIErrorUnexpectedAnswer,
    "QUERY_LIMIT_EXCEEDED": errors.BitrixAPIQueryLimitExceeded,
    "OVERLOAD_LIMIT": errors.BitrixAPIOverloadLimit,
    "ERROR_BATCH_LENGTH_EXCEEDED": errors.BitrixAPIBadRequest,
    "ERROR_BATCH_METHOD_NOT_ALLOWED": errors.BitrixAPIMethodNotAllowed,
}


def seen(error):
    return type(error), error.error, error.response.status_code, error.error_description, str(error)


@every_error
def test_an_error(standin, error):
    standin.serve("bitrix24-errors")
    token = application(error["token"]) if "token" in error else webhook(error.get("webhook", "webhook-secret"))
    request = rename(token, **{name.lower(): value for name, value in error.get("fields", {}).items()})
    if "batch" in error:
        request = Client(token).call_batch([request])
    with pytest.raises(errors.BitrixAPIError) as raised:
        request.call()
    code, status, text = error["code"], error["status"], error["text"]
    assert seen(raised.value) == (RAISED[code], code, status, text, text)
    tries = 3 if status == 503 else 1
    assert standin.journal() == [("batch" if "batch" in error else METHOD, status)] * tries


def test_errors_of_the_live_edition(standin):
    standin.serve("default", replace=[LIVE])
    with pytest.raises(errors.BitrixAPIWrongAuthType) as raised:
        rename(webhook()).call()
    text = "Current authorization type is denied for this method Application context required"
    assert (raised.value.error_description, raised.value.response.status_code) == (text, 403)

    with pytest.raises(errors.BitrixAPIInvalidToken) as raised:
        rename(application("unknown")).call()
    assert raised.value.error_description == "Unable to get application by token"

    with pytest.raises(errors.BitrixAPIBadRequest) as raised:
        rename(application(), name="").call()
    assert raised.value.error_description == "Argument 'NAME' is null or empty"
    assert raised.value.json_response["argument"] == "NAME"


@pytest.mark.parametrize("code", ["QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT"])
def test_the_sdk_tries_again(standin, code):
    standin.serve("default", {"on": "bitrix24", "when": {"first": 2}, "error": code})
    assert rename(webhook()).result == RENAMED
    assert standin.journal() == [(METHOD, 503), (METHOD, 503), (METHOD, 200)]


@pytest.mark.parametrize(
    "effect, kind",
    [
        ({"wire": "reset"}, errors.BitrixRequestError),
        ({"wire": "truncate_json"}, errors.BitrixResponseJSONDecodeError),
        ({"reply": {"status": 502, "body": "<h1>Bad Gateway</h1>"}}, errors.BitrixResponseJSONDecodeError),
    ],
)
def test_an_answer_that_is_not_the_vendors(standin, effect, kind):
    standin.serve("default", {"on": "bitrix24", "when": {"first": 1}, **effect})
    with pytest.raises(errors.BitrixSDKException) as raised:
        rename(webhook()).call()
    assert type(raised.value) is kind
    assert rename(webhook()).result == RENAMED


def test_a_token_that_the_server_calls_expired_is_refreshed(standin):
    standin.serve("token-expires", replace=[EXPIRED])
    token = application()
    assert rename(token).result == RENAMED
    assert (token.auth_token, token.refresh_token) != ("access-token", "refresh-token")
    assert (token.expires_in, token.has_expired) == (3600, False)
    assert rename(token).result == RENAMED
    assert standin.journal() == [(METHOD, 401), ("oauth.token", 200), (METHOD, 200), (METHOD, 200)]


def test_a_token_that_cannot_be_refreshed(standin):
    standin.serve("token-expires", replace=[EXPIRED])
    with pytest.raises(errors.BitrixAPIExpiredToken) as raised:
        rename(application(refresh_token=None)).call()
    assert raised.value.error_description == "The access token provided has expired"
    assert standin.journal() == [(METHOD, 401)]


def test_a_token_that_the_sdk_knows_to_be_expired_is_refreshed(standin):
    yesterday = Config().get_local_datetime() - datetime.timedelta(days=1)
    assert rename(application(expires=yesterday)).result == RENAMED
    assert standin.journal() == [("oauth.token", 200), (METHOD, 200)]


def test_a_refresh(standin):
    renewed = application().refresh_oauth_token()
    assert (renewed.domain, renewed.user_id, renewed.scope) == (HOST, 1, ["imconnector"])
    assert renewed.portal_domain == urlsplit(renewed.client_endpoint).hostname


@pytest.mark.parametrize(
    "changes, kind, status, error",
    [
        ({"refresh_token": "used-up"}, oauth.BitrixOAuthInvalidGrant, 400, "invalid_grant"),
        ({"secret": "wrong"}, oauth.BitrixOAuthInvalidClient, 401, "invalid_client"),
        ({"refresh_token": ""}, oauth.BitrixOAuthInvalidRequest, 400, "invalid_request"),
    ],
)
def test_a_refresh_that_is_refused(standin, changes, kind, status, error):
    with pytest.raises(errors.BitrixAPIError) as raised:
        application(**changes).refresh_oauth_token()
    assert seen(raised.value)[:3] == (kind, error, status)


def test_a_refresh_after_the_subscription_is_over(standin):
    standin.serve("default", {"on": "bitrix24.oauth.token", "error": "PAYMENT_REQUIRED.oauth"})
    with pytest.raises(errors.BitrixAPIPaymentRequired) as raised:
        application().refresh_oauth_token()
    assert raised.value.error_description == "Payment required"


@pytest.mark.parametrize("edition", [[], [LIVE]], ids=["documented", "live"])
def test_a_connector_from_its_registration_to_its_end(standin, edition):
    """The sequence of the SDK's own integration test of imconnector."""
    standin.serve("default", replace=edition)
    client = Client(application())
    imconnector = client.imconnector
    lines = client.imopenlines.config.list.get(params={"select": ["ID", "LINE_NAME"], "order": {"ID": "ASC"}}).result
    line = int(lines[0]["ID"])
    assert (line, lines[0]["LINE_NAME"]) == (105, "Open Channel 105")
    icon = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E", "COLOR": "#1900ff", "SIZE": "90%", "POSITION": "center"}
    flags = {name: True for name in ("chat_group", "need_signature", "edit_internal_messages", "newsletter")}
    handler = "https://example.com/settings"
    registered = imconnector.register("sdk_connector", "SDK", icon, handler, icon_disabled=icon, **flags).result
    assert registered == {"result": True}

    def status():
        return imconnector.status("sdk_connector", line=line).result

    off = {"LINE": line, "CONNECTOR": "sdk_connector", "ERROR": False, "CONFIGURED": False, "STATUS": False}
    assert status() == off
    assert imconnector.activate("sdk_connector", line, True).result is True
    assert status() == {**off, "CONFIGURED": True, "STATUS": True}
    assert imconnector.list().result["sdk_connector"] == "SDK"

    message = {"id": "msg-1", "date": 1773265993, "text": "Hello"}
    element = {"user": {"id": "user-1", "name": "Ann"}, "message": message, "chat": {"id": "chat-1"}}
    sent = imconnector.send.messages("sdk_connector", line, [element]).result
    assert sent["SUCCESS"] is True
    [told] = sent["DATA"]["RESULT"]
    assert (told["SUCCESS"], told["message"]) == (True, {**message, "date": {}})
    im = {"chat_id": int(told["session"]["CHAT_ID"]), "message_id": 1}
    confirmation = {"im": im, "message": {"id": ["msg-1"], "date": 1773265993}, "chat": {"id": "chat-1"}}
    for confirm in (imconnector.send.status.delivery, imconnector.send.status.reading):
        assert confirm("sdk_connector", line, [confirmation]).result == {"SUCCESS": True, "DATA": []}
    assert imconnector.unregister(bitrix_id="sdk_connector").result == {"result": True}
    assert "sdk_connector" not in imconnector.list().result
    names = (
        "imopenlines.config.list.get imconnector.register imconnector.status imconnector.activate imconnector.status "
        "imconnector.list imconnector.send.messages imconnector.send.status.delivery imconnector.send.status.reading "
        "imconnector.unregister imconnector.list"
    )
    assert standin.journal() == [(name, 200) for name in names.split()]


@pytest.mark.parametrize("edition", ["documented", "live"])
def test_the_sdk_reads_the_credentials_of_an_event(standin, edition):
    handlers = f"bitrix24:\n  edition: {edition}\n  handlers: [{{event: OnImConnectorMessageAdd, name: app}}]"
    standin.serve("default", replace=[("bitrix24:", handlers)])
    standin.act("bitrix24.operator.write", connector="connector", line=105, chat=CHAT, text="Hello")
    form = dict(parse_qsl(standin.event(1)))
    auth = EventOAuth.from_dict({name[5:-1]: value for name, value in form.items() if name.startswith("auth[")})
    assert (auth.user_id, auth.application_token) == (1, form["auth[application_token]"])
    token = application(token=auth.oauth_token.access_token, refresh_token=None)
    assert rename(token).result == RENAMED
