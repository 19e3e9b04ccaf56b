//! The steps of the demo's assistant.

use super::host::{Host, PROTOCOL};
use crate::cli::print;
use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

/// The number of deals to print.
const DEALS: usize = 5;

pub(super) struct Story {
    pub(super) host: Host,
    /// Whether arguments and answers are printed whole.
    pub(super) full: bool,
}

impl Story {
    pub(super) async fn run(&mut self) -> anyhow::Result<()> {
        print("A real MCP session: this program as host, and itself again as server with an embedded account.")?;
        print("Nothing leaves this machine.")?;
        self.discover().await?;
        self.find_deals().await?;
        self.create_a_contact().await?;
        let published = self.publish_a_page().await?;
        self.be_refused(&published).await?;
        print("\nNext: `highlevel-mcp tools` lists the tools; README.md says how to attach a host.")
    }

    async fn discover(&mut self) -> anyhow::Result<()> {
        print("\n1. The host asks what the server can do.")?;
        print("  -> server/discover, tools/list")?;
        let server = self.host.request("server/discover", Map::new()).await?;
        let versions = server.get("supportedVersions").and_then(Value::as_array);
        ensure!(versions.is_some_and(|versions| versions.contains(&PROTOCOL.into())), "the server speaks {PROTOCOL}");
        let list = self.host.request("tools/list", Map::new()).await?;
        let tools = list.get("tools").and_then(Value::as_array).context("a list of tools")?;
        let reads = tools.iter().filter(|tool| tool.pointer("/annotations/readOnlyHint") == Some(&true.into())).count();
        print(&format!("  <- {} tools, {reads} of them only read; protocol {PROTOCOL}", tools.len()))
    }

    async fn find_deals(&mut self) -> anyhow::Result<()> {
        print("\n2. \"Which open deals are our biggest?\"")?;
        let fields = json!(["name", "value", "currency", "stage", "expectedCloseDate"]);
        let arguments = json!({"status": "open", "limit": 100, "fields": fields});
        let answer = self.call("list_opportunities", arguments).await?.map_err(refused)?;
        let mut deals = answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        let total = answer.pointer("/meta/total").and_then(Value::as_u64).unwrap_or(deals.len() as u64);
        print(&format!("  <- {} of {total} open deals, with only the fields that were asked for", deals.len()))?;
        deals.retain(|deal| text(deal, "currency") == "USD");
        let value = |deal: &Value| deal.get("value").and_then(Value::as_f64).unwrap_or(0.0);
        deals.sort_by(|a, b| value(b).total_cmp(&value(a)));
        for deal in deals.iter().take(DEALS) {
            let (name, stage, closes) = (text(deal, "name"), text(deal, "stage"), text(deal, "expectedCloseDate"));
            print(&format!("     {:>8.0} USD  {name} ({stage}, closes {closes})", value(deal)))?;
        }
        print("     (Deals in other currencies are left out: values are never compared or added across them.)")
    }

    async fn create_a_contact(&mut self) -> anyhow::Result<()> {
        print("\n3. \"Add Grace Hopper, grace@navy.example, from today's webinar.\"")?;
        print("     The assistant first looks whether she is there:")?;
        let found = self.call("list_contacts", json!({"email": "grace@navy.example"})).await?.map_err(refused)?;
        print(&format!("  <- {} found", found.pointer("/meta/total").and_then(Value::as_u64).unwrap_or(0)))?;
        let arguments = json!({
            "firstName": "Grace", "lastName": "Hopper", "email": "grace@navy.example",
            "tags": ["webinar"], "source": "webinar",
        });
        let contact = self.call("create_contact", arguments).await?.map_err(refused)?;
        print(&format!(
            "  <- created {} {}, id {}",
            text(&contact, "firstName"),
            text(&contact, "lastName"),
            text(&contact, "id")
        ))
    }

    /// Publishes a draft. Returns its id.
    async fn publish_a_page(&mut self) -> anyhow::Result<String> {
        print("\n4. \"Publish the first draft page.\"")?;
        let drafts = self.call("list_pages", json!({"status": "draft", "limit": 1})).await?.map_err(refused)?;
        let draft = drafts.pointer("/data/0").context("the sample account has a draft")?;
        print(&format!("  <- \"{}\", /{}", text(draft, "name"), text(draft, "slug")))?;
        self.host.person.agrees = true;
        let page = self.call("publish_page", json!({"id": text(draft, "id")})).await?.map_err(refused)?;
        print(&format!("  <- {} at {}", text(&page, "status"), text(&page, "url")))?;
        Ok(text(&page, "id").to_owned())
    }

    async fn be_refused(&mut self, published: &str) -> anyhow::Result<()> {
        print("\n5. \"Now delete it again.\"")?;
        match self.call("delete_page", json!({"id": published})).await? {
            Ok(_) => bail!("a published page was deleted"),
            Err(message) => print(&format!("  <- refused, and nobody was asked: {message}"))?,
        }
        print("\n6. \"Then delete another draft.\" This time the person says no.")?;
        let drafts = self.call("list_pages", json!({"status": "draft", "limit": 1})).await?.map_err(refused)?;
        let draft = drafts.pointer("/data/0").context("the sample account has another draft")?;
        self.host.person.agrees = false;
        match self.call("delete_page", json!({"id": text(draft, "id")})).await? {
            Ok(_) => bail!("a page was deleted against the person's word"),
            Err(message) => print(&format!("  <- refused: {message}")),
        }
    }

    /// Calls a tool and prints the call. Returns the answer, or the message of the tool's error.
    async fn call(&mut self, tool: &'static str, arguments: Value) -> anyhow::Result<Result<Value, String>> {
        print(&format!("  -> {tool} {arguments}"))?;
        let result = self.host.call(tool, arguments).await?;
        if self.full {
            print(&format!("  <- {result:#}"))?;
        }
        if result.get("isError") != Some(&true.into()) {
            return Ok(Ok(result.get("structuredContent").cloned().context("an answer has structured content")?));
        }
        let said = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
        let error: Value = serde_json::from_str(said)?;
        Ok(Err(error.pointer("/error/message").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }
}

fn refused(message: String) -> anyhow::Error {
    anyhow::anyhow!("the demo's account refused what it should not: {message}")
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or("?")
}
