//! Horizontal bars: labels of any length have room, and a chart of many rows grows downwards, as a chat scrolls.

use super::{
    Result, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN},
    float, font,
    heading::Heading,
    number::human,
    scale::Scale,
    table::Table,
};

const LABEL_SIZE: f32 = 14.0;
const LABEL_WIDE: f32 = 240.0;
const TICK_SIZE: f32 = 13.0;
/// The height of the axis below the bars.
const AXIS: u16 = 36;
/// The gap between a text and its neighbor.
const GAP: f32 = 8.0;
/// The height that all bars share, within the bounds of one bar.
const SHARED: u16 = 320;
const MIN_THICKNESS: u16 = 12;
const MAX_THICKNESS: u16 = 34;

pub(super) fn draw(theme: Theme, heading: &Heading, table: &Table) -> Result<Canvas> {
    let count = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let (rows, series) = (count(table.labels.len()), count(table.series.len()));
    let thick = (SHARED / (rows * series).max(1)).clamp(MIN_THICKNESS, MAX_THICKNESS);
    let group = thick * series + (thick / 2).max(8);
    let mut canvas = heading.canvas(theme, group * rows + AXIS)?;
    let (thick, group) = (f32::from(thick), f32::from(group));
    let size = thick.min(TICK_SIZE);

    let labels: Vec<String> = table.labels.iter().map(|label| font::fit(label, LABEL_SIZE, LABEL_WIDE)).collect();
    let beside = |negative: bool| {
        let texts: Vec<String> = table.values().filter(|value| (*value < 0.0) == negative).map(human).collect();
        if texts.is_empty() { 0.0 } else { font::widest(texts.iter().map(String::as_str), size) + GAP }
    };
    let axis = Axis {
        scale: Scale::over(table.values()),
        left: MARGIN + font::widest(labels.iter().map(String::as_str), LABEL_SIZE) + GAP + beside(true),
        right: WIDTH - MARGIN - beside(false).max(GAP),
    };
    let top = heading.height();
    axis.draw(&mut canvas, top, top + group * float(table.labels.len()));

    let (text, zero) = (canvas.palette.text, axis.at(0.0));
    for (row, label) in labels.iter().enumerate() {
        let top = top + group * float(row);
        canvas.text((axis.left - beside(true) - GAP, top + group / 2.0), Align::Right, LABEL_SIZE, text, label);
        let first = top + (group - thick * float(table.series.len())) / 2.0;
        for (index, series) in table.series.iter().enumerate() {
            let Some(value) = series.values.get(row).copied().flatten() else { continue };
            let (end, y) = (axis.at(value), first + thick * float(index));
            let color = canvas.palette.series(index);
            // One unit between neighbors, and at least one unit of width for a value that is not zero.
            let least = if value == 0.0 { 0.0 } else { 1.0 };
            canvas.rectangle((zero.min(end), y + 0.5), (zero - end).abs().max(least), thick - 1.0, color);
            let (x, align) = if value < 0.0 { (end - GAP / 2.0, Align::Right) } else { (end + GAP / 2.0, Align::Left) };
            canvas.text((x, y + thick / 2.0), align, size, text, &human(value));
        }
    }
    Ok(canvas)
}

struct Axis {
    scale: Scale,
    left: f32,
    right: f32,
}

impl Axis {
    fn at(&self, value: f64) -> f32 {
        self.left + (self.right - self.left) * self.scale.at(value)
    }

    fn draw(&self, canvas: &mut Canvas, top: f32, bottom: f32) {
        let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
        for tick in &self.scale.ticks {
            let x = self.at(*tick);
            canvas.line(&[(x, top), (x, bottom)], 1.0, if *tick == 0.0 { muted } else { grid });
            canvas.text((x, bottom + 15.0), Align::Middle, TICK_SIZE, muted, &human(*tick));
        }
    }
}
