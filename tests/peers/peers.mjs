// Sessions of the TypeScript SDK's clients with the server and its sample account: of the package `sdk` (1.x), and of the
// package `client` (2.x) in its three modes.
//
//   node tests/peers/peers.mjs path/to/highlevel-mcp path/to/node_modules [--sample]
//
// Each check runs over stdio and over HTTP; with --sample in the default mode of each package alone. Prints a line for each
// check, then a count. Ends with 1 if a check failed.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [binary, modules] = process.argv.slice(2).map((path) => resolve(path));
const isSample = process.argv.includes("--sample");
const SCOPE = join(modules, "@modelcontextprotocol");
const load = (path) => import(pathToFileURL(join(SCOPE, path)));
const versionOf = (name) => JSON.parse(readFileSync(join(SCOPE, name, "package.json"))).version;

// A statement that ends at the server's bound of 5 s, unless its call is cancelled.
const ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n, contacts";

/** The client of 1.x, which knows the handshake alone. */
async function sdk1() {
  const { Client } = await load("sdk/dist/esm/client/index.js");
  const { StdioClientTransport } = await load("sdk/dist/esm/client/stdio.js");
  const { StreamableHTTPClientTransport } = await load("sdk/dist/esm/client/streamableHttp.js");
  const { ElicitRequestSchema } = await load("sdk/dist/esm/types.js");
  return {
    name: `@modelcontextprotocol/sdk ${versionOf("sdk")}`,
    modes: ["handshake"],
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    options: () => ({}),
    call: (client, params, options) => client.callTool(params, undefined, options),
    onForm: (client, handler) => client.setRequestHandler(ElicitRequestSchema, handler),
  };
}

/** The client of 2.x: its default is the handshake, "auto" finds out, and a revision can be pinned. */
async function sdk2() {
  const { Client, StreamableHTTPClientTransport } = await load("client/dist/index.mjs");
  const { StdioClientTransport } = await load("client/dist/stdio.mjs");
  return {
    name: `@modelcontextprotocol/client ${versionOf("client")}`,
    modes: ["auto", "legacy", "2026-07-28"],
    Client,
    StdioClientTransport,
    StreamableHTTPClientTransport,
    options: (mode) => ({ versionNegotiation: { mode: mode.startsWith("20") ? { pin: mode } : mode } }),
    call: (client, params, options) => client.callTool(params, options),
    onForm: (client, handler) => client.setRequestHandler("elicitation/create", handler),
  };
}

async function connect(sdk, mode, target, person) {
  const capabilities = person ? { elicitation: { form: {} } } : {};
  const client = new sdk.Client({ name: "peers", version: "1" }, { capabilities, ...sdk.options(mode) });
  if (person) {
    sdk.onForm(client, async ({ params }) =>
      person(params.message) ? { action: "accept", content: { confirm: true } } : { action: "decline" },
    );
  }
  const transport = Array.isArray(target)
    ? new sdk.StdioClientTransport({ command: target[0], args: target.slice(1), stderr: "ignore" })
    : new sdk.StreamableHTTPClientTransport(new URL(target));
  await client.connect(transport);
  return {
    client,
    close: () => client.close(),
    call: (name, args, options) => sdk.call(client, { name, arguments: args }, options),
  };
}

/** The answer of a call: structured, and the same as text. */
function answer(result) {
  assert.ok(!result.isError, JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

/** The error of a call: one text block of JSON, nothing structured. */
function error(result) {
  assert.ok(result.isError && result.structuredContent === undefined && result.content.length === 1, JSON.stringify(result));
  return JSON.parse(result.content[0].text).error;
}

const draft = async (session) => answer(await session.call("list_pages", { status: "draft", limit: 1 })).data[0];

const COUNT = { sql: "select count(*) as n from contacts" };

const CHECKS = {
  async "lists and calls"(session) {
    const { tools } = await session.client.listTools();
    assert.ok(tools.length > 0 && new Set(tools.map(({ name }) => name)).size === tools.length);
    for (const tool of tools) assert.deepEqual([tool.inputSchema.type, tool.outputSchema.type], ["object", "object"]);
    // The client checks the structured content against the output schema once it has listed the tools.
    const found = answer(await session.call("list_contacts", { limit: 3, fields: ["email"] }));
    assert.equal(found.data.length, 3);
    const created = answer(await session.call("create_contact", { firstName: "Ada", lastName: "Example", email: "ada@example.com" }));
    assert.equal(answer(await session.call("get_contact", { id: created.id })).email, "ada@example.com");
  },
  async "errors are results"(session) {
    assert.equal(error(await session.call("get_contact", { id: "nobody" })).code, "not_found");
    const wrong = error(await session.call("list_contacts", { limmit: 3 }));
    assert.deepEqual([wrong.code, wrong.field], ["invalid_arguments", "limmit"]);
  },
  async "two steps without forms"(session) {
    const page = await draft(session);
    const first = error(await session.call("publish_page", { id: page.id }));
    assert.equal(first.code, "confirmation_required");
    const token = { id: page.id, confirmationToken: first.confirmationToken };
    if (first.approvalPage) {
      // The default over HTTP: a person agrees on the page, and the token alone does nothing.
      assert.equal(error(await session.call("publish_page", token)).code, "confirmation_required");
      return;
    }
    assert.equal(answer(await session.call("publish_page", token)).status, "published");
    assert.equal(error(await session.call("publish_page", token)).code, "conflict");
  },
  async "a form is shown and answered"(session, asked) {
    const page = await draft(session);
    assert.equal(error(await session.call("publish_page", { id: page.id })).code, "declined");
    assert.equal(answer(await session.call("get_page", { id: page.id })).status, "draft");
    assert.equal(answer(await session.call("publish_page", { id: page.id })).status, "published");
    assert.ok(asked.length === 2 && asked[0].includes(page.name), asked.join());
  },
  async "progress is reported"(session) {
    const reports = [];
    answer(await session.call("query_crm", COUNT, { onprogress: (report) => reports.push(report) }));
    assert.ok(reports.length > 0 && reports.every(({ message }) => message), JSON.stringify(reports));
    const steps = reports.map(({ progress }) => progress);
    assert.ok(steps.every((step, at) => at === 0 || step > steps[at - 1]), steps.join());
  },
  async "a cancelled call leaves the session usable"(session) {
    const controller = new AbortController();
    const options = { signal: controller.signal, onprogress: () => controller.abort() };
    await assert.rejects(session.call("query_crm", { sql: ENDLESS }, options));
    assert.ok(answer(await session.call("query_crm", COUNT)).rows[0][0] > 0);
  },
  async "values are completed"(session) {
    const page = await draft(session);
    const complete = async (ref, name, value) =>
      (await session.client.complete({ ref, argument: { name, value } })).completion.values;
    const typed = page.name.slice(0, 4);
    assert.ok((await complete({ type: "ref/prompt", name: "page_checklist" }, "page", typed)).includes(page.id));
    assert.deepEqual(await complete({ type: "ref/prompt", name: "stale_deals" }, "days", "3"), ["30"]);
    assert.ok((await complete({ type: "ref/resource", uri: "ghl://page/{id}" }, "id", typed)).includes(page.id));
  },
  async "prompts are filled"(session) {
    const { prompts } = await session.client.listPrompts();
    assert.ok(prompts.some(({ name }) => name === "page_checklist"));
    const page = await draft(session);
    const filled = await session.client.getPrompt({ name: "page_checklist", arguments: { page: page.id } });
    assert.ok(filled.messages[0].content.text.includes(page.id));
  },
  async "resources are read"(session) {
    const page = await draft(session);
    const { resourceTemplates } = await session.client.listResourceTemplates();
    assert.ok(resourceTemplates.some(({ uriTemplate }) => uriTemplate === "ghl://page/{id}"));
    const { contents } = await session.client.readResource({ uri: `ghl://page/${page.id}` });
    assert.equal(contents[0].mimeType, "application/json");
    assert.equal(JSON.parse(contents[0].text).slug, page.slug);
  },
};

/** The command of a server over stdio. */
const stdio = async (state) => ({ target: [binary, "--sandbox", "--state-dir", state], stop: async () => {} });

const noAuth = execFileSync(binary, ["serve", "--help"]).includes("--no-auth") ? ["--no-auth"] : [];

/** The URL of a server that runs until it is stopped. */
async function http(state) {
  const args = ["--sandbox", "--state-dir", state, "serve", "--http", "127.0.0.1:0", ...noAuth];
  const server = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const target = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: server.stderr });
    lines.on("line", (line) => line.match(/http:\S+\/mcp/)?.forEach((url) => resolve(url)));
    ended.then((status) => reject(new Error(`the server ended with ${status}`)));
  });
  const stop = async () => {
    server.kill();
    await ended;
  };
  return { target, stop };
}

async function run(check, transport, sdk, mode) {
  const state = mkdtempSync(join(tmpdir(), "peers-"));
  const asked = [];
  // The first form is declined, the second agreed to.
  const person = check.length > 1 ? (message) => asked.push(message) > 1 : undefined;
  const { target, stop } = await transport(state);
  try {
    const session = await connect(sdk, mode, target, person);
    await check(session, asked);
    await session.close();
  } finally {
    await stop();
    rmSync(state, { recursive: true, force: true });
  }
}

let [passed, failed] = [0, 0];
for (const sdk of [await sdk1(), await sdk2()]) {
  for (const transport of [stdio, http]) {
    for (const mode of isSample ? sdk.modes.slice(0, 1) : sdk.modes) {
      for (const [title, check] of Object.entries(CHECKS)) {
        const name = `${sdk.name}, over ${transport.name}, ${mode}: ${title}`;
        try {
          await run(check, transport, sdk, mode);
          passed += 1;
          console.log(`ok     ${name}`);
        } catch (fault) {
          failed += 1;
          console.log(`FAILED ${name}\n${fault.stack}`);
        }
      }
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
