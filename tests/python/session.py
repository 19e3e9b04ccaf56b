"""Sessions of the Python SDK's own client with the server and its sample account.

    python tests/python/session.py path/to/highlevel-mcp

Needs the package `mcp` (.ci/run pins it). Ends with 1 if a check failed.
"""

import asyncio
import json
import sys
import tempfile
import traceback

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import ElicitResult

# The client's default finds out by `server/discover`; "legacy" is the handshake; the last pins the newest revision.
MODES = ["auto", "legacy", "2026-07-28"]


def session(binary, state, mode, elicit=None):
    server = StdioServerParameters(command=binary, args=["--sandbox", "--state-dir", state])
    options = {} if mode == "auto" else {"mode": mode}
    return Client(stdio_client(server), elicitation_callback=elicit, **options)


def answer(result):
    """The answer of a call: structured, and the same as text."""
    assert not result.is_error, result
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def error(result):
    """The error of a call: one text block of JSON, nothing structured."""
    assert result.is_error, result
    assert result.structured_content is None
    assert len(result.content) == 1
    return json.loads(result.content[0].text)["error"]


async def draft(client):
    pages = answer(await client.call_tool("list_pages", {"status": "draft", "limit": 1}))
    return pages["data"][0]


async def lists_and_calls(binary, state, mode):
    async with session(binary, state, mode) as client:
        tools = (await client.list_tools()).tools
        assert len(tools) == len({tool.name for tool in tools}) > 0
        for tool in tools:
            assert tool.input_schema["type"] == tool.output_schema["type"] == "object", tool.name
            assert tool.annotations is not None, tool.name
        found = answer(await client.call_tool("list_contacts", {"limit": 3, "fields": ["email"]}))
        assert len(found["data"]) == 3 and all(set(c) == {"id", "email"} for c in found["data"]), found
        new = {"firstName": "Ada", "lastName": "Example", "email": "ada@example.com"}
        created = answer(await client.call_tool("create_contact", new))
        assert answer(await client.call_tool("get_contact", {"id": created["id"]}))["email"] == "ada@example.com"


async def errors_are_results(binary, state, mode):
    async with session(binary, state, mode) as client:
        missing = error(await client.call_tool("get_contact", {"id": "nobody"}))
        assert missing["code"] == "not_found", missing
        wrong = error(await client.call_tool("list_contacts", {"limmit": 3}))
        assert wrong["code"] == "invalid_arguments" and "limit" in wrong["message"], wrong
        assert wrong["field"] == "limmit", wrong


async def two_steps_without_forms(binary, state, mode):
    async with session(binary, state, mode) as client:
        page = await draft(client)
        first = error(await client.call_tool("publish_page", {"id": page["id"]}))
        assert first["code"] == "confirmation_required", first
        assert first["preview"]["object"]["slug"] == page["slug"], first
        token = {"id": page["id"], "confirmationToken": first["confirmationToken"]}
        assert answer(await client.call_tool("publish_page", token))["status"] == "published"
        # A token is good once; now the page is public, which is another reason to refuse.
        assert error(await client.call_tool("publish_page", token))["code"] == "conflict"


async def a_form_is_shown_and_answered(binary, state, mode):
    asked = []

    async def elicit(_context, params):
        asked.append(params.message)
        if len(asked) == 1:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"confirm": True})

    async with session(binary, state, mode, elicit) as client:
        page = await draft(client)
        assert error(await client.call_tool("publish_page", {"id": page["id"]}))["code"] == "declined"
        assert answer(await client.call_tool("get_page", {"id": page["id"]}))["status"] == "draft"
        assert answer(await client.call_tool("publish_page", {"id": page["id"]}))["status"] == "published"
    assert len(asked) == 2 and page["name"] in asked[0], asked


async def prompts_and_resources(binary, state, mode):
    async with session(binary, state, mode) as client:
        prompts = (await client.list_prompts()).prompts
        assert "page_checklist" in [prompt.name for prompt in prompts], prompts
        page = await draft(client)
        filled = await client.get_prompt("page_checklist", {"page": page["id"]})
        assert page["id"] in filled.messages[0].content.text, filled
        templates = (await client.list_resource_templates()).resource_templates
        assert "ghl://page/{id}" in [template.uri_template for template in templates], templates
        contents = (await client.read_resource(f"ghl://page/{page['id']}")).contents
        assert contents[0].mime_type == "application/json", contents
        assert json.loads(contents[0].text)["slug"] == page["slug"], contents


CHECKS = [
    lists_and_calls,
    errors_are_results,
    two_steps_without_forms,
    a_form_is_shown_and_answered,
    prompts_and_resources,
]


async def main(binary):
    passed = failed = 0
    for mode in MODES:
        for check in CHECKS:
            name = f"{mode}: {check.__name__.replace('_', ' ')}"
            try:
                with tempfile.TemporaryDirectory() as state:
                    await asyncio.wait_for(check(binary, state, mode), timeout=60)
            except Exception:  # noqa: BLE001 - whatever it is, it is this check's failure
                failed += 1
                print(f"FAILED {name}\n{traceback.format_exc()}")
            else:
                passed += 1
                print(f"ok     {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
