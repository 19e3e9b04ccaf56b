"""Agent frameworks in their default modes with the server and its sample account, over stdio and HTTP, without a model.

    python tests/peers/frameworks.py FRAMEWORK path/to/highlevel-mcp

The interpreter has the framework installed (tests/peers/frameworks does that). Tools are called as the framework calls them:
through the object that it makes of a tool or, where it needs an agent for that, by an agent whose model is a stub. Prints a
line for each check, then a count. Ends with 1 if a check failed.
"""

import asyncio
import json
import re
import sys
import tempfile
import traceback
from contextlib import asynccontextmanager
from importlib.metadata import version

from peers_transport import over_http, over_stdio


@asynccontextmanager
async def openai_agents(target):
    from agents import Agent
    from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
    from agents.run_context import RunContextWrapper
    from agents.tool_context import ToolContext

    if isinstance(target, list):
        server = MCPServerStdio({"command": target[0], "args": target[1:]})
    else:
        server = MCPServerStreamableHttp({"url": target})
    async with server:
        agent = Agent(name="peer", mcp_servers=[server])
        tools = {tool.name: tool for tool in await agent.get_mcp_tools(RunContextWrapper(None))}

        async def call(name, arguments):
            text = json.dumps(arguments)
            context = ToolContext(None, tool_name=name, tool_call_id="1", tool_arguments=text)
            return await tools[name].on_invoke_tool(context, text)

        yield list(tools), call


@asynccontextmanager
async def langchain_mcp_adapters(target):
    from langchain_mcp_adapters.client import MultiServerMCPClient

    if isinstance(target, list):
        connection = {"transport": "stdio", "command": target[0], "args": target[1:]}
    else:
        connection = {"transport": "streamable_http", "url": target}
    tools = {tool.name: tool for tool in await MultiServerMCPClient({"crm": connection}).get_tools()}

    async def call(name, arguments):
        return await tools[name].ainvoke(arguments)

    yield list(tools), call


@asynccontextmanager
async def llama_index_tools_mcp(target):
    from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

    command, args = (target[0], target[1:]) if isinstance(target, list) else (target, [])
    tools = await McpToolSpec(BasicMCPClient(command, args=args)).to_tool_list_async()
    tools = {tool.metadata.name: tool for tool in tools}

    async def call(name, arguments):
        # Its agents fill the model of the arguments, so that each one left out is sent as null.
        filled = tools[name].metadata.fn_schema.model_validate(arguments).model_dump()
        assert None in filled.values() or filled == arguments, filled
        return (await tools[name].acall(**filled)).content

    yield list(tools), call


@asynccontextmanager
async def pydantic_ai_slim(target):
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai import Agent
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    if isinstance(target, list):
        target = StdioTransport(command=target[0], args=target[1:])
    seen, wanted = [], None

    def model(messages, info):
        seen[:] = [tool.name for tool in info.function_tools]
        returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if wanted and not returned:
            return ModelResponse([ToolCallPart(*wanted)])
        return ModelResponse([TextPart(returned[0].model_response_str() if returned else "listed")])

    async with Agent(FunctionModel(model), toolsets=[MCPToolset(target)]) as agent:
        await agent.run("list")

        async def call(name, arguments):
            nonlocal wanted
            wanted = (name, arguments)
            return (await agent.run("call")).output

        yield seen, call


@asynccontextmanager
async def google_adk(target):
    from google.adk.agents import LlmAgent
    from google.adk.models import BaseLlm, LlmResponse
    from google.adk.runners import InMemoryRunner
    from google.adk.tools.mcp_tool import McpToolset, StdioConnectionParams, StreamableHTTPConnectionParams
    from google.genai import types
    from mcp import StdioServerParameters

    if isinstance(target, list):
        server = StdioServerParameters(command=target[0], args=target[1:])
        connection = StdioConnectionParams(server_params=server)
    else:
        connection = StreamableHTTPConnectionParams(url=target)
    seen, wanted = [], None

    class Model(BaseLlm):
        async def generate_content_async(self, request, stream=False):
            seen[:] = list(request.tools_dict)
            returned = [part.function_response for part in request.contents[-1].parts if part.function_response]
            if returned:
                part = types.Part(text=json.dumps(returned[0].response))
            else:
                part = types.Part(function_call=types.FunctionCall(name=wanted[0], args=wanted[1]))
            yield LlmResponse(content=types.Content(role="model", parts=[part]))

    toolset = McpToolset(connection_params=connection)
    agent = LlmAgent(name="peer", model=Model(model="stub"), tools=[toolset])
    runner = InMemoryRunner(agent=agent, app_name="peer")

    async def call(name, arguments):
        nonlocal wanted
        wanted = (name, arguments)
        session = await runner.session_service.create_session(app_name="peer", user_id="peer")
        message = types.Content(role="user", parts=[types.Part(text="call")])
        said = ""
        async for event in runner.run_async(user_id="peer", session_id=session.id, new_message=message):
            said = event.content.parts[0].text or said
        return said

    try:
        await call("get_current_user", {})
        yield seen, call
    finally:
        await runner.close()


@asynccontextmanager
async def smolagents(target):
    from mcp import StdioServerParameters
    from smolagents import MCPClient

    if isinstance(target, list):
        server = StdioServerParameters(command=target[0], args=target[1:])
    else:
        server = {"url": target, "transport": "streamable-http"}
    client = await asyncio.to_thread(MCPClient, server)
    try:
        tools = {tool.name: tool for tool in client.get_tools()}

        async def call(name, arguments):
            return await asyncio.to_thread(lambda: tools[name](**arguments))

        yield list(tools), call
    finally:
        await asyncio.to_thread(client.disconnect)


FRAMEWORKS = {
    "openai-agents": openai_agents,
    "langchain-mcp-adapters": langchain_mcp_adapters,
    "llama-index-tools-mcp": llama_index_tools_mcp,
    "pydantic-ai-slim": pydantic_ai_slim,
    "google-adk": google_adk,
    "smolagents": smolagents,
}


async def tools_are_listed(names, _call):
    wanted = {"list_contacts", "get_contact", "create_contact", "query_crm"}
    assert wanted <= set(names), sorted(wanted - set(names))


async def a_call_is_answered(_names, call):
    said = str(await call("list_contacts", {"limit": 3, "fields": ["email"]}))
    # Some give the answer twice: as text, and structured.
    assert len(set(re.findall(r"[\w.+-]+@[\w.-]+", said))) == 3, said


async def an_object_is_created(_names, call):
    new = {"firstName": "Ada", "lastName": "Example", "email": "ada@example.com"}
    said = str(await call("create_contact", new))
    assert "ada@example.com" in said and "createdAt" in said, said


async def an_error_is_told(_names, call):
    try:
        said = str(await call("get_contact", {"id": "nobody"}))
    except Exception as fault:  # noqa: BLE001 - some frameworks raise it
        said = str(fault)
    assert "not_found" in said, said


CHECKS = [tools_are_listed, a_call_is_answered, an_object_is_created, an_error_is_told]


async def run(framework, transport, check, binary):
    with tempfile.TemporaryDirectory() as state:
        async with transport(binary, state) as target, framework(target) as (names, call):
            await asyncio.wait_for(check(names, call), timeout=60)


async def main(name, binary):
    passed = failed = 0
    for transport in (over_stdio, over_http):
        for check in CHECKS:
            where = f"{name} {version(name)}, {transport.__name__.replace('_', ' ')}"
            title = f"{where}: {check.__name__.replace('_', ' ')}"
            try:
                await run(FRAMEWORKS[name], transport, check, binary)
            except (Exception, asyncio.CancelledError):  # noqa: BLE001 - whatever it is, it is this check's failure
                failed += 1
                print(f"FAILED {title}\n{traceback.format_exc()}", flush=True)
            else:
                passed += 1
                print(f"ok     {title}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
