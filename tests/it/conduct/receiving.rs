//! Rules for the side that receives: how a handler answers, and what the client does with what events bring.

mod forged;
mod leaving;
mod repeats;

use std::time::Duration;

use serde_json::{Value, json};
use standin::emulator::Outcome;
use standin::emulator::conduct::Severity;
use standin::engine::Dispatch;

use super::{KEPT_ALIVE, Run};

const SCENARIO: &str = "
standin: 1
name: receiving
seed: 7
rules: {bitrix24.other-edition: off}
bitrix24:
  applications: [{client_id: local.app, client_secret: app-secret-1}]
  credentials: [{token: access-token-1, refresh_token: refresh-token-1, client_id: local.app}]
  connectors: [{id: myconnector, chat_group: true}]
  lines: [{id: 107, connectors: [myconnector]}]
  chats: [{connector: myconnector, line: 107, id: channel-123, name: Support}]
  handlers:
    - {event: OnImConnectorMessageAdd, url: 'http://127.0.0.1:9/'}
    - {event: OnImConnectorStatusDelete, url: 'http://127.0.0.1:9/'}
    - {event: OnAppTest, url: 'http://127.0.0.1:9/'}
chert:
  tenants:
    - slug: acme
      signing_secret: signing-secret
      lines: [{id: pl, phone_number: '+15555550100'}]
      chats: [{id: ch, group: false, line: pl, participants: ['+14155551234']}]
      subscriptions: [{url: 'http://127.0.0.1:9/'}]
";

/// What a client has broken: the rule, the deliveries and the exchanges of each breach.
type Told = Vec<(&'static str, Vec<u64>, Vec<u64>)>;

/// How long an attempt takes that nobody answers.
const ANSWERED: Duration = Duration::from_millis(3);

impl Run {
    fn receiving(more: &str) -> Self {
        Self::with(&format!("{SCENARIO}{more}"))
    }

    fn with(scenario: &str) -> Self {
        let mut run = Self::of(scenario);
        run.connection = KEPT_ALIVE;
        run
    }

    fn wait(&mut self, milliseconds: i64) {
        self.now += jiff::SignedDuration::from_millis(milliseconds);
    }

    fn act(&mut self, action: &str, with: Value) {
        let with = with.as_object().unwrap().clone();
        self.world.act(action, &with, self.now).unwrap_or_else(|mistake| panic!("{mistake:?}"));
    }

    /// A recipient of Chert writes.
    fn write(&mut self, text: &str) {
        self.act("chert.recipient.write", json!({"chat": "ch", "text": text}));
    }

    /// An operator of Bitrix24 writes.
    fn operate(&mut self, text: &str) {
        let with = json!({"connector": "myconnector", "line": 107, "chat": "channel-123", "text": text});
        self.act("bitrix24.operator.write", with);
    }

    fn due(&mut self) -> Dispatch {
        self.world.take_due(self.now).expect("something is due")
    }

    fn ended(&mut self, dispatch: &Dispatch, outcome: Outcome, took: Duration) {
        self.now += took;
        assert!(self.world.delivered(dispatch.id, outcome, took, self.now));
    }

    /// Delivers what is due next. The handler answers with this status.
    fn deliver(&mut self, status: u16) -> Dispatch {
        let dispatch = self.due();
        self.ended(&dispatch, Outcome::Answered(status), ANSWERED);
        dispatch
    }

    /// Sends a call to Chert with a JSON body.
    fn call(&mut self, method: &str, path: &str, body: &Value) -> u16 {
        let headers = [
            ("authorization", "Bearer signing-secret"),
            ("x-chert-tenant", "acme"),
            ("content-type", "application/json"),
        ];
        self.send(5, method, &format!("/api/v1{path}"), &headers, &body.to_string())
    }

    /// Sends a message to the recipient who writes.
    fn reply(&mut self, text: &str, key: Option<&str>) {
        let mut message = json!({"parts": [{"type": "text", "value": text}]});
        key.into_iter().for_each(|key| message["idempotency_key"] = key.into());
        assert_eq!(self.call("POST", "/chats/ch/messages", &json!({"message": message})), 200);
    }

    /// Calls a method of Bitrix24.
    fn method(&mut self, method: &str, mut parameters: Value) -> u16 {
        parameters["auth"] = "access-token-1".into();
        let headers = [("content-type", "application/json")];
        self.send(5, "POST", &format!("/rest/{method}"), &headers, &parameters.to_string())
    }

    /// Confirms a message of an operator.
    fn confirm(&mut self, id: &str) {
        let element = json!({"im": {"chat_id": 1, "message_id": id}, "message": {"id": ["x"]}, "chat": {"id": "channel-123"}});
        let parameters = json!({"CONNECTOR": "myconnector", "LINE": 107, "MESSAGES": [element]});
        assert_eq!(self.method("imconnector.send.status.delivery", parameters), 200);
    }

    fn refresh(&mut self, token: &str) -> u16 {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!(
            "grant_type=refresh_token&client_id=local.app&client_secret=app-secret-1&refresh_token={token}"
        );
        self.send(5, "POST", "/oauth/token/", &headers, &body)
    }

    /// The breaches of one severity.
    fn told(&self, severity: Severity) -> Told {
        let broken = self.world.broken(self.now).unwrap().hidden().into_iter();
        let broken = broken.filter(|broken| broken.severity == severity);
        let kinds = broken.flat_map(|broken| broken.kinds.into_iter().map(move |kind| (broken.rule, kind)));
        let shown = kinds.flat_map(|(rule, kind)| kind.shown.into_iter().map(move |shown| (rule, shown)));
        shown.map(|(rule, shown)| (rule, shown.deliveries, shown.exchanges)).collect()
    }

    fn certain(&self) -> Told {
        self.told(Severity::Error)
    }

    fn uncertain(&self) -> Told {
        self.told(Severity::Warn)
    }

    fn is_innocent(&self, why: &str) {
        assert_eq!(self.broken(), [], "{why}: {}", self.words());
    }
}

/// The body of a webhook.
fn body(dispatch: &Dispatch) -> Value {
    serde_json::from_str(&dispatch.request.body).unwrap()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The ID of the message that a webhook tells of.
fn message(dispatch: &Dispatch) -> String {
    text_of(&body(dispatch)["data"]["message"]["id"])
}

/// A member of the form that an event of Bitrix24 is.
fn member(dispatch: &Dispatch, name: &str) -> String {
    let mut members = form_urlencoded::parse(dispatch.request.body.as_bytes());
    members.find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1.into_owned()
}

const MESSAGE_ID: &str = "data[MESSAGES][0][im][message_id]";

#[test]
fn an_event_that_is_refused_for_good_is_lost() {
    let mut run = Run::receiving("");
    run.write("Hello");
    run.deliver(404);
    assert_eq!(run.certain(), [("chert.loses-by-4xx", vec![1], vec![])]);
    insta::assert_snapshot!(run.words(), @r"
    error: `chert.loses-by-4xx`: a handler answered a genuine event with 4xx, after which it is not sent again, and did not get it otherwise (docs.trychert.com/api/receiving-replies: retries)
        e1: it was answered with 404
    ");
    let broken = run.world.broken(run.now).unwrap().hidden();
    let shown = &json!(broken[0].shown())["breaches"][0]["shown"][0];
    assert_eq!((&shown["deliveries"], &shown["exchanges"]), (&json!(["e1"]), &json!([])));
    // Whoever reads the log gets it after all.
    assert_eq!(run.call("GET", "/events?status=failed", &json!(null)), 200);
    assert_eq!(run.told(Severity::Error), []);
}

#[test]
fn an_event_that_the_client_has_from_elsewhere_is_not_lost() {
    let act = |run: &mut Run, dispatch: &Dispatch| {
        run.reply("Welcome", Some(&text_of(&body(dispatch)["event_id"])));
    };
    // Its calls name the event, before or after the refusal.
    let mut run = Run::receiving("");
    run.write("Hello");
    let first = run.due();
    act(&mut run, &first);
    run.ended(&first, Outcome::Answered(409), ANSWERED);
    run.is_innocent("it has acted before it answered");
    run.write("Again");
    let second = run.deliver(429);
    assert_eq!(run.certain(), [("chert.loses-by-4xx", vec![2], vec![])]);
    act(&mut run, &second);
    run.is_innocent("it acts after it has refused");
    // A call that is refused, and one that only reads something else, name nothing.
    run.write("More");
    let third = run.deliver(404);
    let parts = json!({"message": {"parts": [], "idempotency_key": message(&third)}});
    assert_eq!(run.call("POST", "/chats/ch/messages", &parts), 400);
    assert_eq!(run.certain(), [("chert.loses-by-4xx", vec![3], vec![])]);
    // A stream that is open brings what comes.
    let mut run = Run::receiving("");
    assert_eq!(run.call("GET", "/events/stream", &Value::Null), 200);
    run.write("Hello");
    run.wait(59_000);
    run.deliver(429);
    run.is_innocent("the stream is open");
    run.write("Again");
    run.wait(2_000);
    run.deliver(429);
    assert_eq!(run.certain(), []);
    assert_eq!(run.uncertain(), [("chert.loses-by-4xx", vec![2], vec![])], "the stream is closed");
    // Who reads the log now and then may have had the event before it was sent. Before the first event nobody can.
    for (is_early, expected) in [(true, Severity::Error), (false, Severity::Warn)] {
        let mut run = Run::receiving("");
        if !is_early {
            run.write("Hello");
            run.deliver(200);
        }
        assert_eq!(run.call("GET", "/events", &Value::Null), 200);
        run.write("Again");
        let refused = run.deliver(409);
        let breach = vec![("chert.loses-by-4xx", vec![refused.id.number], vec![])];
        assert_eq!(run.told(expected), breach, "{}", run.words());
        assert_eq!(run.broken().len(), 1);
    }
}

#[test]
fn an_event_that_may_have_arrived_before_is_not_lost() {
    // The handler has taken the first attempt, whose answer came too late, and refuses the second one as a repeat.
    let mut run = Run::receiving("");
    run.write("Hello");
    let first = run.due();
    run.ended(&first, Outcome::Failed("no answer within 10s".into()), Duration::from_secs(10));
    run.wait(1_000);
    run.deliver(409);
    assert_eq!(run.certain(), []);
    // A handler that is down asks for another attempt.
    for outcome in [Outcome::Answered(503), Outcome::Failed("nothing listens there".into())] {
        let mut run = Run::receiving("");
        run.write("Hello");
        for wait in [0, 1_000, 2_000] {
            run.wait(wait);
            let dispatch = run.due();
            run.ended(&dispatch, outcome.clone(), ANSWERED);
        }
        run.is_innocent("a handler that is down");
    }
}

#[test]
fn an_event_is_answered_in_time() {
    let late = Outcome::Failed("no answer within the time".into());
    let limits = [("chert", Duration::from_secs(10)), ("bitrix24", Duration::from_secs(5))];
    for (service, limit) in limits {
        let rule = if service == "chert" { "chert.late-answer" } else { "bitrix24.late-answer" };
        let raised = |clock: &str| {
            let mut run = Run::receiving(clock);
            if service == "chert" {
                run.write("Hello")
            } else {
                run.operate("Hello")
            }
            run
        };
        // A virtual clock stands still meanwhile.
        for clock in ["", "clock: {virtual: '2024-11-20T13:55:08Z'}\n"] {
            let mut run = raised(clock);
            let dispatch = run.due();
            run.ended(&dispatch, late.clone(), limit);
            assert_eq!(run.uncertain(), [(rule, vec![1], vec![])], "{service} {clock}");
            assert_eq!(run.certain(), []);
        }
        // Nobody listens, or somebody hangs up.
        let mut run = raised("");
        let dispatch = run.due();
        run.ended(&dispatch, Outcome::Failed("nothing listens there".into()), ANSWERED);
        run.is_innocent(service);
        // A test has taken it, and has given it to nobody.
        let mut run = raised("");
        run.world.take(1, run.now).unwrap();
        run.wait(20_000);
        run.world.settle(run.now);
        assert!(run.world.outbox().get(1).unwrap().attempts[0].outcome.is_some());
        run.is_innocent(service);
        let mut run = raised("");
        run.deliver(302);
        assert_eq!(run.uncertain(), [(rule, vec![1], vec![])], "{service}");
    }
    // Bitrix24 sends an event once, whatever the answer is.
    for status in [200, 204, 299, 400, 403, 500] {
        let mut run = Run::receiving("");
        run.operate("Hello");
        run.deliver(status);
        let expected = if status < 300 { vec![] } else { vec![("bitrix24.late-answer", vec![1], vec![])] };
        assert_eq!((run.uncertain(), run.certain()), (expected, vec![]), "{status}");
    }
}

#[test]
fn a_message_of_an_operator_is_confirmed() {
    for (wait, certain, likely) in [
        (0, false, false),
        (999, false, false),
        (1_000, false, true),
        (9_999, false, true),
        (10_000, true, false),
    ] {
        let mut run = Run::receiving("");
        run.operate("Hello");
        run.deliver(200);
        run.wait(wait);
        let breach = |is_so: bool| match is_so {
            true => vec![("bitrix24.unconfirmed-delivery", vec![1], vec![])],
            false => vec![],
        };
        assert_eq!((run.certain(), run.uncertain()), (breach(certain), breach(likely)), "{wait}");
    }
    // It is confirmed before the handler has answered, or much later, or by a call that a fault strikes.
    let faults = ["", "faults: [{name: f, on: bitrix24.imconnector.send.status.delivery, wire: reset}]\n"];
    for (fault, is_early) in faults.into_iter().flat_map(|fault| [(fault, true), (fault, false)]) {
        let mut run = Run::receiving(fault);
        run.operate("Hello");
        let dispatch = run.due();
        if is_early {
            run.confirm(&member(&dispatch, MESSAGE_ID));
        }
        run.ended(&dispatch, Outcome::Answered(200), ANSWERED);
        run.wait(60_000);
        if !is_early {
            run.confirm(&member(&dispatch, MESSAGE_ID));
        }
        run.wait(60_000);
        run.is_innocent(fault);
    }
    // In a batch it is confirmed too.
    let mut run = Run::receiving("");
    run.operate("Hello");
    let id = member(&run.deliver(200), MESSAGE_ID);
    let command = format!(
        "imconnector.send.status.delivery?CONNECTOR=myconnector&LINE=107&MESSAGES[0][im][message_id]={id}&MESSAGES[0][message][id][0]=x"
    );
    run.method("batch", json!({"cmd": {"a": command}}));
    run.wait(60_000);
    run.is_innocent("a batch");
    // Another message is not.
    run.operate("Again");
    run.deliver(200);
    run.confirm(&id);
    run.wait(10_000);
    assert_eq!(run.certain(), [("bitrix24.unconfirmed-delivery", vec![2], vec![])]);
}

#[test]
fn a_message_that_was_not_taken_is_not_confirmed() {
    let mut run = Run::receiving("");
    run.operate("Hello");
    run.deliver(500);
    run.operate("Hello");
    let dispatch = run.due();
    run.ended(&dispatch, Outcome::Failed("nothing listens there".into()), ANSWERED);
    run.wait(60_000);
    assert_eq!(run.certain(), []);
    // The connector is switched off at once, and its program need not go on.
    let mut run = Run::receiving("");
    run.operate("Hello");
    run.deliver(200);
    run.act("bitrix24.operator.disconnect", json!({"connector": "myconnector", "line": 107}));
    run.deliver(200);
    run.wait(60_000);
    run.is_innocent("the connector is switched off");
    // A snapshot is restored, and the message never was.
    let mut run = Run::receiving("");
    assert!(run.world.save("before", run.now));
    run.operate("Hello");
    run.deliver(200);
    assert!(run.world.restore("before", run.now));
    run.wait(60_000);
    run.is_innocent("a restored snapshot");
}

#[test]
fn the_token_of_an_event_is_not_refreshed() {
    let mut run = Run::receiving("");
    run.operate("Hello");
    let event = run.deliver(200);
    run.confirm(&member(&event, MESSAGE_ID));
    assert_eq!(run.refresh(&member(&event, "auth[access_token]")), 400);
    assert_eq!(run.certain(), [("bitrix24.refreshes-event-token", vec![1], vec![2])]);
    assert!(!run.words().contains(&member(&event, "auth[access_token]")), "{}", run.words());
    // The application's own token can be refreshed, and so can that of a test event.
    let mut run = Run::receiving("");
    assert_eq!(run.method("event.test", json!({})), 200);
    let event = run.deliver(200);
    assert_eq!(run.refresh("refresh-token-1"), 200);
    assert_eq!(run.refresh(&member(&event, "auth[refresh_token]")), 200);
    run.is_innocent("tokens that can be refreshed");
}
