"""What a comparison found, as tables, a plot, and a verdict on each goal."""

from . import cast, plot, report
from .measure import medians, ratio
from .report import number, table

KIB = 1024
# What the picture leaves out.
HIDDEN = (*cast.LOCAL, cast.SESSION_API)
# The goals are about these.
STDIO = ("pipes", "sockets")


def write(results):
    drawn = plot.dots(panels(results), "compare.svg")
    report.write("comparison", f"{text(results)}\n\n![Everyone by each measure]({drawn})")
    report.write("goals", verdicts(results))


def text(results):
    """The tables."""
    rounds = max(len(rows) for rows in results["found"]["HTTP"].values())
    parts = [f"{results['machine']}. Medians of {rounds} rounds."]
    for transport, rows in results["found"].items():
        parts += [f"Over {transport}:", calls(rows, results["loop"])]
    local = [name for name in cast.LOCAL if results["found"]["pipes"].get(name)]
    if local:
        parts += ["Calls that need no request:", without_request(results["found"], local)]
    parts += ["What a model and a disk pay:", weights(results)]
    return "\n\n".join(parts)


def calls(rows, loops):
    heads = ["", "start ms", "idle MiB", "loaded MiB", "call p50 µs", "p99 µs", "calls/s, 32 in flight"]
    lines = []
    for name, rounds in rows.items():
        if name in cast.LOCAL or not rounds:
            continue
        of = medians(rounds)
        memory = [f"{of[figure] / KIB:.1f}" for figure in ("idle_kib", "loaded_kib")]
        lines.append(
            [name, number(of["start_ms"]), *memory, *(number(of[f]) for f in ("p50_us", "p99_us", "flood_rps"))]
        )
    of = medians(loops)
    lines.append(["the request alone", "", "", "", *(number(of[f]) for f in ("p50_us", "p99_us", "flood_rps"))])
    return table(heads, lines)


def without_request(found, names):
    figures = ("p50_us", "p99_us", "flood_rps")
    heads = ["", *(f"{transport}: {what}" for transport in found for what in ("p50 µs", "p99 µs", "calls/s"))]
    shown = lambda rounds: [number(medians(rounds)[figure]) for figure in figures] if rounds else ["–"] * len(figures)
    return table(heads, [[name, *(cell for rows in found.values() for cell in shown(rows[name]))] for name in names])


def weights(results):
    lines = []
    for name, rounds in results["found"]["pipes"].items():
        if name not in cast.LOCAL and rounds:
            size = results["sizes"].get(name)
            installed = f"{size / KIB / KIB:.1f}" if size else ""
            lines.append([name, rounds[0]["tools"], f"{results['tokens'][name]:,}", installed])
    return table(["", "tools", "tokens of their list", "MiB installed"], lines)


def verdicts(results):
    """Each goal of the issue with what was reached, and what the floor reaches."""
    goals = [
        ("start to first answer", "start_ms", "at most", 0.8),
        ("idle memory", "idle_kib", "at most", 0.6),
        ("loaded memory", "loaded_kib", "at most", 0.6),
        ("call, p50", "p50_us", "at most", 0.4),
        ("calls per second, 32 in flight", "flood_rps", "at least", 4.0),
    ]
    lines = []
    for what, figure, bound, limit in goals:
        for transport, rows in of_stdio(results):
            reached, floor = (ratio(rows[name], rows[cast.GHL_MCP], figure) for name in (cast.OURS, cast.FLOOR))
            lines.append(verdict(f"{what}, {transport}", f"{bound} {limit} × ghl-mcp", reached, floor, bound, limit))
    for name in (cast.DESCRIBE, cast.QUERY):
        for transport, rows in of_stdio(results):
            reached = ratio(rows[name], rows[cast.EMPTY], "p50_us")
            lines.append(verdict(f"{name}, p50, {transport}", "at most 2 × the empty tool", reached, 1, "at most", 2.0))
    return table(["Goal", "", "reached", "the floor", "met"], lines)


def of_stdio(results):
    return [(transport, rows) for transport, rows in results["found"].items() if transport in STDIO]


def verdict(what, goal, reached, floor, bound, limit):
    met = reached <= limit if bound == "at most" else reached >= limit
    return [what, goal, f"{reached:.2f}", f"{floor:.2f}", "yes" if met else "**no**"]


def panels(results):
    """For each measure a value by server and transport."""
    measures = {
        "start, ms": "start_ms",
        "loaded memory, MiB": "loaded_kib",
        "call p50, µs": "p50_us",
        "calls per second": "flood_rps",
    }
    scale = {"loaded_kib": 1 / KIB}
    names = [name for name, rounds in results["found"]["pipes"].items() if name not in HIDDEN and rounds]
    return {
        title: {
            transport: {name: medians(rows[name])[figure] * scale.get(figure, 1) for name in names if rows[name]}
            for transport, rows in results["found"].items()
        }
        for title, figure in measures.items()
    }
