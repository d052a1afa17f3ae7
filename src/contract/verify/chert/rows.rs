//! The checks of Chert that are one call each.

/// A chat that the named one may be.
pub struct Reading {
    /// The kind of the chat.
    pub kind: &'static str,
    /// Whether it is a group.
    pub is_group: bool,
    /// Whether it has its chat key.
    pub has_key: bool,
    /// How many recipients it has.
    pub participants: usize,
    /// Whether the tenant has left it.
    pub is_left: bool,
    /// Whether its line sends.
    pub is_active: bool,
}

const fn reading(kind: &'static str, has_key: bool, participants: usize) -> Reading {
    Reading { kind, is_group: true, has_key, participants, is_left: false, is_active: true }
}

/// The chats that the named one may be. Of two that explain an answer equally well the first one is meant.
///
/// One check finds the kind out. No call tells how many recipients there are, and only a write tells whether the line
/// sends and a direct chat has its chat key, so that most kinds have several readings.
pub const READINGS: &[Reading] = &[
    reading("group", true, 3),
    reading("group", true, 1),
    reading("group", true, 0),
    Reading { is_active: false, ..reading("group", true, 3) },
    Reading { is_group: false, ..reading("direct", true, 1) },
    Reading { is_group: false, is_active: false, ..reading("direct", true, 1) },
    Reading { is_group: false, ..reading("direct", true, 0) },
    Reading { is_group: false, ..reading("direct", false, 1) },
    Reading { is_group: false, ..reading("direct", false, 0) },
    reading("group without a chat key", false, 3),
    reading("group without a chat key", false, 0),
    Reading { is_left: true, ..reading("group that the tenant has left", true, 3) },
];
/// Groups alone.
pub const GROUP: &[&str] = &["group"];
/// Direct chats alone.
pub const DIRECT: &[&str] = &["direct"];
/// Groups without a chat key alone.
pub const KEYLESS: &[&str] = &["group without a chat key"];
/// Chats that can be written to.
pub const REACHABLE: &[&str] = &["group", "direct"];

/// Operation, code, what, the target if it is not the operation's path with things that do not exist, the body if there is one.
pub type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const SENT: &str = "a text goes to +14155550199, a number that is reserved for fiction";
/// What happens when a wrong attachment is accepted.
pub const MADE: &str = "an attachment is announced";

/// Checks that change nothing, whatever the server makes of them.
pub const READS: &[Row] = &[
    ("whoami", "", "", "", ""),
    ("phone_numbers.list", "", "", "", ""),
    ("webhook_subscriptions.list", "", "", "", ""),
    ("events.list", "1002", "limit of 0", "/events?limit=0", ""),
    ("events.list", "1002", "unknown status", "/events?status=standin", ""),
    ("events.list", "1002", "malformed since", "/events?since=standin", ""),
    ("events.list", "1002", "malformed cursor", "/events?cursor=standin", ""),
    ("events.get", "2011", "unknown event", "", ""),
    ("events.get", "", "", "/events/{event}", ""),
    ("events.stream", "", "", "", ""),
    ("events.stream", "1002", "malformed since", "/events/stream?since=standin", ""),
    ("events.replay", "2011", "unknown event", "", ""),
    ("dev_inbox.list", "", "", "", ""),
    ("dev_inbox.list", "1002", "limit of 0", "/dev-inbox?limit=0", ""),
    ("chats.messages.list", "2002", "unknown chat", "", ""),
    ("messages.get", "2003", "unknown message", "", ""),
    ("messages.get", "", "", "/messages/{message}", ""),
    ("messages.react", "1004", "no JSON", "", "{"),
    ("messages.react", "1002", "no reaction", "", "{}"),
    ("messages.react", "1002", "unknown reaction", "", r#"{"reaction":"standin"}"#),
    ("messages.react", "2003", "unknown message", "", r#"{"reaction":"love"}"#),
    ("messages.edit", "1004", "no JSON", "", "{"),
    ("messages.edit", "1002", "no text", "", "{}"),
    ("messages.edit", "1002", "empty text", "", r#"{"new_text":""}"#),
    ("messages.edit", "1009", "long text", "", r#"{"new_text":"LONG"}"#),
    ("messages.edit", "2003", "unknown message", "", r#"{"new_text":"standin verify"}"#),
    ("chats.mark_read", "2002", "unknown chat", "", ""),
    ("chats.typing", "1004", "no JSON", "", "{"),
    ("chats.typing", "1001", "no state", "", "{}"),
    ("chats.typing", "1002", "unknown state", "", r#"{"state":"standin"}"#),
    ("chats.typing", "2002", "unknown chat", "", r#"{"state":"typing"}"#),
    ("chats.rename", "1004", "no JSON", "", "{"),
    ("chats.rename", "1001", "neither field", "", "{}"),
    ("chats.rename", "1002", "blank name", "", r#"{"display_name":" "}"#),
    ("chats.rename", "1002", "icon over http", "", r#"{"group_chat_icon":"http://example.com/icon.png"}"#),
    ("chats.rename", "2002", "unknown chat", "", r#"{"display_name":"standin verify"}"#),
    ("chats.send_contact", "1004", "no JSON", "", "{"),
    ("chats.send_contact", "1001", "neither field", "", "{}"),
    ("chats.send_contact", "1002", "empty contact", "", r#"{"contact":{}}"#),
    ("chats.send_contact", "1002", "no vCard", "", r#"{"vcard_text":"standin"}"#),
    ("chats.send_contact", "2002", "unknown chat", "", r#"{"contact":{"full_name":"standin verify"}}"#),
    ("contacts.send", "1004", "no JSON", "", "{"),
    ("contacts.send", "1001", "no recipient", "", "{}"),
    ("contacts.send", "1002", "malformed number", "", r#"{"to":"12","contact":{}}"#),
    ("contacts.send", "1002", "empty contact", "", r#"{"to":"NOBODY","contact":{}}"#),
    (
        "contacts.send",
        "2002",
        "no chat with it",
        "",
        r#"{"to":"NOBODY","contact":{"full_name":"standin verify"}}"#,
    ),
    ("chats.share_contact_info", "2002", "unknown chat", "", ""),
    ("contacts.share", "1004", "no JSON", "", "{"),
    ("contacts.share", "1002", "malformed number", "", r#"{"to":"12"}"#),
    ("contacts.share", "2002", "no chat with it", "", r#"{"to":"NOBODY"}"#),
    ("chats.participants.add", "1004", "no JSON", "", "{"),
    ("chats.participants.add", "1001", "no address", "", "{}"),
    ("chats.participants.add", "1002", "malformed address", "", r#"{"address":"12"}"#),
    ("chats.participants.add", "2002", "unknown chat", "", r#"{"address":"NOBODY"}"#),
    ("chats.participants.remove", "2002", "unknown chat", "", ""),
    ("chats.leave", "2002", "unknown chat", "", ""),
    ("chats.messages.send", "1004", "no JSON", "", "{"),
    ("chats.messages.send", "1001", "no parts", "", r#"{"message":{}}"#),
    ("chats.messages.send", "1002", "parts are no list", "", r#"{"message":{"parts":"standin"}}"#),
    ("chats.messages.send", "1006", "eleven parts", "", r#"{"message":{"parts":"ELEVEN"}}"#),
    ("chats.messages.send", "1008", "two texts", "", r#"{"message":{"parts":"TEXTS"}}"#),
    (
        "chats.messages.send",
        "1009",
        "long text",
        "",
        r#"{"message":{"parts":[{"type":"text","value":"LONG"}]}}"#,
    ),
    ("chats.messages.send", "2002", "unknown chat", "", r#"{"message":{"parts":"TEXT"}}"#),
    ("chats.create", "1004", "no JSON", "", "{"),
    ("chats.create", "1001", "no sender", "", "{}"),
    ("chats.create", "1002", "recipients are no list", "", r#"{"from":"NOBODY","to":"standin"}"#),
    (
        "chats.create",
        "1003",
        "malformed sender",
        "",
        r#"{"from":"12","to":["NOBODY"],"message":{"parts":"TEXT"}}"#,
    ),
    (
        "chats.create",
        "1006",
        "32 recipients",
        "",
        r#"{"from":"NOBODY","to":"MANY","message":{"parts":"TEXT"}}"#,
    ),
    (
        "chats.create",
        "1008",
        "two texts",
        "",
        r#"{"from":"NOBODY","to":["NOBODY"],"message":{"parts":"TEXTS"}}"#,
    ),
    (
        "chats.create",
        "1005",
        "URL in the first message",
        "",
        r#"{"from":"NOBODY","to":["NOBODY"],"message":{"parts":[{"type":"text","value":"https://example.com"}]}}"#,
    ),
    (
        "chats.create",
        "1009",
        "long text",
        "",
        r#"{"from":"NOBODY","to":["NOBODY"],"message":{"parts":[{"type":"text","value":"LONG"}]}}"#,
    ),
    (
        "chats.create",
        "4099",
        "group with a link",
        "",
        r#"{"from":"NOBODY","to":"TWO","message":{"parts":[{"type":"rich_link","url":"https://example.com"}]}}"#,
    ),
    (
        "chats.create",
        "2006",
        "line of nobody",
        "",
        r#"{"from":"NOBODY","to":["NOBODY"],"message":{"parts":"TEXT"}}"#,
    ),
    ("send", "1004", "no JSON", "", "{"),
    ("send", "1001", "no phone", "", "{}"),
    ("send", "1001", "no body", "", r#"{"phone":"NOBODY"}"#),
    ("send", "1002", "name is no text", "", r#"{"phone":"12","body":"standin verify","name":5}"#),
    ("send", "1003", "malformed number", "", r#"{"phone":"12","body":"standin verify"}"#),
    ("locations.send", "1004", "no JSON", "", "{"),
    ("locations.send", "1001", "no recipient", "", r#"{"latitude":1.5,"longitude":1.5}"#),
    ("locations.send", "1002", "beyond the pole", "", r#"{"phone":"12","latitude":91,"longitude":1.5}"#),
    (
        "locations.send",
        "1002",
        "two recipients",
        "",
        r#"{"phone":"12","chat_id":"x","latitude":1.5,"longitude":1.5}"#,
    ),
    ("locations.send", "1003", "malformed number", "", r#"{"phone":"12","latitude":1.5,"longitude":1.5}"#),
    (
        "locations.send",
        "2002",
        "unknown chat",
        "",
        r#"{"chat_id":"standin-no-such-chat","latitude":1.5,"longitude":1.5}"#,
    ),
    ("attachments.create", "1004", "no JSON", "", "{"),
    ("attachments.create", "1001", "no name", "", "{}"),
    (
        "attachments.create",
        "1002",
        "size of 0",
        "",
        r#"{"filename":"a.txt","content_type":"text/plain","size_bytes":0}"#,
    ),
    (
        "attachments.create",
        "5003",
        "no type",
        "",
        r#"{"filename":"a.txt","content_type":"standin","size_bytes":6}"#,
    ),
    ("attachments.upload", "5001", "unknown attachment", "", "verify"),
    ("attachments.content", "5001", "unknown attachment", "", ""),
    ("webhook_subscriptions.create", "1004", "no JSON", "", "{"),
    ("webhook_subscriptions.create", "1001", "no URL", "", "{}"),
    ("webhook_subscriptions.create", "1002", "no URL of a handler", "", r#"{"url":"standin"}"#),
    ("webhook_subscriptions.get", "2011", "unknown subscription", "", ""),
    ("webhook_subscriptions.update", "1004", "no JSON", "", "{"),
    ("webhook_subscriptions.update", "1001", "no field", "", "{}"),
    ("webhook_subscriptions.update", "1002", "no flag", "", r#"{"is_active":"standin"}"#),
    ("webhook_subscriptions.update", "2011", "unknown subscription", "", r#"{"is_active":false}"#),
    ("webhook_subscriptions.delete", "2011", "unknown subscription", "", ""),
];

/// Checks of wrong calls that would have a consequence if the server accepted them.
pub const RISKS: &[(Row, &[&str], &str)] = &[
    (("send", "1009", "long text", "", r#"{"phone":"NOBODY","body":"LONG"}"#), &[], SENT),
    (
        (
            "send",
            "4098",
            "unknown effect",
            "",
            r#"{"phone":"NOBODY","body":"standin verify","effect":"standin"}"#,
        ),
        &[],
        SENT,
    ),
    (
        (
            "send",
            "1011",
            "URL as attachment",
            "",
            r#"{"phone":"NOBODY","body":"standin verify","attachments":["https://example.com/a.png"]}"#,
        ),
        &[],
        SENT,
    ),
    (
        (
            "send",
            "2006",
            "unknown line",
            "",
            r#"{"phone":"NOBODY","body":"standin verify","phone_line_id":"standin-no-such-line"}"#,
        ),
        &[],
        SENT,
    ),
    (
        (
            "send",
            "5001",
            "unknown attachment",
            "",
            r#"{"phone":"NOBODY","body":"standin verify","attachments":["standin-no-such-attachment"]}"#,
        ),
        &[],
        SENT,
    ),
    (
        (
            "attachments.create",
            "5002",
            "nine terabytes",
            "",
            r#"{"filename":"a.txt","content_type":"text/plain","size_bytes":9000000000000}"#,
        ),
        &[],
        MADE,
    ),
    (
        (
            "chats.messages.send",
            "5001",
            "unknown attachment",
            "/chats/{chat}/messages",
            r#"{"message":{"parts":[{"type":"media","attachment_id":"standin-no-such-attachment"}]}}"#,
        ),
        REACHABLE,
        "a message is sent to the chat",
    ),
    (
        ("chats.rename", "1006", "the named chat", "/chats/{chat}", r#"{"display_name":"standin verify"}"#),
        DIRECT,
        "the chat is renamed",
    ),
    (
        (
            "chats.participants.add",
            "1006",
            "the named chat",
            "/chats/{chat}/participants",
            r#"{"address":"NOBODY"}"#,
        ),
        DIRECT,
        "somebody is added to the chat",
    ),
    (
        ("chats.leave", "1006", "the named chat", "/chats/{chat}/leave", ""),
        DIRECT,
        "the tenant leaves the chat",
    ),
    (
        ("chats.rename", "4099", "the named chat", "/chats/{chat}", r#"{"display_name":"standin verify"}"#),
        KEYLESS,
        "the chat is renamed",
    ),
    (
        (
            "chats.participants.add",
            "4099",
            "the named chat",
            "/chats/{chat}/participants",
            r#"{"address":"NOBODY"}"#,
        ),
        KEYLESS,
        "somebody is added to the chat",
    ),
    (
        ("chats.leave", "4099", "the named chat", "/chats/{chat}/leave", ""),
        KEYLESS,
        "the tenant leaves the chat",
    ),
    (
        ("chats.typing", "4099", "the named chat", "/chats/{chat}/typing", r#"{"state":"stopped"}"#),
        KEYLESS,
        "the chat is shown that the tenant types no longer",
    ),
    (
        ("chats.mark_read", "4099", "the named chat", "/chats/{chat}/mark-read", ""),
        KEYLESS,
        "the messages of the chat are marked as read",
    ),
    (
        (
            "chats.send_contact",
            "4099",
            "the named chat",
            "/chats/{chat}/send-contact",
            r#"{"contact":{"full_name":"standin verify"}}"#,
        ),
        KEYLESS,
        "a contact card is sent to the chat",
    ),
    (
        ("chats.share_contact_info", "4099", "the named chat", "/chats/{chat}/share-contact-info", ""),
        KEYLESS,
        "the line's contact card is offered to the chat",
    ),
];
