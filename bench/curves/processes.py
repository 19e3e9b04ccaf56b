"""Processes that share one account's budget, 1 to 32. Once with a budget that binds: how much of it they use together,
and how evenly. Once with one that does not: what sharing costs a call."""

import json
import urllib.request

from lib import cast, install, plot, upstream
from lib.host import Host, at, keep
from lib.measure import Server
from lib.report import number, table

PROCESSES = (1, 2, 4, 8, 16, 32)
LIMIT, WINDOW = 1000, 5
WINDOWS = 4


def measure(scratch):
    return [
        {"processes": count, **bound(count, f"{scratch}/bound-{count}"), **free(count, f"{scratch}/free-{count}")}
        for count in PROCESSES
    ]


def bound(count, state):
    """Everyone has eight calls in flight and more to come, against a quota of 200 a second."""
    ours = install.server()
    with upstream.sandbox(install.sandbox(), "--rate-limit", LIMIT, "--rate-window", WINDOW) as account:
        environment = {**account, "GHL_STATE_DIR": state, "GHL_RATE_LIMIT": str(LIMIT), "GHL_RATE_WINDOW": str(WINDOW)}
        hosts = [Host(Server("ours", [ours], "get_current_user", {}, environment)) for _ in range(count)]
        keep(hosts, 8, seconds=2 * WINDOW)
        for host in hosts:
            host.start_over()
        rate = keep(hosts, 8, seconds=WINDOWS * WINDOW)
        served = [len(host.times) for host in hosts]
        stats = json.load(urllib.request.urlopen(f"{account['GHL_BASE_URL']}/sandbox/stats"))
        for host in hosts:
            host.stop()
    # The first and the last window are not whole.
    whole = [window["count"] / window["limit"] for window in stats["windows"][1:-1]]
    return {
        "used": sum(whole) / len(whole),
        "rate": rate,
        "least": min(served) * count / sum(served),
        "refused": stats["throttled"],
    }


def free(count, state):
    """Everyone has one call in flight, and no quota is in the way."""
    environment = cast.unbound(state)
    with upstream.static():
        hosts = [
            Host(Server("ours", [install.server()], "get_contact", {"id": "contact123"}, environment))
            for _ in range(count)
        ]
        keep(hosts, 1, seconds=0.5)
        for host in hosts:
            host.start_over()
        rate = keep(hosts, 1, seconds=3)
        times = [time for host in hosts for time in host.times]
        memory = sum(host.memory_kib() for host in hosts)
        for host in hosts:
            host.stop()
    return {"free_rate": rate, "free_p50": at(times, 0.5), "free_p99": at(times, 0.99), "memory": memory}


def show(found):
    heads = [
        "Processes",
        "quota used",
        "least served, of its share",
        "answers 429",
        "without a quota: calls/s",
        "p50 ms",
        "p99 ms",
        "MiB in all",
    ]
    lines = [
        [
            row["processes"],
            f"{row['used']:.1%}",
            f"{row['least']:.0%}",
            row["refused"],
            number(row["free_rate"]),
            number(row["free_p50"] / 1e3),
            number(row["free_p99"] / 1e3),
            number(row["memory"] / 1024),
        ]
        for row in found
    ]
    of = lambda figure, scale=1: [(row["processes"], row[figure] * scale) for row in found]
    panels = {
        "share of the quota used, %": {"used": of("used", 100)},
        "a call without a quota, ms": {"p50": of("free_p50", 1e-3), "p99": of("free_p99", 1e-3)},
        "calls per second without a quota": {"all": of("free_rate")},
        "memory of all, MiB": {"all": of("memory", 1 / 1024)},
    }
    return table(heads, lines), plot.curves(panels, "processes.svg", "processes")
