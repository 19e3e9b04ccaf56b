//! Manners: where live accounts are reported to behave otherwise than the API's description says.

use super::account::{Fields, Kind};
use super::{normal, odd, scopes};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How lists tell of how many objects there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Total {
    #[default]
    Right,
    Absent,
    /// The number as a text.
    Text,
    /// Never more than this.
    Cap(usize),
}

/// How the contact search writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum SearchNames {
    #[default]
    AsStored,
    /// In lower case, with `firstNameRaw` and `lastNameRaw` beside them.
    LowerWithRaw,
    /// In lower case only.
    Lower,
}

/// How the sandbox behaves where live accounts leave the API's description. [`Manners::HELP`] describes the words that
/// it is parsed from; the default is [`Manners::plain`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manners {
    /// Stored values get their normal form.
    pub(super) normalise: bool,
    /// For how long lists show an object as it was before a write.
    pub(super) lag: Duration,
    /// Times of creation and change are written in whole seconds.
    pub(super) whole_seconds: bool,
    /// By how many milliseconds the database's clock is ahead.
    pub(super) clock: i64,
    /// The most objects that a list gives.
    pub(super) cap: Option<usize>,
    pub(super) total: Total,
    /// Fields that writes do not change, as paths of stored names.
    pub(super) ignored: Vec<String>,
    /// Scopes that the token lacks.
    pub(super) missing_scopes: Vec<&'static str>,
    pub(super) search_names: SearchNames,
    /// Pages by number of the search for opportunities end at 10,000 too.
    pub(super) page_bound: bool,
    /// A request without a version is a 401, also where the files declare none.
    pub(super) version: bool,
    /// Answers have nulls, empty values and other forms of dates.
    pub(super) odd: bool,
    /// Custom field values come under several names.
    pub(super) values: bool,
    /// Texts that are none of a custom field's options are dropped.
    pub(super) options: bool,
    /// A second contact with the same e-mail or phone is refused.
    pub(super) no_duplicates: bool,
}

impl Manners {
    /// The words of manners, as `--help` shows them.
    pub const HELP: &'static str = "\
Manners are words separated by `,`; the later one wins. Without any, the sandbox follows the API's description.

  live                 what live accounts are reported to do: all words of the next paragraph
  plain                the API's description again

Each of these can be taken back with `:off`, such as `live,odd:off`:
  normalise            stored values get their normal form: phones in E.164, tags and e-mails in lower case, sets in
                       order, texts trimmed, dates as date-times, custom values as texts, countries as codes, slugs and
                       URLs in one form
  lag:MS               lists and searches show writes so much later; in live 1500
  stamp:seconds        times of creation and change are in whole seconds
  clock:S              the database's clock is so many seconds ahead, or behind with -S; in live -2
  lower-search         the official contact search gives names in lower case, with firstNameRaw and lastNameRaw;
                       lower-search:bare leaves these two out
  page-bound           pages by number end at 10,000 in the official search for opportunities too
  version              401 for a request without a version, also where the files declare none
  odd                  nulls, empty values, epoch times and other forms of dates in answers
  values               official custom field values as value, fieldValue, fieldValueString, fieldValueArray,
                       fieldValueDate or fieldValueFiles
  options              texts that are none of a custom field's options are dropped in silence

Not part of live, since accounts differ in them:
  cap:N                lists give at most N objects, also those without paging
  total:HOW            lists tell how many there are: right, absent, text, or cap:N for at most N
  ignore:FIELD         writes leave FIELD as it is and answer with success; a stored name such as `source`,
                       `address.city` or `customFields.industry`; several words add up
  scope:SCOPE          the token lacks SCOPE, such as `opportunities.readonly`: 401; several words add up
  no-duplicates        a second contact with the same e-mail or phone is refused with 400 and the other one's id

Example: live,lag:300,odd:off,cap:20,scope:opportunities.readonly";

    /// The API's description, and nothing else.
    pub fn plain() -> Self {
        Self::default()
    }

    /// What live accounts are reported to do.
    pub fn live() -> Self {
        Self {
            normalise: true,
            lag: Duration::from_millis(1_500),
            whole_seconds: true,
            clock: -2_000,
            search_names: SearchNames::LowerWithRaw,
            page_bound: true,
            version: true,
            odd: true,
            values: true,
            options: true,
            ..Self::default()
        }
    }

    /// The time that the database writes down for now.
    pub(super) fn written_at(&self, now: Duration) -> Duration {
        let shift = Duration::from_millis(self.clock.unsigned_abs());
        let shifted = if self.clock < 0 { now.saturating_sub(shift) } else { now + shift };
        if self.whole_seconds { Duration::from_secs(shifted.as_secs()) } else { shifted }
    }

    /// Brings an object that a write has changed, or made, to what is stored of it.
    pub(super) fn settle(&self, before: Option<&Fields>, object: &mut Fields) {
        for path in &self.ignored {
            restore(object, before, path);
        }
        if self.normalise {
            normal::settle(before, object);
        }
    }

    /// Gives an object of an answer its odd values.
    pub(super) fn show(&self, kind: Kind, object: &mut Fields) {
        if self.odd {
            odd::distort(kind, object);
        }
    }

    /// How many objects a list gives that was asked for so many.
    pub(super) fn capped(&self, limit: usize) -> usize {
        self.cap.map_or(limit, |cap| limit.min(cap))
    }

    /// What a list says of how many there are, if anything.
    pub(super) fn total(&self, total: usize) -> Option<Value> {
        match self.total {
            Total::Right => Some(total.into()),
            Total::Absent => None,
            Total::Text => Some(total.to_string().into()),
            Total::Cap(most) => Some(total.min(most).into()),
        }
    }

    fn apply(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = match word.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (word, None),
        };
        let on = || match value {
            None => Ok(true),
            Some("off") => Ok(false),
            Some(_) => Err(format!("{name} takes no value but `off`")),
        };
        match name {
            "plain" if value.is_none() => *self = Self::plain(),
            "live" if value.is_none() => *self = Self::live(),
            "normalise" => self.normalise = on()?,
            "lag" => self.lag = Duration::from_millis(number("lag:MS", or_zero(value))?),
            "stamp" => {
                self.whole_seconds = match value {
                    Some("seconds") => true,
                    Some("off") => false,
                    _ => return Err("stamp takes `seconds` or `off`".to_owned()),
                }
            }
            "clock" => {
                let seconds: i64 = number("clock:S", or_zero(value).map(|value| value.trim_start_matches('±')))?;
                self.clock = seconds.saturating_mul(1_000);
            }
            "cap" => self.cap = if value == Some("off") { None } else { Some(number("cap:N", value)?) },
            "total" => self.total = total(value)?,
            "ignore" => match value {
                Some("off") => self.ignored.clear(),
                Some(field) if !field.is_empty() => self.ignored.push(field.to_owned()),
                _ => return Err("ignore:FIELD needs a field".to_owned()),
            },
            "scope" => match value {
                Some("off") => self.missing_scopes.clear(),
                _ => self.missing_scopes.push(scopes::named(value.unwrap_or_default())?),
            },
            "lower-search" => {
                self.search_names = match value {
                    None => SearchNames::LowerWithRaw,
                    Some("bare") => SearchNames::Lower,
                    Some("off") => SearchNames::AsStored,
                    Some(_) => return Err("lower-search takes `bare` or `off`".to_owned()),
                }
            }
            "page-bound" => self.page_bound = on()?,
            "version" => self.version = on()?,
            "odd" => self.odd = on()?,
            "values" => self.values = on()?,
            "options" => self.options = on()?,
            "no-duplicates" => self.no_duplicates = on()?,
            _ => {
                return Err("unknown; allowed are live, plain, normalise, lag:MS, stamp:seconds, clock:S, cap:N, \
                            total:HOW, ignore:FIELD, scope:SCOPE, lower-search, page-bound, version, odd, values, \
                            options and no-duplicates"
                    .to_owned());
            }
        }
        Ok(())
    }
}

/// Gives a field the value that it had before. A path's parts are separated by `.`.
fn restore(object: &mut Fields, before: Option<&Fields>, path: &str) {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let old = before.and_then(|before| before.get(name));
    match (rest, object.get_mut(name), old) {
        (Some(rest), Some(Value::Object(inner)), old) => restore(inner, old.and_then(Value::as_object), rest),
        (Some(_), ..) => {}
        (None, _, Some(old)) => {
            object.insert(name.to_owned(), old.clone());
        }
        (None, _, None) => {
            object.shift_remove(name);
        }
    }
}

/// `off` is the same as zero.
fn or_zero(value: Option<&str>) -> Option<&str> {
    if value == Some("off") { Some("0") } else { value }
}

fn total(value: Option<&str>) -> Result<Total, String> {
    match value {
        Some("right" | "off") => Ok(Total::Right),
        Some("absent") => Ok(Total::Absent),
        Some("text") => Ok(Total::Text),
        Some(value) if value.starts_with("cap:") => number("total:cap:N", value.strip_prefix("cap:")).map(Total::Cap),
        _ => Err("total takes `right`, `absent`, `text` or `cap:N`".to_owned()),
    }
}

fn number<N: FromStr>(form: &str, text: Option<&str>) -> Result<N, String> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{form} needs a whole number"))
}

/// Manners that cannot be read: which word, why, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MannersError {
    word: String,
    reason: String,
}

impl fmt::Display for MannersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "manners \"{}\": {}", self.word, self.reason)
    }
}

impl std::error::Error for MannersError {}

impl FromStr for Manners {
    type Err = MannersError;

    fn from_str(text: &str) -> Result<Self, MannersError> {
        let mut manners = Self::plain();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            manners.apply(word).map_err(|reason| MannersError { word: word.to_owned(), reason })?;
        }
        Ok(manners)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Manners {
        words.parse().unwrap()
    }

    #[test]
    fn words_add_up_and_the_later_one_wins() {
        assert_eq!(parsed(""), Manners::plain());
        assert_eq!(parsed("live"), Manners::live());
        assert_eq!(parsed("live,plain"), Manners::plain());
        assert_eq!(parsed("live, lag:300"), Manners { lag: Duration::from_millis(300), ..Manners::live() });
        let all_off = "live,normalise:off,lag:0,stamp:off,clock:0,lower-search:off,page-bound:off,version:off,odd:off,\
                       values:off,options:off";
        assert_eq!(parsed(all_off), Manners::plain());
        let words = parsed("cap:20,total:cap:7,ignore:source,ignore:address.city,scope:contacts.write,clock:+3");
        assert_eq!((words.cap, words.total, words.clock), (Some(20), Total::Cap(7), 3_000));
        assert_eq!(words.ignored, ["source", "address.city"]);
        assert_eq!(words.missing_scopes, ["contacts.write"]);
    }

    #[test]
    fn a_wrong_word_says_what_is_allowed() {
        for (text, word) in [
            ("live,polite", "allowed are live"),
            ("lag", "lag:MS"),
            ("total:most", "`absent`"),
            ("scope:everything", "contacts.readonly"),
            ("odd:very", "off"),
            ("stamp:minutes", "seconds"),
            ("ignore", "field"),
        ] {
            let said = text.parse::<Manners>().unwrap_err().to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }

    #[test]
    fn the_database_writes_by_its_own_clock() {
        let now = Duration::from_millis(100_999);
        assert_eq!(Manners::plain().written_at(now), now);
        assert_eq!(Manners::live().written_at(now), Duration::from_secs(98));
        assert_eq!(parsed("clock:2").written_at(now), Duration::from_millis(102_999));
    }
}
