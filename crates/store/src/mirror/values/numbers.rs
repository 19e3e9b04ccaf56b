//! Numbers as people and spreadsheets write them. Pure.

/// The number that a text means: with a sign, a currency in front or behind, a percent sign, digits in groups.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (text, negative) = match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        // As accountants write what is owed.
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (text, first) = sign(text.trim());
    let (text, second) = sign(without_currency(text)?);
    if text.starts_with(['+', '-']) || [negative, first, second].iter().filter(|sign| **sign).count() > 1 {
        return None;
    }
    let number: f64 = ungrouped(text)?.parse().ok()?;
    Some(if negative || first || second { -number } else { number })
}

/// The text after its sign, and whether that is a minus.
fn sign(text: &str) -> (&str, bool) {
    match text.strip_prefix(['-', '−', '－']) {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text).trim_start(), false),
    }
}

/// The text without one currency's sign or code, or a percent sign. `None` for any other word.
fn without_currency(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '−' | '－' | '.');
    let begins = text.find(is_part)?;
    let (_, behind) = text.rsplit_once(is_part)?;
    let ends = text.len() - behind.len();
    let (front, behind) = (text.get(..begins)?.trim(), behind.trim());
    let is_currency = |word: &str| {
        let letters = word.trim_matches(|sign: char| "$€£¥₹₽₩₪₫₱₺₴".contains(sign));
        letters.is_empty() || (letters.len() <= 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    let one = front.is_empty() || behind.is_empty();
    (one && is_currency(front) && (behind == "%" || is_currency(behind))).then(|| text.get(begins..ends)).flatten()
}

/// Plain digits with a point, from digits in groups. `None` for groups that are none.
fn ungrouped(text: &str) -> Option<String> {
    let text: String =
        text.chars().map(|letter| if letter.is_whitespace() || letter == '’' { '\'' } else { letter }).collect();
    let last = text.rfind(['.', ',']);
    let (whole, fraction) = match last {
        None => (text.as_str(), None),
        Some(at) => {
            let (whole, rest) = text.split_at(at);
            let fraction = rest.get(1..)?;
            let separator = rest.get(..1)?;
            let several = whole.contains(separator);
            let commas_group =
                separator == "," && (several || (fraction.len() == 3 && whole.len() <= 3 && whole != "0"));
            let points_group = separator == "." && several;
            if separator == "," && !commas_group && fraction.len() > 2 && whole != "0" {
                return None;
            }
            if commas_group || points_group { (text.as_str(), None) } else { (whole, Some(fraction)) }
        }
    };
    let separators: Vec<&str> = whole.matches([',', '.', '\'']).collect();
    let whole = match separators.split_first() {
        None => whole.to_owned(),
        Some((first, others)) => {
            let mut groups = whole.split([',', '.', '\'']);
            let short = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
            if !short || others.iter().any(|other| other != first) || groups.any(|group| group.len() != 3) {
                return None;
            }
            // In one number points and commas do not both group and divide.
            if fraction.is_some() && last.and_then(|at| text.get(at..=at)) == Some(*first) {
                return None;
            }
            whole.replace(*first, "")
        }
    };
    Some(match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    })
}
