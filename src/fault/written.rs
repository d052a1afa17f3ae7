//! A fault → JSON, as a request may send it.

use serde_json::{Map, Value, json};

use super::{
    Applied, Delay, Deliver, Drawn, FaultSpec, Form, Late, Lognormal, Normal, Pattern, ReplySpec, When, Wire,
};
use crate::scalar::{Length, Text};

impl FaultSpec {
    /// The fault as JSON, without what it does not have. The credential that it asks for is hidden.
    pub fn to_json(&self) -> Value {
        // Without `..`, so that a new key is not forgotten here.
        let Self {
            name,
            on,
            matches,
            match_headers,
            match_credential,
            when,
            error,
            message,
            retry_after,
            argument,
            reply,
            delay,
            wire,
            deliver,
            applied,
        } = self;
        let mut members = Members::default();
        let patterns = |all: &indexmap::IndexMap<String, Pattern>| {
            let all = all.iter().map(|(name, wanted)| (name.clone(), pattern(wanted)));
            Some(all.collect::<Map<_, _>>()).filter(|all| !all.is_empty()).map(Value::Object)
        };
        members.add("name", Some(json!(name)));
        members.add("on", Some(json!(on)));
        members.add("match", patterns(matches));
        members.add("match_headers", patterns(match_headers));
        members.add("match_credential", match_credential.as_ref().map(|_| json!("***")));
        members.add("when", Some(json_of_when(when)).filter(|when| *when != json!({})));
        members.add("error", error.as_ref().map(text));
        members.add("message", message.as_ref().map(text));
        members.add("retry_after", retry_after.map(Value::from));
        members.add("argument", argument.as_ref().map(text));
        members.add("reply", reply.as_ref().map(json_of_reply));
        members.add("delay", delay.map(json_of_delay));
        members.add("wire", wire.map(json_of_wire));
        members.add("deliver", deliver.map(json_of_deliver));
        let applied = match applied {
            Applied::Flag(false) => None,
            Applied::Flag(true) => Some(json!(true)),
            Applied::Form(Late::Later(length)) => Some(json!({"later": length.to_string()})),
        };
        members.add("applied", applied);
        Value::Object(members.0)
    }
}

/// The members that a value has.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn add(&mut self, name: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }
}

fn text(text: &Text) -> Value {
    json!(text)
}

fn json_of_deliver(deliver: Deliver) -> Value {
    match deliver {
        Deliver::Times(count) => json!({"times": count}),
        other => json!(other.to_string()),
    }
}

fn length(length: &Length) -> Value {
    length.to_string().into()
}

fn pattern(pattern: &Pattern) -> Value {
    match pattern {
        Pattern::One(value) => text(value),
        Pattern::Any(values) => values.iter().map(text).collect(),
        Pattern::Form(Form::Regex(regex)) => json!({"regex": regex}),
    }
}

fn json_of_when(when: &When) -> Value {
    let When { call, first, after, every, between, probability, from, until, limit, count_by } = when;
    let mut members = Members::default();
    for (name, number) in [("call", call), ("first", first), ("after", after), ("every", every)] {
        members.add(name, number.map(Value::from));
    }
    members.add("between", between.map(|between| json!(between)));
    members.add("probability", probability.map(Value::from));
    members.add("from", from.map(|from| from.to_string().into()));
    members.add("until", until.map(|until| until.to_string().into()));
    members.add("limit", limit.map(Value::from));
    members.add("count_by", count_by.as_ref().map(text));
    Value::Object(members.0)
}

fn json_of_reply(reply: &ReplySpec) -> Value {
    let ReplySpec { status, headers, body } = reply;
    let mut members = Members::default();
    members.add("status", Some((*status).into()));
    members.add("headers", Some(json!(headers)).filter(|_| !headers.is_empty()));
    members.add("body", body.as_ref().map(text));
    Value::Object(members.0)
}

fn json_of_delay(delay: Delay) -> Value {
    let mut members = Members::default();
    match delay {
        Delay::Length(fixed) => length(&fixed),
        Delay::Drawn(Drawn::Fixed(fixed)) => json!({"fixed": length(&fixed)}),
        Delay::Drawn(Drawn::Uniform([from, to])) => json!({"uniform": [length(&from), length(&to)]}),
        Delay::Drawn(Drawn::Normal(Normal { mean, deviation, max })) => {
            members.add("mean", Some(length(&mean)));
            members.add("deviation", Some(length(&deviation)));
            members.add("max", max.as_ref().map(length));
            json!({"normal": members.0})
        }
        Delay::Drawn(Drawn::Lognormal(Lognormal { median, p99, max })) => {
            members.add("median", Some(length(&median)));
            members.add("p99", Some(length(&p99)));
            members.add("max", max.as_ref().map(length));
            json!({"lognormal": members.0})
        }
    }
}

fn json_of_wire(wire: Wire) -> Value {
    match wire {
        Wire::ResetAfter(count) => json!({"reset_after": count}),
        Wire::CloseAfter(count) => json!({"close_after": count}),
        Wire::StallAfter(count) => json!({"stall_after": count}),
        Wire::SlowHead(over) => json!({"slow_head": length(&over)}),
        Wire::SlowClose(over) => json!({"slow_close": length(&over)}),
        Wire::Dribble(dribble) => {
            json!({"dribble": {"chunks": dribble.chunks, "over": length(&dribble.over)}})
        }
        Wire::WrongLength(super::wire::WrongLength::Longer) => json!({"wrong_length": "longer"}),
        Wire::WrongLength(super::wire::WrongLength::Shorter) => json!({"wrong_length": "shorter"}),
        Wire::Reset
        | Wire::Empty
        | Wire::Stall
        | Wire::Garbage
        | Wire::MalformedChunk
        | Wire::TruncateJson
        | Wire::InvalidUtf8 => wire.to_string().into(),
    }
}
