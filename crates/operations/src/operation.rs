//! One operation of the catalogue, and how it is found by its name.

use crate::{
    facts::{self, Facts},
    reviewed::{self, Reviewed},
    spec,
};
use highlevel_catalog::{Effect, EffectRule, HttpRoute, Marks, Method, OperationSpec, Touches, passthrough};
use highlevel_core::{
    error::{Error, Result},
    suggest::nearest,
};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

const INDEX: &str = include_str!(concat!(env!("OUT_DIR"), "/index.txt"));

/// One operation of the official API.
#[derive(Debug)]
pub struct Operation {
    /// The name: the group and HighLevel's own id, such as `contacts.create-note`.
    pub name: &'static str,
    /// The group: the name of HighLevel's OpenAPI file.
    pub group: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The OAuth scopes that the operation needs.
    pub scopes: Vec<&'static str>,
    /// The effect on the account. `access` until somebody reviewed the operation.
    pub effect: Effect,
    /// Rules that give some calls another effect. The first that matches decides.
    pub effect_rules: Vec<EffectRule>,
    /// The objects that one call touches.
    pub touches: Touches,
    /// What a call sends, whom it reaches, and where its object is found.
    pub marks: Marks,
    /// What the operation does, in one line.
    pub summary: &'static str,
    /// What people say for the job, separated by commas.
    pub words: &'static str,
    /// Whether a person classified the operation.
    pub is_reviewed: bool,
    spec: OnceLock<OperationSpec>,
}

static ALL: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    // A test reads the table, so this error does not occur in a tested build. Every operation is guarded then.
    let reviewed = reviewed::table().unwrap_or_else(|_| HashMap::new());
    INDEX.lines().filter_map(|line| Operation::read(line, &reviewed)).collect()
});

/// Every operation, in the order of HighLevel's files.
pub fn all() -> &'static [Operation] {
    &ALL
}

/// The operation of this name. Case and separators do not count, and the group may be left out where the rest is
/// unique. `POST /contacts/{contactId}/notes` names an operation, too.
///
/// # Errors
/// `invalid_arguments` with the nearest names.
pub fn find(text: &str) -> Result<&'static Operation> {
    let text = text.trim().trim_matches(['"', '\'', '`']);
    if let Some(found) = all().iter().find(|operation| operation.name == text) {
        return Ok(found);
    }
    if let Some((method, path)) = text.split_once(' ')
        && let Some(found) = Method::named(method).and_then(|method| at_route(method, path.trim()))
    {
        return Ok(found);
    }
    let wanted = plain(text);
    let own = |operation: &&Operation| plain(operation.name) == wanted;
    let without_group =
        |operation: &&Operation| operation.name.split_once('.').is_some_and(|(_, id)| plain(id) == wanted);
    let mut matching: Vec<&Operation> = all().iter().filter(own).collect();
    if matching.is_empty() {
        matching = all().iter().filter(without_group).collect();
    }
    match matching.as_slice() {
        [only] => Ok(only),
        [] => Err(unknown(text)),
        several => {
            let names: Vec<&str> = several.iter().map(|operation| operation.name).collect();
            let message = format!("`operation`: `{text}` may be {}. Give one of them.", names.join(", "));
            Err(Error::invalid("operation", message))
        }
    }
}

/// The operation with this method and path. The names of parameters do not count.
pub fn at_route(method: Method, path: &str) -> Option<&'static Operation> {
    all().iter().find(|operation| operation.route().is(method, path))
}

fn unknown(text: &str) -> Error {
    const SHOWN: usize = 80;
    let shown: String = text.chars().take(SHOWN).collect();
    let near = nearest(text, all().iter().map(|operation| operation.name));
    let near = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    let message = format!("`operation`: there is no operation `{shown}`.{near} search_operations finds it by words.");
    Error::invalid("operation", message)
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Operation {
    fn read(line: &'static str, reviewed: &HashMap<&'static str, Reviewed>) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, method, path, scopes) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let method = Method::named(method)?;
        let own = reviewed.get(name);
        Some(Self {
            name,
            group: name.split_once('.')?.0,
            method,
            path,
            scopes: scopes.split(',').filter(|scope| *scope != "-").collect(),
            effect: own.map_or(Effect::Access, |own| own.effect),
            effect_rules: own.map_or_else(Vec::new, |own| own.rules.clone()),
            touches: own.map_or(Touches::Unknown, |own| own.touches.clone()),
            marks: own.map_or_else(Marks::default, |own| own.marks.clone()),
            summary: own.map_or(name, |own| own.summary),
            words: own.map_or("", |own| own.words),
            is_reviewed: own.is_some(),
            spec: OnceLock::new(),
        })
    }

    /// The operation's request.
    pub fn route(&self) -> HttpRoute {
        HttpRoute { method: self.method, path: Cow::Borrowed(self.path), takes_query: true }
    }

    /// The operation as the guard, the journal and the API take it. Built when it is first asked for.
    ///
    /// # Errors
    /// `internal` if the build packed no facts for it.
    pub fn spec(&'static self) -> Result<&'static OperationSpec> {
        if let Some(spec) = self.spec.get() {
            return Ok(spec);
        }
        let spec = spec::of(self, self.facts()?);
        Ok(self.spec.get_or_init(|| spec))
    }

    pub(crate) fn facts(&self) -> Result<Facts> {
        facts::of(self.group, self.name)
    }

    /// Whether some calls need a person's confirmation. Unpacks no facts.
    pub fn may_be_guarded(&self) -> bool {
        passthrough::may_be_guarded(self.effect, &self.effect_rules, &self.touches)
    }

    /// Whether HighLevel replaced the operation by another one.
    pub fn is_deprecated(&self) -> bool {
        self.summary.ends_with("(deprecated)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_reviewed() {
        reviewed::table().unwrap();
        let unreviewed: Vec<&str> = all().iter().filter(|one| !one.is_reviewed).map(|one| one.name).collect();
        assert_eq!(unreviewed, [""; 0]);
        let known: Vec<&str> = all().iter().map(|one| one.name).collect();
        let gone: Vec<&str> = reviewed::table().unwrap().into_keys().filter(|name| !known.contains(name)).collect();
        assert_eq!(gone, [""; 0], "operations.txt has what the catalogue has not");
    }

    #[test]
    fn names_are_found_in_other_spellings() {
        for text in [
            "contacts.create-note",
            "contacts_create_note",
            "Contacts.CreateNote",
            "`contacts.create-note`",
            "create-note",
            "post /contacts/{id}/notes",
            "POST /contacts/:contactId/notes/",
        ] {
            assert_eq!(
                find(text).map(|found| found.name).map_err(|error| error.message),
                Ok("contacts.create-note"),
                "{text}"
            );
        }
        let several = find("delete").unwrap_err();
        assert!(several.message.contains("chat-widget.delete") && several.message.contains("knowledge-base.delete"));
        let unknown = find("contacts.create-notes").unwrap_err();
        assert!(unknown.message.contains("contacts.create-note"), "{}", unknown.message);
    }
}
