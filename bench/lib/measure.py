"""One server measured once, by the shared probe."""

import json
import sys
from dataclasses import dataclass, field
from statistics import median

from . import over_http
from .place import PROBE, run


@dataclass
class Server:
    """`command` serves over standard input and output, `http` on the port PORT. What a server cannot is not measured."""

    name: str
    command: list | None
    tool: str
    args: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)
    starts: int = 7
    calls: int = 5000
    http: list | None = None
    is_modern: bool = False


def over(transport, server, dump):
    """What was found over pipes, sockets or HTTP; `None` for a server that does not speak so."""
    if transport == "HTTP":
        return over_http.probe(server) if server.http else None
    return probe(server, transport == "sockets", dump=dump) if server.command else None


def probe(server, sockets=False, flight=32, dump=None):
    """What the probe found. A server that answers with an error has not done the work, and nothing is measured."""
    command = [sys.executable, PROBE, server.name, "--starts", server.starts, "--calls", server.calls]
    command += ["--flight", flight, "--tool", server.tool, "--args", json.dumps(server.args)]
    command += ["--sockets"] if sockets else []
    command += ["--dump", dump] if dump else []
    for name, value in server.env.items():
        command += ["--env", f"{name}={value}"]
    found = json.loads(run(*command, "--", *server.command))
    first = found.get("first_call", "")
    if found["flood_errors"] or '"isError": true' in first or '"error"' in first[:60]:
        sys.exit(f"bench: {server.name} did not answer as it should: {found}")
    return found


def medians(rounds):
    """The median of each figure over the rounds."""
    figures = [name for name, value in rounds[0].items() if isinstance(value, (int, float))]
    return {name: median(one[name] for one in rounds) for name in figures}


def ratio(rounds, others, figure):
    """The median over the rounds of one server's figure as a multiple of another's in the same round."""
    return median(one[figure] / other[figure] for one, other in zip(rounds, others))
