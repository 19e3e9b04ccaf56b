//! One of HighLevel's APIs behind one interface.

use super::{
    Page, Registry, custom_fields,
    official::{self, Official},
    session,
};
use highlevel_api_client::{Client, Moment, QuotaView, SendError, ServerTime};
use highlevel_catalog::{Answer, Catalog, Id, Invocation, ListAnswer, OperationSpec};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
    folders::Folders,
};
use highlevel_store::{Store, WriteLock};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// The result of an operation.
#[derive(Debug, Clone)]
pub struct Done {
    /// The answer, coerced to the output schema.
    pub answer: Answer,
    /// When the request was sent.
    pub sent_at: Moment,
}

/// One of HighLevel's APIs, with the client that sends its requests.
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
    /// An adapter for the session API.
    pub fn session(client: Client) -> Self {
        Self { client, dialect: Dialect::Session }
    }

    /// An adapter for the official API, for one location and, with an OAuth login, one user. Lists of names are cached
    /// in `store`. Files are read from and written in `folders` only.
    pub fn official(
        registry: &'static Registry,
        client: Client,
        location: String,
        user: Option<String>,
        store: Arc<Store>,
        folders: Folders,
    ) -> Self {
        let official = Official::new(registry, client.clone(), location, user, store, folders);
        Self { client, dialect: Dialect::Official(Arc::new(official)) }
    }

    /// The API's operations.
    pub fn catalog(&self) -> &'static Catalog {
        match &self.dialect {
            Dialect::Session => Catalog::session(),
            Dialect::Official(official) => official.catalog(),
        }
    }

    /// Whether the API has the operation and this credential can use it.
    pub fn has(&self, name: &str) -> bool {
        let is_there = self.catalog().find(name).is_some();
        match &self.dialect {
            Dialect::Session => is_there,
            Dialect::Official(official) => is_there && official.has(name),
        }
    }

    /// A call of `operation` on the object `id`.
    ///
    /// # Errors
    /// `internal` when the API does not have the operation.
    pub fn about(&self, operation: &str, id: Id) -> Result<Invocation> {
        self.catalog().about(operation, id)
    }

    /// Replaces names in the arguments by ids. The request, the journal and later comparisons then use the same values.
    ///
    /// # Errors
    /// `invalid_arguments` with the nearest known name, or the error of the request for the names.
    pub async fn resolve_names(&self, invocation: &Invocation, context: &CallContext) -> Result<Invocation> {
        match &self.dialect {
            Dialect::Session => Ok(invocation.clone()),
            Dialect::Official(official) => official.resolve_names(invocation, context).await,
        }
    }

    /// Refuses argument values that only the other API accepts, and those that name another location. Sends nothing.
    ///
    /// # Errors
    /// `invalid_arguments` or `policy_denied` with the argument.
    pub fn check(&self, invocation: &Invocation) -> Result<()> {
        match &self.dialect {
            Dialect::Session => session::check_ids(invocation),
            Dialect::Official(official) => official.check(invocation),
        }
    }

    /// Refuses an operation whose scope the credential is known to lack. Sends nothing.
    ///
    /// # Errors
    /// `unauthorized` with the scope and what to do.
    pub async fn check_scopes(&self, spec: &OperationSpec, context: &CallContext) -> Result<()> {
        match &self.dialect {
            Dialect::Session => Ok(()),
            Dialect::Official(official) => official.check_scopes(spec, context).await,
        }
    }

    /// The scopes that an OAuth login was granted. `None` for other tokens.
    ///
    /// # Errors
    /// `timeout` or `cancelled` when the call ends; why the credential cannot be read.
    pub async fn granted_scopes(&self, context: &CallContext) -> Result<Option<Vec<String>>> {
        match &self.dialect {
            Dialect::Session => Ok(None),
            Dialect::Official(official) => official.granted_scopes(context).await,
        }
    }

    /// Whether an update of an object field keeps the members that it does not give.
    pub fn keeps_members(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// The invocations, one per request, into which an operation is split, in sending order. The official API changes a
    /// contact's tags by separate requests.
    pub fn parts(&self, invocation: &Invocation) -> Vec<Invocation> {
        match self.dialect {
            Dialect::Session => vec![invocation.clone()],
            Dialect::Official(_) => official::parts(invocation),
        }
    }

    /// Whether `addTags` and `removeTags` have their own requests. If not, they need a read of the object first.
    pub fn has_tag_requests(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// All users of the account, or `None` if the API does not list users.
    ///
    /// # Errors
    /// The error of the request.
    pub async fn users(&self, context: &CallContext) -> Result<Option<Vec<Value>>> {
        match &self.dialect {
            Dialect::Session => Ok(None),
            Dialect::Official(official) => official.users(context).await.map(Some),
        }
    }

    /// Whether every list request names the location.
    pub fn names_location(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// Whether the API lists the users.
    pub fn lists_users(&self) -> bool {
        matches!(self.dialect, Dialect::Official(_))
    }

    /// The path of a call's request, for an operation of the catalogue. Calls that change the same object share it.
    ///
    /// # Errors
    /// `invalid_arguments` for a value that the path cannot hold. `policy_denied` for another location.
    pub fn path(&self, invocation: &Invocation) -> Result<String> {
        match &self.dialect {
            Dialect::Session => Ok(invocation.spec.name.to_string()),
            Dialect::Official(official) => official.path(invocation),
        }
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// The error, with what is known about the effect.
    pub async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        match &self.dialect {
            Dialect::Session => self.run_session(invocation, context).await,
            Dialect::Official(official) => {
                let done = official.run(invocation, context).await;
                done.inspect_err(|failed| official.note_refusal(invocation.spec, &failed.error))
            }
        }
    }

    /// Runs an operation whose answer is one object.
    ///
    /// # Errors
    /// The error of [`Adapter::run`].
    pub async fn object(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        let done = self.run(invocation, context).await.map_err(|failed| failed.error)?;
        Ok(done.answer.into_json())
    }

    /// The object that a write of the operation is about, by the operation's own request for it.
    ///
    /// # Errors
    /// The error of the request; `not_found`.
    pub async fn own_object(&self, write: &Invocation, id: &Id, context: &CallContext) -> Result<Value> {
        match &self.dialect {
            Dialect::Session => Err(Error::new(Code::Internal, "The session API reads objects by operations only.")),
            Dialect::Official(official) => official.own_object(write, id, context).await,
        }
    }

    /// The id of the contact that the API matches by an e-mail address or a phone number (`field`), if there is one.
    ///
    /// # Errors
    /// The error of the request.
    pub async fn matching_contact(&self, field: &str, value: &str, context: &CallContext) -> Result<Option<Id>> {
        match &self.dialect {
            Dialect::Session => Ok(None),
            Dialect::Official(official) => official.matching_contact(field, value, context).await,
        }
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

    /// Reads one page of a list, with at most `limit` items from `offset`.
    ///
    /// # Errors
    /// The error of the request.
    pub async fn page(
        &self,
        list: &Invocation,
        offset: u64,
        limit: u64,
        context: &CallContext,
    ) -> Result<Page, SendError> {
        if let Dialect::Official(official) = &self.dialect {
            let page = official.page(list, offset, limit, context).await;
            return page.inspect_err(|failed| official.note_refusal(list.spec, &failed.error));
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
            Answer::Object(_) => ListAnswer::default(),
        };
        Ok(Page::of_session(answer, sent_at, limit, takes_query))
    }

    /// The cursor of the item at index `position` of a list that was just read, if the list has cursors.
    pub fn cursor_at(&self, list: &Invocation, position: u64) -> Option<Value> {
        match &self.dialect {
            Dialect::Session => None,
            Dialect::Official(official) => official.cursor_at(list, position),
        }
    }

    /// Sets the cursor of the item at index `position` of a list, as read by an earlier process. Pages after it start
    /// there.
    pub fn resume(&self, list: &Invocation, position: u64, cursor: Value) {
        if let Dialect::Official(official) = &self.dialect {
            official.resume(list, position, cursor);
        }
    }

    /// The range in which the API's clock was at a moment.
    pub fn server_time_at(&self, local: Moment) -> Option<ServerTime> {
        self.client.server_time_at(local)
    }

    /// The text with every credential of the client replaced.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.client.scrub(text)
    }

    /// The current quota.
    pub fn quota(&self) -> QuotaView {
        self.client.quota()
    }

    /// The account's name in the state directory: the API's address with the pinned location, or with the first
    /// credential if no location is pinned.
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

    /// Waits until no other call of the account holds `key`, in any process that shares the state directory.
    ///
    /// # Errors
    /// As [`Store::write_lock`], and `unauthorized` without a credential.
    pub async fn write_lock(&self, key: &str, context: &CallContext) -> Result<WriteLock> {
        self.client.write_lock(key, context).await
    }

    /// The store in the state directory.
    pub(crate) fn store(&self) -> &Arc<Store> {
        self.client.store()
    }

    /// A number that changes when the credential changes.
    pub fn credential_generation(&self) -> u64 {
        self.client.token_generation()
    }
}
