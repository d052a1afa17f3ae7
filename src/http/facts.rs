//! What a fault may ask of a request without knowing whose API it is.

use std::borrow::Cow;

/// The parameters of one call, by the vendor's own names.
pub trait Facts {
    /// The parameter `name` as text; `None` when it is absent or no scalar. `name` is spelt as the vendor's
    /// operation lists it.
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>>;
}

/// A call without parameters.
impl Facts for () {
    fn parameter(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}
