//! `GET /__standin/state`: shows the state of every service, without secrets.

use super::Asked;
use crate::engine::World;
use crate::http::Reply;

pub(super) fn answer(world: &mut World, asked: &Asked<'_>) -> Reply {
    Reply::json(200, &world.state(asked.now))
}
