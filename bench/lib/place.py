"""Where things are, and how a command is run. Whatever is fetched or built for the peers lies in the cache, outside of
this repository."""

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
REPO = BENCH.parent
CACHE = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache" / "highlevel-mcp-bench"))
RESULTS = CACHE / "results"
# The probe, the static upstream and the counter of tokens.
SHARED = Path(os.environ.get("BENCH_DIR", REPO.parent / "shared" / "bench")).resolve()
PROBE = SHARED / "probe.py"


def say(text):
    """Progress goes to stderr."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def run(*command, **options):
    """Runs a command to its end; gives what it prints."""
    done = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE, **options)
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}")
    return done.stdout
