//! `doctor`: checks the setup, and says for each problem what to do next.

mod scopes;

use super::{
    accounts::{Checked, check_all},
    auth::time_left,
    login, print,
    start::start,
};
use crate::{account::Account, api::Api, runtime::Runtime, settings::Settings};
use chrono::Utc;
use clap::Args;
use highlevel_catalog::{Catalog, locations::GetDefaultLocation, users::GetCurrentUser};
use highlevel_core::error::{Code, Error};
use highlevel_store::{Missing, Store};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Check only what needs no request
    #[arg(long)]
    offline: bool,
    /// List the scopes that operations need, and which of them the credential has. Asks one harmless read for each that
    /// only a request shows
    #[arg(long, conflicts_with = "offline")]
    scopes: bool,
    /// Print the scopes as JSON
    #[arg(long, requires = "scopes")]
    json: bool,
}

/// The result of one check.
enum Finding {
    Good(String),
    Bad { what: String, next: String },
}

pub(super) async fn run(settings: Settings, options: &Options) -> anyhow::Result<ExitCode> {
    if options.scopes {
        let started = start(settings).await?;
        let listed = scopes::run(started.account()?, options.json).await;
        started.runtime.leave().await;
        return listed;
    }
    let started = match start(settings.clone()).await {
        Ok(started) => started,
        Err(error) => {
            let next = "correct that setting; `highlevel-mcp --help` describes all settings".to_owned();
            report("settings", &Finding::Bad { what: format!("{error:#}"), next })?;
            return Ok(ExitCode::FAILURE);
        }
    };
    if started.runtime.accounts().are_several() {
        return several(&started.runtime, options.offline).await;
    }
    let account = started.account()?;
    let mut all_good = report("settings", &settings_in_use(account, &settings))?;
    all_good &= report("state", &state(started.runtime.store()).await)?;
    let has_token = report("credential", &credential(account).await)?;
    all_good &= has_token;
    if has_token && !options.offline {
        // The later checks need an API that can be reached.
        let is_reached = report("network", &network(account).await)?;
        all_good &= is_reached;
        if is_reached {
            all_good &= report("location", &location(account, &settings).await)?;
            for finding in access(account).await {
                all_good &= report("access", &finding)?;
            }
            all_good &= report("quota", &quota(account))?;
        }
    }
    started.runtime.leave().await;
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a finding. Returns whether it is good.
fn report(topic: &str, finding: &Finding) -> anyhow::Result<bool> {
    match finding {
        Finding::Good(what) => print(&format!("ok    {topic:12} {what}"))?,
        Finding::Bad { what, next } => {
            print(&format!("WRONG {topic:12} {what}\n      {:12} Next: {next}", ""))?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Checks what several accounts share, and each of them with one request.
async fn several(runtime: &Runtime, offline: bool) -> anyhow::Result<ExitCode> {
    let members = runtime.accounts().members();
    let default = runtime.accounts().default_name().map_or_else(String::new, |name| format!(", default \"{name}\""));
    let mut all_good = report("settings", &Finding::Good(format!("{} accounts{default}", members.len())))?;
    all_good &= report("state", &state(runtime.store()).await)?;
    if !offline {
        for Checked { name, location, found } in check_all(runtime).await {
            let finding = match found {
                Ok(what) => Finding::Good(format!("{name}: {what}")),
                Err(what) => Finding::Bad {
                    what: format!("{name}: {what}"),
                    // The id, because a name may hold what a shell obeys.
                    next: format!("`highlevel-mcp --account {location} doctor` checks it in full"),
                },
            };
            all_good &= report("account", &finding)?;
        }
    }
    runtime.leave().await;
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings_in_use(account: &Account, settings: &Settings) -> Finding {
    let tools = account.tools().count();
    if tools == 0 {
        return Finding::Bad {
            what: "these settings exclude every tool".to_owned(),
            next: "relax --read-only, --toolsets, --tools or --exclude-tools".to_owned(),
        };
    }
    let guarded = account.tools().filter(|entry| account.confirms(entry)).count();
    let which = if settings.sandbox { "the embedded account" } else { "a live account" };
    let api = match account.api() {
        Api::Session => "the session API",
        Api::Official => "the official API",
    };
    let missing = Catalog::declared().names().filter(|name| account.catalog().find(name).is_none()).count();
    let missing = if missing > 0 {
        format!(" (not in this API: {missing}, see `highlevel-mcp tools --apis`)")
    } else {
        String::new()
    };
    Finding::Good(format!(
        "{which} over {api}, {tools} tools{missing}, confirmed by a person: {guarded}, at most {} s per call",
        settings.timeout
    ))
}

async fn state(store: &Store) -> Finding {
    match store.prune_approvals().await {
        Ok(_) => Finding::Good(format!("{}", store.dir().display())),
        Err(error) => Finding::Bad {
            what: with_causes(&error),
            next: "correct the directory's permissions, or choose another with --state-dir; without it refreshed tokens are lost when the server ends, and confirmations by token do not work".to_owned(),
        },
    }
}

async fn credential(account: &Account) -> Finding {
    let status = account.client().token_status().await;
    let next = "store a token with `highlevel-mcp auth set`, set GHL_TOKEN_ID, or log in with `highlevel-mcp auth login`; --sandbox needs none".to_owned();
    match (status.problem, status.present, status.expires_at) {
        (Some(problem), _, _) => Finding::Bad { what: problem.message, next },
        (None, false, _) => Finding::Bad { what: "There is no token.".to_owned(), next },
        (None, true, expires) => {
            let lifetime = match expires {
                Some(at) if at > Utc::now() => time_left(at - Utc::now()),
                Some(_) => "expired, the first call refreshes it".to_owned(),
                None => "lifetime unknown".to_owned(),
            };
            let login = status.login.as_ref().map_or_else(String::new, |login| format!("{} ", login::describe(login)));
            Finding::Good(format!("{login}from {}, {lifetime}", status.source.unwrap_or_default()))
        }
    }
}

async fn network(account: &Account) -> Finding {
    if account.api() == Api::Official {
        // A private integration token belongs to no user, so its location is read instead.
        return match account.run(&GetDefaultLocation {}).await {
            Ok(_) => Finding::Good("the official API answers".to_owned()),
            // The check of the location reports the missing scope.
            Err(error) if lacks_scope(&error) => Finding::Good("the official API answers".to_owned()),
            Err(error) => Finding::Bad { next: next_step(&error), what: with_causes(&error) },
        };
    }
    match account.run(&GetCurrentUser {}).await {
        Ok(user) => Finding::Good(format!("the API answers; you are {}", user.email.unwrap_or(user.id))),
        // Pinned to another location. The check of the location reports it.
        Err(error) if error.code == Code::PolicyDenied => Finding::Good("the API answers".to_owned()),
        Err(error) => Finding::Bad { next: next_step(&error), what: with_causes(&error) },
    }
}

async fn location(account: &Account, settings: &Settings) -> Finding {
    match account.run(&GetDefaultLocation {}).await {
        Ok(location) => {
            let is_pinned = settings.location_id.is_some() || account.api() == Api::Official;
            let pinned = if is_pinned {
                "the server is pinned to it"
            } else {
                "not pinned: set --location-id to refuse other locations"
            };
            Finding::Good(format!("{} ({}), {pinned}", location.name.unwrap_or_default(), location.id))
        }
        Err(error) => Finding::Bad { next: next_step(&error), what: with_causes(&error) },
    }
}

/// A finding for each list that cannot be read, with the scope that it needs.
async fn access(account: &Account) -> Vec<Finding> {
    let unreadable = account.unreadable().await;
    if unreadable.is_empty() {
        return vec![Finding::Good("every list can be read".to_owned())];
    }
    let finding = |missing: Missing| {
        let next = match &missing.scope {
            Some(scope) => format!("add the scope {scope} to the token, or hide its tools with --exclude-tools"),
            None => "try again; if the error remains, give the token access to it".to_owned(),
        };
        Finding::Bad { what: format!("{}: {}", missing.table, missing.why), next }
    };
    unreadable.into_iter().map(finding).collect()
}

/// The message, and what caused the failure below it.
fn with_causes(error: &Error) -> String {
    let causes: String = error.causes().iter().map(|cause| format!(" Caused by: {cause}")).collect();
    format!("{}{causes}", error.message)
}

fn lacks_scope(error: &Error) -> bool {
    error.details.contains_key("scope")
}

fn quota(account: &Account) -> Finding {
    let quota = account.client().quota();
    Finding::Good(format!(
        "{} of {} requests left in a window of {} s",
        quota.remaining,
        quota.limit,
        quota.window.as_secs()
    ))
}

fn next_step(error: &Error) -> String {
    match error.code {
        Code::Unauthorized => "log in to GoHighLevel again and store the new token with `highlevel-mcp auth set`, or with OAuth use `highlevel-mcp auth login`",
        Code::Forbidden => "use a credential with more rights",
        Code::UpstreamUnreachable | Code::Timeout => "check the network, a proxy, and --base-url",
        Code::RateLimited => "wait until the quota allows requests again",
        Code::PolicyDenied => "use a credential for this location, or change --location-id",
        _ => "try again; if the error remains, check --base-url and --api-version",
    }
    .to_owned()
}
