"""The rules of a product's options and of the variants that are combinations of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Invalid, check_all
from stockwright.base.names import check_direction, clean, name_key
from stockwright.products.barcode import barcode_key, check_barcode
from stockwright.products.model import (
    check_cost,
    check_image_url,
    check_price,
    check_sku,
    check_tax_rate,
    check_text,
    check_weight,
)
from stockwright.products.options import choose_options, describe_options, same_choice
from stockwright.products.variant import (
    OPTION_NAME_MAX,
    OPTION_VALUE_MAX,
    OPTIONS_MAX,
    VARIANTS_MAX,
)

if TYPE_CHECKING:
    from stockwright.products.model import Product
    from stockwright.products.pictures import Pictures
    from stockwright.products.variant import Variant


class OptionChoices(Struct, frozen=True):
    """An option of a product, with its values in their order."""

    name: str
    values: Sequence[str]


class NewVariant(Struct, frozen=True, kw_only=True):
    """A variant to be made; what is None was not given. `quantity` is its opening stock (units)."""

    options: Mapping[str, Any]
    sku: str | None = None
    quantity: int = 0
    price_cents: int | None = None
    image_url: str | None = None
    barcode: str | None = None
    cost_cents: int | None = None
    weight_grams: int | None = None
    tax_rate: int | None = None
    picture: str = ""
    thresholds: Mapping[str, int] = {}


def options_from(variants: Sequence[NewVariant]) -> list[OptionChoices]:
    """Gather the options that variants are combinations of, in the order in which they are first written."""
    values: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for each in variants:
        for name, value in each.options.items():
            own = names.setdefault(name_key(name), clean(name))
            values.setdefault(own, {}).setdefault(name_key(str(value)), clean(str(value)))
    return [OptionChoices(name, tuple(of.values())) for name, of in values.items()]


def check_options(options: Sequence[OptionChoices]) -> list[OptionChoices]:
    """Return the options, tidied; Invalid where there are too many, or two of one name or value."""
    if not 1 <= len(options) <= OPTIONS_MAX:
        raise Invalid.field("options", f"must be 1 to {OPTIONS_MAX} options, not {len(options)}")
    checks: list[Callable[[], object]] = []
    for number, each in enumerate(options):
        at = f"options[{number}]"
        checks.append(partial(_check_word, each.name, f"{at}.name", OPTION_NAME_MAX))
        checks += [
            partial(_check_word, value, f"{at}.values[{place}]", OPTION_VALUE_MAX)
            for place, value in enumerate(each.values)
        ]
        checks.append(partial(_check_distinct, each.values, f"{at}.values"))
    check_all(*checks, partial(_check_distinct, [each.name for each in options], "options"))
    return [OptionChoices(clean(each.name), tuple(map(clean, each.values))) for each in options]


def _check_word(text: str, field: str, longest: int) -> None:
    check_text(text, field, 1, longest)
    check_direction(text, field)


def _check_distinct(words: Sequence[str], field: str) -> None:
    if not words:
        raise Invalid.field(field, "must not be empty")
    known = [name_key(each) for each in words]
    twice = [each for number, each in enumerate(words) if known[number] in known[:number]]
    if twice:
        raise Invalid.field(field, f"has {twice[0]!r} twice")


def combinations(options: Sequence[OptionChoices]) -> list[NewVariant]:
    """Return a variant for every combination of the values, in their order."""
    made: list[dict[str, str]] = [{}]
    for each in options:
        made = [{**of, each.name: value} for of in made for value in each.values]
        if len(made) > VARIANTS_MAX:
            raise Invalid.field("options", f"have more than {VARIANTS_MAX} combinations; send the variants to be made")
    return [NewVariant(options=each) for each in made]


def check_new_variant(
    new: NewVariant, offered: Mapping[str, Any], field: str = "", pictures: Pictures = ()
) -> dict[str, str]:
    """Return a variant's options in the product's spelling; Invalid where it is not one value of each option.

    `pictures` are the product's, one of which may be the variant's.
    """
    wrong: list[dict[str, str]] = []
    options: dict[str, str] = {}
    try:
        options = choose_options(offered, new.options, None, field)
        missing = [name for name in offered if name not in options]
        if missing:
            raise Invalid.field(f"{field}options", f"must have a value of {', '.join(missing)}")
    except Invalid as refused:
        wrong += refused.details
    try:
        check_all(
            lambda: None if new.sku is None else _check_new_sku(new.sku, f"{field}sku"),
            lambda: None if new.price_cents is None else check_price(new.price_cents, f"{field}price"),
            lambda: check_image_url(new.image_url, f"{field}imageUrl"),
            lambda: None if new.barcode is None else check_barcode(new.barcode, f"{field}barcode"),
            lambda: check_cost(new.cost_cents, f"{field}cost"),
            lambda: check_weight(new.weight_grams, f"{field}weightGrams"),
            lambda: check_tax_rate(new.tax_rate, f"{field}taxRate"),
            lambda: _check_picture(new, pictures, field),
        )
    except Invalid as refused:
        wrong += refused.details
    if wrong:
        raise Invalid(details=wrong)
    return options


def _check_picture(new: NewVariant, pictures: Pictures, field: str) -> None:
    if not new.picture:
        return
    if new.image_url is not None:
        raise Invalid.field(f"{field}imageId", "contradicts imageUrl; send one of them")
    if all(new.picture != each.id for each in pictures):
        raise Invalid.field(f"{field}imageId", "must be the id of one of the product's pictures")


def _check_new_sku(sku: str, field: str) -> None:
    check_sku(sku, field)
    check_direction(sku, field)


def check_variants(product: Product, field: str = "variants") -> None:
    """Refuse too few or too many variants, two with the same options, and a SKU that stands twice."""
    variants = product.variants
    if not 1 <= len(variants) <= VARIANTS_MAX:
        raise Invalid.field(field, f"must be 1 to {VARIANTS_MAX} variants, not {len(variants)}")
    wrong = list[dict[str, str]]()
    seen: dict[tuple[str, ...], int] = {}
    skus = {product.sku.casefold()}
    barcodes = set[str]() if product.barcode is None else {barcode_key(product.barcode)}
    for number, each in enumerate(variants):
        key = tuple(name_key(each.options[name]) for name in product.names_of_options)
        if key in seen:
            message = f"are those of {field}[{seen[key]}]: {describe_options(product.ordered(each.options))}"
            wrong.append({"field": f"{field}[{number}].options", "message": message})
        seen.setdefault(key, number)
        if each.sku.casefold() in skus:
            wrong.append({"field": f"{field}[{number}].sku", "message": f"{each.sku} stands twice in this product"})
        skus.add(each.sku.casefold())
        if each.barcode is not None:
            if barcode_key(each.barcode) in barcodes:
                message = f"{each.barcode} stands twice in this product"
                wrong.append({"field": f"{field}[{number}].barcode", "message": message})
            barcodes.add(barcode_key(each.barcode))
    if wrong:
        raise Invalid(details=wrong)


def with_values(product: Product, options: Mapping[str, Any]) -> Product:
    """Return the product with the values of a new variant among those of its options."""
    offered: dict[str, Any] = {name: list(values) for name, values in product.options.items()}
    for name, value in options.items():
        own = next((each for each in offered if name_key(each) == name_key(name)), None)
        if own is not None and not any(same_choice(each, value) for each in offered[own]):
            offered[own].append(clean(str(value)))
    return replace(product, options=offered)


def check_fit(product: Product) -> None:
    """Refuse options of a product that its variants are not combinations of."""
    if set(product.options) != set(product.names_of_options):
        names = ", ".join(product.names_of_options)
        raise Invalid.field("options", f"must stay {names}: the variants are combinations of them")
    for each in product.variants:
        for name, value in each.options.items():
            values = product.options[name]
            if not isinstance(values, list) or value not in values:
                raise Invalid.field(f"options.{name}", f"must hold {value!r}: the variant {each.sku} has it")


def variants_with(product: Product, options: Mapping[str, Any]) -> list[Variant]:
    """Return the product's variants that have all of these options, as far as they are options of the product."""
    given = {name_key(name): value for name, value in options.items()}
    return [
        variant
        for variant in product.variants
        if all(
            same_choice(value, given[name_key(name)])
            for name, value in variant.options.items()
            if name_key(name) in given
        )
    ]
