"""A running shop that browsers visit, and what a test asks of it behind their backs."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import httpx2

from tests.around import GOOD, Mailbox, parts_of
from tests.e2e.server import EMAIL, PASSWORD, Server

WAIT_SECONDS = 300
Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = WAIT_SECONDS) -> Found:
    """Look until something is there."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


class Shop:
    """The server in a process of its own, and its people."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = False,
        mailbox: Mailbox | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.mailbox = mailbox
        mails = {"smtp_url": f"smtp://127.0.0.1:{mailbox.port}"} if mailbox else {}
        self.server = Server(folder / "data", **mails, **settings)
        self._passwords = {EMAIL: PASSWORD}
        if demo:
            del self.server.env["STOCKWRIGHT_ADMIN_EMAIL"], self.server.env["STOCKWRIGHT_ADMIN_PASSWORD"]
            result = self.server.command("demo").stdout
            self._passwords = dict(re.findall(r"(\S+@\S+)\s+password: (\S+)", result))
        self.admin = next(iter(self._passwords))
        self.server.start()
        self.url = self.server.url
        self._http = httpx2.Client(base_url=f"{self.url}/api", timeout=30)
        self._sessions: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def close(self) -> None:
        """Stop it, and see that every number adds up."""
        self._http.close()
        assert self.server.stop() == 0, self.server.log.read_text()
        audit = self.server.command("audit")
        assert audit.returncode == 0, audit.stdout

    def password(self, email: str) -> str:
        return self._passwords[email]

    def session(self, email: str, *, fresh: bool = False) -> dict[str, Any]:
        """The session of somebody who has signed in."""
        if fresh or email not in self._sessions:
            answer = self._http.post("/signin", json={"email": email, "password": self._passwords[email]})
            assert answer.status_code == 200, answer.text
            self._sessions[email] = answer.json()["data"]
        return self._sessions[email]

    def ask(self, method: str, path: str, body: object = None, *, who: str | None = None) -> Any:
        """Ask the API, as the admin or as somebody else."""
        answer = self._http.request(
            method, path, json=body, headers={"authorization": f"Bearer {self.session(who or self.admin)['idToken']}"}
        )
        assert answer.is_success, answer.text
        return answer.json().get("data")

    def person(self, password: str = GOOD) -> str:
        """A customer who has signed up and confirmed the address."""
        email = f"kim{next(self._numbers)}@example.com"
        self._http.post("/signup", json={"email": email, "password": password, "name": "Kim Berg"})
        code = {"email": email, "code": self.mailed_code(email)}
        assert self._http.post("/signup/confirm", json=code).is_success
        self._passwords[email] = password
        return email

    def product(self, name: str, quantity: int = 10, **fields: Any) -> dict[str, Any]:
        """A product of its own for this test; its name is made the only one of its kind."""
        number = next(self._numbers)
        given = {
            "name": f"{name} {number}",
            "sku": f"{name[:4].upper()}-{number}",
            "description": f"A {name.lower()} to rely on.",
            "category": "other",
            "price": 2500,
            "quantity": quantity,
            # Only what a test wants to be low fills the list of what is.
            "lowStockThreshold": 1,
            **fields,
        }
        made: dict[str, Any] = self.ask("POST", "/products", given)
        return made

    def send_picture(self, product: dict[str, Any], content: bytes) -> None:
        """Add a picture to a product."""
        headers = {"authorization": f"Bearer {self.session(self.admin)['idToken']}", "content-type": "image/png"}
        answer = self._http.post(f"/products/{product['id']}/images", content=content, headers=headers)
        assert answer.is_success, answer.text

    def order(self, product: dict[str, Any], quantity: int = 1, *, who: str) -> dict[str, Any]:
        body = {"items": [{"productId": product["id"], "quantity": quantity}]}
        placed: dict[str, Any] = self.ask("POST", "/orders", body, who=who)
        return placed

    def stock(self, product: dict[str, Any]) -> dict[str, Any]:
        """What the shop has of it now."""
        found: dict[str, Any] = self.ask("GET", f"/inventory/product/{product['id']}")
        return found

    def reaches(self, order_id: str, status: str) -> None:
        """Wait until an order is that far."""
        until(lambda: self.ask("GET", f"/orders/{order_id}")["status"] == status)

    def mailed_code(self, email: str, number: int = 1) -> str:
        """Wait for the first code that is mailed to somebody, or for a later one."""

        def codes() -> list[str]:
            mails = self.mailbox.to(email) if self.mailbox else []
            return [code for mail in mails for code in re.findall(r"^(\d{6})\r?$", parts_of(mail)[0], re.MULTILINE)]

        return until(lambda: codes()[number - 1 :])[0]
