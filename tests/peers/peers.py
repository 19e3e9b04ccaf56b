"""Sessions of Python clients with the server and its sample account.

    python tests/peers/peers.py path/to/highlevel-mcp [--sample]

Uses the client that its interpreter has installed: FastMCP's, or that of the package `mcp`, 2.x or 1.x. Each check runs over
stdio and over HTTP, in each mode that the client has; with --sample in its default mode alone. Prints a line for each check,
then a count. Ends with 1 if a check failed.
"""

import asyncio
import json
import sys
import tempfile
import traceback
from importlib.metadata import version
from importlib.util import find_spec

from peers_transport import over_http, over_stdio

if find_spec("fastmcp"):
    from peers_fastmcp import MODES, NAME, connect
elif version("mcp").startswith("1."):
    from peers_sdk1 import MODES, NAME, connect
else:
    from peers_sdk2 import MODES, NAME, connect

# A statement that ends at the server's bound of 5 s, unless its call is cancelled.
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n, contacts"


def answer(result):
    """The answer of a call: structured, and the same as text."""
    assert not result.is_error, result
    assert json.loads(result.text) == result.structured, result
    return result.structured


def error(result):
    """The error of a call: one text block of JSON, nothing structured."""
    assert result.is_error and result.structured is None and result.blocks == 1, result
    return json.loads(result.text)["error"]


async def draft(client):
    pages = answer(await client.call("list_pages", {"status": "draft", "limit": 1}))
    return pages["data"][0]


async def lists_and_calls(session):
    async with session() as client:
        tools = await client.tools()
        assert len(tools) == len({name for name, _, _ in tools}) > 0
        for name, takes, gives in tools:
            assert takes["type"] == gives["type"] == "object", name
        found = answer(await client.call("list_contacts", {"limit": 3, "fields": ["email"]}))
        assert len(found["data"]) == 3 and all(set(c) == {"id", "email"} for c in found["data"]), found
        new = {"firstName": "Ada", "lastName": "Example", "email": "ada@example.com"}
        created = answer(await client.call("create_contact", new))
        assert answer(await client.call("get_contact", {"id": created["id"]}))["email"] == "ada@example.com"


async def errors_are_results(session):
    async with session() as client:
        missing = error(await client.call("get_contact", {"id": "nobody"}))
        assert missing["code"] == "not_found", missing
        wrong = error(await client.call("list_contacts", {"limmit": 3}))
        assert wrong["code"] == "invalid_arguments" and "limit" in wrong["message"], wrong
        assert wrong["field"] == "limmit", wrong


async def two_steps_without_forms(session):
    async with session() as client:
        page = await draft(client)
        first = error(await client.call("publish_page", {"id": page["id"]}))
        assert first["code"] == "confirmation_required", first
        assert first["preview"]["object"]["slug"] == page["slug"], first
        token = {"id": page["id"], "confirmationToken": first["confirmationToken"]}
        if "approvalPage" in first:
            # The default over HTTP: a person agrees on the page, and the token alone does nothing.
            assert error(await client.call("publish_page", token))["code"] == "confirmation_required"
            return
        assert answer(await client.call("publish_page", token))["status"] == "published"
        # A token is good once; now the page is public, which is another reason to refuse.
        assert error(await client.call("publish_page", token))["code"] == "conflict"


async def a_form_is_shown_and_answered(session):
    asked = []

    async def person(message):
        asked.append(message)
        return len(asked) > 1

    async with session(person) as client:
        page = await draft(client)
        assert error(await client.call("publish_page", {"id": page["id"]}))["code"] == "declined"
        assert answer(await client.call("get_page", {"id": page["id"]}))["status"] == "draft"
        assert answer(await client.call("publish_page", {"id": page["id"]}))["status"] == "published"
    assert len(asked) == 2 and page["name"] in asked[0], asked


async def progress_is_reported(session):
    reports = []

    async def report(progress, total, message):
        reports.append((progress, message))

    async with session() as client:
        count = await client.call("query_crm", {"sql": "select count(*) as n from contacts"}, report)
        assert answer(count)["rows"][0][0] > 0, count
    assert reports and all(message for _, message in reports), reports
    steps = [progress for progress, _ in reports]
    assert steps == sorted(set(steps)), steps


async def a_cancelled_call_leaves_the_session_usable(session):
    started = asyncio.Event()

    async def report(progress, total, message):
        started.set()

    async with session() as client:
        await client.call_and_cancel("query_crm", {"sql": ENDLESS}, report, started)
        count = await client.call("query_crm", {"sql": "select count(*) as n from contacts"})
        assert answer(count)["rows"][0][0] > 0, count


async def values_are_completed(session):
    async with session() as client:
        page = await draft(client)
        assert page["id"] in await client.complete_prompt("page_checklist", "page", page["name"][:4])
        assert await client.complete_prompt("stale_deals", "days", "3") == ["30"]
        assert page["id"] in await client.complete_resource("ghl://page/{id}", "id", page["name"][:4])


async def prompts_are_filled(session):
    async with session() as client:
        assert "page_checklist" in await client.prompts()
        page = await draft(client)
        assert page["id"] in await client.prompt("page_checklist", {"page": page["id"]})


async def resources_are_read(session):
    async with session() as client:
        page = await draft(client)
        assert "ghl://page/{id}" in await client.templates()
        mime_type, text = await client.read(f"ghl://page/{page['id']}")
        assert mime_type == "application/json" and json.loads(text)["slug"] == page["slug"], text


CHECKS = [
    lists_and_calls,
    errors_are_results,
    two_steps_without_forms,
    a_form_is_shown_and_answered,
    progress_is_reported,
    a_cancelled_call_leaves_the_session_usable,
    values_are_completed,
    prompts_are_filled,
    resources_are_read,
]


async def run(check, transport, binary, mode):
    with tempfile.TemporaryDirectory() as state:
        async with transport(binary, state) as target:
            await asyncio.wait_for(check(lambda person=None: connect(target, mode, person)), timeout=60)


async def main(binary, sample):
    passed = failed = 0
    for transport in (over_stdio, over_http):
        for mode in MODES[:1] if sample else MODES:
            for check in CHECKS:
                where = f"{transport.__name__.replace('_', ' ')}, {mode}"
                name = f"{NAME}, {where}: {check.__name__.replace('_', ' ')}"
                try:
                    await run(check, transport, binary, mode)
                except (Exception, asyncio.CancelledError):  # noqa: BLE001 - whatever it is, it is this check's failure
                    failed += 1
                    print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
                else:
                    passed += 1
                    print(f"ok     {name}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], "--sample" in sys.argv)))
