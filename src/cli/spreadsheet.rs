//! Rows as CSV that a spreadsheet can open without running what a stranger typed into a form.
//!
//! A spreadsheet takes a cell for a formula by its first character. Such a cell gets an apostrophe in front, which
//! spreadsheets read as "text". Numbers and phone numbers begin with a sign too and stay as they are.

use super::{query::text, say};
use crate::service::QueryResult;
use std::borrow::Cow;

/// What begins a formula. Spreadsheets take the wide and the small forms for the plain ones.
const FORMULA: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'];

pub(super) fn write(result: &QueryResult) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    let mut changed = 0_usize;
    let mut record = |cells: &mut dyn Iterator<Item = String>| {
        let cells = cells.map(|cell| match safe(&cell) {
            Cow::Borrowed(_) => cell,
            Cow::Owned(safe) => {
                changed += 1;
                safe
            }
        });
        writer.write_record(cells)
    };
    record(&mut result.columns.iter().cloned())?;
    for row in &result.rows {
        record(&mut row.iter().map(text))?;
    }
    writer.flush()?;
    if changed > 0 {
        say(&format!("{changed} cells look like formulas and got a ' in front; --format json has them as they are."));
    }
    Ok(())
}

/// The cell, or what stands for it where a spreadsheet would compute it.
fn safe(cell: &str) -> Cow<'_, str> {
    // Some programs skip quotes and room before they look for a formula.
    let bare = cell.trim_start_matches(|letter: char| letter.is_whitespace() || is_quote_or_unseen(letter));
    let computes = bare.starts_with(FORMULA) && !is_number(bare) && !is_phone(bare);
    if computes || cell.starts_with(['\t', '\r', '\n']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn is_quote_or_unseen(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`' | '‘' | '’' | '“' | '”' | '\u{feff}' | '\u{200b}' | '\0')
}

/// A number: -5, +1.5e3, -1,500.00, -12 %.
fn is_number(text: &str) -> bool {
    let text = text.trim_end().trim_end_matches('%').trim_end();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = digits.contains(',') && digits.split(['.', ',']).all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let plain = if grouped { Cow::Owned(digits.replace(',', "")) } else { Cow::Borrowed(digits) };
    plain.starts_with(|first: char| first.is_ascii_digit() || first == '.') && plain.parse::<f64>().is_ok()
}

/// A phone number: a plus, digits, and what people write between them. It holds no letter, so it calls nothing.
fn is_phone(text: &str) -> bool {
    const LEAST: usize = 7;
    let Some(number) = text.trim_end().strip_prefix('+') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let between = |letter: char| matches!(letter, ' ' | '\u{a0}' | '-' | '.' | '(' | ')');
    digits >= LEAST
        && number.starts_with(|first: char| first.is_ascii_digit() || first == '(')
        && number.chars().all(|letter| letter.is_ascii_digit() || between(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_numbers_stay() {
        for formula in [
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+1+cmd|' /C calc'!A0",
            "-2+3",
            "-1-2",
            "@SUM(A1)",
            "+SUM(A1)",
            "+1-2",
            "-",
            "+",
            "- 5",
            "-A1",
            "-1e5e5",
            "-0x10",
            "-inf",
            "+nan",
            "+1 555 010 0100 ext. 5",
            "+1(555)010*0100",
            " =1+1",
            "\u{a0}=1",
            "\"=1+1\"",
            "' @x",
            "“=1”",
            "\t=1",
            "\tx",
            "\r=1",
            "\rx",
            "\nx",
            "\u{feff}=1",
            "＝1+1",
            "＋1+1",
            "－1+1",
            "＠x",
            "﹦1",
        ] {
            assert_eq!(safe(formula), format!("'{formula}"), "{formula:?}");
        }
        for harmless in [
            "",
            "x",
            "a=b",
            "1-2",
            "-5",
            "+5",
            "-1.5e3",
            "+1.5E-3",
            "-.5",
            "-1,500.00",
            "-12%",
            "+15550100",
            "+1 (555) 010-0100",
            "+1-555-010-0100",
            "+49 (0)151.2345678",
            "'-5",
            " -5",
            "2025-01-01",
            "a@b.example",
            "x\ty",
        ] {
            assert_eq!(safe(harmless), harmless, "{harmless:?}");
        }
    }
}
