//! Operations whose requests and answers are passed on in the API's own form.

use crate::{
    marks::Marks,
    meaning::Names,
    operation::{Effect, EffectRule},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How an operation's request carries its arguments, and where its answer has a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passthrough {
    /// The arguments that go into the query although the request has a body.
    pub query: Names,
    /// The lists in the query that are sent as one text with commas. Others repeat their name.
    pub joined: Names,
    /// The form of the request's body.
    pub body: BodyForm,
    /// The list in the answer.
    pub list: Option<PagedList>,
    /// The operations that read the object, or what it belongs to. The nearest comes first.
    pub reads: Names,
    /// Whether the first of `reads` reads the object itself.
    pub reads_itself: bool,
    /// What a person marked.
    pub marks: Marks,
    /// The media type of the answer, if that is a file.
    pub file: Option<String>,
}

/// The form of a request's body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    /// No body.
    #[default]
    None,
    /// A JSON object with the arguments.
    Json,
    /// A multipart form with the arguments. Files are given by their paths.
    Form,
    /// The value of one argument.
    Whole(String),
}

/// A list in an answer, and how it is paged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagedList {
    /// The path of the member that holds the items, with dots. Empty if the answer is the list.
    pub member: String,
    /// The argument that limits a page.
    #[serde(default)]
    pub limit: Option<String>,
    /// The argument that skips items.
    #[serde(default)]
    pub offset: Option<String>,
    /// The argument that numbers the pages.
    #[serde(default)]
    pub page: Option<String>,
    /// The number of the first page, if it is not 1.
    #[serde(default)]
    pub first: Option<u64>,
    /// The argument that continues after a page.
    #[serde(default)]
    pub cursor: Option<Cursor>,
    /// The largest page.
    #[serde(default)]
    pub most: Option<u64>,
    /// Whether the arguments are texts in the body, such as `"20"`.
    #[serde(default)]
    pub texts: bool,
}

/// An argument that continues a list, and the source of its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The argument.
    pub argument: String,
    /// The path of the value in the answer, with dots.
    #[serde(default)]
    pub from: Option<String>,
    /// The path of the value in the page's last item, with dots.
    #[serde(default)]
    pub last: Option<String>,
}

impl PagedList {
    /// The arguments that page the list.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        let cursor = self.cursor.as_ref().map(|cursor| &cursor.argument);
        [&self.limit, &self.offset, &self.page].into_iter().flatten().chain(cursor).map(String::as_str)
    }

    /// Whether the list has more than one page.
    pub fn is_paged(&self) -> bool {
        self.offset.is_some() || self.page.is_some() || self.cursor.is_some()
    }
}

/// The objects that one call touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Touches {
    /// One object at most.
    #[default]
    One,
    /// The objects in an argument's list.
    Listed(Cow<'static, str>),
    /// A number of objects that the arguments do not say.
    Unknown,
}

impl Touches {
    /// Whether a call with this effect may change several objects.
    pub fn may_change_several(&self, effect: Effect) -> bool {
        effect != Effect::Read && *self != Self::One
    }
}

/// Whether some calls always need a person's confirmation, whatever the settings say: their effect cannot be reverted, or
/// they may change several objects.
pub fn may_be_guarded(effect: Effect, rules: &[EffectRule], touches: &Touches) -> bool {
    touches.may_change_several(effect) || effect.is_guarded() || rules.iter().any(|rule| rule.effect.is_guarded())
}
