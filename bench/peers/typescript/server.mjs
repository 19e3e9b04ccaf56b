// The least that a server on the TypeScript SDK can be: three of the tools, each one fetch. Plain JavaScript. With a port it
// serves one session over HTTP.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const upstream = "http://127.0.0.1:18642";

async function get(path) {
  const answer = await fetch(upstream + path, { headers: { "token-id": "bench" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return { content: [{ type: "text", text: JSON.stringify(await answer.json()) }] };
}

const server = new McpServer({ name: "typescript", version: "1.0.0" });
const tool = (name, description, inputSchema, path) =>
  server.registerTool(name, { description, inputSchema }, (given) => get(path(given)));

tool("get_current_user", "Get the user whose credential this is.", {}, () => "/users/me");
tool("get_contact", "Get a contact.", { id: z.string() }, ({ id }) => `/contacts/${encodeURIComponent(id)}`);
tool(
  "list_contacts",
  "List contacts.",
  { limit: z.number().int().min(1).max(100).optional(), offset: z.number().int().min(0).optional() },
  (given) => `/contact?${new URLSearchParams(given)}`,
);

const port = process.argv[2];
if (port) {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  await server.connect(transport);
  createServer((request, response) => transport.handleRequest(request, response)).listen(Number(port), "127.0.0.1");
} else {
  await server.connect(new StdioServerTransport());
}
