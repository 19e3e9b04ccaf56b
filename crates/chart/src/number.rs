//! Numbers as short texts.

/// A number in few characters: `950`, `1,234`, `35k`, `1.2M`. From ten thousand on, three significant digits.
pub(super) fn human(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        // The bounds include rounding, so that 999,950 is 1M and not 1000k.
        _ if size >= 999.5e9 => scaled(size / 1e12, "T"),
        _ if size >= 999.5e6 => scaled(size / 1e9, "B"),
        _ if size >= 999.5e3 => scaled(size / 1e6, "M"),
        _ if size >= 9_999.5 => scaled(size / 1e3, "k"),
        _ if size >= 999.5 => thousands(size),
        _ => digits(size),
    };
    if value < 0.0 && text != "0" { format!("-{text}") } else { text }
}

/// A share in percent, or a dash if the whole is not positive.
pub(super) fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 {
        return "–".to_owned();
    }
    match part / whole * 100.0 {
        percent if percent > 0.0 && percent < 0.05 => "<0.1%".to_owned(),
        percent if percent < 9.95 => format!("{}%", trimmed(format!("{percent:.1}"))),
        percent if percent < 9_999.5 => format!("{percent:.0}%"),
        percent => format!("{}%", human(percent)),
    }
}

fn scaled(size: f64, unit: &str) -> String {
    format!("{}{unit}", digits(size))
}

/// Three significant digits without trailing zeros.
fn digits(size: f64) -> String {
    trimmed(match size {
        _ if size >= 99.95 => format!("{size:.0}"),
        _ if size >= 9.995 => format!("{size:.1}"),
        _ if size >= 0.9995 => format!("{size:.2}"),
        _ if size >= 0.0995 => format!("{size:.3}"),
        _ if size >= 0.000_999_5 => format!("{size:.5}"),
        _ if size >= 1e-12 => return format!("{size:.1e}"),
        _ => return "0".to_owned(),
    })
}

/// A number of four digits with a comma.
fn thousands(size: f64) -> String {
    let plain = format!("{size:.0}");
    match plain.split_at_checked(plain.len().saturating_sub(3)) {
        Some((front, back)) if !front.is_empty() => format!("{front},{back}"),
        _ => plain,
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
