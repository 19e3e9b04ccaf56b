//! A funnel: centered steps in their order, each with its value and its share of the first step.

use super::{
    Result, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN},
    float, font,
    heading::Heading,
    number::{human, percent},
    scale::fraction,
    table::Table,
};

const TEXT_SIZE: f32 = 15.0;
const LABEL_WIDE: f32 = 230.0;
const PERCENT_WIDE: f32 = 62.0;
const GAP: f32 = 20.0;
/// The height that all steps share, and the maximum of one step.
const SHARED: u16 = 340;
const MAX_STEP: u16 = 64;
const BELOW: u16 = 20;
/// The part of a step's height that its bar takes. The rest leads over to the next step.
const BAR: f32 = 0.68;

pub(super) fn draw(theme: Theme, heading: &Heading, table: &Table) -> Result<Canvas> {
    let values: Vec<f64> =
        table.series.iter().take(1).flat_map(|series| series.values.iter()).map(|value| value.unwrap_or(0.0)).collect();
    let steps = u16::try_from(values.len()).unwrap_or(u16::MAX).max(1);
    let high = (SHARED / steps).min(MAX_STEP);
    let mut canvas = heading.canvas(theme, high * steps + BELOW)?;
    let high = f32::from(high);

    let labels: Vec<String> = table.labels.iter().map(|label| font::fit(label, TEXT_SIZE, LABEL_WIDE)).collect();
    let texts: Vec<String> = values.iter().copied().map(human).collect();
    let value_right = WIDTH - MARGIN - PERCENT_WIDE;
    let left = MARGIN + font::widest(labels.iter().map(String::as_str), TEXT_SIZE) + GAP;
    let right = value_right - font::widest(texts.iter().map(String::as_str), TEXT_SIZE) - GAP;
    let middle = (left + right) / 2.0;
    let largest = values.iter().copied().fold(0.0, f64::max);
    // A value above zero stays visible, however small.
    let half = |value: f64| (fraction(value, largest) * (right - left) / 2.0).max(if value > 0.0 { 1.0 } else { 0.0 });

    let first = values.first().copied().unwrap_or(0.0);
    let (text, muted, color) = (canvas.palette.text, canvas.palette.muted, canvas.palette.series(0));
    let faint = color.faint(canvas.palette.background);
    let rows = labels.iter().zip(&texts).zip(&values).enumerate();
    for (step, ((label, shown), value)) in rows {
        let top = heading.height() + high * float(step);
        let (bottom, center) = (top + high * BAR, top + high * BAR / 2.0);
        let wide = half(*value);
        if let Some(next) = values.get(step + 1) {
            let (next, below) = (half(*next), top + high);
            let corners =
                [(middle - wide, bottom), (middle + wide, bottom), (middle + next, below), (middle - next, below)];
            canvas.polygon(&corners, faint);
        }
        canvas.rectangle((middle - wide, top), 2.0 * wide, high * BAR, color);
        canvas.text((MARGIN, center), Align::Left, TEXT_SIZE, text, label);
        canvas.text((value_right, center), Align::Right, TEXT_SIZE, text, shown);
        canvas.text((WIDTH - MARGIN, center), Align::Right, TEXT_SIZE, muted, &percent(*value, first));
    }
    Ok(canvas)
}
