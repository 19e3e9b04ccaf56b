"""Who is compared, and what each is asked. Everyone makes the same request, `GET /contacts/contact123` (with
the session API `/contact/contact123`), on the same upstream, and logs nothing below warnings."""

import os

from . import install
from .measure import Server
from .place import run
from .upstream import STATIC

OURS = "highlevel-mcp"
MODERN = "highlevel-mcp, no session"
SESSION_API = "highlevel-mcp, session API"
GHL_MCP = f"ghl-mcp {install.GHL_MCP}"
FLOOR = "floor: rmcp and reqwest"
TYPESCRIPT = "TypeScript SDK"
FASTMCP = "FastMCP from OpenAPI"
DESCRIBE = "describe_crm"
QUERY = "query_crm"
EMPTY = "floor: an empty tool"

# These make no request, and have a table of their own.
LOCAL = (DESCRIBE, QUERY, EMPTY)
SELECT = "select status, count(*), sum(value) from opportunities group by 1"


def everyone(account, scratch, only=None):
    """The servers whose names hold one of `only`, built. `account` is the environment that leads to the sandbox, whose mirror
    is filled here."""
    parts = only.split(",") if only else [""]
    wanted = {name: of for name, of in makers(account, scratch).items() if any(part in name for part in parts)}
    return [of(name) for name, of in wanted.items()]


def makers(account, scratch):
    """For each name what builds its server."""
    contact, mirror, floor = {"id": "contact123"}, f"{scratch}/mirror", "highlevel-mcp-floor"
    official = {**unbound(scratch), "GHL_TOKEN_ID": "pit-bench", "GHL_LOCATION_ID": "l"}
    theirs = {"GHL_BASE_URL": STATIC, "GHL_PIT_TOKEN": "pit-bench", "GHL_LOCATION_ID": "l", "RUST_LOG": "warn"}

    def ours(tool, arguments, env, **more):
        serve = [install.server(), "serve", "--http", "127.0.0.1:PORT", "--no-auth"]
        return lambda name: Server(name, [install.server()], tool, arguments, env, http=serve, **more)

    def mirrored(tool, arguments):
        def make(name):
            if not os.path.exists(mirror):
                run(install.server(), "sync", env={**os.environ, **account, "GHL_STATE_DIR": mirror})
            return ours(tool, arguments, {**account, "GHL_STATE_DIR": mirror})(name)

        return make

    def without_session(name):
        server = ours("get_contact", contact, official, is_modern=True)(name)
        server.command = None
        return server

    def fastmcp(name):
        command = [install.fastmcp(), install.FASTMCP / "server.py"]
        return Server(name, command, "get_contact", contact, starts=3, calls=300, http=[*command, "PORT"])

    def typescript(name):
        command = ["node", install.typescript()]
        return Server(name, command, "get_contact", contact, starts=3, calls=1000, http=[*command, "PORT"])

    return {
        OURS: ours("get_contact", contact, official),
        MODERN: without_session,
        SESSION_API: ours("get_contact", contact, unbound(scratch)),
        GHL_MCP: lambda name: Server(name, [install.ghl_mcp()], "ghl_get_contact", {"contact_id": "contact123"}, theirs),
        FLOOR: lambda name: Server(name, [install.floor() / floor], "get_contact", contact),
        TYPESCRIPT: typescript,
        FASTMCP: fastmcp,
        DESCRIBE: mirrored("describe_crm", {}),
        QUERY: mirrored("query_crm", {"sql": SELECT}),
        EMPTY: lambda name: Server(name, [install.floor() / floor], "empty", {}),
    }


def unbound(scratch):
    """The environment for this server on the static upstream, with no quota to wait for. The upstream's headers say so
    too, but only once there is an answer."""
    where = {"GHL_BASE_URL": STATIC, "GHL_STATE_DIR": f"{scratch}/state", "GHL_TOKEN_ID": "bench"}
    return {**where, "GHL_RATE_LIMIT": "100000000"}


def sizes(servers):
    """What is installed of each. Of the last two without the interpreter, which is there anyway or is 100 MB more."""
    places = {
        OURS: install.server,
        GHL_MCP: install.ghl_mcp,
        FLOOR: lambda: install.floor() / "highlevel-mcp-floor",
        TYPESCRIPT: lambda: install.typescript().parent / "node_modules",
        FASTMCP: lambda: install.fastmcp().parent.parent / "lib",
    }
    return {server.name: install.size(places[server.name]()) for server in servers if server.name in places}
