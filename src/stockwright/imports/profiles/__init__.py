"""The table of all profiles, and which one a file is read by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from stockwright.base.errors import Invalid
from stockwright.imports.profile import Profile
from stockwright.imports.profiles import shopify, shopify_inventory, square, stockwright, stockwright_stock, woocommerce
from stockwright.imports.reader import heading_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.imports.model import Import, ImportKind, Mode
    from stockwright.imports.reader import Table

ProfileName = Literal["stockwright", "shopify", "woocommerce", "square"]
ProfileWanted = Literal["auto", ProfileName]
NAMES: Final[tuple[ProfileName, ...]] = get_args(ProfileName)
MAPPED: Final = "mapping"
"""What a file is read by whose columns somebody has named."""

_PRODUCTS: Final = (shopify.PRODUCTS, woocommerce.PRODUCTS, square.PRODUCTS, stockwright.PRODUCTS)
"""In the order in which they are tried: ours needs least."""


def profiles_of(kind: ImportKind, mode: Mode) -> list[Profile]:
    """Return the profiles of a kind of file, in the order in which they are tried."""
    if kind == "products":
        return [*_PRODUCTS]
    stock = (shopify_inventory.stock(mode), stockwright_stock.stock(mode))
    return [each for each in stock if each is not None]


def candidates(importing: Import) -> list[Profile]:
    """Return the profiles that an import's file may be read by; Invalid where the one named reads no such file."""
    if importing.mapping:
        return [mapped(importing.kind, importing.mapping)]
    found = profiles_of(importing.kind, importing.mode)
    if importing.wanted_profile == "auto":
        return found
    named = [each for each in found if each.name == importing.wanted_profile]
    if not named:
        others = ", ".join(each.name for each in found)
        raise Invalid.field("profile", f"must be auto or one of {others} for such a file, and with this mode")
    return named


def wanted_headings(profiles: Sequence[Profile]) -> list[Sequence[str]]:
    """Return the headings of which a file must have one set."""
    return [each for profile in profiles for each in profile.wanted]


def find_profile(table: Table, profiles: Sequence[Profile]) -> Profile | None:
    """Return the first profile whose headings a file has."""
    keys = {heading_key(heading) for heading in table.headings}
    for profile in profiles:
        if any(keys.issuperset(map(heading_key, each)) for each in profile.wanted):
            return profile
    return None


def mapped(kind: ImportKind, mapping: Mapping[str, str]) -> Profile:
    """Return the profile of a file whose columns somebody has named: heading → field, "" for none."""
    fields: dict[str, list[str]] = {}
    for heading, field in mapping.items():
        if field:
            fields.setdefault(field, []).append(heading)
    base: dict[str, Any] = {}
    if kind == "products" and "group" in fields:
        base = {"names": ("group",), "rows_are_variants": True}
    needed = [headings[0] for headings in fields.values()]
    return Profile(
        name=MAPPED,
        title="your choice",
        kind=kind,
        wanted=(needed,),
        fields=fields,
        not_read=[heading for heading, field in mapping.items() if not field],
        readers=shopify.SHARED_READERS if kind == "products" else {},
        **base,
    )
