//! Resources: single objects by URI, such as `ghl://contact/{id}`. They are the catalogue's reads of one object, read in
//! the very same way as by the tool.

use super::result::of_the_account;
use crate::{
    app::{App, Reply},
    guard::Confirmation,
};
use highlevel_catalog::{AnswerShape, Effect, Id, OperationSpec};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::TABLES;
use rmcp::model::{JsonObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};

const SCHEME: &str = "ghl://";
const JSON: &str = "application/json";

/// Where an operation's object stands among the resources.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The operation that reads it.
    pub entry: &'static OperationSpec,
    /// What it is, in the singular.
    noun: &'static str,
    /// Whether the URI ends with its id; else there is one such object.
    by_id: bool,
}

/// The places of those operations that read one object of the account.
pub fn places(entries: impl Iterator<Item = &'static OperationSpec> + Clone) -> impl Iterator<Item = Place> + Clone {
    entries.filter_map(|entry| match (entry.effect, &entry.answer) {
        (Effect::Read, AnswerShape::One(noun)) if !entry.is_local() => {
            Some(Place { entry, noun, by_id: entry.id_field.is_some() })
        }
        _ => None,
    })
}

/// The places that this server shows. A tool that is hidden hides its resource, and what a person has to agree to is a
/// tool alone: reading a resource has no way to ask.
pub(super) fn of(app: &App) -> impl Iterator<Item = Place> + Clone {
    places(app.tools().filter(|entry| !app.confirms(entry)))
}

impl Place {
    /// The URI, or its template.
    pub fn uri(&self) -> String {
        format!("{SCHEME}{}{}", self.noun, if self.by_id { "/{id}" } else { "" })
    }

    /// The table of the mirror that has the objects whose ids complete the URI.
    pub(super) fn completes(&self) -> Option<&'static str> {
        TABLES.iter().find(|table| self.by_id && table.one == self.noun).map(|table| table.name)
    }

    fn name(&self) -> &'static str {
        self.entry.name.trim_start_matches("get_")
    }

    /// The name as people write it.
    fn title(&self) -> String {
        let mut letters = self.name().chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).map(|letter| if letter == '_' { ' ' } else { letter }).collect()
    }

    /// As `resources/list` shows it, if it is one object.
    pub(super) fn resource(&self) -> Option<Resource> {
        let resource = Resource::new(self.uri(), self.name())
            .with_title(self.title())
            .with_description(self.entry.description())
            .with_mime_type(JSON);
        (!self.by_id).then_some(resource)
    }

    /// As `resources/templates/list` shows it, if an id completes it.
    pub(super) fn template(&self) -> Option<ResourceTemplate> {
        let template = ResourceTemplate::new(self.uri(), self.name())
            .with_title(self.title())
            .with_description(self.entry.description())
            .with_mime_type(JSON);
        self.by_id.then_some(template)
    }
}

/// Reads a resource as its tool would.
///
/// # Errors
/// As [`App::call`]; `not_found` for a URI that is none of this server's.
pub(super) async fn read(app: &App, uri: &str, context: CallContext) -> Result<ReadResourceResult> {
    let (entry, arguments) = find(of(app), uri)?;
    let reply = Box::pin(app.call(entry, arguments, Confirmation::None, context)).await.map_err(|mut error| {
        // A URI has no argument but its end.
        if error.code == Code::InvalidArguments {
            error.code = Code::NotFound;
        }
        error
    })?;
    match reply {
        Reply::Done(answer) => {
            let mut result =
                ReadResourceResult::new(vec![ResourceContents::text(answer.text, uri).with_mime_type(JSON)]);
            of_the_account(&mut result.meta);
            Ok(result)
        }
        Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
    }
}

/// The operation that reads a URI, with its arguments.
///
/// # Errors
/// `not_found` for a URI that is none of these places, or whose id is no id.
fn find(places: impl Iterator<Item = Place> + Clone, uri: &str) -> Result<(&'static OperationSpec, JsonObject)> {
    let path = uri.strip_prefix(SCHEME).unwrap_or_default();
    let (noun, id) = path.split_once('/').map_or((path, None), |(noun, id)| (noun, Some(id)));
    let Some(place) = places.clone().find(|place| place.noun == noun && place.by_id == id.is_some()) else {
        let known: Vec<String> = places.map(|place| place.uri()).collect();
        return Err(Error::new(Code::NotFound, format!("There is no such resource. Known: {}.", known.join(", "))));
    };
    let mut arguments = JsonObject::new();
    if let Some(id) = id {
        let id: Id = id.parse().map_err(|why| Error::new(Code::NotFound, format!("The end of the URI {why}.")))?;
        let field = place.entry.id_field.as_deref().unwrap_or("id");
        arguments.insert(field.to_owned(), id.as_str().into());
    }
    Ok((place.entry, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_catalog::Catalog;
    use std::collections::HashSet;

    #[test]
    fn each_read_of_one_object_has_a_uri_of_its_own() {
        let uris: Vec<String> = places(Catalog::declared().iter()).map(|place| place.uri()).collect();
        assert!(places(Catalog::declared().iter()).all(|place| place.completes().is_some() == place.by_id));
        assert_eq!(uris.iter().collect::<HashSet<_>>().len(), uris.len(), "{uris:?}");
        for uri in ["ghl://contact/{id}", "ghl://campaign/{id}", "ghl://user/{id}", "ghl://user", "ghl://location"] {
            assert!(uris.iter().any(|other| other == uri), "{uri}: {uris:?}");
        }
    }

    #[test]
    fn a_uri_reaches_its_own_operation_and_no_other_path() {
        let find = |uri| find(places(Catalog::declared().iter()), uri);
        let (entry, arguments) = find("ghl://user/u-1").unwrap();
        assert_eq!((entry.name.as_ref(), arguments.get("userId")), ("get_user", Some(&"u-1".into())));
        assert_eq!(find("ghl://location").unwrap().0.name, "get_default_location");
        for uri in [
            "",
            "ghl://",
            "ghl://contact",
            "ghl://contact/",
            "ghl://contact/a/b",
            "ghl://contact/a%2Fb",
            "ghl://contact/../users/me",
            "ghl://contact/a?x=1",
            "ghl://contacts/a",
            "ghl://webhook/a",
            "http://contact/a",
            "GHL://contact/a",
        ] {
            assert_eq!(find(uri).unwrap_err().code, Code::NotFound, "{uri}");
        }
    }
}
