//! `query`: one SELECT over the mirror, as a table, CSV or JSON.

use super::{
    print, print_json, say, spreadsheet,
    start::{Started, start},
    watch::Watch,
};
use crate::{
    service::{QueryResult, Question, Wait},
    settings::Settings,
};
use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use highlevel_core::clean;
use highlevel_core::context::CallContext;
use serde_json::{Map, Value, json};
use std::{
    io::{IsTerminal, Read},
    process::ExitCode,
    time::Duration,
};

/// Reading a large account for the first time takes as long as the quota makes it.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// About the most bytes that a result may take in memory.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// What `query` and `chart` ask.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// One SQLite SELECT; `-` reads it from stdin
    #[arg(value_name = "SQL")]
    sql: String,
    /// A value for a `?` in the statement; may be repeated
    #[arg(long = "param", value_name = "TEXT", allow_hyphen_values = true)]
    params: Vec<String>,
    /// Read tables anew that are older than this
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// Answer from what is there of a table that was never read in full
    #[arg(long)]
    allow_partial: bool,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    asked: Asked,
    /// How to print the rows
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The most rows
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: usize,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    let result = ask(&started, options.asked, options.limit).await;
    started.app.leave().await;
    let result = result?;
    match options.format {
        Format::Table => table(&result)?,
        Format::Csv => spreadsheet::write(&result)?,
        Format::Json => {
            let mut answer = Map::new();
            answer.insert("columns".into(), result.columns.clone().into());
            answer.insert("rows".into(), result.rows.clone().into());
            answer.extend(result.standing.clone());
            print_json(&serde_json::to_string_pretty(&answer)?)?;
        }
    }
    if options.format != Format::Json {
        remarks(&result);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the mirror, with a progress bar while a table has to be read first.
pub(super) async fn ask(started: &Started, asked: Asked, most_rows: usize) -> anyhow::Result<QueryResult> {
    let sql = match asked.sql.as_str() {
        "-" => {
            let mut sql = String::new();
            std::io::stdin().read_to_string(&mut sql).context("stdin cannot be read")?;
            sql
        }
        _ => asked.sql,
    };
    let question = Question {
        sql,
        params: asked.params,
        max_age: asked.max_age.map(Duration::from_secs),
        wait: if asked.allow_partial { Wait::ForFew } else { Wait::ForAll },
        allow_partial: asked.allow_partial,
        most_rows,
        most_bytes: MOST_BYTES,
    };
    let watch = Watch::default();
    let context = CallContext::new(PATIENCE);
    let mut result = started.app.ask(&question, &context, &|table, progress| watch.tell(table, progress)).await?;
    watch.clear();
    // A terminal obeys what a stranger wrote into a form.
    let mut rows = json!(std::mem::take(&mut result.rows));
    clean::value(&mut rows);
    result.rows = serde_json::from_value(rows)?;
    Ok(result)
}

/// A cell as text; nothing for null.
pub(super) fn text(value: &Value) -> String {
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
            let cell = Cell::new(text(value));
            if value.is_number() { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
    }
    print(&table.to_string())
}

/// What is said of the rows, beside them.
pub(super) fn remarks(result: &QueryResult) {
    for (table, at) in result.standing.get("asOf").and_then(Value::as_object).into_iter().flatten() {
        say(&format!("{table}: {}", at.as_str().map_or("not read in full".to_owned(), |at| format!("as of {at}"))));
    }
    for missing in result.standing.get("missing").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| missing.get(name).and_then(Value::as_str).unwrap_or_default();
        let scope = missing.get("scope").map_or(String::new(), |_| format!(" (scope {})", text("scope")));
        say(&format!("{}{scope}: {}", text("table"), text("why")));
    }
    if let Some(note) = result.standing.get("note").and_then(Value::as_str) {
        say(note);
    }
}
