"""Access patterns of the shop's settings: one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.settings.model import ShopSettings

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Store


KEY: Final = ("SETTINGS", "SETTINGS")
NEVER_SET: Final = ShopSettings()


async def load_settings(store: Store) -> ShopSettings:
    """Load the settings; version 0 where nobody has set any."""
    item = (await store.get([KEY])).get(KEY)
    return NEVER_SET if item is None else item.read(ShopSettings)


def put_settings(batch: Batch, settings: ShopSettings) -> None:
    """Write the settings, expecting the version that they were loaded with."""
    batch.put(KEY, settings, settings.version)
