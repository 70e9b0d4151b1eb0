"""The lines of an order or sale: from what a client names to products, names and prices now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stockwright.domain.errors import Conflict, Invalid, NotFound
from stockwright.domain.free import LINE_BYTES_MAX, check_free
from stockwright.domain.money import sum_amounts
from stockwright.domain.names import same_sku
from stockwright.domain.options import choose_options
from stockwright.domain.order import OrderLine
from stockwright.store.records import products as product_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.domain.product import Product
    from stockwright.usecases.context import App

UNKNOWN: Final = "there is no such product"


@dataclass(frozen=True, slots=True)
class LineWanted:
    """A line as asked for: a product by its id or by its SKU, how many, and chosen options."""

    quantity: int
    product_id: str | None = None
    sku: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    color: Any = None
    """S3's way to choose a color: by its value or position."""
    unit_price_cents: int | None = None
    """Where the seller knows the price better than the catalogue (an import); customers never do."""
    at: str | None = None
    """The path of the line in the request, where it is not `items[n].`."""
    product_field: str | None = None
    """The field of the request that names the product, where it is not the line's `productId` or `sku`."""

    def path(self, line: int) -> str:
        """Return what stands before the names of the line's fields in the request."""
        return f"items[{line}]." if self.at is None else self.at

    def named(self, line: int) -> Named:
        """Return how the request names the product."""
        field = self.product_field or f"{self.path(line)}{'productId' if self.product_id else 'sku'}"
        return Named(self.product_id, self.sku, line, field)


@dataclass(frozen=True, slots=True)
class Named:
    """A product as a request names it: by id or SKU, in which line, in which field."""

    product_id: str | None
    sku: str | None
    line: int
    field: str

    def refusal(self, message: str) -> dict[str, Any]:
        """Return the entry of an error's details that refuses it."""
        named = {"productId": self.product_id} if self.product_id else {"sku": self.sku}
        return {**named, "line": self.line, "field": self.field, "message": message}


async def load_lines(
    app: App, wanted: Sequence[LineWanted], *, unlisted_too: bool = False
) -> tuple[tuple[OrderLine, ...], str]:
    """Freeze what is asked for, in two store calls however many lines; returns the lines and currency.

    Refuses every line whose product does not exist (404), or else every one whose product is not for
    sale now (409), or else what is wrong with the lines, their currencies and their total (400).
    """
    named = [each.named(line) for line, each in enumerate(wanted)]
    products = await load_named(app, named)
    _check_offered(named, products, unlisted_too=unlisted_too)
    lines, wrong = list[OrderLine](), list[dict[str, str]]()
    for position, (each, product) in enumerate(zip(wanted, products, strict=True)):
        try:
            _check_sku(each, product, each.path(position))
            lines.append(_line(each, product, each.path(position)))
        except Invalid as refused:
            wrong += refused.details
    currencies = {product.currency for product in products}
    if len(currencies) > 1:
        listed_in = (wanted[0].product_field or "items").partition("[")[0]
        wrong.append(
            {"field": listed_in, "message": f"must be of one currency, not of {', '.join(sorted(currencies))}"}
        )
    try:
        sum_amounts((line.total_cents for line in lines), "quantity" if wanted and wanted[0].at == "" else "items")
    except Invalid as too_much:
        wrong += too_much.details
    if wrong:
        raise Invalid(details=wrong)
    return tuple(lines), currencies.pop() if currencies else "USD"


async def load_named(app: App, named: Sequence[Named]) -> list[Product]:
    """Load the product of each, in two store calls; refuses all that do not exist (404)."""
    by_sku = [each.sku for each in named if each.product_id is None and each.sku is not None]
    ids_of_skus = await product_records.load_product_ids(app.store, by_sku) if by_sku else {}
    ids = [each.product_id or ids_of_skus.get(each.sku or "", "") for each in named]
    products = await product_records.load_products(app.store, filter(None, ids))
    unknown = [each.refusal(UNKNOWN) for each, product_id in zip(named, ids, strict=True) if product_id not in products]
    if unknown:
        raise NotFound("Product not found", {**_first(unknown), "lines": unknown})
    return [products[product_id] for product_id in ids]


async def check_known(app: App, named: Sequence[Named]) -> None:
    """Refuse products that do not exist as fields of a request that has other faults (Invalid)."""
    try:
        await load_named(app, named)
    except NotFound as unknown:
        raise Invalid(
            details=[{"field": each["field"], "message": each["message"]} for each in unknown.details["lines"]]
        ) from None


async def check_can_be_held(app: App, named: Sequence[Named]) -> None:
    """Refuse to hold units of what does not exist (404), or was taken out of the shop (409)."""
    _check_offered(named, await load_named(app, named), unlisted_too=True)


def _check_offered(named: Sequence[Named], products: Sequence[Product], *, unlisted_too: bool) -> None:
    refused = [
        each.refusal(f"{product.name} is not for sale now")
        for each, product in zip(named, products, strict=True)
        if not (product.can_be_held if unlisted_too else product.is_sellable)
    ]
    if refused:
        raise Conflict(refused[0]["message"], {**_first(refused), "lines": refused})


def _first(refusals: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in refusals[0].items() if name not in {"field", "message"}}


def _check_sku(wanted: LineWanted, product: Product, at: str) -> None:
    """Refuse a line that names one product by its id and another by its SKU."""
    if wanted.product_id and wanted.sku and not same_sku(wanted.sku, product.sku):
        raise Invalid.field(f"{at}sku", f"contradicts productId, whose SKU is {product.sku}; send one")


def _line(wanted: LineWanted, product: Product, at: str) -> OrderLine:
    options = choose_options(product.options, wanted.options, wanted.color, at)
    if options:
        check_free(options, f"{at}options", LINE_BYTES_MAX)
    price = product.price_cents if wanted.unit_price_cents is None else wanted.unit_price_cents
    return OrderLine(product.id, product.sku, product.name, price, wanted.quantity, options)
