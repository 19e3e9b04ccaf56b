//! The policy from the settings: which tools are available, and which need confirmation.

use super::UnconfirmedCalls;
use highlevel_catalog::{Catalog, Effect, Invocation, OperationSpec, Toolset};
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
    /// The allowed tools. Empty allows all.
    pub tools: Vec<String>,
    /// The forbidden tools.
    pub exclude_tools: Vec<String>,
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
        self.allows(spec) && (spec.listed || !self.toolsets.is_empty() || !self.tools.is_empty())
    }

    /// Whether the tool may run.
    pub fn allows(&self, spec: &OperationSpec) -> bool {
        let named = |names: &[String]| names.iter().any(|name| *name == spec.name);
        (!self.read_only || spec.effect == Effect::Read)
            && (self.toolsets.is_empty() || self.toolsets.contains(&spec.toolset))
            && (self.tools.is_empty() || named(&self.tools))
            && !named(&self.exclude_tools)
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
        invocation.effect().is_guarded() || self.is_added(invocation.spec)
    }

    /// Whether the settings let the call run without a person, within their ceilings. `--confirm-tools` comes first.
    pub(super) fn names_unconfirmed(&self, invocation: &Invocation) -> bool {
        self.unconfirmed.names(invocation) && !self.is_added(invocation.spec)
    }

    fn is_added(&self, spec: &OperationSpec) -> bool {
        self.confirm_tools.iter().any(|name| *name == spec.name)
    }

    /// Refuses a tool that is not available.
    ///
    /// # Errors
    /// `policy_denied` with the setting.
    pub fn allow(&self, spec: &OperationSpec) -> Result<()> {
        if self.allows(spec) {
            return Ok(());
        }
        let why = if self.read_only && spec.effect != Effect::Read {
            "this server is read-only"
        } else {
            "this server's `--toolsets`, `--tools` or `--exclude-tools` exclude it"
        };
        Err(Error::new(Code::PolicyDenied, format!("{} is not available: {why}.", spec.name)))
    }
}
