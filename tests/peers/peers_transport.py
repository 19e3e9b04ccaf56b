"""How a client reaches a server: the command of one over stdio, or the URL of one that runs."""

import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def over_stdio(binary, state):
    yield [binary, "--sandbox", "--state-dir", state]


async def output(*command):
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


@asynccontextmanager
async def over_http(binary, state):
    """The URL of a server that runs meanwhile."""
    command = [binary, "--sandbox", "--state-dir", state, "serve", "--http", "127.0.0.1:0"]
    if "--no-auth" in await output(binary, "serve", "--help"):
        command.append("--no-auth")
    server = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        said = ""
        while "/mcp" not in said:
            line = (await server.stderr.readline()).decode()
            assert line, f"the server did not start: {said}"
            said += line
        drain = asyncio.create_task(server.stderr.read())
        yield next(word for word in said.split() if word.startswith("http") and word.endswith("/mcp"))
        drain.cancel()
    finally:
        server.terminate()
        await server.wait()
