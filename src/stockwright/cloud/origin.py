"""CloudFront as the only way in: it sends a secret with each request, and the client's address.

A request without the secret was sent to the API beside CloudFront, past its web application firewall (WAF). The
address is believed because CloudFront sets its header whatever a client sends (`infra/web.py`).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from stockwright.adapters.secrets import load_versions_from_manager
from stockwright.base.errors import Forbidden
from stockwright.http.envelope import failure, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.base.ports import Clock
    from stockwright.config import Settings


SECRET_HEADER: Final = "x-origin-secret"  # noqa: S105 - the header's name
ADDRESS_HEADER: Final = "x-viewer-address"


class OriginGuard:
    """Knows what CloudFront sends; without a secret in the settings every request passes."""

    def __init__(self, settings: Settings) -> None:
        secret_id = settings.origin_secret_id
        self._secrets = () if secret_id is None else tuple(map(str.encode, load_versions_from_manager(secret_id)))

    def refusal(self, event: Mapping[str, Any], clock: Clock) -> dict[str, Any] | None:
        """Return the answer to a request that did not come through CloudFront; None for one that did."""
        sent = event["headers"].get(SECRET_HEADER, "").encode()
        if not self._secrets or any(hmac.compare_digest(sent, each) for each in self._secrets):
            return None
        error = Forbidden("Requests to this address are not accepted; use the shop's own")
        body = failure(error, event["requestContext"]["requestId"], clock.now())
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        return {"statusCode": status_of(error), "headers": headers, "body": body.decode()}

    def client_address(self, event: Mapping[str, Any]) -> str | None:
        """Return the address that CloudFront saw; None where the request did not come through it."""
        address: str | None = event["headers"].get(ADDRESS_HEADER) if self._secrets else None
        return address
