//! Cells that a spreadsheet would run as formulas.
//!
//! A spreadsheet runs a cell as a formula if it begins with a certain character, and the cells hold what strangers typed
//! into forms. Such a cell gets an apostrophe in front, which marks text. Numbers and phone numbers with a sign do not.

use std::borrow::Cow;

/// The characters that begin a formula. Spreadsheets also accept their full-width and small forms.
const FORMULA_START: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'];

/// Whether a spreadsheet would run the cell as a formula.
pub(super) fn is_formula(cell: &str) -> bool {
    // Some programs skip quotes and white space in front of a formula.
    let bare = cell.trim_start_matches(|letter: char| letter.is_whitespace() || is_quote_or_invisible(letter));
    let starts_formula = bare.starts_with(FORMULA_START) && !is_number(bare) && !is_phone(bare);
    // An apostrophe that a text begins with is not taken for the one that is put in front.
    starts_formula || cell.trim_start_matches('\'').starts_with(['\t', '\r', '\n'])
}

/// The cell without the apostrophe that marks text which looks like a formula. It undoes what the writer did.
pub(crate) fn restored(cell: String) -> String {
    match cell.strip_prefix('\'').filter(|bare| is_formula(bare)) {
        Some(bare) => bare.to_owned(),
        None => cell,
    }
}

fn is_quote_or_invisible(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`' | '‘' | '’' | '“' | '”' | '\u{feff}' | '\u{200b}' | '\0')
}

/// Whether a text is a number, such as -5, +1.5e3, -1,500.00 or -12 %.
fn is_number(text: &str) -> bool {
    let text = text.trim_end().trim_end_matches('%').trim_end();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = digits.contains(',') && digits.split(['.', ',']).all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let plain = if grouped { Cow::Owned(digits.replace(',', "")) } else { Cow::Borrowed(digits) };
    plain.starts_with(|first: char| first.is_ascii_digit() || first == '.') && plain.parse::<f64>().is_ok()
}

/// Whether a text is a phone number: a plus, digits, and the separators that people use. Without letters it cannot call a
/// function.
fn is_phone(text: &str) -> bool {
    const MIN_DIGITS: usize = 7;
    let Some(number) = text.trim_end().strip_prefix('+') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_separator = |letter: char| matches!(letter, ' ' | '\u{a0}' | '-' | '.' | '(' | ')');
    digits >= MIN_DIGITS
        && number.starts_with(|first: char| first.is_ascii_digit() || first == '(')
        && number.chars().all(|letter| letter.is_ascii_digit() || is_separator(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_and_numbers_do_not() {
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
            "'\t",
            "\u{feff}=1",
            "＝1+1",
            "＋1+1",
            "－1+1",
            "＠x",
            "﹦1",
        ] {
            assert!(is_formula(formula), "{formula:?}");
            assert_eq!(restored(format!("'{formula}")), formula);
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
            assert!(!is_formula(harmless), "{harmless:?}");
            assert_eq!(restored(format!("'{harmless}")), format!("'{harmless}"));
        }
    }
}
