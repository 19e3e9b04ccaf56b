//! Names of new files, made of names that others chose.

use crate::clean;

/// The most bytes of a name. File systems take 255, and a temporary name is longer.
const MAX_BYTES: usize = 150;

/// The most bytes of an extension.
const MAX_EXTENSION: usize = 16;

/// The name where nothing is left of the one that was asked for.
const UNNAMED: &str = "file";

/// Characters that a file system or a shell reads in another way. Windows refuses them.
const SPECIAL: [char; 7] = ['<', '>', ':', '"', '|', '?', '*'];

/// Names that are devices on Windows, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name that every system takes, without folders: the last part of `raw`, visible characters only.
pub(super) fn file_name(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let line = clean::line(last, last.len()).replace(SPECIAL, "-");
    // A leading point hides a file, and commands take a leading hyphen for an option.
    let name = line.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    let (stem, extension) = split(name);
    let stem = cut(stem, MAX_BYTES).trim_end_matches(['.', ' ']);
    let stem = if stem.is_empty() { UNNAMED } else { stem };
    let device = if is_device(stem) { "_" } else { "" };
    format!("{device}{stem}{extension}")
}

/// The name of the `number`th file that is to have this name.
pub(super) fn numbered(name: &str, number: u32) -> String {
    match number {
        0 | 1 => name.to_owned(),
        _ => {
            let (stem, extension) = split(name);
            format!("{stem}-{number}{extension}")
        }
    }
}

/// A name's stem, and its extension with the point.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.').and_then(|point| name.split_at_checked(point)) {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= MAX_EXTENSION => (stem, extension),
        _ => (name, ""),
    }
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Whether Windows takes a file of this stem for a device.
fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let port = first.strip_prefix("com").or_else(|| first.strip_prefix("lpt"));
    DEVICES.contains(&first.as_str()) || port.is_some_and(|port| port.len() == 1 && port.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_lose_what_is_no_name() {
        let cases = [
            ("Invoice 12.pdf", "Invoice 12.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\a.csv", "a.csv"),
            ("what? \"now\".txt", "what- -now-.txt"),
            (".bashrc", "bashrc"),
            ("-rf.txt", "rf.txt"),
            ("a\u{202e}fdp.exe\0\r\n", "afdp.exe"),
            ("..", "file"),
            ("", "file"),
            ("folder/", "file"),
            ("con.txt", "_con.txt"),
            ("LPT1", "_LPT1"),
            ("console.txt", "console.txt"),
            ("trailing. . ", "trailing"),
            ("Müller – Q3.xlsx", "Müller – Q3.xlsx"),
        ];
        for (raw, expected) in cases {
            assert_eq!(file_name(raw), expected, "{raw:?}");
        }
        let long = format!("{}.csv", "é".repeat(300));
        assert_eq!(file_name(&long), format!("{}.csv", "é".repeat(75)));
    }

    #[test]
    fn a_number_precedes_the_extension() {
        assert_eq!(numbered("report.csv", 1), "report.csv");
        assert_eq!(numbered("report.csv", 2), "report-2.csv");
        assert_eq!(numbered("report", 3), "report-3");
    }

    proptest! {
        #[test]
        fn any_name_is_one_part_of_a_path_and_stays_itself(raw in "\\PC*|[./\\\\ -]*|.*") {
            let name = file_name(&raw);
            prop_assert!(!name.is_empty() && name.len() <= MAX_BYTES + MAX_EXTENSION + 1, "{name}");
            prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'), "{name}");
            prop_assert_eq!(file_name(&name), name.clone());
        }
    }
}
