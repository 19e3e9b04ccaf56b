//! `tools`: lists the tools for a person, or as JSON.

use super::{print, print_json};
use crate::{
    api::{self, Api},
    mcp::{tool, tools},
    runtime::Runtime,
    settings::Settings,
};
use clap::Args;
use highlevel_catalog::{Catalog, OperationSpec};
use highlevel_core::suggest::did_you_mean;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Show this tool in full
    tool: Option<String>,
    /// Print the tools as MCP lists them
    #[arg(long)]
    json: bool,
    /// Show each tool's requests in both of HighLevel's APIs
    #[arg(long, conflicts_with = "json")]
    apis: bool,
}

pub(super) async fn run(mut settings: Settings, options: &Options) -> anyhow::Result<ExitCode> {
    if options.apis {
        for [tool, session, official] in apis() {
            print(&format!("{tool:22} {session:28} {official}"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if settings.sandbox {
        settings.resolve_api().await?;
    }
    let runtime = Runtime::start(&settings).await?;
    if options.json && options.tool.is_none() {
        print_json(&serde_json::to_string_pretty(&tools(runtime.accounts()))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let account = runtime.accounts().any()?;
    if let Some(name) = &options.tool {
        let entry = account.catalog().find(name).map_or_else(|| named(name), Ok)?;
        let names_account = runtime.accounts().are_several().then(|| runtime.accounts().default_name().is_some());
        let shown = tool(entry, account.confirms(entry), account.max_answer(), names_account);
        print_json(&serde_json::to_string_pretty(&shown)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let entries: Vec<&'static OperationSpec> = account.listed_tools().collect();
    let mut toolset = None;
    for entry in entries {
        if toolset.replace(entry.toolset) != Some(entry.toolset) {
            print(&format!("\n{:?}", entry.toolset))?;
        }
        let mark = if account.confirms(entry) { "  (asks a person)" } else { "" };
        print(&format!("  {:22} {}{mark}", entry.name, entry.build_schemas().description))?;
    }
    let more = account.tools().count() - account.listed_tools().count();
    if more > 0 {
        print(&format!("\n{more} more tools for rare jobs can be called, too: `--toolsets all` lists them."))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The name of each tool with its requests in the session API and in the official API, in the catalogue's order. Tools that
/// send none of their own are left out.
pub fn apis() -> impl Iterator<Item = [String; 3]> {
    let requests = |api: Api, name: &str| {
        let place = api::catalog(api).find(name).and_then(OperationSpec::endpoint_text);
        place.unwrap_or_else(|| "none".to_owned())
    };
    let remote = Catalog::declared().iter().filter(|spec| !spec.is_local() && !spec.is_about_jobs());
    remote.map(move |spec| {
        [spec.name.to_string(), requests(Api::Session, &spec.name), requests(Api::Official, &spec.name)]
    })
}

/// The tool of this name.
///
/// # Errors
/// `invalid_arguments` with the most similar name.
pub(super) fn named(name: &str) -> Result<&'static OperationSpec, highlevel_core::error::Error> {
    Catalog::declared().find(name).ok_or_else(|| {
        let hint = did_you_mean(name, Catalog::declared().names());
        highlevel_core::error::Error::invalid(
            "tool",
            format!("There is no tool {name}.{hint} `highlevel-mcp tools` lists all tools."),
        )
    })
}
