"""Who is compared, and what each is asked. Everyone makes the same request, `GET /contacts/contact123` (with
the session API `/contact/contact123`), on the same upstream, and logs nothing below warnings."""

import os

from . import install
from .measure import Server
from .place import run
from .upstream import STATIC

OURS = "highlevel-mcp"
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


def everyone(account, scratch):
    """All servers, built. `account` is the environment that leads to the sandbox, whose mirror is filled here."""
    ours, floor, node = install.server(), install.floor() / "highlevel-mcp-floor", install.typescript()
    contact = {"id": "contact123"}
    official = {**unbound(scratch), "GHL_TOKEN_ID": "pit-bench", "GHL_LOCATION_ID": "l"}
    mirrored = {**account, "GHL_STATE_DIR": f"{scratch}/mirror"}
    run(ours, "sync", env={**os.environ, **mirrored})
    theirs = {"GHL_BASE_URL": STATIC, "GHL_PIT_TOKEN": "pit-bench", "GHL_LOCATION_ID": "l", "RUST_LOG": "warn"}
    return [
        Server(OURS, [ours], "get_contact", contact, official),
        Server(SESSION_API, [ours], "get_contact", contact, unbound(scratch)),
        Server(GHL_MCP, [install.ghl_mcp()], "ghl_get_contact", {"contact_id": "contact123"}, theirs),
        Server(FLOOR, [floor], "get_contact", contact),
        Server(TYPESCRIPT, ["node", node], "get_contact", contact, starts=3, calls=1000),
        Server(
            FASTMCP, [install.fastmcp(), install.FASTMCP / "server.py"], "get_contact", contact, starts=3, calls=300
        ),
        Server(DESCRIBE, [ours], "describe_crm", {}, mirrored),
        Server(QUERY, [ours], "query_crm", {"sql": SELECT}, mirrored),
        Server(EMPTY, [floor], "empty", {}),
    ]


def unbound(scratch):
    """The environment for this server on the static upstream, with no quota to wait for. The upstream's headers say so
    too, but only once there is an answer."""
    where = {"GHL_BASE_URL": STATIC, "GHL_STATE_DIR": f"{scratch}/state", "GHL_TOKEN_ID": "bench"}
    return {**where, "GHL_RATE_LIMIT": "100000000"}


def sizes():
    """What is installed of each. Of the last two without the interpreter, which is there anyway or is 100 MB more."""
    return {
        OURS: install.size(install.server()),
        GHL_MCP: install.size(install.ghl_mcp()),
        FLOOR: install.size(install.floor() / "highlevel-mcp-floor"),
        TYPESCRIPT: install.size(install.typescript().parent / "node_modules"),
        FASTMCP: install.size(install.fastmcp().parent.parent / "lib"),
    }
