//! What of a table can be drawn: labels, and series of numbers under limits within which a picture still says something.

use super::{Chart, Kind};
use highlevel_core::clean;
use highlevel_core::error::{Error, Result};
use serde_json::Value;

/// More bars than these and nobody finds theirs.
const MOST_BARS: usize = 120;
const MOST_BAR_ROWS: usize = 40;
/// More steps than these are no funnel.
const MOST_STEPS: usize = 12;
/// A point for every pixel or so.
const MOST_POINTS: usize = 1000;
/// As many as there are colours that are told apart.
const MOST_SERIES: usize = 8;
/// Beyond this a number of money or things is a mistake, and sums and axes stay exact below it.
const LARGEST: f64 = 1e15;
/// No chart has room for more of a text, and measuring it would take time.
const LONGEST: usize = 200;

/// A table that can be drawn.
#[derive(Debug)]
pub(super) struct Table {
    /// A label a row.
    pub(super) labels: Vec<String>,
    /// At least one series. A pie or a funnel has just one, without gaps.
    pub(super) series: Vec<Series>,
}

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    /// A value a row; none is a gap.
    pub(super) values: Vec<Option<f64>>,
}

impl Table {
    /// Reads a chart's table, or says what about it cannot be drawn.
    pub(super) fn read(chart: &Chart) -> Result<Self> {
        let columns = chart.columns.iter().enumerate().skip(1);
        let names: Vec<(usize, &String)> = match chart.kind {
            Kind::Bar | Kind::Line => columns.collect(),
            Kind::Pie | Kind::Funnel => columns.take(1).collect(),
        };
        if names.is_empty() {
            return Err(Error::invalid(
                "sql",
                "A chart needs at least two columns: the first holds the labels, each other one numbers.",
            ));
        }
        limits(chart, names.len())?;
        let read = |(place, name): (usize, &String)| Series::read(chart, place, name);
        let labels = chart.rows.iter().map(|row| label(row.first())).collect();
        Ok(Self { labels, series: names.into_iter().map(read).collect::<Result<_>>()? })
    }

    /// All values of all series.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(|series| series.values.iter().copied().flatten())
    }
}

impl Series {
    fn read(chart: &Chart, place: usize, name: &str) -> Result<Self> {
        let share = matches!(chart.kind, Kind::Pie | Kind::Funnel);
        let mut values = Vec::with_capacity(chart.rows.len());
        for row in &chart.rows {
            let value = match row.get(place) {
                // A sum over nothing: a share of nothing, but a gap in a row of values.
                None | Some(Value::Null) => share.then_some(0.0),
                Some(cell) => Some(number(cell).ok_or_else(|| no_number(name, cell, label(row.first())))?),
            };
            if share && value.is_some_and(|value| value < 0.0) {
                let (row, kind) = (label(row.first()), if chart.kind == Kind::Pie { "pie" } else { "funnel" });
                return Err(Error::invalid(
                    "kind",
                    format!("A {kind} cannot show the negative value at `{row}`. A bar or a line can."),
                ));
            }
            values.push(value);
        }
        Ok(Self { name: tidy(name), values })
    }
}

fn limits(chart: &Chart, series: usize) -> Result<()> {
    let rows = chart.rows.len();
    let problem = if series > MOST_SERIES {
        format!("The table has {series} columns of numbers; a chart shows at most {MOST_SERIES}. Select fewer.")
    } else {
        match chart.kind {
            Kind::Bar if rows > MOST_BAR_ROWS || rows * series > MOST_BARS => format!(
                "The table has {rows} rows of {series} numbers; a bar chart shows at most {MOST_BAR_ROWS} rows and {MOST_BARS} \
                 bars. Group or limit the rows, or draw a line."
            ),
            Kind::Line if rows > MOST_POINTS => format!(
                "The table has {rows} rows; a line chart shows at most {MOST_POINTS}. Group the rows, by week for example."
            ),
            Kind::Funnel if rows > MOST_STEPS => format!(
                "The table has {rows} rows; a funnel shows at most {MOST_STEPS} steps. Group or limit the rows, or draw \
                 bars."
            ),
            // A pie folds what is too small to be seen; but there has to be an end.
            Kind::Pie if rows > MOST_POINTS => {
                format!("The table has {rows} rows; a pie takes at most {MOST_POINTS}. Group or limit the rows.")
            }
            _ => return Ok(()),
        }
    };
    Err(Error::invalid("sql", problem))
}

fn number(cell: &Value) -> Option<f64> {
    cell.as_f64().filter(|number| number.abs() <= LARGEST)
}

fn no_number(column: &str, cell: &Value, row: String) -> Error {
    let (column, cell) = (tidy(column), tidy(&cell.to_string()));
    Error::invalid(
        "sql",
        format!(
            "Column `{column}` holds {cell} at `{row}`, which is no number up to 1e15. The first column holds the labels, \
             and all others numbers: leave it out, or join it to the labels."
        ),
    )
}

fn label(cell: Option<&Value>) -> String {
    let text = match cell {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => tidy(text),
        Some(other) => tidy(&other.to_string()),
    };
    if text.is_empty() { "(none)".to_owned() } else { text }
}

/// A text on one line, without what cannot be seen.
pub(super) fn tidy(text: &str) -> String {
    let start: String = text.chars().take(LONGEST).collect();
    clean::text(&start).0.split_whitespace().collect::<Vec<_>>().join(" ")
}
