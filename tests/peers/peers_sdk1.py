"""The client of the package `mcp` 1.x."""

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    CancelledNotification,
    CancelledNotificationParams,
    ClientNotification,
    ElicitResult,
    PromptReference,
    ResourceTemplateReference,
)
from peers_result import Result

NAME = f"mcp {version('mcp')}"
MODES = ["handshake"]


class Session:
    def __init__(self, client):
        self.client = client

    async def tools(self):
        tools = (await self.client.list_tools()).tools
        return [(tool.name, tool.inputSchema, tool.outputSchema) for tool in tools]

    async def call(self, name, arguments, report=None):
        result = await self.client.call_tool(name, arguments, progress_callback=report)
        text = result.content[0].text
        return Result(result.isError, result.structuredContent, text, len(result.content))

    async def call_and_cancel(self, name, arguments, report, started):
        """This client leaves it to its user to tell the server."""
        request = self.client._request_id
        call = asyncio.create_task(self.call(name, arguments, report))
        await started.wait()
        params = CancelledNotificationParams(requestId=request, reason="no longer needed")
        await self.client.send_notification(ClientNotification(CancelledNotification(params=params)))
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled(), call

    async def complete_prompt(self, prompt, argument, typed):
        return await self._complete(PromptReference(type="ref/prompt", name=prompt), argument, typed)

    async def complete_resource(self, uri, argument, typed):
        return await self._complete(ResourceTemplateReference(type="ref/resource", uri=uri), argument, typed)

    async def _complete(self, reference, argument, typed):
        result = await self.client.complete(reference, {"name": argument, "value": typed})
        return result.completion.values

    async def prompts(self):
        return [prompt.name for prompt in (await self.client.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return (await self.client.get_prompt(name, arguments)).messages[0].content.text

    async def templates(self):
        templates = (await self.client.list_resource_templates()).resourceTemplates
        return [template.uriTemplate for template in templates]

    async def read(self, uri):
        contents = (await self.client.read_resource(uri)).contents[0]
        return contents.mimeType, contents.text


@asynccontextmanager
async def connect(target, _mode, person=None):
    async def elicit(_context, params):
        if await person(params.message):
            return ElicitResult(action="accept", content={"confirm": True})
        return ElicitResult(action="decline")

    if isinstance(target, list):
        transport = stdio_client(StdioServerParameters(command=target[0], args=target[1:]))
    else:
        transport = streamable_http_client(target)
    async with (
        transport as streams,
        ClientSession(streams[0], streams[1], elicitation_callback=elicit if person else None) as client,
    ):
        await client.initialize()
        yield Session(client)
