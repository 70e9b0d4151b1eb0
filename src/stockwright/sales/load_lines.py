"""Lines of an order or a sale from what a request names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from stockwright.base.errors import Invalid
from stockwright.base.free_fields import LINE_BYTES_MAX, check_free
from stockwright.base.money import sum_amounts
from stockwright.base.names import same_sku
from stockwright.products.lookup import Named, check_offered, load_named
from stockwright.products.options import choose_options
from stockwright.sales.lines import OrderLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.model import Product


class LineWanted(Struct, frozen=True):
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
        """Return what comes before the names of the line's fields in the request."""
        return f"items[{line}]." if self.at is None else self.at

    def named(self, line: int) -> Named:
        """Return how the request names the product."""
        field = self.product_field or f"{self.path(line)}{'productId' if self.product_id else 'sku'}"
        return Named(self.product_id, self.sku, line, field)


async def load_lines(
    app: App, wanted: Sequence[LineWanted], *, unlisted_too: bool = False
) -> tuple[tuple[OrderLine, ...], str]:
    """Freeze what is asked for, in two store calls however many lines; returns the lines and currency.

    Refuses every line whose product does not exist (404), or else every one whose product is not for
    sale now (409), or else what is wrong with the lines, their currencies and their total (400).
    """
    named = [each.named(line) for line, each in enumerate(wanted)]
    products = await load_named(app, named)
    check_offered(named, products, unlisted_too=unlisted_too)
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
