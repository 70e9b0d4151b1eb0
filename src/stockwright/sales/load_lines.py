"""Lines of an order or a sale from what a request names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType, field

from stockwright.base.errors import Invalid
from stockwright.base.free_fields import LINE_BYTES_MAX, check_free
from stockwright.base.money import sum_amounts
from stockwright.base.names import same_sku
from stockwright.products.options import choose_options
from stockwright.sales.lines import OrderLine
from stockwright.stock.lookup import Named, check_offered, choose, load_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.context import App
    from stockwright.stock.lookup import ChosenVariant


class LineWanted(Struct, frozen=True):
    """A line as asked for: a product or variant by its id, its SKU or a code, how many, and chosen options."""

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
    variant_id: str | None = None
    code: str | None = None
    """What was scanned or typed: a barcode, else a SKU, else an id."""

    @property
    def is_named(self) -> bool:
        """Whether it names a product."""
        return bool(self.product_id or self.variant_id or self.sku or self.code)

    def path(self, line: int) -> str:
        """Return what comes before the names of the line's fields in the request."""
        return f"items[{line}]." if self.at is None else self.at

    def named(self, line: int) -> Named:
        """Return how the request names the product."""
        path = self.path(line)
        given = {"productId": self.product_id, "variantId": self.variant_id, "code": self.code}
        name = next((name for name, value in given.items() if value), "sku")
        field = self.product_field or f"{path}{name}"
        return Named(self.product_id, self.sku, line, field, self.variant_id, self.options, self.color, path, self.code)


async def load_lines(
    app: App, wanted: Sequence[LineWanted], *, unlisted_too: bool = False
) -> tuple[tuple[OrderLine, ...], str]:
    """Freeze what is asked for, in two store calls however many lines; returns the lines and currency.

    Refuses every line whose product does not exist (404), or else every one whose product is not for
    sale now (409), or else what is wrong with the lines, their currencies and their total (400).
    """
    named = [each.named(line) for line, each in enumerate(wanted)]
    found = await load_named(app, named)
    products = [each.product for each in found]
    check_offered(named, products, unlisted_too=unlisted_too)
    lines, wrong = list[OrderLine](), list[dict[str, str]]()
    for position, (each, it) in enumerate(zip(wanted, found, strict=True)):
        try:
            chosen = choose(it, named[position])
            lines.append(_line(each, chosen, each.path(position)))
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


def _line(wanted: LineWanted, chosen: ChosenVariant, at: str) -> OrderLine:
    """Freeze a line; refuse one that names one product by its id and another by its SKU."""
    product = chosen.product
    price = chosen.price_cents if wanted.unit_price_cents is None else wanted.unit_price_cents
    if chosen.variant is not None:
        options = product.ordered(chosen.variant.options)
        own, cost, tax_rate = chosen.variant.id, chosen.cost_cents, _tax_rate(wanted, chosen)
        return OrderLine(product.id, chosen.sku, product.name, price, wanted.quantity, options, 0, own, cost, tax_rate)
    if wanted.product_id and wanted.sku and not same_sku(wanted.sku, product.sku):
        raise Invalid.field(f"{at}sku", f"contradicts productId, whose SKU is {product.sku}; send one")
    options = choose_options(product.options, wanted.options, wanted.color, at)
    if options:
        check_free(options, f"{at}options", LINE_BYTES_MAX)
    cost = chosen.cost_cents
    tax_rate = _tax_rate(wanted, chosen)
    return OrderLine(
        product.id, product.sku, product.name, price, wanted.quantity, options, cost_cents=cost, tax_rate=tax_rate
    )


def _tax_rate(wanted: LineWanted, chosen: ChosenVariant) -> int | UnsetType:
    """Return the product's rate; today's says nothing of what was sold at another time's price."""
    rate = chosen.product.tax_rate_of(chosen.own_variant)
    return UNSET if rate is None or wanted.unit_price_cents is not None else rate
