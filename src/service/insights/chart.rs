//! `chart_crm`: a question whose answer is drawn.

use highlevel_catalog::{
    Invocation,
    insights::{ChartCrm, Rows},
};
use highlevel_chart::Chart;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// The picture of an answer, if its tool gives one: a PNG of exactly the rows that the answer shows.
///
/// # Errors
/// `invalid_arguments` for rows that cannot be drawn so.
pub async fn picture(invocation: &Invocation, answer: &Value) -> Result<Option<Vec<u8>>> {
    let Some(asked) = invocation.read_as::<ChartCrm>() else { return Ok(None) };
    let asked = asked?;
    let rows: Rows = serde_json::from_value(answer.clone())
        .map_err(|fault| Error::new(Code::Internal, format!("The rows cannot be read: {fault}.")))?;
    let chart = Chart {
        kind: asked.kind,
        theme: asked.theme.unwrap_or_default(),
        title: asked.title,
        columns: rows.columns,
        rows: rows.rows,
    };
    draw(chart).await.map(Some)
}

/// Draws away from the runtime's thread: it takes tens of milliseconds.
///
/// # Errors
/// `invalid_arguments` for rows that cannot be drawn so.
pub async fn draw(chart: Chart) -> Result<Vec<u8>> {
    tokio::task::spawn_blocking(move || chart.png())
        .await
        .unwrap_or_else(|fault| Err(Error::new(Code::Internal, format!("The chart could not be drawn: {fault}."))))
}
