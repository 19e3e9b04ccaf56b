//! What an entry of a file forbids, within what the process allows.

use super::Settings;
use crate::guard::ConfirmMode;
use highlevel_catalog::Toolset;
use highlevel_core::error::{Error, Result};

/// The policy of an account's or a client's entry. An empty list of what is allowed allows everything.
#[derive(Debug, Clone)]
pub struct Narrower<'a> {
    /// Whose policy it is, for messages.
    pub(super) whose: String,
    pub(super) read_only: bool,
    pub(super) toolsets: &'a [Toolset],
    pub(super) tools: &'a [String],
    pub(super) exclude_tools: &'a [String],
    pub(super) exclude_operations: &'a [String],
    pub(super) confirm: Option<ConfirmMode>,
    pub(super) confirm_tools: &'a [String],
    pub(super) allow_unconfirmed: Option<&'a [String]>,
    pub(super) max_unconfirmed_per_hour: Option<u32>,
    pub(super) max_unconfirmed_per_recipient_day: Option<u32>,
}

impl Narrower<'_> {
    /// What may be done, in the file's words.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        if self.read_only {
            parts.push("read-only".to_owned());
        }
        if !self.toolsets.is_empty() {
            let names = self.toolsets.iter().map(|toolset| format!("{toolset:?}").to_lowercase());
            parts.push(format!("toolsets {}", names.collect::<Vec<_>>().join(", ")));
        }
        for (setting, names) in [
            ("tools", self.tools),
            ("not", self.exclude_tools),
            ("not", self.exclude_operations),
            ("confirm", self.confirm_tools),
        ] {
            if !names.is_empty() {
                parts.push(format!("{setting} {}", names.join(", ")));
            }
        }
        if let Some(names) = self.allow_unconfirmed {
            let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            parts.push(format!("unconfirmed {names}"));
        }
        for (ceiling, of) in [
            (self.max_unconfirmed_per_hour, "in an hour"),
            (self.max_unconfirmed_per_recipient_day, "for a recipient in a day"),
        ] {
            parts.extend(ceiling.map(|ceiling| format!("at most {ceiling} unconfirmed {of}")));
        }
        if let Some(mode) = self.confirm {
            parts.push(format!("confirm {mode:?}").to_lowercase());
        }
        if parts.is_empty() { "everything".to_owned() } else { parts.join("; ") }
    }
}

impl Settings {
    /// Forbids what the policy forbids. What was forbidden stays forbidden.
    pub(super) fn narrow(&mut self, by: &Narrower<'_>) -> Result<()> {
        self.read_only |= by.read_only;
        self.toolsets = match (self.toolsets.contains(&Toolset::All), by.toolsets.contains(&Toolset::All)) {
            (true, _) if !by.toolsets.is_empty() => by.toolsets.to_vec(),
            (_, true) if !self.toolsets.is_empty() => self.toolsets.clone(),
            _ => common("toolsets", &by.whose, &self.toolsets, by.toolsets)?,
        };
        self.tools = common("tools", &by.whose, &self.tools, by.tools)?;
        self.exclude_tools.extend(by.exclude_tools.iter().cloned());
        self.exclude_operations.extend(by.exclude_operations.iter().cloned());
        self.confirm_tools.extend(by.confirm_tools.iter().cloned());
        self.confirm = stricter(self.confirm, by.confirm);
        if let Some(allowed) = by.allow_unconfirmed {
            self.allow_unconfirmed.retain(|name| allowed.contains(name));
        }
        self.max_unconfirmed_per_hour = lower(self.max_unconfirmed_per_hour, by.max_unconfirmed_per_hour);
        self.max_unconfirmed_per_recipient_day =
            lower(self.max_unconfirmed_per_recipient_day, by.max_unconfirmed_per_recipient_day);
        Ok(())
    }
}

/// What both lists allow. An empty list allows everything.
fn common<T: PartialEq + Clone>(setting: &str, whose: &str, process: &[T], own: &[T]) -> Result<Vec<T>> {
    if process.is_empty() || own.is_empty() {
        return Ok([process, own].concat());
    }
    let both: Vec<T> = own.iter().filter(|one| process.contains(one)).cloned().collect();
    if both.is_empty() {
        let message = format!("--{setting} and the `{setting}` of {whose} have nothing in common.");
        return Err(Error::invalid(format!("--{setting}"), message));
    }
    Ok(both)
}

/// The lower of two ceilings.
fn lower(process: Option<u32>, own: Option<u32>) -> Option<u32> {
    process.into_iter().chain(own).min()
}

/// The mode that asks more of a person. Which of `auto` and `two-step` does depends on the host, so that an entry cannot
/// choose between them.
fn stricter(process: ConfirmMode, own: Option<ConfirmMode>) -> ConfirmMode {
    let rank = |mode: ConfirmMode| match mode {
        ConfirmMode::Auto | ConfirmMode::TwoStep => 0,
        // A person of their own in both: the process decides how they are reached.
        ConfirmMode::Human | ConfirmMode::Page => 1,
        ConfirmMode::Deny => 2,
    };
    own.filter(|own| rank(*own) > rank(process)).unwrap_or(process)
}
