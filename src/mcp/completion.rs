//! Completion of what a person types for a prompt's argument or a resource's id.

use super::prompts::{Argument, Kind};
use crate::app::App;
use highlevel_core::error::{Error, Result};
use rmcp::model::{ArgumentInfo, CompletionInfo, Reference};

/// The times that people ask for.
const DAYS: [&str; 5] = ["7", "14", "30", "60", "90"];

/// The values that fit what was typed so far. Ids are found by the object's name.
///
/// # Errors
/// `invalid_arguments` for a prompt, template or argument that is not there.
pub(super) async fn complete(app: &App, reference: &Reference, argument: &ArgumentInfo) -> Result<CompletionInfo> {
    let mut values = match kind(app, reference, &argument.name)? {
        Kind::Days => DAYS.iter().filter(|days| days.starts_with(&argument.value)).map(ToString::to_string).collect(),
        Kind::Id(table) => app.ids_by_name(table, &argument.value).await,
    };
    values.truncate(CompletionInfo::MAX_VALUES);
    Ok(CompletionInfo::new(values).unwrap_or_default())
}

fn kind(app: &App, reference: &Reference, argument: &str) -> Result<Kind> {
    let found = match reference {
        Reference::Prompt(prompt) => {
            let is_it = |one: &&Argument| one.name == argument;
            super::prompts::find(app, &prompt.name)?.arguments.iter().find(is_it).map(|one| one.kind)
        }
        Reference::Resource(template) => {
            let mut places = super::resources::of(app);
            let place = places.find(|place| place.uri() == template.uri);
            let place = place.ok_or_else(|| Error::invalid("uri", "There is no such resource template."))?;
            place.completes().filter(|_| argument == "id").map(Kind::Id)
        }
        _ => None,
    };
    found.ok_or_else(|| Error::invalid("argument", "There is no such argument here."))
}
