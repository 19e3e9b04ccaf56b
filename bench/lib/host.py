"""A host for what the probe cannot: it reads while it writes, as hosts do, so that thousands of calls can be in flight,
and it takes long answers in linear time. The start, the handshake and the memory are the probe's own."""

import os
import re
import resource
import select
import sys
import time
import types

from .place import PROBE

# The probe's last line runs it; only its parts are wanted here.
_probe = types.ModuleType("probe")
exec(compile(PROBE.read_text().rstrip().removesuffix("main()"), PROBE, "exec"), _probe.__dict__)

pss = _probe.pss

ID = re.compile(rb'"id":\s*(\d+)')
READ = 1 << 20


class Host(_probe.Server):
    """One server process with a host. Begin calls with `fill`, then let `turn` move what can be moved."""

    def __init__(self, server, sockets=False):
        # A server may have a connection for every call in flight.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        super().__init__([str(part) for part in server.command], server.env, sockets)
        self.init()
        self.ask("tools/list")
        self.tool, self.arguments = server.tool, _probe.json.dumps(server.args)
        self.began, self.times, self.parts, self.pending = {}, [], [], b""
        os.set_blocking(self.fin, False)

    def fill(self, flight):
        """Begins calls until so many are in flight."""
        lines = []
        while len(self.began) < flight:
            self.n += 1
            self.began[self.n] = time.perf_counter()
            call = f'"method":"tools/call","params":{{"name":"{self.tool}","arguments":{self.arguments}}}'
            lines.append(f'{{"jsonrpc":"2.0","id":{self.n},{call}}}\n'.encode())
        self.pending += b"".join(lines)

    def turn(self):
        """Reads what there is, when there is something, and writes what is still to be written."""
        data = os.read(self.fout, READ)
        if not data:
            raise EOFError(f"the server ended: {self.p.poll()}")
        self.push()
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._answer(b"".join([*self.parts, line]))
            self.parts = []
        self.parts.append(rest)

    def push(self):
        try:
            while self.pending:
                self.pending = self.pending[os.write(self.fin, self.pending) :]
        except BlockingIOError:
            pass

    def _answer(self, line):
        head = ID.search(line)
        began = head and self.began.pop(int(head[1]), None)
        if began is None:
            return
        self.times.append((time.perf_counter() - began) * 1e6)
        if b'"isError":true' in line or b'"error"' in line[:60]:
            sys.exit(f"bench: a call failed: {line[:300]}")

    def peak_kib(self):
        """The most memory that the process had at once."""
        status = open(f"/proc/{self.p.pid}/status").read()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    def memory_kib(self):
        return pss(self.p.pid)

    def start_over(self):
        """Forgets the calls so far, but not those in flight."""
        self.times = []


def keep(hosts, flight, calls=None, seconds=None):
    """Keeps so many calls in flight with each host, until so many are answered in all, or for so long; then waits for
    those in flight. Gives the calls a second before the end."""
    began, before, rate = time.perf_counter(), _answered(hosts), None
    outs = {host.fout: host for host in hosts}
    while rate is None or any(host.began for host in hosts):
        took, answered = time.perf_counter() - began, _answered(hosts) - before
        if rate is None and (answered >= calls if calls else took >= seconds):
            rate = answered / took
        poll = select.poll()
        for host in hosts:
            if rate is None:
                host.fill(flight)
            host.push()
            poll.register(host.fout, select.POLLIN)
            if host.pending:
                poll.register(host.fin, select.POLLOUT)
        for end, _ in poll.poll(1000):
            if end in outs:
                outs[end].turn()
    return rate


def _answered(hosts):
    return sum(len(host.times) for host in hosts)


def at(times, share):
    """A percentile of times."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
