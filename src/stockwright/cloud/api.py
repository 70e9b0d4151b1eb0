"""The API's function: an HTTP API's request (payload format 2.0) → the same ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mangum import Mangum

from stockwright.asgi import build_asgi
from stockwright.cloud.runtime import Event, Function

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


_function = Function("api")
_function.insist_on_the_signing_key()
_app = build_asgi(_function.app)


async def _with_paths(scope: Scope, receive: Receive, send: Send) -> None:
    """Give the path in both of ASGI's forms; Mangum only gives the decoded one, which hides a "/" inside a part."""
    scope["raw_path"] = scope["aws.event"]["requestContext"]["http"]["path"].encode()
    await _app(scope, receive, send)


_answer = Mangum(_with_paths, lifespan="off")


def handler(event: Event, context: Any) -> dict[str, Any]:
    """Answer one request."""
    _function.begin(context)
    return _answer(event, context)
