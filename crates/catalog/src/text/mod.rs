//! Strings with a format: e-mail addresses, dates, currencies, webhook URLs and references to users.

mod currency;
mod webhook_url;

use super::near;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{borrow::Cow, fmt, str::FromStr};

/// Defines a string type whose values are checked by its `FromStr`. Deserialization normalizes a caller's text with
/// `$near` first.
macro_rules! checked_text {
    ($name:ident, $schema:expr, $near:path, $($doc:literal),+) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $near(&Cow::<'de, str>::deserialize(deserializer)?).parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

checked_text!(
    Email,
    json_schema!({"type": "string"}),
    plain_address,
    "An e-mail address. Only the form `name@host.tld` is checked."
);
checked_text!(
    Date,
    json_schema!({"type": "string", "description": "YYYY-MM-DD"}),
    near::date::read,
    "A date (`2025-02-28`) or an RFC 3339 date-time, kept as given."
);
checked_text!(Day, json_schema!({"type": "string", "format": "date"}), near::date::read, "A day (`2025-02-28`).");
checked_text!(
    DateOrTime,
    json_schema!({"type": "string", "description": "Date, or with time"}),
    near::date::read_either,
    "A date (`2025-02-28`), a local time (`2025-02-28T09:00`), or an RFC 3339 date-time."
);
checked_text!(
    StartTime,
    json_schema!({"type": "string"}),
    near::date::read_time,
    "A local time (`2026-03-01T09:00`), or an RFC 3339 date-time."
);
checked_text!(
    WebhookUrl,
    json_schema!({"type": "string", "description": "https"}),
    near::unquoted,
    "An absolute https URL. [`WebhookUrl::is_private`] says whether its host is on the public internet."
);

checked_text!(
    Currency,
    json_schema!({"type": "string"}),
    near::unquoted,
    "The code of a currency by ISO 4217, in upper case."
);

checked_text!(
    UserRef,
    json_schema!({"type": "string"}),
    near::unquoted,
    "A reference to a user: an id or, where the API lists users, a name or an e-mail address."
);

/// Extracts the address from `Ada <ada@example.com>` or `mailto:ada@example.com`.
fn plain_address(text: &str) -> &str {
    let text = near::unquoted(text);
    let inner = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')).map_or(text, |(_, address)| address);
    let scheme = inner.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    near::unquoted(scheme.and_then(|scheme| inner.strip_prefix(scheme)).unwrap_or(inner))
}

impl FromStr for UserRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const MAX_BYTES: usize = 254;
        if text.trim().is_empty() {
            Err("must not be empty".to_owned())
        } else if text.len() > MAX_BYTES {
            Err(format!("has {} bytes; a user's id, name or e-mail address has at most {MAX_BYTES}", text.len()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl FromStr for Email {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let looks_right = text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && !host.contains('@')
                && host.split('.').count() > 1
                && host.split('.').all(|label| !label.is_empty())
        });
        if looks_right && text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be an e-mail address, such as name@example.com".to_owned())
        }
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10;
        if date || chrono::DateTime::parse_from_rfc3339(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a date, such as 2025-02-28".to_owned())
        }
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => Ok(Self(day.to_string())),
            Err(_) => Err("must be a day without a time, such as 2025-02-28".to_owned()),
        }
    }
}

impl FromStr for DateOrTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_local = || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").is_ok();
        if text.parse::<Date>().is_ok() || is_local() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a date or a time, such as 2025-02-28, 2025-02-28T09:00 or 2025-02-28T09:00:00+01:00"
                .to_owned())
        }
    }
}

impl FromStr for StartTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_local = || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").is_ok();
        if chrono::DateTime::parse_from_rfc3339(text).is_ok() || is_local() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a date with a time, such as 2026-03-01T09:00 or 2026-03-01T09:00:00+01:00".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, Email};

    #[test]
    fn only_email_addresses_parse() {
        for good in ["john@example.com", "a.b+c@mail.example.co.uk", "o'hara@x.io"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in ["", "john", "@x.io", "a@b", "a@b@c.de", "a b@c.de", "a@c..de", "a@.de", "a\n@c.de"] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn dates_and_date_times_parse() {
        for good in ["2025-02-28", "2025-02-28T10:00:00Z", "2025-02-28T10:00:00.123+01:00"] {
            assert!(good.parse::<Date>().is_ok(), "{good}");
        }
        for bad in ["2025-02-30", "28.02.2025", "tomorrow", "", "2025-2-8"] {
            assert!(bad.parse::<Date>().is_err(), "{bad:?}");
        }
    }
}
