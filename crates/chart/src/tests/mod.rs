//! Draws charts, decodes the pictures and measures them.

mod palette;
mod properties;

use super::{palette::Rgb, *};
use serde_json::json;

fn chart(kind: ChartKind, theme: Theme, columns: &[&str], rows: Value) -> Chart {
    Chart {
        kind,
        theme,
        title: Some("Deals".into()),
        columns: columns.iter().map(ToString::to_string).collect(),
        rows: serde_json::from_value(rows).unwrap(),
    }
}

fn all() -> impl Iterator<Item = (ChartKind, Theme)> {
    ChartKind::ALL.into_iter().flat_map(|kind| Theme::ALL.map(|theme| (kind, theme)))
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

    /// For each row of pixels with the color: its first position and its count.
    fn lines(&self, color: Rgb) -> Vec<(usize, usize)> {
        let of = |line: &[Rgb]| {
            let first = line.iter().position(|pixel| *pixel == color)?;
            Some((first, line.iter().filter(|pixel| **pixel == color).count()))
        };
        self.pixels.chunks(self.wide).filter_map(of).collect()
    }

    /// Asserts that nothing is drawn at the edge or near it.
    fn assert_inside(&self, background: Rgb) {
        const CLEAR: usize = 12;
        for (index, pixel) in self.pixels.iter().enumerate() {
            let (x, y) = (index % self.wide, index / self.wide);
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
    let bars = Picture::of(&chart(ChartKind::Bar, theme, &["x", "y", "z"], rows));
    // The legend's marks above the bars have the same color.
    let lines: Vec<_> = bars.lines(blue).into_iter().filter(|(first, _)| *first > 60).collect();
    let (long, short) = (lines.first().unwrap(), lines.last().unwrap());
    assert!(near(long.1, 2 * short.1), "{long:?} {short:?}");
    assert!(near(short.0 + short.1, long.0), "a negative bar ends where a positive one begins: {long:?} {short:?}");
    let lines: Vec<_> = bars.lines(orange).into_iter().filter(|(first, _)| *first >= long.0 - 2).collect();
    assert!(near(lines.first().unwrap().1, 2 * lines.last().unwrap().1), "{lines:?}");

    let pie = Picture::of(&chart(ChartKind::Pie, theme, &["x", "y"], json!([["a", 75], ["b", 25]])));
    assert!(near(pie.count(blue), 3 * pie.count(orange)), "{} {}", pie.count(blue), pie.count(orange));

    let funnel = Picture::of(&chart(ChartKind::Funnel, theme, &["x", "y"], json!([["a", 100], ["b", 25], ["c", 50]])));
    let mut widths: Vec<_> = funnel.lines(blue).into_iter().map(|(_, wide)| wide).collect();
    widths.dedup_by(|a, b| near(*a, *b));
    assert_eq!(widths.len(), 3, "in the order given: {widths:?}");
    assert!(near(widths[0], 4 * widths[1]) && near(widths[0], 2 * widths[2]), "{widths:?}");

    let line = Picture::of(&chart(ChartKind::Line, theme, &["x", "y"], json!([["a", 1], ["b", null], ["c", 1]])));
    let blues: Vec<_> = line.lines(blue);
    assert!(blues.iter().all(|(_, wide)| *wide < 50), "nothing is drawn over a gap: {blues:?}");
}

#[test]
fn a_pie_folds_the_smallest_slices() {
    let palette = Theme::Light.palette();
    let pie = |rows: usize| {
        let rows: Vec<Value> = (0..rows).map(|row| json!([format!("r{row}"), 1000 - row])).collect();
        Picture::of(&chart(ChartKind::Pie, Theme::Light, &["x", "y"], Value::Array(rows)))
    };
    assert_eq!(pie(8).count(palette.other), 0);
    assert!(pie(8).count(palette.series(7)) > 1000);
    // The last slice stands for two of nine rows.
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
    let table = ChartError::Table as fn(String) -> ChartError;
    let other_kind = ChartError::Kind as fn(String) -> ChartError;
    for (kind, columns, rows, variant, part) in [
        (ChartKind::Bar, &["a"][..], json!([[1]]), table, "at least two columns"),
        (ChartKind::Line, &[], json!([]), table, "at least two columns"),
        (ChartKind::Bar, &["a", "b"], rows(41), table, "at most 40 rows"),
        (ChartKind::Bar, &["a", "b", "c", "d", "e"], rows(40), table, "120 bars"),
        (ChartKind::Line, &["a", "b"], rows(1001), table, "at most 1000"),
        (ChartKind::Pie, &["a", "b"], rows(1001), table, "at most 1000"),
        (ChartKind::Funnel, &["a", "b"], rows(13), table, "at most 12 steps"),
        (ChartKind::Bar, &wide, json!([]), table, "9 columns of numbers"),
        (ChartKind::Bar, &["a", "b"], json!([["x", "many"]]), table, "Column `b` holds \"many\" at `x`"),
        (ChartKind::Pie, &["a", "b"], json!([["x", true]]), table, "no number"),
        (ChartKind::Line, &["a", "b"], json!([["x", 1e16]]), table, "1e15"),
        (ChartKind::Pie, &["a", "b"], json!([["x", 3], ["y", -1]]), other_kind, "negative value at `y`"),
        (ChartKind::Funnel, &["a", "b"], json!([["x", -1]]), other_kind, "A bar or a line can"),
    ] {
        let error = chart(kind, Theme::Light, columns, rows).png().unwrap_err();
        assert_eq!(error, variant(error.to_string()));
        assert!(error.to_string().contains(part), "{error}");
    }
    // A pie ignores the columns that it does not draw.
    chart(ChartKind::Pie, Theme::Light, &["a", "b", "c"], json!([["x", 1, "text"]])).png().unwrap();
    chart(ChartKind::Bar, Theme::Light, &["a", "b", "c", "d"], rows(40)).png().unwrap();
}

#[test]
fn names_parse_and_unknown_ones_list_what_is_allowed() {
    for (kind, theme) in all() {
        assert_eq!((kind.name().parse(), theme.name().parse()), (Ok(kind), Ok(theme)));
    }
    let error = "donut".parse::<ChartKind>().unwrap_err().to_string();
    assert_eq!(error, "unknown name \"donut\"; allowed are bar, line, pie, funnel");
}
