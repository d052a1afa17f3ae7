//! `GET /__standin/conduct`: the rules that clients broke.

use serde_json::json;

use super::{Asked, mistake};
use crate::engine::World;
use crate::http::Reply;
use crate::judge::Broken;

pub(super) fn answer(world: &mut World, _: &Asked<'_>) -> Reply {
    match world.broken() {
        Some(broken) => {
            Reply::json(200, &json!({"broken": broken.iter().map(Broken::json).collect::<Vec<_>>()}))
        }
        None => mistake(404, "nobody watches the client".to_owned(), "start the server with `--judge`"),
    }
}
