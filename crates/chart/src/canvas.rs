//! The canvas: shapes and text in a chat's units, drawn at twice their size.

use super::{
    ChartError, Result, Theme, encode, font,
    palette::{Palette, Rgb},
};
use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

/// The width of every chart.
pub(super) const WIDTH: f32 = 800.0;
/// The margin at each side.
pub(super) const MARGIN: f32 = 24.0;

/// Pixels per unit. Screens are dense, and chats rather shrink a picture than enlarge it.
const DENSITY: u16 = 2;
const PIXELS_WIDE: u16 = 800 * DENSITY;

/// A point, measured from the upper left corner.
pub(super) type Point = (f32, f32);

/// Which part of a text its point marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

pub(super) struct Canvas {
    pixmap: Pixmap,
    /// The theme's colors.
    pub(super) palette: &'static Palette,
}

impl Canvas {
    /// An empty canvas of this height.
    pub(super) fn new(theme: Theme, height: u16) -> Result<Self> {
        let high = u32::from(height) * u32::from(DENSITY);
        let mut pixmap =
            Pixmap::new(PIXELS_WIDE.into(), high).ok_or_else(|| ChartError::Render("it has no size".to_owned()))?;
        let palette = theme.palette();
        let Rgb(r, g, b) = palette.background;
        pixmap.fill(Color::from_rgba8(r, g, b, 255));
        Ok(Self { pixmap, palette })
    }

    /// Fills a rectangle, given its upper left corner.
    pub(super) fn rectangle(&mut self, (x, y): Point, wide: f32, high: f32, color: Rgb) {
        self.polygon(&[(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], color);
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, corners: &[Point], color: Rgb) {
        if let Some(path) = path(corners, true) {
            self.fill(&path, color);
        }
    }

    /// Fills a circle.
    pub(super) fn circle(&mut self, (x, y): Point, radius: f32, color: Rgb) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.fill(&path, color);
        }
    }

    /// Strokes a line through these points.
    pub(super) fn line(&mut self, points: &[Point], width: f32, color: Rgb) {
        if let Some(path) = path(points, false) {
            let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color), &stroke, enlarged(), None);
        }
    }

    /// Draws a text on one line, vertically centered on its point.
    pub(super) fn text(&mut self, (x, y): Point, align: Align, size: f32, color: Rgb, text: &str) {
        let x = match align {
            Align::Left => x,
            Align::Middle => x - font::width(text, size) / 2.0,
            Align::Right => x - font::width(text, size),
        };
        if let Some(path) = font::outline(text, size, (x, y + font::CAPITAL * size / 2.0)) {
            self.fill(&path, color);
        }
    }

    /// Encodes the canvas as a PNG.
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let pixels = self.pixmap.pixels();
        encode::png(self.pixmap.width(), self.pixmap.height(), pixels)
            .map_err(|error| ChartError::Render(error.to_string()))
    }

    fn fill(&mut self, path: &Path, color: Rgb) {
        self.pixmap.fill_path(path, &paint(color), FillRule::Winding, enlarged(), None);
    }
}

fn enlarged() -> Transform {
    Transform::from_scale(DENSITY.into(), DENSITY.into())
}

fn paint(Rgb(r, g, b): Rgb) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}

fn path(points: &[Point], closed: bool) -> Option<Path> {
    let ((x, y), rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(*x, *y);
    for (x, y) in rest {
        path.line_to(*x, *y);
    }
    if closed {
        path.close();
    }
    path.finish()
}
