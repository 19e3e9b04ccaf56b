//! The demo's host and its user: prints each form, and answers as the story says.

use crate::cli::print;
use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, Implementation,
        ProtocolVersion,
    },
    service::RequestContext,
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long the user looks at a form.
const READING: Duration = Duration::from_millis(500);

/// Agrees or declines, as the last call of [`Person::will_agree`] says.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    agrees: Arc<AtomicBool>,
}

impl Person {
    pub(super) fn will_agree(&self, agrees: bool) {
        self.agrees.store(agrees, Ordering::Relaxed);
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let capabilities = ClientCapabilities::builder().enable_elicitation().build();
        ClientConfig::new(capabilities, Implementation::new("highlevel-mcp-demo", env!("CARGO_PKG_VERSION")))
            .with_protocol_version(ProtocolVersion::V_2026_07_28)
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        let agrees = self.agrees.load(Ordering::Relaxed);
        let mut lines: Vec<String> = message.lines().map(|line| format!("     | {line}")).collect();
        lines.insert(0, "     The host shows the person a form:".to_owned());
        lines.push(format!("     The person answers: {}", if agrees { "yes" } else { "no" }));
        print(&lines.join("\n")).map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        // The server takes an immediate decline for a host that answers without its user.
        tokio::time::sleep(READING).await;
        Ok(if agrees {
            ElicitResult::new(ElicitationAction::Accept).with_content(json!({"confirm": true}))
        } else {
            ElicitResult::new(ElicitationAction::Decline)
        })
    }
}
