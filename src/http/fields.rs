//! The headers of a reply.

use std::borrow::Cow;

/// A header: its name in lower case, and its value.
pub type Field = (Cow<'static, str>, Cow<'static, str>);

/// A header that never changes.
pub const fn field(name: &'static str, value: &'static str) -> Field {
    (Cow::Borrowed(name), Cow::Borrowed(value))
}

/// The headers of a reply in the order sent: first a constant list, which takes no memory, then others.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    common: &'static [Field],
    own: Vec<Field>,
}

impl Fields {
    /// Only a constant list.
    pub const fn common(common: &'static [Field]) -> Self {
        Self { common, own: Vec::new() }
    }

    /// A constant list, followed by other headers.
    pub fn with_own(common: &'static [Field], own: Vec<Field>) -> Self {
        Self { common, own }
    }

    /// Adds a header at the end.
    pub fn push(&mut self, field: Field) {
        self.own.push(field);
    }

    /// The two parts: the constant list and the others.
    pub fn parts(&self) -> (&'static [Field], &[Field]) {
        (self.common, &self.own)
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.common.iter().chain(&self.own)
    }
}

impl From<Vec<Field>> for Fields {
    fn from(own: Vec<Field>) -> Self {
        Self { common: &[], own }
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        fields.into_iter().collect::<Vec<_>>().into()
    }
}

impl Extend<Field> for Fields {
    fn extend<I: IntoIterator<Item = Field>>(&mut self, fields: I) {
        self.own.extend(fields);
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::iter::Chain<std::slice::Iter<'a, Field>, std::slice::Iter<'a, Field>>;

    fn into_iter(self) -> Self::IntoIter {
        self.common.iter().chain(&self.own)
    }
}

/// Equal headers in the same order are equal, however they are split into the two parts.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Fields {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_fields_come_first() {
        static COMMON: [Field; 2] = [field("a", "1"), field("b", "2")];
        let mut fields = Fields::common(&COMMON);
        assert_eq!(fields.parts().1, []);
        fields.push(("c".into(), "3".to_owned().into()));
        fields.extend([field("a", "4")]);
        let all = fields.iter().map(|(name, value)| format!("{name}{value}")).collect::<String>();
        assert_eq!(all, "a1b2c3a4");
        assert_eq!(fields, fields.iter().cloned().collect());
        assert_ne!(fields, Fields::common(&COMMON));
    }
}
