"""Calls in flight, 1 to 4,096, each with one request to the static upstream."""

from lib import cast, install, plot, upstream
from lib.host import Host, at, keep
from lib.measure import Server
from lib.report import number, table

FLIGHTS = (1, 4, 16, 64, 256, 1024, 4096)


def measure(scratch):
    floor = install.floor() / "highlevel-mcp-floor"
    servers = [
        Server(cast.OURS, [install.server()], "get_contact", {"id": "contact123"}, cast.unbound(scratch)),
        Server("the floor", [floor], "get_contact", {}),
    ]
    with upstream.static():
        return {server.name: [step(server, flight) for flight in FLIGHTS] for server in servers}


def step(server, flight):
    """A process of its own, so that its peak is this step's."""
    host = Host(server)
    # The first calls open the connections.
    keep([host], flight, calls=2 * flight)
    host.start_over()
    rate = keep([host], flight, calls=max(3000, 8 * flight))
    row = {
        "flight": flight,
        "p50": at(host.times, 0.5),
        "p99": at(host.times, 0.99),
        "rate": rate,
        "peak": host.peak_kib(),
    }
    host.stop()
    return row


def show(found):
    heads = [
        "Calls in flight",
        *(f"{name}: {what}" for name in found for what in ("p50 ms", "p99 ms", "calls/s", "peak MiB")),
    ]
    lines = []
    for rows in zip(*found.values()):
        cells = [
            (number(r["p50"] / 1e3), number(r["p99"] / 1e3), number(r["rate"]), f"{r['peak'] / 1024:.1f}") for r in rows
        ]
        lines.append([f"{rows[0]['flight']:,}", *(cell for row in cells for cell in row)])
    of = lambda figure, scale: {name: [(r["flight"], r[figure] * scale) for r in rows] for name, rows in found.items()}
    panels = {
        "p50, ms": of("p50", 1e-3),
        "p99, ms": of("p99", 1e-3),
        "calls per second": of("rate", 1),
        "peak memory, MiB": of("peak", 1 / 1024),
    }
    return table(heads, lines), plot.curves(panels, "flight.svg", "calls in flight")
