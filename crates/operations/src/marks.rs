//! The marks of the reviewed table: what a call sends, whom it reaches, and where its object is found.

use highlevel_catalog::{Channel, Found, Marks, Reaches, Sends};
use std::borrow::Cow;

/// Arguments that hold the id of an object in every operation, each with the operation that reads it.
const REFERENCES: [(&str, &str); 9] = [
    ("appointmentId", "calendars.get-appointment"),
    ("eventId", "calendars.get-appointment"),
    ("contactId", "contacts.get-contact"),
    ("conversationId", "conversations.get-conversation"),
    ("calendarId", "calendars.get-calendar"),
    ("opportunityId", "opportunities.get-opportunity"),
    ("invoiceId", "invoices.get-invoice"),
    ("productId", "products.get-product-by-id"),
    ("messageId", "conversations.get-message"),
];

/// Reads one mark. `None` for other texts.
pub(crate) fn add(marks: &mut Marks, text: &'static str) -> Option<()> {
    let mut words = text.split_whitespace();
    match words.next()? {
        "sends" => marks.sends = Some(Sends { what: word(words.next())?, argument: word(words.next())? }),
        "reaches" => {
            let contact = word(words.next())?;
            let channel = match words.next() {
                None => Channel::Unknown,
                Some("by") => Channel::Argument(word(words.next())?),
                Some("as") => Channel::Fixed(word(words.next())?),
                Some(_) => return None,
            };
            marks.reaches = Some(Reaches { contact, channel });
        }
        "found" => {
            let argument = word(words.next())?;
            let by = words.next().filter(|word| *word == "by").and(word(words.next()))?;
            let with = match words.next() {
                None => Vec::new(),
                Some("with") => pairs(words.next()?)?,
                Some(_) => return None,
            };
            marks.found.push(Found { argument, by, with });
        }
        _ => return None,
    }
    words.next().is_none().then_some(())
}

fn word(word: Option<&'static str>) -> Option<Cow<'static, str>> {
    word.map(Cow::Borrowed)
}

/// `NAME=VALUE/NAME=VALUE`
fn pairs(text: &'static str) -> Option<Vec<(Cow<'static, str>, Cow<'static, str>)>> {
    let pair = |text: &'static str| text.split_once('=').map(|(name, value)| (name.into(), value.into()));
    text.split('/').map(pair).collect()
}

/// The operation's own marks, and what each of its arguments refers to. `reads` are known already.
pub(crate) fn with_references<'a>(own: &Marks, arguments: impl Iterator<Item = &'a str>, reads: &[&str]) -> Marks {
    let mut marks = own.clone();
    for name in arguments {
        let known = REFERENCES.iter().filter(|(argument, by)| *argument == name && !reads.contains(by));
        let found = known.map(|(argument, by)| Found {
            argument: Cow::Borrowed(argument),
            by: Cow::Borrowed(by),
            with: Vec::new(),
        });
        marks.references.extend(found);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read() {
        let read = |text| {
            let mut marks = Marks::default();
            add(&mut marks, text).map(|()| marks)
        };
        let sends = Sends { what: "invoice".into(), argument: "invoiceId".into() };
        assert_eq!(read("sends invoice invoiceId"), Some(Marks { sends: Some(sends), ..Marks::default() }));
        let reaches = Reaches { contact: "contactId".into(), channel: Channel::Argument("type".into()) };
        assert_eq!(read("reaches contactId by type"), Some(Marks { reaches: Some(reaches), ..Marks::default() }));
        let found = Found {
            argument: "adId".into(),
            by: "ad-manager.fb-get-entity".into(),
            with: vec![("type".into(), "AD_MANAGER".into()), ("entityType".into(), "AD".into())],
        };
        assert_eq!(
            read("found adId by ad-manager.fb-get-entity with type=AD_MANAGER/entityType=AD"),
            Some(Marks { found: vec![found], ..Marks::default() })
        );
        for wrong in ["sends invoice", "reaches contactId via type", "found id in links.get-links", "reads it"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
