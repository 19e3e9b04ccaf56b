//! The least that an MCP server in Rust can be: rmcp, one tool that does nothing and one that makes one request. No
//! schemas beyond an empty one, no checks, no quota, no bounds. What a server costs beyond this it has to be worth.

use highlevel_mcp_floor::{address, client};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
        ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::stdio_pipes,
};
use std::sync::{Arc, OnceLock};

struct Floor {
    address: String,
    // Built at the first call: the trust store is most of what a start costs.
    client: OnceLock<reqwest::Client>,
}

impl Floor {
    async fn contact(&self) -> reqwest::Result<String> {
        self.client.get_or_init(client).get(&self.address).send().await?.error_for_status()?.text().await
    }
}

impl ServerHandler for Floor {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = serde_json::json!({"type": "object"});
        let schema = Arc::new(schema.as_object().cloned().unwrap_or_default());
        let tool = |name: &'static str, says: &'static str| Tool::new(name, says, Arc::clone(&schema));
        Ok(ListToolsResult::with_all_items(vec![tool("empty", "Does nothing."), tool("get_contact", "Get a contact.")]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = match &*request.name {
            "empty" => String::new(),
            "get_contact" => {
                self.contact().await.map_err(|error| ErrorData::internal_error(error.to_string(), None))?
            }
            name => return Err(ErrorData::invalid_params(format!("no tool {name}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let floor = Floor { address: address(), client: OnceLock::new() };
    floor.serve(stdio_pipes()).await?.waiting().await?;
    Ok(())
}
