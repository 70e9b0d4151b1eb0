"""A trial of the shop by what it is for: a durable write, the shop window, and an order that is placed and canceled.

It is asked as a client asks it: over HTTPS from outside (`watch.py`, `infra/smoke.py`), or, before a release takes
traffic, by calling the new version of the API's function (`release_check.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

Ask: TypeAlias = Callable[[str, str, Any, str], tuple[int, Any]]
"""Sends a method, a path, a body (None: none) and a token ("": none); returns the status and the answer's JSON."""


class Buyer(Struct, frozen=True):
    """A customer of the shop, and a product, that are there for trials."""

    email: str
    password: str
    sku: str = ""
    """"": the buyer signs in and looks at the orders, and places none."""


class TrialFailed(Exception):
    """What was asked, and what came; says nothing of who asked."""


def try_shop(ask: Ask, buyer: Buyer | None = None) -> list[str]:
    """Ask everything; returns what was seen to work, raises TrialFailed at the first thing that does not."""
    ready = _asked(ask, "a durable write", "GET", "/api/health/ready", 200)
    if ready["data"]["store"] != "writable":
        raise TrialFailed(f"a durable write: the store is {ready['data']['store']}")
    _asked(ask, "the shop window", "GET", "/api/items?limit=1", 200)
    _asked(ask, "no orders without a token", "GET", "/api/orders", 401)
    seen = ["a durable write", "the shop window", "no orders without a token"]
    if buyer is None:
        return seen
    sign_in = {"email": buyer.email, "password": buyer.password}
    token = _asked(ask, "signing in", "POST", "/api/signin", 200, sign_in)["data"]["idToken"]
    _asked(ask, "orders with a token", "GET", "/api/orders?limit=1", 200, token=token)
    seen += ["signing in", "orders with a token"]
    if buyer.sku:
        body = {"items": [{"sku": buyer.sku, "quantity": 1}]}
        order = _asked(ask, "placing an order", "POST", "/api/orders", 201, body, token)["data"]
        canceled = _asked(
            ask, "canceling it", "POST", f"/api/orders/{order['id']}/cancel", 200, {"reason": "trial"}, token
        )["data"]
        if canceled["status"] != "CANCELLED":
            raise TrialFailed(f"canceling it: the order is {canceled['status']}")
        seen += ["placing an order", "canceling it"]
    return seen


def buyer_of(secret: str) -> Buyer:
    """Read a buyer from a secret: `{"email", "password", "sku"}`."""
    return msgspec.json.decode(secret, type=Buyer)


def _asked(
    ask: Ask, what: str, method: str, path: str, status: int, body: Any = None, token: str = ""
) -> dict[str, Any]:
    found, answer = ask(method, path, body, token)
    if found != status or not isinstance(answer, dict):
        code = answer.get("error", {}).get("code", "") if isinstance(answer, dict) else ""
        raise TrialFailed(f"{what}: {method} {path} answers {found} {code}".rstrip())
    return answer
