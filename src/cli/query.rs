//! `query`: runs one SELECT over the mirror and prints the rows as a table, CSV or JSON.

use super::{
    print, print_json,
    progress::ProgressReport,
    say,
    start::{Started, start},
};
use crate::{
    service::{PartialTables, QueryResult, Question, WaitPolicy},
    settings::Settings,
};
use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use highlevel_catalog::insights::QueryCrm;
use highlevel_core::clean;
use highlevel_core::context::CallContext;
use highlevel_tabular::{self as tabular, WriteOptions, Writer};
use serde_json::{Map, Value, json};
use std::{
    io::{IsTerminal, Read},
    process::ExitCode,
    time::Duration,
};

/// The quota can make the first reading of a large account take hours.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// Roughly the most memory that a result may take.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// CSV for spreadsheets.
    Csv,
    /// JSON for programs.
    Json,
}

/// The question, which `chart` takes as well.
#[derive(Debug, Args)]
pub(super) struct QuestionArgs {
    /// One SELECT in SQLite's dialect, or - to read it from stdin
    #[arg(value_name = "SQL")]
    sql: String,
    /// A value for the next `?` of the statement. May be repeated
    #[arg(long = "param", value_name = "TEXT", allow_hyphen_values = true)]
    params: Vec<String>,
    /// Read tables again that are older than this
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// Also answer from tables that were never read in full
    #[arg(long)]
    allow_partial: bool,
}

impl QuestionArgs {
    fn sql(&self) -> anyhow::Result<String> {
        if self.sql != "-" {
            return Ok(self.sql.clone());
        }
        let mut sql = String::new();
        std::io::stdin().read_to_string(&mut sql).context("cannot read the statement from stdin")?;
        Ok(sql)
    }

    /// The question as the tools take it.
    pub(super) fn read(self) -> anyhow::Result<QueryCrm> {
        let sql = self.sql()?;
        Ok(QueryCrm {
            sql,
            params: Some(self.params).filter(|params| !params.is_empty()),
            max_age: self.max_age,
            allow_partial: self.allow_partial.then_some(true),
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    question: QuestionArgs,
    /// How to print the rows
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Maximum number of rows
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: usize,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let asking = start_asking(settings).await?;
    let result = ask(&asking, options.question, options.limit).await;
    asking.started.runtime.leave().await;
    let result = result?;
    match options.format {
        Format::Table => table(&result)?,
        Format::Csv => csv(&result)?,
        Format::Json => {
            let mut answer = Map::new();
            answer.insert("columns".into(), result.columns.clone().into());
            answer.insert("rows".into(), result.rows.clone().into());
            answer.extend(result.status.clone());
            print_json(&serde_json::to_string_pretty(&answer)?)?;
        }
    }
    if options.format != Format::Json {
        print_notes(&result);
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts, with the accounts that `--account` chooses asked together if there are several.
pub(super) async fn start_asking(settings: Settings) -> anyhow::Result<Asking> {
    let is_across = !settings.accounts.is_empty();
    let started = start(settings).await?;
    let is_across = is_across && started.runtime.accounts().are_several();
    Ok(Asking { started, is_across })
}

/// A process that asks a question.
pub(super) struct Asking {
    pub(super) started: Started,
    /// Whether all of its accounts are asked.
    pub(super) is_across: bool,
}

/// Asks the mirror, with progress bars while tables have to be read first.
pub(super) async fn ask(asking: &Asking, args: QuestionArgs, most_rows: usize) -> anyhow::Result<QueryResult> {
    let sql = args.sql()?;
    let question = Question {
        sql,
        params: args.params,
        max_age: args.max_age.map(Duration::from_secs),
        wait: if args.allow_partial { WaitPolicy::SmallTables } else { WaitPolicy::Unbounded },
        partial: if args.allow_partial { PartialTables::Used } else { PartialTables::Offered },
        most_rows,
        most_bytes: MAX_RESULT_BYTES,
        rows_to: None,
    };
    let report = ProgressReport::default();
    let context = CallContext::new(TIMEOUT);
    let mut result = if asking.is_across {
        let runtime = &asking.started.runtime;
        let watcher = |read: usize, of: usize| say(&format!("reading accounts: {read} of {of}"));
        runtime.across().ask(runtime.accounts().for_question(None)?, &question, &context, &watcher).await?
    } else {
        let account = asking.started.account()?;
        account.ask(&question, &context, &|table, progress| report.update(account, table, progress)).await?
    };
    report.clear();
    // The cells hold what strangers typed into forms, perhaps terminal escapes.
    let mut rows = json!(std::mem::take(&mut result.rows));
    clean::value(&mut rows);
    result.rows = serde_json::from_value(rows)?;
    Ok(result)
}

/// Prints the rows as CSV that is safe to open in a spreadsheet.
fn csv(result: &QueryResult) -> anyhow::Result<()> {
    let mut writer = Writer::new(std::io::stdout(), tabular::Format::Csv, &result.columns, &WriteOptions::default())?;
    for row in &result.rows {
        writer.write(row)?;
    }
    let changed = writer.finish()?.neutralised;
    if changed > 0 {
        say(&format!(
            "{changed} cells begin like a formula, so a ' was put in front of them. --format json prints them unchanged."
        ));
    }
    Ok(())
}

/// A cell as text; empty for null.
fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn table(result: &QueryResult) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(&result.columns);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in &result.rows {
        table.add_row(row.iter().map(|value| {
            let cell = Cell::new(cell_text(value));
            if value.is_number() { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
    }
    print(&table.to_string())
}

/// Prints how old the tables are, what is missing, and the answer's note.
pub(super) fn print_notes(result: &QueryResult) {
    print_status(&result.status);
}

/// The same of the members of an answer.
pub(super) fn print_status(status: &Map<String, Value>) {
    for (table, at) in status.get("asOf").and_then(Value::as_object).into_iter().flatten() {
        say(&format!("{table}: {}", at.as_str().map_or("not read in full".to_owned(), |at| format!("as of {at}"))));
    }
    for missing in status.get("missing").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| missing.get(name).and_then(Value::as_str).unwrap_or_default();
        let scope = missing.get("scope").map_or(String::new(), |_| format!(" (scope {})", text("scope")));
        say(&format!("{}{scope}: {}", text("table"), text("why")));
    }
    if let Some(note) = status.get("note").and_then(Value::as_str) {
        say(note);
    }
}
