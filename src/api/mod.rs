//! Runs an operation on an API. Above this everything speaks operations; below it, requests.

mod conflict;
mod custom_fields;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod invocations;
mod official;
mod refusal;
pub mod session;

pub use custom_fields::as_map as custom_fields_as_map;

use crate::answer::unreadable;
use highlevel_api_client::{Client, Moment, QuotaView, SendError, ServerTime};
use highlevel_catalog::{Entry, Form, Invocation, Schemas, Toolset};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Error, Result};
use highlevel_store::{Store, WriteTurn};
use official::Official;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// Which of HighLevel's APIs is spoken (`--api`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Api {
    /// The API that HighLevel's web application uses, with the token-id of a session. Its old name is an alias.
    #[default]
    #[value(alias = "document", help = "the API of HighLevel's web application, with a session's token-id")]
    Session,
    /// The official public API, with a private integration token or an OAuth login.
    #[value(help = "the public API, with a private integration token or an OAuth login")]
    Official,
}

impl Api {
    /// Where an operation is in this API; `None` if it has none. What is answered from the mirror needs no place.
    pub fn how(self, entry: &Entry) -> Option<String> {
        match self {
            _ if entry.is_local => Some("from the mirror".to_owned()),
            Self::Session => {
                session::has(entry).then(|| self.place(entry, &format!("{} {}", entry.verb.as_str(), entry.path)))
            }
            Self::Official => official::how(entry).map(|how| self.place(entry, how)),
        }
    }

    /// A place with the arguments that have none there.
    fn place(self, entry: &Entry, how: &str) -> String {
        let without = self.form(entry).map_or(&[][..], |form| form.takes.without);
        let names: Vec<&str> = without.iter().map(|(name, _)| *name).collect();
        if names.is_empty() { how.to_owned() } else { format!("{how}; no {}", names.join(", ")) }
    }

    /// The form of an operation's arguments in this API, where it differs from the catalogue's.
    pub fn form(self, entry: &Entry) -> Option<&'static Form> {
        match self {
            Self::Session => session::form_of(entry),
            Self::Official => official::form_of(entry),
        }
    }

    /// The operation's schemas in this API, rebuilt at each call.
    pub fn make_schemas(self, entry: &Entry) -> Schemas {
        self.form(entry).map_or_else(|| entry.make_schemas(), |form| form.make_schemas(entry))
    }

    /// Checks a caller's arguments as this API takes them.
    ///
    /// # Errors
    /// `invalid_arguments` naming the field, the problem and what is allowed.
    pub fn parse(self, entry: &'static Entry, arguments: Map<String, Value>) -> Result<Invocation> {
        match self.form(entry) {
            Some(form) => form.parse(entry, arguments),
            None => entry.parse(arguments),
        }
    }
}

/// An operation's answer, in the shape that its output schema promises.
#[derive(Debug, Clone)]
pub struct Done {
    /// The answer.
    pub value: Value,
    /// When the request that got it was sent.
    pub sent_at: Moment,
}

/// One page of a list, and what it says of the rest.
#[derive(Debug)]
pub struct Page {
    /// The items.
    pub items: Vec<Value>,
    /// Items that could not be read, and stand in the list all the same.
    pub aside: u64,
    /// How many items the list has, if the API says.
    pub total: Option<u64>,
    /// When the request was sent.
    pub sent_at: Moment,
    /// The API gave more than was asked for: it does not page, and this is all there is.
    pub whole: bool,
    /// It follows on the item before `offset`, wherever that stands by now: what was taken away before it shows in the
    /// total alone.
    pub behind: bool,
    /// Nothing follows on these: the API was asked, and showed no more.
    pub end: bool,
    /// Why the list that these are of is not all there is.
    pub flaw: Option<Flaw>,
    /// Lists of names that could not be read, and why: ids stand for the names.
    pub unnamed: Vec<(&'static str, Error)>,
    /// What a caller should know of it.
    pub note: Option<&'static str>,
}

/// Why what an API shows of a list is not all there is, however often it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flaw {
    /// The same page comes at every offset.
    Repeats,
    /// The list takes no paging and is shorter than the total that the API tells.
    Fewer,
}

impl Flaw {
    /// The reason in words that follow a colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeats => "the API gives the same page again, whatever offset is asked for",
            Self::Fewer => "the API shows fewer than the total that it tells",
        }
    }
}

/// Whether a total may be the most that the API ever tells, which is a round number: the list is asked for what follows.
pub fn may_be_cap(total: u64) -> bool {
    total >= 20 && total.is_multiple_of(10)
}

/// An API that runs operations.
#[derive(Debug, Clone)]
pub struct Backend {
    client: Client,
    speaks: Speaks,
}

#[derive(Debug, Clone)]
enum Speaks {
    Session,
    Official(Arc<Official>),
}

impl Backend {
    /// The session API, reached through `client`.
    pub fn session(client: Client) -> Self {
        Self { client, speaks: Speaks::Session }
    }

    /// The official API, reached through `client`, for this location and, with an OAuth login, this user. What it
    /// calls things is kept in `store`.
    pub fn official(client: Client, location: String, user: Option<String>, store: Arc<Store>) -> Self {
        let official = Official::new(client.clone(), location, user, store);
        Self { client, speaks: Speaks::Official(Arc::new(official)) }
    }

    /// Whether this API has the operation.
    pub fn has(&self, entry: &Entry) -> bool {
        match &self.speaks {
            Speaks::Session => Api::Session.how(entry).is_some(),
            Speaks::Official(official) => Api::Official.how(entry).is_some() && official.has(entry),
        }
    }

    /// Refuses texts that this API does not understand where they stand, before anything is asked or sent.
    ///
    /// # Errors
    /// `invalid_arguments` naming the argument.
    pub fn check(&self, invocation: &Invocation) -> Result<()> {
        match self.speaks {
            Speaks::Session => session::check(invocation),
            Speaks::Official(_) => Ok(()),
        }
    }

    /// The same call with every name that stands for an id resolved, so that what is sent, written down and compared
    /// later is what was meant.
    ///
    /// # Errors
    /// `invalid_arguments` naming the nearest that there is; what keeps the names from being read.
    pub async fn understand(&self, invocation: &Invocation, context: &CallContext) -> Result<Invocation> {
        match &self.speaks {
            Speaks::Session => Ok(invocation.clone()),
            Speaks::Official(official) => official.understand(invocation, context).await,
        }
    }

    /// Whether this API can filter a list by this value.
    pub fn filters(&self, list: &Entry, field: &str, value: &str) -> bool {
        match self.speaks {
            Speaks::Session => session::filters(list, field, value),
            Speaks::Official(_) => true,
        }
    }

    /// Whether an update of a field that holds fields leaves those alone that it does not give.
    pub fn keeps_members(&self) -> bool {
        matches!(self.speaks, Speaks::Official(_))
    }

    /// The requests that an operation takes, each as an invocation of its own, in the order in which they are sent: the
    /// official API changes a contact's tags apart from its fields.
    pub fn parts(&self, invocation: &Invocation) -> Vec<Invocation> {
        match self.speaks {
            Speaks::Session => vec![invocation.clone()],
            Speaks::Official(_) => official::parts(invocation),
        }
    }

    /// Whether `addTags` and `removeTags` have requests of their own, and need no look at the tags that are there.
    pub fn has_tag_requests(&self) -> bool {
        matches!(self.speaks, Speaks::Official(_))
    }

    /// Arguments that this API takes and never shows again.
    pub fn untold(&self, entry: &Entry) -> &'static [&'static str] {
        match (&self.speaks, entry.toolset) {
            (_, Toolset::Webhooks) => &["secret"],
            (Speaks::Official(_), Toolset::Campaigns) => &["template"],
            _ => &[],
        }
    }

    /// Every user of the account, where the API lists them; `None` where users are met by their ids only.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn everyone(&self, context: &CallContext) -> Result<Option<Vec<Value>>> {
        match &self.speaks {
            Speaks::Session => Ok(None),
            Speaks::Official(official) => official.everyone(context).await.map(Some),
        }
    }

    /// Whether every request of a list names the location.
    pub fn names_location(&self) -> bool {
        matches!(self.speaks, Speaks::Official(_))
    }

    /// Whether this API lists the users.
    pub fn lists_users(&self) -> bool {
        matches!(self.speaks, Speaks::Official(_))
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// What went wrong, with what is known of the effect.
    pub async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let Speaks::Official(official) = &self.speaks else { return self.run_plain(invocation, context).await };
        official.run(invocation, context).await
    }

    async fn run_plain(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let request = session::request(invocation).map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await?;
        let sent_at = response.sent_at;
        match session::answer(invocation, response) {
            Ok(value) => Ok(Done { value, sent_at }),
            Err((error, fate)) => Err(SendError { error, fate, sent_at: Some(sent_at) }),
        }
    }

    /// Reads one page of a list from `offset`.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn page(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Page, SendError> {
        if let Speaks::Official(official) = &self.speaks {
            return official.page(list, offset, limit, context).await;
        }
        let mut list = list.clone();
        if list.entry.takes_query {
            list.arguments.insert("limit".into(), limit.into());
            list.arguments.insert("offset".into(), offset.into());
        }
        let done = self.run_plain(&list, context).await?;
        let (mut value, sent_at) = (done.value, done.sent_at);
        let aside = value.as_object().map_or(0, unreadable);
        let total = value.get("meta").and_then(|meta| meta.get("total")?.as_u64());
        custom_fields_as_map(&mut value);
        let items = match value.get_mut("data").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let count = items.len() as u64 + aside;
        let fewer = total.is_some_and(|total| total > count);
        // Who gives more than was asked for does not page, unless there is more still.
        let whole = !list.entry.takes_query || (count > limit && !fewer);
        let flaw = (whole && fewer).then_some(Flaw::Fewer);
        Ok(Page {
            items,
            aside,
            total,
            sent_at,
            whole,
            behind: false,
            end: count == 0,
            flaw,
            unnamed: Vec::new(),
            note: None,
        })
    }

    /// The cursor of the item at a place of a list that was just read, where lists have them.
    pub fn cursor_at(&self, list: &Invocation, place: u64) -> Option<Value> {
        match &self.speaks {
            Speaks::Session => None,
            Speaks::Official(official) => official.cursor_at(list, place),
        }
    }

    /// Goes on behind the item that an earlier process read at this place of a list.
    pub fn resume(&self, list: &Invocation, place: u64, cursor: Value) {
        if let Speaks::Official(official) = &self.speaks {
            official.resume(list, place, cursor);
        }
    }

    /// What the API's clock may have shown at a moment.
    pub fn server_time_at(&self, local: Moment) -> Option<ServerTime> {
        self.client.server_time_at(local)
    }

    /// The text with every credential that the client has held replaced.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.client.scrub(text)
    }

    /// The quota as it stands.
    pub fn quota(&self) -> QuotaView {
        self.client.quota()
    }

    /// What the account is called among everything that this machine keeps: its address with the pinned location, else
    /// with the first of the credentials.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn account(&self) -> Result<String> {
        self.client.account().await
    }

    /// Waits until no other call of the account holds `key`, in all processes of the state directory.
    ///
    /// # Errors
    /// As [`Store::in_turn`], and `unauthorized` without a credential.
    pub async fn in_turn(&self, key: &str, context: &CallContext) -> Result<WriteTurn> {
        self.client.in_turn(key, context).await
    }

    /// What outlives this process.
    pub(crate) fn store(&self) -> &Store {
        self.client.store()
    }

    /// A number that changes with each new credential.
    pub fn credential_generation(&self) -> u64 {
        self.client.token_generation()
    }
}
