"""Sessions that clients open and leave, in each way in which a client leaves; and the server's memory meanwhile."""

import asyncio
import os

from .web import Client

CLIENTS = 4
MOST, IDLE = 100, 2
LOOKS = 20


async def leave(client, web):
    """Never comes again."""
    await client.initialize()


async def delete(client, web):
    """Ends the session."""
    await client.initialize()
    await client.end()


async def drop_stream(client, web):
    """Listens, and breaks the connection."""
    await client.begin()
    head, _ = await client.send("GET")
    if not head.startswith("HTTP/1.1 200"):
        raise RuntimeError(head)


async def call_and_leave(client, web):
    """Lists the tools, calls one, and never comes again."""
    await client.initialize()
    await client.ask("tools/list", {})
    await client.call("list_contacts", {"limit": 5})


async def without_session(client, web):
    """A request of 2026-07-28."""
    await client.ask("tools/list", {})


async def change(client, web):
    """Comes again when its entry in the file of clients has changed."""
    text = open(web.clients).read()
    changed = text.replace("read-only = true\n", "") if "read-only" in text else f"{text}read-only = true\n"
    with open(f"{web.clients}.new", "w") as file:
        file.write(changed)
    os.rename(file.name, web.clients)
    try:
        await client.initialize()
        await client.ask("tools/list", {})
    except RuntimeError as error:
        # The next change may have ended the session.
        if " 404 " not in str(error):
            raise


WAYS = {"left": leave, "ended with DELETE": delete, "left with a stream that broke": drop_stream,
        "left after a call": call_and_leave, "no session, 2026-07-28": without_session,
        "after a change of clients.toml": change}


async def memory(web, tokens, way, count):
    """So many sessions, on connections that are kept. The memory in KiB before, after each part, and when all have ended."""
    clients = [Client(web.address, token, way is without_session) for token in tokens]
    for client in clients:
        await client.begin()
    kib = [web.kib()]

    async def work(client):
        for _ in range(count // LOOKS // len(clients)):
            await way(client, web)

    for _ in range(LOOKS):
        await asyncio.gather(*map(work, clients))
        kib.append(web.kib())
    for client in clients:
        client.close()
    await asyncio.sleep(IDLE * 2 + 2)
    return [*kib, web.kib()]
