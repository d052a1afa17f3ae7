//! Whatever the handlers answer: each event ends delivered, failed or in the dev inbox, with the attempts of its service
//! at the documented instants. None is lost, and none is invented.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use standin::emulator::{HandlerTarget, Outcome};
use standin::engine::{Dispatch, World};

use crate::direct::{Direct, body};
use crate::webhooks::call;

const SCENARIO: &str = r#"
standin: 1
name: schedules
seed: 3
clock: {virtual: "2026-05-24T01:35:34Z"}
bitrix24:
  applications: [{client_id: mine, client_secret: secret-of-mine}]
  users: [{id: 27}]
  credentials: [{token: access-token, client_id: mine}]
  connectors: [{id: connector, chat_group: true}]
  lines: [{id: 105, connectors: [connector]}]
  chats: [{connector: connector, line: 105, id: chat-1, name: Chat}]
  handlers:
    - {event: OnImConnectorMessageAdd, url: "http://127.0.0.1:1/bitrix24/a"}
    - {event: OnImConnectorMessageAdd, url: "http://127.0.0.1:1/bitrix24/b"}
chert:
  tenants:
    - slug: acme
      signing_secret: secret-of-acme
      lines: [{id: pl, phone_number: "+15555550100"}]
      chats: [{id: ch_1, group: false, line: pl, participants: ["+14155551234"], messages: [{id: sent, text: Hello}]}]
      subscriptions: [SUBSCRIPTIONS]
"#;

/// The subscriptions that a run may have: what each takes, and where it is.
const SUBSCRIPTIONS: [(&str, &str); 3] = [
    ("", "http://127.0.0.1:1/chert/all"),
    ("message.received", "http://127.0.0.1:1/chert/messages"),
    ("message.received", "https://dev-inbox"),
];
const HANDLERS_OF_BITRIX24: [&str; 2] = ["http://127.0.0.1:1/bitrix24/a", "http://127.0.0.1:1/bitrix24/b"];

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// An operator of Bitrix24 writes.
    Operator,
    /// A recipient of Chert writes.
    Recipient,
    /// A recipient of Chert reacts, or takes the reaction back.
    Reaction,
}

/// A run: what happens, how long after what came before, and what handlers answer.
#[derive(Clone, Debug)]
struct Schedule {
    steps: Vec<(u16, What)>,
    /// Bit N: the subscription N is there.
    subscriptions: u8,
    /// Chosen by handler, delivery and attempt, so that no order of results matters.
    answers: Vec<u8>,
    /// Whether results come in the order of the attempts, or the other way round.
    is_reversed: bool,
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let pause = prop_oneof![Just(0), Just(0), Just(400), Just(1_000), Just(2_000), 0_u16..5_000];
    let what =
        prop_oneof![Just(What::Operator), Just(What::Recipient), Just(What::Recipient), Just(What::Reaction)];
    let steps = proptest::collection::vec((pause, what), 1..20);
    (steps, 0_u8..8, proptest::collection::vec(any::<u8>(), 1..40), any::<bool>()).prop_map(
        |(steps, subscriptions, answers, is_reversed)| Schedule {
            steps,
            subscriptions,
            answers,
            is_reversed,
        },
    )
}

/// What the handler at `url` answers to attempt `attempt` of its delivery `place`, both counted from 0.
fn answer(schedule: &Schedule, url: &str, place: usize, attempt: usize) -> Outcome {
    let salt: usize = url.bytes().map(usize::from).sum();
    let choice = schedule.answers[(salt + 7 * place + 3 * attempt) % schedule.answers.len()];
    match choice % 12 {
        0 | 1 => Outcome::Answered(200),
        2 => Outcome::Answered(204),
        3 => Outcome::Answered(302),
        4 => Outcome::Answered(404),
        5 | 6 => Outcome::Answered(500),
        7 => Outcome::Answered(503),
        8 => Outcome::Answered(599),
        9 | 10 => Outcome::Failed("no connection".to_owned()),
        _ => Outcome::Blocked("not allowed".to_owned()),
    }
}

/// A delivery as the pages say it goes: milliseconds after the start and outcome of each attempt.
#[derive(Debug, PartialEq)]
struct Course {
    /// What the body must hold.
    text: String,
    attempts: Vec<(i64, Outcome)>,
    state: &'static str,
}

/// What becomes of the deliveries to one handler, which were raised at these instants with these texts.
fn expected(schedule: &Schedule, url: &str, raised: &[(i64, String)]) -> Vec<Course> {
    let mut free = 0;
    let course = |(place, (at, text)): (usize, &(i64, String))| {
        let mut now = free.max(*at);
        let mut attempts = Vec::new();
        loop {
            let outcome = answer(schedule, url, place, attempts.len());
            let may_help = match &outcome {
                Outcome::Answered(status) => (500..600).contains(status),
                Outcome::Failed(_) => true,
                Outcome::Blocked(_) => false,
            };
            attempts.push((now, outcome));
            // Chert tries three times: at once, after 1 s, and after 2 s more. Bitrix24 tries once.
            match (url.contains("/chert/") && may_help, attempts.len()) {
                (true, 1) => now += 1_000,
                (true, 2) => now += 2_000,
                _ => break,
            }
        }
        free = now;
        let state = match &attempts.last().unwrap().1 {
            Outcome::Answered(200..=299) => "delivered",
            Outcome::Blocked(_) => "blocked",
            _ => "failed",
        };
        Course { text: text.clone(), attempts, state }
    };
    raised.iter().enumerate().map(course).collect()
}

/// A run under way.
struct Run<'s> {
    schedule: &'s Schedule,
    world: Direct,
    start: Timestamp,
    /// For each handler the numbers of its deliveries, in the order in which they began.
    begun: BTreeMap<String, Vec<u64>>,
    /// What was sent of each delivery: bodies and the keys of events.
    sent: BTreeMap<u64, BTreeSet<(String, String)>>,
    has_reacted: bool,
}

const WALL: Timestamp = Timestamp::UNIX_EPOCH;

impl<'s> Run<'s> {
    fn new(schedule: &'s Schedule) -> Self {
        let is_there = |place: &usize| schedule.subscriptions >> place & 1 == 1;
        let known = (0..SUBSCRIPTIONS.len()).filter(is_there).map(|place| {
            let (events, url) = SUBSCRIPTIONS[place];
            format!("{{id: sub-{place}, url: \"{url}\", events: [{events}]}}")
        });
        let known = known.collect::<Vec<_>>().join(", ");
        let mut world = Direct::new(&SCENARIO.replace("SUBSCRIPTIONS", &known));
        let start = now(world.world());
        Self { schedule, world, start, begun: BTreeMap::new(), sent: BTreeMap::new(), has_reacted: false }
    }

    /// Lets something happen. `text` is only in this event.
    fn happen(&mut self, what: What, text: &str) {
        let (name, with) = match what {
            What::Operator => (
                "bitrix24.operator.write",
                json!({"connector": "connector", "line": 105, "chat": "chat-1", "text": text}),
            ),
            What::Recipient => ("chert.recipient.write", json!({"chat": "ch_1", "text": text})),
            What::Reaction => {
                self.has_reacted = !self.has_reacted;
                match self.has_reacted {
                    true => ("chert.recipient.react", json!({"message": "sent", "reaction": "love"})),
                    false => ("chert.recipient.unreact", json!({"message": "sent"})),
                }
            }
        };
        self.world.world().act(name, with.as_object().unwrap(), WALL).unwrap();
    }

    /// Lets time pass until `until`, or until nothing is due any more, and does what becomes due.
    fn pass(&mut self, until: Option<Timestamp>) {
        loop {
            self.deliver();
            let world = self.world.world();
            let next = world.next_due().filter(|next| until.is_none_or(|until| *next <= until));
            let Some(next) = next else { break };
            world.move_clock(|_| next);
        }
        if let Some(until) = until {
            self.world.world().move_clock(|_| until);
        }
    }

    /// Begins everything that is due, and then gives the results.
    fn deliver(&mut self) {
        loop {
            let mut open: Vec<Dispatch> = std::iter::from_fn(|| self.world.world().take_due(WALL)).collect();
            if open.is_empty() {
                return;
            }
            if self.schedule.is_reversed {
                open.reverse();
            }
            open.into_iter().for_each(|dispatch| self.end(&dispatch));
        }
    }

    fn end(&mut self, dispatch: &Dispatch) {
        let (number, url) = (dispatch.id.number, dispatch.url.clone().expect("each handler has a URL"));
        let begun = self.begun.entry(url.to_string()).or_default();
        if !begun.contains(&number) {
            begun.push(number);
        }
        let place = begun.iter().position(|known| *known == number).unwrap();
        let key = dispatch.request.headers.iter().find(|(name, _)| *name == "x-webhook-event-id");
        let key = key.map_or_else(String::new, |(_, key)| key.clone());
        self.sent.entry(number).or_default().insert((dispatch.request.body.to_string(), key));
        let world = self.world.world();
        let attempt = world.outbox().get(number).unwrap().attempts.len() - 1;
        let outcome = answer(self.schedule, &url, place, attempt);
        assert!(world.delivered(dispatch.id, outcome, Duration::ZERO, WALL));
    }

    /// The deliveries to a handler as they went.
    fn courses(&mut self, url: &str) -> Vec<Course> {
        let (start, sent) = (self.start, &self.sent);
        let entries = self.world.world().outbox().iter();
        let own = entries.filter(|entry| entry.delivery.target == HandlerTarget::Url(url.into()));
        let course = |entry: &standin::engine::OutboxEntry| {
            let attempts = entry.attempts.iter();
            let attempts = attempts.map(|known| {
                let after = i64::try_from(known.at.duration_since(start).as_millis()).unwrap();
                (after, known.outcome.clone().expect("each attempt has ended"))
            });
            let bodies = &sent[&entry.number];
            assert_eq!(bodies.len(), 1, "each attempt says the same");
            Course {
                text: bodies.first().unwrap().0.clone(),
                attempts: attempts.collect(),
                state: entry.state.name(),
            }
        };
        own.map(course).collect()
    }
}

fn now(world: &World) -> Timestamp {
    let standin::basics::Clock::Virtual(now) = world.clock() else { unreachable!() };
    now
}

/// What becomes of an event of Chert in the log.
fn status(takes: &[bool; 3], states: &[&str]) -> &'static str {
    match (takes, states) {
        ([false, false, false], _) => "pending",
        ([false, false, true], _) => "dev_inbox",
        (_, states) if states.iter().all(|state| *state == "delivered") => "delivered",
        _ => "failed",
    }
}

fn check(schedule: &Schedule) {
    let mut run = Run::new(schedule);
    let is_there = |place: usize| schedule.subscriptions >> place & 1 == 1;
    let mut raised: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
    // For each event of Chert, which subscriptions take it, and its place among the deliveries of each.
    let mut logged = Vec::new();
    let mut at = 0;
    for (number, (pause, what)) in schedule.steps.iter().enumerate() {
        at += i64::from(*pause);
        run.pass(Some(run.start + SignedDuration::from_millis(at)));
        let text = format!("text-{number}-end");
        run.happen(*what, &text);
        if *what == What::Operator {
            HANDLERS_OF_BITRIX24
                .iter()
                .for_each(|url| raised.entry(url).or_default().push((at, text.clone())));
            continue;
        }
        let is_message = *what == What::Recipient;
        let takes =
            [0, 1, 2].map(|place| is_there(place) && (is_message || SUBSCRIPTIONS[place].0.is_empty()));
        let text = if is_message { text } else { "reaction".to_owned() };
        let places = [0, 1].map(|place| {
            let all = raised.entry(SUBSCRIPTIONS[place].1).or_default();
            takes[place].then(|| all.push((at, text.clone())));
            (all.len() + 1).saturating_sub(2)
        });
        logged.push((is_message, takes, places));
    }
    run.pass(None);

    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    for (url, raised) in &raised {
        let (expected, found) = (expected(schedule, url, raised), run.courses(url));
        count += expected.len();
        let about = |all: &[Course]| {
            all.iter().map(|course| (course.attempts.clone(), course.state)).collect::<Vec<_>>()
        };
        assert_eq!(about(&found), about(&expected), "{url}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(found.text.contains(&expected.text), "{} in {}", expected.text, found.text);
        }
        states.insert(url, expected.iter().map(|course| course.state).collect());
    }
    let world = run.world.world();
    assert_eq!(world.outbox().iter().count(), count, "none is lost, and none is invented");
    assert_eq!((world.outbox().unfinished(), world.next_due()), ((0, 0), None));

    let log = body(&call(&mut run.world, "GET", "/events?limit=200", ""));
    let rows = log["events"].as_array().unwrap();
    assert_eq!(rows.len(), logged.len(), "each event stands in the log once");
    let keys: BTreeSet<_> = rows.iter().map(|row| row["event_id"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), rows.len(), "each has a key of its own");
    let told: BTreeSet<_> = run.sent.values().flatten().map(|(_, key)| key.as_str()).collect();
    assert!(told.iter().all(|key| key.is_empty() || keys.contains(key)), "no handler hears of another");
    for (row, (is_message, takes, places)) in rows.iter().rev().zip(&logged) {
        assert_eq!(row["type"] == "message.received", *is_message);
        let own = [0, 1].into_iter().filter(|place| takes[*place]);
        let own: Vec<_> = own.map(|place| states[SUBSCRIPTIONS[place].1][places[place]]).collect();
        assert_eq!(row["delivery"]["status"], status(takes, &own), "{row} {own:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_schedule_of_failures_ends_as_documented(schedule in schedule()) {
        check(&schedule);
    }
}
