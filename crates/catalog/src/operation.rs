//! What an operation is: the vocabulary that the whole program speaks.

use super::id::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// What an operation does to the account. Decides annotations, confirmation and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds an object; done twice, it adds two.
    Create,
    /// Changes an object; done twice, it is as if done once.
    Update,
    /// Makes a page public, which nothing here undoes.
    Publish,
    /// Removes an object for good.
    Delete,
    /// Makes something reach people: a message, a campaign that starts.
    Send,
    /// Lets data or rights leave the account.
    Access,
}

impl Effect {
    /// Whether a person has to agree whatever the settings say: nothing takes back what such a call does.
    pub const fn is_guarded(self) -> bool {
        matches!(self, Self::Publish | Self::Delete | Self::Send | Self::Access)
    }
}

/// An effect that some calls of an operation have beside the operation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectRule {
    /// The effect that decides whether a person is asked.
    pub effect: Effect,
    /// Which calls have it.
    pub when: Condition,
}

/// Which calls of an operation a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// All of them.
    Always,
    /// Those that give an argument one of these values.
    Argument(&'static str, &'static [&'static str]),
}

impl Condition {
    /// Whether it holds for these arguments.
    pub fn holds(self, arguments: &Map<String, Value>) -> bool {
        match self {
            Self::Always => true,
            Self::Argument(name, values) => {
                arguments.get(name).and_then(Value::as_str).is_some_and(|given| values.contains(&given))
            }
        }
    }
}

/// The groups of tools that `--toolsets` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Toolset {
    /// Users of the account.
    Users,
    /// Locations (sub-accounts).
    Locations,
    /// Contacts.
    Contacts,
    /// Opportunities (deals).
    Opportunities,
    /// Campaigns.
    Campaigns,
    /// Pages.
    Pages,
    /// Funnels.
    Funnels,
    /// Webhooks.
    Webhooks,
    /// Questions over the whole account, answered from the mirror.
    Insights,
}

/// The HTTP methods that the document's API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Verb {
    /// The method's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// An operation's place in the document's API ("Endpoint Catalog").
#[derive(Debug)]
pub struct Route<O> {
    /// The method.
    pub verb: Verb,
    /// The path; `{…}` stands for the id, under the name of its argument.
    pub path: &'static str,
    /// Which field of the operation names the object it is about.
    pub id: Option<fn(&O) -> &Id>,
    /// Whether the API takes query parameters here; where it takes none, none is sent.
    pub takes_query: bool,
    /// Answered from the mirror, on this machine.
    pub is_local: bool,
}

impl<O> Route<O> {
    const fn new(verb: Verb, path: &'static str) -> Self {
        Self { verb, path, id: None, takes_query: true, is_local: false }
    }

    /// No place in the API: the operation is answered from the mirror.
    pub const fn local() -> Self {
        let mut route = Self::new(Verb::Get, "").without_query();
        route.is_local = true;
        route
    }

    /// No place in the document's API: the official one has the operation.
    pub const fn official() -> Self {
        Self::new(Verb::Get, "")
    }

    /// `GET path`.
    pub const fn get(path: &'static str) -> Self {
        Self::new(Verb::Get, path)
    }

    /// `POST path`.
    pub const fn post(path: &'static str) -> Self {
        Self::new(Verb::Post, path)
    }

    /// `PUT path`.
    pub const fn put(path: &'static str) -> Self {
        Self::new(Verb::Put, path)
    }

    /// `DELETE path`.
    pub const fn delete(path: &'static str) -> Self {
        Self::new(Verb::Delete, path)
    }

    /// The field that names the object: it fills the path's `{…}`, or is the query's `id` where the path has none.
    pub const fn of(mut self, id: fn(&O) -> &Id) -> Self {
        self.id = Some(id);
        self
    }

    /// For an endpoint that documents no query parameters.
    pub const fn without_query(mut self) -> Self {
        self.takes_query = false;
        self
    }
}

/// Whether a path has a parameter in braces.
pub(super) const fn has_placeholder(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // `at` is below the length, so this cannot be out of bounds; `get` is not const.
        #[expect(clippy::indexing_slicing, reason = "checked by the loop's condition, and evaluated when compiling")]
        if bytes[at] == b'{' {
            return true;
        }
        at += 1;
    }
    false
}

/// What an answer is made of, for readers of envelopes and of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One object, of this name in the singular.
    One(&'static str),
    /// A list of objects.
    Many,
    /// A confirmation that an object is gone.
    Deleted,
}

/// A typed answer.
pub trait Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// What the answer is made of.
    const SHAPE: Shape;
}

/// One operation of the API. The struct's fields are its arguments, its doc comment is the tool's description, and its
/// fields' doc comments are the arguments' descriptions: each word of them is paid for by every conversation.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What it answers.
    type Output: Output;
    /// The tool's name, `verb_noun`.
    const NAME: &'static str;
    /// The tool's title, for people.
    const TITLE: &'static str;
    /// What it does to the account.
    const EFFECT: Effect;
    /// The group it belongs to.
    const TOOLSET: Toolset;
    /// Where it is in the document's API.
    const ROUTE: Route<Self>;
    /// The fields that an update may empty.
    const CLEARABLE: &'static [&'static str] = &[];
    /// The calls that need a person's agreement although the operation's effect does not.
    const EFFECT_RULES: &'static [EffectRule] = &[];
}
