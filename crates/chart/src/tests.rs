//! Charts as pictures: decoded, measured, counted.

use super::{
    font::{fit, width},
    number::{human, percent},
    palette::Rgb,
    scale::Scale,
    *,
};
use clap::ValueEnum;
use highlevel_core::error::Code;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn chart(kind: Kind, theme: Theme, columns: &[&str], rows: Value) -> Chart {
    Chart {
        kind,
        theme,
        title: Some("Deals".into()),
        columns: columns.iter().map(ToString::to_string).collect(),
        rows: serde_json::from_value(rows).unwrap(),
    }
}

fn all() -> impl Iterator<Item = (Kind, Theme)> {
    Kind::value_variants().iter().flat_map(|kind| Theme::value_variants().iter().map(|theme| (*kind, *theme)))
}

/// A decoded picture.
struct Picture {
    wide: usize,
    high: usize,
    pixels: Vec<Rgb>,
}

impl Picture {
    fn of(chart: &Chart) -> Self {
        Self::read(&chart.png().unwrap())
    }

    fn read(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let pixels = data.chunks(3).map(|pixel| Rgb(pixel[0], pixel[1], pixel[2])).collect();
        Self { wide: info.width.try_into().unwrap(), high: info.height.try_into().unwrap(), pixels }
    }

    fn count(&self, color: Rgb) -> usize {
        self.pixels.iter().filter(|pixel| **pixel == color).count()
    }

    /// For each line of pixels that has the color: its first place and how often.
    fn lines(&self, color: Rgb) -> Vec<(usize, usize)> {
        let of = |line: &[Rgb]| {
            let first = line.iter().position(|pixel| *pixel == color)?;
            Some((first, line.iter().filter(|pixel| **pixel == color).count()))
        };
        self.pixels.chunks(self.wide).filter_map(of).collect()
    }

    /// Nothing runs over the edge, nor near to it.
    fn assert_inside(&self, background: Rgb) {
        const CLEAR: usize = 12;
        for (place, pixel) in self.pixels.iter().enumerate() {
            let (x, y) = (place % self.wide, place / self.wide);
            let edge = x < CLEAR || x >= self.wide - CLEAR || y < CLEAR || y >= self.high - CLEAR;
            assert!(!edge || *pixel == background, "{pixel:?} at {x}, {y} of {} x {}", self.wide, self.high);
        }
    }
}

#[test]
fn every_kind_draws_in_both_themes_and_always_the_same() {
    let rows = json!([["Discovery", 120], ["Proposal", 80], ["Won", 12]]);
    for (kind, theme) in all() {
        let chart = chart(kind, theme, &["stage", "deals"], rows.clone());
        let bytes = chart.png().unwrap();
        assert_eq!(bytes, chart.png().unwrap(), "{kind:?} {theme:?}");
        assert!(bytes.len() < 100_000, "{kind:?} {theme:?}: {} bytes", bytes.len());
        let (picture, palette) = (Picture::read(&bytes), theme.palette());
        assert_eq!(picture.wide, 1600);
        assert!((300..1000).contains(&picture.high), "{kind:?} is {} high", picture.high);
        picture.assert_inside(palette.background);
        let plain = picture.count(palette.background);
        assert!(plain > picture.pixels.len() / 3 && plain < picture.pixels.len(), "{kind:?} {theme:?}");
        for color in [palette.text, palette.muted, palette.series(0)] {
            assert!(picture.count(color) > 50, "{kind:?} {theme:?} without {color:?}");
        }
    }
}

#[test]
fn no_row_says_so_and_one_row_draws() {
    for (kind, theme) in all() {
        let palette = theme.palette();
        let none = Picture::of(&chart(kind, theme, &["stage", "deals"], json!([])));
        assert_eq!(none.count(palette.series(0)), 0);
        assert!(none.count(palette.muted) > 50, "the words");
        none.assert_inside(palette.background);
        let one = Picture::of(&chart(kind, theme, &["stage", "deals"], json!([["Won", 7]])));
        assert!(one.count(palette.series(0)) > 50, "{kind:?}");
        one.assert_inside(palette.background);
    }
}

#[test]
fn sizes_are_as_the_numbers() {
    let theme = Theme::Light;
    let [blue, orange] = [0, 1].map(|series| theme.palette().series(series));
    let near = |a: usize, b: usize| a.abs_diff(b) * 50 <= a.max(b);

    let rows = json!([["a", 300, 100], ["b", -150, 0], ["c", null, 50]]);
    let bars = Picture::of(&chart(Kind::Bar, theme, &["x", "y", "z"], rows));
    // Above the bars, the legend's marks are the first lines of a colour.
    let lines: Vec<_> = bars.lines(blue).into_iter().filter(|(first, _)| *first > 60).collect();
    let (long, short) = (lines.first().unwrap(), lines.last().unwrap());
    assert!(near(long.1, 2 * short.1), "{long:?} {short:?}");
    assert!(near(short.0 + short.1, long.0), "a negative bar ends where a positive one begins: {long:?} {short:?}");
    let lines: Vec<_> = bars.lines(orange).into_iter().filter(|(first, _)| *first >= long.0 - 2).collect();
    assert!(near(lines.first().unwrap().1, 2 * lines.last().unwrap().1), "{lines:?}");

    let pie = Picture::of(&chart(Kind::Pie, theme, &["x", "y"], json!([["a", 75], ["b", 25]])));
    assert!(near(pie.count(blue), 3 * pie.count(orange)), "{} {}", pie.count(blue), pie.count(orange));

    let funnel = Picture::of(&chart(Kind::Funnel, theme, &["x", "y"], json!([["a", 100], ["b", 25], ["c", 50]])));
    let mut widths: Vec<_> = funnel.lines(blue).into_iter().map(|(_, wide)| wide).collect();
    widths.dedup_by(|a, b| near(*a, *b));
    assert_eq!(widths.len(), 3, "in the order given: {widths:?}");
    assert!(near(widths[0], 4 * widths[1]) && near(widths[0], 2 * widths[2]), "{widths:?}");

    let line = Picture::of(&chart(Kind::Line, theme, &["x", "y"], json!([["a", 1], ["b", null], ["c", 1]])));
    let blues: Vec<_> = line.lines(blue);
    assert!(blues.iter().all(|(_, wide)| *wide < 50), "nothing is drawn over a gap: {blues:?}");
}

#[test]
fn a_pie_folds_the_smallest_slices() {
    let palette = Theme::Light.palette();
    let pie = |rows: usize| {
        let rows: Vec<Value> = (0..rows).map(|row| json!([format!("r{row}"), 1000 - row])).collect();
        Picture::of(&chart(Kind::Pie, Theme::Light, &["x", "y"], Value::Array(rows)))
    };
    assert_eq!(pie(8).count(palette.other), 0);
    assert!(pie(8).count(palette.series(7)) > 1000);
    // Two of nine against the one before.
    let nine = pie(9);
    assert_eq!(nine.count(palette.series(7)), 0);
    assert!(nine.count(palette.other) > nine.count(palette.series(6)) * 3 / 2);
}

#[test]
fn long_labels_stay_in_their_place() {
    let label = "A very long name of a stage that somebody has typed without thinking of charts ".repeat(9);
    let rows = json!([[label, 10], [label, 5], ["线索 محادثة 🔥\n\u{7}\u{202e}\0", 1], [null, 3], [1.5, 2], [true, 1]]);
    for (kind, theme) in all() {
        let mut chart = chart(kind, theme, &["x", &label], rows.clone());
        chart.title = Some(label.clone());
        let picture = Picture::of(&chart);
        picture.assert_inside(theme.palette().background);
    }
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let rows = |count: usize| Value::Array((0..count).map(|row| json!([row, row, row, row, row])).collect());
    let wide: Vec<String> = (0..10).map(|column| column.to_string()).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    for (kind, columns, rows, field, part) in [
        (Kind::Bar, &["a"][..], json!([[1]]), "sql", "at least two columns"),
        (Kind::Line, &[], json!([]), "sql", "at least two columns"),
        (Kind::Bar, &["a", "b"], rows(41), "sql", "at most 40 rows"),
        (Kind::Bar, &["a", "b", "c", "d", "e"], rows(40), "sql", "120 bars"),
        (Kind::Line, &["a", "b"], rows(1001), "sql", "at most 1000"),
        (Kind::Pie, &["a", "b"], rows(1001), "sql", "at most 1000"),
        (Kind::Funnel, &["a", "b"], rows(13), "sql", "at most 12 steps"),
        (Kind::Bar, &wide, json!([]), "sql", "9 columns of numbers"),
        (Kind::Bar, &["a", "b"], json!([["x", "many"]]), "sql", "Column `b` holds \"many\" at `x`"),
        (Kind::Pie, &["a", "b"], json!([["x", true]]), "sql", "no number"),
        (Kind::Line, &["a", "b"], json!([["x", 1e16]]), "sql", "1e15"),
        (Kind::Pie, &["a", "b"], json!([["x", 3], ["y", -1]]), "kind", "negative value at `y`"),
        (Kind::Funnel, &["a", "b"], json!([["x", -1]]), "kind", "A bar or a line can"),
    ] {
        let error = chart(kind, Theme::Light, columns, rows).png().unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some(field)), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    // What a pie does not draw, it does not judge.
    chart(Kind::Pie, Theme::Light, &["a", "b", "c"], json!([["x", 1, "text"]])).png().unwrap();
    chart(Kind::Bar, Theme::Light, &["a", "b", "c", "d"], rows(40)).png().unwrap();
}

#[test]
fn numbers_are_short() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (7.0, "7"),
        (12.5, "12.5"),
        (1.256, "1.26"),
        (99.96, "100"),
        (0.5, "0.5"),
        (0.1 + 0.2, "0.3"),
        (0.00123, "0.00123"),
        (1e-20, "0"),
        (950.4, "950"),
        (999.7, "1,000"),
        (1234.0, "1,234"),
        (9999.4, "9,999"),
        (9999.6, "10k"),
        (35_000.0, "35k"),
        (12_345.0, "12.3k"),
        (999_400.0, "999k"),
        (999_600.0, "1M"),
        (1_240_000.0, "1.24M"),
        (-2.5e9, "-2.5B"),
        (1e15, "1000T"),
    ] {
        assert_eq!(human(value), text);
    }
    for (part, whole, text) in [
        (1.0, 0.0, "–"),
        (0.0, 5.0, "0%"),
        (5.0, 5.0, "100%"),
        (1.0, 3.0, "33%"),
        (1.0, 21.0, "4.8%"),
        (1.0, 1e6, "<0.1%"),
        (300.0, 200.0, "150%"),
    ] {
        assert_eq!(percent(part, whole), text);
    }
}

/// What somebody sees who lacks the red or the green cones, after Viénot, Brettel and Mollon.
fn as_seen(Rgb(r, g, b): Rgb, matrix: [[f32; 3]; 3]) -> [f32; 3] {
    let linear = [r, g, b].map(|channel| (f32::from(channel) / 255.0).powf(2.2));
    matrix.map(|row| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f32>().clamp(0.0, 1.0).powf(1.0 / 2.2))
}

#[test]
fn colors_are_told_apart() {
    const ALL_CONES: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    const NO_RED: [[f32; 3]; 3] = [[0.112, 0.888, 0.0], [0.112, 0.888, 0.0], [0.004, -0.004, 1.0]];
    const NO_GREEN: [[f32; 3]; 3] = [[0.293, 0.707, 0.0], [0.293, 0.707, 0.0], [-0.021, 0.021, 1.0]];
    for theme in Theme::value_variants() {
        let palette = theme.palette();
        let colors: Vec<Rgb> = palette.series.into_iter().chain([palette.other]).collect();
        for matrix in [ALL_CONES, NO_RED, NO_GREEN] {
            for (place, a) in colors.iter().enumerate() {
                for b in &colors[..place] {
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

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-1e15..1e15).prop_map(|number: f64| json!(number)),
        8 => (-50..2000).prop_map(|number| json!(number)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        2 => Just(Value::Null),
    ]
}

fn charts() -> impl Strategy<Value = Chart> {
    let row = (prop_oneof![any::<String>(), "\\PC{0,60}"], proptest::collection::vec(cell(), 0..5));
    let rows = proptest::collection::vec(row.prop_map(|(label, cells)| [vec![json!(label)], cells].concat()), 0..30);
    let kind = proptest::sample::select(Kind::value_variants());
    let theme = proptest::sample::select(Theme::value_variants());
    let columns = proptest::collection::vec(any::<String>(), 0..6);
    (kind, theme, any::<Option<String>>(), columns, rows).prop_map(|(kind, theme, title, columns, rows)| Chart {
        kind,
        theme,
        title,
        columns,
        rows,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_table_is_drawn_or_refused(chart in charts()) {
        match chart.png() {
            Ok(bytes) => Picture::read(&bytes).assert_inside(chart.theme.palette().background),
            Err(error) => prop_assert_eq!(error.code, Code::InvalidArguments),
        }
    }
}

proptest! {
    #[test]
    fn an_axis_holds_its_values(values in proptest::collection::vec(prop_oneof![-1e15..1e15, -5.0..5.0, -1e-9..1e-9], 0..9)) {
        let scale = Scale::over(values.iter().copied());
        prop_assert!((2..=10).contains(&scale.ticks.len()), "{:?}", scale.ticks);
        prop_assert!(scale.ticks.is_sorted() && scale.ticks.contains(&0.0), "{:?}", scale.ticks);
        for value in values.iter().filter(|value| value.abs() > 1e-11) {
            prop_assert!(scale.ticks[0] <= *value * (1.0 + 1e-9f64.copysign(*value)) || *value > 0.0);
            prop_assert!((0.0..=1.0).contains(&scale.at(*value)));
        }
        let texts: BTreeMap<String, f64> = scale.ticks.iter().map(|tick| (human(*tick), *tick)).collect();
        prop_assert_eq!(texts.len(), scale.ticks.len(), "no two ticks say the same: {:?}", texts);
    }

    #[test]
    fn a_text_fits_its_room(text in any::<String>(), room in 20.0f32..300.0) {
        let fitted = fit(&text, 14.0, room);
        prop_assert!(width(&fitted, 14.0) <= room + 0.6);
        prop_assert!(fitted == text || fitted.ends_with('…'));
    }
}
