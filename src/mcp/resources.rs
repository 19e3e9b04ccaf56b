//! Resources: single objects by URI, such as `ghl://contact/{id}`; among several accounts `ghl://{account}/contact/{id}`.
//! Each one is an operation of the catalogue that reads one object, and reading it runs that operation as its tool would.

use super::result::mark_provenance;
use crate::{
    account::{Account, Reply},
    guard::Confirmation,
    runtime::Accounts,
};
use highlevel_catalog::{AnswerShape, Effect, Id, OperationSpec, Toolset};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::TABLES;
use percent_encoding::percent_decode_str;
use rmcp::model::{JsonObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use std::{borrow::Cow, sync::Arc};

const SCHEME: &str = "ghl://";
const JSON: &str = "application/json";

/// A resource, or a template of resources that differ by id.
#[derive(Debug, Clone, Copy)]
pub struct ObjectResource {
    /// The operation that reads it.
    pub spec: &'static OperationSpec,
    /// The object's name in the URI, in the singular.
    noun: &'static str,
    /// Whether the URI ends with an id. Otherwise there is one such object.
    by_id: bool,
}

/// The resources of those operations that read one object of the account.
pub fn object_resources(
    specs: impl Iterator<Item = &'static OperationSpec> + Clone,
) -> impl Iterator<Item = ObjectResource> + Clone {
    specs.filter_map(|spec| match (spec.effect, &spec.answer) {
        // What needs more than an id has no URI.
        (Effect::Read, AnswerShape::One(noun))
            if !spec.is_local()
                && !spec.is_about_jobs()
                && spec.toolset != Toolset::Operations
                && (spec.id_field.is_some() || spec.input_schema().get("required").is_none()) =>
        {
            Some(ObjectResource { spec, noun, by_id: spec.id_field.is_some() })
        }
        _ => None,
    })
}

/// The resources of a server of these accounts that `resources/list` shows. Among several accounts each URI has a part to
/// fill in, so that there are templates alone.
pub(super) fn resources(accounts: &Accounts) -> Vec<Resource> {
    if accounts.are_several() {
        return Vec::new();
    }
    accounts.usable().flat_map(listed).filter_map(|resource| resource.resource()).collect()
}

/// The templates of a server of these accounts.
pub(super) fn templates(accounts: &Accounts) -> Vec<ResourceTemplate> {
    if !accounts.are_several() {
        return accounts.usable().flat_map(listed).filter_map(|resource| resource.template()).collect();
    }
    of_any(accounts).into_iter().map(|resource| resource.template_at(resource.uri_in_account())).collect()
}

/// The resources that any of several accounts has.
pub(super) fn of_any(accounts: &Accounts) -> Vec<ObjectResource> {
    let mut all: Vec<ObjectResource> = Vec::new();
    for resource in accounts.usable().flat_map(listed) {
        if !all.iter().any(|known| known.uri() == resource.uri()) {
            all.push(resource);
        }
    }
    all
}

/// The account that a URI is of, and the URI as it is without the account.
///
/// # Errors
/// `not_found` for a URI without an account, or with one that there is not.
pub(super) fn account_of<'a>(accounts: &'a Accounts, uri: &'a str) -> Result<(&'a Arc<Account>, Cow<'a, str>)> {
    if !accounts.are_several() {
        return Ok((accounts.for_read(None)?, uri.into()));
    }
    let path = uri.strip_prefix(SCHEME).unwrap_or_default();
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let name = percent_decode_str(first).decode_utf8_lossy();
    let inner = format!("{SCHEME}{rest}");
    let resources = of_any(accounts);
    // An account may be named like a resource.
    let names_account = accounts.has(&name) && find(resources.iter().copied(), &inner).is_ok();
    let found = if !names_account && resources.iter().any(|resource| resource.noun == first) {
        accounts.for_read(None).map(|account| (account, uri.into()))
    } else {
        accounts.for_read(Some(&name)).map(|account| (account, inner.into()))
    };
    found.map_err(|error| match error.code {
        Code::InvalidArguments => Error { code: Code::NotFound, ..error },
        _ => error,
    })
}

/// The resources that this account has. Hiding a tool hides its resource. A tool that asks a person has none either,
/// because reading a resource cannot ask.
pub(super) fn listed(account: &Account) -> impl Iterator<Item = ObjectResource> + Clone {
    object_resources(account.tools().filter(|spec| !account.confirms(spec)))
}

impl ObjectResource {
    /// The URI, or its template.
    pub fn uri(&self) -> String {
        format!("{SCHEME}{}{}", self.noun, if self.by_id { "/{id}" } else { "" })
    }

    /// The URI's template among several accounts.
    pub(super) fn uri_in_account(&self) -> String {
        self.uri().replacen(SCHEME, &format!("{SCHEME}{{account}}/"), 1)
    }

    /// The mirror's table with the ids that complete the URI.
    pub(super) fn table(&self) -> Option<&'static str> {
        TABLES.iter().find(|table| self.by_id && table.one == self.noun).map(|table| table.name)
    }

    fn name(&self) -> &'static str {
        self.spec.name.trim_start_matches("get_")
    }

    /// The name as people write it: `current_user` is "Current user".
    fn title(&self) -> String {
        let mut letters = self.name().chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).map(|letter| if letter == '_' { ' ' } else { letter }).collect()
    }

    /// The resource as `resources/list` shows it, if it is one object.
    pub(super) fn resource(&self) -> Option<Resource> {
        let resource = Resource::new(self.uri(), self.name())
            .with_title(self.title())
            .with_description(self.spec.description())
            .with_mime_type(JSON);
        (!self.by_id).then_some(resource)
    }

    /// The resource as `resources/templates/list` shows it, if an id completes it.
    pub(super) fn template(&self) -> Option<ResourceTemplate> {
        self.by_id.then(|| self.template_at(self.uri()))
    }

    fn template_at(&self, uri: String) -> ResourceTemplate {
        ResourceTemplate::new(uri, self.name())
            .with_title(self.title())
            .with_description(self.spec.description())
            .with_mime_type(JSON)
    }
}

/// Reads a resource as its tool would. `path` is its URI without the account.
///
/// # Errors
/// As [`Account::call`]; `not_found` for a URI that this server does not have.
pub(super) async fn read(account: &Account, uri: &str, path: &str, context: CallContext) -> Result<ReadResourceResult> {
    let (spec, arguments) = find(listed(account), path)?;
    let reply = account.call(spec, arguments, Confirmation::None, context).await.map_err(|mut error| {
        // The only argument is the end of the URI, so a wrong one is a resource that is not there.
        if error.code == Code::InvalidArguments {
            error.code = Code::NotFound;
        }
        error
    })?;
    match reply {
        Reply::Done(answer) => {
            let contents = ResourceContents::text(answer.text, uri).with_mime_type(JSON);
            let mut result = ReadResourceResult::new(vec![contents]);
            mark_provenance(&mut result.meta);
            Ok(result)
        }
        Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
    }
}

/// The object that a URI names: its account, its noun, and its id if there are several such objects.
///
/// # Errors
/// `not_found` for a URI of none of the resources of these accounts.
pub(super) fn object_of(accounts: &Accounts, uri: &str) -> Result<(Arc<Account>, &'static str, Option<String>)> {
    let (account, path) = account_of(accounts, uri)?;
    let (spec, arguments) = find(listed(account), &path)?;
    let AnswerShape::One(noun) = &spec.answer else {
        return Err(Error::new(Code::NotFound, "There is no such resource."));
    };
    let id = arguments.values().next().and_then(|id| id.as_str()).map(str::to_owned);
    Ok((Arc::clone(account), noun, id))
}

/// The operation that reads a URI, with its arguments.
///
/// # Errors
/// `not_found` for a URI of none of these resources, or one whose id is malformed.
fn find(
    resources: impl Iterator<Item = ObjectResource> + Clone,
    uri: &str,
) -> Result<(&'static OperationSpec, JsonObject)> {
    let path = uri.strip_prefix(SCHEME).unwrap_or_default();
    let (noun, id) = path.split_once('/').map_or((path, None), |(noun, id)| (noun, Some(id)));
    let fits = |resource: &ObjectResource| resource.noun == noun && resource.by_id == id.is_some();
    let Some(resource) = resources.clone().find(fits) else {
        let known: Vec<String> = resources.map(|resource| resource.uri()).collect();
        return Err(Error::new(Code::NotFound, format!("There is no such resource. Known: {}.", known.join(", "))));
    };
    let mut arguments = JsonObject::new();
    if let Some(id) = id {
        let id: Id = id.parse().map_err(|why| Error::new(Code::NotFound, format!("The end of the URI {why}.")))?;
        let field = resource.spec.id_field.as_deref().unwrap_or("id");
        arguments.insert(field.to_owned(), id.as_str().into());
    }
    Ok((resource.spec, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_catalog::Catalog;
    use std::collections::HashSet;

    #[test]
    fn each_read_of_one_object_has_a_uri_of_its_own() {
        let uris: Vec<String> = object_resources(Catalog::declared().iter()).map(|resource| resource.uri()).collect();
        assert!(
            object_resources(Catalog::declared().iter()).all(|resource| resource.table().is_some() == resource.by_id)
        );
        assert_eq!(uris.iter().collect::<HashSet<_>>().len(), uris.len(), "{uris:?}");
        for uri in ["ghl://contact/{id}", "ghl://campaign/{id}", "ghl://user/{id}", "ghl://user", "ghl://location"] {
            assert!(uris.iter().any(|other| other == uri), "{uri}: {uris:?}");
        }
    }

    #[test]
    fn a_uri_reaches_its_own_operation_and_no_other_path() {
        let find = |uri| find(object_resources(Catalog::declared().iter()), uri);
        let (spec, arguments) = find("ghl://user/u-1").unwrap();
        assert_eq!((spec.name.as_ref(), arguments.get("userId")), ("get_user", Some(&"u-1".into())));
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
