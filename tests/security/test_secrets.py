"""No secret is where it should not be: the real server, with its log, its events, its answers and its file."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest
import structlog

from stockwright.adapters.telemetry import make_log
from tests.around import Mailbox, parts_of
from tests.e2e.server import EMAIL, PASSWORD, Server
from tests.patience import PATIENCE_SECONDS

CAROL = "carol@example.com"
FIRST, SECOND, WRONG = "Zehn-Narwale-10", "Elf-Seeotter-11", "Zwoelf-Robben-12"
IN_A_URL = "Dreizehn-Wale-13"
MAIL_PASSWORD, PARTNER_KEY = "Vierzehn-Delphine-14", "sk-fuenfzehn-15"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    made.up()
    yield made
    made.down()


@pytest.fixture
def server(tmp_path: Path, mailbox: Mailbox) -> Iterator[Server]:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    started = Server(
        folder,
        log_level="debug",
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
        warehouse_url=f"http://user:{MAIL_PASSWORD}@127.0.0.1:9/",
        warehouse_api_key=PARTNER_KEY,
        retry_delay_seconds="0.1",
    )
    started.start()
    yield started
    started.stop()


class Person:
    """Somebody who asks the real server, and whose answers are recorded."""

    def __init__(self, client: httpx2.AsyncClient, answers: list[str]) -> None:
        self._client, self._answers = client, answers
        self.token = ""

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = {"authorization": self.token, **more.pop("headers", {})}
        response = await self._client.request(method, f"/api{path}", json=body, headers=headers, **more)
        if response.status_code >= 400:
            self._answers.append(response.text)
        return response.json().get("data") if response.is_success else response

    async def post(self, path: str, body: Any, **more: Any) -> Any:
        return await self.ask("POST", path, body, **more)


async def code(mailbox: Mailbox, which: int) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(mailbox.to(CAROL)) <= which:  # noqa: ASYNC110 - it comes by mail
            await asyncio.sleep(0.05)
    found = re.search(r"^(\d{6})\r?$", parts_of(mailbox.to(CAROL)[which])[0], re.MULTILINE)
    assert found is not None
    return found[1]


async def live(carol: Person, admin: Person, mailbox: Mailbox) -> dict[str, list[str]]:
    """Do everything that a secret has a part in, rightly and wrongly; returns the secrets by kind."""
    secrets: dict[str, list[str]] = {
        "password": [FIRST, SECOND, WRONG, IN_A_URL, PASSWORD, MAIL_PASSWORD, PARTNER_KEY],
        "code": [], "token": [], "refresh token": [], "API key": [], "TOTP secret": [],
    }  # fmt: skip

    async def signed_in(person: Person, email: str, password: str, **more: Any) -> None:
        session = await person.post("/signin", {"email": email, "password": password, **more})
        person.token = f"Bearer {session['idToken']}"
        secrets["token"] += [session["idToken"], session["accessToken"]]
        secrets["refresh token"].append(session["refreshToken"])

    await signed_in(admin, EMAIL, PASSWORD)
    await carol.post("/signup", {"email": CAROL, "password": FIRST}, headers={"idempotency-key": "signup-1"})
    secrets["code"].append(await code(mailbox, 0))
    await carol.post("/signup/confirm", {"email": CAROL, "code": "000000"})
    await carol.post("/signup/confirm", {"email": CAROL, "code": secrets["code"][0]})
    await carol.post("/signin", {"email": CAROL, "password": WRONG})
    await carol.post("/signin", {"email": CAROL, "password": {"is": FIRST}})
    await carol.ask("GET", "/orders", params={"password": IN_A_URL, "token": IN_A_URL, "limit": IN_A_URL})
    await carol.post("/signin", {"email": FIRST, "password": CAROL})
    await signed_in(carol, CAROL, FIRST)
    renewed = await carol.post("/token/refresh", {"refreshToken": secrets["refresh token"][-1]})
    secrets["refresh token"].append(renewed["refreshToken"])
    await carol.post("/token/refresh", {"refreshToken": secrets["refresh token"][-2]})
    await carol.post("/users/me/password", {"currentPassword": WRONG, "newPassword": SECOND})
    await carol.post("/users/me/password", {"currentPassword": FIRST, "newPassword": "short"})
    await carol.post("/password/forgot", {"email": CAROL})
    secrets["code"].append(await code(mailbox, 1))
    body = {"email": CAROL, "code": secrets["code"][1], "password": SECOND}
    await carol.post("/password/reset", body, headers={"idempotency-key": "reset-1"})
    await carol.post("/password/reset", body)
    await signed_in(carol, CAROL, SECOND)
    set_up = {"action": "setup", "password": SECOND}
    secret = (await carol.post("/users/me/mfa", set_up, headers={"idempotency-key": "mfa-1"}))["secret"]
    secrets["TOTP secret"].append(secret)
    secrets["code"].append(pyotp.TOTP(secret).now())
    await carol.post("/users/me/mfa", {"action": "confirm", "code": "000000"})
    await carol.post("/users/me/mfa", {"action": "confirm", "code": secrets["code"][-1]})
    made = await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]}, headers={"idempotency-key": "key-1"})
    secrets["API key"].append(made["key"])
    replay = await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]}, headers={"idempotency-key": "key-1"})
    assert replay["key"] == ""
    till = Person(carol._client, carol._answers)
    till.token = made["key"]
    await till.post("/sales", {"productId": "none", "quantity": 1})
    await till.post("/orders", {})
    till.token = made["key"][:-1]
    await till.post("/sales", {})
    # A product and an order, so that the partner is called whose address and key are secret, and fails.
    product = {"name": "Desk Lamp", "sku": "LAMP-1", "description": "A lamp for a desk.", "category": "other"}
    lamp = await admin.post("/products", {**product, "price": 100, "quantity": 5})
    await admin.post("/orders", {"productId": lamp["id"], "quantity": 1})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await admin.ask("GET", "/dead-letters"))["count"] == 0:  # noqa: ASYNC110 - it asks over HTTP
            await asyncio.sleep(0.1)
    return secrets


@pytest.mark.slow
async def test_no_secret_is_stored_logged_or_answered(server: Server, mailbox: Mailbox) -> None:
    answers: list[str] = []
    async with httpx2.AsyncClient(base_url=server.url, timeout=30) as client:
        admin, carol = Person(client, answers), Person(client, answers)
        secrets_by_kind = await live(carol, admin, mailbox)
        body = {
            "an answer that refuses": "\n".join(answers),
            "an event": json.dumps(await admin.ask("GET", "/events", params={"limit": 100})),
            "a notification": json.dumps(await admin.ask("GET", "/notifications", params={"limit": 100})),
            "a dead letter": json.dumps(await admin.ask("GET", "/dead-letters", params={"limit": 100})),
            "an account": json.dumps(await admin.ask("GET", "/users")),
            "a key in the list": json.dumps(await admin.ask("GET", "/api-keys")),
            "the metrics": (await client.get("/api/metrics")).text,
        }
    body["the settings"] = server.command("config").stdout
    body["the audit"] = server.command("audit", "--json").stdout
    await asyncio.to_thread(server.stop)
    server.start()
    body["the log"] = server.log.read_text()
    body["the file"] = everything(server.folder)

    assert "account.password_changed" in body["an event"]
    assert "/api/password/reset" in body["the log"]
    assert len(answers) > 10
    found = [
        (kind, where)
        for kind, secrets in secrets_by_kind.items()
        for where, text in body.items()
        # The authenticator app's secret must be stored to check codes with: the file holds it, nothing else does.
        if (kind, where) != ("TOTP secret", "the file")
        # Six digits can be part of a number or an id: a code is a word of its own.
        and any(re.search(rf"(?<![\w.-]){re.escape(secret)}(?![\w-])" if kind == "code" else re.escape(secret), text)
                for secret in secrets)
    ]  # fmt: skip
    assert found == []


def everything(folder: Path) -> str:
    """Every item and event that the shop keeps."""
    with closing(sqlite3.connect(folder / "stockwright.db")) as db:
        return "\n".join(
            map(repr, db.execute("SELECT pk, sk, body, text FROM item UNION ALL SELECT '', '', body, '' FROM event"))
        )


def test_only_the_owner_can_read_the_data_folder(server: Server) -> None:
    """No matter who made the folder, and with which mode."""
    assert server.folder.stat().st_mode & 0o055 != 0
    files = {path.name: path for path in server.folder.iterdir()}
    assert {"signing-key", "token-key.pem", "stockwright.db", "stockwright.db-wal"} <= files.keys()
    for path in files.values():
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    "name",
    ["password", "newPassword", "access_token", "refreshToken", "Authorization", "warehouse_api_key", "mfa_code"],
)
def test_fields_named_like_secrets_are_never_logged(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    log = make_log("debug")
    try:
        log.info("hello", **{name: "hush-hush"})
        log.error("hello again", **{name: "hush-hush"})
    finally:
        structlog.reset_defaults()
    written = "".join(capfd.readouterr())
    assert "hello again" in written
    assert "hush-hush" not in written
