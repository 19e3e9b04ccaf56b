//! Lines over the rows in their order. Rows are evenly spaced, whatever their labels say.

use super::{
    Result, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN, Point},
    float, font,
    heading::Heading,
    number::human,
    palette::Rgb,
    scale::Scale,
    table::Table,
};

/// The width of a line.
pub(super) const STROKE: f32 = 2.5;
/// Half the width of a mark.
pub(super) const MARK: f32 = 4.5;

const BODY: u16 = 356;
const AXIS: f32 = 40.0;
const TEXT_SIZE: f32 = 13.0;
/// If a row has less room than this, some labels are left out and the others get [`LABEL_WIDE`].
const LABEL_MIN: f32 = 66.0;
const LABEL_WIDE: f32 = 120.0;
/// The gap between neighbors.
const LABEL_GAP: f32 = 14.0;
/// How far labels stay from the edges of the picture.
const EDGE: f32 = 8.0;
/// With more rows than this, marks would hide the line.
const MAX_MARKS: usize = 40;
/// A single line of at most this many rows shows its values.
const MAX_VALUES: usize = 12;

pub(super) fn draw(theme: Theme, heading: &Heading, table: &Table) -> Result<Canvas> {
    let mut canvas = heading.canvas(theme, BODY)?;
    let scale = Scale::over(table.values());
    let ticks: Vec<String> = scale.ticks.iter().copied().map(human).collect();
    let plot = Plot {
        left: MARGIN + font::widest(ticks.iter().map(String::as_str), TEXT_SIZE) + 10.0,
        right: WIDTH - MARGIN,
        // Room for the value at the highest point.
        top: heading.height() + 22.0,
        bottom: heading.height() + f32::from(BODY) - AXIS,
        rows: table.labels.len(),
        scale,
    };
    plot.frame(&mut canvas, &ticks);
    plot.labels(&mut canvas, &table.labels);
    for (index, series) in table.series.iter().enumerate() {
        plot.series(&mut canvas, index, &series.values);
    }
    if let [series] = table.series.as_slice()
        && plot.rows <= MAX_VALUES
    {
        plot.values(&mut canvas, &series.values);
    }
    Ok(canvas)
}

struct Plot {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    rows: usize,
    scale: Scale,
}

impl Plot {
    /// The width of one row.
    fn slot(&self) -> f32 {
        (self.right - self.left) / float(self.rows).max(1.0)
    }

    fn x(&self, row: usize) -> f32 {
        self.left + self.slot() * (float(row) + 0.5)
    }

    fn y(&self, value: f64) -> f32 {
        self.bottom - (self.bottom - self.top) * self.scale.at(value)
    }

    fn at(&self, row: usize, value: f64) -> Point {
        (self.x(row), self.y(value))
    }

    /// Writes the values beside their points.
    fn values(&self, canvas: &mut Canvas, values: &[Option<f64>]) {
        let (text, background) = (canvas.palette.text, canvas.palette.background);
        for (row, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let (x, point) = self.at(row, value);
            let y = point + self.value_offset(values, row, point);
            let shown = human(value);
            let wide = font::width(&shown, TEXT_SIZE) + 4.0;
            // The background keeps a steep line from running through the text.
            canvas.rectangle((x - wide / 2.0, y - 7.0), wide, 14.0, background);
            canvas.text((x, y), Align::Middle, TEXT_SIZE, text, &shown);
        }
    }

    /// The distance from a point to its value: below the point if the line rises on both sides and there is room.
    fn value_offset(&self, values: &[Option<f64>], row: usize, y: f32) -> f32 {
        let near = |row: Option<usize>| row.and_then(|row| values.get(row).copied().flatten());
        let neighbors = [near(row.checked_sub(1)), near(row.checked_add(1))];
        let dips = neighbors.into_iter().flatten().all(|value| self.y(value) < y);
        if dips && neighbors != [None, None] && y + 26.0 < self.bottom { 15.0 } else { -14.0 }
    }

    fn frame(&self, canvas: &mut Canvas, ticks: &[String]) {
        let (grid, muted) = (canvas.palette.grid, canvas.palette.muted);
        for (tick, text) in self.scale.ticks.iter().zip(ticks) {
            let y = self.y(*tick);
            canvas.line(&[(self.left, y), (self.right, y)], 1.0, if *tick == 0.0 { muted } else { grid });
            canvas.text((self.left - 10.0, y), Align::Right, TEXT_SIZE, muted, text);
        }
    }

    /// Writes as many labels as have room: each, every second, every third, and so on.
    fn labels(&self, canvas: &mut Canvas, labels: &[String]) {
        let own = self.slot() - LABEL_GAP;
        let wide = if own < LABEL_MIN { LABEL_WIDE } else { own };
        let labels: Vec<String> = labels.iter().map(|label| font::fit(label, TEXT_SIZE, wide)).collect();
        let needed = font::widest(labels.iter().map(String::as_str), TEXT_SIZE) + LABEL_GAP;
        let every =
            (1..=labels.len().max(1)).find(|every| self.slot() * float(*every) >= needed).unwrap_or(labels.len());
        let muted = canvas.palette.muted;
        for (row, label) in labels.iter().enumerate().step_by(every.max(1)) {
            let (x, half) = (self.x(row), font::width(label, TEXT_SIZE) / 2.0);
            // A last label near the edge is left out: moved inwards, it would overlap its neighbor.
            if x + half <= WIDTH - EDGE {
                let x = x.max(half + EDGE);
                canvas.text((x, self.bottom + 20.0), Align::Middle, TEXT_SIZE, muted, label);
            }
        }
    }

    /// Draws a line with a gap for each missing value.
    fn series(&self, canvas: &mut Canvas, index: usize, values: &[Option<f64>]) {
        let color = canvas.palette.series(index);
        let points: Vec<Option<Point>> =
            values.iter().enumerate().map(|(row, value)| value.map(|value| self.at(row, value))).collect();
        for run in points.split(Option::is_none) {
            let run: Vec<Point> = run.iter().copied().flatten().collect();
            canvas.line(&run, STROKE, color);
            // Without a mark, a point between two gaps would be invisible.
            if self.rows <= MAX_MARKS || run.len() == 1 {
                for point in run {
                    mark(canvas, index, point, MARK, color);
                }
            }
        }
    }
}

/// Draws the mark of a series. Its shape helps readers who see the colors less well.
pub(super) fn mark(canvas: &mut Canvas, index: usize, (x, y): Point, half: f32, color: Rgb) {
    match index % 4 {
        0 => canvas.circle((x, y), half, color),
        1 => canvas.rectangle((x - half, y - half), 2.0 * half, 2.0 * half, color),
        2 => canvas.polygon(&[(x, y - 1.4 * half), (x + 1.3 * half, y + half), (x - 1.3 * half, y + half)], color),
        _ => {
            let half = 1.35 * half;
            canvas.polygon(&[(x, y - half), (x + half, y), (x, y + half), (x - half, y)], color);
        }
    }
}
