//! A script: tool calls, one JSON object a line.

use highlevel_core::error::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// The ending of a script's name.
const ENDING: &str = "jsonl";

/// A script.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) path: PathBuf,
    pub(super) lines: Vec<ScriptLine>,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct ScriptLine {
    /// The line of the file, from 1.
    pub(super) number: usize,
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    /// The name of its answer for later lines.
    pub(super) name: Option<String>,
    pub(super) account: Option<String>,
    /// The SHA-256 of the line's text.
    pub(super) sha256: String,
}

/// A line as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tool: String,
    #[serde(default)]
    arguments: Map<String, Value>,
    #[serde(rename = "as")]
    name: Option<String>,
    account: Option<String>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// `invalid_arguments` for a file that cannot be read, and naming the line that is no call.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let wrong = |what: String| Error::invalid("SCRIPT", format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|fault| wrong(format!("{fault}.")))?;
        let mut lines = Vec::new();
        let mut names: HashSet<String> = HashSet::new();
        let text = text.trim_start_matches('\u{feff}');
        for (at, text) in text.lines().enumerate() {
            let (number, text) = (at + 1, text.trim());
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let line = ScriptLine::read(number, text).map_err(|what| wrong(format!("line {number}: {what}")))?;
            if let Some(name) = &line.name {
                if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || "_-".contains(letter)) {
                    return Err(wrong(format!("line {number}: `as` takes letters, digits, _ and -, not `{name}`.")));
                }
                if !names.insert(name.clone()) {
                    return Err(wrong(format!("line {number}: `{name}` is the name of an earlier line already.")));
                }
            }
            lines.push(line);
        }
        match lines.is_empty() {
            true => Err(wrong("there is no call in it.".to_owned())),
            false => Ok(Self { path: path.to_owned(), lines }),
        }
    }

    /// The file beside it that keeps what was done: `nightly.done.jsonl` for `nightly.jsonl`.
    pub(super) fn state_path(&self) -> PathBuf {
        let is_usual = self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING));
        let stem = if is_usual { self.path.file_stem() } else { self.path.file_name() };
        let stem = stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        self.path.with_file_name(format!("{stem}.done.{ENDING}"))
    }
}

impl ScriptLine {
    fn read(number: usize, text: &str) -> std::result::Result<Self, String> {
        let Written { tool, arguments, name, account } =
            serde_json::from_str(text).map_err(|fault| format!("{fault}."))?;
        let digest = Sha256::digest(text.as_bytes());
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { number, tool, arguments, name, account, sha256 })
    }
}
