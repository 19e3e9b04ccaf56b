//! `chart`: draws the rows of a query as a PNG.

use super::{print, query, say};
use crate::{service::draw, settings::Settings};
use anyhow::Context;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use highlevel_chart::{Chart, ChartKind, Theme};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// More rows than any chart takes, so that the error of a chart with too many names its limit.
const MOST_ROWS: usize = 2000;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    question: query::QuestionArgs,
    /// How to draw the rows: the first column holds the labels, the others numbers
    #[arg(long, default_value = "bar", value_parser = kinds())]
    kind: ChartKind,
    /// A line above the chart
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What it is shown on
    #[arg(long, default_value = "light", value_parser = themes())]
    theme: Theme,
    /// Where to write the PNG; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

fn kinds() -> impl TypedValueParser<Value = ChartKind> {
    PossibleValuesParser::new(ChartKind::ALL.map(ChartKind::name)).try_map(|name| name.parse())
}

fn themes() -> impl TypedValueParser<Value = Theme> {
    PossibleValuesParser::new(Theme::ALL.map(Theme::name)).try_map(|name| name.parse())
}

pub(super) async fn run(settings: Settings, options: Options) -> anyhow::Result<ExitCode> {
    let asking = query::start_asking(settings).await?;
    let result = query::ask(&asking, options.question, MOST_ROWS).await;
    asking.started.runtime.leave().await;
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
