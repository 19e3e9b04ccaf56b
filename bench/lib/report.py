"""Puts what was measured into docs/performance.md, between the markers; the prose around them stays."""

import os
import platform
import re
from datetime import date
from pathlib import Path

from .place import REPO

DOCUMENT = REPO / "docs" / "performance.md"
PICTURES = REPO / "docs" / "performance"


def write(section, text):
    """Replaces one section. A marker that is not there is a mistake in the document."""
    document = DOCUMENT.read_text()
    begin, end = f"<!-- measured: {section} -->", f"<!-- end of {section} -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"bench: {DOCUMENT.name} has no place for {section}")
    DOCUMENT.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def table(heads, rows):
    """A table; all columns but the first are numbers."""
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def number(value):
    """Three figures are more than such a machine can repeat."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def machine():
    """Where and when, in a sentence."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = re.sub(r"\s+", " ", cpu[1]) if cpu else platform.machine()
    day = date.today()
    load = os.getloadavg()[0]
    return (
        f"{day.day} {day:%B %Y}, {cpu}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}; "
        f"load before the run: {load:.1f}"
    )
