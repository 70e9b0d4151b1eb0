"""Access patterns of the shop's settings: one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.settings.model import ShopSettings
from stockwright.store.find import find

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Store


KEY: Final = ("SETTINGS", "SETTINGS")
NEVER_SET: Final = ShopSettings()


async def load_settings(store: Store) -> ShopSettings:
    """Load the settings; version 0 where none was ever set."""
    return await find(store, KEY, ShopSettings) or NEVER_SET


def put_settings(batch: Batch, settings: ShopSettings) -> None:
    """Write the settings, expecting the version that they were loaded with."""
    batch.put(KEY, settings, settings.version)
