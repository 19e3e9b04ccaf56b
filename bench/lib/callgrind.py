"""A session with the server under valgrind's callgrind, which counts instructions and names the functions that ran."""

import json
import os
import re
import subprocess
import sys

OBJECT = re.compile(r"(c?)ob=\((\d+)\)(?: (.*))?")
FUNCTION = re.compile(r"(c?)fn=\((\d+)\)(?: (.*?)(?:'\d+)?)?$")


class Session:
    """A server process with a host over pipes, one message after the other."""

    def __init__(self, binary, environment, scratch, *flags):
        self.binary, self.out, self.log, self.asked = binary, f"{scratch}/out", f"{scratch}/log", 0
        files = [f"--callgrind-out-file={self.out}", f"--log-file={self.log}"]
        command = ["valgrind", "--tool=callgrind", *files, *flags, binary]
        environment = {**os.environ, "GHL_STATE_DIR": f"{scratch}/state", **environment}
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        client = {"name": "bench", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        self._say({"method": "notifications/initialized"})

    def begin(self, method, parameters):
        self.asked += 1
        self._say({"id": self.asked, "method": method, "params": parameters})

    def answer(self):
        line = self.server.stdout.readline()
        if b'"isError":true' in line or b'"result"' not in line:
            sys.exit(f"bench: a call failed: {line[:300]}")
        return json.loads(line)["result"]

    def ask(self, method, parameters):
        self.begin(method, parameters)
        return self.answer()

    def call(self, tool, **arguments):
        """What the tool answers."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})["structuredContent"]

    def end(self):
        """The instructions of the whole session."""
        self.server.stdin.close()
        self.server.wait()
        with open(self.log) as log:
            return int(re.search(r"Collected : (\d+)", log.read())[1])

    def functions(self):
        """The server's own functions that ran in the session, by their symbols, each once."""
        ours, names, ran = False, {}, {}
        with open(self.out) as out:
            for line in out:
                if found := OBJECT.match(line):
                    called, number, name = found.groups()
                    names["object", number] = name or names["object", number]
                    if not called:
                        ours = names["object", number] == str(self.binary)
                elif found := FUNCTION.match(line):
                    called, number, name = found.groups()
                    names["function", number] = name or names["function", number]
                    if ours and not called:
                        ran[names["function", number]] = None
        return list(ran)

    def _say(self, message):
        self.server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.server.stdin.flush()
