"""Variants: what of a product is counted and sold, one for each combination of its options.

A product whose options share one stock, or that has none, is one variant itself: with the product's id and SKU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET, Struct, UnsetType, field

OPTIONS_MAX: Final = 3
VARIANTS_MAX: Final = 250
OPTION_NAME_MAX: Final = 50
OPTION_VALUE_MAX: Final = 100

OwnVariant = str | UnsetType
"""The id of a variant where it is not its product's own: such a field is stored only for those."""


def variant_id_of(product_id: str, own: OwnVariant) -> str:
    """Return the id under which units are counted: the product's, unless its variants have stock of their own."""
    return product_id if own is UNSET else own


class Variant(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A combination of a product's options with stock of its own.

    What is None is as the product has it.
    """

    id: str
    sku: str
    options: Mapping[str, str]
    """Option → value, in the product's own spelling; an engine keeps no order of the options."""
    price_cents: int | None = field(name="price", default=None)
    image_url: str | None = None
    barcode: str | None = None
    """Its own; a product's barcode is on all of its variants, and names none of them."""
    cost_cents: int | None = field(name="cost", default=None)
    weight_grams: int | None = None
    tax_rate: int | None = None
    picture: str = ""
    """The id of the product's picture that shows it; "": none does. One that the product has no more is none."""


def choices_of(variants: tuple[Variant, ...], names: tuple[str, ...]) -> str:
    """Write variants for a message: `PH-1-C (color: coral), PH-1-M (color: mint)`."""
    shown = [f"{each.sku} ({described(each, names)})" for each in variants[:_SHOWN_MAX]]
    more = len(variants) - _SHOWN_MAX
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def described(variant: Variant, names: tuple[str, ...]) -> str:
    """Write a variant's options for people, in the product's order: `color: coral, size: M`."""
    return ", ".join(f"{name}: {variant.options[name]}" for name in names if name in variant.options)


_SHOWN_MAX: Final = 20
