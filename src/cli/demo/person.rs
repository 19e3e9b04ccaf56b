//! The user of the demo's host: sees each form, and answers as the story says.

use crate::cli::print;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the user looks at a form. The server takes an immediate decline for a host that answers without its user.
const READING: Duration = Duration::from_millis(500);

/// Agrees to every form, or declines every form.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) agrees: bool,
}

impl Person {
    /// The answer to a form with this question.
    pub(super) async fn answer(&self, question: &str) -> anyhow::Result<Value> {
        print("     The host shows the person a form:")?;
        for line in question.lines() {
            print(&format!("     | {line}"))?;
        }
        print(&format!("     The person answers: {}", if self.agrees { "yes" } else { "no" }))?;
        tokio::time::sleep(READING).await;
        Ok(match self.agrees {
            true => json!({"action": "accept", "content": {"confirm": true}}),
            false => json!({"action": "decline"}),
        })
    }
}
