"""Messages, events and webhooks with `chert-sdk`, on every route that it names."""

import json
from contextlib import closing

import pytest
from chert import ChertAPIError, verify_webhook
from test_chert_sdk import SECRET, TENANT, client

# `verify_webhook` compares with the machine's clock: a virtual one begins at it.
VIRTUAL = ("seed: 1", "seed: 1\nclock: {virtual: now}")
DIRECT = "ch_02D"


@pytest.fixture
def world(standin):
    standin.serve("default", replace=[VIRTUAL])
    return standin


def write(world, text, **parameters):
    return world.act("chert.recipient.write", chat=DIRECT, text=text, **parameters)


def test_the_routes_that_its_readme_names(world):
    sdk = client()
    identity = sdk.request("/whoami")
    assert identity["tenant"] == TENANT
    assert {"POST /api/v1/send", "GET /api/v1/messages/{id}"} <= set(identity["endpoints_available"])
    lines = sdk.request("/phone-numbers")["phone_numbers"]
    sent = sdk.request("/send", body={"phone": "+14155550999", "body": "Hello", "idempotency_key": "one"})
    assert (sent["status"], sent["lead_created"], sent["phone_line_id"]) == ("sent", True, lines[0]["id"])
    assert sdk.request("/send", body={"phone": "+14155550999", "body": "Hello", "idempotency_key": "one"}) == sent
    text = {"message": {"parts": [{"type": "text", "value": "Hello"}]}}
    made = sdk.request("/chats", body={"from": lines[0]["phone_number"], "to": ["+14155550998"], **text})
    chat, message = made["chat"]["id"], made["message"]["id"]
    assert sdk.request(f"/messages/{message}") == {"message": made["message"]}
    listed = sdk.request(f"/chats/{chat}/messages")
    assert listed == {"messages": [made["message"]], "has_more": False}
    typing = sdk.request(f"/chats/{chat}/typing", body={"state": "typing"})
    assert typing == {"status": "sent", "chat_id": chat, "state": "typing"}
    assert sdk.request(f"/messages/{message}/react", body={"reaction": "love"})["reaction"] == "love"
    assert sdk.request(f"/messages/{message}/edit", body={"new_text": "Hello!"})["new_text"] == "Hello!"
    assert all(status < 400 for _, status in world.journal())


def test_the_five_calls_about_subscriptions(world):
    sdk = client()
    made = sdk.create_webhook_subscription({"url": "https://dev-inbox", "events": ["message.received"]})["subscription"]
    assert set(made) == {"id", "url", "events", "version", "is_active", "created_at", "secret"}
    assert (made["version"], made["is_active"], len(made["secret"])) == ("2026-04-01", True, 64)
    told = sdk.get_webhook_subscription(made["id"])["subscription"]
    counters = {"consecutive_failures": 0, "last_success_at": None, "last_failure_at": None}
    assert told == {**{k: v for k, v in made.items() if k != "secret"}, **counters, "updated_at": made["created_at"]}
    change = {"url": "https://your-app.example/hooks", "events": [], "version": "2026-05-04", "is_active": False}
    changed = sdk.update_webhook_subscription(made["id"], change)["subscription"]
    assert changed == {**told, **change}
    assert sdk.list_webhook_subscriptions() == {"subscriptions": [changed]}
    assert sdk.delete_webhook_subscription(made["id"]) == {"deleted": True, "id": made["id"]}
    assert sdk.list_webhook_subscriptions() == {"subscriptions": []}
    for call in (sdk.get_webhook_subscription, sdk.delete_webhook_subscription):
        with pytest.raises(ChertAPIError) as raised:
            call(made["id"])
        assert (raised.value.status, raised.value.code) == (404, "2011")


def test_a_webhook_is_verified(world, receiver):
    sdk = client()
    made = sdk.create_webhook_subscription({"url": receiver.url})["subscription"]
    write(world, "Grüße & Küsse 🚀")
    headers, body = receiver.next()
    assert verify_webhook(body, headers["x-chert-signature"], made["secret"])
    assert verify_webhook(body.decode(), headers["X-Chert-Signature"], made["secret"])
    # The other header field has the same digest in a form that this function does not take.
    modern = headers["x-webhook-signature"]
    assert not verify_webhook(body, modern, made["secret"])
    seconds, digest = modern.removeprefix("t=").split(",v1=")
    assert verify_webhook(body, f"v1,{seconds},{digest}", made["secret"])
    # Neither another body nor another secret, nor the JSON written anew.
    signature = headers["x-chert-signature"]
    assert not verify_webhook(body + b" ", signature, made["secret"])
    assert not verify_webhook(json.dumps(json.loads(body)), signature, made["secret"])
    assert not verify_webhook(body, signature, SECRET)
    event = json.loads(body)
    assert event["data"]["message"]["parts"] == [{"type": "text", "value": "Grüße & Küsse 🚀"}]
    assert (event["partner_id"], event["event_id"]) == (TENANT, headers["x-webhook-event-id"])
    # What it carries is good for a call.
    assert sdk.request(f"/messages/{event['data']['message']['id']}/react", body={"reaction": "like"})["status"] == "sent"


def test_each_attempt_and_a_replay_is_verified(world, receiver):
    sdk = client()
    made = sdk.create_webhook_subscription({"url": receiver.url})["subscription"]
    receiver.statuses = [503, 500, 502]
    write(world, "Are you there?")
    attempts = [receiver.next()]
    while len(attempts) < 3:
        # Nothing is due until the server has the answer to the attempt before.
        if world.advance("next")["was_due"]:
            attempts.append(receiver.next())
    row = sdk.list_events(status="failed")["events"][0]
    assert [attempt["status"] for attempt in row["delivery"]["attempts"]] == [503, 500, 502]
    assert sdk.get_webhook_subscription(made["id"])["subscription"]["consecutive_failures"] == 1
    assert sdk.request(f"/events/{row['id']}/replay", method="POST") == {"ok": True, "downstream_status": 200}
    attempts.append(receiver.next())
    assert all(verify_webhook(body, headers["x-chert-signature"], made["secret"]) for headers, body in attempts)
    first = int(attempts[0][0]["x-webhook-timestamp"])
    assert [int(headers["x-webhook-timestamp"]) - first for headers, _ in attempts] == [0, 1, 3, 3]
    assert {(headers["x-webhook-event-id"], body) for headers, body in attempts} == {(row["event_id"], attempts[0][1])}
    receiver.statuses = [500]
    with pytest.raises(ChertAPIError) as raised:
        sdk.request(f"/events/{row['id']}/replay", method="POST")
    assert (raised.value.status, raised.value.code, raised.value.data["ok"]) == (502, "3004", False)


def test_an_old_delivery_is_not_verified(world, receiver):
    made = client().create_webhook_subscription({"url": receiver.url})["subscription"]
    world.advance("400s")  # ahead of the machine's clock
    write(world, "Hello")
    headers, body = receiver.next()
    assert not verify_webhook(body, headers["x-chert-signature"], made["secret"])


def test_events_are_listed_and_read(world):
    sdk = client()
    sdk.create_webhook_subscription({"url": "https://dev-inbox", "events": ["message.received"]})
    for text in ("one", "two", "three"):
        write(world, text)
    world.act("chert.recipient.react", reaction="love", chat=DIRECT, from_="+14155551234")
    page = sdk.list_events(type="message.received", status="dev_inbox", lead_id=DIRECT, limit=2)
    assert (page["count"], len(page["events"])) == (2, 2)
    rest = sdk.list_events(type="message.received", limit=2, cursor=page["next_cursor"])
    assert (rest["count"], rest["next_cursor"]) == (1, None)
    record = sdk.get_event(rest["events"][0]["id"])
    assert record == rest["events"][0]
    assert set(record) == {"id", "type", "event_id", "lead_id", "convo_id", "payload", "delivery", "created_at"}
    assert set(record["delivery"]) == {"status", "url", "attempts", "delivered_at"}
    assert sdk.list_events(since=record["created_at"])["count"] == 4
    assert sdk.request("/dev-inbox")["count"] == 3
    with pytest.raises(ChertAPIError) as raised:
        sdk.get_event(record["event_id"])
    assert (raised.value.status, raised.value.code) == (404, "2011")


def test_a_stream_ends_and_is_opened_again(world):
    sdk = client()
    write(world, "one")
    since = sdk.list_events()["events"][0]["created_at"]
    with closing(sdk.stream_events(since=since)) as frames:
        first = next(frames)
        assert (first["event"], first["data"]["type"]) == ("message", "message.received")
        write(world, "two")
        second = next(frames)
        world.advance("60s")
        close = next(frames)
        assert close["event"] == "close"
        assert next(frames, None) is None
    write(world, "three")
    with closing(sdk.stream_events(since=close["data"]["reconnect_with_since"])) as frames:
        third = next(frames)
    assert len({frame["data"]["event_id"] for frame in (first, second, third)}) == 3


def test_a_stream_that_is_refused(standin):
    standin.serve("tenant-suspended")
    with pytest.raises(ChertAPIError) as raised:
        next(client().stream_events())
    assert (raised.value.status, raised.value.code) == (403, "stream_unavailable")


def test_its_preview_calls_have_no_route(world):
    """By its readme, the service has not deployed them."""
    chat, message = "11aa0000-0000-4000-8000-000000000001", "msg_01H"
    for call in (
        lambda sdk: sdk.send_text("+15550000002", "Hello"),
        lambda sdk: sdk.send_reaction(chat, message, "like"),
    ):
        with pytest.raises(ChertAPIError) as raised:
            call(client())
        assert (raised.value.status, raised.value.code) == (404, "2011")
