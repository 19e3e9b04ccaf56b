//! How the object of a create is found again: the fields that identify it and the lists that contain it. Pure.

use super::likeness::Likeness;
use crate::service::normal;
use highlevel_catalog::{
    Arguments, Catalog, Invocation, LookupField, LookupFilter, Operation, contacts::CreateContact,
};
use highlevel_core::error::Result;
use serde_json::{Map, Value};

/// The fields and the list by which the object of a create is found again.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// The operation that lists such objects.
    pub(super) list: String,
    /// The identifying fields that were sent.
    fields: Vec<LookupField>,
    /// Whether one matching field is enough.
    any: bool,
}

impl Identity {
    /// The identity of this create's object; `None` if the operation declares none, or none of its fields was sent.
    pub(super) fn of(create: &Invocation) -> Option<Self> {
        let lookup = create.spec.lookup.as_ref()?;
        let is_sent =
            |field: &&LookupField| create.arguments.get(&field.name).is_some_and(|value| !normal::is_empty(value));
        let fields: Vec<LookupField> = lookup.fields.iter().filter(is_sent).cloned().collect();
        (!fields.is_empty()).then(|| Self { list: lookup.list.to_string(), fields, any: lookup.any })
    }

    /// A key that all creates of the same object share.
    pub(super) fn key(&self, create: &Invocation) -> String {
        let identifying = if self.any { self.fields.get(..1) } else { self.fields.get(..) };
        let value = |field: &LookupField| Some(normal::canonical(&field.name, create.arguments.get(&field.name)?));
        let values = identifying.into_iter().flatten().filter_map(value);
        std::iter::once(create.spec.name.to_string()).chain(values).collect::<Vec<_>>().join("\n\n")
    }

    /// The identifying fields with the sent values.
    pub(super) fn sent(&self, create: &Invocation) -> Map<String, Value> {
        let sent = |field: &LookupField| Some((field.name.to_string(), create.arguments.get(&field.name)?.clone()));
        self.fields.iter().filter_map(sent).collect()
    }

    /// Whether an object has the sent values in the identifying fields.
    pub(super) fn likeness(&self, sent: &Arguments, object: &Value) -> Likeness {
        let of = |field: &LookupField| match (sent.get(&field.name), object.get(field.name.as_ref())) {
            (Some(sent), Some(found)) if normal::same(&field.name, sent, found) => Likeness::Same,
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

    /// The lists that would contain the object, filtered as far as the API can, once for each notation in which the API
    /// may have stored the value. A later group is read only if the earlier ones find nothing.
    ///
    /// # Errors
    /// `internal` when the API does not have the list.
    pub(super) fn lists(&self, create: &Invocation, catalog: &'static Catalog) -> Result<Vec<Vec<Invocation>>> {
        let list = Invocation::bare(catalog.named(&self.list)?);
        let narrowed = |field: &LookupField, value: &str| {
            let mut list = list.clone();
            if list.spec.can_filter(&field.name, value) {
                list.arguments.set(&field.name, value);
            }
            list
        };
        let forms = |field: &LookupField| {
            let sent = create.arguments.text(&field.name).unwrap_or_default();
            match field.filter {
                LookupFilter::None => Vec::new(),
                LookupFilter::AsSent => vec![sent.to_owned()],
                LookupFilter::Email => emails(sent),
                LookupFilter::Phone => phones(sent),
            }
        };
        if self.any {
            let each = |field: &LookupField| forms(field).iter().map(|form| narrowed(field, form)).collect();
            return Ok(self.fields.iter().map(each).collect());
        }
        let mut one = list.clone();
        for field in &self.fields {
            for form in forms(field).into_iter().filter(|form| one.spec.can_filter(&field.name, form)) {
                one.arguments.set(&field.name, form);
            }
        }
        Ok(vec![vec![one]])
    }
}

/// The key that all creates of the same object share; `None` for a create that nothing identifies.
pub(in crate::service) fn key_of(create: &Invocation) -> Option<String> {
    Identity::of(create).map(|identity| identity.key(create))
}

/// The key that all creates of a contact with this value share.
pub(in crate::service) fn contact_key(field: &str, value: &str) -> String {
    format!("{}\n\n{}", CreateContact::NAME, normal::canonical(field, &value.into()))
}

/// The e-mail address as sent and in lower case.
pub(in crate::service) fn emails(sent: &str) -> Vec<String> {
    let mut forms = vec![sent.to_owned()];
    let lower = sent.trim().to_lowercase();
    if lower != sent {
        forms.push(lower);
    }
    forms
}

/// The phone number as sent and in E.164, if the country can be guessed.
pub(in crate::service) fn phones(sent: &str) -> Vec<String> {
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
