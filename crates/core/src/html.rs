//! HTML that people wrote, as plain text.

/// Elements that begin a new line.
const BLOCKS: [&str; 14] =
    ["p", "div", "br", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "blockquote"];

/// Elements whose content is no text.
const HIDDEN: [&str; 3] = ["style", "script", "head"];

/// Named characters.
const NAMED: [(&str, &str); 9] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
];

/// Whether a text is HTML: it has the end of an element, or a line break. Other brackets are a person's own.
pub fn is_html(text: &str) -> bool {
    text.split('<').skip(1).filter_map(element).any(|tag| tag.closes || tag.name == "br")
}

/// The text of HTML: paragraphs and lines on lines of their own, a link's address behind its text, and no empty lines.
/// Any other text is returned unchanged.
pub fn text(html: &str) -> String {
    if !is_html(html) {
        return html.to_owned();
    }
    let mut lines = String::new();
    let mut rest = html;
    let mut link: Option<String> = None;
    while let Some((before, after)) = rest.split_once('<') {
        lines.push_str(&characters(before));
        let Some(element) = element(after) else {
            lines.push('<');
            rest = after;
            continue;
        };
        rest = element.rest;
        if BLOCKS.contains(&element.name.as_str()) {
            lines.push('\n');
        } else if element.name == "a" {
            match (element.closes, link.take()) {
                (true, Some(address)) if !lines.ends_with(address.as_str()) => lines.push_str(&format!(" ({address})")),
                (false, _) => link = attribute(element.attributes, "href"),
                _ => {}
            }
        } else if HIDDEN.contains(&element.name.as_str()) && !element.closes {
            let end = format!("</{}", element.name);
            let at = rest.to_ascii_lowercase().find(&end).unwrap_or(rest.len());
            rest = rest.get(at..).unwrap_or_default();
        }
    }
    lines.push_str(&characters(rest));
    let lines = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A tag of an element, and what follows it.
struct Tag<'a> {
    /// In lower case.
    name: String,
    closes: bool,
    attributes: &'a str,
    rest: &'a str,
}

/// The tag that begins after a `<`. A comment counts as one without a name.
fn element(after: &str) -> Option<Tag<'_>> {
    if let Some(comment) = after.strip_prefix("!--") {
        let rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
        return Some(Tag { name: String::new(), closes: false, attributes: "", rest });
    }
    let (closes, inner) = after.strip_prefix('/').map_or((false, after), |inner| (true, inner));
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (tag, rest) = inner.split_once('>')?;
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
    let (name, attributes) = tag.split_at_checked(end)?;
    let is_tag = attributes.is_empty() || attributes.starts_with(|c: char| c.is_whitespace() || c == '/');
    is_tag.then(|| Tag { name: name.to_ascii_lowercase(), closes, attributes, rest })
}

/// The value of a quoted attribute.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let (_, after) = attributes.split_once(&format!("{name}="))?;
    let quote = after.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let value = after.get(1..)?.split(quote).next()?;
    (!value.is_empty()).then(|| characters(value))
}

/// A text with its character references replaced.
fn characters(text: &str) -> String {
    /// The longest reference, in bytes.
    const LONGEST: usize = 10;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        rest = after;
        let found = after.split_once(';').filter(|(name, _)| name.len() <= LONGEST);
        let character = found.and_then(|(name, rest)| Some((reference(name)?, rest)));
        match character {
            Some((character, after)) => {
                plain.push_str(&character);
                rest = after;
            }
            None => plain.push('&'),
        }
    }
    plain + rest
}

fn reference(name: &str) -> Option<String> {
    if let Some((_, text)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn html_becomes_lines_of_text() {
        for (html, expected) in [
            ("<p>Called.</p><p>5 &gt; 4 &amp; on</p>", "Called.\n5 > 4 & on"),
            ("<div>One<br/>two  <b>three</b></div>\n<ul><li>a</li><li>b</li></ul>", "One\ntwo three\na\nb"),
            (
                "See <a href=\"https://x.example/a?b=1&amp;c=2\">the offer</a>.",
                "See the offer (https://x.example/a?b=1&c=2).",
            ),
            ("<a href='https://x.example'>https://x.example</a>", "https://x.example"),
            ("<style>p { color: red }</style><!-- a > b --><p>It&#39;s &#x2013; so</p>", "It's – so"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for plain in [
            "2 < 3 and 5 > 4",
            "a <- b",
            "<3",
            "  two\n\n lines & more",
            "R&D; x",
            "",
            "<p",
            "mail <ada@x.example>",
            "left <a message>",
        ] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn odd_html_is_no_panic() {
        for odd in ["<p>&", "<a href=>x</a>", "<p>&#99999999999;</p>", "<script>", "<p>é<", "<a href=\"é", "<style>é"]
        {
            let _ = text(odd);
        }
    }
}
