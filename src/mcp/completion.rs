//! Completion of what a person types for a prompt's argument, a resource's id, or an account.

use super::{
    prompts::{self, ArgumentKind},
    resources,
};
use crate::{
    account::{ACCOUNT, Account},
    runtime::Accounts,
};
use highlevel_core::error::{Error, Result};
use rmcp::model::{CompleteRequestParams, CompletionInfo, Reference};

/// The suggested numbers of days.
const DAYS: [&str; 5] = ["7", "14", "30", "60", "90"];

/// The values that match what is typed so far. Ids are found by the name of their object, accounts by a part of theirs.
/// `listed`: the generation of the accounts that the host knows.
///
/// # Errors
/// `invalid_arguments` for an unknown prompt, template or argument.
pub(super) async fn complete(
    accounts: &Accounts,
    listed: Option<u64>,
    request: &CompleteRequestParams,
) -> Result<CompletionInfo> {
    let (reference, argument) = (&request.r#ref, &request.argument);
    let typed = &argument.value;
    if accounts.are_several() && argument.name == ACCOUNT {
        let like = accounts.like(typed);
        // A location's id needs no encoding in a URI.
        let values = match reference {
            Reference::Resource(_) => like.map(|member| member.entry.location.clone()).collect(),
            _ => like.map(|member| member.entry.name.clone()).collect(),
        };
        return Ok(info(values));
    }
    let chosen = request.context.as_ref().and_then(|context| context.get_argument(ACCOUNT));
    let account = match accounts.for_read(chosen.map(String::as_str)) {
        Ok(account) => account,
        // Who has not chosen an account yet gets no ids.
        Err(_) if accounts.are_several() => return Ok(info(Vec::new())),
        Err(error) => return Err(error),
    };
    accounts.check_listed(account, listed)?;
    let values = match argument_kind(account, reference, &argument.name)? {
        ArgumentKind::Days => DAYS.iter().filter(|days| days.starts_with(typed)).map(ToString::to_string).collect(),
        ArgumentKind::Id(table) => account.ids_by_name(table, typed).await,
    };
    Ok(info(values))
}

pub(super) fn info(mut values: Vec<String>) -> CompletionInfo {
    values.truncate(CompletionInfo::MAX_VALUES);
    CompletionInfo::new(values).unwrap_or_default()
}

fn argument_kind(account: &Account, reference: &Reference, argument: &str) -> Result<ArgumentKind> {
    let found = match reference {
        Reference::Prompt(prompt) => {
            let mut arguments = prompts::find(account, &prompt.name)?.arguments.iter();
            arguments.find(|one| one.name == argument).map(|one| one.kind)
        }
        Reference::Resource(template) => {
            let is_named = |resource: &resources::ObjectResource| {
                resource.uri() == template.uri || account.label().is_some() && resource.uri_in_account() == template.uri
            };
            let resource = resources::listed(account).find(is_named);
            let resource = resource.ok_or_else(|| Error::invalid("uri", "There is no such resource template."))?;
            resource.table().filter(|_| argument == "id").map(ArgumentKind::Id)
        }
        _ => None,
    };
    found.ok_or_else(|| Error::invalid("argument", "There is no such argument here."))
}
