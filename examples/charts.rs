//! Draws every kind of chart with difficult tables, for visual inspection: `cargo run --example charts -- DIRECTORY`.

use highlevel_chart::{Chart, ChartKind, Theme};
use serde_json::{Value, json};
use std::{env, fs, path::PathBuf};

fn main() -> anyhow::Result<()> {
    let directory = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/charts".to_owned()));
    fs::create_dir_all(&directory)?;
    for (kind, name, series, rows) in cases() {
        for theme in Theme::ALL {
            let columns = std::iter::once("label").chain(series.iter().copied()).map(str::to_owned).collect();
            let title = Some("Open deals by stage".to_owned());
            let chart = Chart { kind, theme, title, columns, rows: rows.clone() };
            let file = format!("{kind:?}-{theme:?}-{name}.png").to_lowercase();
            fs::write(directory.join(file), chart.png()?)?;
        }
    }
    Ok(())
}

type Case = (ChartKind, &'static str, &'static [&'static str], Vec<Vec<Value>>);

fn cases() -> Vec<Case> {
    const LONG_NAME: &str =
        "the value of all open opportunities in this pipeline, and more words that go on and on and on";
    let mut cases = Vec::new();
    for kind in ChartKind::ALL {
        cases.extend([
            (kind, "normal", &["deals"][..], normal()),
            (kind, "long", &[LONG_NAME], long()),
            (kind, "one", &["deals"], normal().into_iter().take(1).collect()),
            (kind, "none", &["deals"], vec![]),
        ]);
    }
    let eight =
        &["first", "second", "a third one that is long in the name, really", "fourth", "fifth", "6th", "7th", "8th"];
    cases.extend([
        (ChartKind::Bar, "many", &["won", "lost", "open"][..], many(40)),
        (ChartKind::Bar, "eight", eight, wide()),
        (ChartKind::Bar, "signs", &["change", "target"], signs()),
        (ChartKind::Line, "many", &["revenue", "cost", "ads"], months()),
        (ChartKind::Line, "eight", eight, wide()),
        (ChartKind::Line, "signs", &["change"], signs()),
        (ChartKind::Pie, "many", &["won"], many(40)),
        (ChartKind::Funnel, "many", &["won"], many(12)),
    ]);
    cases
}

fn normal() -> Vec<Vec<Value>> {
    let rows = [("Discovery call", 1240), ("Proposal sent", 860), ("Negotiation", 412), ("Won", 137), ("Paid", 58)];
    rows.map(|(label, value)| vec![json!(label), json!(value)]).into()
}

fn long() -> Vec<Vec<Value>> {
    vec![
        vec![json!("A very long name of a stage that somebody has typed without thinking of charts"), json!(1_240_000)],
        vec![json!("🔥 Hot leads — Ελλάδα, Привет, zażółć gęślą jaźń"), json!(860_500.5)],
        vec![json!("线索 リード محادثة\na second line\u{7} \u{202e}turned"), json!(412)],
        vec![json!(null), json!(0)],
        vec![json!("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"), json!(58_123)],
    ]
}

fn many(rows: i32) -> Vec<Vec<Value>> {
    let row = |i: i32| vec![json!(format!("Stage {i}")), json!(i * 37 % 101), json!(i * 53 % 97), json!(i * 11 % 89)];
    (1..=rows).map(row).collect()
}

fn wide() -> Vec<Vec<Value>> {
    let row = |i: i32| [i, 2 * i + 3, i * i, 12 - i, 7, 3 + i % 2, 9 - i, 2 * i].map(Value::from);
    (0..6).map(|i| std::iter::once(json!(format!("Q{i}"))).chain(row(i)).collect()).collect()
}

fn signs() -> Vec<Vec<Value>> {
    vec![
        vec![json!("January"), json!(-1200), json!(300)],
        vec![json!("February"), json!(800), json!(-300)],
        vec![json!("March"), json!(null), json!(20)],
        vec![json!("April"), json!(12_345.6), json!(1)],
    ]
}

fn months() -> Vec<Vec<Value>> {
    let row = |i: i32| {
        let ads = if i % 9 == 4 { Value::Null } else { json!(4000 + i * 310) };
        let month = format!("{}-{:02}-01", 2023 + i / 12, i % 12 + 1);
        vec![json!(month), json!(20_000 + i * 7919 % 15_000 + i * 400), json!(15_000 + i * 104_729 % 9000), ads]
    };
    (0..36).map(row).collect()
}
