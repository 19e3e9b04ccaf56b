//! Text as outlines: its width, how it is shortened, and the shape of each character.
//!
//! The fonts are part of the binary, because the machine may have none: Ubuntu Light for Latin, Greek and Cyrillic, Noto
//! Emoji for the emoji in the names of stages. Characters of other scripts become the font's box for a missing glyph. There
//! is no shaping: each character is one glyph, from left to right.

use std::sync::LazyLock;
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

static FACES: LazyLock<Vec<Face<'static>>> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::NOTO_EMOJI_REGULAR]
        .into_iter()
        .filter_map(|bytes| Face::parse(bytes, 0).ok())
        .collect()
});

/// The height of a capital letter, relative to the text size.
pub(super) const CAPITAL: f32 = 0.69;
/// How much wider strokes are drawn than the font defines them, relative to the text size.
const WEIGHT: f32 = 0.02;

/// The text's width at this size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().filter_map(glyph).map(|glyph| glyph.advance() * size).sum()
}

/// The widest of these texts.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f32) -> f32 {
    texts.into_iter().map(|text| width(text, size)).fold(0.0, f32::max)
}

/// The text, shortened with an ellipsis if it is wider than `room`.
pub(super) fn fit(text: &str, size: f32, room: f32) -> String {
    // Sums of widths differ in the last bits. A text whose room is its own width must not be shortened.
    if width(text, size) <= room + 0.5 {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut used = 0.0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += glyph(*c).map_or(0.0, |glyph| glyph.advance() * size);
            used <= room
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// The text's outline, with its baseline starting at this point.
///
/// The font is light, and a chat shrinks the picture. So each glyph is drawn four times, slightly apart, which widens its
/// strokes.
pub(super) fn outline(text: &str, size: f32, (mut x, y): (f32, f32)) -> Option<Path> {
    let apart = size * WEIGHT;
    let mut pen = Pen { path: PathBuilder::new(), x, y, scale: 1.0 };
    for glyph in text.chars().filter_map(glyph) {
        pen.scale = size / f32::from(glyph.face.units_per_em());
        for (right, down) in [(0.0, 0.0), (apart, 0.0), (0.0, apart), (apart, apart)] {
            (pen.x, pen.y) = (x + right, y + down);
            glyph.face.outline_glyph(glyph.id, &mut pen);
        }
        x += glyph.advance() * size;
    }
    pen.path.finish()
}

struct Glyph {
    face: &'static Face<'static>,
    id: GlyphId,
}

impl Glyph {
    /// The distance to the next glyph, at size 1.
    fn advance(&self) -> f32 {
        f32::from(self.face.glyph_hor_advance(self.id).unwrap_or(0)) / f32::from(self.face.units_per_em())
    }
}

/// The glyph of the first font that has the character, or the first font's box for a missing one. Joiners and presentation
/// selectors have no glyph.
fn glyph(c: char) -> Option<Glyph> {
    if matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') {
        return None;
    }
    let has = |face: &'static Face<'static>| face.glyph_index(c).map(|id| Glyph { face, id });
    FACES.iter().find_map(has).or_else(|| FACES.first().map(|face| Glyph { face, id: GlyphId(0) }))
}

/// Adds a glyph to a path. Glyphs have the y axis upwards, canvases downwards.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
