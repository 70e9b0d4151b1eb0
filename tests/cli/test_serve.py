"""The start of a shop, as a person meets it: what the terminal says, and that it is so."""

from __future__ import annotations

import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from stockwright.cli.serve import FILES_MAX, port_option, raise_file_limit
from tests.e2e.server import EMAIL, Server
from tests.patience import PATIENCE_SECONDS

PASSWORD = "Drei-Murmeltiere-8"


class Start(Server):
    """A server as of a fresh folder: nobody is there yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        del self.env["STOCKWRIGHT_ADMIN_EMAIL"], self.env["STOCKWRIGHT_ADMIN_PASSWORD"]

    def start_and_read(self) -> str:
        """Start, and return what the server prints."""
        self.log.write_text("")
        self.start()
        return self.log.read_text()

    def post(self, path: str, **body: str) -> httpx2.Response:
        return httpx2.post(f"{self.url}/api{path}", json=body)

    def can_sign_in(self, email: str, password: str) -> bool:
        return self.post("/signin", email=email, password=password).status_code == 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Start]:
    made = Start(tmp_path / "data")
    yield made
    if made.process is not None and made.process.poll() is None:
        assert made.stop() == 0


def test_the_start_prints_its_addresses_and_they_work(server: Start) -> None:
    printed = server.start_and_read()
    assert "Stockwright is running" in printed
    assert server.url in printed
    assert f"{server.url}/api/docs" in printed
    assert "STOCKWRIGHT_SMTP_URL" in printed, "mail goes nowhere, and that is said"
    assert httpx2.get(f"{server.url}/api/docs/spec").json()["openapi"].startswith("3.1")
    assert httpx2.get(f"{server.url}/api/docs").status_code == 200
    assert httpx2.get(server.url, follow_redirects=True).status_code == 200


def test_the_set_up_link_makes_the_first_admin_once(server: Start) -> None:
    found = re.search(r"/setup#token=(\w+)", server.start_and_read())
    assert found is not None
    token = found[1]
    assert server.post("/setup", token="0" * 40, email=EMAIL, password=PASSWORD).status_code == 401
    assert server.post("/setup", token=token, email=EMAIL, password=PASSWORD).status_code == 201
    assert server.post("/setup", token=token, email="b@example.com", password=PASSWORD).status_code == 401
    assert server.can_sign_in(EMAIL, PASSWORD)
    assert server.stop() == 0

    assert "/setup#token=" not in server.start_and_read(), "a shop with an admin offers no link"


def test_a_new_start_makes_the_earlier_set_up_link_invalid(server: Start) -> None:
    first = re.search(r"/setup#token=(\w+)", server.start_and_read())
    assert first is not None
    server.stop()
    second = re.search(r"/setup#token=(\w+)", server.start_and_read())
    assert second is not None
    assert server.post("/setup", token=first[1], email=EMAIL, password=PASSWORD).status_code == 401
    assert server.post("/setup", token=second[1], email=EMAIL, password=PASSWORD).status_code == 201


def test_the_demo_prints_its_accounts_at_each_start(server: Start) -> None:
    server.arguments = ["serve", "--demo"]
    pattern = r"Demo (?:admin|customer)\s+(\S+)\s+password: (\S+)"
    people = re.findall(pattern, server.start_and_read())
    assert "Low Stock Alert" not in server.log.read_text(), "the terminal shows where the shop is, not its past"
    assert [email for email, _ in people] == ["admin@demo.example", "mia@demo.example"]
    assert all(server.can_sign_in(*person) for person in people)
    passwords = server.folder / "demo-passwords"
    assert passwords.stat().st_mode & 0o077 == 0
    assert server.stop() == 0

    assert re.findall(pattern, server.start_and_read()) == people


def test_demo_off_leaves_the_folder_empty(server: Start) -> None:
    server.arguments = ["serve", "--demo"]
    server.env["STOCKWRIGHT_DEMO"] = "off"
    assert "Demo" not in server.start_and_read()
    assert httpx2.get(f"{server.url}/api/items").json()["data"]["count"] == 0


def test_the_admin_of_the_settings_is_made_once(server: Start) -> None:
    server.env |= {"STOCKWRIGHT_ADMIN_EMAIL": EMAIL, "STOCKWRIGHT_ADMIN_PASSWORD": PASSWORD}
    printed = server.start_and_read()
    assert f"{EMAIL} was made" in printed
    assert PASSWORD not in printed
    assert server.can_sign_in(EMAIL, PASSWORD)
    server.stop()
    assert "was made" not in server.start_and_read()


def test_the_environment_overrides_the_settings_of_the_file(server: Start) -> None:
    (server.folder.parent / ".env").write_text(
        f"# the shop's own\nexport STOCKWRIGHT_ADMIN_EMAIL={EMAIL}\n"
        f'STOCKWRIGHT_ADMIN_PASSWORD="{PASSWORD}"\nSTOCKWRIGHT_PORT=1\nSTOCKWRIGHT_DEMO=off\n'
    )
    server.arguments = ["serve", "--demo"]
    printed = server.start_and_read()
    assert f"{EMAIL} was made" in printed
    assert "Demo" not in printed
    assert server.can_sign_in(EMAIL, PASSWORD)


def test_a_taken_port_gets_one_clear_line(server: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        refused = server.command("serve")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in refused.stderr
    assert "STOCKWRIGHT_PORT" in refused.stderr


def test_a_disk_that_refuses_writes_gets_one_clear_line(server: Start) -> None:
    server.start_and_read()
    server.kill()
    # What was committed last is in the log, which cannot grow any more.
    log_kib = (server.folder / "stockwright.db-wal").stat().st_size // 1024
    full = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f {2 * log_kib}; exec "$0" "$@"', *server.program, "serve"],
        env=server.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert full.returncode == 1
    assert full.stderr.count("\n") == 1, full.stderr
    assert "cannot be written to" in full.stderr


def test_a_data_folder_that_cannot_be_created_gets_one_clear_line(server: Start) -> None:
    server.folder.write_text("a file, not a folder")
    refused = server.command("serve")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "data folder" in refused.stderr


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_leaves_the_shop_in_one_file(server: Start, by: signal.Signals) -> None:
    server.env |= {"STOCKWRIGHT_ADMIN_EMAIL": EMAIL, "STOCKWRIGHT_ADMIN_PASSWORD": PASSWORD}
    server.start()
    assert server.can_sign_in(EMAIL, PASSWORD)
    assert server.stop(by) == 0

    # The locks are empty files.
    files = {"stockwright.db", "signing-key", "token-key.pem", "serve.lock", "stockwright.db-queue"}
    assert {each.name for each in server.folder.iterdir()} == files
    assert EMAIL in server.command("users", "list").stdout


@pytest.mark.parametrize("port", ["the same port", "another port"])
def test_a_second_server_on_one_folder_is_refused_with_the_holder_of_the_lock(server: Start, port: str) -> None:
    server.start()
    assert server.process is not None
    if port == "another port":
        server.env["STOCKWRIGHT_PORT"] = "0"
    for arguments in (["serve"], ["copy", "--from", "sqlite", "--to", "dynamodb"]):
        server.env["STOCKWRIGHT_TABLE_NAME"] = "none"
        refused = server.command(*arguments)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert f"{server.folder} is in use by process {server.process.pid} at {server.url}" in refused.stderr
        assert "STOCKWRIGHT_DATA_DIR" in refused.stderr
    assert httpx2.get(f"{server.url}/api/health/ready").status_code == 200, "the first goes on"


def test_the_lock_ends_with_its_process_even_if_that_is_killed(server: Start) -> None:
    server.start()
    server.kill()
    assert (server.folder / "serve.json").is_file(), "what the dead one wrote is still there"
    server.start()
    assert server.stop() == 0
    assert not (server.folder / "serve.json").exists()
    server.start()


def test_every_other_command_works_beside_a_running_server(server: Start) -> None:
    server.env |= {"STOCKWRIGHT_ADMIN_EMAIL": EMAIL, "STOCKWRIGHT_ADMIN_PASSWORD": PASSWORD}
    server.start()
    stock = server.folder.parent / "stock.csv"
    stock.write_text("sku,quantity\n")
    for arguments in (
        ["audit"],
        ["backup", str(server.folder.parent / "shop.backup")],
        ["export", "products"],
        ["users", "list"],
        ["keys", "list"],
        ["dead-letters", "list"],
        ["import", "stock", str(stock)],
        ["config"],
    ):
        done = server.command(*arguments)
        assert "in use" not in done.stderr, arguments
        assert "Traceback" not in done.stderr, arguments
        assert done.returncode == 0 or arguments[0] == "import", (arguments, done.stderr)


def test_on_windows_no_second_server_shares_the_port() -> None:
    assert port_option("linux") == port_option("darwin") == (socket.SO_REUSEADDR, 1)
    option, value = port_option("win32")
    assert (option, value) == (getattr(socket, "SO_EXCLUSIVEADDRUSE", ~socket.SO_REUSEADDR), 1)
    assert option != socket.SO_REUSEADDR


def test_the_start_raises_the_limit_of_file_descriptors() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[0]), before[1]))
        assert raise_file_limit() == min(before[1], FILES_MAX)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_idle_connections_do_not_block_a_server_with_few_descriptors(server: Start) -> None:
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)); "
    run = "sys.argv = ['stockwright', 'serve']; from stockwright.cli.main import app; app()"
    server.program, server.arguments = [sys.executable, "-c", limit + run], []
    server.start()
    with ExitStack() as opened:
        for _ in range(260):
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        for _ in range(3):
            assert httpx2.get(f"{server.url}/api/health").status_code == 200
