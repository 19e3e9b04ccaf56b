//! `export`: writes all rows of a SELECT, or of a table, into a file.

use super::{
    print_json,
    progress::ProgressReport,
    query::{QuestionArgs, print_status, start_asking},
    say,
};
use crate::{
    account::{Export, ExportTarget, Exported},
    service::WaitPolicy,
    settings::Settings,
};
use anyhow::Context;
use clap::Args;
use highlevel_core::{clean, context::CallContext};
use serde_json::Value;
use std::{
    path::{Path, PathBuf, absolute},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

/// The quota can make the first reading of a large account take hours.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// The interval of progress lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    question: QuestionArgs,
    /// The file; its ending says the format: .csv, .tsv, .xlsx or .jsonl
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace a file that exists
    #[arg(long)]
    overwrite: bool,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let path = absolute(&options.file).context("the file's path cannot be used")?;
    check_folder(&path)?;
    let question = options.question.read()?;
    let wait = if question.allow_partial == Some(true) { WaitPolicy::SmallTables } else { WaitPolicy::Unbounded };
    let export = Export { question, wait, target: ExportTarget::At { path, replaces: options.overwrite } };
    let asking = start_asking(settings).await?;
    let report = ProgressReport::default();
    let context = CallContext::new(TIMEOUT).reporting_to(lines());
    let exported = if asking.is_across {
        let runtime = &asking.started.runtime;
        let watcher = |read: usize, of: usize| say(&format!("reading accounts: {read} of {of}"));
        runtime.across().export(runtime.accounts().for_question(None)?, export, &context, &watcher).await
    } else {
        match asking.started.account() {
            Ok(account) => {
                let watcher = |table, progress: &_| report.update(account, table, progress);
                account.export(export, &context, &watcher).await
            }
            Err(error) => Err(error),
        }
    };
    report.clear();
    asking.started.runtime.leave().await;
    tell(exported?)
}

/// Prints what was written: words for a person on stderr, one line of JSON on stdout.
fn tell(exported: Exported) -> anyhow::Result<ExitCode> {
    say(&format!("{} rows, {} columns: {}", exported.written.rows, exported.columns.len(), exported.path.display()));
    let mut answer = exported.into_json();
    print_status(&answer);
    let mut value = Value::Object(std::mem::take(&mut answer));
    clean::value(&mut value);
    print_json(&value.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a folder that is not there, before anything is read.
fn check_folder(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(folder) if !folder.is_dir() => anyhow::bail!("there is no folder {}", folder.display()),
        _ => Ok(()),
    }
}

/// Prints a progress line every few seconds.
fn lines() -> impl Fn(&str) + Send + Sync + 'static {
    let last = Mutex::new(Instant::now());
    move |message| {
        let Ok(mut last) = last.lock() else { return };
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            say(message);
        }
    }
}
