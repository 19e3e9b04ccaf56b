//! `chart_crm`: draws the rows that a query answers with.

use highlevel_catalog::{
    Invocation,
    insights::{self, ChartCrm, Rows},
};
use highlevel_chart::{Chart, ChartError, ChartKind, Theme};
use highlevel_core::clean;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// The PNG of the rows in an answer, if its tool draws one.
///
/// # Errors
/// `invalid_arguments` if the rows cannot be drawn.
pub async fn picture(invocation: &Invocation, answer: &Value) -> Result<Option<Vec<u8>>> {
    let Some(asked) = invocation.read_as::<ChartCrm>() else { return Ok(None) };
    let asked = asked?;
    let rows: Rows = serde_json::from_value(answer.clone())
        .map_err(|fault| Error::new(Code::Internal, format!("The rows cannot be read: {fault}.")))?;
    let chart = Chart {
        kind: kind(asked.kind),
        theme: asked.theme.map(theme).unwrap_or_default(),
        title: asked.title,
        columns: rows.columns,
        rows: rows.rows,
    };
    draw(chart).await.map(Some)
}

/// Draws a chart without the invisible characters of its texts. Drawing takes tens of milliseconds, so it runs on a
/// blocking thread.
///
/// # Errors
/// `invalid_arguments` if the rows cannot be drawn, with `sql` or `kind` as the field.
pub async fn draw(mut chart: Chart) -> Result<Vec<u8>> {
    let drawn = tokio::task::spawn_blocking(move || {
        clean_texts(&mut chart);
        chart.png()
    });
    match drawn.await {
        Ok(png) => png.map_err(caller_error),
        Err(fault) => Err(Error::new(Code::Internal, format!("The chart could not be drawn: {fault}."))),
    }
}

fn clean_texts(chart: &mut Chart) {
    for text in chart.title.iter_mut().chain(&mut chart.columns) {
        *text = clean::text(text).0.into_owned();
    }
    for cell in chart.rows.iter_mut().flatten() {
        clean::value(cell);
    }
}

/// The error as the caller of the tool sees it, with the argument to change.
fn caller_error(error: ChartError) -> Error {
    match error {
        ChartError::Table(message) => Error::invalid("sql", message),
        ChartError::Kind(message) => Error::invalid("kind", message),
        error => Error::new(Code::Internal, error.to_string()),
    }
}

fn kind(asked: insights::ChartKind) -> ChartKind {
    match asked {
        insights::ChartKind::Bar => ChartKind::Bar,
        insights::ChartKind::Line => ChartKind::Line,
        insights::ChartKind::Pie => ChartKind::Pie,
        insights::ChartKind::Funnel => ChartKind::Funnel,
    }
}

fn theme(asked: insights::ChartTheme) -> Theme {
    match asked {
        insights::ChartTheme::Light => Theme::Light,
        insights::ChartTheme::Dark => Theme::Dark,
    }
}
