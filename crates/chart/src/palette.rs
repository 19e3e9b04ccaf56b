//! The colors of both themes, distinct for color-blind readers as well.

use super::Theme;

/// A color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

/// The colors of a theme.
#[derive(Debug)]
pub(super) struct Palette {
    pub(super) background: Rgb,
    pub(super) text: Rgb,
    /// For axes, and for the legend of a single series.
    pub(super) muted: Rgb,
    pub(super) grid: Rgb,
    /// Okabe and Ito's colors, adjusted until a test finds them distinct. One for each series that a chart may have.
    pub(super) series: [Rgb; 8],
    /// For the slice that holds all other rows.
    pub(super) other: Rgb,
}

const LIGHT: Palette = Palette {
    background: Rgb(255, 255, 255),
    text: Rgb(31, 35, 40),
    muted: Rgb(99, 106, 116),
    grid: Rgb(226, 229, 233),
    series: [
        Rgb(0, 102, 179),
        Rgb(230, 159, 0),
        Rgb(0, 158, 113),
        Rgb(171, 117, 160),
        Rgb(86, 180, 233),
        Rgb(213, 106, 0),
        Rgb(80, 60, 140),
        Rgb(120, 89, 20),
    ],
    other: Rgb(161, 166, 173),
};

const DARK: Palette = Palette {
    background: Rgb(24, 26, 31),
    text: Rgb(232, 234, 238),
    muted: Rgb(160, 166, 176),
    grid: Rgb(52, 56, 64),
    series: [
        Rgb(58, 160, 221),
        Rgb(240, 173, 30),
        Rgb(20, 184, 130),
        Rgb(219, 144, 177),
        Rgb(140, 208, 245),
        Rgb(226, 108, 20),
        Rgb(127, 100, 220),
        Rgb(246, 240, 150),
    ],
    other: Rgb(123, 128, 135),
};

impl Theme {
    pub(super) fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

impl Palette {
    /// The color of the series with this index.
    pub(super) fn series(&self, index: usize) -> Rgb {
        self.series.iter().cycle().nth(index).copied().unwrap_or(self.other)
    }
}

impl Rgb {
    /// The relative luminance from 0 to 1, as WCAG defines it.
    pub(super) fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Black or white, whichever has more contrast with this color.
    pub(super) fn ink(self) -> Self {
        // At this luminance, the contrast with both is the same.
        if self.luminance() > 0.179 { Self(0, 0, 0) } else { Self(255, 255, 255) }
    }

    /// One part of this color mixed with three parts of the other.
    pub(super) fn faint(self, other: Self) -> Self {
        let mix = |a: u8, b: u8| u8::try_from((u16::from(a) + 3 * u16::from(b)) / 4).unwrap_or(b);
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}
