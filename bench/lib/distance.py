"""A network with a distance: a device of the kernel's whose packets come back a while later, with sender and receiver
exchanged. So a server that listens at HERE answers a client that calls FAR, and all that TCP does over a distance takes
its time: the handshake, the slow start, the acknowledgements. (`tc … netem` does the same where the kernel has it.)

    python3 distance.py MILLISECONDS     until its input ends; prints a line once the device is up

It wants root and Linux.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from contextlib import contextmanager

DEVICE = "bench-far"
HERE, FAR = "10.203.64.1", "10.203.64.2"

# From linux/if_tun.h: the request that makes a device, of packets without a header of the device's own.
TUNSETIFF, TUN, NO_HEADER = 0x400454CA, 0x0001, 0x1000


@contextmanager
def apart(milliseconds):
    """A round trip of so many milliseconds between HERE and FAR."""
    command = [sys.executable, __file__, str(milliseconds)]
    process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if not process.stdout.readline():
            sys.exit("bench: there is no network device with a delay: that wants root and /dev/net/tun")
        yield
    finally:
        process.stdin.close()
        process.wait()


def device():
    """It is gone when its file is closed."""
    opened = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(opened, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), TUN | NO_HEADER))
    subprocess.run(["ip", "address", "add", f"{HERE}/30", "dev", DEVICE], check=True)
    subprocess.run(["ip", "link", "set", DEVICE, "up"], check=True)
    return opened


def carry(opened, delay):
    """Hands every packet back after the delay, in order. Exchanging the addresses leaves the checksums right."""
    waiting = deque()
    while True:
        now = time.perf_counter()
        while waiting and waiting[0][0] <= now:
            packet = waiting.popleft()[1]
            os.write(opened, packet[:12] + packet[16:20] + packet[12:16] + packet[20:])
        # Not poll, which waits for whole milliseconds.
        ready, _, _ = select.select([opened, sys.stdin], [], [], max(0, waiting[0][0] - now) if waiting else None)
        if sys.stdin in ready:
            return
        try:
            while opened in ready:
                packet = os.read(opened, 1 << 16)
                if packet[0] >> 4 == 4:
                    waiting.append((time.perf_counter() + delay, packet))
        except BlockingIOError:
            pass


if __name__ == "__main__":
    opened = device()
    print("up", flush=True)
    carry(opened, float(sys.argv[1]) / 2e3)
