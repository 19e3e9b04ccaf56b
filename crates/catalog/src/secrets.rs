//! Secret members of objects, by their names.

use serde_json::{Map, Value};

/// The fewest characters of a secret that is hidden in texts, too. Shorter ones occur in other words.
const MIN_CHARS: usize = 4;

/// Whether a member of an object is secret by its name, such as `apiKey`.
pub fn is_secret_name(name: &str) -> bool {
    const ENDS: [&str; 19] = [
        "apikey",
        "secret",
        "secretkey",
        "password",
        "passphrase",
        "accesstoken",
        "refreshtoken",
        "authtoken",
        "apitoken",
        "bearertoken",
        "sessiontoken",
        "idtoken",
        "bottoken",
        "privatekey",
        "clientsecret",
        "webhooksecret",
        "signingsecret",
        "credentials",
        "authenticationvalue",
    ];
    const WHOLE: [&str; 5] = ["token", "authorization", "proxyauthorization", "cookie", "setcookie"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    ENDS.iter().any(|end| plain.ends_with(end)) || WHOLE.contains(&plain.as_str())
}

/// The secret members of an object: those with a secret name, and the value of a pair that names a secret, such as a header
/// `{"key": "Authorization", "value": "…"}`.
pub fn secret_members(object: &Map<String, Value>) -> Vec<String> {
    let is_value = |name: &str| name == "value" && object.len() == 2 && names_secret(object);
    object.keys().filter(|name| is_secret_name(name) || is_value(name)).cloned().collect()
}

fn names_secret(pair: &Map<String, Value>) -> bool {
    ["key", "name", "header"].iter().any(|name| pair.get(*name).and_then(Value::as_str).is_some_and(is_secret_name))
}

/// The texts in the secret members of arguments, at any depth.
pub fn secret_texts(arguments: &Map<String, Value>) -> Vec<&str> {
    let mut texts = Vec::new();
    let secret = secret_members(arguments);
    for (name, value) in arguments {
        collect(value, secret.contains(name), &mut texts);
    }
    texts.retain(|text| text.chars().count() >= MIN_CHARS);
    texts
}

fn collect<'v>(value: &'v Value, is_secret: bool, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if is_secret => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_secret, texts)),
        Value::Object(members) => {
            let secret = secret_members(members);
            members.iter().for_each(|(name, member)| collect(member, is_secret || secret.contains(name), texts));
        }
        _ => {}
    }
}

/// Replaces the secret members of a value at any depth.
pub fn hide(value: &mut Value, replacement: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, replacement)),
        Value::Object(members) => {
            let secret = secret_members(members);
            for (name, member) in members {
                match secret.contains(name) && !member.is_null() {
                    true => *member = replacement.into(),
                    false => hide(member, replacement),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "apiKey",
            "api_key",
            "liveApiKey",
            "x-api-key",
            "secret",
            "clientSecret",
            "client_secret",
            "password",
            "accessToken",
            "access_token",
            "token",
            "refreshToken",
            "smtpPassword",
            "privateKey",
            "authenticationValue",
            "Authorization",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "name",
            "tokenCount",
            "passwordHint",
            "nextPageToken",
            "secretary",
            "apiKeyName",
            "publicKeyId",
            "authorizationDate",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn the_value_of_a_pair_is_as_secret_as_its_name() {
        let mut value = json!({"live": {"apiKey": "sk-1", "id": "a"}, "headers": [
            {"key": "X-Api-Key", "value": "sk-2"}, {"key": "Accept", "value": "text/html"},
            {"id": "c1", "name": "Wifi password", "value": "sesame"}]});
        assert_eq!(secret_texts(value.as_object().unwrap()), ["sk-1", "sk-2"]);
        hide(&mut value, "-");
        assert_eq!(
            value,
            json!({"live": {"apiKey": "-", "id": "a"}, "headers": [
                {"key": "X-Api-Key", "value": "-"}, {"key": "Accept", "value": "text/html"},
                {"id": "c1", "name": "Wifi password", "value": "sesame"}]})
        );
    }
}
