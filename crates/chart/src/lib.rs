//! A table of numbers as a picture: bars, lines, a pie or a funnel, as a PNG for a chat.
//!
//! It knows nothing of where the table is from. [`Chart::png`] reads the table, lays the kind's parts out so that nothing
//! can overlap, and fills shapes on a canvas of twice the size at which a chat shows it. The same chart is always the same
//! bytes. `docs/charts.md` says what it looks like and where its limits are.

#![deny(missing_docs)]

mod bar;
mod canvas;
mod encode;
mod font;
mod funnel;
mod heading;
mod line;
mod number;
mod palette;
mod pie;
mod scale;
mod table;
#[cfg(test)]
mod tests;

use canvas::{Align, Canvas, MARGIN, WIDTH};
use heading::Heading;
use highlevel_core::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use table::Table;

/// How a table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = wordless)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub enum Kind {
    // Horizontal bars, one a row and series.
    Bar,
    // A line a series, over the rows in their order.
    Line,
    // The shares of the first series, at most eight slices.
    Pie,
    // The first series as steps, each with its share of the first step.
    Funnel,
}

/// What the chart is shown on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = wordless)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub enum Theme {
    // Dark on white.
    #[default]
    Light,
    // Light on near black.
    Dark,
}

/// A table and how to draw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// How it is drawn.
    pub kind: Kind,
    /// What it is shown on.
    pub theme: Theme,
    /// A line above the chart.
    pub title: Option<String>,
    /// The names of the columns. The first holds the labels, each other is a series of numbers.
    pub columns: Vec<String>,
    /// The rows, a cell a column. A cell that is null or missing is a gap.
    pub rows: Vec<Vec<Value>>,
}

impl Chart {
    /// The chart as a PNG, 1600 pixels wide and as high as its rows ask for.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` for what cannot be drawn, with the field at fault: `sql` for the table, `kind` for a table that
    /// another kind would take.
    pub fn png(&self) -> Result<Vec<u8>> {
        let table = Table::read(self)?;
        let heading = Heading::new(self.kind, self.title.as_deref(), &table);
        let canvas = if table.labels.is_empty() {
            nothing(self.theme, &heading)
        } else {
            match self.kind {
                Kind::Bar => bar::draw(self.theme, &heading, &table),
                Kind::Line => line::draw(self.theme, &heading, &table),
                Kind::Pie => pie::draw(self.theme, &heading, &table),
                Kind::Funnel => funnel::draw(self.theme, &heading, &table),
            }
        };
        canvas?.png()
    }
}

/// As an argument it stays without words: its field's name says as much.
fn wordless(schema: &mut schemars::Schema) {
    schema.remove("description");
}

/// A chart of no row says so, rather than leaving a doubt about an empty picture.
fn nothing(theme: Theme, heading: &Heading) -> Result<Canvas> {
    const BODY: u16 = 170;
    let mut canvas = heading.canvas(theme, BODY)?;
    let (top, left, wide) = (heading.height(), MARGIN, WIDTH - 2.0 * MARGIN);
    let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
    let high = f32::from(BODY) - MARGIN;
    let corners = [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high), (left, top)];
    canvas.line(&corners, 1.0, grid);
    canvas.text((WIDTH / 2.0, top + high / 2.0), Align::Middle, 16.0, muted, "no rows");
    Ok(canvas)
}

/// A count as a coordinate. What is counted here is under [`table`]'s limits.
fn float(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
