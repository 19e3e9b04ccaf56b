//! Runs an operation on one of HighLevel's APIs. Above this everything is operations; below it, requests.

mod conflict;
pub(crate) mod custom_fields;
#[cfg(test)]
mod declarations;
#[cfg(test)]
mod invocations;
mod official;
mod page;
mod refusal;
pub mod session;

pub use highlevel_catalog::Api;
pub use official::Registry;
pub use page::{Flaw, Page, may_be_cap};

use highlevel_api_client::{Client, Moment, QuotaView, SendError, ServerTime};
use highlevel_catalog::{Answer, Catalog, Id, Invocation};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::{Store, WriteTurn};
use official::Official;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// Everything but what may stand in a path segment as it is.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The operations of an API.
pub fn catalog(api: Api) -> &'static Catalog {
    match api {
        Api::Session => Catalog::session(),
        Api::Official => Registry::standard().catalog(),
    }
}

/// What an operation answered.
#[derive(Debug, Clone)]
pub struct Done {
    /// The answer, with the types that the output schema names.
    pub answer: Answer,
    /// When the request that got it was sent.
    pub sent_at: Moment,
}

/// One of HighLevel's APIs, reached through a client.
#[derive(Debug, Clone)]
pub struct Adapter {
    client: Client,
    dialect: Dialect,
}

#[derive(Debug, Clone)]
enum Dialect {
    Session,
    Official(Arc<Official>),
}

impl Adapter {
    /// The session API.
    pub fn session(client: Client) -> Self {
        Self { client, dialect: Dialect::Session }
    }

    /// The official API for this location and, with an OAuth login, this user. The account's lists of names are cached
    /// in `store`.
    pub fn official(
        registry: &'static Registry,
        client: Client,
        location: String,
        user: Option<String>,
        store: Arc<Store>,
    ) -> Self {
        let official = Official::new(registry, client.clone(), location, user, store);
        Self { client, dialect: Dialect::Official(Arc::new(official)) }
    }

    /// The API's operations.
    pub fn catalog(&self) -> &'static Catalog {
        match &self.dialect {
            Dialect::Session => Catalog::session(),
            Dialect::Official(official) => official.catalog(),
        }
    }

    /// Whether the credential has an operation of the API.
    pub fn has(&self, name: &str) -> bool {
        let is_there = self.catalog().find(name).is_some();
        match &self.dialect {
            Dialect::Session => is_there,
            Dialect::Official(official) => is_there && official.has(name),
        }
    }

    /// A call that reads the object with this id by the operation of this name.
    ///
    /// # Errors
    /// `internal` when the API does not have the operation.
    pub fn about(&self, operation: &str, id: Id) -> Result<Invocation> {
        self.catalog().about(operation, id)
    }

    /// The same call with ids in place of names, so that what is sent, journaled and compared later is what was meant.
    ///
    /// # Errors
    /// `invalid_arguments` naming the nearest known name; what keeps the names from being read.
    pub async fn resolve_names(&self, invocation: &Invocation, context: &CallContext) -> Result<Invocation> {
        match &self.dialect {
            Dialect::Session => Ok(invocation.clone()),
            Dialect::Official(official) => official.resolve_names(invocation, context).await,
        }
    }

    /// Refuses texts that this API does not understand where they stand, before anything is sent.
    ///
    /// # Errors
    /// `invalid_arguments` naming the argument.
    pub fn check(&self, invocation: &Invocation) -> Result<()> {
        match self.dialect {
            Dialect::Session => session::check_ids(invocation),
            Dialect::Official(_) => Ok(()),
        }
    }

    /// Whether an update of a field that holds fields leaves the members alone that it does not give.
    pub fn keeps_members(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// The requests that an operation takes, each as an invocation, in the order in which they are sent. The official
    /// API changes a contact's tags apart from its fields.
    pub fn parts(&self, invocation: &Invocation) -> Vec<Invocation> {
        match self.dialect {
            Dialect::Session => vec![invocation.clone()],
            Dialect::Official(_) => official::parts(invocation),
        }
    }

    /// Whether `addTags` and `removeTags` have requests of their own and need no read of the object.
    pub fn has_tag_requests(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// Every user of the account; `None` where the API has no list of users.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn users(&self, context: &CallContext) -> Result<Option<Vec<Value>>> {
        match &self.dialect {
            Dialect::Session => Ok(None),
            Dialect::Official(official) => official.users(context).await.map(Some),
        }
    }

    /// Whether every request of a list names the location.
    pub fn names_location(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// Whether the API lists the users.
    pub fn lists_users(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// What went wrong, with what is known of the effect.
    pub async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        match &self.dialect {
            Dialect::Session => self.run_session(invocation, context).await,
            Dialect::Official(official) => official.run(invocation, context).await,
        }
    }

    /// Runs an operation whose answer is one object.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn object(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        let done = self.run(invocation, context).await.map_err(|failed| failed.error)?;
        Ok(done.answer.into_json())
    }

    async fn run_session(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let request = session::request(invocation).map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await?;
        let sent_at = response.sent_at;
        match session::answer(invocation, response) {
            Ok(answer) => Ok(Done { answer, sent_at }),
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
        if let Dialect::Official(official) = &self.dialect {
            return official.page(list, offset, limit, context).await;
        }
        let mut list = list.clone();
        let takes_query = list.spec.route.as_http().is_some_and(|route| route.takes_query);
        if takes_query {
            list.arguments.set("limit", limit);
            list.arguments.set("offset", offset);
        }
        let Done { mut answer, sent_at } = self.run_session(&list, context).await?;
        custom_fields::as_map(&mut answer);
        let answer = match answer {
            Answer::List(answer) => answer,
            Answer::Object(_) => Default::default(),
        };
        Ok(Page::of_session(answer, sent_at, limit, takes_query))
    }

    /// The cursor of the item at a place of a list that was just read, where lists have them.
    pub fn cursor_at(&self, list: &Invocation, place: u64) -> Option<Value> {
        match &self.dialect {
            Dialect::Session => None,
            Dialect::Official(official) => official.cursor_at(list, place),
        }
    }

    /// Goes on behind the item that an earlier process read at this place of a list.
    pub fn resume(&self, list: &Invocation, place: u64, cursor: Value) {
        if let Dialect::Official(official) = &self.dialect {
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

    /// The account's name among all that the state directory keeps: its address with the pinned location, else with the
    /// first of the credentials.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn account(&self) -> Result<String> {
        self.client.account().await
    }

    /// The account's name, or the API's address if the state directory cannot be used.
    ///
    /// # Errors
    /// `unauthorized` without a credential.
    pub(crate) async fn account_or_address(&self) -> Result<String> {
        self.client.account_or_address().await
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

/// A query parameter's text.
fn query_text(value: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => text(other),
    }
}

/// A value as one segment of a path, whatever is in it.
fn path_segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, PATH_SEGMENT).to_string()
}

fn http_method(method: highlevel_catalog::Method) -> http::Method {
    use highlevel_catalog::Method;
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
    }
}
