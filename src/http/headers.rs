//! Header fields as they came, in one block of memory.

/// Header fields in the order received. Names are lower case; values are bytes.
///
/// A journal keeps a thousand of these: one text and one list cost less than a pair of strings a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    text: Vec<u8>,
    /// Where each name and each value ends in `text`.
    ends: Vec<(u32, u32)>,
}

impl Headers {
    /// No fields yet, with room for `fields` fields of `bytes` bytes in all.
    pub fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), ends: Vec::with_capacity(fields) }
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        self.text.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        let name_end = self.text.len() as u32;
        self.text.extend_from_slice(value);
        self.ends.push((name_end, self.text.len() as u32));
    }

    /// The first value of the field `name`, which is given in lower case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(field, _)| *field == name.as_bytes()).map(|(_, value)| value)
    }

    /// The first value of the field `name` as text; `None` also when it is no UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every field in order: name, value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            let field = (&self.text[start..name_end], &self.text[name_end..value_end]);
            start = value_end;
            field
        })
    }

    /// Memory held beyond the value itself, in bytes.
    pub fn weight(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<(u32, u32)>()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        let mut headers = Self::default();
        fields.into_iter().for_each(|(name, value)| headers.push(name, value.as_bytes()));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_the_first_of_a_name_answers() {
        let headers: Headers = [("Accept", "a"), ("X-Two", "1"), ("x-two", "2")].into_iter().collect();
        assert_eq!(headers.text("x-two"), Some("1"));
        assert_eq!(headers.get("absent"), None);
        let names: Vec<_> = headers.iter().map(|(name, _)| name.to_vec()).collect();
        assert_eq!(names, [&b"accept"[..], b"x-two", b"x-two"]);
    }
}
