//! URLs of webhooks, and whether their host is on the public internet.

use super::WebhookUrl;
use std::str::FromStr;
use url::Url;

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
    use super::WebhookUrl;

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
