//! Pixels as a PNG, in as few bytes as come cheap: a chat pays for them as base64.

use std::collections::BTreeMap;
use tiny_skia::PremultipliedColorU8;

/// The PNG of these opaque pixels.
pub(super) fn png(wide: u32, high: u32, pixels: &[PremultipliedColorU8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, wide, high);
    encoder.set_compression(png::Compression::Balanced);
    // Plain areas and letters repeat as they are. Filtered, they repeat less, and the file is larger.
    encoder.set_filter(png::Filter::NoFilter);
    let data = if let Some((palette, indices)) = indexed(pixels) {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
        indices
    } else {
        encoder.set_color(png::ColorType::Rgb);
        pixels.iter().copied().flat_map(rgb).collect()
    };
    encoder.write_header()?.write_image_data(&data)?;
    Ok(bytes)
}

/// A palette and each pixel's place in it, where there are no more colours than a byte can tell. So it is where edges are
/// upright, as those of bars: that is half the bytes.
fn indexed(pixels: &[PremultipliedColorU8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut places, mut palette) = (BTreeMap::new(), Vec::new());
    let mut indices = Vec::with_capacity(pixels.len());
    // Most pixels are as the one before.
    let mut last = None;
    for pixel in pixels {
        let place = match last {
            Some((same, place)) if same == *pixel => place,
            _ => {
                let (color, next) = (rgb(*pixel), places.len());
                let place = *places.entry(color).or_insert(next);
                if place == next {
                    palette.extend(color);
                }
                u8::try_from(place).ok()?
            }
        };
        last = Some((*pixel, place));
        indices.push(place);
    }
    Some((palette, indices))
}

fn rgb(pixel: PremultipliedColorU8) -> [u8; 3] {
    [pixel.red(), pixel.green(), pixel.blue()]
}
