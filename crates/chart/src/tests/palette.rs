//! The colors are distinct, for color-blind readers as well.

use crate::{Theme, palette::Rgb};

/// The color that a person without red or green cones sees, after Viénot, Brettel and Mollon.
fn as_seen(Rgb(r, g, b): Rgb, matrix: [[f32; 3]; 3]) -> [f32; 3] {
    let linear = [r, g, b].map(|channel| (f32::from(channel) / 255.0).powf(2.2));
    matrix.map(|row| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f32>().clamp(0.0, 1.0).powf(1.0 / 2.2))
}

#[test]
fn colors_are_told_apart() {
    const ALL_CONES: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    const NO_RED: [[f32; 3]; 3] = [[0.112, 0.888, 0.0], [0.112, 0.888, 0.0], [0.004, -0.004, 1.0]];
    const NO_GREEN: [[f32; 3]; 3] = [[0.293, 0.707, 0.0], [0.293, 0.707, 0.0], [-0.021, 0.021, 1.0]];
    for theme in Theme::ALL {
        let palette = theme.palette();
        let colors: Vec<Rgb> = palette.series.into_iter().chain([palette.other]).collect();
        for matrix in [ALL_CONES, NO_RED, NO_GREEN] {
            for (index, a) in colors.iter().enumerate() {
                for b in &colors[..index] {
                    let (a_seen, b_seen) = (as_seen(*a, matrix), as_seen(*b, matrix));
                    let apart = a_seen.iter().zip(b_seen).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                    assert!(apart > 0.16, "{theme:?}: {a:?} and {b:?} are {apart} apart");
                }
            }
        }
        let contrast = |a: Rgb, b: Rgb| {
            let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
            a.max(b) / a.min(b)
        };
        for color in &colors {
            assert!(contrast(*color, palette.background) > 2.0, "{theme:?}: {color:?} on its background");
            assert!(contrast(*color, color.ink()) > 4.5, "{theme:?}: a percentage on {color:?}");
        }
        assert!(contrast(palette.text, palette.background) > 7.0);
        assert!(contrast(palette.muted, palette.background) > 4.5);
    }
}
