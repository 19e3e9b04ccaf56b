//! The policy from the settings: which tools are available, and which need confirmation.

use super::UnconfirmedCalls;
use highlevel_catalog::{Catalog, Effect, Invocation, Operation, OperationSpec, Toolset, operations::RunOperation};
use highlevel_core::error::{Code, Error, Result};
use highlevel_core::suggest::nearest;

/// How confirmations are taken (`--confirm`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ConfirmMode {
    /// The best way that the host offers.
    #[default]
    Auto,
    /// Always by preview and token, for hosts that announce questions and never show them.
    TwoStep,
    /// By `highlevel-mcp approve CODE` in the person's own terminal.
    Human,
    /// On the approval page of a running server, by a person who logs in there.
    Page,
    /// Never: guarded tools refuse.
    Deny,
}

/// Which tools are available, and which need confirmation.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Only reads are listed and run.
    pub read_only: bool,
    /// The allowed groups. Empty allows all.
    pub toolsets: Vec<Toolset>,
    /// Whether tools for rare jobs are listed, too.
    pub lists_all: bool,
    /// The allowed tools. Empty allows all.
    pub tools: Vec<String>,
    /// The forbidden tools.
    pub exclude_tools: Vec<String>,
    /// Patterns of forbidden operations, with `*` for any text.
    pub exclude_operations: Vec<String>,
    /// How confirmations are taken.
    pub confirm: ConfirmMode,
    /// Additional tools that need confirmation. Tools that cannot be undone always need it.
    pub confirm_tools: Vec<String>,
    /// The sends and starts that run without a person, within ceilings.
    pub unconfirmed: UnconfirmedCalls,
}

impl Policy {
    /// Refuses unknown tool names, because a typo in a setting would silently change what is allowed.
    ///
    /// # Errors
    /// `invalid_arguments` with the setting and the nearest tool.
    pub fn check_names(&self, catalog: &Catalog) -> Result<()> {
        let is_known = |name: &str| catalog.find(name).is_some() || Catalog::declared().find(name).is_some();
        let lists = [
            ("--tools", &self.tools),
            ("--exclude-tools", &self.exclude_tools),
            ("--confirm-tools", &self.confirm_tools),
        ];
        for (setting, names) in lists {
            if let Some(name) = names.iter().find(|name| !is_known(name)) {
                let hint = nearest(name, Catalog::declared().names().chain(catalog.names()))
                    .map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
                return Err(Error::invalid(
                    setting,
                    format!(
                        "{setting} names `{name}`, which is not a tool.{hint} `highlevel-mcp tools` lists all tools."
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Whether the tool is listed. Without `--toolsets` and `--tools`, tools for rare jobs may run and are not listed.
    pub fn lists(&self, spec: &OperationSpec) -> bool {
        self.allows(spec) && (spec.listed || self.lists_all || !self.toolsets.is_empty() || !self.tools.is_empty())
    }

    /// Whether the tool may run.
    pub fn allows(&self, spec: &OperationSpec) -> bool {
        let named = |names: &[String]| names.iter().any(|name| *name == spec.name);
        (!self.read_only || (spec.effect == Effect::Read && !spec.is_about_jobs()) || spec.runs_any_operation())
            && (self.toolsets.is_empty() || self.toolsets.contains(&spec.toolset))
            && (self.tools.is_empty() || names(&self.tools, spec))
            && !named(&self.exclude_tools)
            && !self.excludes(spec)
    }

    /// Whether a pattern of `--exclude-operations` matches the tool or the operation.
    fn excludes(&self, spec: &OperationSpec) -> bool {
        self.exclude_operations.iter().any(|pattern| matches(pattern, &spec.name))
    }

    /// Whether the mirror may show what this tool reads.
    ///
    /// `--exclude-tools` and `--toolsets` also apply to the mirror. `--toolsets insights` alone hides nothing, and
    /// neither does `--tools`: they restrict tools, not data.
    pub fn shows(&self, spec: &OperationSpec) -> bool {
        let resources = self.toolsets.iter().any(|toolset| *toolset != Toolset::Insights);
        !self.exclude_tools.iter().any(|name| *name == spec.name)
            && (!resources || self.toolsets.contains(&spec.toolset))
    }

    /// Whether some calls of the tool need confirmation.
    pub fn confirms(&self, spec: &OperationSpec) -> bool {
        spec.may_be_guarded() || self.is_added(spec)
    }

    /// Whether the call needs confirmation.
    pub fn confirms_call(&self, invocation: &Invocation) -> bool {
        invocation.is_guarded() || self.is_added(invocation.spec)
    }

    /// Whether the settings let the call run without a person, within their ceilings. `--confirm-tools` comes first.
    pub(super) fn names_unconfirmed(&self, invocation: &Invocation) -> bool {
        self.unconfirmed.names(invocation) && !self.is_added(invocation.spec)
    }

    /// Refuses an operation of the catalogue that is not available. `tool` is the typed tool for the same job: what
    /// forbids that one forbids the operation, too.
    ///
    /// # Errors
    /// `policy_denied` with the setting.
    pub fn allow_operation(&self, operation: &OperationSpec, tool: Option<&str>) -> Result<()> {
        let is_tool = |names: &[String]| names.iter().any(|name| Some(name.as_str()) == tool);
        let in_group = self.toolsets.is_empty()
            || operation.toolset == Toolset::Operations
            || self.toolsets.contains(&operation.toolset);
        let excluded_tool =
            tool.is_some_and(|tool| self.exclude_operations.iter().any(|pattern| matches(pattern, tool)));
        let why = if self.read_only && operation.effect != Effect::Read {
            "this server is read-only"
        } else if !in_group {
            "this server's `--toolsets` exclude its group"
        } else if self.excludes(operation) || excluded_tool {
            "this server's `--exclude-operations` exclude it"
        } else if is_tool(&self.exclude_tools) {
            "this server's `--exclude-tools` exclude the tool for the same job"
        } else {
            return Ok(());
        };
        Err(Error::new(Code::PolicyDenied, format!("{} is not available: {why}.", operation.name)))
    }

    /// Whether `--confirm-tools` names the tool, or the tool that runs the operation.
    fn is_added(&self, spec: &OperationSpec) -> bool {
        names(&self.confirm_tools, spec)
    }

    /// Refuses a tool that is not available.
    ///
    /// # Errors
    /// `policy_denied` with the setting.
    pub fn allow(&self, spec: &OperationSpec) -> Result<()> {
        if self.allows(spec) {
            return Ok(());
        }
        let why = if self.read_only && (spec.effect != Effect::Read || spec.is_about_jobs()) {
            "this server is read-only"
        } else {
            "this server's `--toolsets`, `--tools` or `--exclude-tools` exclude it"
        };
        Err(Error::new(Code::PolicyDenied, format!("{} is not available: {why}.", spec.name)))
    }
}

/// Whether a setting names the tool, or `run_operation` for an operation of the catalogue.
fn names(tools: &[String], spec: &OperationSpec) -> bool {
    tools.iter().any(|name| *name == spec.name || (spec.passthrough.is_some() && name == RunOperation::NAME))
}

/// Whether a name matches a pattern. `*` stands for any text, and case does not count.
pub fn matches(pattern: &str, name: &str) -> bool {
    wildmatch::WildMatch::new_case_insensitive(pattern.trim()).matches(name)
}
