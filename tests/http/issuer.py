#!/usr/bin/env python3
"""The server with a real OpenID provider, npm's oidc-provider: metadata, keys, tokens, scopes.

Usage: issuer.py BINARY FOLDER, where FOLDER has oidc-provider in node_modules. Everything that it starts ends with it.
"""

import base64
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(url, body=None, **headers):
    """Status, headers and text of a request."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as said:
            return said.status, said.headers, said.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def token(issuer, client, scope, resource):
    """An access token by client credentials."""
    basic = base64.b64encode(f"{client}:secret".encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope, "resource": resource}).encode()
    status, _, text = fetch(f"{issuer}/token", form, Authorization=f"Basic {basic}")
    assert status == 200, text
    return json.loads(text)["access_token"]


def tools(url, token):
    """The names of the listed tools, or the status of the refusal with its challenge."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "issuer-check", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, headers, text = fetch(url, json.dumps(body).encode(), Content_Type="application/json",
                                  Accept="application/json, text/event-stream", Mcp_Method="tools/list",
                                  Mcp_Protocol_Version="2026-07-28", **headers)
    if status != 200:
        return status, headers.get("www-authenticate", "")
    answer = next(line[6:] for line in reversed(text.splitlines()) if line.startswith("data: {"))
    return status, [tool["name"] for tool in json.loads(answer)["result"]["tools"]]


def check(issuer, url):
    status, challenge = tools(url, None)
    assert status == 401, challenge
    place = challenge.split('resource_metadata="')[1].split('"')[0]
    metadata = json.loads(fetch(place)[2])
    assert metadata["authorization_servers"] == [issuer] and metadata["resource"] == url, metadata
    # As a client does: from the metadata to the issuer, and from there to a token for the resource.
    found = json.loads(fetch(f"{metadata['authorization_servers'][0]}/.well-known/openid-configuration")[2])
    assert found["issuer"] == issuer
    for client, writes in [("writer", True), ("reader", False)]:
        scope = " ".join(metadata["scopes_supported"]) if writes else "ghl.read"
        status, names = tools(url, token(issuer, client, scope, metadata["resource"]))
        assert status == 200 and "list_contacts" in names and ("create_contact" in names) == writes, (status, names)
    status, challenge = tools(url, token(issuer, "writer", "ghl.write", "https://other.example.com/mcp"))
    assert status == 401 and "another audience" in challenge, challenge
    opaque = "hlmcp_" + "a" * 43
    assert tools(url, opaque)[0] == 401


def main(binary, node):
    with tempfile.TemporaryDirectory(prefix="highlevel-mcp-issuer-") as name:
        folder = pathlib.Path(name)
        port, own = free_port(), free_port()
        issuer, url = f"http://localhost:{port}", f"http://127.0.0.1:{own}/mcp"
        shutil.copy(HERE / "issuer.mjs", folder)
        (folder / "node_modules").symlink_to(pathlib.Path(node).resolve() / "node_modules")
        environment = {"HOME": name, "GHL_STATE_DIR": name, "GHL_CLIENTS_FILE": f"{name}/clients.toml", "GHL_SANDBOX": "1"}
        started = [
            subprocess.Popen(["node", folder / "issuer.mjs", str(port), url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
            subprocess.Popen([binary, "serve", "--http", f"127.0.0.1:{own}", "--oauth-issuer", issuer], env=environment),
        ]
        try:
            for place in (f"{issuer}/.well-known/openid-configuration", f"http://127.0.0.1:{own}/healthz"):
                for _ in range(200):
                    try:
                        fetch(place)
                        break
                    except OSError:
                        time.sleep(0.1)
            check(issuer, url)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(20)
    print("oidc-provider: metadata, keys, tokens, scopes and audiences")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
