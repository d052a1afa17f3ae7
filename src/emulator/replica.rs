//! The name of one of several servers behind a balancer.

use std::fmt;
use std::str::FromStr;

/// The name of one of several servers behind a balancer: 1 to 16 lower-case letters and digits. Names of namespaces, and
/// with them their credentials, end with `~` and the name of the replica that has made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaName(String);

/// What stands before the name of a replica.
pub const BEFORE_REPLICA: char = '~';

impl ReplicaName {
    /// The replica that a namespace or a credential names; `None` when it names none.
    pub fn in_text(text: &str) -> Option<Self> {
        text.rsplit_once(BEFORE_REPLICA)?.1.parse().ok()
    }
}

impl FromStr for ReplicaName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
        match (1..=16).contains(&text.len()) && text.bytes().all(is_allowed) {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("a name of a replica has 1 to 16 of the characters `a` to `z` and `0` to `9`".to_owned())
            }
        }
    }
}

impl fmt::Display for ReplicaName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the tokens end with that are issued in a world whose credentials end with `suffix`: the replica, if it names one.
/// Other tokens have no need to name their world.
pub fn end_of_tokens(suffix: &str) -> &str {
    suffix.find(BEFORE_REPLICA).map_or("", |begin| &suffix[begin..])
}
