"""Asks a deployed stage whether it works: pages, health, a token refused, a token taken where one is given.

python -m infra.smoke dev
SMOKE_EMAIL=… SMOKE_PASSWORD=… python -m infra.smoke prod     signs in as well
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Final

import httpx2

from infra.package import BUILD

SECONDS: Final = 30


class NotWorking(Exception):
    """What was asked, and what came."""


def smoke(url: str, env: Mapping[str, str]) -> list[str]:
    """Ask everything; returns what was seen to work, raises NotWorking."""
    seen = []
    with httpx2.Client(base_url=url, timeout=SECONDS) as shop:
        for name, path, status, within in (
            ("the web app", "/", 200, "<html"),
            ("a page of it", "/products", 200, "<html"),
            ("health", "/api/health/ready", 200, "success"),
            ("the shop window", "/api/items", 200, "items"),
            ("no orders without a token", "/api/orders", 401, ""),
            ("no users without a token", "/api/users", 401, ""),
        ):
            answer = shop.get(path)
            if answer.status_code != status or within not in answer.text:
                raise NotWorking(f"{name}: GET {path} answers {answer.status_code}: {answer.text[:200]}")
            seen.append(name)
        if env.get("SMOKE_EMAIL"):
            body = {"email": env["SMOKE_EMAIL"], "password": env["SMOKE_PASSWORD"]}
            signed_in = shop.post("/api/signin", json=body)
            if signed_in.is_error:
                raise NotWorking(f"sign-in answers {signed_in.status_code}: {signed_in.text[:200]}")
            token = signed_in.json()["data"]["idToken"]
            orders = shop.get("/api/orders", headers={"Authorization": f"Bearer {token}"})
            if orders.is_error:
                raise NotWorking(f"orders with a token answer {orders.status_code}: {orders.text[:200]}")
            seen.append("signing in, and orders with a token")
    return seen


def main(stage: str) -> None:
    """Ask a stage that is deployed; status 1 where something does not work."""
    url = json.loads((BUILD / "outputs.json").read_text(encoding="utf-8"))[f"stockwright-{stage}"]["Url"]
    try:
        seen = smoke(url, os.environ)
    except (NotWorking, httpx2.HTTPError) as wrong:
        raise SystemExit(f"{url} does not work: {wrong}") from wrong
    sys.stdout.write("".join(f"works: {each}\n" for each in seen))


if __name__ == "__main__":
    main(sys.argv[1])
