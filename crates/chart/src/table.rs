//! Validates a chart's table: labels, and series of numbers within the limits of a readable picture.

use super::{Chart, ChartError, ChartKind, Result};
use serde_json::Value;

const MAX_BARS: usize = 120;
const MAX_BAR_ROWS: usize = 40;
const MAX_STEPS: usize = 12;
/// About one point per pixel.
const MAX_POINTS: usize = 1000;
/// The number of distinct colors.
const MAX_SERIES: usize = 8;
/// Amounts and counts beyond this are mistakes; below it, sums and axes are exact.
const MAX_NUMBER: f64 = 1e15;
/// In characters. No chart has room for a longer text.
const MAX_TEXT: usize = 200;

/// A table that can be drawn.
#[derive(Debug)]
pub(super) struct Table {
    /// One label per row.
    pub(super) labels: Vec<String>,
    /// At least one series. A pie or a funnel has exactly one, without gaps.
    pub(super) series: Vec<Series>,
}

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    /// One value per row; `None` is a gap.
    pub(super) values: Vec<Option<f64>>,
}

impl Table {
    /// Reads a chart's table, or reports why it cannot be drawn.
    pub(super) fn read(chart: &Chart) -> Result<Self> {
        let columns = chart.columns.iter().enumerate().skip(1);
        let names: Vec<(usize, &String)> = match chart.kind {
            ChartKind::Bar | ChartKind::Line => columns.collect(),
            ChartKind::Pie | ChartKind::Funnel => columns.take(1).collect(),
        };
        if names.is_empty() {
            return Err(ChartError::Table(
                "A chart needs at least two columns: the first holds the labels, each other one numbers.".to_owned(),
            ));
        }
        limits(chart, names.len())?;
        let read = |(column, name): (usize, &String)| Series::read(chart, column, name);
        let labels = chart.rows.iter().map(|row| label(row.first())).collect();
        Ok(Self { labels, series: names.into_iter().map(read).collect::<Result<_>>()? })
    }

    /// All values of all series.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(|series| series.values.iter().copied().flatten())
    }
}

impl Series {
    fn read(chart: &Chart, column: usize, name: &str) -> Result<Self> {
        let share = matches!(chart.kind, ChartKind::Pie | ChartKind::Funnel);
        let mut values = Vec::with_capacity(chart.rows.len());
        for row in &chart.rows {
            let value = match row.get(column) {
                // SQL's sum over no rows is null. As a share it is zero, in a series of values it is a gap.
                None | Some(Value::Null) => share.then_some(0.0),
                Some(cell) => Some(number(cell).ok_or_else(|| not_a_number(name, cell, &label(row.first())))?),
            };
            if share && value.is_some_and(|value| value < 0.0) {
                let (kind, row) = (chart.kind.name(), label(row.first()));
                return Err(ChartError::Kind(format!(
                    "A {kind} cannot show the negative value at `{row}`. A bar or a line can."
                )));
            }
            values.push(value);
        }
        Ok(Self { name: one_line(name), values })
    }
}

/// Refuses a table with more rows or series than a chart of its kind can show.
fn limits(chart: &Chart, series: usize) -> Result<()> {
    let rows = chart.rows.len();
    let problem = if series > MAX_SERIES {
        format!("The table has {series} columns of numbers; a chart shows at most {MAX_SERIES}. Select fewer.")
    } else {
        match chart.kind {
            ChartKind::Bar if rows > MAX_BAR_ROWS || rows * series > MAX_BARS => format!(
                "The table has {rows} rows of {series} numbers; a bar chart shows at most {MAX_BAR_ROWS} rows and {MAX_BARS} \
                 bars. Group or limit the rows, or draw a line."
            ),
            ChartKind::Line if rows > MAX_POINTS => format!(
                "The table has {rows} rows; a line chart shows at most {MAX_POINTS}. Group the rows, by week for example."
            ),
            ChartKind::Funnel if rows > MAX_STEPS => format!(
                "The table has {rows} rows; a funnel shows at most {MAX_STEPS} steps. Group or limit the rows, or draw \
                 bars."
            ),
            // A pie folds its smallest slices into one, so it takes more rows than it shows.
            ChartKind::Pie if rows > MAX_POINTS => {
                format!("The table has {rows} rows; a pie takes at most {MAX_POINTS}. Group or limit the rows.")
            }
            _ => return Ok(()),
        }
    };
    Err(ChartError::Table(problem))
}

fn number(cell: &Value) -> Option<f64> {
    cell.as_f64().filter(|number| number.abs() <= MAX_NUMBER)
}

fn not_a_number(column: &str, cell: &Value, row: &str) -> ChartError {
    let column = one_line(column);
    let cell = one_line(&cell.to_string());
    ChartError::Table(format!(
        "Column `{column}` holds {cell} at `{row}`, which is no number up to 1e15. The first column holds the labels, and \
         all others numbers: leave it out, or join it to the labels."
    ))
}

fn label(cell: Option<&Value>) -> String {
    let text = match cell {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => one_line(text),
        Some(other) => one_line(&other.to_string()),
    };
    if text.is_empty() { "(none)".to_owned() } else { text }
}

/// A text on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().take(MAX_TEXT).filter(|c| c.is_whitespace() || !c.is_control()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
