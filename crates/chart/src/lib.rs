//! Draws a table of numbers as bars, lines, a pie or a funnel, and encodes the picture as a PNG.
//!
//! [`Chart::png`] validates the table, lays out the parts so that none overlap, and fills shapes on a canvas at twice the
//! size of the chat that shows it. The same chart always gives the same bytes. `docs/charts.md` describes the result and
//! its limits.

#![deny(missing_docs)]

mod bar;
mod canvas;
mod encode;
mod error;
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

pub use error::{ChartError, Result, UnknownName};

use canvas::{Align, Canvas, MARGIN, WIDTH};
use heading::Heading;
use serde_json::Value;
use std::str::FromStr;
use table::Table;

/// The kind of chart that a table is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChartKind {
    /// Horizontal bars, one per row and series.
    Bar,
    /// One line per series, over the rows in their order.
    Line,
    /// The shares of the first series, in at most eight slices.
    Pie,
    /// The first series as steps, each with its share of the first step.
    Funnel,
}

impl ChartKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Bar, Self::Line, Self::Pie, Self::Funnel];

    /// The name that [`ChartKind::from_str`] accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Line => "line",
            Self::Pie => "pie",
            Self::Funnel => "funnel",
        }
    }
}

impl FromStr for ChartKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownName { given: text.to_owned(), allowed: Self::ALL.map(Self::name).to_vec() })
    }
}

/// The colors that a chart is drawn in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on near black.
    Dark,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The name that [`Theme::from_str`] accepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl FromStr for Theme {
    type Err = UnknownName;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|theme| theme.name() == text)
            .ok_or_else(|| UnknownName { given: text.to_owned(), allowed: Self::ALL.map(Self::name).to_vec() })
    }
}

/// A table and how to draw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// How the table is drawn.
    pub kind: ChartKind,
    /// The colors of the chart.
    pub theme: Theme,
    /// A line above the chart.
    pub title: Option<String>,
    /// The names of the columns. The first column holds the labels, each other column is a series of numbers.
    pub columns: Vec<String>,
    /// The rows, one cell per column. A cell that is null or missing is a gap.
    pub rows: Vec<Vec<Value>>,
}

impl Chart {
    /// Draws the chart as a PNG, 1600 pixels wide and as high as its rows need.
    ///
    /// Texts are drawn as given, on one line and without control characters. Remove other invisible characters before:
    /// most are drawn as boxes.
    ///
    /// # Errors
    ///
    /// [`ChartError::Table`] or [`ChartError::Kind`] if the table cannot be drawn; [`ChartError::Render`] if rendering
    /// fails.
    pub fn png(&self) -> Result<Vec<u8>> {
        let table = Table::read(self)?;
        let heading = Heading::new(self.kind, self.title.as_deref(), &table);
        let canvas = if table.labels.is_empty() {
            draw_no_rows(self.theme, &heading)
        } else {
            match self.kind {
                ChartKind::Bar => bar::draw(self.theme, &heading, &table),
                ChartKind::Line => line::draw(self.theme, &heading, &table),
                ChartKind::Pie => pie::draw(self.theme, &heading, &table),
                ChartKind::Funnel => funnel::draw(self.theme, &heading, &table),
            }
        };
        canvas?.png()
    }
}

/// Draws a frame with the words "no rows": an empty picture would look like a defect.
fn draw_no_rows(theme: Theme, heading: &Heading) -> Result<Canvas> {
    const BODY: u16 = 170;
    let mut canvas = heading.canvas(theme, BODY)?;
    let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
    let (left, right) = (MARGIN, WIDTH - MARGIN);
    let top = heading.height();
    let bottom = top + f32::from(BODY) - MARGIN;
    canvas.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], 1.0, grid);
    canvas.text((WIDTH / 2.0, (top + bottom) / 2.0), Align::Middle, 16.0, muted, "no rows");
    Ok(canvas)
}

/// A count as a coordinate. The limits in [`table`] keep every count within `u16`.
fn float(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
