"""What the products of a file do to the shop: each is made, changed in what differs, left as it is, or refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid, Refused, check_all
from stockwright.base.names import clean, name_key, same_sku
from stockwright.catalog.new_product import CATEGORY_DEFAULT
from stockwright.catalog.usecases import check_thresholds
from stockwright.imports.assembling import ReadVariant
from stockwright.imports.model import PlannedPicture, PlannedVariant, ProductRow
from stockwright.products.model import (
    Product,
    ProductFields,
    check_category_name,
    check_new_id,
    check_product,
    differing_fields,
    fields_of,
    with_fields,
)
from stockwright.products.pictures import source_of
from stockwright.products.variant import Variant
from stockwright.products.variant_rules import NewVariant, OptionChoices, check_new_variant, check_options, options_from
from stockwright.products.variant_rules import check_variants as check_variants_of
from stockwright.stock.model import BLANK, check_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.catalog.stocked import StockedProduct
    from stockwright.imports.assembling import ReadPicture, ReadProduct
    from stockwright.imports.report import ImportReport
    from stockwright.stock.model import Stock

SPELLED: Final = ("brand", "type")
"""Written as the shop does, whatever the file's case."""


class Categories(Struct):
    """The managed list, and what a file adds to it."""

    spelled: dict[str, str]
    """Category as it is compared → as it is written."""
    new: list[str] = field(default_factory=list)

    def spell(self, read: ReadProduct) -> bool:
        """Write a product's category as the list does; returns whether it is a new one."""
        category = read.fields.get("category")
        if category is None:
            return False
        known = self.spelled.get(name_key(category))
        if known is None:
            check_category_name(category, "category")
            self.spelled[name_key(category)] = known = category
            self.new.append(category)
        read.fields["category"] = known
        return known in self.new


class Planner(Struct):
    """Plans the products of one file, one after the other."""

    import_id: str
    is_foreign: bool
    report: ImportReport
    categories: Categories
    other_stock: int = 0
    """Products whose units differ from the shop's."""

    def plan(self, read: ReadProduct, before: StockedProduct | None) -> ProductRow | None:
        """Return what is to be done; None where nothing is. Raises Refused."""
        is_new_category = self.categories.spell(read)
        check_thresholds(replace(before.stock if before else BLANK, **read.thresholds))
        if before is None:
            return self._new(read, is_new_category=is_new_category)
        if before.product.stock_per_variant:
            return self._of_variants(read, before, is_new_category=is_new_category)
        if read.variants:
            raise Conflict(
                "has variants in the file, but one stock for all of them in the shop; "
                "spread its stock over variants first"
            )
        if not same_sku(before.product.sku, read.sku):
            raise Conflict(f"is the SKU of {before.product.name} ({before.product.sku}) already")
        row = self._changed(read, before, is_new_category=is_new_category)
        return self._reported(row, before)

    def _key(self, read: ReadProduct) -> str:
        return f"import#products#{self.import_id}#{read.number}"

    # ---- new products ------------------------------------------------------------------------

    def _new(self, read: ReadProduct, *, is_new_category: bool) -> ProductRow:
        if not read.has_own_row:
            raise Conflict(f"has no product: {read.sku} is neither in the file nor in the shop")
        check_quantity(read.quantity or 0, "available", least=0)
        new = _new_product(read)
        row = ProductRow(
            read.number, self._key(read), read.sku, None, 0, dict(read.fields), read.thresholds, id=read.id,
            quantity=read.quantity or 0, pictures=_pictures(read.pictures, None),
        )  # fmt: skip
        if read.variants:
            row = _with_new_variants(row, new, read.variants)
        _check_product(new, is_new_category=is_new_category)
        self.report.created += 1
        units = sum(each.quantity for each in row.variants) if row.variants else row.quantity
        shown: list[tuple[str, Any]] = [("name", new.name), ("price", new.price_cents), ("available", units)]
        if row.variants:
            shown.append(("variants", len(row.variants)))
        if row.pictures:
            shown.append(("pictures", len(row.pictures)))
        for name, after in shown:
            self.report.change(read.number, read.sku, name, None, after, new.currency)
        return row

    # ---- those that are there ----------------------------------------------------------------

    def _changed(self, read: ReadProduct, before: StockedProduct, *, is_new_category: bool) -> ProductRow:
        """Return what differs in the product's own fields and thresholds."""
        changes = self._changes(read, before.product)
        if changes:
            _check_product(with_fields(before.product, changes), before.product, is_new_category=is_new_category)
        self.other_stock += read.quantity not in (None, before.stock.available)
        thresholds = {
            name: value
            for name, value in read.thresholds.items()
            if any(getattr(stock, name) != value for stock in before.stocks)
        }
        former = {name: getattr(before.product, name) for name in changes}
        held = {name: getattr(before.stock, name) for name in thresholds}
        return ProductRow(
            read.number, self._key(read), before.product.sku, before.product.id, before.product.version,
            dict(changes), thresholds, former, held, pictures=_pictures(read.pictures, before.product),
        )  # fmt: skip

    def _changes(self, read: ReadProduct, product: Product) -> ProductFields:
        """Return the fields that differ; another spelling of a brand or type is no difference."""
        changed, former = differing_fields(read.fields, product), cast("dict[str, Any]", fields_of(product))
        found = cast("dict[str, Any]", changed)
        for name in SPELLED:
            if name in found and name_key(found[name]) == name_key(former[name]):
                del found[name]
        if product.stock_per_variant:
            found.pop("options", None)
        if self.is_foreign and found.get("description") == read.fields.get("name"):
            # The file has none.
            del found["description"]
        return changed

    def _reported(self, row: ProductRow, before: StockedProduct) -> ProductRow | None:
        """Count a change and show it; None where there is none."""
        if not (row.fields or row.thresholds or row.pictures or row.variants):
            self.report.unchanged += 1
            return None
        self.report.updated += 1
        currency = row.fields.get("currency", before.product.currency)
        for name, value in {**row.former, **row.former_thresholds}.items():
            after = (row.fields | row.thresholds)[name]
            self.report.change(row.number, row.sku, name, _shown(value), _shown(after), currency)
        for each in row.variants:
            sku = each.sku or row.sku
            if each.variant_id is None:
                self.report.change(row.number, sku, "variant", None, ", ".join(each.options.values()))
            for name, value in {**each.former, **each.former_thresholds}.items():
                after = (each.fields | each.thresholds)[name]
                self.report.change(row.number, sku, name, _shown(value), _shown(after), currency)
        if row.pictures:
            count = len(before.product.images)
            self.report.change(row.number, row.sku, "pictures", count, count + len(row.pictures))
        return row

    # ---- variants of those that are there ----------------------------------------------------

    def _of_variants(self, read: ReadProduct, before: StockedProduct, *, is_new_category: bool) -> ProductRow | None:
        product = before.product
        own = {name_key(product.sku), *(name_key(each.sku) for each in product.variants)}
        if not read.variants and read.has_own_row and not same_sku(product.sku, read.sku):
            raise Conflict(f"is a variant of {product.name} ({product.sku}); change it in that product")
        if self.is_foreign and name_key(read.sku) not in own and read.fields.get("options"):
            del read.fields["options"]
        _spread_thresholds(read, product)
        row = self._changed(read, before, is_new_category=is_new_category)
        planned = list[PlannedVariant]()
        stocks = {variant.id: stock for variant, stock in before.variants}
        for each in read.variants:
            variant = find_variant(product, each.sku, each.options)
            if variant is None:
                planned.append(_planned(each))
                continue
            if each.options and not _same_options(variant.options, each.options):
                shown = ", ".join(f"{name}: {value}" for name, value in product.ordered(variant.options).items())
                raise Conflict(f"{variant.sku} is {shown} in the shop; change its options there")
            stock = stocks.get(variant.id)
            if stock is not None:
                self.other_stock += each.quantity not in (None, stock.available)
                change = _variant_change(each, variant, stock)
                planned += [change] if change is not None else []
        new = [each for each in planned if each.variant_id is None]
        if new:
            _check_more(product, new)
            former = tuple(each.id for each in product.variants)
            row = replace(row, former_options=dict(product.options), former_variants=former)
        return self._reported(replace(row, variants=tuple(planned)), before)


def _spread_thresholds(read: ReadProduct, product: Product) -> None:
    """Give the thresholds of a product's own row to each of its variants that has none of its own in the file."""
    if not read.thresholds:
        return
    found = [find_variant(product, each.sku, each.options) for each in read.variants]
    given = {each.id for each in found if each is not None}
    for each in read.variants:
        each.thresholds = {**read.thresholds, **each.thresholds}
    read.variants += [
        ReadVariant(read.number, variant.sku, {}, thresholds=dict(read.thresholds))
        for variant in product.variants
        if variant.id not in given
    ]
    read.thresholds = {}


def find_variant(product: Product, sku: str | None, options: Mapping[str, str]) -> Variant | None:
    """Return the variant that a row means: by its SKU, or where the row has none by its options."""
    if sku:
        return next((each for each in product.variants if same_sku(each.sku, sku)), None)
    return next((each for each in product.variants if _same_options(each.options, options)), None)


def _same_options(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    keys = [{name_key(name): name_key(str(value)) for name, value in each.items()} for each in (one, other)]
    return keys[0] == keys[1]


def _variant_change(read: ReadVariant, variant: Variant, stock: Stock) -> PlannedVariant | None:
    fields = {name: value for name, value in read.fields.items() if getattr(variant, name) != value}
    thresholds = {name: value for name, value in read.thresholds.items() if getattr(stock, name) != value}
    if not fields and not thresholds:
        return None
    check_thresholds(replace(stock, **thresholds))
    return PlannedVariant(
        variant.sku, {}, fields, thresholds, 0, variant.id,
        {name: getattr(variant, name) for name in fields}, {name: getattr(stock, name) for name in thresholds},
    )  # fmt: skip


def _planned(read: ReadVariant) -> PlannedVariant:
    check_quantity(read.quantity or 0, "available", least=0)
    check_thresholds(replace(BLANK, **read.thresholds))
    return PlannedVariant(read.sku, read.options, read.fields, read.thresholds, read.quantity or 0)


def new_variant(planned: PlannedVariant) -> NewVariant:
    """Return what is asked of the catalogue for a variant that is not there yet."""
    given = {name: value for name, value in planned.fields.items() if value is not None}
    return NewVariant(
        options=planned.options, sku=planned.sku, quantity=planned.quantity, thresholds=planned.thresholds, **given
    )


def _with_new_variants(row: ProductRow, product: Product, read: Sequence[ReadVariant]) -> ProductRow:
    """Plan the variants of a new product, held to the catalogue's rules; raises Invalid."""
    planned = [_planned(each) for each in read]
    wanted = [new_variant(each) for each in planned]
    given = product.options
    named = [OptionChoices(name, [str(each) for each in values]) for name, values in given.items()
             if isinstance(values, list)]  # fmt: skip
    choices = check_options(named or options_from(wanted))
    offered = {each.name: list(each.values) for each in choices}
    made = []
    for number, each in enumerate(wanted):
        options = check_new_variant(each, offered, f"variants[{number}].")
        sku = clean(each.sku) if each.sku else f"\n{number}"
        made.append(Variant(id=str(number), sku=sku, options=options))
    names = tuple(each.name for each in choices)
    check_variants_of(replace(product, options=offered, option_names=names, own_variants=tuple(made)))
    fields = {name: value for name, value in row.fields.items() if name != "options"}
    return replace(
        row, fields=fields, quantity=None, variants=tuple(planned),
        choices=tuple((each.name, tuple(each.values)) for each in choices),
    )  # fmt: skip


def _check_more(product: Product, new: Sequence[PlannedVariant]) -> None:
    """Refuse variants that the product could not have besides."""
    for number, each in enumerate(new):
        missing = [name for name in product.names_of_options if name_key(name) not in map(name_key, each.options)]
        if missing or len(each.options) != len(product.names_of_options):
            names = ", ".join(product.names_of_options)
            raise Invalid.field(f"variants[{number}].options", f"must have a value of each of {names}")


def _pictures(read: Sequence[ReadPicture], product: Product | None) -> tuple[PlannedPicture, ...]:
    """Return the pictures that a product does not have yet."""
    known = set[str]()
    for each in product.images if product is not None else ():
        known |= {each.id, each.source}
    return tuple(
        PlannedPicture(each.row, each.url, each.alt, dict(each.options))
        for each in read
        if not {source_of(each.url), *_own_id(each.url)} & known
    )


def _own_id(url: str) -> list[str]:
    """Return the id of one of our own pictures that an address names."""
    name = url.rsplit("/", 1)[-1]
    return [name.rsplit("-", 1)[0]] if "/media/" in url else []


def _shown(value: Any) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)


def _check_product(product: Product, before: Product | None = None, *, is_new_category: bool) -> None:
    """Refuse what the catalogue would; a category of a row is in the list, or is added to it."""
    check_all(
        lambda: check_product(product, frozenset({product.category}), before),
        lambda: check_category_name(product.category, "category") if is_new_category else None,
    )


def _new_product(read: ReadProduct) -> Product:
    if read.fields.get("status") == "UNLISTED":
        raise Invalid.field("status", "must be ACTIVE or INACTIVE for a new product")
    if read.id is not None:
        check_new_id(read.id, "id")
    name = read.fields.get("name", "")
    new = Product(read.id or "new", clean(read.sku), name, description=name, category=CATEGORY_DEFAULT)
    return with_fields(new, read.fields)


def row_of(refused: Refused, read: ReadProduct) -> int:
    """Return the row that a refusal is about: that of the variant that it names, else the product's."""
    if isinstance(refused, Invalid) and isinstance(refused.details, list):
        for entry in refused.details:
            field_name = str(entry.get("field", ""))
            number = field_name.partition("[")[2].partition("]")[0]
            if field_name.startswith("variants[") and number.isdecimal() and int(number) < len(read.variants):
                return read.variants[int(number)].number
    return read.number
