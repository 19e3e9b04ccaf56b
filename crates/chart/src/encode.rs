//! Encodes pixels as a PNG. Size matters more than speed: a chat carries the bytes as base64.

use std::collections::BTreeMap;
use tiny_skia::PremultipliedColorU8;

/// Encodes opaque pixels as a PNG.
pub(super) fn png(wide: u32, high: u32, pixels: &[PremultipliedColorU8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, wide, high);
    encoder.set_compression(png::Compression::Balanced);
    // Plain areas and letters repeat exactly. Filters would break the repetition and make the file larger.
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

/// The palette and each pixel's index in it, if there are at most 256 colors. A chart of bars has few enough, and its file
/// is half as large.
fn indexed(pixels: &[PremultipliedColorU8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut known = BTreeMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(pixels.len());
    // Most pixels equal the one before: this skips the lookup.
    let mut last = None;
    for pixel in pixels {
        let index = match last {
            Some((same, index)) if same == *pixel => index,
            _ => {
                let color = rgb(*pixel);
                let next = known.len();
                let index = *known.entry(color).or_insert(next);
                if index == next {
                    palette.extend(color);
                }
                u8::try_from(index).ok()?
            }
        };
        last = Some((*pixel, index));
        indices.push(index);
    }
    Some((palette, indices))
}

fn rgb(pixel: PremultipliedColorU8) -> [u8; 3] {
    [pixel.red(), pixel.green(), pixel.blue()]
}
