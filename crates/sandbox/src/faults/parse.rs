//! Parses the words of a fault plan.

use super::rule::{FaultFilter, FaultKind, FaultRule};
use super::{FaultError, FaultPlan};
use crate::official::routes::labels;
use crate::operation::Effect;
use crate::session::routes::ROUTES;
use std::str::FromStr;
use std::time::Duration;

impl FromStr for FaultPlan {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let rules = text.split(';').map(str::trim).filter(|rule| !rule.is_empty());
        let parsed = rules.map(|text| parse_rule(text).map_err(|reason| FaultError { rule: text.to_owned(), reason }));
        Ok(Self { rules: parsed.collect::<Result<_, _>>()? })
    }
}

/// The marks that may follow the kind. No kind and no filter contains one.
const MARKS: [char; 4] = ['@', '*', '+', '%'];

fn parse_rule(text: &str) -> Result<FaultRule, String> {
    let (head, mut rest) = text.split_at(text.find(MARKS).unwrap_or(text.len()));
    let (name, param) = match head.split_once(':') {
        Some((name, param)) => (name.trim(), Some(param.trim())),
        None => (head.trim(), None),
    };
    let (word, after) = match name.strip_suffix("-after") {
        Some(word) => (word, true),
        None => (name, false),
    };
    let kind = parse_kind(word, param)?;
    let before_or_after = matches!(
        kind,
        FaultKind::Latency(_)
            | FaultKind::Status(_)
            | FaultKind::Html
            | FaultKind::Block
            | FaultKind::NoRoute(_)
            | FaultKind::Drop
    );
    if after && !before_or_after {
        return Err("-after is allowed for latency, a status, html, block, no-route and drop only".to_owned());
    }
    let after = after || matches!(kind, FaultKind::Truncate | FaultKind::Malformed | FaultKind::Huge(_));
    let mut rule = FaultRule {
        name: name.to_owned(),
        kind,
        after,
        filter: FaultFilter::Any,
        owner: None,
        skip: 0,
        max_count: u64::MAX,
        percent: 100.0,
    };
    while let Some(mark) = rest.chars().next() {
        let tail = rest.strip_prefix(mark).unwrap_or_default();
        let (value, next) = tail.split_at(tail.find(MARKS).unwrap_or(tail.len()));
        let value = value.trim();
        match mark {
            '@' => match value.strip_prefix("location:").map(str::trim) {
                Some("") => return Err("location:ID needs a location's id, or agency".to_owned()),
                Some(id) => rule.owner = Some(id.to_owned()),
                None => rule.filter = parse_filter(value)?,
            },
            '*' => rule.max_count = number("*COUNT", Some(value))?,
            '+' => rule.skip = number("+SKIP", Some(value))?,
            _ => {
                let percent = value.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
                rule.percent = percent.ok_or("%PERCENT needs a number from 0 to 100")?;
            }
        }
        rest = next;
    }
    Ok(rule)
}

fn parse_kind(word: &str, param: Option<&str>) -> Result<FaultKind, String> {
    let millis = |name| number(name, param).map(Duration::from_millis);
    let kind = match word {
        "latency" => return millis("latency:MS").map(FaultKind::Latency),
        "late" => return millis("late:MS").map(FaultKind::Late),
        "429-date" => {
            return number("429-date:SECONDS", param).map(|seconds| FaultKind::RetryAfter { seconds, as_date: true });
        }
        "429" if param.is_some() => {
            return number("429:SECONDS", param).map(|seconds| FaultKind::RetryAfter { seconds, as_date: false });
        }
        "huge" => return param.map(|_| number("huge:BYTES", param)).transpose().map(FaultKind::Huge),
        "redirect" => {
            let to = param.filter(|to| !to.is_empty()).ok_or("redirect:ADDRESS needs an address")?;
            return Ok(FaultKind::Redirect(to.to_owned()));
        }
        "no-route" => return no_route(param),
        "html" => FaultKind::Html,
        "block" => FaultKind::Block,
        "drop" => FaultKind::Drop,
        "truncate" => FaultKind::Truncate,
        "malformed" => FaultKind::Malformed,
        _ => match word.parse() {
            Ok(status) if (400..600).contains(&status) => FaultKind::Status(status),
            _ => return Err(unknown_kind(word)),
        },
    };
    if param.is_some() { Err(format!("{word} takes no parameter")) } else { Ok(kind) }
}

fn no_route(param: Option<&str>) -> Result<FaultKind, String> {
    match param.map_or(Ok(404), str::parse) {
        Ok(status) if (400..600).contains(&status) => Ok(FaultKind::NoRoute(status)),
        _ => Err("no-route:STATUS needs a status from 400 to 599".to_owned()),
    }
}

fn unknown_kind(word: &str) -> String {
    format!(
        "unknown kind \"{word}\"; allowed are latency:MS, a status from 400 to 599, 429:SECONDS, 429-date:SECONDS, \
         html, block, no-route[:STATUS], drop, late:MS, redirect:ADDRESS, truncate, malformed and huge[:BYTES]"
    )
}

fn parse_filter(text: &str) -> Result<FaultFilter, String> {
    match text {
        "any" => Ok(FaultFilter::Any),
        "read" => Ok(FaultFilter::Effect(Effect::Read)),
        "write" => Ok(FaultFilter::Effect(Effect::Write)),
        "refresh" => Ok(FaultFilter::Effect(Effect::Refresh)),
        _ => match names().find(|name| *name == text) {
            Some(name) => Ok(FaultFilter::Operation(name)),
            None => Err(format!(
                "unknown filter \"{text}\"; allowed are any, read, write, refresh, location:ID, or one of: {}",
                names().collect::<Vec<_>>().join(", ")
            )),
        },
    }
}

/// The operations of both APIs.
fn names() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.name).chain(labels().map(|label| label.name))
}

fn number(form: &str, text: Option<&str>) -> Result<u64, String> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{form} needs a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> FaultRule {
        let plan: FaultPlan = text.parse().unwrap();
        assert_eq!(plan.rules.len(), 1);
        plan.rules[0].clone()
    }

    #[test]
    fn a_full_rule() {
        let rule = only("500-after@PUT /contact/{id}*3+2%12.5");
        assert_eq!(rule.kind, FaultKind::Status(500));
        assert_eq!(rule.filter, FaultFilter::Operation("PUT /contact/{id}"));
        assert_eq!((rule.after, rule.max_count, rule.skip, rule.percent), (true, 3, 2, 12.5));
        assert_eq!(rule.name, "500-after");
        let rule = only("401@location:L1@read*2");
        assert_eq!((rule.filter, rule.owner.as_deref()), (FaultFilter::Effect(Effect::Read), Some("L1")));
    }

    #[test]
    fn every_kind() {
        for (text, kind, after) in [
            ("latency:20", FaultKind::Latency(Duration::from_millis(20)), false),
            ("latency-after:20", FaultKind::Latency(Duration::from_millis(20)), true),
            ("401", FaultKind::Status(401), false),
            ("429", FaultKind::Status(429), false),
            ("429:3", FaultKind::RetryAfter { seconds: 3, as_date: false }, false),
            ("429-date:3", FaultKind::RetryAfter { seconds: 3, as_date: true }, false),
            ("html", FaultKind::Html, false),
            ("html-after", FaultKind::Html, true),
            ("drop", FaultKind::Drop, false),
            ("drop-after", FaultKind::Drop, true),
            ("late:50", FaultKind::Late(Duration::from_millis(50)), false),
            ("truncate", FaultKind::Truncate, true),
            ("malformed", FaultKind::Malformed, true),
            ("redirect:127.0.0.1:9", FaultKind::Redirect("127.0.0.1:9".into()), false),
            ("redirect:http://127.0.0.1:9/x", FaultKind::Redirect("http://127.0.0.1:9/x".into()), false),
            ("huge", FaultKind::Huge(None), true),
            ("huge:1000", FaultKind::Huge(Some(1000)), true),
        ] {
            let rule = only(text);
            assert_eq!((rule.kind, rule.after), (kind, after), "{text}");
        }
    }

    #[test]
    fn spaces_and_empty_rules_are_ignored() {
        let plan: FaultPlan = " 500 @ write * 2 ; ; drop ".parse().unwrap();
        assert_eq!(plan.rules.len(), 2);
        assert_eq!(plan.rules[0].max_count, 2);
        assert_eq!("".parse::<FaultPlan>().unwrap(), FaultPlan::default());
    }

    #[test]
    fn the_example_in_the_help_is_one() {
        let example = FaultPlan::HELP.rsplit("Example: ").next().unwrap();
        assert_eq!(example.parse::<FaultPlan>().unwrap().rules.len(), 4);
    }

    #[test]
    fn errors_say_what_is_allowed() {
        for (text, hint) in [
            ("explode", "malformed"),
            ("200", "400 to 599"),
            ("latency", "latency:MS"),
            ("drop:5", "no parameter"),
            ("late-after:5", "-after"),
            ("truncate-after", "-after"),
            ("500@POST /nothing", "POST /contact"),
            ("500@delete", "write"),
            ("500@location:", "location:ID"),
            ("500*some", "*COUNT"),
            ("500%101", "0 to 100"),
            ("500+-1", "+SKIP"),
            ("redirect", "redirect:ADDRESS"),
            ("huge:big", "huge:BYTES"),
        ] {
            let message = text.parse::<FaultPlan>().unwrap_err().to_string();
            assert!(message.contains(hint) && message.contains(text), "{text}: {message}");
        }
    }
}
