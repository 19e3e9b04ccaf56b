"""A FastMCP server made from an OpenAPI document, as its manual does it. With a port it serves over HTTP."""

import sys
from pathlib import Path

import httpx2
import yaml
from fastmcp import FastMCP

document = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text())
client = httpx2.AsyncClient(base_url=document["servers"][0]["url"], headers={"token-id": "bench"})
server = FastMCP.from_openapi(openapi_spec=document, client=client, name="fastmcp")
where = {"transport": "http", "host": "127.0.0.1", "port": int(sys.argv[1])} if sys.argv[1:] else {}
server.run(show_banner=False, log_level="WARNING", **where)
