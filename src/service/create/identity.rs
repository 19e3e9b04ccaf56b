//! By what the object of a create is found again: the fields that tell it from others, and the lists that show it. Pure.

use super::same::Likeness;
use crate::service::normal;
use highlevel_catalog::{
    Invocation, Operation, Toolset, campaigns::ListCampaigns, contacts::ListContacts, opportunities::ListOpportunities,
    pages::ListPages, webhooks::ListWebhooks,
};
use highlevel_core::error::Result;
use serde_json::{Map, Value};

/// How the object of a create is found again.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// The tool that lists such objects.
    pub(super) list: &'static str,
    /// The fields that tell the object from others, of those that were sent.
    fields: Vec<&'static str>,
    /// Whether one of them is enough.
    any: bool,
}

impl Identity {
    /// How the object of this create is found again; `None` where there is no way.
    pub(super) fn of(create: &Invocation) -> Option<Self> {
        let (list, fields, any): (_, &[&str], _) = match create.entry.toolset {
            Toolset::Contacts => (ListContacts::NAME, &["email", "phone"], true),
            Toolset::Opportunities => (ListOpportunities::NAME, &["name", "contactId"], false),
            Toolset::Pages => (ListPages::NAME, &["slug"], false),
            Toolset::Webhooks => (ListWebhooks::NAME, &["url"], false),
            Toolset::Campaigns => (ListCampaigns::NAME, &["name"], false),
            Toolset::Users | Toolset::Locations | Toolset::Funnels | Toolset::Insights => return None,
        };
        let is_sent = |field: &&&str| create.arguments.get(**field).is_some_and(|value| !normal::is_empty(value));
        let fields: Vec<_> = fields.iter().filter(is_sent).copied().collect();
        (!fields.is_empty()).then_some(Self { list, fields, any })
    }

    /// A text that is the same for all creates of the same object.
    pub(super) fn key(&self, create: &Invocation) -> String {
        let telling = if self.any { self.fields.get(..1) } else { self.fields.get(..) };
        let value = |field: &&str| Some(normal::canonical(field, create.arguments.get(*field)?));
        let values = telling.into_iter().flatten().filter_map(value);
        std::iter::once(create.entry.name.to_owned()).chain(values).collect::<Vec<_>>().join("\n\n")
    }

    /// The fields with what was sent in them.
    pub(super) fn sent(&self, create: &Invocation) -> Map<String, Value> {
        let sent = |field: &&str| Some(((*field).to_owned(), create.arguments.get(*field)?.clone()));
        self.fields.iter().filter_map(sent).collect()
    }

    /// Whether an object is told from others by the same values.
    pub(super) fn likeness(&self, sent: &Map<String, Value>, object: &Value) -> Likeness {
        let of = |field: &&str| match (sent.get(*field), object.get(*field)) {
            (Some(sent), Some(found)) if normal::same(field, sent, found) => Likeness::Same,
            (_, None) => Likeness::Unclear,
            (_, Some(Value::Null)) if !self.any => Likeness::Unclear,
            (_, Some(_)) => Likeness::Different,
        };
        let all: Vec<_> = self.fields.iter().map(of).collect();
        let decides = if self.any { Likeness::Same } else { Likeness::Different };
        if all.contains(&decides) {
            decides
        } else if all.contains(&Likeness::Unclear) {
            Likeness::Unclear
        } else if self.any {
            Likeness::Different
        } else {
            Likeness::Same
        }
    }

    /// The lists that would show the object, each narrowed as far as the API can, in every form in which the API may have
    /// stored what narrows it. The next one is read only where those before it show nothing.
    pub(super) fn lists(&self, create: &Invocation) -> Result<Vec<Vec<Invocation>>> {
        let text = |field: &str| create.text(field).unwrap_or_default();
        match create.entry.toolset {
            Toolset::Contacts => {
                let by = |field: &str, forms: Vec<String>| {
                    let list = Invocation::of(&ListContacts::default())?;
                    let lists = forms.into_iter().map(|form| {
                        let mut list = list.clone();
                        list.arguments.insert(field.to_owned(), form.into());
                        list
                    });
                    Ok(lists.collect())
                };
                let forms = |field: &&str| match *field {
                    "email" => by("email", emails(text("email"))),
                    field => by(field, phones(text(field))),
                };
                self.fields.iter().map(forms).collect()
            }
            Toolset::Opportunities => {
                let mut list = Invocation::of(&ListOpportunities::default())?;
                // Where the API has such a filter; where it has none, the whole list is read.
                list.arguments.insert("contactId".to_owned(), text("contactId").into());
                Ok(vec![vec![list]])
            }
            Toolset::Pages => Ok(vec![vec![Invocation::of(&ListPages::default())?]]),
            Toolset::Webhooks => Ok(vec![vec![Invocation::of(&ListWebhooks::default())?]]),
            _ => Ok(vec![vec![Invocation::of(&ListCampaigns::default())?]]),
        }
    }
}

/// As it was sent, and in lower case.
fn emails(sent: &str) -> Vec<String> {
    let mut forms = vec![sent.to_owned()];
    let lower = sent.trim().to_lowercase();
    if lower != sent {
        forms.push(lower);
    }
    forms
}

/// As it was sent, and in E.164, as far as the country can be told.
fn phones(sent: &str) -> Vec<String> {
    const NORTH_AMERICAN: usize = 10;
    let digits: String = sent.chars().filter(char::is_ascii_digit).collect();
    let whole = match sent.trim() {
        number if number.starts_with('+') => format!("+{digits}"),
        _ if digits.starts_with("00") => format!("+{}", digits.trim_start_matches('0')),
        _ if digits.len() == NORTH_AMERICAN => format!("+1{digits}"),
        _ => format!("+{digits}"),
    };
    let mut forms = vec![sent.to_owned()];
    if whole != sent && whole.len() > 1 {
        forms.push(whole);
    }
    forms
}
