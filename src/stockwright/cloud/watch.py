"""The watch: each minute the schedule has it try the shop from outside, through CloudFront.

What passed is counted, and the alarm `not-ready` goes off where nothing was counted: also where this function, its
schedule or the whole way to the shop has failed.
"""

from __future__ import annotations

from typing import Any, Final

import httpx2

from stockwright.adapters.secrets import load_from_manager
from stockwright.base.errors import Misconfigured
from stockwright.cloud.metrics import count
from stockwright.cloud.runtime import Event, Function
from stockwright.cloud.trial import TrialFailed, buyer_of, try_shop

SECONDS: Final = 10
_function = Function("watch", with_shop=False)
if _function.settings.public_url is None:
    raise Misconfigured("STOCKWRIGHT_PUBLIC_URL is not set")
_url: Final = _function.settings.public_url
_secret_id: Final = _function.settings.trial_secret_id
_buyer = None if _secret_id is None else buyer_of(load_from_manager(_secret_id))


def handler(_event: Event, context: Any) -> dict[str, list[str]]:
    """Try the shop once; what does not work is logged."""
    _function.begin(context)
    with httpx2.Client(base_url=_url, timeout=SECONDS, follow_redirects=False) as http:

        def ask(method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = http.request(method, path, json=body, headers=headers)
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            return answer.status_code, answer.json() if is_json else None

        try:
            seen = try_shop(ask, _buyer)
        except (TrialFailed, httpx2.HTTPError) as wrong:
            _function.log.exception("the shop does not work", url=_url, error=f"{type(wrong).__name__}: {wrong}")
            return {"seen": []}
    count("TrialsPassed")
    return {"seen": seen}
