"""Tries a deployed stage: its pages, a durable write, and where a customer is given signing in and an order.

python -m infra.smoke dev
SMOKE_EMAIL=… SMOKE_PASSWORD=… python -m infra.smoke prod     signs in as well
SMOKE_SKU=…                                                   places an order of it too, and cancels it
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx2

from infra.package import BUILD
from stockwright.cloud.trial import Buyer, TrialFailed, try_shop

SECONDS: Final = 30


def smoke(url: str, env: Mapping[str, str]) -> list[str]:
    """Ask everything; returns what was seen to work, raises TrialFailed."""
    with httpx2.Client(base_url=url, timeout=SECONDS) as shop:
        for path in ("/", "/products"):
            answer = shop.get(path)
            if answer.status_code != HTTPStatus.OK or "<html" not in answer.text:
                raise TrialFailed(f"the web app: GET {path} answers {answer.status_code}: {answer.text[:200]}")

        def ask(method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = shop.request(method, path, json=body, headers=headers)
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            return answer.status_code, answer.json() if is_json else None

        buyer = None
        if env.get("SMOKE_EMAIL"):
            buyer = Buyer(env["SMOKE_EMAIL"], env["SMOKE_PASSWORD"], env.get("SMOKE_SKU", ""))
        return ["the web app", *try_shop(ask, buyer)]


def main(stage: str) -> None:
    """Ask a stage that is deployed; status 1 where something does not work."""
    url = json.loads((BUILD / "outputs.json").read_text(encoding="utf-8"))[f"stockwright-{stage}"]["Url"]
    try:
        seen = smoke(url, os.environ)
    except (TrialFailed, httpx2.HTTPError) as wrong:
        raise SystemExit(f"{url} does not work: {wrong}") from wrong
    sys.stdout.write("".join(f"works: {each}\n" for each in seen))


if __name__ == "__main__":
    main(sys.argv[1])
