//! `chart`: the rows of a question as a PNG.

use super::{print, query, say, start::start};
use crate::{service::draw, settings::Settings};
use anyhow::Context;
use clap::Args;
use highlevel_chart::{Chart, Kind, Theme};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// More rows than a chart takes: the drawing says what the limit is.
const MOST_ROWS: usize = 2000;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    question: query::QuestionArgs,
    /// How to draw the rows: the first column holds the labels, the others numbers
    #[arg(long, value_enum, default_value = "bar")]
    kind: Kind,
    /// A line above the chart
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What it is shown on
    #[arg(long, value_enum, default_value = "light")]
    theme: Theme,
    /// Where to write the PNG; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let started = start(settings).await?;
    let result = query::ask(&started, options.question, MOST_ROWS).await;
    started.app.leave().await;
    let result = result?;
    let rows = result.rows.len();
    query::print_notes(&result);
    let chart = Chart {
        kind: options.kind,
        theme: options.theme,
        title: options.title,
        columns: result.columns,
        rows: result.rows,
    };
    let png = draw(chart).await?;
    if options.output.as_os_str() == "-" {
        std::io::stdout().write_all(&png)?;
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::write(&options.output, &png).with_context(|| format!("{} cannot be written", options.output.display()))?;
    print(&options.output.display().to_string())?;
    say(&format!("{rows} rows, {} KB", png.len().div_ceil(1000)));
    Ok(ExitCode::SUCCESS)
}
