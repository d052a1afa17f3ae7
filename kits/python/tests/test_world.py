"""The members of a namespace."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from conftest import CHAT, EVENTS, call, confirm, rename, write

from standin_mock import Refused, Server, StandinError, VerificationError, World


def test_urls_and_credentials_are_those_of_the_namespace(world: World) -> None:
    environment = world.environment
    assert world.bitrix24.webhook_url == environment["BITRIX24_WEBHOOK_URL"]
    assert world.bitrix24.access_token == f"access-token-{world.name}"
    assert world.bitrix24.refresh_token.endswith(world.name)
    assert world.bitrix24.client_id and world.bitrix24.client_secret == "client-secret"
    assert world.bitrix24.token_url == f"{world.url}/oauth/token/"
    assert len(world.bitrix24.application_token) == len(world.bitrix24.member_id) == 32
    assert world.chert.tenant == f"acme-7a3f-{world.name}"
    assert world.chert.base_url == f"{world.url}/api/v1"


def test_what_the_scenario_lacks_is_told(world: World) -> None:
    with pytest.raises(StandinError, match="there is no `CHERT_WEBHOOK_SECRET`: the scenario has nothing for it"):
        world.chert.webhook_secret
    with pytest.raises(StandinError, match="the server has no https"):
        world.bitrix24.https_rest_url
    with pytest.raises(StandinError, match="the server has no https"):
        world.ssl_context


def test_a_world_is_shown_without_its_secrets(world: World) -> None:
    rename(world, "x")
    shown = repr([world, world.bitrix24, world.chert, world.journal(), world.clock, world.aio]) + world.conversation()
    for secret in (world.chert.signing_secret, world.bitrix24.access_token, world.bitrix24.webhook_url):
        assert secret not in shown


def test_the_journal_has_what_the_client_called(world: World) -> None:
    rename(world, "First")
    assert call(world, "server.time")[0] == 200
    world.fault("chert.chats.rename", error="4001", when={"first": 1}, name="fails once")
    rename(world, "Second")
    first, time, second = world.journal()
    assert (first.number, first.service, first.operation, first.status) == (1, "chert", "chert.chats.rename", 200)
    assert first.request.method == "PUT" and first.request.target == "/api/v1/chats/ch_01H"
    assert first.request.json() == {"display_name": "First"}
    assert first.request.headers["content-type"] == "application/json"
    assert first.response.json()["chat"]["display_name"] == "First"
    assert (second.status, second.error, second.faults) == (502, "4001", ["fails once"])
    assert "`fails once` fired on its call 1" in second.explain() == world.explain() == world.explain(3)
    assert [one.number for one in world.journal(last=1)] == [3]
    assert [one.number for one in world.journal(service="bitrix24")] == [time.number]
    assert [one.number for one in world.journal(operation="chert.chats.rename")] == [1, 3]


def test_chats_are_found_in_each_service(world: World) -> None:
    assert world.chat("ch_01H").name == "Launch" == world.chat("ch_01H")["display_name"]
    assert world.chat(CHAT).name == "Old dialog name"
    rename(world, "New")
    assert world.chat("ch_01H").name == "New"
    assert world.state()["bitrix24"]["chats"][0]["id"] == CHAT
    with pytest.raises(StandinError, match="there is no chat `nope`; the chats are `47e007b1"):
        world.chat("nope")


def test_a_fault_lasts_as_long_as_it_is_asked_to(world: World) -> None:
    with world.fault("chert", error="2005") as fault:
        assert rename(world, "x")[0] == 403
        assert (fault.calls, fault.fired) == (1, 1)
    assert rename(world, "x")[0] == 200
    spent = world.fault("chert.chats.rename", error="4001", when={"first": 1})
    assert [rename(world, "x")[0] for _ in range(2)] == [502, 200]
    spent.again()
    assert rename(world, "x")[0] == 502
    always = world.fault("chert.chats.rename", error="4001")
    always.off()
    assert rename(world, "x")[0] == 200
    always.on()
    assert rename(world, "x")[0] == 502
    # A fault that is gone already is no error.
    world.reset()
    spent.remove()


def test_a_lost_answer_is_applied(world: World) -> None:
    world.fault("chert.chats.rename", wire="reset", applied=True, when={"first": 1})
    with pytest.raises(OSError):
        rename(world, "x")
    assert world.chat("ch_01H").name == "x"


def test_mistakes_are_told_where_they_are_made(world: World) -> None:
    with pytest.raises(Refused, match="Chert has no operation and no event `rename`"):
        world.fault("chert.rename", error="4001")
    with pytest.raises(Refused, match="`calls` must be `never`"):
        world.expect("chert.chats.rename", calls="often")
    with pytest.raises(Refused, match="there is no action"):
        world.act("bitrix24.operator.dance")
    with pytest.raises(Refused) as refused:
        world.clock.advance("30s")
    assert refused.value.status == 409 and "real clock" in str(refused.value)
    # What was refused is not expected.
    world.verify()


def test_expectations_are_verified(world: World) -> None:
    world.expect("chert.chats.rename", calls={"exactly": 2}, name="twice")
    world.expect("chert", the={"chat": "ch_01H"}, has={"name": "New"})
    rename(world, "New")
    with pytest.raises(VerificationError, match="`twice` is not met: expected exactly 2 calls"):
        world.verify()
    rename(world, "New")
    world.verify()
    world.reset()
    world.verify()


def test_expectations_of_the_scenario_are_verified(server: Server) -> None:
    expect = [{"name": "called", "on": "chert.chats.rename"}]
    with server.namespace(expect=expect) as world:
        with pytest.raises(VerificationError, match="`called` is not met: expected at least 1 call of .*; 0 calls came"):
            world.verify()
        rename(world, "x")


def test_the_end_of_the_block_verifies_and_drops(server: Server) -> None:
    with pytest.raises(VerificationError, match="is not met"):
        with server.namespace("dropped") as world:
            world.expect("chert.chats.rename")
    with pytest.raises(Refused, match="there is no namespace `dropped`"):
        world.journal()
    world.end()
    # An error of the test is not hidden by what it left undone.
    with pytest.raises(KeyError):
        with server.namespace() as world:
            world.expect("chert.chats.rename")
            raise KeyError


def test_waiting_ends_when_it_is_met_lost_or_over(world: World) -> None:
    rename(world, "x")
    world.wait_for("chert.chats.rename")
    world.wait_for("chert", the={"chat": "ch_01H"}, has={"name": "x"}, time_limit=0)
    with pytest.raises(VerificationError, match="0 calls of .*; 1 call came|never|no call"):
        world.wait_for("chert.chats.rename", calls="never", time_limit=3600)
    with pytest.raises(VerificationError, match="expected exactly 2 calls of `chert.chats.rename`; 1 call came"):
        world.wait_for("chert.chats.rename", calls={"exactly": 2}, time_limit=0.01)


def test_the_clock_moves(events: World) -> None:
    start = datetime(2026, 3, 17, 14, 52, 41, tzinfo=timezone.utc)
    assert events.clock.now == start
    assert events.clock.advance("1.5s") == start + timedelta(seconds=1.5)
    assert events.clock.advance(timedelta(minutes=1, microseconds=3)) == start + timedelta(seconds=61.5, microseconds=3)
    assert events.clock.set(start + timedelta(days=1)) == start + timedelta(days=1)
    assert events.clock.set("2026-03-19T00:00:00+02:00").day == 18
    assert events.clock.next is None


def test_events_are_taken_in_their_order(events: World) -> None:
    message = write(events, "Hello")["changed"]["message"]
    write(events, "Again")
    first = events.take("OnImConnectorMessageAdd")
    assert first.form["data[MESSAGES][0][chat][id]"] == "chat-1"
    assert first.form["auth[application_token]"] == events.bitrix24.application_token
    assert first.headers["content-type"] == "application/x-www-form-urlencoded"
    first.answer(200)
    assert [one.state for one in events.outbox()] == ["delivered", "waiting"]
    assert confirm(events, message) == 200
    with pytest.raises(StandinError, match="no event `chert.message.received` waits"):
        events.take("chert.message.received")


def test_events_are_handed_to_a_function(events: World) -> None:
    write(events, "Hello")
    events.act("chert.recipient.write", chat="ch_02D", text="Hi")
    handed = events.deliver(lambda event: 503 if event.name == "message.received" else None)
    assert [event.name for event in handed] == ["OnImConnectorMessageAdd", "message.received"]
    assert handed[1].json()["event"] == "message.received"
    bitrix24, chert = events.outbox()
    assert (bitrix24.state, bitrix24.status, chert.status) == ("delivered", 200, 503)
    assert "attempt 1" in chert.explain() == events.explain(chert.id)
    # Chert sends it again; the handler takes it at the next call.
    assert [event.id for event in events.deliver(lambda event: 200)] == [chert.id]
    assert [one.state for one in events.outbox(event="chert.message.received")] == ["delivered"]
    chert.send()
    with pytest.raises(ZeroDivisionError):
        events.deliver(lambda event: 1 // 0)
    assert events.outbox()[1].status == 500


def test_events_are_expected(events: World) -> None:
    events.expect("bitrix24.OnImConnectorMessageAdd", calls={"exactly": 1}, answered={"status": "2xx"}, name="taken")
    events.expect("bitrix24.imconnector.send.status.delivery", after="taken")
    message = write(events, "Hello")["changed"]["message"]
    with pytest.raises(VerificationError, match="`taken` is not met"):
        events.verify()
    events.deliver(lambda event: None)
    confirm(events, message)
    events.wait_for("bitrix24.OnImConnectorMessageAdd", answered={"status": "2xx"}, time_limit=0)
    events.verify()


def test_rules_decide_what_a_breach_does(server: Server) -> None:
    for rules, fails, warns in (("error", 1, 0), ("warn", 0, 1), ("off", 0, 0)):
        world = server.namespace(scenario=EVENTS, rules=rules)  # type: ignore[arg-type]
        write(world, "Hello")
        world.deliver(lambda event: None)
        assert world.judge() == ([], [])
        # Nobody confirms the message.
        world.clock.advance("1m")
        failures, warnings = world.judge()
        assert (len(failures), len(warnings)) == (fails, warns)
        assert all(told.startswith("error: `bitrix24.unconfirmed-delivery`") for told in failures + warnings)
        world.end()


def test_a_warning_fails_nothing(world: World) -> None:
    parameters = {"CONNECTOR": "connector", "LINE": 105, "CHAT_ID": CHAT, "NAME": "New", "NICKNAME": "x"}
    assert call(world, "imconnector.chat.name.set", **parameters)[0] == 200
    failures, warnings = world.judge()
    assert not failures and any("`unknown-parameter`" in warning for warning in warnings)
    world.verify()
