//! `GET /__standin/state`: the state of every vendor.

use crate::engine::World;
use crate::http::{Reply, Request};

pub(super) fn answer(world: &mut World, _: &Request) -> Reply {
    Reply::json(200, &world.state())
}
