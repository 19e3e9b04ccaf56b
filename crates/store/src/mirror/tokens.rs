//! The words and signs of a statement, as SQLite divides it. Pure.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name, quoted or not.
    Name,
    /// A text, a number or a parameter.
    Value,
    /// Anything else, one character each.
    Sign,
}

/// One token and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Token<'_> {
    /// A name without its quotes, in lower case; nothing for what is no name.
    pub(super) fn name(&self) -> String {
        let quotes: &[char] = &['"', '`', '[', ']'];
        if self.kind == Kind::Name { self.text.trim_matches(quotes).to_ascii_lowercase() } else { String::new() }
    }
}

/// The tokens of a statement, without room and comments.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = sql.get(start..)?;
            let first = rest.chars().next()?;
            let (kind, length) = token(rest, first);
            let token = kind.map(|kind| Token { kind, text: rest.get(..length).unwrap_or(rest), start });
            start += length;
            if token.is_some() {
                return token;
            }
        }
    })
}

/// The kind and the length of the token at the beginning; no kind for room and comments.
fn token(rest: &str, first: char) -> (Option<Kind>, usize) {
    let until = |end: &str, from: usize| {
        rest.get(from..).and_then(|inner| inner.find(end)).map_or(rest.len(), |at| from + at + end.len())
    };
    let run = |is: fn(char) -> bool| rest.find(|letter| !is(letter)).unwrap_or(rest.len());
    match first {
        _ if first.is_whitespace() => (None, run(char::is_whitespace)),
        '-' if rest.starts_with("--") => (None, until("\n", 2)),
        '/' if rest.starts_with("/*") => (None, until("*/", 2)),
        '\'' => (Some(Kind::Value), quoted(rest, '\'')),
        '"' | '`' => (Some(Kind::Name), quoted(rest, first)),
        '[' => (Some(Kind::Name), until("]", 1)),
        '0'..='9' | '?' | ':' | '@' | '$' => {
            let length = rest.char_indices().skip(1).find(|(_, letter)| !is_word(*letter) && *letter != '.');
            (Some(Kind::Value), length.map_or(rest.len(), |(at, _)| at))
        }
        _ if is_word(first) => (Some(Kind::Name), run(is_word)),
        _ => (Some(Kind::Sign), first.len_utf8()),
    }
}

/// The length of what is quoted; a quote within is written twice.
fn quoted(rest: &str, quote: char) -> usize {
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at + letter.len_utf8();
        }
    }
    rest.len()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$' || !letter.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_divided_as_sqlite_does() {
        let texts = |sql| tokens(sql).map(|token| token.text).collect::<Vec<_>>();
        assert_eq!(
            texts("select a.\"b\"\"c\",'it''s'--x\n/*y*/+1.5"),
            ["select", "a", ".", "\"b\"\"c\"", ",", "'it''s'", "+", "1.5"]
        );
        assert_eq!(texts("[a b]`c` ?1 :n naïve("), ["[a b]", "`c`", "?1", ":n", "naïve", "("]);
        for sql in ["'", "\"x", "[", "/*", "--", "", " "] {
            assert!(texts(sql).len() <= 1, "{sql}");
        }
        assert_eq!(tokens("[Value]").next().map(|token| token.name()).as_deref(), Some("value"));
    }
}
