//! A pie with a list beside it: each slice's label, value and share. In the list, no label can overlap another.

use super::{
    Result, Theme, WIDTH,
    canvas::{Align, Canvas, MARGIN, Point},
    float, font,
    heading::Heading,
    number::{human, percent},
    palette::Rgb,
    scale::fraction,
    table::Table,
};
use std::f32::consts::TAU;

/// The number of colors, with gray for the last slice: a ninth slice would look like the first.
const MAX_SLICES: usize = 8;
const BODY: u16 = 320;
const RADIUS: f32 = 142.0;
const TEXT_SIZE: f32 = 15.0;
const LINE: f32 = 34.0;
/// A slice with a smaller share has no room for its percentage.
const MIN_WRITTEN: f32 = 0.05;

struct Slice {
    label: String,
    value: f64,
    color: Rgb,
}

pub(super) fn draw(theme: Theme, heading: &Heading, table: &Table) -> Result<Canvas> {
    let mut canvas = heading.canvas(theme, BODY)?;
    let slices = slices(&canvas, table);
    let total: f64 = slices.iter().map(|slice| slice.value).sum();
    let middle = heading.height() + f32::from(BODY) / 2.0 - 10.0;
    pie(&mut canvas, (MARGIN + RADIUS + 16.0, middle), &slices, total);
    list(&mut canvas, middle, &slices, total);
    Ok(canvas)
}

/// The rows as slices in their order. If there are too many, the smallest become one.
fn slices(canvas: &Canvas, table: &Table) -> Vec<Slice> {
    let values = table.series.first().into_iter().flat_map(|series| series.values.iter());
    let values = values.map(|value| value.unwrap_or(0.0));
    let mut rows: Vec<(usize, &String, f64)> =
        table.labels.iter().zip(values).enumerate().map(|(row, (label, value))| (row, label, value)).collect();
    let mut rest = Vec::new();
    if rows.len() > MAX_SLICES {
        rows.sort_by(|a, b| b.2.total_cmp(&a.2));
        rest = rows.split_off(MAX_SLICES - 1);
        rows.sort_by_key(|(row, ..)| *row);
    }
    let slice = |(index, (_, label, value)): (usize, &(usize, &String, f64))| Slice {
        label: (*label).clone(),
        value: *value,
        color: canvas.palette.series(index),
    };
    let mut slices: Vec<Slice> = rows.iter().enumerate().map(slice).collect();
    if !rest.is_empty() {
        let value = rest.iter().map(|(.., value)| value).sum();
        slices.push(Slice { label: format!("Other ({})", rest.len()), value, color: canvas.palette.other });
    }
    slices
}

fn pie(canvas: &mut Canvas, center: Point, slices: &[Slice], total: f64) {
    let (grid, background) = (canvas.palette.grid, canvas.palette.background);
    canvas.circle(center, RADIUS, grid);
    let mut edges = Vec::new();
    let mut before = 0.0;
    for slice in slices.iter().filter(|slice| slice.value > 0.0) {
        let (from, to) = (fraction(before, total), fraction(before + slice.value, total));
        before += slice.value;
        canvas.polygon(&sector(center, from, to), slice.color);
        edges.push(from);
    }
    if edges.len() > 1 {
        for edge in edges {
            canvas.line(&[center, on_circle(center, RADIUS + 1.0, edge)], 2.0, background);
        }
    }
    let mut before = 0.0;
    for slice in slices {
        let (from, share) = (fraction(before, total), fraction(slice.value, total));
        before += slice.value;
        if share >= MIN_WRITTEN {
            // A slice that is the whole pie has its label at the center.
            let out = if share > 0.99 { 0.0 } else { RADIUS * 0.72 };
            let point = on_circle(center, out, from + share / 2.0);
            canvas.text(point, Align::Middle, 14.0, slice.color.ink(), &percent(slice.value, total));
        }
    }
}

fn list(canvas: &mut Canvas, middle: f32, slices: &[Slice], total: f64) {
    const PERCENT_WIDE: f32 = 62.0;
    let (text, muted) = (canvas.palette.text, canvas.palette.muted);
    let left = MARGIN + 2.0 * RADIUS + 64.0;
    let values: Vec<String> = slices.iter().map(|slice| human(slice.value)).collect();
    let value_right = WIDTH - MARGIN - PERCENT_WIDE;
    let value_left = value_right - font::widest(values.iter().map(String::as_str), TEXT_SIZE);
    let label_left = left + 24.0;
    let mut y = middle - LINE * (float(slices.len()) - 1.0) / 2.0;
    for (slice, value) in slices.iter().zip(&values) {
        canvas.rectangle((left, y - 7.0), 14.0, 14.0, slice.color);
        let label = font::fit(&slice.label, TEXT_SIZE, value_left - 16.0 - label_left);
        canvas.text((label_left, y), Align::Left, TEXT_SIZE, text, &label);
        canvas.text((value_right, y), Align::Right, TEXT_SIZE, text, value);
        canvas.text((WIDTH - MARGIN, y), Align::Right, TEXT_SIZE, muted, &percent(slice.value, total));
        y += LINE;
    }
}

/// A sector as a polygon with enough corners to look round. Turns begin at the top and go clockwise.
fn sector(center: Point, from: f32, to: f32) -> Vec<Point> {
    const CORNERS: u16 = 360;
    let turn = |corner: u16| from + (to - from) * f32::from(corner) / f32::from(CORNERS);
    let arc = (0..=CORNERS).map(|corner| on_circle(center, RADIUS, turn(corner)));
    std::iter::once(center).chain(arc).collect()
}

fn on_circle((x, y): Point, radius: f32, turn: f32) -> Point {
    let (sin, cos) = (turn * TAU).sin_cos();
    (x + radius * sin, y - radius * cos)
}
