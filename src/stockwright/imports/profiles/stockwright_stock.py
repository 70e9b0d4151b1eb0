"""Our own files of stock: a SKU and a number, or those of `export inventory`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.imports.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.model import Mode

QUANTITY: Final[Mapping[Mode, Sequence[str]]] = {
    "add": ("quantity",),
    "count": ("quantity", "total"),
    "set": ("quantity", "available"),
}
"""The headings of the number to book: the second is that of our own export of the inventory."""
_NOT_READ: Final = ("productId", "name", "available", "reserved", "inactive", "total", "lowStockThreshold")
"""What our export of the inventory holds besides."""


def stock(mode: Mode) -> Profile:
    """Return the profile for one way of booking."""
    return Profile(
        name="stockwright",
        title="Stockwright",
        kind="stock",
        wanted=[("sku", name) for name in QUANTITY[mode]],
        fields={"sku": ("sku",), "quantity": QUANTITY[mode], "location": ("location",), "reason": ("reason",)},
        not_read=[name for name in _NOT_READ if name not in QUANTITY[mode]],
        is_foreign=False,
    )
