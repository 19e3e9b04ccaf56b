//! The words of a fault plan.

use super::faults::{FaultPlan, Filter, Kind, Rule};
use super::official;
use super::operations::{Effect, ROUTES};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

impl FaultPlan {
    /// The words of a plan, as `--help` shows them.
    pub const HELP: &'static str = "\
A plan is rules separated by `;`, each KIND[:PARAM][@FILTER][*COUNT][+SKIP][%PERCENT].

KIND is what goes wrong:
  latency:MS           the answer waits; several waits add up
  500 (400 to 599)     this status
  429:SECONDS          429 with Retry-After in seconds; 429-date:SECONDS sends it as an HTTP date
  html                 502 with a page of HTML
  block                403 with a page of HTML, as firewalls send it
  no-route[:STATUS]    404, or this status, with the words `Cannot GET /path`
  drop                 the connection ends without an answer
  late:MS              the connection ends without an answer, and the effect lands MS later
  redirect:ADDRESS     302 to http://ADDRESS and the same path, or to a whole http:// URL
  truncate             the operation is performed; the answer breaks off below its Content-Length
  malformed            the operation is performed; the answer is cut-off JSON
  huge[:BYTES]         the operation is performed; the answer has so many bytes, or no end
latency, statuses, html, block, no-route and drop strike before the operation takes effect; with -after (`500-after`, `drop-after`)
they strike once it has. A request that is refused anyway keeps its honest answer from faults that strike after.

FILTER is `any` (the default: every operation, but not the token refresh), `read`, `write`, `refresh`, or one
operation such as `POST /contact` or `PUT /page/{id}`. With --api official the document's name of an operation stands
for the official one that does the same.
*COUNT befalls at most so many requests, +SKIP lets so many matching ones pass first, %PERCENT befalls each with
that chance, from the sandbox's seed.

Of the rules that fit a request the first strikes; waits come on top.
Example: latency:200;500-after@POST /contact*1;drop@write%5;401@read*1+10";
}

/// A fault plan that cannot be read: which rule, why, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultError {
    rule: String,
    reason: String,
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault rule \"{}\": {}", self.rule, self.reason)
    }
}

impl std::error::Error for FaultError {}

impl FromStr for FaultPlan {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let rules = text.split(';').map(str::trim).filter(|rule| !rule.is_empty());
        let parsed = rules.map(|text| rule(text).map_err(|reason| FaultError { rule: text.to_owned(), reason }));
        Ok(Self { rules: parsed.collect::<Result<_, _>>()? })
    }
}

/// What may follow the kind. No kind and no filter contains one of these.
const MARKS: [char; 4] = ['@', '*', '+', '%'];

fn rule(text: &str) -> Result<Rule, String> {
    let (head, mut rest) = text.split_at(text.find(MARKS).unwrap_or(text.len()));
    let (name, param) = match head.split_once(':') {
        Some((name, param)) => (name.trim(), Some(param.trim())),
        None => (head.trim(), None),
    };
    let (word, after) = match name.strip_suffix("-after") {
        Some(word) => (word, true),
        None => (name, false),
    };
    let kind = kind(word, param)?;
    let either =
        matches!(kind, Kind::Latency(_) | Kind::Status(_) | Kind::Html | Kind::Block | Kind::NoRoute(_) | Kind::Drop);
    if after && !either {
        return Err("-after goes with latency, a status, html, block, no-route and drop only".to_owned());
    }
    let after = after || matches!(kind, Kind::Truncate | Kind::Malformed | Kind::Huge(_));
    let mut rule =
        Rule { name: name.to_owned(), kind, after, filter: Filter::Any, skip: 0, most: u64::MAX, percent: 100.0 };
    while let Some(mark) = rest.chars().next() {
        let tail = rest.strip_prefix(mark).unwrap_or_default();
        let (value, next) = tail.split_at(tail.find(MARKS).unwrap_or(tail.len()));
        let value = value.trim();
        match mark {
            '@' => rule.filter = filter(value)?,
            '*' => rule.most = number("*COUNT", Some(value))?,
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

fn kind(word: &str, param: Option<&str>) -> Result<Kind, String> {
    let millis = |name| number(name, param).map(Duration::from_millis);
    let kind = match word {
        "latency" => return millis("latency:MS").map(Kind::Latency),
        "late" => return millis("late:MS").map(Kind::Late),
        "429-date" => {
            return number("429-date:SECONDS", param).map(|seconds| Kind::RetryAfter { seconds, as_date: true });
        }
        "429" if param.is_some() => {
            return number("429:SECONDS", param).map(|seconds| Kind::RetryAfter { seconds, as_date: false });
        }
        "huge" => return param.map(|_| number("huge:BYTES", param)).transpose().map(Kind::Huge),
        "redirect" => {
            let to = param.filter(|to| !to.is_empty()).ok_or("redirect:ADDRESS needs an address")?;
            return Ok(Kind::Redirect(to.to_owned()));
        }
        "no-route" => return no_route(param),
        "html" => Kind::Html,
        "block" => Kind::Block,
        "drop" => Kind::Drop,
        "truncate" => Kind::Truncate,
        "malformed" => Kind::Malformed,
        _ => match word.parse() {
            Ok(status) if (400..600).contains(&status) => Kind::Status(status),
            _ => return Err(unknown_kind(word)),
        },
    };
    if param.is_some() { Err(format!("{word} takes no parameter")) } else { Ok(kind) }
}

fn no_route(param: Option<&str>) -> Result<Kind, String> {
    match param.map_or(Ok(404), str::parse) {
        Ok(status) if (400..600).contains(&status) => Ok(Kind::NoRoute(status)),
        _ => Err("no-route:STATUS needs a status from 400 to 599".to_owned()),
    }
}

fn unknown_kind(word: &str) -> String {
    format!(
        "unknown kind \"{word}\"; allowed are latency:MS, a status from 400 to 599, 429:SECONDS, 429-date:SECONDS, \
         html, block, no-route[:STATUS], drop, late:MS, redirect:ADDRESS, truncate, malformed and huge[:BYTES]"
    )
}

fn filter(text: &str) -> Result<Filter, String> {
    match text {
        "any" => Ok(Filter::Any),
        "read" => Ok(Filter::Effect(Effect::Read)),
        "write" => Ok(Filter::Effect(Effect::Write)),
        "refresh" => Ok(Filter::Effect(Effect::Refresh)),
        _ => match names().find(|name| *name == text) {
            Some(name) => Ok(Filter::Operation(name)),
            None => Err(format!(
                "unknown filter \"{text}\"; allowed are any, read, write, refresh, or one of: {}",
                names().collect::<Vec<_>>().join(", ")
            )),
        },
    }
}

/// The operations of both APIs.
fn names() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.name).chain(official::operations::labels().map(|label| label.name))
}

fn number(form: &str, text: Option<&str>) -> Result<u64, String> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{form} needs a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Rule {
        let plan: FaultPlan = text.parse().unwrap();
        assert_eq!(plan.rules.len(), 1);
        plan.rules[0].clone()
    }

    #[test]
    fn a_full_rule() {
        let rule = only("500-after@PUT /contact/{id}*3+2%12.5");
        assert_eq!(rule.kind, Kind::Status(500));
        assert_eq!(rule.filter, Filter::Operation("PUT /contact/{id}"));
        assert_eq!((rule.after, rule.most, rule.skip, rule.percent), (true, 3, 2, 12.5));
        assert_eq!(rule.name, "500-after");
    }

    #[test]
    fn every_kind() {
        for (text, kind, after) in [
            ("latency:20", Kind::Latency(Duration::from_millis(20)), false),
            ("latency-after:20", Kind::Latency(Duration::from_millis(20)), true),
            ("401", Kind::Status(401), false),
            ("429", Kind::Status(429), false),
            ("429:3", Kind::RetryAfter { seconds: 3, as_date: false }, false),
            ("429-date:3", Kind::RetryAfter { seconds: 3, as_date: true }, false),
            ("html", Kind::Html, false),
            ("html-after", Kind::Html, true),
            ("drop", Kind::Drop, false),
            ("drop-after", Kind::Drop, true),
            ("late:50", Kind::Late(Duration::from_millis(50)), false),
            ("truncate", Kind::Truncate, true),
            ("malformed", Kind::Malformed, true),
            ("redirect:127.0.0.1:9", Kind::Redirect("127.0.0.1:9".into()), false),
            ("redirect:http://127.0.0.1:9/x", Kind::Redirect("http://127.0.0.1:9/x".into()), false),
            ("huge", Kind::Huge(None), true),
            ("huge:1000", Kind::Huge(Some(1000)), true),
        ] {
            let rule = only(text);
            assert_eq!((rule.kind, rule.after), (kind, after), "{text}");
        }
    }

    #[test]
    fn spaces_and_empty_rules_do_no_harm() {
        let plan: FaultPlan = " 500 @ write * 2 ; ; drop ".parse().unwrap();
        assert_eq!(plan.rules.len(), 2);
        assert_eq!(plan.rules[0].most, 2);
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
