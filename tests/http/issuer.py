#!/usr/bin/env python3
"""The server with a real OpenID provider, npm's oidc-provider: metadata, keys, tokens, scopes, and a connector whose user
logs in, as those of claude.ai do.

Usage: issuer.py BINARY FOLDER, where FOLDER has oidc-provider in node_modules. Everything that it starts ends with it.
"""

import base64
import hashlib
import http.cookiejar
import json
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

# Where claude.ai takes the issuer's answer. Nothing is sent there.
CALLBACK = "https://claude.ai/api/mcp/auth_callback"

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


class StayAt(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the issuer. The one that leads back to the host is the answer."""

    def redirect_request(self, request, *about):
        return None if about[-1].startswith(CALLBACK) else super().redirect_request(request, *about)


def logged_in(found, client, scope, resource, challenge):
    """The code that the issuer sends to the host when a person has logged in and consented."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), StayAt)
    asked = {"client_id": client, "response_type": "code", "redirect_uri": CALLBACK, "scope": scope, "state": "s",
             "resource": resource, "code_challenge": challenge, "code_challenge_method": "S256"}
    page, form = f"{found['authorization_endpoint']}?{urllib.parse.urlencode(asked)}", None
    for answer in ({"prompt": "login", "login": "anna", "password": "x"}, {"prompt": "consent"}, None):
        try:
            with browser.open(page, form, timeout=20) as shown:
                text = shown.read().decode()
                action = re.search('action="([^"]+)"', text)
                assert answer and action, text
                page, form = urllib.parse.urljoin(shown.url, action[1]), urllib.parse.urlencode(answer).encode()
        except urllib.error.HTTPError as error:
            answered = urllib.parse.parse_qs(urllib.parse.urlsplit(error.headers["location"]).query)
            assert error.code in (302, 303) and answered["state"] == ["s"] and "code" in answered, (error.code, answered)
            return answered["code"][0]
    raise AssertionError("the issuer never came back")


def connect(url):
    """What a connector in a host on the internet does from the address alone. Returns its token."""
    _, challenge = tools(url, None)
    metadata = json.loads(fetch(challenge.split('resource_metadata="')[1].split('"')[0])[2])
    found = json.loads(fetch(f"{metadata['authorization_servers'][0]}/.well-known/openid-configuration")[2])
    client = {"client_name": "Claude", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
              "grant_types": ["authorization_code"], "response_types": ["code"]}
    status, _, text = fetch(found["registration_endpoint"], json.dumps(client).encode(), Content_Type="application/json")
    assert status == 201, text
    client, verifier = json.loads(text)["client_id"], secrets.token_urlsafe(48)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    code = logged_in(found, client, " ".join(metadata["scopes_supported"]), metadata["resource"], digest)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": client,
            "code_verifier": verifier, "resource": metadata["resource"]}
    status, _, text = fetch(found["token_endpoint"], urllib.parse.urlencode(form).encode())
    assert status == 200, text
    return json.loads(text)["access_token"]


def talk(url, token):
    """A session of the protocol that such hosts speak: hello, a list of tools, a read, and a call that a person agrees to."""
    session = {}

    def ask(method, params, id=1):
        body = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": id} if id else {})
        status, headers, text = fetch(url, json.dumps(body).encode(), Content_Type="application/json", **session,
                                      Accept="application/json, text/event-stream", Authorization=f"Bearer {token}")
        assert status == (200 if id else 202), (status, text)
        if id:
            data = next(line[6:] for line in reversed(text.splitlines()) if line.startswith("data: {"))
            return headers, json.loads(data)["result"]

    headers, _ = ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                    "clientInfo": {"name": "claude-ai", "version": "0.1.0"}})
    session["Mcp_Session_Id"] = headers["mcp-session-id"]
    ask("notifications/initialized", {}, id=None)
    assert len(ask("tools/list", {})[1]["tools"]) > 10
    read = ask("tools/call", {"name": "list_pages", "arguments": {}})[1]
    draft = next(page for page in read["structuredContent"]["data"] if page["status"] == "draft")
    asked = ask("tools/call", {"name": "delete_page", "arguments": {"id": draft["id"]}})[1]
    error = json.loads(asked["content"][0]["text"])["error"]
    assert error["code"] == "confirmation_required", error
    status, _, page = fetch(error["approvalPage"])
    assert status == 200 and "Your approval key" in page and draft["id"] not in page, page


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
            talk(url, connect(url))
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(20)
    print("oidc-provider: metadata, keys, tokens, scopes, audiences, and a connector whose user logs in")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
