"""The upstream over TLS: nginx with HTTP/1.1 and HTTP/2, at loopback and at the far end of a distance."""

import gzip
import json
import random
import shutil
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import distance, install, upstream
from .place import BENCH, run

PORT = 18643
NEAR, FAR = f"https://127.0.0.1:{PORT}", f"https://{distance.FAR}:{PORT}"
STATUS = "http://127.0.0.1:18644/status"
# What a contact may be asked for, and how many of them are in the answer.
BODIES = {"contact123": 1, "list": 100}
NAMES = ("John", "Maria", "Ayşe", "Wei", "Olga", "Carlos", "Priya", "Sven", "Amara", "Noah", "Lucía", "Kenji")
FAMILIES = ("Doe", "García", "Yılmaz", "Chen", "Petrova", "Silva", "Sharma", "Larsson")
FAMILIES += ("Okafor", "Weber", "Rossi", "Sato")
TAGS = ("vip", "newsletter", "webinar 2025", "lead", "customer", "churned", "trial")


@dataclass
class Secure:
    """`root` is the certificate that it is trusted by, `sizes` the bytes of each body as it is and compressed."""

    root: Path
    sizes: dict


@contextmanager
def upstream_over_tls(requests_a_connection=100_000_000):
    """It ends a connection after so many requests. The far end has to be there already."""
    install.nginx()
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        # nginx's worker is another user.
        directory.chmod(0o755)
        certificates(directory)
        # What a configuration names is sought beside it.
        configuration = Path(shutil.copy(BENCH / "upstream" / "tls.conf", directory))
        directory.joinpath("keepalive.conf").write_text(f"keepalive_requests {requests_a_connection};\n")
        bodies, sizes = directory / "contacts", {}
        bodies.mkdir()
        for name, count in BODIES.items():
            body = answer(count)
            bodies.joinpath(name).write_bytes(body)
            bodies.joinpath(f"{name}.gz").write_bytes(gzip.compress(body))
            sizes[name] = [bodies.joinpath(file).stat().st_size for file in (name, f"{name}.gz")]
        with upstream.nginx(directory, configuration):
            yield Secure(directory / "root.pem", sizes)


def accepted():
    """How many connections it has accepted, this question's among them."""
    return int(urllib.request.urlopen(STATUS).read().split()[7])


def certificates(directory):
    """A root, and a leaf for both addresses, as short-lived as the measurement."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    request = ("openssl", "req", "-x509", *key)
    files = lambda name: ("-keyout", directory / f"{name}.key", "-out", directory / f"{name}.pem")
    signed = ("-CA", directory / "root.pem", "-CAkey", directory / "root.key")
    extensions = (f"subjectAltName=IP:127.0.0.1,IP:{distance.FAR}", "basicConstraints=critical,CA:FALSE")
    extensions = [part for extension in extensions for part in ("-addext", extension)]
    run(*request, *files("root"), "-subj", "/CN=bench root", stderr=subprocess.DEVNULL)
    run(*request, *files("leaf"), "-subj", "/CN=bench", *signed, *extensions, stderr=subprocess.DEVNULL)


def answer(count):
    """A contact, or a list of people who differ as people do: what repeats is the keys."""
    some = random.Random(1)
    if count == 1:
        return json.dumps({"contact": person(some)}, separators=(",", ":")).encode()
    contacts = [person(some) for _ in range(count)]
    found = {"contacts": contacts, "meta": {"total": count}}
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def person(some):
    first, family = some.choice(NAMES), some.choice(FAMILIES)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    day = f"2025-{some.randint(1, 12):02}-{some.randint(1, 28):02}T{some.randint(0, 23):02}:{some.randint(0, 59):02}"
    return {
        "id": "".join(some.choices(letters, k=20)),
        "locationId": "ve9EPM428h8vShlRW1KT",
        "firstName": first,
        "lastName": family,
        "email": f"{first}.{family}{some.randint(1, 99)}@example.com".lower(),
        "phone": f"+1-555-{some.randint(0, 9999):04}",
        "companyName": f"{family} {some.choice(('GmbH', 'Ltd', 'Inc', 'SA'))}",
        "city": some.choice(("Berlin", "Austin", "Lima", "Lagos", "Pune", "Porto")),
        "source": some.choice(("public api", "form", "import", "chat")),
        "type": "lead",
        "dnd": False,
        "tags": some.sample(TAGS, some.randint(0, 3)),
        "customFields": [{"id": "".join(some.choices(letters, k=20)), "value": some.randint(1, 9999)}],
        "dateAdded": f"{day}:07.121Z",
        "dateUpdated": f"{day}:09.834Z",
    }
