//! What stands above a chart: its title, and which colour is which series.

use super::{
    Kind, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN},
    font, line,
    table::{Table, tidy},
};
use highlevel_core::error::Result;

const TITLE_SIZE: f32 = 20.0;
const TITLE_HIGH: u16 = 34;
const ENTRY_SIZE: f32 = 14.0;
const ENTRY_HIGH: u16 = 24;
/// No entry is wider, so that at least three share a line.
const ENTRY_WIDE: f32 = 220.0;
/// From the mark to its text, and from an entry to the next.
const MARK: f32 = 26.0;
const GAP: f32 = 22.0;
const TOP: u16 = 16;

/// The parts above a chart, in their places.
pub(super) struct Heading {
    kind: Kind,
    title: Option<String>,
    /// Text, distance from the left, line.
    entries: Vec<(String, f32, u16)>,
    lines: u16,
}

impl Heading {
    pub(super) fn new(kind: Kind, title: Option<&str>, table: &Table) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let title = title.map(tidy).filter(|title| !title.is_empty());
        let title = title.map(|title| font::fit(&title, TITLE_SIZE, room));
        let names = table.series.iter().map(|series| series.name.as_str());
        let mut entries = Vec::new();
        let (mut x, mut line) = (MARGIN, 0);
        for name in names {
            // One series needs no colour to be known by, only its name.
            let alone = table.series.len() == 1;
            let text = font::fit(name, ENTRY_SIZE, if alone { room } else { ENTRY_WIDE });
            let wide = MARK + font::width(&text, ENTRY_SIZE);
            if x + wide > WIDTH - MARGIN && x > MARGIN {
                (x, line) = (MARGIN, line + 1);
            }
            entries.push((text, x, line));
            x += wide + GAP;
        }
        Self { kind, title, entries, lines: line + 1 }
    }

    /// How much of the height it takes.
    pub(super) fn height(&self) -> f32 {
        self.high().into()
    }

    fn high(&self) -> u16 {
        TOP + if self.title.is_some() { TITLE_HIGH } else { 0 } + self.lines * ENTRY_HIGH + 8
    }

    /// A canvas with this above it, and so much room below.
    pub(super) fn canvas(&self, theme: Theme, body: u16) -> Result<Canvas> {
        let mut canvas = Canvas::new(theme, self.high() + body)?;
        let mut top = f32::from(TOP);
        let (text, muted) = (canvas.palette.text, canvas.palette.muted);
        if let Some(title) = &self.title {
            canvas.text((MARGIN, top + 14.0), Align::Left, TITLE_SIZE, text, title);
            top += f32::from(TITLE_HIGH);
        }
        if let [(name, x, _)] = self.entries.as_slice() {
            canvas.text((*x, top + 12.0), Align::Left, ENTRY_SIZE, muted, name);
            return Ok(canvas);
        }
        for (index, (name, x, line)) in self.entries.iter().enumerate() {
            let (color, y) = (canvas.palette.series(index), top + f32::from(*line * ENTRY_HIGH) + 12.0);
            if self.kind == Kind::Line {
                canvas.line(&[(*x, y), (x + 18.0, y)], line::STROKE, color);
                line::mark(&mut canvas, index, (x + 9.0, y), line::MARK, color);
            } else {
                canvas.rectangle((x + 4.0, y - 6.5), 13.0, 13.0, color);
            }
            canvas.text((x + MARK, y), Align::Left, ENTRY_SIZE, text, name);
        }
        Ok(canvas)
    }
}
