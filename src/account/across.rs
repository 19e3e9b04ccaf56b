//! Questions over several accounts: query_crm, chart_crm and export_crm with `account: "all"` or a list.

use super::{ACCOUNT, Account, Answer, Export, Exported, call::name_account};
use crate::{
    answer,
    service::{AccountsWatcher, AllAccounts, NamedAccount, QueryResult, Question, picture},
    settings::Settings,
};
use highlevel_catalog::{Answer as Answered, OperationSpec, export::ExportCrm, insights::QueryCrm};
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
};
use serde_json::{Map, Value, json};

/// The most accounts that an answer names as left out.
const NAMED: usize = 20;

/// An account that a question is asked of, or why it cannot be asked.
pub type AskedAccount<'a> = (&'a str, Result<&'a Account>);

/// Something of an account, with the account's name.
type Named<'a, T> = (&'a str, T);

/// What questions over several accounts need, once for a process.
#[derive(Debug)]
pub struct AcrossAccounts {
    all: AllAccounts,
}

impl AcrossAccounts {
    /// Touches no file yet.
    ///
    /// # Errors
    /// `invalid_arguments` when there is no state directory.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { all: AllAccounts::new(settings.mirror_place()?, settings.program.clone()) })
    }

    /// Runs one call of query_crm, chart_crm or export_crm over these accounts, which `label` names in the answer. An account that
    /// cannot be asked is left out, and named in the answer's `missing`.
    ///
    /// # Errors
    /// As [`AllAccounts::ask`]; why the first account cannot be asked, if none can.
    pub async fn call(
        &self,
        asked: Vec<AskedAccount<'_>>,
        label: &str,
        spec: &'static OperationSpec,
        arguments: Map<String, Value>,
        context: &CallContext,
    ) -> Result<Answer> {
        let first = asked.iter().find_map(|(_, account)| account.as_ref().ok().copied());
        let run = self.checked_call(asked, label, spec, arguments, context);
        run.await.map_err(|mut error| {
            if let Some(first) = first {
                // The client knows every token of the process.
                error.message = first.client.scrub(&error.message).into_owned();
            }
            let max_answer = first.map_or(answer::DEFAULT_MAX_BYTES, |first| first.max_answer);
            answer::finish_error(error, max_answer).with(ACCOUNT, label)
        })
    }

    async fn checked_call(
        &self,
        asked: Vec<AskedAccount<'_>>,
        label: &str,
        spec: &'static OperationSpec,
        arguments: Map<String, Value>,
        context: &CallContext,
    ) -> Result<Answer> {
        let Askable { accounts, left_out } = Askable::of(asked, spec)?;
        let invocation = spec.parse(arguments)?;
        let (_, first) = accounts.first().ok_or_else(|| Error::invalid(ACCOUNT, "There is no account to ask."))?;
        let mut value = match invocation.read_as::<ExportCrm>() {
            Some(asked) => {
                let watcher = |read: usize, of: usize| context.report(&format!("reading accounts: {read} of {of}"));
                let export = Export::of_call(asked?, &first.folders.write);
                Value::Object(self.written(&accounts, export, context, &watcher).await?.into_json())
            }
            None => self.all.insight(&services(&accounts), &invocation, context).await?,
        };
        name_left_out(&mut value, &left_out);
        let mut value = answer::finish(&invocation, Answered::Object(value), first.max_answer);
        name_account(&mut value, label);
        let mut answer = first.clean(value)?;
        answer.image = picture(&invocation, &answer.value).await?;
        Ok(answer)
    }

    async fn written(
        &self,
        accounts: &[Named<'_, &Account>],
        export: Export,
        context: &CallContext,
        watcher: AccountsWatcher<'_>,
    ) -> Result<Exported> {
        let services = services(accounts);
        let services = &services;
        export.run(context, |question| async move { self.all.ask(services, &question, context, watcher).await }).await
    }

    /// Writes the rows of a question over these accounts into a file, as export_crm does.
    ///
    /// # Errors
    /// As [`AcrossAccounts::call`]; those of the file.
    pub async fn export(
        &self,
        asked: Vec<AskedAccount<'_>>,
        export: Export,
        context: &CallContext,
        watcher: AccountsWatcher<'_>,
    ) -> Result<Exported> {
        let spec = asked.iter().find_map(|(_, account)| account.as_ref().ok()?.catalog.get::<ExportCrm>().ok());
        let spec = spec.ok_or_else(|| Error::invalid(ACCOUNT, "There is no account to ask."))?;
        let Askable { accounts, left_out } = Askable::of(asked, spec)?;
        let mut exported = self.written(&accounts, export, context, watcher).await?;
        let mut status = Value::Object(std::mem::take(&mut exported.status));
        name_left_out(&mut status, &left_out);
        if let Value::Object(status) = status {
            exported.status = status;
        }
        Ok(exported)
    }

    /// Answers a question over these accounts, for callers that bound it themselves.
    ///
    /// # Errors
    /// As [`AcrossAccounts::call`].
    pub async fn ask(
        &self,
        asked: Vec<AskedAccount<'_>>,
        question: &Question,
        context: &CallContext,
        watcher: AccountsWatcher<'_>,
    ) -> Result<QueryResult> {
        let spec = asked.iter().find_map(|(_, account)| account.as_ref().ok()?.catalog.get::<QueryCrm>().ok());
        let spec = spec.ok_or_else(|| Error::invalid(ACCOUNT, "There is no account to ask."))?;
        let Askable { accounts, left_out } = Askable::of(asked, spec)?;
        let mut result = self.all.ask(&services(&accounts), question, context, watcher).await?;
        let mut status = Value::Object(std::mem::take(&mut result.status));
        name_left_out(&mut status, &left_out);
        if let Value::Object(status) = status {
            result.status = status;
        }
        Ok(result)
    }
}

fn services<'a>(accounts: &[Named<'a, &'a Account>]) -> Vec<NamedAccount<'a>> {
    accounts.iter().map(|(name, account)| (*name, &account.service)).collect()
}

/// The accounts that can be asked, and the others with the reason.
struct Askable<'a> {
    accounts: Vec<Named<'a, &'a Account>>,
    left_out: Vec<Named<'a, Error>>,
}

impl<'a> Askable<'a> {
    /// Leaves out the accounts that cannot be served and those whose policy denies this tool.
    ///
    /// # Errors
    /// The first reason, if there is no account left.
    fn of(asked: Vec<AskedAccount<'a>>, spec: &OperationSpec) -> Result<Self> {
        let (mut accounts, mut left_out) = (Vec::new(), Vec::new());
        for (name, account) in asked {
            match account.and_then(|account| account.guard.policy().allow(spec).map(|()| account)) {
                Ok(account) => accounts.push((name, account)),
                Err(error) => left_out.push((name, error)),
            }
        }
        match left_out.first() {
            Some((_, error)) if accounts.is_empty() => Err(error.clone()),
            _ => Ok(Self { accounts, left_out }),
        }
    }
}

/// Adds the accounts that were not asked to an answer's `missing` and to its note.
fn name_left_out(answer: &mut Value, left_out: &[Named<'_, Error>]) {
    let (Some(members), false) = (answer.as_object_mut(), left_out.is_empty()) else { return };
    members.insert("complete".to_owned(), false.into());
    let missing = members.entry("missing").or_insert_with(|| Value::Array(Vec::new()));
    if let Some(missing) = missing.as_array_mut() {
        let named = left_out.iter().take(NAMED);
        missing.extend(named.map(|(name, error)| json!({"account": name, "why": error.message})));
    }
    let note = format!("{} accounts cannot be asked, see missing.", left_out.len());
    highlevel_catalog::answer::add_note(members, &note);
}
