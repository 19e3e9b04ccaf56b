#!/usr/bin/env python3
"""The reverse-proxy example at work: nginx with TLS before the server. Usage: nginx.py BINARY

Needs nginx and openssl. Everything that it starts ends with it.
"""

import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
NAME = "mcp.example.com"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)


def nginx(folder, port, upstream):
    """Starts nginx with the example as it stands, but for ports and paths."""
    text = (PROJECT / "examples/nginx/highlevel-mcp.conf").read_text()
    for old, new in [
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/mcp.example.com.pem", str(folder / "cert.pem")),
        ("/etc/ssl/mcp.example.com.key", str(folder / "key.pem")),
        ("127.0.0.1:8931", f"127.0.0.1:{upstream}"),
    ]:
        assert old in text, old
        text = re.sub(f"(?m)^( *[^#\n]*){re.escape(old)}", lambda found: found.group(1) + new, text)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = folder / "nginx.conf"
    main.write_text(f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
                    f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\n")
    return subprocess.Popen(["nginx", "-p", folder, "-c", main, "-e", folder / "error.log"])


class Client:
    def __init__(self, folder, port, token):
        self.port, self.token = port, token
        self.tls = ssl.create_default_context(cafile=folder / "cert.pem")

    def connect(self):
        return self.tls.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 10), server_hostname=NAME)

    def send(self, body, **headers):
        """Status, headers and body of one request; what the server says before it closes."""
        method = "GET" if body is None else "POST"
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        headers = {"Host": NAME, "Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                   "Accept": "application/json, text/event-stream", "Content-Length": str(len(text)),
                   "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = f"{method} /mcp HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection = self.connect()
        connection.sendall((head + "\r\n" + text).encode())
        return connection

    def ask(self, body, **headers):
        said = b""
        with self.send(body, **headers) as connection:
            while part := connection.recv(65536):
                said += part
        head, _, rest = said.decode().partition("\r\n\r\n")
        names = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
        return int(head.split()[1]), names, rest


def first_event(client, session):
    """The first bytes of a stream that stays open. With a buffer in between they would not come."""
    with client.send(None, Mcp_Session_Id=session) as connection:
        connection.settimeout(10)
        said = b""
        while b"retry" not in said:
            part = connection.recv(65536)
            assert part, said
            said += part
        return said


def check(client):
    info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "nginx-check", "version": "1"}}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": info}
    status, headers, text = client.ask(hello)
    assert status == 200 and "mcp-session-id" in headers, (status, headers, text)
    session = headers["mcp-session-id"]
    assert client.ask({"jsonrpc": "2.0", "method": "notifications/initialized"}, Mcp_Session_Id=session)[0] == 202
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {"name": "list_contacts", "arguments": {"limit": 100}}}
    status, _, text = client.ask(call, Mcp_Session_Id=session)
    assert status == 200 and '"isError":false' in text, (status, text[:500])
    assert b"text/event-stream" in first_event(client, session)
    assert client.ask(hello, Authorization="Bearer wrong")[0] == 401
    assert client.ask(hello, Origin=f"https://{NAME}")[0] == 200
    assert client.ask(hello, Origin="https://evil.example.com")[0] == 403
    assert client.ask("x" * (5 * 1024 * 1024))[0] == 413


def main(binary):
    with tempfile.TemporaryDirectory(prefix="highlevel-mcp-nginx-") as name:
        folder = pathlib.Path(name)
        certificate(folder)
        port, upstream = free_port(), free_port()
        environment = {"HOME": name, "GHL_STATE_DIR": name, "GHL_CLIENTS_FILE": f"{name}/clients.toml", "GHL_SANDBOX": "1"}
        added = subprocess.run([binary, "clients", "add", "check"], env=environment, check=True, capture_output=True)
        # The port is part of the URL here and of no installation, so the host alone is allowed.
        started = [subprocess.Popen([binary, "serve", "--http", f"127.0.0.1:{upstream}", "--public-url", f"https://{NAME}/mcp"],
                                    env=environment), nginx(folder, port, upstream)]
        try:
            client = Client(folder, port, added.stdout.decode().strip())
            for _ in range(100):
                try:
                    if client.ask("{}")[0] != 502:
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            check(client)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(20)
    print("nginx: a session, a call, a stream, and the refusals")


if __name__ == "__main__":
    main(sys.argv[1])
