//! The title and the legend above a chart.

use super::{
    ChartKind, Result, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN},
    font, line,
    table::{Table, one_line},
};

const TITLE_SIZE: f32 = 20.0;
const TITLE_HIGH: u16 = 34;
const ENTRY_SIZE: f32 = 14.0;
const ENTRY_HIGH: u16 = 24;
/// The widest that an entry gets, so that at least three share a line.
const ENTRY_WIDE: f32 = 220.0;
/// The distance from an entry's mark to its text.
const MARK: f32 = 26.0;
/// The gap between two entries.
const GAP: f32 = 22.0;
const TOP: u16 = 16;

/// The parts above a chart, laid out.
pub(super) struct Heading {
    kind: ChartKind,
    title: Option<String>,
    entries: Vec<LegendEntry>,
    lines: u16,
}

/// One series of the legend.
struct LegendEntry {
    text: String,
    x: f32,
    line: u16,
}

impl Heading {
    pub(super) fn new(kind: ChartKind, title: Option<&str>, table: &Table) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let title = title.map(one_line).filter(|title| !title.is_empty());
        let title = title.map(|title| font::fit(&title, TITLE_SIZE, room));
        let names = table.series.iter().map(|series| series.name.as_str());
        let mut entries = Vec::new();
        let (mut x, mut line) = (MARGIN, 0);
        for name in names {
            // A single series needs no color mark, only its name.
            let alone = table.series.len() == 1;
            let text = font::fit(name, ENTRY_SIZE, if alone { room } else { ENTRY_WIDE });
            let wide = MARK + font::width(&text, ENTRY_SIZE);
            if x + wide > WIDTH - MARGIN && x > MARGIN {
                (x, line) = (MARGIN, line + 1);
            }
            entries.push(LegendEntry { text, x, line });
            x += wide + GAP;
        }
        Self { kind, title, entries, lines: line + 1 }
    }

    /// The height of everything above the chart.
    pub(super) fn height(&self) -> f32 {
        self.high().into()
    }

    fn high(&self) -> u16 {
        TOP + if self.title.is_some() { TITLE_HIGH } else { 0 } + self.lines * ENTRY_HIGH + 8
    }

    /// A canvas with the heading drawn, and `body` units of room below it.
    pub(super) fn canvas(&self, theme: Theme, body: u16) -> Result<Canvas> {
        let mut canvas = Canvas::new(theme, self.high() + body)?;
        let mut top = f32::from(TOP);
        let (text, muted) = (canvas.palette.text, canvas.palette.muted);
        if let Some(title) = &self.title {
            canvas.text((MARGIN, top + 14.0), Align::Left, TITLE_SIZE, text, title);
            top += f32::from(TITLE_HIGH);
        }
        if let [entry] = self.entries.as_slice() {
            canvas.text((entry.x, top + 12.0), Align::Left, ENTRY_SIZE, muted, &entry.text);
            return Ok(canvas);
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let color = canvas.palette.series(index);
            let (x, y) = (entry.x, top + f32::from(entry.line * ENTRY_HIGH) + 12.0);
            if self.kind == ChartKind::Line {
                canvas.line(&[(x, y), (x + 18.0, y)], line::STROKE, color);
                line::mark(&mut canvas, index, (x + 9.0, y), line::MARK, color);
            } else {
                canvas.rectangle((x + 4.0, y - 6.5), 13.0, 13.0, color);
            }
            canvas.text((x + MARK, y), Align::Left, ENTRY_SIZE, text, &entry.text);
        }
        Ok(canvas)
    }
}
