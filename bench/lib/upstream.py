"""The other end of the requests: nginx with answers that never change, and the sandbox, which is an account."""

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import install
from .place import BENCH, run

LINE = "<p>The quick brown fox jumps over the lazy dog.</p> "
STATIC = "http://127.0.0.1:18642"


@contextmanager
def static(pages=()):
    """The static upstream, with a page of each of these sizes in bytes, `/page/SIZE`."""
    install.nginx()
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        # nginx's worker is another user.
        directory.chmod(0o755)
        directory.joinpath("page").mkdir()
        for size in pages:
            page = {"id": str(size), "name": "Page", "slug": "page", "status": "draft", "content": ""}
            page["content"] = (LINE * (size // len(LINE) + 1))[: size - len(json.dumps(page))]
            directory.joinpath("page", str(size)).write_text(json.dumps(page))
        with nginx(directory, BENCH / "upstream" / "nginx.conf"):
            yield


@contextmanager
def nginx(directory, configuration):
    """nginx with all its files in that directory."""
    command = ("nginx", "-p", directory, "-c", configuration, "-e", directory / "error.log")
    run(*command)
    try:
        yield
    finally:
        run(*command, "-s", "quit", stderr=subprocess.DEVNULL)


@contextmanager
def sandbox(binary, *flags):
    """A sandbox on a free port; gives the environment that leads to it. It runs from a file of its own: pages that it shared
    with a server would count half for each."""
    directory = tempfile.TemporaryDirectory()
    command = [shutil.copy(binary, directory.name), "sandbox", "--listen", "127.0.0.1:0", *map(str, flags)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        # The official API is told of by two lines more.
        lines = 4 if "official" in flags else 2
        yield dict(process.stdout.readline().strip().split("=", 1) for _ in range(lines))
    finally:
        process.terminate()
        process.wait()
        directory.cleanup()
