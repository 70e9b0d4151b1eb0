"""Shipping methods: list, add, change, remove. Orders keep the name and the price that they were placed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec.structs import replace

from stockwright.base.errors import Conflict, NotFound
from stockwright.commit import commit, insist, new_event, unchanged
from stockwright.events.catalogue import ShippingMethodChanged, ShippingMethodCreated, ShippingMethodDeleted
from stockwright.shipping import records
from stockwright.shipping.model import METHODS_MAX, ShippingMethod, checked
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.request import Request


class MethodFields(TypedDict, total=False):
    """The fields that somebody sets, under the names of ShippingMethod."""

    name: str
    price_cents: int
    currency: str
    countries: tuple[str, ...]
    free_from_cents: int | None
    active: bool


async def list_methods(app: App) -> Sequence[ShippingMethod]:
    """List every method, the oldest first."""
    return await records.list_methods(app.store)


async def add_method(app: App, request: Request, fields: MethodFields) -> ShippingMethod:
    """Add a method; raises Conflict where there are METHODS_MAX."""
    now = app.clock.now()
    method = checked(ShippingMethod(id=app.ids.new("shm"), created_at=now, updated_at=now, **fields))

    async def attempt() -> ShippingMethod:
        if len(await records.list_methods(app.store)) >= METHODS_MAX:
            raise Conflict(f"There are already {METHODS_MAX} shipping methods, the maximum")
        batch = Batch()
        records.put_method(batch, method)
        batch.append(new_event(app, request, ShippingMethodCreated(), method.id))
        after = replace(method, version=1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def change_method(
    app: App, request: Request, method_id: str, fields: MethodFields, expected_version: int | None = None
) -> ShippingMethod:
    """Change the given fields of a method."""

    async def attempt() -> ShippingMethod:
        before = await _get(app, method_id)
        insist(expected_version, before)
        after = checked(replace(before, **fields))
        if after == before:
            return await unchanged(app, request, before)
        after = replace(after, updated_at=app.clock.now())
        batch = Batch()
        records.put_method(batch, after)
        batch.append(new_event(app, request, ShippingMethodChanged(), method_id))
        after = replace(after, version=before.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def remove_method(app: App, request: Request, method_id: str) -> str:
    """Remove a method."""

    async def attempt() -> str:
        method = await _get(app, method_id)
        batch = Batch()
        records.delete_method(batch, method)
        batch.append(new_event(app, request, ShippingMethodDeleted(), method_id))
        await commit(app, request, batch, method_id)
        return method_id

    return await retried(attempt)


async def _get(app: App, method_id: str) -> ShippingMethod:
    method = await records.find_method(app.store, method_id)
    if method is None:
        raise NotFound("Shipping method not found")
    return method
