"""A FastMCP server made from an OpenAPI document, as its manual does it."""

from pathlib import Path

import httpx2
import yaml
from fastmcp import FastMCP

document = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text())
client = httpx2.AsyncClient(base_url=document["servers"][0]["url"], headers={"token-id": "bench"})
FastMCP.from_openapi(openapi_spec=document, client=client, name="fastmcp").run(show_banner=False, log_level="WARNING")
