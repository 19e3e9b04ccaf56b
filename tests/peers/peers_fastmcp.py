"""FastMCP's client."""

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from mcp.types import PromptReference, ResourceTemplateReference
from peers_result import Result

NAME = f"fastmcp {version('fastmcp')}"
MODES = ["auto", "legacy"]


class Session:
    def __init__(self, client):
        self.client = client

    async def tools(self):
        tools = await self.client.list_tools()
        return [(tool.name, tool.input_schema, tool.output_schema) for tool in tools]

    async def call(self, name, arguments, report=None):
        result = await self.client.call_tool(name, arguments, progress_handler=report, raise_on_error=False)
        text = result.content[0].text
        return Result(result.is_error, result.structured_content, text, len(result.content))

    async def call_and_cancel(self, name, arguments, report, started):
        call = asyncio.create_task(self.call(name, arguments, report))
        await started.wait()
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled(), call

    async def complete_prompt(self, prompt, argument, typed):
        return await self._complete(PromptReference(name=prompt), argument, typed)

    async def complete_resource(self, uri, argument, typed):
        return await self._complete(ResourceTemplateReference(uri=uri), argument, typed)

    async def _complete(self, reference, argument, typed):
        return (await self.client.complete(reference, {"name": argument, "value": typed})).values

    async def prompts(self):
        return [prompt.name for prompt in await self.client.list_prompts()]

    async def prompt(self, name, arguments):
        return (await self.client.get_prompt(name, arguments)).messages[0].content.text

    async def templates(self):
        return [template.uri_template for template in await self.client.list_resource_templates()]

    async def read(self, uri):
        contents = (await self.client.read_resource(uri))[0]
        return contents.mime_type, contents.text


@asynccontextmanager
async def connect(target, mode, person=None):
    async def elicit(message, _form, _params, _context):
        if await person(message):
            return ElicitResult(action="accept", content={"confirm": True})
        return ElicitResult(action="decline")

    if isinstance(target, list):
        target = StdioTransport(command=target[0], args=target[1:], keep_alive=False)
    options = {} if mode == "auto" else {"mode": mode}
    async with Client(target, elicitation_handler=elicit if person else None, **options) as client:
        yield Session(client)
