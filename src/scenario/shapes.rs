//! What each key of a scenario is held against.
//!
//! Made from the types: `INSTA_UPDATE=always cargo test --lib compile` writes it anew.

use super::shape::Shape::*;
use super::shape::{Field, Kind, Shape};

pub(super) const STANDIN: Shape = Version(1);

pub(super) const NAME: Shape = Text;

pub(super) const SEED: Shape = Optional(&Integer { least: 0, most: 18446744073709551615 });

pub(super) const CLOCK: Shape = Choice { words: &["real"], forms: &[
    Field { name: "virtual", is_required: true, shape: Read { example: "2024-11-20T15:55:08.525962+02:00", kind: Kind::Start } },
] };

pub(super) const BITRIX24: Shape = Record(&[
    Field { name: "edition", is_required: false, shape: Choice { words: &["documented", "live"], forms: &[] } },
    Field { name: "envelope", is_required: false, shape: Choice { words: &["wire", "documented"], forms: &[] } },
    Field { name: "state", is_required: false, shape: Choice { words: &["open", "deleted", "overloaded", "no_rest", "subscription_ended", "oauth_unreachable"], forms: &[] } },
    Field { name: "require_https", is_required: false, shape: Flag },
    Field { name: "time_zone", is_required: false, shape: Read { example: "+02:00", kind: Kind::Offset } },
    Field { name: "timing", is_required: false, shape: Record(&[
        Field { name: "duration", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
        Field { name: "processing", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
    ]) },
    Field { name: "limits", is_required: false, shape: Record(&[
        Field { name: "requests", is_required: false, shape: Optional(&Choice { words: &["standard", "enterprise"], forms: &[
            Field { name: "custom", is_required: true, shape: Record(&[
                Field { name: "burst", is_required: true, shape: Integer { least: 1, most: 4294967295 } },
                Field { name: "per_second", is_required: true, shape: Integer { least: 1, most: 4294967295 } },
            ]) },
        ] }) },
        Field { name: "operating", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
    ]) },
    Field { name: "language", is_required: false, shape: Text },
    Field { name: "license", is_required: false, shape: Text },
    Field { name: "applications", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "client_id", is_required: true, shape: Text },
        Field { name: "client_secret", is_required: true, shape: Text },
        Field { name: "scope", is_required: false, shape: Optional(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }) },
        Field { name: "id", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
        Field { name: "code", is_required: false, shape: Optional(&Text) },
        Field { name: "version", is_required: false, shape: Integer { least: 0, most: 18446744073709551615 } },
        Field { name: "user", is_required: false, shape: Text },
        Field { name: "installed", is_required: false, shape: Flag },
        Field { name: "application_token", is_required: false, shape: Optional(&Text) },
    ])), least: 0, most: usize::MAX } },
    Field { name: "users", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "id", is_required: true, shape: Text },
        Field { name: "admin", is_required: false, shape: Flag },
        Field { name: "name", is_required: false, shape: Text },
        Field { name: "last_name", is_required: false, shape: Text },
    ])), least: 0, most: usize::MAX } },
    Field { name: "built_in", is_required: false, shape: Table(&Text) },
    Field { name: "credentials", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "webhook", is_required: false, shape: Optional(&Record(&[
            Field { name: "user", is_required: true, shape: Text },
            Field { name: "secret", is_required: true, shape: Text },
        ])) },
        Field { name: "token", is_required: false, shape: Optional(&Text) },
        Field { name: "refresh_token", is_required: false, shape: Optional(&Text) },
        Field { name: "scope", is_required: false, shape: Optional(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }) },
        Field { name: "expires", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
        Field { name: "client_id", is_required: false, shape: Optional(&Text) },
        Field { name: "state", is_required: false, shape: Choice { words: &["active", "not_installed", "application_not_found", "user_unauthorized", "user_without_access"], forms: &[] } },
    ])), least: 0, most: usize::MAX } },
    Field { name: "connectors", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "id", is_required: true, shape: Text },
        Field { name: "name", is_required: false, shape: Optional(&Text) },
        Field { name: "chat_group", is_required: false, shape: Flag },
        Field { name: "application", is_required: false, shape: Optional(&Text) },
        Field { name: "placement_handler", is_required: false, shape: Optional(&Text) },
        Field { name: "need_signature", is_required: false, shape: Flag },
        Field { name: "need_system_messages", is_required: false, shape: Flag },
        Field { name: "edit_internal_messages", is_required: false, shape: Flag },
        Field { name: "del_internal_messages", is_required: false, shape: Flag },
        Field { name: "del_external_messages", is_required: false, shape: Flag },
        Field { name: "newsletter", is_required: false, shape: Flag },
    ])), least: 0, most: usize::MAX } },
    Field { name: "lines", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "id", is_required: true, shape: Integer { least: 1, most: 9223372036854775807 } },
        Field { name: "active", is_required: false, shape: Flag },
        Field { name: "connectors", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "name", is_required: false, shape: Optional(&Text) },
        Field { name: "queue", is_required: false, shape: List { first: &[], rest: Some(&Integer { least: -9223372036854775808, most: 9223372036854775807 }), least: 0, most: usize::MAX } },
        Field { name: "close_term", is_required: false, shape: Integer { least: -9223372036854775808, most: 9223372036854775807 } },
        Field { name: "auto_close", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
        Field { name: "statuses", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "connector", is_required: true, shape: Text },
            Field { name: "active", is_required: false, shape: Flag },
            Field { name: "connection", is_required: false, shape: Flag },
            Field { name: "register", is_required: false, shape: Flag },
            Field { name: "error", is_required: false, shape: Flag },
        ])), least: 0, most: usize::MAX } },
    ])), least: 0, most: usize::MAX } },
    Field { name: "chats", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "connector", is_required: true, shape: Text },
        Field { name: "line", is_required: true, shape: Integer { least: -9223372036854775808, most: 9223372036854775807 } },
        Field { name: "id", is_required: true, shape: Text },
        Field { name: "user", is_required: false, shape: Optional(&Text) },
        Field { name: "name", is_required: true, shape: Text },
        Field { name: "closed", is_required: false, shape: Flag },
        Field { name: "chat_id", is_required: false, shape: Optional(&Integer { least: -9223372036854775808, most: 9223372036854775807 }) },
        Field { name: "sessions", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: false, shape: Optional(&Integer { least: -9223372036854775808, most: 9223372036854775807 }) },
            Field { name: "closed", is_required: false, shape: Flag },
            Field { name: "messages", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
                Field { name: "id", is_required: false, shape: Optional(&Integer { least: -9223372036854775808, most: 9223372036854775807 }) },
                Field { name: "operator", is_required: false, shape: Optional(&Integer { least: -9223372036854775808, most: 9223372036854775807 }) },
                Field { name: "text", is_required: false, shape: Text },
                Field { name: "external_ids", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
            ])), least: 0, most: usize::MAX } },
        ])), least: 0, most: usize::MAX } },
    ])), least: 0, most: usize::MAX } },
    Field { name: "handlers", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "event", is_required: true, shape: Text },
        Field { name: "url", is_required: false, shape: Optional(&Text) },
        Field { name: "name", is_required: false, shape: Optional(&Text) },
        Field { name: "application", is_required: false, shape: Optional(&Text) },
        Field { name: "user", is_required: false, shape: Optional(&Text) },
    ])), least: 0, most: usize::MAX } },
    Field { name: "events", is_required: false, shape: Record(&[
        Field { name: "allow_localhost", is_required: false, shape: Optional(&Flag) },
        Field { name: "time_limit", is_required: false, shape: Read { example: "250ms", kind: Kind::Length } },
        Field { name: "before_answer", is_required: false, shape: Flag },
    ]) },
]);

pub(super) const CHERT: Shape = Record(&[
    Field { name: "tenants", is_required: true, shape: List { first: &[], rest: Some(&Record(&[
        Field { name: "slug", is_required: true, shape: Text },
        Field { name: "signing_secret", is_required: true, shape: Text },
        Field { name: "multi_tenant", is_required: false, shape: Flag },
        Field { name: "state", is_required: false, shape: Choice { words: &["active", "suspended", "email_unverified", "account_limit"], forms: &[] } },
        Field { name: "lines", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: true, shape: Text },
            Field { name: "phone_number", is_required: true, shape: Text },
            Field { name: "active", is_required: false, shape: Flag },
            Field { name: "capabilities", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
            Field { name: "locations", is_required: false, shape: Flag },
        ])), least: 0, most: usize::MAX } },
        Field { name: "chats", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: true, shape: Text },
            Field { name: "group", is_required: true, shape: Flag },
            Field { name: "line", is_required: false, shape: Optional(&Text) },
            Field { name: "chat_key", is_required: false, shape: Flag },
            Field { name: "display_name", is_required: false, shape: Optional(&Text) },
            Field { name: "group_chat_icon", is_required: false, shape: Optional(&Text) },
            Field { name: "participants", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
            Field { name: "left", is_required: false, shape: Flag },
            Field { name: "conversation", is_required: false, shape: Optional(&Text) },
            Field { name: "messages", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
                Field { name: "id", is_required: false, shape: Optional(&Text) },
                Field { name: "from", is_required: false, shape: Optional(&Text) },
                Field { name: "text", is_required: false, shape: Optional(&Text) },
                Field { name: "media", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
                Field { name: "at", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
                Field { name: "status", is_required: false, shape: Choice { words: &["sent", "delivered", "read"], forms: &[] } },
            ])), least: 0, most: usize::MAX } },
        ])), least: 0, most: usize::MAX } },
        Field { name: "attachments", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: true, shape: Text },
            Field { name: "filename", is_required: false, shape: Text },
            Field { name: "content_type", is_required: false, shape: Text },
            Field { name: "size_bytes", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
            Field { name: "text", is_required: false, shape: Optional(&Text) },
            Field { name: "base64", is_required: false, shape: Optional(&Text) },
        ])), least: 0, most: usize::MAX } },
        Field { name: "subscriptions", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: false, shape: Optional(&Text) },
            Field { name: "url", is_required: false, shape: Optional(&Text) },
            Field { name: "name", is_required: false, shape: Optional(&Text) },
            Field { name: "events", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
            Field { name: "version", is_required: false, shape: Text },
            Field { name: "secret", is_required: false, shape: Optional(&Text) },
            Field { name: "active", is_required: false, shape: Flag },
        ])), least: 0, most: usize::MAX } },
        Field { name: "events", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
            Field { name: "id", is_required: false, shape: Optional(&Text) },
            Field { name: "type", is_required: true, shape: Text },
            Field { name: "event_id", is_required: true, shape: Text },
            Field { name: "lead_id", is_required: false, shape: Optional(&Text) },
            Field { name: "convo_id", is_required: false, shape: Optional(&Text) },
            Field { name: "at", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
            Field { name: "url", is_required: false, shape: Optional(&Text) },
            Field { name: "attempts", is_required: false, shape: List { first: &[], rest: Some(&Record(&[
                Field { name: "at", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
                Field { name: "status", is_required: false, shape: Optional(&Integer { least: 0, most: 65535 }) },
                Field { name: "duration_ms", is_required: false, shape: Integer { least: 0, most: 18446744073709551615 } },
                Field { name: "subscription", is_required: true, shape: Text },
            ])), least: 0, most: usize::MAX } },
        ])), least: 0, most: usize::MAX } },
    ])), least: 0, most: usize::MAX } },
    Field { name: "limits", is_required: false, shape: Record(&[
        Field { name: "requests", is_required: false, shape: Optional(&Record(&[
            Field { name: "burst", is_required: true, shape: Integer { least: 1, most: 4294967295 } },
            Field { name: "per_second", is_required: true, shape: Integer { least: 1, most: 4294967295 } },
        ])) },
    ]) },
    Field { name: "delivered_after", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
    Field { name: "webhooks", is_required: false, shape: Record(&[
        Field { name: "strict", is_required: false, shape: Flag },
        Field { name: "body", is_required: false, shape: Choice { words: &["envelope", "row"], forms: &[] } },
    ]) },
    Field { name: "new_ids", is_required: false, shape: Record(&[
        Field { name: "chats", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "messages", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "inbound", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "attachments", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "conversations", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "subscriptions", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
        Field { name: "subscription_secrets", is_required: false, shape: List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX } },
    ]) },
]);

pub(super) const FAULTS: Shape = List { first: &[], rest: Some(&Record(&[
    Field { name: "name", is_required: true, shape: Text },
    Field { name: "on", is_required: true, shape: Text },
    Field { name: "match", is_required: false, shape: Table(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
        Field { name: "regex", is_required: true, shape: Text },
    ])) }) },
    Field { name: "match_headers", is_required: false, shape: Table(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
        Field { name: "regex", is_required: true, shape: Text },
    ])) }) },
    Field { name: "match_credential", is_required: false, shape: Optional(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
        Field { name: "regex", is_required: true, shape: Text },
    ])) }) },
    Field { name: "when", is_required: false, shape: Record(&[
        Field { name: "call", is_required: false, shape: Optional(&Integer { least: 1, most: 18446744073709551615 }) },
        Field { name: "first", is_required: false, shape: Optional(&Integer { least: 1, most: 18446744073709551615 }) },
        Field { name: "after", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
        Field { name: "every", is_required: false, shape: Optional(&Integer { least: 1, most: 18446744073709551615 }) },
        Field { name: "between", is_required: false, shape: Optional(&List { first: &[], rest: Some(&Integer { least: 0, most: 18446744073709551615 }), least: 2, most: 2 }) },
        Field { name: "probability", is_required: false, shape: Optional(&Number { least: 0.0, most: 1.0 }) },
        Field { name: "from", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
        Field { name: "until", is_required: false, shape: Optional(&Read { example: "30s", kind: Kind::Point }) },
        Field { name: "limit", is_required: false, shape: Optional(&Integer { least: 1, most: 18446744073709551615 }) },
        Field { name: "count_by", is_required: false, shape: Optional(&Text) },
    ]) },
    Field { name: "error", is_required: false, shape: Optional(&Text) },
    Field { name: "message", is_required: false, shape: Optional(&Text) },
    Field { name: "retry_after", is_required: false, shape: Optional(&Integer { least: 0, most: 4294967295 }) },
    Field { name: "argument", is_required: false, shape: Optional(&Text) },
    Field { name: "reply", is_required: false, shape: Optional(&Record(&[
        Field { name: "status", is_required: true, shape: Integer { least: 200, most: 599 } },
        Field { name: "headers", is_required: false, shape: Table(&Text) },
        Field { name: "body", is_required: false, shape: Optional(&Text) },
    ])) },
    Field { name: "delay", is_required: false, shape: Optional(&Kinds { scalar: &Read { example: "250ms", kind: Kind::Length }, list: None, mapping: Some(&Choice { words: &[], forms: &[
        Field { name: "fixed", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
        Field { name: "uniform", is_required: true, shape: List { first: &[], rest: Some(&Read { example: "250ms", kind: Kind::Length }), least: 2, most: 2 } },
        Field { name: "normal", is_required: true, shape: Record(&[
            Field { name: "mean", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
            Field { name: "deviation", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
            Field { name: "max", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
        ]) },
        Field { name: "lognormal", is_required: true, shape: Record(&[
            Field { name: "median", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
            Field { name: "p99", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
            Field { name: "max", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
        ]) },
    ] }) }) },
    Field { name: "wire", is_required: false, shape: Optional(&Choice { words: &["reset", "empty", "stall", "garbage", "malformed_chunk", "truncate_json", "invalid_utf8"], forms: &[
        Field { name: "reset_after", is_required: true, shape: Integer { least: 0, most: 18446744073709551615 } },
        Field { name: "close_after", is_required: true, shape: Integer { least: 0, most: 18446744073709551615 } },
        Field { name: "stall_after", is_required: true, shape: Integer { least: 0, most: 18446744073709551615 } },
        Field { name: "slow_head", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
        Field { name: "dribble", is_required: true, shape: Record(&[
            Field { name: "chunks", is_required: true, shape: Integer { least: 2, most: 1000 } },
            Field { name: "over", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
        ]) },
        Field { name: "wrong_length", is_required: true, shape: Choice { words: &["longer", "shorter"], forms: &[] } },
        Field { name: "slow_close", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
    ] }) },
    Field { name: "applied", is_required: false, shape: Kinds { scalar: &Flag, list: None, mapping: Some(&Record(&[
        Field { name: "later", is_required: true, shape: Read { example: "250ms", kind: Kind::Length } },
    ])) } },
    Field { name: "deliver", is_required: false, shape: Optional(&Choice { words: &["lost", "twice", "after_next", "forged", "tampered", "stale", "expired_token"], forms: &[
        Field { name: "times", is_required: true, shape: Integer { least: 2, most: 100 } },
    ] }) },
])), least: 0, most: usize::MAX };

pub(super) const ACTIONS: Shape = List { first: &[], rest: Some(&Record(&[
    Field { name: "do", is_required: true, shape: Text },
    Field { name: "with", is_required: false, shape: Table(&Text) },
    Field { name: "at", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
    Field { name: "after", is_required: false, shape: Optional(&Record(&[
        Field { name: "on", is_required: true, shape: Text },
        Field { name: "match", is_required: false, shape: Table(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
            Field { name: "regex", is_required: true, shape: Text },
        ])) }) },
        Field { name: "call", is_required: false, shape: Optional(&Integer { least: 1, most: 18446744073709551615 }) },
    ])) },
    Field { name: "wait", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
])), least: 0, most: usize::MAX };

pub(super) const EXPECT: Shape = List { first: &[], rest: Some(&Record(&[
    Field { name: "name", is_required: true, shape: Text },
    Field { name: "on", is_required: true, shape: Text },
    Field { name: "match", is_required: false, shape: Table(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
        Field { name: "regex", is_required: true, shape: Text },
    ])) }) },
    Field { name: "calls", is_required: false, shape: Optional(&Kinds { scalar: &Choice { words: &["never"], forms: &[] }, list: None, mapping: Some(&Record(&[
        Field { name: "exactly", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
        Field { name: "at_least", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
        Field { name: "at_most", is_required: false, shape: Optional(&Integer { least: 0, most: 18446744073709551615 }) },
    ])) }) },
    Field { name: "after", is_required: false, shape: Optional(&Text) },
    Field { name: "answered", is_required: false, shape: Optional(&Record(&[
        Field { name: "within", is_required: false, shape: Optional(&Read { example: "250ms", kind: Kind::Length }) },
        Field { name: "status", is_required: false, shape: Optional(&Text) },
    ])) },
    Field { name: "the", is_required: false, shape: Table(&Text) },
    Field { name: "has", is_required: false, shape: Table(&Kinds { scalar: &Text, list: Some(&List { first: &[], rest: Some(&Text), least: 0, most: usize::MAX }), mapping: Some(&Record(&[
        Field { name: "regex", is_required: true, shape: Text },
    ])) }) },
    Field { name: "scope", is_required: false, shape: Choice { words: &["namespace", "run"], forms: &[] } },
    Field { name: "chat", is_required: false, shape: Optional(&Text) },
    Field { name: "named", is_required: false, shape: Optional(&Text) },
])), least: 0, most: usize::MAX };

pub(super) const RULES: Shape = Table(&Choice { words: &["off", "warn", "error"], forms: &[] });

pub(super) static SCENARIO: Shape = Record(&[
    Field { name: "standin", is_required: true, shape: STANDIN },
    Field { name: "name", is_required: true, shape: NAME },
    Field { name: "seed", is_required: false, shape: SEED },
    Field { name: "clock", is_required: false, shape: CLOCK },
    Field { name: "bitrix24", is_required: false, shape: BITRIX24 },
    Field { name: "chert", is_required: false, shape: CHERT },
    Field { name: "faults", is_required: false, shape: FAULTS },
    Field { name: "actions", is_required: false, shape: ACTIONS },
    Field { name: "expect", is_required: false, shape: EXPECT },
    Field { name: "rules", is_required: false, shape: RULES },
]);
