//! The messages of a chat: parts, status, changes and reactions.

use jiff::Timestamp;
use serde::Serialize;

/// A message of a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The ID.
    pub id: String,
    /// Who wrote it.
    pub author: Author,
    /// What it consists of.
    pub parts: Vec<Part>,
    /// What has become of it.
    pub status: Status,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// Earlier texts, the oldest first.
    pub edits: Vec<Edit>,
    /// The present reactions.
    pub reactions: Vec<Reaction>,
}

/// Who wrote a message or reacted to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// The tenant.
    Tenant,
    /// The recipient with this phone number or email address.
    Recipient(String),
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits.
    Queued,
    /// It was sent.
    Sent,
    /// It was delivered.
    Delivered,
    /// It was read.
    Read,
    /// A recipient wrote it.
    Received,
}

/// A part of a message, as answers and events show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// A text.
    Text {
        /// The text.
        value: String,
    },
    /// A file.
    Media {
        /// ID of the attachment.
        attachment_id: String,
    },
    /// A link with a preview.
    RichLink(Box<RichLink>),
    /// A place on the map.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
}

/// A link with a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RichLink {
    /// The URL.
    pub url: String,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// URL of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// URL of an icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
}

/// A change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// When it was made.
    pub at: Timestamp,
    /// The text before it.
    pub before: String,
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Its kind.
    pub kind: ReactionKind,
    /// Who reacted.
    pub author: Author,
}

/// The kinds of reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ReactionKind {
    Love,
    Like,
    Dislike,
    Laugh,
    Emphasize,
    Question,
}

impl ReactionKind {
    /// Every kind with its name.
    pub const ALL: [(&str, Self); 6] = [
        ("love", Self::Love),
        ("like", Self::Like),
        ("dislike", Self::Dislike),
        ("laugh", Self::Laugh),
        ("emphasize", Self::Emphasize),
        ("question", Self::Question),
    ];

    /// The kind with this name; `None` when there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl Message {
    /// A message of the tenant that was sent at `at`.
    pub fn sent(id: String, parts: Vec<Part>, at: Timestamp) -> Self {
        Self {
            id,
            author: Author::Tenant,
            parts,
            status: Status::Sent,
            created_at: at,
            delivered_at: None,
            read_at: None,
            edits: Vec::new(),
            reactions: Vec::new(),
        }
    }

    /// A message of a recipient.
    pub fn received(id: String, from: String, parts: Vec<Part>, at: Timestamp) -> Self {
        Self { author: Author::Recipient(from), status: Status::Received, ..Self::sent(id, parts, at) }
    }

    /// Sets what has become of it at `at`. What was read was delivered before.
    pub fn become_at(&mut self, status: Status, at: Timestamp) {
        if matches!(status, Status::Delivered | Status::Read) {
            self.delivered_at.get_or_insert(at);
        }
        if status == Status::Read {
            self.read_at.get_or_insert(at);
        }
        self.status = status;
    }

    /// Whether the tenant wrote it.
    pub fn is_own(&self) -> bool {
        self.author == Author::Tenant
    }

    /// All texts, one in a line.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text { value } => Some(value.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The bytes that it counts for.
    pub fn weight(&self) -> usize {
        let of_part = |part: &Part| match part {
            Part::Text { value } => value.len(),
            Part::Media { attachment_id } => attachment_id.len(),
            Part::RichLink(link) => {
                let optional = [&link.title, &link.summary, &link.image_url, &link.icon_url];
                link.url.len() + optional.into_iter().flatten().map(String::len).sum::<usize>()
            }
            Part::Location { .. } => size_of::<Part>(),
        };
        let of_reaction = |reaction: &Reaction| match &reaction.author {
            Author::Tenant => size_of::<Reaction>(),
            Author::Recipient(address) => size_of::<Reaction>() + address.len(),
        };
        self.id.len()
            + self.parts.iter().map(of_part).sum::<usize>()
            + self.edits.iter().map(|edit| edit.before.len()).sum::<usize>()
            + self.reactions.iter().map(of_reaction).sum::<usize>()
    }
}

/// An instant as the service writes it: `2026-05-01T12:00:00Z`.
pub fn seconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An instant with milliseconds: `2026-05-27T16:42:11.318Z`.
pub fn milliseconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
