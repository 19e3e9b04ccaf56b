"""Builds this server and the floor, and installs the peers and tools that lack. What is there already stays."""

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

from .place import BENCH, CACHE, PROBE, REPO, run, say

GHL_MCP = "0.5.2"
FASTMCP = BENCH / "peers" / "fastmcp"
TYPESCRIPT = BENCH / "peers" / "typescript"


def go_on_in_venv():
    """The plots need matplotlib: the bench goes on in a Python that has it."""
    if not PROBE.exists():
        sys.exit(f"bench: there is no {PROBE.name} in {PROBE.parent}; BENCH_DIR says where it is")
    venv = _venv("plots", "matplotlib==3.11.2\n")
    if Path(sys.prefix) != venv:
        os.execv(venv / "bin" / "python", [str(venv / "bin" / "python"), *sys.argv])


def use(binary):
    """From now on this is the server."""
    global _given
    _given = Path(binary).resolve()


_given = None


@cache
def server():
    """This server, as it is released, unless another binary is given."""
    if _given:
        return _given
    say("building this server")
    return Path(run(BENCH / "release").strip())


@cache
def sandbox():
    """This server with the sandbox's endpoints for tests, which the released build does not have."""
    say("building the sandbox")
    target = CACHE / "sandbox"
    command = ["cargo", "build", "--release", "--locked", "--features", "sandbox-testing", "--bin", "highlevel-mcp"]
    run(*command, "--target-dir", target, cwd=REPO)
    return target / "release" / "highlevel-mcp"


@cache
def floor():
    """The directory with the bare server and the bare loop."""
    say("building the floor")
    run("cargo", "build", "--release", "--locked", cwd=BENCH / "floor")
    return _target(BENCH / "floor") / "release"


@cache
def connections():
    """The client that measures connections. It speaks HTTP/2 too, which the others are built without."""
    say("building the client of connections")
    run("cargo", "build", "--release", "--locked", "--features", "http2", "--bin", "connections", cwd=BENCH / "floor")
    return _target(BENCH / "floor") / "release" / "connections"


def ghl_mcp():
    root = CACHE / "ghl-mcp"
    if _lacks(root, GHL_MCP):
        run("cargo", "install", f"ghl-mcp@{GHL_MCP}", "--locked", "--root", root)
        _has(root, GHL_MCP)
    return root / "bin" / "ghl-mcp"


def fastmcp():
    return _venv("fastmcp", FASTMCP.joinpath("requirements.txt").read_text()) / "bin" / "python"


def typescript():
    """The server's file, beside the packages that it needs."""
    root = _npm("typescript", TYPESCRIPT.joinpath("package.json").read_text())
    return Path(shutil.copy(TYPESCRIPT / "server.mjs", root))


def tokenizer():
    return _npm("tokens", json.dumps({"private": True, "dependencies": {"gpt-tokenizer": "4.0.0"}}))


def nginx():
    _package("nginx", "nginx-light")


def valgrind():
    _package("valgrind", "valgrind")


def size(path):
    """The bytes of a file, or of all files below a directory."""
    path = Path(path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in files)


def _target(package):
    found = run("cargo", "metadata", "--format-version", "1", "--no-deps", "--locked", cwd=package)
    return Path(json.loads(found)["target_directory"])


def _venv(name, wanted):
    root = CACHE / name
    if _lacks(root, wanted):
        run(sys.executable, "-m", "venv", root)
        root.joinpath("requirements.txt").write_text(wanted)
        pip = (root / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "-r", root / "requirements.txt")
        _has(root, wanted)
    return root


def _npm(name, wanted):
    root = CACHE / name
    if _lacks(root, wanted):
        root.mkdir(parents=True)
        root.joinpath("package.json").write_text(wanted)
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", cwd=root)
        _has(root, wanted)
    return root


def _lacks(root, wanted):
    """Whether something has to be installed: it was not, or another version was."""
    stamp = root / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    say(f"installing {root.name}")
    shutil.rmtree(root, ignore_errors=True)
    return True


def _has(root, wanted):
    root.joinpath("installed").write_text(wanted)


def _package(command, package):
    """Installs Debian's package where the command lacks."""
    if not shutil.which(command):
        say(f"installing {package}")
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
