"""Finding the products and variants that a request names: by id, SKU or code, or by a product and its options.

Wherever a product's id is taken, a variant's id names that variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, Struct, UnsetType

from stockwright.base.errors import Conflict, Invalid, NotFound
from stockwright.base.names import same_sku
from stockwright.products import records as product_records
from stockwright.products.model import Product
from stockwright.products.options import choose_options, describe_options, same_choice
from stockwright.products.variant import OwnVariant, Variant, choices_of
from stockwright.stock.records import load_stocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.context import App
    from stockwright.products.records import Claim, SkuClaim


UNKNOWN: Final = "there is no such product"


class Named(Struct, frozen=True):
    """A product or variant as a request names it: by id, SKU or code, in which line, in which field.

    A code is what was scanned or typed: a barcode, else a SKU, else an id. `options` and `color` (S3) choose one of a
    product's variants. `path` comes before the names of the line's fields.
    """

    product_id: str | None
    sku: str | None
    line: int
    field: str
    variant_id: str | None = None
    options: Mapping[str, Any] = {}
    color: Any = None
    path: str = ""
    code: str | None = None

    @property
    def id(self) -> str | None:
        """The id that names it, if one does."""
        return self.product_id or self.variant_id

    def refusal(self, message: str) -> dict[str, Any]:
        """Return the entry of an error's details that refuses it."""
        if self.id is None:
            named = {"sku": self.sku} if self.code is None else {"code": self.code}
        else:
            named = {"productId": self.product_id} if self.product_id else {"variantId": self.variant_id}
        return {**named, "line": self.line, "field": self.field, "message": message}


class Choice(Struct, frozen=True):
    """Which of a product's variants a command means; nothing, where the product has one alone."""

    variant_id: str | None = None
    sku: str | None = None
    options: Mapping[str, Any] = {}
    color: Any = None

    def of(self, product_id: str | None, path: str = "") -> Named:
        """Return what it names, of a product if that is named as well."""
        name = "productId" if product_id else "variantId" if self.variant_id else "sku"
        return Named(product_id, self.sku, 0, f"{path}{name}", self.variant_id, self.options, self.color, path)


THE_ONLY: Final = Choice()
"""The only variant that a product has."""


class Found(Struct, frozen=True):
    """A product that was named, and the variant where an id or SKU named one that is not the product's own."""

    product: Product
    own_variant: OwnVariant = UNSET

    @property
    def exists(self) -> bool:
        """Whether the variant that was named is still one of the product's."""
        return self.own_variant is UNSET or any(each.id == self.own_variant for each in self.product.variants)


class ChosenVariant(Struct, frozen=True):
    """What is counted and sold: a product, or one of its variants."""

    product: Product
    variant: Variant | None

    @property
    def variant_id(self) -> str:
        """The id under which its units are counted."""
        return self.product.id if self.variant is None else self.variant.id

    @property
    def own_variant(self) -> OwnVariant:
        """The variant's id, where it is not the product's."""
        return UNSET if self.variant is None else self.variant.id

    @property
    def sku(self) -> str:
        """Its SKU."""
        return self.product.sku if self.variant is None else self.variant.sku

    @property
    def price_cents(self) -> int:
        """What one unit costs: the variant's own price, else the product's."""
        return self.product.price_of(self.own_variant)

    @property
    def cost_cents(self) -> int | UnsetType:
        """What one unit cost the shop, where that is known: the variant's own cost, else the product's."""
        cost = self.product.cost_of(self.own_variant)
        return UNSET if cost is None else cost


def every_variant(product: Product) -> list[ChosenVariant]:
    """Return everything of a product that is counted by itself."""
    return [ChosenVariant(product, each) for each in product.variants] or [ChosenVariant(product, None)]


async def find_ids(app: App, named: Sequence[Named]) -> list[tuple[str, OwnVariant]]:
    """Return the id that each names, and the variant where its SKU or code is that of one; "" where nothing has it.

    One call for all SKUs and codes.
    """
    codes = {each.code for each in named if each.id is None and each.code is not None}
    skus = {each.sku for each in named if each.id is None and each.sku is not None}
    if codes:
        holders = await product_records.load_holders(app.store, [*codes, *skus])
        claims: Mapping[str, SkuClaim] = holders.skus
    else:
        holders, claims = None, await product_records.load_claims(app.store, skus) if skus else {}
    found: list[tuple[str, OwnVariant]] = []
    for each in named:
        claim: Claim | None
        if each.id is not None:
            found.append((each.id, UNSET))
            continue
        if each.code is not None and holders is not None:
            claim, otherwise = holders.find(each.code), each.code
        else:
            claim, otherwise = claims.get(each.sku or ""), ""
        found.append((otherwise, UNSET) if claim is None else (claim.product_id, claim.own_variant))
    return found


async def products_of_variants(app: App, ids: Sequence[str]) -> dict[str, str]:
    """Find the products of which these ids are variants' own: variant id → product id."""
    stocks = await load_stocks(app.store, ids) if ids else {}
    return {variant_id: stock.product_id for variant_id, stock in stocks.items() if stock.own_variant is not UNSET}


async def load_named(app: App, named: Sequence[Named]) -> list[Found]:
    """Load the product of each, in two store calls; refuses all that do not exist (404).

    Two more where an id is not a product's: it may be a variant's.
    """
    ids = await find_ids(app, named)
    products = await product_records.load_products(app.store, filter(None, (each for each, _ in ids)))
    others = [each for each, _ in ids if each and each not in products]
    of_variants = await products_of_variants(app, others)
    if of_variants:
        products |= await product_records.load_products(app.store, of_variants.values())
    found = [_found(each, own, products, of_variants) for each, own in ids]
    unknown = [each.refusal(UNKNOWN) for each, it in zip(named, found, strict=True) if it is None or not it.exists]
    if unknown:
        raise NotFound("Product not found", {**_first(unknown), "lines": unknown})
    return [each for each in found if each is not None]


def _found(
    named_id: str, own: OwnVariant, products: Mapping[str, Product], of_variants: Mapping[str, str]
) -> Found | None:
    if named_id in products:
        return Found(products[named_id], own)
    product = products.get(of_variants.get(named_id, ""))
    return None if product is None else Found(product, named_id)


async def check_known(app: App, named: Sequence[Named]) -> None:
    """Refuse products that do not exist as fields of a request that has other faults (Invalid)."""
    try:
        await load_named(app, named)
    except NotFound as unknown:
        raise Invalid(
            details=[{"field": each["field"], "message": each["message"]} for each in unknown.details["lines"]]
        ) from None


async def choose_to_hold(app: App, named: Sequence[Named]) -> list[ChosenVariant]:
    """Return the variants to hold units of; refuse what does not exist (404), or was taken out of the shop (409)."""
    found = await load_named(app, named)
    check_offered(named, [each.product for each in found], unlisted_too=True)
    return [choose(each, of) for each, of in zip(found, named, strict=True)]


def check_offered(named: Sequence[Named], products: Sequence[Product], *, unlisted_too: bool) -> None:
    """Refuse every product that is not for sale now (Conflict); an UNLISTED one too, unless `unlisted_too`."""
    refused = [
        each.refusal(f"{product.name} is not for sale now")
        for each, product in zip(named, products, strict=True)
        if not (product.can_be_held if unlisted_too else product.is_sellable)
    ]
    if refused:
        raise Conflict(refused[0]["message"], {**_first(refused), "lines": refused})


def choose(found: Found, named: Named) -> ChosenVariant:
    """Choose the variant that a request means; raises Invalid, with the choices, where it means none or several."""
    product = found.product
    if not product.stock_per_variant:
        if named.variant_id not in {None, product.id}:
            raise Invalid.field(f"{named.path}variantId", f"is not a variant of this product; its id is {product.id}")
        return ChosenVariant(product, None)
    left = _matching(found, named)
    if len(left) != 1:
        listed = choices_of(product.variants, product.names_of_options)
        raise Invalid.field(
            named.field, f"is a product of several variants; name one by variantId, sku or options: {listed}"
        )
    return ChosenVariant(product, left[0])


def _matching(found: Found, named: Named) -> list[Variant]:
    """Return the variants that fit everything that was named; Invalid where nothing fits one of the names."""
    product, own = found.product, found.own_variant
    left = [each for each in product.variants if own is UNSET or each.id == own]
    if named.variant_id is not None and named.product_id is not None:
        left = _narrowed(product, named, "variantId", left, [each for each in left if each.id == named.variant_id])
    if named.sku is not None and named.id is not None and not same_sku(named.sku, product.sku):
        left = _narrowed(product, named, "sku", left, [each for each in left if same_sku(each.sku, named.sku)])
    if named.options or named.color is not None:
        options = choose_options(product.options, named.options, named.color, named.path)
        fitting = [
            each for each in left if all(same_choice(each.options.get(name), value) for name, value in options.items())
        ]
        left = _narrowed(product, named, "options" if named.options else "color", left, fitting, options)
    return left


def _narrowed(
    product: Product,
    named: Named,
    field: str,
    before: list[Variant],
    after: list[Variant],
    options: Mapping[str, Any] | None = None,
) -> list[Variant]:
    if after or not before:
        return after
    what = f"no variant has {describe_options(options)}" if options else "is not of a variant of this product"
    listed = choices_of(product.variants, product.names_of_options)
    raise Invalid.field(f"{named.path}{field}", f"{what}; choose from {listed}")


def _first(refusals: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in refusals[0].items() if name not in {"field", "message"}}
