//! Ids given in another form. The id is extracted from a URL of HighLevel's application. For a name or an e-mail
//! address, the error names the tool that finds the id.

use crate::{id::Id, spec::OperationSpec};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value, json};

/// Objects with ids: the noun, the tool that lists them, and the mirror's table.
const OBJECTS: &[(&str, Option<&str>, Option<&str>)] = &[
    ("contact", Some("list_contacts"), Some("contacts")),
    ("opportunity", Some("list_opportunities"), Some("opportunities")),
    ("user", None, Some("users")),
    ("page", Some("list_pages"), Some("pages")),
    ("campaign", Some("list_campaigns"), Some("campaigns")),
    ("funnel", Some("list_funnels"), Some("funnels")),
    ("webhook", Some("list_webhooks"), None),
    ("location", Some("list_locations"), Some("locations")),
    ("invoice", Some("list_invoices"), None),
    ("conversation", Some("list_conversations"), None),
    ("message", Some("list_messages"), None),
];

/// Arguments that hold the id of another object: `(argument, noun)`.
const REFERENCES: [(&str, &str); 3] =
    [("contactId", "contact"), ("conversationId", "conversation"), ("replyTo", "message")];

/// Domains of HighLevel's web application.
const APP_DOMAINS: [&str; 3] = ["gohighlevel.com", "leadconnectorhq.com", "msgsndr.com"];

/// The most characters of a caller's text that an error repeats.
const SHOWN: usize = 80;

/// The noun of the operation's object: `contact` for `get_contact`.
pub(super) fn noun(spec: &OperationSpec) -> &str {
    spec.name.split_once('_').map_or(spec.name.as_ref(), |(_, noun)| noun)
}

/// Replaces each id argument by its plain id.
///
/// # Errors
/// `invalid_arguments` for a text that neither is nor contains an id, with the tool that finds the id.
pub(crate) fn read(
    spec: &OperationSpec,
    schema: &Map<String, Value>,
    arguments: &mut Map<String, Value>,
) -> Result<()> {
    let own = spec.id_field.as_deref().map(|field| (field, noun(spec)));
    let others = REFERENCES.iter().copied().filter(|(name, _)| super::property(schema, name).is_some());
    for (name, noun) in own.into_iter().chain(others) {
        let Some(value) = arguments.get_mut(name) else { continue };
        let Some(text) = value.as_str().map(super::unquoted) else { continue };
        match text.parse::<Id>() {
            Ok(id) => *value = id.as_str().into(),
            Err(problem) => match in_url(noun, text) {
                Some(id) => *value = id.as_str().into(),
                None => {
                    return Err(Error::invalid(name, format!("`{name}` {problem}.{}", advice_on(noun, text))));
                }
            },
        }
    }
    Ok(())
}

/// Extracts the id from a URL of the application, or from a resource URI of this server, that shows one object of this
/// kind.
fn in_url(noun: &str, text: &str) -> Option<Id> {
    if let Some(path) = text.strip_prefix("ghl://") {
        let (kind, id) = path.split_once('/')?;
        return (kind == noun).then(|| id.parse().ok()).flatten();
    }
    let url = url::Url::parse(text).ok()?;
    let host = url.host_str()?;
    if !APP_DOMAINS.iter().any(|own| host == *own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'))) {
        return None;
    }
    let path: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let markers: &[&[&str]] = match noun {
        "contact" => &[&["contacts", "detail"]],
        "opportunity" => &[&["opportunities", "detail"], &["opportunities"]],
        "page" => &[&["page-builder"]],
        "location" => &[&["location"]],
        _ => return None,
    };
    let found = |marker: &&[&str]| {
        let at = path.windows(marker.len()).position(|part| part == *marker)?;
        let id: Id = path.get(at + marker.len())?.parse().ok()?;
        // Other path segments, such as `list`, are short words without digits.
        (id.as_str().len() >= 10 && id.as_str().bytes().any(|byte| byte.is_ascii_digit())).then_some(id)
    };
    markers.iter().find_map(found)
}

/// A sentence that names the tool to find the id for a text. It begins with a space. Empty for an unknown `noun`.
pub fn advice_on(noun: &str, text: &str) -> String {
    let Some((_, list, table)) = OBJECTS.iter().find(|(kind, ..)| *kind == noun) else { return String::new() };
    let shown: String = text.chars().take(SHOWN).collect();
    let is_address = text.contains("://") || text.starts_with("www.");
    let is_email = !is_address && text.contains('@');
    let looks = if is_email {
        " It looks like an e-mail address."
    } else if is_address {
        " It looks like a URL."
    } else {
        ""
    };
    let call = match (list, table) {
        (Some(list), _) if is_email && noun == "contact" => format!("{list} {}", json!({"email": shown})),
        (_, Some(table)) if !is_address => format!("search_crm {}", json!({"text": shown, "table": table})),
        (Some(list), _) => (*list).to_owned(),
        (None, _) => "search_crm".to_owned(),
    };
    let article = if noun.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    format!("{looks} {call} finds the id of {article} {noun}.")
}

/// The same advice for an unknown id that looks like a name, because it has no digits.
pub fn advice(spec: &OperationSpec, id: &Id) -> Option<String> {
    let is_word = !id.as_str().bytes().any(|byte| byte.is_ascii_digit());
    is_word.then(|| advice_on(noun(spec), id.as_str())).filter(|advice| !advice.is_empty())
}

#[cfg(test)]
mod tests {
    use super::in_url;

    #[test]
    fn ids_are_extracted_from_urls_of_one_object() {
        let id = "ocQHyuzHvysMo5N5VsXc";
        for (noun, url) in [
            ("contact", format!("https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/contacts/detail/{id}")),
            (
                "contact",
                format!(
                    "https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/contacts/detail/{id}?view=note#x"
                ),
            ),
            ("contact", format!("ghl://contact/{id}")),
            ("location", format!("https://app.gohighlevel.com/v2/location/{id}/dashboard")),
            ("page", format!("https://app.gohighlevel.com/location/ve9EPM428h8vShlRW1KT/page-builder/{id}")),
            (
                "opportunity",
                format!("https://app.leadconnectorhq.com/v2/location/ve9EPM428h8vShlRW1KT/opportunities/{id}?tab=1"),
            ),
        ] {
            assert_eq!(in_url(noun, &url).map(|found| found.to_string()).as_deref(), Some(id), "{url}");
        }
        for (noun, url) in [
            ("contact", "https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/opportunities/list"),
            ("opportunity", "https://app.gohighlevel.com/v2/location/ve9EPM428h8vShlRW1KT/opportunities/list"),
            ("contact", "https://evil.example/contacts/detail/ocQHyuzHvysMo5N5VsXc"),
            ("contact", "https://evilgohighlevel.com/contacts/detail/ocQHyuzHvysMo5N5VsXc"),
            ("contact", "ghl://page/ocQHyuzHvysMo5N5VsXc"),
            ("page", "https://example.com/offer"),
        ] {
            assert_eq!(in_url(noun, url), None, "{url}");
        }
    }
}
