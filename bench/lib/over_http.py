"""One server measured once over Streamable HTTP, as the shared probe measures over pipes: the same handshake, the same
calls, the same figures. The calls in flight are as many connections of one session."""

import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from statistics import median

from .host import pss
from .web import META, MODERN

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}}
PATIENCE = 30
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
SESSION = re.compile(rb"mcp-session-id: (\S+)", re.IGNORECASE)


class WebServer:
    """A server process on a free port."""

    def __init__(self, server):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [str(part).replace("PORT", str(self.port)) for part in server.http]
        self.begun = time.perf_counter()
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env={**os.environ, **server.env}, stdin=null, stdout=null, stderr=null)
        self.session, self.is_modern, self.number = None, server.is_modern, 0
        self.connection = self.connect()

    def connect(self):
        """A new connection, once the server listens."""
        while time.perf_counter() < self.begun + PATIENCE and self.process.poll() is None:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            except ConnectionRefusedError:
                time.sleep(0.0005)
        sys.exit("bench: a server over HTTP does not listen")

    def init(self):
        """The milliseconds from the start of the process to the first answer."""
        if self.is_modern:
            self.ask("server/discover", {})
        else:
            self.ask("initialize", HELLO)
        took = (time.perf_counter() - self.begun) * 1e3
        if not self.is_modern:
            self.ask("notifications/initialized", None)
        return took

    def request(self, method, params):
        """The bytes of a request."""
        self.number += 1
        message = {"jsonrpc": "2.0", "method": method}
        if not method.startswith("notifications/"):
            message["id"] = self.number
        if params is not None:
            message["params"] = {**params, "_meta": META} if self.is_modern else params
        body = json.dumps(message)
        lines = ["POST /mcp HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json",
                 "Accept: application/json, text/event-stream", f"Content-Length: {len(body)}"]
        lines += [f"Mcp-Session-Id: {self.session}"] if self.session else []
        if self.is_modern:
            lines += [f"Mcp-Protocol-Version: {MODERN}", f"Mcp-Method: {method}"]
            lines += [f"Mcp-Name: {params['name']}"] if "name" in params else []
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def ask(self, method, params):
        """The response, as it came."""
        self.connection.sendall(self.request(method, params))
        said = b""
        while not is_whole(said):
            said += received(self.connection)
        if not said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            sys.exit(f"bench: refused: {said[:300]}")
        if found := SESSION.search(said):
            self.session = found[1].decode()
        return said

    def flood(self, params, calls, flight):
        """Keeps so many calls in flight. Gives the calls a second, and the errors."""
        connections = {self.connect(): b"" for _ in range(flight)}
        begun, sent, errors = time.perf_counter(), 0, 0
        with selectors.DefaultSelector() as selector:
            for connection in connections:
                selector.register(connection, selectors.EVENT_READ)
                connection.sendall(self.request("tools/call", params))
                sent += 1
            answered = 0
            while answered < calls:
                for key, _ in selector.select():
                    connection = key.fileobj
                    connections[connection] += received(connection)
                    if not is_whole(connections[connection]):
                        continue
                    errors += is_error(connections[connection])
                    connections[connection], answered = b"", answered + 1
                    if sent < calls:
                        connection.sendall(self.request("tools/call", params))
                        sent += 1
        rate = calls / (time.perf_counter() - begun)
        for connection in connections:
            connection.close()
        return rate, errors

    def stop(self):
        self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def received(connection):
    data = connection.recv(1 << 20)
    if not data:
        sys.exit("bench: the server closed a connection")
    return data


def is_whole(said):
    """Whether this is a whole response."""
    head, found, body = said.partition(b"\r\n\r\n")
    if not found:
        return False
    length = LENGTH.search(head)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def is_error(said):
    return b'"isError":true' in said or b'"error":' in said or not said.startswith(b"HTTP/1.1 200")


def probe(server, flight=32):
    """The figures of the shared probe."""
    call = {"name": server.tool, "arguments": server.args}
    starts = []
    for _ in range(server.starts):
        web = WebServer(server)
        starts.append(web.init())
        web.stop()
    web = WebServer(server)
    try:
        web.init()
        web.ask("tools/list", {})
        time.sleep(0.5)
        found = {"start_ms": median(starts), "idle_kib": pss(web.process.pid)}
        first = web.ask("tools/call", call)
        times = []
        for _ in range(server.calls):
            begun = time.perf_counter()
            web.ask("tools/call", call)
            times.append((time.perf_counter() - begun) * 1e6)
        times.sort()
        rate, errors = web.flood(call, server.calls * 2, flight)
        if errors or is_error(first):
            sys.exit(f"bench: {server.name} did not answer as it should over HTTP: {first[-300:]}")
        return {**found, "p50_us": times[len(times) // 2], "p99_us": times[int(len(times) * 0.99)],
                "flood_rps": rate, "loaded_kib": pss(web.process.pid)}
    finally:
        web.stop()
