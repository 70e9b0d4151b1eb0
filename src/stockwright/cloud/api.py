"""The API's function: an HTTP API's request (payload format 2.0) → the same ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mangum import Mangum

from stockwright.asgi import build_asgi
from stockwright.cloud.origin import OriginGuard
from stockwright.cloud.runtime import Event, Function

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


_function = Function("api")
_function.insist_on_the_signing_key()
_guard = OriginGuard(_function.settings)
_app = build_asgi(_function.app)


async def _with_paths(scope: Scope, receive: Receive, send: Send) -> None:
    """Give the path in both of ASGI's forms, and the client as CloudFront saw it.

    Mangum only gives the decoded path, which hides a "/" inside a part, and as the client CloudFront itself.
    """
    event = scope["aws.event"]
    scope["raw_path"] = event["requestContext"]["http"]["path"].encode()
    address = _guard.client_address(event)
    if address is not None:
        scope["client"] = (address, 0)
    await _app(scope, receive, send)


_answer = Mangum(_with_paths, lifespan="off")


def handler(event: Event, context: Any) -> dict[str, Any]:
    """Answer one request."""
    _function.begin(context)
    return _guard.refusal(event, _function.app.clock) or _answer(event, context)
