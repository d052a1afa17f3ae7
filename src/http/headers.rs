//! The headers of a request, in one block of memory.

/// The headers of a request in the order received. Names are in lower case, values are bytes.
///
/// One block of memory takes less than two strings for each header, and a journal copies it as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// For each header the length of its name, the length of its value, the name and the value.
    block: Vec<u8>,
}

/// A length in the block, in little-endian order.
type Length = [u8; 4];

impl Headers {
    /// No headers, with room for `fields` headers of a usual length.
    pub fn with_room_for(fields: usize) -> Self {
        Self { block: Vec::with_capacity(fields * 64) }
    }

    /// Adds a header at the end. The name is changed to lower case.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        self.push_lower_case(&name.to_ascii_lowercase(), value);
    }

    /// Adds a header whose name is in lower case already.
    pub fn push_lower_case(&mut self, name: &str, value: &[u8]) {
        let length = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
        self.block.extend_from_slice(&length(name.as_bytes()));
        self.block.extend_from_slice(&length(value));
        self.block.extend_from_slice(name.as_bytes());
        self.block.extend_from_slice(value);
    }

    /// The first value of the header `name`, which must be in lower case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(field, _)| *field == name.as_bytes()).map(|(_, value)| value)
    }

    /// The first value of the header `name` as text. `None` when there is none, or it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All headers in order, as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = &self.block[..];
        std::iter::from_fn(move || {
            let (name, after) = rest.split_first_chunk::<4>()?;
            let (value, after) = after.split_first_chunk::<4>()?;
            let length = |bytes: &Length| u32::from_le_bytes(*bytes) as usize;
            let (name, after) = after.split_at(length(name));
            let (value, after) = after.split_at(length(value));
            rest = after;
            Some((name, value))
        })
    }

    /// The block of memory that holds the headers.
    pub fn block(&self) -> &[u8] {
        &self.block
    }

    /// The headers of a [`block`](Self::block).
    pub fn of_block(block: &[u8]) -> Self {
        Self { block: block.to_vec() }
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
