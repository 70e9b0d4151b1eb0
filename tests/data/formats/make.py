"""Makes the test data of one data format: a shop's folder, written by the release whose environment runs this.

    PATH_OF_THE_RELEASE/.venv/bin/python tests/data/formats/make.py tests/data/formats/N

It speaks HTTP to that release's `stockwright serve`, so it knows nothing of how a release stores its data. It
writes `shop.tar.xz`, the data folder, and `known.json`, what a test needs to know about it.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PORT = 8765
ADMIN, PASSWORD = "owner@formats.example", "Correct-Horse-7"
SECOND, SECOND_PASSWORD = "second@formats.example", "Battery-Staple-8"
BUYER, BUYER_PASSWORD = "buyer@formats.example", "Blue-Lantern-9"
NOWHERE = "127.0.0.1:9"


class Shop:
    """The release's API, as one of its users."""

    def __init__(self, token: str = "") -> None:
        self.token = token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask, and return the answer's data; raises where it is refused."""
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}/api{path}", method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                reply = json.load(answer)
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{method} {path}: {refused.code} {refused.read().decode()}") from None
        return reply.get("data", reply)

    def signed_in(self, email: str, password: str) -> tuple[Shop, str]:
        """Return the API as that person, and the refresh token."""
        session = self.call("POST", "/signin", {"email": email, "password": password})
        return Shop(session["idToken"]), session["refreshToken"]


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Shop]:
    """Serve the folder with these settings, and stop as an operator does."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("STOCKWRIGHT_")}
    given |= {f"STOCKWRIGHT_{name}": value for name, value in settings.items()}
    given |= {"STOCKWRIGHT_DATA_DIR": str(folder), "STOCKWRIGHT_PORT": str(PORT), "STOCKWRIGHT_RATE_LIMIT": "off"}
    program = Path(sys.executable).with_name("stockwright")
    server = subprocess.Popen([program, "serve"], env=given, cwd=folder.parent, stderr=subprocess.DEVNULL)
    shop = Shop()
    try:
        while True:
            assert server.poll() is None, "the server ended"
            try:
                shop.call("GET", "/health")
                break
            except (OSError, RuntimeError):
                time.sleep(0.2)
        yield shop
    finally:
        server.terminate()
        server.wait(60)


def until(what: Any) -> Any:
    """Wait for something to be so."""
    for _ in range(300):
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to be")


def totp(secret: str) -> str:
    """Return an authenticator app's code of now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def product(sku: str, quantity: int, **fields: Any) -> dict[str, Any]:
    """Describe a product of this shop."""
    return {
        "name": f"Format {sku}",
        "sku": sku,
        "description": "A thing that an old release sold.",
        "category": "other",
        "price": 1999,
        "quantity": quantity,
        **fields,
    }


def fill(shop: Shop) -> dict[str, Any]:
    """Let people do everything once; returns what a test needs to know."""
    admin, _ = shop.signed_in(ADMIN, PASSWORD)
    for email, password in ((SECOND, SECOND_PASSWORD), (BUYER, BUYER_PASSWORD)):
        shop.call("POST", "/signup", {"email": email, "password": password, "name": email.partition("@")[0]})
    second, _ = shop.signed_in(SECOND, SECOND_PASSWORD)
    secret = second.call("POST", "/users/me/mfa", {"action": "setup", "password": SECOND_PASSWORD})["secret"]
    second.call("POST", "/users/me/mfa", {"action": "confirm", "code": totp(secret)})
    buyer, refresh = shop.signed_in(BUYER, BUYER_PASSWORD)
    key = admin.call("POST", "/api-keys", {"name": "till", "scopes": ["inventory", "sales"]})
    gone = admin.call("POST", "/api-keys", {"name": "lost", "scopes": ["inventory"]})
    admin.call("DELETE", f"/api-keys/{gone['id']}")

    admin.call("POST", "/categories", {"name": "garden furniture"})
    admin.call("POST", "/locations", {"id": "cellar", "name": "Cellar", "priority": 5})
    admin.call("POST", "/locations", {"id": "shed", "name": "Shed", "priority": 200})
    bench = admin.call(
        "POST", "/products", product("FMT-BENCH", 90, category="garden furniture", brand="Oak  Works", type="Bench")
    )["id"]
    options = {"color": ["red", "green"]}
    lamp = admin.call("POST", "/products", product("FMT-LAMP", 60, brand="oak works", options=options))["id"]
    dropped = admin.call("POST", "/products", product("FMT-DROPPED", 0))["id"]
    admin.call("DELETE", f"/products/{dropped}")
    admin.call("POST", "/inventory/transfer", {"productId": bench, "quantity": 20, "from": "default", "to": "cellar"})
    admin.call("POST", "/inventory/transfer", {"productId": lamp, "quantity": 7, "from": "default", "to": "shed"})
    admin.call("PATCH", "/locations/shed", {"active": False})
    admin.call("PUT", "/stock", {"productId": lamp, "quantity": 40, "location": "default"})
    admin.call("PATCH", f"/inventory/product/{bench}/stock", {"quantity": -3, "type": "ADJUSTMENT", "reason": "Broken"})
    admin.call("POST", "/sales", {"productId": lamp, "quantity": 2})

    def order(*lines: dict[str, Any]) -> str:
        placed: str = buyer.call("POST", "/orders", {"items": list(lines)})["id"]
        until(lambda: buyer.call("GET", f"/orders/{placed}")["status"] != "PENDING")
        return placed

    orders = {
        "CONFIRMED": order({"productId": bench, "quantity": 2}),
        "CANCELLED": order({"productId": lamp, "quantity": 1, "options": {"color": "red"}}),
        "PACKED": order({"productId": bench, "quantity": 30}, {"productId": lamp, "quantity": 3}),
        "DELIVERED": order({"productId": lamp, "quantity": 2, "options": {"color": "green"}}),
    }
    buyer.call("POST", f"/orders/{orders['CANCELLED']}/cancel", {"reason": "Too much"})
    for status in ("PACKED", "DELIVERED"):
        admin.call("POST", f"/orders/{orders[status]}/pack", {})
    admin.call("POST", f"/orders/{orders['DELIVERED']}/deliver", {})
    back = {"items": [{"productId": bench, "quantity": 4}], "reason": "Scratched"}
    admin.call("POST", f"/orders/{orders['SHIPPED']}/returns", back)
    hold = {
        "items": [{"productId": bench, "quantity": 3}, {"productId": lamp, "quantity": 1}],
        "expirationMinutes": 1440,
    }
    holds = [buyer.call("POST", "/reservations", hold)["id"] for _ in range(3)]
    admin.call("POST", f"/inventory/reservation/{holds[1]}/cancel", {})
    admin.call("POST", f"/inventory/reservation/{holds[2]}/confirm", {})
    return {
        "accounts": {ADMIN: PASSWORD, SECOND: SECOND_PASSWORD, BUYER: BUYER_PASSWORD},
        "totp": {SECOND: secret},
        "refreshToken": refresh,
        "apiKey": key["key"],
        "orders": orders,
        "holds": dict(zip(("ACTIVE", "CANCELLED", "CONFIRMED"), holds, strict=True)),
        "products": {"bench": bench, "lamp": lamp, "dropped": dropped},
    }


def fail_deliveries(folder: Path, bench: str, known: dict[str, Any]) -> None:
    """Leave an event that was given up, one that waits for its next try, and their orders, still PENDING."""
    unreachable = {"SMTP_URL": f"smtp://{NOWHERE}", "ALLOW_PRIVATE_ADDRESSES": "on"}
    with serving(folder, RETRY_DELAY_SECONDS="0", **unreachable) as shop:
        admin, _ = shop.signed_in(ADMIN, PASSWORD)
        buyer, _ = shop.signed_in(BUYER, BUYER_PASSWORD)
        known["orders"]["PENDING"] = buyer.call("POST", "/orders", {"items": [{"productId": bench, "quantity": 1}]})[
            "id"
        ]
        letters = until(lambda: admin.call("GET", "/dead-letters")["items"])
        known["deadLetter"] = letters[0]["id"]
    with serving(folder, RETRY_DELAY_SECONDS="86400", **unreachable) as shop:
        buyer, _ = shop.signed_in(BUYER, BUYER_PASSWORD)
        buyer.call("POST", "/orders", {"items": [{"productId": bench, "quantity": 1}]})
        until(lambda: shop.call("GET", "/health/ready")["outboxLag"] == 0)
        time.sleep(2)


def main(target: Path) -> None:
    """Make the folder, and pack it."""
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside) / "shop"
        with serving(folder, DEMO="on", ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD) as shop:
            known = fill(shop)
        fail_deliveries(folder, known["products"]["bench"], known)
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target / "shop.tar.xz", "w:xz", preset=9) as packed:
            for file in sorted(folder.iterdir()):
                packed.add(file, file.name, filter=_of_nobody)
        (target / "known.json").write_text(json.dumps(known, indent=2) + "\n")


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
