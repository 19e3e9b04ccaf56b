// The approval page in headless Chromium, served by a real server process on the embedded account.
//
//   node tests/browser/approvals.mjs PATH/TO/highlevel-mcp [DIRECTORY FOR SCREENSHOTS]
//
// Needs /usr/bin/chromium (or CHROMIUM), `script` of util-linux, and the npm packages playwright-core and axe-core, from
// the directory that NODE_MODULES names.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [binary, shots] = process.argv.slice(2);
const require = createRequire(join(process.env.NODE_MODULES ?? join(process.cwd(), "node_modules"), "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const state = mkdtempSync(join(tmpdir(), "highlevel-approvals-"));
const environment = { PATH: process.env.PATH, HOME: state, GHL_STATE_DIR: state, USER: "carla", TERM: "dumb" };

// What a terminal shows of a command.
function inTerminal(...words) {
  const quoted = [binary, ...words].map((word) => `'${word}'`).join(" ");
  return execFileSync("script", ["-qec", quoted, "/dev/null"], { env: environment, encoding: "utf8" });
}

// A host: lines of JSON to and from a server.
const flags = ["--sandbox", "serve", "--confirm", "page", "--confirm-tools", "update_contact"];
const server = spawn(binary, flags, { env: environment, stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
createInterface({ input: server.stdout }).on("line", (line) => {
  const message = JSON.parse(line);
  waiting.get(message.id)?.(message);
});
let last = 0;
function send(method, params) {
  const id = ++last;
  server.stdin.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
  return new Promise((resolve) => waiting.set(id, resolve));
}
async function call(name, args) {
  const { result } = await send("tools/call", { name, arguments: args });
  const value = JSON.parse(result.content[0].text);
  return value.error ?? value;
}

const HOSTILE = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"> \u202e\u200bdesrever ${"W".repeat(900)}`;

async function check(name, work) {
  await work();
  console.log(`ok ${name}`);
}

async function main() {
  await send("initialize", {
    protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "Claude", version: "4.2" },
  });
  server.stdin.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }) + "\n");
  const contacts = await call("list_contacts", { limit: 3 });
  const [first, second] = contacts.data;
  const hostile = await call("create_contact", { firstName: HOSTILE.slice(0, 90), lastName: "H", email: "h@example.com" });
  const rename = (contact, firstName) => ({ id: contact.id, firstName, tags: ["vip", "2026"] });
  const asked = await call("update_contact", rename(first, "Zenobia"));
  assert.equal(asked.code, "confirmation_required", JSON.stringify(asked));
  await call("update_contact", rename(second, "Yolanda"));
  await call("update_contact", rename(hostile, HOSTILE));
  const pages = await call("list_pages", {});
  const draft = (pages.data).find((page) => page.status === "draft");
  await call("delete_page", { id: draft.id });
  const key = inTerminal("approvers", "add", "Ana").match(/hlapprove_[0-9a-f]+/)[0];
  const origin = new URL(asked.approvalPage).origin;
  const home = `${origin}/approvals`;

  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const foreign = [];
  const problems = [];
  async function context(options = {}) {
    const made = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...options });
    made.on("request", (request) => {
      if (!request.url().startsWith(origin)) foreign.push(request.url());
    });
    made.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    return made;
  }
  async function shot(page, name) {
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }
  // The page's policy lets no script of a test in, so that axe runs in the test's own world, as an extension does.
  async function accessible(page, name) {
    const session = await page.context().newCDPSession(page);
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
    const run = async (expression) => {
      const done = await session.send("Runtime.evaluate", {
        expression, contextId: executionContextId, awaitPromise: true, returnByValue: true,
      });
      assert.equal(done.exceptionDetails, undefined, JSON.stringify(done.exceptionDetails));
      return done.result.value;
    };
    await run(axe);
    const found = await run("axe.run(document).then((all) => JSON.stringify(all.violations.map((one) => " +
      "({ id: one.id, nodes: one.nodes.map((node) => node.html + ' ' + node.failureSummary) }))))");
    assert.equal(found, "[]", `${name}: ${found}`);
  }
  async function fits(page, name) {
    const [inner, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
    assert.ok(wide <= inner, `${name}: ${wide} px wide in ${inner}`);
  }
  async function log(page) {
    await page.goto(asked.approvalPage);
    await page.getByLabel("Your approval key").fill(key);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Approvals" }).waitFor();
  }

  try {
    const ana = await context();
    const page = await ana.newPage();
    await check("a wrong key is refused, and the right one leads to the request", async () => {
      await page.goto(asked.approvalPage);
      await shot(page, "login");
      await accessible(page, "login");
      await page.getByLabel("Your approval key").fill("guess");
      await page.getByRole("button", { name: "Log in" }).click();
      assert.match(await page.getByRole("alert").textContent(), /not the key/);
      problems.length = 0; // The browser reports the status 403.
      await log(page);
      const titles = await page.locator("article h2").allTextContents();
      assert.equal(titles.length, 4);
      assert.match(await page.locator("article").first().textContent(), /Zenobia/, "the request of the link comes first");
    });

    await check("what strangers wrote is inert text", async () => {
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      const text = await page.locator("body").innerText();
      assert.ok(text.includes("<script>window.hacked = 1</script>"));
      assert.ok(!/[\u202a-\u202e\u200b]/.test(text));
      assert.equal(await page.locator("article img, article script").count(), 0);
    });

    for (const colorScheme of ["light", "dark"]) {
      for (const [width, device] of [[1000, "desk"], [375, "phone"]]) {
        await check(`${colorScheme}, ${width} px: accessible, and nothing scrolls sideways`, async () => {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          await page.goto(home);
          await shot(page, `${device}-${colorScheme}`);
          await fits(page, "list");
          await accessible(page, "list");
        });
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    const lightBack = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: "dark" });
    const darkBack = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(lightBack, darkBack);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1000, height: 900 });

    await check("agree, and another tab comes too late", async () => {
      const tab = await ana.newPage();
      await tab.goto(asked.approvalPage);
      await page.goto(asked.approvalPage);
      await page.locator("article").first().getByRole("button", { name: "Agree" }).click();
      assert.match(await page.getByRole("status").first().textContent(), /Agreed/);
      assert.ok(await page.locator(".notice").evaluate((notice) => notice === document.activeElement), "it has the focus");
      await shot(page, "agreed");
      await accessible(page, "agreed");
      await tab.locator("article").first().getByRole("button", { name: "Decline" }).click();
      assert.match(await tab.getByRole("status").first().textContent(), /decided about it already/);
      await tab.close();
      const done = await call("update_contact", { ...rename(first, "Zenobia"), confirmationToken: asked.confirmationToken });
      assert.equal(done.firstName, "Zenobia", JSON.stringify(done));
    });

    await check("a plan of many rows is agreed to as a whole", async () => {
      const plan = await call("plan_bulk", {
        operation: "update_contact", sql: "SELECT id FROM contacts ORDER BY id LIMIT 3", template: { companyName: "Plan Inc" },
      });
      await page.goto(plan.next.match(/http\S+approvals\/[0-9a-f]+/)[0]);
      await shot(page, "plan");
      await accessible(page, "plan");
      const card = page.locator("article").first();
      assert.match(await card.textContent(), /3 × /);
      await card.getByLabel("A note, if you like").fill("All three");
      await card.getByRole("button", { name: "Agree" }).click();
      await page.getByText("Agreed. Tell the assistant").waitFor();
      const done = await call("run_bulk", { plan: plan.plan, confirmationToken: plan.confirmationToken });
      assert.equal(done.state, "done", JSON.stringify(done));
      const journal = execFileSync(binary, ["journal", "export"], { env: environment, encoding: "utf8" });
      const rows = journal.trim().split("\n").map((line) => JSON.parse(line)).filter((entry) => entry.job);
      assert.deepEqual(rows.map((row) => row.approval), Array(3).fill({ person: "Ana", note: "All three" }));
    });

    await check("decline with a note, by keyboard alone", async () => {
      const link = (await call("update_contact", rename(second, "Yolanda"))).approvalPage;
      await page.goto(link);
      const on = async () => page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim());
      for (let presses = 0; (await on()) !== "note"; presses++) {
        assert.ok(presses < 10, "the note is near");
        await page.keyboard.press("Tab");
      }
      await page.keyboard.type("Ask her first");
      await page.keyboard.press("Tab");
      assert.equal(await on(), "decision");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByText("Declined. Nothing is done.").waitFor();
      const listed = await call("list_contacts", { limit: 3 });
      assert.notEqual((listed.data).find((contact) => contact.id === second.id).firstName, "Yolanda");
    });

    await check("a list that changed says so", async () => {
      await page.goto(home);
      await call("delete_page", { id: (pages.data).filter((one) => one.status === "draft")[1].id });
      await page.getByText("The list has changed.").waitFor({ timeout: 20000 });
    });

    await check("a one-time link, without JavaScript", async () => {
      const link = inTerminal("approvals", "link").match(/http\S+/)[0];
      const plain = await context({ javaScriptEnabled: false, viewport: { width: 375, height: 700 } });
      const tab = await plain.newPage();
      await tab.goto(link);
      await shot(tab, "link");
      await tab.getByRole("button", { name: "Continue" }).click();
      await tab.getByText("carla (terminal)").waitFor();
      const before = await tab.locator("article form").count();
      await tab.locator("article").first().getByRole("button", { name: "Decline" }).click();
      await tab.getByText("Declined. Nothing is done.").waitFor();
      assert.equal(await tab.locator("article form").count(), before - 1);
      const other = await (await context()).newPage();
      await other.goto(link);
      await other.getByRole("button", { name: "Continue" }).click();
      await other.getByText("was used or has expired").waitFor();
      problems.length = 0;
      await plain.close();
    });

    await check("a form of another page is refused, and no page may frame this one", async () => {
      await page.goto(home);
      const fields = await page.locator("article form input[type=hidden]").evaluateAll((all) =>
        Object.fromEntries(all.slice(0, 3).map((one) => [one.name, one.value])));
      const inputs = Object.entries({ ...fields, decision: "agree" })
        .map(([name, value]) => `<input type=hidden name=${name} value="${value}">`).join("");
      const evil = createServer((_, answer) => {
        answer.setHeader("content-type", "text/html");
        answer.end(`<form method=post action="${home}/decide">${inputs}<button>Win</button></form><iframe src="${home}"></iframe>`);
      });
      await new Promise((done) => evil.listen(0, "127.0.0.1", done));
      const tab = await ana.newPage();
      await tab.goto(`http://localhost:${evil.address().port}/`);
      const [response] = await Promise.all([
        tab.waitForResponse((one) => one.url().endsWith("/decide")), tab.getByRole("button", { name: "Win" }).click(),
      ]);
      assert.equal(response.status(), 403);
      evil.close();
      await tab.close();
      foreign.length = 0; // Those of the other page.
      problems.length = 0;
      await page.goto(home);
      assert.ok((await page.locator("article form").count()) > 0, "it waits on");
    });

    await check("nothing was asked of anybody else, and nothing was blocked", async () => {
      await page.goto(asked.approvalPage);
      assert.deepEqual(foreign, []);
      assert.deepEqual(problems, []);
    });
  } finally {
    await browser.close();
  }
}

const failure = await main().then(() => null, (error) => error);
server.stdin.end();
await new Promise((done) => (server.exitCode === null ? server.on("exit", done) : done()));
rmSync(state, { recursive: true, force: true });
if (failure) {
  console.error(failure);
  process.exit(1);
}
