//! Completion of what a person types for a prompt's argument or a resource's id.

use super::{
    prompts::{self, ArgumentKind},
    resources,
};
use crate::account::Account;
use highlevel_core::error::{Error, Result};
use rmcp::model::{ArgumentInfo, CompletionInfo, Reference};

/// The suggested numbers of days.
const DAYS: [&str; 5] = ["7", "14", "30", "60", "90"];

/// The values that match what is typed so far. Ids are found by the name of their object.
///
/// # Errors
/// `invalid_arguments` for an unknown prompt, template or argument.
pub(super) async fn complete(
    account: &Account,
    reference: &Reference,
    argument: &ArgumentInfo,
) -> Result<CompletionInfo> {
    let typed = &argument.value;
    let mut values = match argument_kind(account, reference, &argument.name)? {
        ArgumentKind::Days => DAYS.iter().filter(|days| days.starts_with(typed)).map(ToString::to_string).collect(),
        ArgumentKind::Id(table) => account.ids_by_name(table, typed).await,
    };
    values.truncate(CompletionInfo::MAX_VALUES);
    Ok(CompletionInfo::new(values).unwrap_or_default())
}

fn argument_kind(account: &Account, reference: &Reference, argument: &str) -> Result<ArgumentKind> {
    let found = match reference {
        Reference::Prompt(prompt) => {
            let mut arguments = prompts::find(account, &prompt.name)?.arguments.iter();
            arguments.find(|one| one.name == argument).map(|one| one.kind)
        }
        Reference::Resource(template) => {
            let resource = resources::listed(account).find(|resource| resource.uri() == template.uri);
            let resource = resource.ok_or_else(|| Error::invalid("uri", "There is no such resource template."))?;
            resource.table().filter(|_| argument == "id").map(ArgumentKind::Id)
        }
        _ => None,
    };
    found.ok_or_else(|| Error::invalid("argument", "There is no such argument here."))
}
