//! The files of the page in a debug build: those in the source folder as they are now, so that a change shows without a build.

use std::path::Path;

use bytes::Bytes;

/// The file with this path as it is in the source folder; `None` in a build for users, and when there is none.
pub(super) fn present(name: &str) -> Option<Bytes> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/page"));
    std::fs::read(folder.join(name)).ok().map(Bytes::from)
}
