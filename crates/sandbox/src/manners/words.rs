//! The words of manners: parses the value of `--manners`.

use super::{Manners, SearchNames, Total};
use crate::scopes;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

impl Manners {
    /// The words of manners, as `--help` shows them.
    pub const HELP: &'static str = "\
Manners are words separated by `,`; later words win. Without any, the sandbox follows the API's description.

  live                 what live accounts are reported to do: all words of the next paragraph
  plain                the API's description again

Each of these can be turned off with `:off`, such as `live,odd:off`:
  normalise            stored values get their normal form: phones in E.164, tags and e-mails in lower case, sets in
                       order, texts trimmed, dates as date-times in UTC, custom values as texts, countries as codes,
                       slugs and URLs in one form, notes as HTML
  lag:MS               lists, searches and upserts' matching show writes MS later, and so does the status of an
                       invoice; 1500 in live
  stamp:seconds        times of creation and change are in whole seconds
  clock:S              the database's clock is S seconds ahead, or behind if S is negative; -2 in live
  lower-search         the official contact search returns names in lower case, with firstNameRaw and lastNameRaw;
                       lower-search:bare leaves these two out
  page-bound           page numbers end at 10,000 objects in the official searches for opportunities and tasks too
  version              401 for a request without a version, also where the OpenAPI files declare none
  odd                  nulls, empty values, epoch times and other forms of dates in answers; amounts of money as
                       texts; a 201 for the search for tasks
  values               official custom field values as value, fieldValue, fieldValueString, fieldValueArray,
                       fieldValueDate or fieldValueFiles
  options              values that are not among a custom field's options are dropped without an error
  dnd                  400 for a message to a contact who does not want to be disturbed by its channel
  settle:MS            new messages are pending for MS, then delivered or failed; 1000 in live
  messages             messages as live accounts send them: the list of a conversation in `messages`, a single one in
                       `message` or `emailMessage`, calls as meta.call, failures with `error`, 201 for a new one,
                       cursors of the export that end after two minutes, and 422 for a call without a recording

Not part of live, since accounts differ:
  cap:N                lists return at most N objects, also those without paging
  total:HOW            the total that lists report: right, absent, text, or cap:N for at most N
  ignore:FIELD         writes leave FIELD as it is and answer with success; a stored name such as `source`,
                       `address.city` or `customFields.industry`; repeat the word for several fields
  scope:SCOPE          the token lacks SCOPE, such as `opportunities.readonly`: 401; repeat the word for several scopes
  late-bookings        a booking is checked against what lists show, so that two may get one slot within the lag
  no-duplicates        a second contact with the same e-mail or phone is refused with 400 and the first one's id
  odd-files            recordings come as application/octet-stream, without a name
  signed-files         recordings are at another host: 302 to a signed address, which refuses a second credential

Example: live,lag:300,odd:off,cap:20,scope:opportunities.readonly";

    /// Applies one word.
    fn apply(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = match word.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (word, None),
        };
        match name {
            "plain" if value.is_none() => *self = Self::plain(),
            "live" if value.is_none() => *self = Self::live(),
            "settle" => self.settle = Duration::from_millis(number("settle:MS", or_zero(value))?),
            "lag" => self.lag = Duration::from_millis(number("lag:MS", or_zero(value))?),
            "stamp" => self.whole_seconds = whole_seconds(value)?,
            "clock" => {
                let seconds: i64 = number("clock:S", or_zero(value))?;
                self.clock = seconds.saturating_mul(1_000);
            }
            "cap" if value == Some("off") => self.cap = None,
            "cap" => self.cap = Some(number("cap:N", value)?),
            "total" => self.total = total(value)?,
            "ignore" => match value {
                Some("off") => self.ignored.clear(),
                Some(field) if !field.is_empty() => self.ignored.push(field.to_owned()),
                _ => return Err("ignore:FIELD needs a field".to_owned()),
            },
            "scope" if value == Some("off") => self.missing_scopes.clear(),
            "scope" => self.missing_scopes.push(scopes::parse(value.unwrap_or_default())?),
            "lower-search" => self.search_names = search_names(value)?,
            _ => *self.switch(name).ok_or_else(unknown)? = on(name, value)?,
        }
        Ok(())
    }

    /// The behavior that a word without parameters turns on.
    fn switch(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "normalise" => &mut self.normalize,
            "page-bound" => &mut self.page_bound,
            "version" => &mut self.version,
            "odd" => &mut self.edge_values,
            "values" => &mut self.values,
            "options" => &mut self.options,
            "dnd" => &mut self.dnd_refused,
            "messages" => &mut self.message_shapes,
            "no-duplicates" => &mut self.no_duplicates,
            "late-bookings" => &mut self.late_bookings,
            "odd-files" => &mut self.odd_files,
            "signed-files" => &mut self.signed_files,
            _ => return None,
        })
    }
}

fn unknown() -> String {
    "unknown; allowed are live, plain, normalise, lag:MS, stamp:seconds, clock:S, cap:N, total:HOW, ignore:FIELD, \
     scope:SCOPE, lower-search, page-bound, version, odd, values, options, dnd, settle:MS, \
     messages, no-duplicates, late-bookings, odd-files and signed-files"
        .to_owned()
}

fn on(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None => Ok(true),
        Some("off") => Ok(false),
        Some(_) => Err(format!("{name} takes no value but `off`")),
    }
}

fn whole_seconds(value: Option<&str>) -> Result<bool, String> {
    match value {
        Some("seconds") => Ok(true),
        Some("off") => Ok(false),
        _ => Err("stamp takes `seconds` or `off`".to_owned()),
    }
}

fn search_names(value: Option<&str>) -> Result<SearchNames, String> {
    match value {
        None => Ok(SearchNames::LowerWithRaw),
        Some("bare") => Ok(SearchNames::Lower),
        Some("off") => Ok(SearchNames::AsStored),
        Some(_) => Err("lower-search takes `bare` or `off`".to_owned()),
    }
}

fn total(value: Option<&str>) -> Result<Total, String> {
    match value {
        Some("right" | "off") => Ok(Total::Exact),
        Some("absent") => Ok(Total::Absent),
        Some("text") => Ok(Total::Text),
        Some(value) if value.starts_with("cap:") => number("total:cap:N", value.strip_prefix("cap:")).map(Total::Cap),
        _ => Err("total takes `right`, `absent`, `text` or `cap:N`".to_owned()),
    }
}

/// `off` means zero.
fn or_zero(value: Option<&str>) -> Option<&str> {
    if value == Some("off") { Some("0") } else { value }
}

fn number<N: FromStr>(form: &str, text: Option<&str>) -> Result<N, String> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{form} needs a whole number"))
}

/// Manners that cannot be parsed: which word, why, and what is allowed.
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
                       values:off,options:off,dnd:off,settle:0,messages:off";
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
}
