"""Partners behind one address: each is called by its own name, and proves that it is itself."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stockwright.adapters.outbound import CONNECTIONS_MAX, HttpOutbound
from stockwright.base.errors import TryLater

STRASSE = "xn--strae-oqa.example"
HOSTS = ("warehouse.example", "delivery.example", STRASSE)
ANSWER = b"HTTP/1.1 204 -\r\n\r\n"


def certificate(folder: Path, host: str) -> Path:
    """Sign a host's certificate by itself; the file holds its key too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(written + made.public_bytes(serialization.Encoding.PEM))
    return file


@dataclass
class Front:
    """A server of several hosts at one address, as a CDN is: it shows the certificate of the host that is asked for."""

    files: dict[str, Path]
    port: int = 0
    shaken: list[str] = field(default_factory=list)
    """Whom the connections were made for."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Whom a request's connection was made for, and whom it asks."""
    resolved: list[str] = field(default_factory=list)

    def tls(self) -> ssl.SSLContext:
        contexts = {}
        for host, file in self.files.items():
            contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            contexts[host].load_cert_chain(file)

        def chosen(connection: ssl.SSLSocket | ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
            assert host is not None
            self.shaken.append(host)
            connection.context = contexts[host]

        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.set_servername_callback(chosen)
        return first

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made_for = self.shaken[-1]
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(2)
                self.asked.append((made_for, head.partition("host: ")[2].partition(":")[0]))
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    async def resolve(self, host: str, _: int) -> list[str]:
        self.resolved.append(host)
        return ["127.0.0.1"]


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    made = Front({host: certificate(tmp_path, host) for host in HOSTS})
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=made.tls())
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
async def outbound(front: Front) -> AsyncIterator[HttpOutbound]:
    trusted = ssl.create_default_context(cadata="".join(file.read_text() for file in front.files.values()))
    opened = HttpOutbound(allow_private=True, resolve=front.resolve, verify=trusted)
    yield opened
    await opened.close()


async def test_hosts_at_one_address_never_share_a_connection(front: Front, outbound: HttpOutbound) -> None:
    for host in (HOSTS[0], HOSTS[1], HOSTS[1], HOSTS[0]):
        assert (await outbound.post(f"https://{host}:{front.port}/", b"{}", {})).status == 204
    assert front.asked == [(host, host) for host in (HOSTS[0], HOSTS[1], HOSTS[1], HOSTS[0])]


async def test_a_host_is_resolved_verified_and_called_under_the_same_name(front: Front, outbound: HttpOutbound) -> None:
    """Older rules read ß as ss, which is somebody else's domain."""
    assert (await outbound.post(f"https://straße.example:{front.port}/", b"{}", {})).status == 204
    assert front.resolved == front.shaken == [STRASSE]
    assert front.asked == [(STRASSE, STRASSE)]


async def test_a_call_that_waits_for_a_free_connection_was_not_sent_and_its_timeout_has_not_started(
    front: Front,
) -> None:
    never, connected = asyncio.Event(), asyncio.Semaphore(0)

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.release()
        await never.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://a.example:{server.sockets[0].getsockname()[1]}/"
    outbound = HttpOutbound(allow_private=True, resolve=front.resolve, connections_max=2, wait_seconds=0)
    hanging = [asyncio.create_task(outbound.post(url, b"{}", {})) for _ in range(2)]
    for _ in hanging:
        await connected.acquire()
    resolved = len(front.resolved)
    with pytest.raises(TryLater, match=r"connections to a\.example are in use"):
        await outbound.post(url, b"{}", {})
    assert len(front.resolved) == resolved
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    never.set()
    await outbound.close()
    server.close()
    await server.wait_closed()


async def test_a_partner_that_never_answers_does_not_delay_another(front: Front) -> None:
    never = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        writer.close()

    slow, fast = await asyncio.start_server(hang, "127.0.0.1", 0), await asyncio.start_server(quick, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (slow, fast)]
    outbound = HttpOutbound(allow_private=True, resolve=front.resolve)
    waiting = [asyncio.create_task(outbound.post(f"http://a.example:{ports[0]}/", b"{}", {})) for _ in range(64)]
    while len(front.resolved) < CONNECTIONS_MAX:  # noqa: ASYNC110 - they are all under way soon
        await asyncio.sleep(0)
    assert (await outbound.post(f"http://b.example:{ports[1]}/", b"{}", {})).status == 204
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    never.set()
    await outbound.close()
    for server in (slow, fast):
        server.close()
        await server.wait_closed()
