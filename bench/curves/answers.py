"""The size of one answer, 1 KB to 8 MB: a page's content. Once with the bound on what a model gets, as it is by default,
once without, and the floor, which hands the body on as it came."""

from lib import cast, install, plot, upstream
from lib.host import Host, at, keep
from lib.measure import Server
from lib.report import number, table

SIZES = (1_000, 8_000, 64_000, 256_000, 1_000_000, 4_000_000, 8_000_000)


def measure(scratch):
    with upstream.static(SIZES):
        return {
            "bounded answer": [step(ours(scratch, size), size) for size in SIZES],
            "whole answer": [step(ours(scratch, size, GHL_MAX_ANSWER="20000000"), size) for size in SIZES],
            "the floor": [step(bare(size), size) for size in SIZES],
        }


def ours(scratch, size, **settings):
    environment = {**cast.unbound(scratch), **settings}
    return Server(cast.OURS, [install.server()], "get_page", {"id": str(size)}, environment)


def bare(size):
    command = [install.floor() / "highlevel-mcp-floor"]
    return Server("the floor", command, "get_contact", {}, {"FLOOR_URL": f"{upstream.STATIC}/page/{size}"})


def step(server, size):
    host = Host(server)
    keep([host], 1, calls=5)
    host.start_over()
    keep([host], 1, calls=min(2000, max(30, 20_000_000 // size)))
    row = {"size": size, "p50": at(host.times, 0.5), "peak": host.peak_kib()}
    keep([host], 32, calls=96)
    row["peak_32"] = host.peak_kib()
    host.stop()
    return row


def show(found):
    what = ("p50 ms", "peak MiB", "peak MiB, 32 in flight")
    heads = ["Body of the answer", *(f"{name}: {figure}" for name in found for figure in what)]
    lines = []
    for rows in zip(*found.values()):
        cells = [(number(r["p50"] / 1e3), number(r["peak"] / 1024), number(r["peak_32"] / 1024)) for r in rows]
        lines.append([f"{rows[0]['size'] // 1000:,} KB", *(cell for row in cells for cell in row)])
    of = lambda figure, scale: {
        name: [(r["size"] / 1e3, r[figure] * scale) for r in rows] for name, rows in found.items()
    }
    panels = {
        "p50, ms": of("p50", 1e-3),
        "peak, MiB": of("peak", 1 / 1024),
        "peak with 32 in flight, MiB": of("peak_32", 1 / 1024),
    }
    return table(heads, lines), plot.curves(panels, "answers.svg", "body, KB")
