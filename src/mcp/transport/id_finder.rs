//! The id of a message that cannot be parsed as a whole, found in one pass over its bytes.

/// The most bytes of a key or a value that are kept.
const MAX_LENGTH: usize = 256;

/// Finds the member `id` of the outermost object.
#[derive(Debug, Default)]
pub(super) struct IdFinder {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Whether the position is behind the colon of a member.
    at_value: bool,
    key: Vec<u8>,
    value: Vec<u8>,
    found: Option<Vec<u8>>,
}

impl IdFinder {
    /// The id in a whole line, as it is written.
    pub(super) fn find(line: &[u8]) -> Option<String> {
        let mut finder = Self::default();
        finder.feed(line);
        finder.id()
    }

    /// Reads the next bytes of the line.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.take(*byte));
    }

    /// The id as it is written, if there is one.
    pub(super) fn id(self) -> Option<String> {
        self.found.and_then(|found| String::from_utf8(found).ok())
    }

    fn take(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                if self.depth == 1 && !self.at_value {
                    self.key.clear();
                }
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                // An id is neither an object nor a list.
                self.key.clear();
                self.depth += 1;
            }
            b'}' | b']' => {
                self.end_member();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => {
                self.at_value = true;
                self.value.clear();
            }
            b',' if self.depth == 1 => self.end_member(),
            _ if byte.is_ascii_whitespace() => {}
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        let part = if self.at_value { &mut self.value } else { &mut self.key };
        if self.depth == 1 && part.len() < MAX_LENGTH {
            part.push(byte);
        }
    }

    fn end_member(&mut self) {
        if self.depth == 1 && self.at_value {
            if self.key == b"\"id\"" && self.found.is_none() {
                self.found = Some(std::mem::take(&mut self.value));
            }
            self.at_value = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdFinder;

    #[test]
    fn the_id_of_the_outermost_object_is_found_wherever_it_stands() {
        for (line, id) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, Some("7")),
            (r#"{"method":"x","params":{"id":1,"a":[{"id":2}]},"id":1.50}"#, Some("1.50")),
            (r#"{ "id" : "a\",b" , "x" : "}" }"#, Some(r#""a\",b""#)),
            (r#"{"x":"\"id\":5","id":123456789012345678901234567890}"#, Some("123456789012345678901234567890")),
            (r#"{"a":"id","b":{"id":3}}"#, None),
            (r#"{"id":{"a":1},"method":"x"}"#, None),
            (r#"[{"id":3}]"#, None),
            (r#"{"id":9"#, None),
            ("", None),
        ] {
            assert_eq!(IdFinder::find(line.as_bytes()).as_deref(), id, "{line}");
            let mut finder = IdFinder::default();
            line.bytes().for_each(|byte| finder.feed(&[byte]));
            assert_eq!(finder.id().as_deref(), id, "byte by byte: {line}");
        }
    }
}
