"""A server over HTTP, and clients that speak to it without a library."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

PROTOCOL = "2025-11-25"
HELLO = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": HELLO["clientInfo"],
    "io.modelcontextprotocol/clientCapabilities": {},
}
PATIENCE = 30


class Web:
    """A server process that listens on `address`."""

    def __init__(self, command, env, log):
        self.log = log
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=open(log, "w"))
        self.address = self._address()

    def _address(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            for line in open(self.log):
                if line.startswith("MCP over HTTP on ") and line.endswith("\n"):
                    host, port = line.split("://")[1].split("/")[0].rsplit(":", 1)
                    return host, int(port)
            time.sleep(0.001)
        sys.exit(f"bench: the server does not listen: {open(self.log).read()}")

    def kib(self):
        """The process's own memory, without the pages of the program's file."""
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(status.split("RssAnon:")[1].split()[0])

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def serving(binary, account, clients, *flags):
    """A server for the account with so many clients. Gives it, and the tokens."""
    with tempfile.TemporaryDirectory() as state:
        env = {**account, "HOME": state, "GHL_STATE_DIR": state, "GHL_CLIENTS_FILE": f"{state}/clients.toml",
               "PATH": os.environ["PATH"]}
        add = lambda number: subprocess.run([binary, "clients", "add", f"bench-{number}"], env=env, check=True,
                                            capture_output=True, text=True).stdout.strip()
        tokens = [add(number) for number in range(clients)]
        web = Web([binary, "serve", "--http", "127.0.0.1:0", *map(str, flags)], env, f"{state}/log")
        web.clients = env["GHL_CLIENTS_FILE"]
        try:
            yield web, tokens
        finally:
            web.stop()


class Client:
    """One client on a connection that is kept; with a session, or of the protocol without."""

    def __init__(self, address, token, is_modern=False, hello=HELLO):
        self.address, self.token, self.is_modern, self.hello = address, token, is_modern, hello
        self.session, self.number, self.write = None, 0, None

    async def begin(self):
        """A new connection, and a session where the protocol has them."""
        self.close()
        self.read, self.write = await asyncio.open_connection(*self.address)
        self.session = None
        if not self.is_modern:
            await self.initialize()

    async def initialize(self):
        """Another session. The one before is left."""
        self.session = None
        await self.ask("initialize", self.hello)
        await self.ask("notifications/initialized", None)

    def close(self):
        if self.write:
            self.write.close()

    async def ask(self, method, params):
        """The body of the response to a message."""
        self.number += 1
        message = {"jsonrpc": "2.0", "method": method}
        if not method.startswith("notifications/"):
            message["id"] = self.number
        if params is not None:
            message["params"] = {**params, "_meta": META} if self.is_modern else params
        headers = []
        if self.is_modern:
            headers = [f"Mcp-Protocol-Version: {MODERN}", f"Mcp-Method: {method}"]
            headers += [f"Mcp-Name: {params['name']}"] if "name" in params else []
        head, names = await self.send("POST", json.dumps(message).encode(), headers)
        said = await self._body(names)
        if not head.startswith(("HTTP/1.1 200", "HTTP/1.1 202")):
            raise RuntimeError(f"{head}{said}")
        self.session = names.get("mcp-session-id", self.session)
        return said

    async def end(self):
        """Ends the session."""
        head, _ = await self.send("DELETE")
        if not head.startswith("HTTP/1.1 204"):
            raise RuntimeError(head)

    async def send(self, method, body=b"", headers=()):
        """Sends a request, and reads the head of the response."""
        lines = [f"{method} /mcp HTTP/1.1", f"Host: {self.address[0]}", f"Content-Length: {len(body)}",
                 "Content-Type: application/json", "Accept: application/json, text/event-stream", *headers]
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        lines += [f"Mcp-Session-Id: {self.session}"] if self.session else []
        self.write.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        head = (await self.read.readuntil(b"\r\n\r\n")).decode()
        return head, dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])

    async def _body(self, names):
        if "content-length" in names:
            return await self.read.readexactly(int(names["content-length"]))
        said = []
        while size := int(await self.read.readline(), 16):
            said.append(await self.read.readexactly(size))
            await self.read.readexactly(2)
        await self.read.readexactly(2)
        return b"".join(said)

    async def call(self, tool, arguments):
        """How long a call took, and what it answered."""
        begun = time.perf_counter()
        said = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        return time.perf_counter() - begun, said
