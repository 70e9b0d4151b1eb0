"""Counting tries at guarded routes: what takes or mails a secret, by address and by account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.http.limits import MAILING
from stockwright.http.stored_limits import count_stored

if TYPE_CHECKING:
    from stockwright.http.edge import Edge
    from stockwright.http.route import AnyCall, Route


async def count_tries(edge: Edge, route: Route, call: AnyCall) -> dict[str, str]:
    """Count one; returns headers, or raises OverLimit. The edge has counted the address, but for the cloud form's.

    An origin that the account signed in from has its own count, as with the locks. A function of the cloud form counts
    the address here as well: all in one commit.
    """
    address = f"address {call.address}"
    whom = {MAILING: address} if route.mails else {}
    name = getattr(call.body, "email", None) or getattr(call.body, "username", None) or ""
    if name:
        whom["sign-in-account"] = await edge.hooks.attempts_id(call.app, name, call.origin)
    if call.app.settings.in_lambda:
        return await count_stored(call.app, {route.limit: address, **whom})
    for policy, who in whom.items():
        edge.limits.count(policy, who)
    return {}
