//! Confirmations on the approval page: a person agrees there, and the call that is repeated finds their answer.

use super::{
    Agreement, ApprovalTicket, Confirmation, Decision, Guard, OpenPage, PersonAnswer,
    approval::{PAGE, arguments_hash, random_text},
    confirmation::PageAgreement,
    preview::{Preview, kept_arguments},
};
use chrono::Utc;
use highlevel_catalog::Invocation;
use highlevel_core::{
    clean,
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Approval, ApproverSession, NewApproval, PageDetails, sha256_hex};
use serde_json::{Value, json};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// How long a request waits on the approval page.
pub const PAGE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a one-time link to the page is valid.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// The most requests of an account that wait on the page. More than that nobody reads.
const MOST_WAITING: u64 = 200;

/// The part of a call's time that is left for its answer after waiting for a person.
const RESERVED: Duration = Duration::from_secs(2);

/// How often a call that waits for a person looks for their answer.
const LOOK: Duration = Duration::from_millis(250);

/// The most characters of a client's name.
const CLIENT_CHARS: usize = 100;

/// The approval page of this process: where it is served, and the signal that a new request waits there.
#[derive(Debug, Default)]
pub struct ApprovalPage {
    address: OnceLock<PageAddress>,
    asked: Notify,
}

#[derive(Debug)]
struct PageAddress {
    url: String,
    is_default: bool,
}

impl ApprovalPage {
    /// Says that the page is served at `url`, without a slash at its end. `is_default`: whether a person whose host has no
    /// forms is asked there, unless the settings name another way.
    pub fn serve_at(&self, url: String, is_default: bool) {
        // A process serves one page.
        drop(self.address.set(PageAddress { url, is_default }));
    }

    /// Where the page is served, if it is.
    pub fn url(&self) -> Option<&str> {
        self.address.get().map(|address| address.url.as_str())
    }

    /// Waits until a new request waits on the page.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    pub(super) fn is_default(&self) -> bool {
        self.address.get().is_some_and(|address| address.is_default)
    }

    fn link(&self, request: &str) -> Option<String> {
        self.url().map(|url| format!("{url}/{request}"))
    }
}

/// A new secret for a link, a key or a cookie, and the hash that is stored of it.
///
/// # Errors
/// `internal` if the system has no random numbers.
pub fn new_secret() -> Result<(String, String)> {
    let secret = random_text()?;
    let hash = sha256_hex(secret.as_bytes());
    Ok((secret, hash))
}

/// What a person has answered so far.
enum PageState {
    Waiting,
    Agreed(Box<Approval>),
    Declined(Box<Approval>),
    /// Spent, expired, or unknown.
    Gone,
}

impl PageState {
    fn of(found: Option<Approval>) -> Self {
        match found {
            Some(found) if found.declined_at.is_some() => Self::Declined(Box::new(found)),
            Some(found) if found.spent_at.is_some() => Self::Gone,
            Some(found) if found.approved_at.is_some() => Self::Agreed(Box::new(found)),
            Some(_) => Self::Waiting,
            None => Self::Gone,
        }
    }
}

impl Guard {
    /// Whether a person can be asked on the approval page: `Some(true)` if there alone (`--confirm page`), `Some(false)` if
    /// their host has no forms.
    pub fn asks_on_page(&self) -> Option<bool> {
        match self.policy.confirm {
            super::ConfirmMode::Page => Some(true),
            super::ConfirmMode::Auto => self.page.is_default().then_some(false),
            _ => None,
        }
    }

    /// Decides about a call that a person agrees to on the page.
    pub(super) async fn ask_on_page(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Decision> {
        match confirmation {
            Confirmation::Token(ticket) => self.redeem_on_page(invocation, &preview, &ticket, context).await,
            Confirmation::InputResponse(ticket, PersonAnswer::Opened | PersonAnswer::Accepted) => {
                let state = self.wait_for_person(&ticket, context).await?;
                self.conclude(invocation, preview, &ticket, state, context).await
            }
            Confirmation::InputResponse(ticket, answer) => {
                self.approvals.decline(&ticket).await?;
                super::require_accepted(answer)?;
                Err(Error::new(Code::Declined, "The person did not agree. Nothing was done."))
            }
            Confirmation::PageRequest if self.page.url().is_some() => {
                let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
                preview.page = self.one_time_link(&request, context).await?;
                Ok(Decision::RequestInput(ticket, Box::new(preview)))
            }
            Confirmation::Page(host) if self.page.url().is_some() => {
                self.open_page(invocation, preview, host, context).await
            }
            _ => {
                let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
                match PageState::of(self.store.approval(&ticket.hash()).await?) {
                    // A host that lost its token asks for what the person has agreed to.
                    state @ PageState::Agreed(_) => self.conclude(invocation, preview, &ticket, state, context).await,
                    _ => Err(self.asked_on_page(&preview, "", &ticket, &request)),
                }
            }
        }
    }

    /// Brings the person to the page during the call, and waits for what they decide as long as the call may take.
    async fn open_page(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        host: &dyn OpenPage,
        context: &mut CallContext,
    ) -> Result<Decision> {
        let (ticket, request) = self.put_on_page(invocation, &preview, context).await?;
        preview.page = self.one_time_link(&request, context).await?;
        let asked = Instant::now();
        let state = {
            let decided = self.wait_for_person(&ticket, context);
            tokio::pin!(decided);
            tokio::select! {
                state = &mut decided => state?,
                answer = host.open(&preview, &request, context) => match answer? {
                    PersonAnswer::Opened | PersonAnswer::Accepted => decided.await?,
                    answer => {
                        self.approvals.decline(&ticket).await?;
                        super::require_accepted(answer)?;
                        PageState::Gone
                    }
                },
            }
        };
        // The time that a person takes does not count against the call's deadline.
        context.deadline += asked.elapsed();
        self.conclude(invocation, preview, &ticket, state, context).await
    }

    /// Waits until the person has decided, at most as long as the call may take.
    async fn wait_for_person(&self, ticket: &ApprovalTicket, context: &CallContext) -> Result<PageState> {
        context.report("waiting for a person on the approval page");
        let end = context.deadline.checked_sub(RESERVED).unwrap_or(context.deadline);
        loop {
            let state = PageState::of(self.store.approval(&ticket.hash()).await?);
            if !matches!(state, PageState::Waiting) || Instant::now() >= end {
                return Ok(state);
            }
            context.bound(tokio::time::sleep(LOOK)).await?;
        }
    }

    /// The decision after the person had time to answer. The object is read again before the call runs.
    async fn conclude(
        &self,
        invocation: &Invocation,
        mut preview: Preview,
        ticket: &ApprovalTicket,
        state: PageState,
        context: &CallContext,
    ) -> Result<Decision> {
        match state {
            PageState::Agreed(found) => {
                self.check_call(invocation, &preview, &found)?;
                let found = self.spend(ticket).await?;
                preview.object_hash.clone_from(&found.asked.object_hash);
                Ok(Decision::RunIfUnchanged(agreement(&found), Box::new(preview)))
            }
            PageState::Declined(found) => Err(declined(&found)),
            PageState::Waiting => Err(self.still_waiting(&preview, ticket).await?),
            PageState::Gone => Err(self.wait_on_page(invocation, &preview, UNKNOWN, context).await?),
        }
    }

    /// The second call, with the token of the first.
    async fn redeem_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        ticket: &ApprovalTicket,
        context: &CallContext,
    ) -> Result<Decision> {
        let found = self.store.approval(&ticket.hash()).await?;
        if let Some(found) = &found {
            self.check_call(invocation, preview, found)?;
        }
        let is_as_shown = found.as_ref().is_some_and(|found| found.asked.object_hash == preview.object_hash);
        match PageState::of(found) {
            PageState::Declined(found) => Err(declined(&found)),
            PageState::Gone => Err(self.wait_on_page(invocation, preview, UNKNOWN, context).await?),
            PageState::Waiting | PageState::Agreed(_) if !is_as_shown => {
                let problem = "The object changed since the person was asked, so that they are asked again.";
                Err(self.wait_on_page(invocation, preview, problem, context).await?)
            }
            PageState::Waiting => Err(self.still_waiting(preview, ticket).await?),
            PageState::Agreed(_) => Ok(Decision::Run(agreement(&self.spend(ticket).await?))),
        }
    }

    /// Refuses a request that was made for another call.
    fn check_call(&self, invocation: &Invocation, preview: &Preview, found: &Approval) -> Result<()> {
        let asked = &found.asked;
        let problem = if asked.account != preview.account {
            "This confirmationToken was issued for another account."
        } else if asked.way != PAGE {
            "This confirmationToken was issued under another `--confirm` mode."
        } else if asked.tool != invocation.spec.name || asked.arguments_hash != arguments_hash(invocation) {
            "This confirmationToken was issued for another call: the tool and all arguments must be the same."
        } else {
            return Ok(());
        };
        Err(Error::new(Code::ConfirmationInvalid, format!("{problem} Nothing was done. Call without it to ask.")))
    }

    /// Uses up a ticket. Of several concurrent calls, one gets it.
    async fn spend(&self, ticket: &ApprovalTicket) -> Result<Approval> {
        let spent = self.store.spend_approval(&ticket.hash()).await?;
        spent.ok_or_else(|| Error::new(Code::ConfirmationInvalid, UNKNOWN))
    }

    /// Puts the call on the page, or takes up the request that waits there for the same call. Gives the ticket and the
    /// request's id.
    async fn put_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        context: &CallContext,
    ) -> Result<(ApprovalTicket, String)> {
        let ticket = ApprovalTicket::generate()?;
        let asked_at = Utc::now();
        let id = random_text()?;
        let asked = NewApproval {
            code: ticket.hash(),
            account: preview.account.clone(),
            way: PAGE.to_owned(),
            tool: invocation.spec.name.to_string(),
            arguments_hash: arguments_hash(invocation),
            object_hash: preview.object_hash.clone(),
            preview: preview.to_page_json(),
            asked_at,
            expires_at: asked_at + PAGE_TIMEOUT,
            page: Some(PageDetails {
                id: id.clone(),
                arguments: kept_arguments(invocation),
                label: preview.label.clone(),
                location: preview.location_id.clone(),
                asker: asker(context),
            }),
        };
        if let Some(taken) = self.store.take_up_page_request(&asked).await? {
            return Ok((ticket, taken.asked.page.map_or(id, |page| page.id)));
        }
        if self.store.waiting_page_requests(&preview.account).await? >= MOST_WAITING {
            let message = format!(
                "{MOST_WAITING} calls of this account wait on the approval page already. Nothing was done. Try again when a person has decided about some of them."
            );
            return Err(Error::new(Code::PolicyDenied, message));
        }
        self.store.put_approval(asked).await?;
        self.page.asked.notify_one();
        Ok((ticket, id))
    }

    /// An address that lets the host's person decide about this one request, once.
    async fn one_time_link(&self, request: &str, context: &CallContext) -> Result<Option<String>> {
        let Some(url) = self.page.url() else { return Ok(None) };
        let (secret, hash) = new_secret()?;
        let client = context.client.as_ref().map(|client| client.name.as_str()).filter(|name| !name.is_empty());
        let session = ApproverSession {
            person: format!("the person at {}", client.unwrap_or("the host")),
            approver: None,
            accounts: Vec::new(),
            request: Some(request.to_owned()),
            expires_at: Utc::now() + LINK_LIFE,
        };
        self.store.put_approver_link(&hash, session).await?;
        Ok(Some(format!("{url}/open?key={secret}")))
    }

    /// The error that says where a person agrees. It carries a preview, and the token of the call that is repeated then.
    pub(super) async fn wait_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        problem: &str,
        context: &CallContext,
    ) -> Result<Error> {
        let (ticket, request) = self.put_on_page(invocation, preview, context).await?;
        Ok(self.asked_on_page(preview, problem, &ticket, &request))
    }

    fn asked_on_page(&self, preview: &Preview, problem: &str, ticket: &ApprovalTicket, request: &str) -> Error {
        let code = if problem.is_empty() { Code::ConfirmationRequired } else { Code::ConfirmationInvalid };
        let problem = if problem.is_empty() { String::new() } else { format!("{problem} ") };
        let error = Error::new(code, format!("{problem}{} {}", preview.sentence, self.next_step(ticket, request)));
        self.with_page(error, preview, ticket, request)
    }

    /// The same for a request that waits already.
    async fn still_waiting(&self, preview: &Preview, ticket: &ApprovalTicket) -> Result<Error> {
        let found = self.store.approval(&ticket.hash()).await?;
        let request = found.and_then(|found| found.asked.page).map(|page| page.id).unwrap_or_default();
        let message = format!("No person has decided about this yet. {}", self.next_step(ticket, &request));
        Ok(self.with_page(Error::new(Code::ConfirmationRequired, message), preview, ticket, &request))
    }

    /// What has to happen before the call can be repeated.
    pub(super) fn next_step(&self, ticket: &ApprovalTicket, request: &str) -> String {
        let place = match self.page.link(request) {
            Some(link) => format!("A person has to agree on the approval page: {link}. Show them the link."),
            None => format!(
                "A person has to agree on the approval page of a running server, or run `highlevel-mcp approve {}` in a terminal.",
                ticket.as_str()
            ),
        };
        format!(
            "{place} When they say that they have, repeat the call with the same arguments and this confirmationToken."
        )
    }

    fn with_page(&self, error: Error, preview: &Preview, ticket: &ApprovalTicket, request: &str) -> Error {
        let error = error
            .with("preview", preview.to_json())
            .with("confirmationToken", ticket.as_str())
            .with("expiresInSeconds", PAGE_TIMEOUT.as_secs());
        match self.page.link(request) {
            Some(link) => error.with("approvalPage", link),
            None => error,
        }
    }

    /// A ticket for a call that was just shown in full, and what has to happen before it can be used.
    pub(super) async fn offer_on_page(
        &self,
        invocation: &Invocation,
        preview: &Preview,
        context: &CallContext,
    ) -> Result<(ApprovalTicket, String)> {
        let (ticket, request) = self.put_on_page(invocation, preview, context).await?;
        let next = self.next_step(&ticket, &request);
        Ok((ticket, next))
    }

    /// Whether a ticket belongs to a request on the page.
    pub(super) async fn is_on_page(&self, ticket: &ApprovalTicket) -> Result<bool> {
        Ok(self.store.approval(&ticket.hash()).await?.is_some_and(|found| found.asked.way == PAGE))
    }
}

impl Guard {
    /// Records that a person agrees on the page, if the object is still what they saw: `seen` is the hash of that, and
    /// `now` the object as just read, where there is one to read. Gives the request as it is then.
    ///
    /// # Errors
    /// `confirmation_invalid` for a request that is unknown or has expired.
    pub async fn agree_on_page(
        &self,
        request: &str,
        seen: &str,
        now: Option<&Preview>,
        person: &str,
        note: Option<&str>,
    ) -> Result<Approval> {
        match now {
            Some(now) if now.object_hash != seen => {
                self.store.page_object_changed(request, seen, &now.object_hash, &now.to_page_json()).await?;
            }
            _ => drop(self.store.agree_on_page(request, seen, person, note).await?),
        }
        let found = self.store.page_request(request).await?;
        found.ok_or_else(|| Error::new(Code::ConfirmationInvalid, UNKNOWN_REQUEST))
    }

    /// The preview of a change as it would be shown now.
    ///
    /// # Errors
    /// `too_large` if the arguments are too large for a preview.
    pub fn preview_now(&self, invocation: &Invocation, subject: super::Subject) -> Result<Preview> {
        self.preview(invocation, subject)
    }
}

/// Whether a request is about an existing object, which can change until a person agrees.
pub fn is_about_object(asked: &NewApproval) -> bool {
    asked.object_hash != super::approval::hash(&Value::Null)
}

/// The problem of a token that stands for nothing that can run.
const UNKNOWN: &str = "This confirmationToken is unknown, used or expired.";

/// The problem of a request that is not there.
const UNKNOWN_REQUEST: &str = "This request is unknown or has expired.";

/// Who made the call, as the page and the journal name them.
fn asker(context: &CallContext) -> Value {
    let Some(client) = &context.client else { return json!({}) };
    let mut asker = json!({"client": clean::line(&client.name, CLIENT_CHARS)});
    if let (Some(caller), Some(members)) = (&client.caller, asker.as_object_mut()) {
        members.insert("caller".to_owned(), clean::line(&caller.client, CLIENT_CHARS).into());
        let subject = caller.subject.as_ref().map(|subject| clean::line(subject, CLIENT_CHARS));
        members.extend(subject.map(|subject| ("subject".to_owned(), subject.into())));
    }
    asker
}

fn agreement(found: &Approval) -> Agreement {
    match &found.person {
        Some(person) => {
            let page = PageAgreement { person: person.clone(), note: found.note.clone() };
            Agreement::Page(Arc::new(page))
        }
        // By `highlevel-mcp approve`.
        None => Agreement::Human,
    }
}

/// The error for a request that a person declined. Their note is data for the model.
fn declined(found: &Approval) -> Error {
    let person = found.person.as_deref().unwrap_or("A person");
    let error = Error::new(Code::Declined, format!("{person} declined. Nothing was done."));
    match &found.note {
        Some(note) => error.with("note", note.as_str()),
        None => error,
    }
}
