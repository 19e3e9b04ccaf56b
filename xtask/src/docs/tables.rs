//! The tables: tools, prompts and resources from their catalogues, settings from the command line's own definitions.

use super::blocks::table;
use clap::{Arg, ArgAction, Args, Command};
use highlevel_catalog::{Catalog, Condition, Effect, OperationSpec};
use highlevel_mcp::{
    api::{self, Api},
    cli,
    guard::Policy,
    mcp::{ArgumentPresence, PROMPTS, object_resources},
    settings::Settings,
};
use highlevel_operations::LocationProof;
use highlevel_sandbox::{FaultPlan, Manners};
use std::collections::BTreeSet;

/// Every tool, in the order in which hosts list them.
pub(super) fn tools() -> String {
    let policy = Policy::default();
    let session = Catalog::session();
    let row = |entry: &OperationSpec| {
        let effect = match entry.effect {
            Effect::Read => "reads",
            Effect::Create => "creates",
            Effect::Update => "updates",
            Effect::Publish => "publishes",
            Effect::Delete => "deletes",
            Effect::Send => "sends",
            Effect::Money => "moves money",
            Effect::Start => "starts",
            Effect::Access => "gives access",
        };
        [format!("`{}`", entry.name), entry.description().to_owned(), effect.to_owned(), asks(&policy, entry)]
    };
    let head = ["Tool", "What it does", "Effect", "Asks a person"];
    let here = table(head, session.iter().map(row));
    let official = api::catalog(Api::Official);
    let more: Vec<&OperationSpec> = official.iter().filter(|entry| session.find(&entry.name).is_none()).collect();
    let rare = official.iter().filter(|entry| !entry.listed).map(|entry| code(&entry.name));
    let rare = rare.collect::<Vec<_>>().join(", ");
    format!(
        "{} tools with the session API:\n\n{here}\nWith `--api official` these, too:\n\n{}\nWith `--api official` these are \
         called as any other, and listed only with `--toolsets all` or their group: {rare}.\n",
        session.iter().count(),
        table(head, more.into_iter().map(row))
    )
}

/// How many operations have each effect, and how many may have another one by a rule.
pub(super) fn effects() -> String {
    let all = highlevel_operations::all();
    let rows = [
        (Effect::Read, "changes nothing", "no"),
        (Effect::Create, "adds an object", "no"),
        (Effect::Update, "changes an object", "no"),
        (Effect::Delete, "removes an object for good", "yes"),
        (Effect::Publish, "makes something public", "yes"),
        (Effect::Send, "reaches a person: a message, an e-mail, an invoice", "yes"),
        (Effect::Money, "charges, refunds, records or buys", "yes"),
        (Effect::Start, "makes a workflow, a campaign or a bot act", "yes"),
        (Effect::Access, "users, keys, sub-accounts, apps, phone numbers", "yes"),
    ];
    let rows = rows.map(|(effect, meaning, asks)| {
        let own = all.iter().filter(|operation| operation.effect == effect);
        let by_rule = all.iter().filter(|operation| {
            operation.effect != effect && operation.effect_rules.iter().any(|rule| rule.effect == effect)
        });
        [
            effect.as_str().to_owned(),
            meaning.to_owned(),
            own.count().to_string(),
            by_rule.count().to_string(),
            asks.to_owned(),
        ]
    });
    let many = all.iter().filter(|operation| operation.touches != highlevel_catalog::Touches::One).count();
    let table = table(["Effect", "What it does", "Operations", "More by their arguments", "Asks a person"], rows);
    format!("{} operations:\n\n{table}\n{many} of them may touch several objects at once.\n", all.len())
}

/// What shows the location of operations, and how many are refused for it.
pub(super) fn locations() -> anyhow::Result<String> {
    let all = highlevel_operations::all().iter();
    let proofs: Vec<_> = all
        .map(|operation| operation.location_proof().map(|proof| (operation.name, proof)))
        .collect::<Result<_, _>>()?;
    let named = |wanted: LocationProof| {
        let names = proofs.iter().filter(|(_, proof)| *proof == wanted).map(|(name, _)| code(name));
        names.collect::<Vec<_>>()
    };
    let rows = [
        (LocationProof::Argument, "an argument", "in the location that is filled in"),
        (
            LocationProof::Answer,
            "an answer: its own, that of a read, or that of a list",
            "if the answer shows the location",
        ),
        (LocationProof::Agency, "nothing: it works on an agency", "refused"),
        (
            LocationProof::Nothing,
            "nothing in HighLevel's files",
            "refused, unless an answer shows the location after all",
        ),
    ];
    let rows = rows.map(|(proof, shown, runs)| [shown.to_owned(), named(proof).len().to_string(), runs.to_owned()]);
    let table = table(["What shows the location", "Operations", "With a location pinned"], rows);
    let nothing = named(LocationProof::Nothing);
    Ok(format!("{table}\nNothing shows the location of these {}: {}.\n", nothing.len(), nothing.join(", ")))
}

/// When a person has to agree: to every call, or to those with certain arguments.
fn asks(policy: &Policy, entry: &OperationSpec) -> String {
    if entry.effect.is_guarded() || !policy.confirms(entry) {
        return if policy.confirms(entry) { "yes".to_owned() } else { String::new() };
    }
    let cases = entry.effect_rules.iter().map(|rule| match &rule.when {
        Condition::Always => "yes".to_owned(),
        when => when.in_words(code),
    });
    cases.collect::<Vec<_>>().join(", ")
}

/// What each of HighLevel's APIs has of the tools.
pub(super) fn apis() -> String {
    let rows = cli::apis().map(|[tool, session, official]| [code(&tool), session, official]);
    table(["Tool", "Session", "Official"], rows)
}

/// The scopes that the official API's tools need, by group.
pub(super) fn scopes() -> String {
    let mut groups: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for spec in api::catalog(Api::Official).iter().filter(|spec| !spec.scopes.is_empty()) {
        let name = format!("{:?}", spec.toolset).to_lowercase();
        let scopes = spec.scopes.iter().map(AsRef::as_ref);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(scopes),
            None => groups.push((name, scopes.collect())),
        }
    }
    let rows = groups
        .into_iter()
        .map(|(name, scopes)| [code(&name), scopes.into_iter().map(code).collect::<Vec<_>>().join(", ")]);
    table(["Tools", "Scopes"], rows)
}

/// Every prompt, with its arguments.
pub(super) fn prompts() -> String {
    let rows = PROMPTS.iter().map(|prompt| {
        let arguments = prompt.arguments.iter().map(|argument| {
            let required = if matches!(argument.presence, ArgumentPresence::Required) { " (required)" } else { "" };
            format!("`{}`{required}: {}", argument.name, argument.description)
        });
        let arguments = arguments.collect::<Vec<_>>().join("; ");
        let tools = prompt.tools().map(code).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        [code(prompt.name), prompt.description.to_owned(), arguments, tools.join(", ")]
    });
    table(["Prompt", "What it gives", "Arguments", "Tools"], rows)
}

/// Every resource and template, with the tool that reads it.
pub(super) fn resources() -> String {
    let rows =
        object_resources(Catalog::declared().iter()).map(|resource| [code(&resource.uri()), code(&resource.spec.name)]);
    table(["URI", "Read by"], rows)
}

/// All settings, a table for each group.
pub(super) fn settings_by_heading() -> String {
    let command = settings_command();
    let mut headings: Vec<&str> = command.get_arguments().map(heading).collect();
    headings.dedup();
    let section = |name: &&str| {
        let arguments = command.get_arguments().filter(|arg| heading(arg) == *name);
        format!("## {name}\n\n{}", rows_of(arguments))
    };
    headings.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// What `highlevel-mcp sandbox` takes beside the settings.
pub(super) fn sandbox_flags() -> String {
    let command = cli::command();
    rows_of(command.find_subcommand("sandbox").into_iter().flat_map(Command::get_arguments))
}

/// The words of a fault plan.
pub(super) fn faults() -> String {
    format!("```text\n{}\n```\n", FaultPlan::HELP)
}

/// The words of manners.
pub(super) fn manners() -> String {
    format!("```text\n{}\n```\n", Manners::HELP)
}

/// The settings alone, and without a look at this machine's environment.
fn settings_command() -> Command {
    Settings::augment_args(Command::new("highlevel-mcp"))
}

fn heading(arg: &Arg) -> &str {
    arg.get_help_heading().unwrap_or_default()
}

fn rows_of<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    table(["Flag", "Environment", "Default", "What it does"], arguments.map(row))
}

fn row(arg: &Arg) -> [String; 4] {
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let flag = arg.get_long().unwrap_or_default();
    let value = arg.get_value_names().and_then(|names| names.first()).map(|name| format!(" {name}"));
    let flag = format!("`--{flag}{}`", value.filter(|_| !is_switch).unwrap_or_default());
    let variables: Vec<String> = match arg.get_env() {
        Some(name) => vec![code(&name.to_string_lossy())],
        // A variable that is read by hand is named by the help alone.
        None => help.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(is_variable).map(code).collect(),
    };
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| code(&value.to_string_lossy())).collect();
    let default = match defaults.as_slice() {
        _ if is_switch => "off".to_owned(),
        // An empty text is no default that a reader could use.
        all => all.iter().filter(|text| *text != "``").cloned().collect::<Vec<_>>().join(", "),
    };
    let choices: Vec<String> = arg.get_possible_values().iter().map(|choice| code(choice.get_name())).collect();
    let choices = if is_switch || choices.is_empty() || arg.is_hide_possible_values_set() {
        String::new()
    } else {
        format!(": {}", choices.join(", "))
    };
    [flag, variables.join(", "), default, format!("{help}{choices}.")]
}

fn is_variable(word: &&str) -> bool {
    word.starts_with("GHL_")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
