//! `GET /__standin/state`: the state of every vendor.

use crate::engine::World;
use crate::http::{Reply, Request};
use jiff::Timestamp;

pub(super) fn answer(world: &mut World, _: &Request, now: Timestamp) -> Reply {
    Reply::json(200, &world.state(now))
}
