//! Plays a sequence of moves on a world.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use standin::Scenario;
use standin::basics::Arrival;
use standin::emulator::{HandlerTarget, Outcome, Service};
use standin::engine::{DeliveryId, DeliveryState, Dispatch, World, step};
use standin::http::{Headers, Request};
use standin::services::bitrix24::Bitrix24;

use super::chert::Long;
use super::invariants::Witness;
use super::{CHATS, CONNECTORS, EVENTS, EXTERNAL, LINES, USERS, of};

const SCENARIO: &str = include_str!("scenario.yaml");

/// What a sequence is made of. Each byte chooses one of the possibilities of its place.
pub type Move = [u8; 4];

/// What was told after a moment, with the bodies of the events that were taken.
#[derive(Debug, Default, PartialEq)]
pub struct Record {
    /// The answers: what a client, a handler or the author of an action sees.
    pub seen: Vec<String>,
    /// Everything else: notes, numbers, the state.
    pub beside: Vec<String>,
}

/// Plays moves on a world.
pub struct Player {
    pub(super) world: World,
    witness: Witness,
    /// The time of the wall clock, which must not matter.
    pub(super) wall: Timestamp,
    /// Attempts whose results have not come.
    open: Vec<DeliveryId>,
    /// An attempt of before the latest reset.
    stale: Option<DeliveryId>,
    /// The access token of the newest event.
    token: Option<String>,
    /// Answers of Chert that wait for a delivery, or that are streams.
    pub(super) long: Long,
    /// Whether snapshots may be saved and restored.
    may_travel: bool,
    /// The witness as it was at the snapshot of [`Player::stay_at`].
    then: Option<Witness>,
    pub(super) record: Record,
}

impl Player {
    /// A player at the start of the scenario.
    pub fn new(edition: &str, seed: u64, wall: Timestamp) -> Self {
        let text = SCENARIO.replace("EDITION", edition);
        let scenario = Scenario::parse("sequences.yaml", &text).unwrap_or_else(|report| panic!("{report}"));
        let mut world = World::new(scenario.into(), seed, wall);
        let witness = Witness::of(&mut world, wall);
        Self {
            world,
            witness,
            wall,
            open: Vec::new(),
            stale: None,
            token: None,
            long: Long::default(),
            may_travel: true,
            then: None,
            record: Record::default(),
        }
    }

    /// Plays moves, and checks after each what must stay true.
    pub fn play(&mut self, moves: &[Move]) {
        for &one in moves {
            self.one(one);
            self.witness.check(&mut self.world, self.wall, self.long.pending());
            self.witness.let_go(&self.world, &mut self.open);
        }
    }

    fn one(&mut self, [kind, a, b, c]: Move) {
        match kind % 42 {
            0..=11 => self.call(a, b, c),
            12 => self.batch(a, b, c),
            13..=18 => self.act(a, b, c),
            19..=21 => self.begin(),
            22..=24 => self.end(a, b),
            25 => self.take(a),
            26 => self.again(a),
            27..=29 => self.advance(a),
            30 => self.travel(a),
            31 => self.restart(a),
            32..=37 => self.ask_chert(a, b, c),
            _ => self.act_in_chert(a, b, c),
        }
    }

    /// The name of a method with parameters, most of them good.
    fn parameters(&mut self, a: u8, b: u8, c: u8) -> (&'static str, Value) {
        let methods = Bitrix24.operations();
        let often = [
            "imconnector.send.messages",
            "imconnector.activate",
            "imconnector.send.status.delivery",
            "event.test",
        ];
        let method = if a >= 128 { of(&often, a) } else { of(methods, a).name };
        // A small choice is a good one.
        let (connector, line) = (of(CONNECTORS, b & 7 & (c | 1)), of(LINES, (b >> 3) & 7 & c));
        self.witness.name(connector, line);
        let chat = of(CHATS, b >> 5);
        let message = json!({
            "user": {"id": of(USERS, c), "name": "Ann"},
            "message": {"id": [of(EXTERNAL, c >> 2)], "text": "t", "files": []},
            "chat": {"id": chat},
            "im": {"chat_id": 1767, "message_id": 86497 + i64::from(c >> 4)},
        });
        let mut with = json!({
            "CONNECTOR": connector,
            "LINE": line,
            "ID": connector.to_lowercase(),
            "NAME": format!("name {c}"),
            "ICON": {"DATA_IMAGE": "data:,"},
            "PLACEMENT_HANDLER": "http://127.0.0.1:1/p",
            "CHAT_GROUP": c & 1,
            "NEED_SIGNATURE": c & 2,
            "ACTIVE": i64::from(c & 4 == 0),
            "DATA": {"id": "x", "name": format!("{c}")},
            "MESSAGES": [message.clone()],
            "CHAT_ID": match method { "imopenlines.operator.finish" => json!(1767 + i64::from(c & 3)), _ => json!(chat) },
            "USER_ID": of(USERS, c),
            "event": of(EVENTS, b),
            "handler": if c & 8 == 0 { "http://127.0.0.1:1/b" } else { "http://127.0.0.1:1/c" },
            "PARAMS": {"LINE_NAME": "L"},
        });
        if matches!(
            method,
            "imconnector.send.messages" | "imconnector.update.messages" | "imconnector.delete.messages"
        ) {
            with["MESSAGES"][0]["message"]["id"] = json!(of(EXTERNAL, c >> 2));
        }
        match c {
            240..=245 => with["MESSAGES"] = json!(["x"]),
            246..=250 => drop(with.as_object_mut().unwrap().shift_remove("CONNECTOR")),
            251..=255 => with["LINE"] = json!([1]),
            _ => {}
        }
        (method, with)
    }

    fn call(&mut self, a: u8, b: u8, c: u8) {
        let (method, mut with) = self.parameters(a, b, c);
        let token = self.token.clone().filter(|_| c.is_multiple_of(5));
        let mut target = format!("/rest/{method}");
        match (token, c % 16) {
            (Some(token), _) => with["auth"] = json!(token),
            (_, 1) => with["auth"] = json!("token-of-theirs"),
            (_, 2) => target = format!("/rest/27/webhook-secret/{method}"),
            (_, 3) => with["auth"] = json!("wrong"),
            _ => with["auth"] = json!("access-token"),
        }
        if method == "oauth.token" {
            target = "/oauth/token/".to_owned();
            with = json!({"grant_type": "refresh_token", "client_id": "mine", "client_secret": "secret-of-mine", "refresh_token": "refresh-token"});
        }
        self.send(&target, &with);
    }

    fn batch(&mut self, a: u8, b: u8, c: u8) {
        let command = |(method, with): (&str, Value)| {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in with.as_object().unwrap() {
                match value {
                    Value::String(text) => drop(form.append_pair(name, text)),
                    Value::Number(number) => drop(form.append_pair(name, &number.to_string())),
                    _ => {}
                }
            }
            form.append_pair("MESSAGES[0][user][id]", "u1").append_pair("MESSAGES[0][message][text]", "t");
            form.append_pair("MESSAGES[0][chat][id]", "c1");
            format!("{method}?{}", form.finish())
        };
        let first = command(self.parameters(a, b, c));
        let second = command(self.parameters(a.rotate_left(3), c, b));
        self.send("/rest/batch", &json!({"auth": "access-token", "cmd": [first, second]}));
    }

    fn send(&mut self, target: &str, with: &Value) {
        let headers: Headers = [("content-type", "application/json")].into_iter().collect();
        self.ask(Request::new("POST", target, headers, with.to_string().into()));
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, request: Request) {
        let target = request.target().to_owned();
        let arrival = Arrival::at(self.wall);
        let planned = step(&mut self.world, &request, arrival);
        assert!((200..=599).contains(&planned.reply.status), "{target}: {:?}", planned.reply);
        crate::direct::check_described(self.world.scenario(), &planned.note, &planned.reply);
        self.record.beside.push(format!("{:?}", planned.note));
        self.long.note(&planned.form);
        let reply = self.world.record(&request, planned, arrival);
        let sent = String::from_utf8_lossy(request.body());
        self.record.seen.push(format!("{} {target} {sent} -> {reply:?}", request.method));
    }

    fn act(&mut self, a: u8, b: u8, c: u8) {
        let actions = Bitrix24.actions();
        let action = if a >= 128 { actions[usize::from(a & 3)] } else { of(actions, a) };
        let mut with = Map::new();
        let connector = of(CONNECTORS, b & 7 & (c | 1));
        // A group chat has no user.
        let is_given = |name: &str| c >= 128 && (name != "user" || connector == "messenger");
        for parameter in action.parameters.iter().filter(|known| known.is_required || is_given(known.name)) {
            let value = match parameter.name {
                "connector" => connector,
                "line" => of(LINES, (b >> 3) & 7 & c),
                "chat" => of(CHATS, (b >> 5) & (c | 4)),
                "user" => of(USERS, c),
                "operator" => of(&["27", "5", "x"], c),
                "message" => of(&["last", "e1", "m1"], c),
                "application" => of(&["mine", "theirs", "stranger"], c),
                "clean" => "1",
                _ => "text",
            };
            with.insert(parameter.name.to_owned(), json!(value));
        }
        if action.name.starts_with("app.") && !c.is_multiple_of(4) {
            with.insert("application".to_owned(), json!(of(&["mine", "theirs"], c)));
        }
        self.perform(&format!("bitrix24.{}", action.name), &with);
    }

    /// Performs an action. One that makes no sense changes nothing.
    pub(super) fn perform(&mut self, name: &str, with: &Map<String, Value>) {
        let before = self.world.state(self.wall);
        let counted = self.world.outbox().iter().count();
        let seen = match self.world.act(name, with, self.wall) {
            Ok(acted) => {
                self.record.beside.push(format!("{acted:?}"));
                format!("{} {:?}", acted.changed, acted.remarks)
            }
            Err(mistake) => {
                assert_eq!(self.world.state(self.wall), before, "{name} {with:?} is half done");
                assert_eq!(self.world.outbox().iter().count(), counted, "{name} {with:?} has raised");
                assert!(!mistake.help.is_empty(), "{name} {with:?}: {mistake:?}");
                format!("{mistake:?}")
            }
        };
        self.record.seen.push(format!("{name} {with:?} -> {seen}"));
    }

    fn begin(&mut self) {
        let Some(dispatch) = self.world.take_due(self.wall) else { return };
        assert!(dispatch.url.is_some());
        self.began(&dispatch);
    }

    /// Takes the first delivery of a handler that is known by its name.
    fn take(&mut self, a: u8) {
        let named = self.world.outbox().iter().find(|entry| {
            entry.state == DeliveryState::Waiting && matches!(entry.delivery.target, HandlerTarget::Name(_))
        });
        // What cannot be taken is not.
        let number = named.map(|entry| entry.number).filter(|_| a < 200);
        let is_free = number.is_some_and(|number| self.witness.is_first(&self.world, number));
        let Some(number) = number.filter(|_| is_free) else {
            assert!(self.world.take(u64::MAX, self.wall).is_none());
            return;
        };
        let dispatch = self.world.take(number, self.wall).expect("it waits");
        assert!(self.world.take(number, self.wall).is_none(), "an attempt is under way");
        self.began(&dispatch);
    }

    fn began(&mut self, dispatch: &Dispatch) {
        self.open.push(dispatch.id);
        let request = &dispatch.request;
        let pairs: Vec<_> = form_urlencoded::parse(request.body.as_bytes()).collect();
        let token = pairs.iter().find(|(name, _)| name == "auth[access_token]" || name == "AUTH_ID");
        self.token = token.map(|(_, value)| value.to_string());
        self.record.seen.push(format!("{:?} {request:?}", dispatch.url));
        self.record.beside.push(format!("{:?}", dispatch.id));
    }

    fn end(&mut self, a: u8, b: u8) {
        if let Some(stale) = self.stale {
            assert!(!self.give(stale, 0), "an attempt of before a reset has a result");
        }
        if self.open.is_empty() {
            return;
        }
        let id = self.open.remove(usize::from(a) % self.open.len());
        assert!(self.give(id, b), "nobody waits for the result of {id:?}");
        assert!(!self.give(id, b), "a result counts twice");
        let entry = self.world.outbox().get(id.number).expect("what has just ended is kept");
        if entry.state.has_ended() {
            self.witness.ended(&self.world, id);
        } else {
            // Chert tries again.
            assert!(entry.attempted < 3 && entry.delivery.record.is_some(), "{entry:?}");
        }
    }

    fn give(&mut self, id: DeliveryId, choice: u8) -> bool {
        let outcome = match choice % 6 {
            0..=2 => Outcome::Answered(200),
            3 => Outcome::Answered(500),
            4 => Outcome::Failed("no answer".into()),
            _ => Outcome::Blocked("not allowed".into()),
        };
        self.world.delivered(id, outcome, std::time::Duration::from_millis(u64::from(choice)), self.wall)
    }

    fn again(&mut self, a: u8) {
        let count = self.world.outbox().iter().count();
        let Some(entry) = self.world.outbox().iter().nth(usize::from(a) % count.max(1)) else { return };
        let (number, had_ended) = (entry.number, entry.state.has_ended());
        assert_eq!(self.world.send_again(number, self.wall), had_ended);
        if had_ended {
            self.witness.again(number);
        }
    }

    fn advance(&mut self, a: u8) {
        let next = self.world.next_due();
        self.world.move_clock(|now| match a % 4 {
            0 => next.unwrap_or(now).max(now),
            1 => now - SignedDuration::from_secs(3),
            _ => now + SignedDuration::from_millis(i64::from(a) * 20),
        });
        self.world.settle(self.wall);
    }

    fn travel(&mut self, a: u8) {
        if !self.may_travel {
            return;
        }
        let name = if a & 1 == 0 { "a" } else { "b" };
        match a % 7 {
            0..=2 => assert!(self.world.save(name, self.wall)),
            3 => drop(self.world.forget(name)),
            _ => {
                if self.world.restore(name, Timestamp::UNIX_EPOCH) {
                    self.left();
                }
            }
        }
    }

    fn restart(&mut self, a: u8) {
        if a < 64 {
            self.world.reset(self.wall);
            self.left();
        }
    }

    /// Notes that what was under way is so no longer.
    fn left(&mut self) {
        self.stale = self.open.first().copied().or(self.stale);
        self.open.clear();
        self.long.left();
        self.witness.left();
    }

    /// Gives every result, and moves the clock to whatever is due, until nothing is left.
    pub fn drain(&mut self) {
        for _ in 0..10_000 {
            if let Some(id) = self.open.pop() {
                assert!(self.give(id, 0));
            }
            while let Some(dispatch) = self.world.take_due(self.wall) {
                assert!(self.give(dispatch.id, 0));
            }
            self.witness.check(&mut self.world, self.wall, self.long.pending());
            if self.open.is_empty() && self.world.next_due().is_none() {
                break;
            }
            self.advance(0);
            self.witness.let_go(&self.world, &mut self.open);
        }
        let numbers: Vec<_> = self.world.outbox().iter().map(|entry| entry.number).collect();
        for number in numbers {
            if let Some(dispatch) = self.world.take(number, self.wall) {
                assert_eq!(dispatch.url, None, "it could have left by itself");
                assert!(self.give(dispatch.id, 0));
            }
        }
        assert_eq!(self.world.outbox().unfinished(), (0, 0), "the outbox does not drain");
        assert_eq!((self.world.next_due(), self.world.outbox().pending()), (None, 0));
        assert_eq!(self.long.pending(), 0, "an answer still waits");
        let state = self.world.state(self.wall);
        super::chert::check_at_rest(&state["chert"]);
        let list = |name: &str| state["bitrix24"][name].as_array().cloned().unwrap_or_default();
        if list("lines").iter().any(|line| line["id"] == 105) {
            let on_line = list("chats").into_iter().filter(|chat| chat["line"] == 105);
            on_line.for_each(|chat| assert_eq!(chat["closed"], true, "nobody has closed it: {chat}"));
        }
        self.witness.check(&mut self.world, self.wall, self.long.pending());
    }

    /// What was seen since the last look.
    pub fn told(&mut self) -> Record {
        let mut record = std::mem::take(&mut self.record);
        record.seen.push(self.world.state(self.wall).to_string());
        let entries = self.world.journal().entries();
        record.beside.extend(entries.map(|entry| format!("{entry:?}")));
        record.beside.extend(self.world.outbox().iter().map(|entry| format!("{entry:?}")));
        record
    }

    /// Saves a snapshot to which this player alone goes back. What is under way would wait again in it, so nothing is.
    pub fn stay_at(&mut self, name: &str) {
        while !self.open.is_empty() {
            self.end(0, 0);
        }
        self.long.close_streams();
        (self.stale, self.token, self.may_travel) = (None, None, false);
        assert!(self.world.save(name, self.wall));
        self.then = Some(self.witness.clone());
        self.told();
    }

    /// Restores a snapshot, and forgets what came after it.
    pub fn go_back_to(&mut self, name: &str) {
        assert!(self.world.restore(name, Timestamp::UNIX_EPOCH));
        self.witness = self.then.clone().expect("it stayed there");
        self.left();
        (self.stale, self.token) = (None, None);
    }
}
