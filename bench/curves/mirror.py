"""The size of the mirror, 1,000 to 1,000,000 contacts: filling it from the sandbox as `sync` does, and asking it."""

import os
import re
import subprocess
import time
from pathlib import Path

from lib import install, plot, upstream
from lib.host import Host, at, keep
from lib.measure import Server
from lib.place import run, say
from lib.report import number, table

CONTACTS = (1_000, 10_000, 100_000, 1_000_000)
MIB = 1024 * 1024

# What is asked, by the name that the table has for it.
QUESTIONS = {
    "one contact by id": ("query_crm", "select * from contacts where id = ?"),
    "count since a date": ("query_crm", "select count(*) from contacts where createdAt > '2025-06-01'"),
    "contacts by tag": ("query_crm", "select tag, count(*) from contact_tags group by tag"),
    "search by name": ("search_crm", None),
    "describe_crm": ("describe_crm", None),
}


def measure(scratch):
    most = int(os.environ.get("BENCH_MOST_CONTACTS", CONTACTS[-1]))
    return [step(contacts, f"{scratch}/mirror-{contacts}") for contacts in CONTACTS if contacts <= most]


def step(contacts, state):
    ours = install.server()
    unbound = ("--rate-limit", 100_000_000, "--token-ttl", 86_400)
    with upstream.sandbox(ours, "--contacts", contacts, *unbound) as account:
        environment = {**account, "GHL_STATE_DIR": state, "GHL_RATE_LIMIT": "100000000"}
        say(f"a mirror of {contacts:,} contacts")
        began = time.perf_counter()
        peak = sync(ours, environment)
        row = {"contacts": contacts, "sync": time.perf_counter() - began, "sync_peak": peak}
        row["file"] = sum(file.stat().st_size for file in Path(state).glob("mirror-*"))
        one = run(
            ours,
            "query",
            "--format",
            "csv",
            "select id, lastName from contacts limit 1 offset 500",
            env={**os.environ, **environment},
        )
        identity, name = one.split()[1].split(",")
        for question, (tool, sql) in QUESTIONS.items():
            arguments = {"query_crm": {"sql": sql}, "search_crm": {"text": name}}.get(tool, {})
            if sql and "?" in sql:
                arguments["params"] = [identity]
            host = Host(Server("ours", [ours], tool, arguments, environment))
            keep([host], 1, calls=3)
            host.start_over()
            keep([host], 1, seconds=2)
            row[question] = at(host.times, 0.5)
            row["peak"] = max(row.get("peak", 0), host.peak_kib())
            host.stop()
    return row


def sync(ours, environment):
    """Fills the mirror; gives the most memory that it took, in KiB. Read while it runs: what the system tells at the
    end counts the moment before the program was loaded, too."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process, peak = subprocess.Popen([ours, "sync"], env={**os.environ, **environment}, **quiet), 0
    while process.poll() is None:
        if found := re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()):
            peak = int(found[1])
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"bench: sync ended with {process.returncode}")
    return peak


def show(found):
    heads = [
        "Contacts",
        "sync s",
        "sync peak MiB",
        "file MiB",
        *(f"{question}, ms" for question in QUESTIONS),
        "server's peak MiB",
    ]
    lines = []
    for row in found:
        asked = [number(row[question] / 1e3) for question in QUESTIONS]
        sizes = [number(row["sync_peak"] / 1024), number(row["file"] / MIB)]
        lines.append([f"{row['contacts']:,}", number(row["sync"]), *sizes, *asked, number(row["peak"] / 1024)])
    of = lambda figure, scale: [(row["contacts"], row[figure] * scale) for row in found]
    panels = {
        "sync, s": {"sync": of("sync", 1)},
        "a question, ms": {question: of(question, 1e-3) for question in QUESTIONS},
        "MiB": {
            "file": of("file", 1 / MIB),
            "sync's peak": of("sync_peak", 1 / 1024),
            "server's peak": of("peak", 1 / 1024),
        },
    }
    return table(heads, lines), plot.curves(panels, "mirror.svg", "contacts")
