//! What makes an object the one that a create meant: by which fields it is found again, and where. Pure.

use crate::{
    account::normal,
    crm::{Invocation, Toolset},
};

/// How a created object is found again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    /// The fields that tell it from others; those that were sent count.
    fields: &'static [&'static str],
}

impl Identity {
    /// How the object of this create is found again; `None` where there is no way.
    pub(super) fn of(create: &Invocation) -> Option<Self> {
        let fields: &[&str] = match create.entry.toolset {
            Toolset::Contacts if create.arguments.contains_key("email") => &["email"],
            Toolset::Contacts => &["phone"],
            Toolset::Opportunities => &["name", "contactId"],
            Toolset::Pages => &["slug"],
            Toolset::Webhooks => &["url", "events"],
            Toolset::Campaigns => &["name"],
            Toolset::Users | Toolset::Locations | Toolset::Funnels | Toolset::Insights => return None,
        };
        Some(Self { fields })
    }

    /// A text that is the same for all creates of the same object.
    pub(super) fn key(self, create: &Invocation) -> String {
        let parts =
            self.fields.iter().filter_map(|field| Some(normal::canonical(field, create.arguments.get(*field)?)));
        std::iter::once(create.entry.name.to_owned()).chain(parts).collect::<Vec<_>>().join("\n\n")
    }
}
