"""Shopify's file of inventory: a row per variant and location, whose numbers are the state and not a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.imports.foreign import bare
from stockwright.imports.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.model import Mode

_QUANTITY: Final[Mapping[Mode, Sequence[str]]] = {
    "count": ("On hand", "On hand (current)"),
    "set": ("Available", "Available (not editable)"),
}


def stock(mode: Mode) -> Profile | None:
    """Return the profile for one way of booking; None for `add`: what is there already would be added again."""
    headings = _QUANTITY.get(mode)
    if headings is None:
        return None
    return Profile(
        name="shopify",
        title="Shopify",
        kind="stock",
        wanted=[("Handle", "SKU", "Location", name) for name in headings],
        fields={"sku": ("SKU",), "quantity": headings, "location": ("Location",)},
        not_read=(
            "Handle", "Title", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name",
            "Option3 Value", "HS Code", "COO", "Bin name", "Incoming*", "Unavailable*", "Committed*",
            *(each for one in _QUANTITY.values() for each in one if each not in headings), "On hand (new)",
        ),
        readers={"sku": bare},
    )  # fmt: skip
