//! Properties of any table, axis and text.

use super::{
    super::{
        font::{fit, width},
        number::human,
        scale::Scale,
        *,
    },
    Picture,
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

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
    let kind = proptest::sample::select(&ChartKind::ALL[..]);
    let theme = proptest::sample::select(&Theme::ALL[..]);
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
            Err(error) => prop_assert!(!matches!(error, ChartError::Render(_)), "{error}"),
        }
    }
}

/// The last label of a line is as wide as its place. The property below found one beyond the edge.
#[test]
fn a_last_label_keeps_clear_of_the_edge() {
    for (rows, length) in [(11, 12), (19, 8), (22, 8), (11, 30)] {
        let chart = Chart {
            kind: ChartKind::Line,
            theme: Theme::Light,
            title: None,
            columns: vec!["week".to_owned(), "deals".to_owned()],
            rows: (0..rows).map(|row| vec![json!("w".repeat(length)), json!(row)]).collect(),
        };
        Picture::read(&chart.png().unwrap()).assert_inside(chart.theme.palette().background);
    }
}

/// Ranges whose ticks a text cannot tell apart. The property below found the first.
#[test]
fn a_range_too_small_to_write_is_none() {
    for value in [-2.030269781136481e-12, 1e-12, 4.9e-12, 9.9e-12] {
        let texts: BTreeMap<String, f64> =
            Scale::over([value].into_iter()).ticks.iter().map(|tick| (human(*tick), *tick)).collect();
        assert_eq!(texts.len(), Scale::over([value].into_iter()).ticks.len(), "{value}: {texts:?}");
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
