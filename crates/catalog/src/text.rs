//! Strings with a format: e-mail addresses, dates, webhook URLs and references to users.

use super::near;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{borrow::Cow, fmt, str::FromStr};
use url::Url;

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
checked_text!(
    StartTime,
    json_schema!({"type": "string"}),
    near::date::read_time,
    "A local time (`2026-03-01T09:00`), or an RFC 3339 date-time."
);
checked_text!(
    DateOrTime,
    json_schema!({"type": "string", "description": "YYYY-MM-DD, or with time"}),
    near::date::read_either,
    "A date (`2025-02-28`), a local time (`2025-02-28T09:00`), or an RFC 3339 date-time."
);
checked_text!(
    WebhookUrl,
    json_schema!({"type": "string", "description": "https"}),
    near::unquoted,
    "An absolute https URL. [`WebhookUrl::is_private`] says whether its host is on the public internet."
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

impl FromStr for WebhookUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // URL parsers disagree on these characters, so the host that is checked could differ from the host that is
        // called.
        if text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace()) {
            return Err("must not contain backslashes, spaces or control characters; give a URL such as https://example.com/hook".to_owned());
        }
        match Url::parse(text) {
            Ok(url) if url.scheme() == "https" && url.has_host() => {
                if url.username().is_empty() && url.password().is_none() && !has_userinfo(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    // Text before an `@` can look like the host.
                    Err("must not contain a user name or password; give a URL such as https://example.com/hook"
                        .to_owned())
                }
            }
            _ => Err("must be an https URL, such as https://example.com/hook".to_owned()),
        }
    }
}

impl WebhookUrl {
    /// Whether the host, as written, is private, loopback or otherwise not on the public internet. Names are not
    /// resolved.
    pub fn is_private(&self) -> bool {
        // The text was parsed before. If it does not parse now, treat it as private.
        Url::parse(&self.0).map_or(true, |url| match url.host() {
            Some(url::Host::Ipv4(ip)) => is_private_v4(ip),
            Some(url::Host::Ipv6(ip)) => ip.to_ipv4().is_some_and(is_private_v4) || is_private_v6(ip),
            Some(url::Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let reserved = ["localhost", "local", "internal", "lan", "home.arpa", "intranet"];
                !name.contains('.') || reserved.iter().any(|end| name == *end || name.ends_with(&format!(".{end}")))
            }
            None => true,
        })
    }
}

/// Whether the authority contains an `@`, even with nothing before it.
fn has_userinfo(text: &str) -> bool {
    let after_scheme = text.split_once("//").map_or(text, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

/// Whether an address is outside the public internet, or can embed an IPv4 address (NAT64, 6to4, Teredo).
fn is_private_v6(ip: std::net::Ipv6Addr) -> bool {
    let [a, b, c, ..] = ip.segments();
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        || ip.is_multicast()
        || (a, b) == (0x64, 0xff9b)
        || a == 0x2002
        || (a, b) == (0x2001, 0)
        || (a, b) == (0x2001, 0xdb8)
        || (a & 0xffc0) == 0xfec0
        || (a, b, c) == (0x100, 0, 0)
}

fn is_private_v4(ip: std::net::Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 192 && b == 0 && ip.octets().get(2) == Some(&0))
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::{Date, Email, WebhookUrl};

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

    #[test]
    fn private_hosts_are_detected_in_every_notation() {
        let private = [
            "https://localhost/x",
            "https://127.0.0.1",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.1.2.3",
            "https://172.20.0.1",
            "https://192.168.1.1",
            "https://169.254.169.254/latest",
            "https://100.64.0.1",
            "https://0.0.0.0",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[64:ff9b:1::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fec0::1]/",
            "https://[feff::1]/",
            "https://[2001::1]/",
            "https://[100::1]/",
            "https://255.255.255.255/",
            "https://192.0.0.8/",
            "https://printer/",
            "https://db.internal",
            "https://x.localhost",
            "https://nas.local.",
        ];
        for url in private {
            assert!(url.parse::<WebhookUrl>().unwrap().is_private(), "{url}");
        }
        for url in
            ["https://example.com/hook", "https://8.8.8.8/", "https://[2606:4700::1]/", "https://local.example.com"]
        {
            assert!(!url.parse::<WebhookUrl>().unwrap().is_private(), "{url}");
        }
        let odd = [
            "https://example.com\\@10.0.0.1/",
            "https:\\\\example.com/x",
            "https://exa\tmple.com/",
            "https://example.com/\n",
            " https://example.com/",
            "https://example.com/a b",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://good.example.com%2fx@evil.example.com/",
            "https://@example.com/",
        ];
        for url in odd {
            assert!(url.parse::<WebhookUrl>().is_err(), "{url:?}");
        }
        assert!(
            "https://example.com/hook?mail=a@b.com".parse::<WebhookUrl>().is_ok(),
            "an @ after the host is allowed"
        );
        for no_url in ["http://example.com", "ftp://x.de", "example.com/hook", "https://", ""] {
            assert!(no_url.parse::<WebhookUrl>().is_err(), "{no_url}");
        }
    }
}
