"""Access patterns of shipping methods: one small partition, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.shipping.model import ShippingMethod
from stockwright.store.find import find
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


def method_key(method_id: str) -> Key:
    """The method's item."""
    return (ShippingMethod.PARTITION, method_id)


async def list_methods(store: Store) -> list[ShippingMethod]:
    """Read every method, in the order in which they were made."""
    return [item.read(ShippingMethod) for item in await whole(store, ShippingMethod.PARTITION)]


async def find_method(store: Store, method_id: str) -> ShippingMethod | None:
    """Find one method."""
    return await find(store, method_key(method_id), ShippingMethod)


def put_method(batch: Batch, method: ShippingMethod) -> None:
    """Write a method, expecting the version that it was loaded with."""
    batch.put(method_key(method.id), method, method.version)


def delete_method(batch: Batch, method: ShippingMethod) -> None:
    """Remove a method, expecting the version that it was loaded with."""
    batch.delete(method_key(method.id), method.version)
