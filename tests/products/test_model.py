"""Products and foreign ids: the rules of the catalogue (S2), each at its bounds."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import Invalid
from stockwright.products.model import (
    CATEGORIES,
    PRICE_CENTS_MAX,
    Product,
    ProductFields,
    check_id,
    check_product,
    differing_fields,
    fields_of,
    with_fields,
)

KNOWN = frozenset(CATEGORIES)
CHAIR = Product("prd_1", "CHAIR-1", "A chair", "A chair to sit on.", "other", price_cents=1000)


def test_a_usual_product_is_accepted() -> None:
    assert check_product(CHAIR, KNOWN) is CHAIR
    plain = Product("prd_1", "CHAIR-1", "A chair")
    assert (plain.description, plain.category, plain.type, plain.brand, plain.currency) == ("", "other", "", "", "USD")
    assert (plain.price_cents, plain.image_url, plain.options, plain.attributes) == (0, None, {}, {})
    assert (plain.status, plain.created_at, plain.updated_at, plain.created_by, plain.version) == (
        "ACTIVE",
        0,
        0,
        "",
        0,
    )


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE", "UNLISTED", "DELETED"])
def test_only_active_products_are_sold(status: Any) -> None:
    assert replace(CHAIR, status=status).is_sellable == (status == "ACTIVE")


def test_the_fields_of_a_product_given_to_another_make_it_the_same() -> None:
    lamp = Product(
        "prd_1", "LAMP-1", "A lamp", "It shines a lot.", "food", "floor", "Lux", 7, "EUR", "https://a.example/l.png",
        options={"color": ["red"]}, attributes={"watts": 9}, status="INACTIVE", barcode="LUX-9", cost_cents=4,
        weight_grams=900, tax_rate=1900,
    )  # fmt: skip
    given = fields_of(lamp)
    assert given.keys() == ProductFields.__annotations__.keys()
    assert with_fields(CHAIR, given) == lamp
    assert with_fields(CHAIR, {"price_cents": 7}) == replace(CHAIR, price_cents=7)
    assert differing_fields(given, CHAIR) == given
    assert differing_fields(given, lamp) == {}
    assert differing_fields({"name": "A chair", "price_cents": 7, "image_url": None}, CHAIR) == {"price_cents": 7}


GOOD: dict[str, list[Any]] = {
    "name": ["abc", "n" * 200, "two\nlines"],
    "description": ["d" * 10, "d" * 2000, "tab\tand new\r\nline"],
    "category": list(CATEGORIES),
    "type": ["", "t" * 100],
    "brand": ["", "b" * 100],
    "price_cents": [1, PRICE_CENTS_MAX],
    "currency": ["EUR"],
    "sku": ["abc", "s" * 50],
    "image_url": [None, "https://x.org/a.png", "https://x.org", "https://x.org/" + "p" * 1986],
}
BAD: dict[str, list[Any]] = {
    "name": ["", "ab", "  ab  ", "n" * 201, "a\0bc", "a\x0bbc", "a\x7fbc", "n" * 199 + "  "],
    "description": ["d" * 9, " " * 20, "d" * 2001, "d" * 10 + "\x1f"],
    "category": ["", "furniture"],
    "type": ["t" * 101, "a\x08"],
    "brand": ["b" * 101, "\x0e"],
    "price_cents": [0, -1, PRICE_CENTS_MAX + 1],
    "currency": ["", "eur", "EU", "EURO", "E1R", "XXX", "XTS", "ABC"],
    "sku": ["", "ab", "s" * 51, "a\tbc", "a\nbc"],
    "image_url": ["", "x.org/a.png", "http://x.org/a.png", "ftp://x.org/a", "javascript:alert(1)", "https://", "https://x\n.org",
                  "https://x.org/" + "p" * 1987, "http://[::1"],
}  # fmt: skip
MESSAGES = {
    "name": ("name", "must be 3 to 200 characters"),
    "description": ("description", "must be 10 to 2000 characters"),
    "category": ("category", f"must be one of {', '.join(sorted(CATEGORIES))}"),
    "type": ("type", "must be at most 100 characters"),
    "brand": ("brand", "must be at most 100 characters"),
    "price_cents": ("price", f"must be a whole number of minor units from 1 to {PRICE_CENTS_MAX}"),
    "currency": ("currency", "must be the ISO 4217 code of a currency in use, such as USD"),
    "sku": ("sku", "must be 3 to 50 characters"),
    "image_url": ("imageUrl", "must be an https:// address of at most 2000 characters"),
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_valid_fields_are_accepted(field: str, value: Any) -> None:
    check_product(replace(CHAIR, **{field: value}), KNOWN)


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_invalid_fields_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        check_product(replace(CHAIR, **{field: value}), KNOWN)
    name, message = MESSAGES[field]
    assert refused.value.details == [{"field": name, "message": message}]


def test_all_errors_are_reported_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check_product(Product("prd_1", "", ""), KNOWN)
    assert [entry["field"] for entry in refused.value.details] == ["name", "description", "price", "sku"]


@pytest.mark.parametrize(("field", "value"), [("image_url", "http://x.org/a.png"), ("currency", "XXX")])
def test_values_of_an_earlier_version_may_stay_but_not_be_set_again(field: str, value: str) -> None:
    former = replace(CHAIR, **{field: value})
    assert check_product(replace(former, name="Another name"), KNOWN, former).name == "Another name"
    with pytest.raises(Invalid):
        check_product(former, KNOWN, CHAIR)


@pytest.mark.parametrize("text", ["a", "x" * 128, "any/thing #1", "ß"])
def test_any_foreign_id_is_accepted(text: str) -> None:
    assert check_id(text, "productId") == text


@pytest.mark.parametrize("text", ["", "x" * 129, "a\nb", "\x7f"])
def test_an_id_has_1_to_128_visible_characters(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_id(text, "productId")
    found = "must be 1 to 128 characters, without control characters"
    assert refused.value.details == [{"field": "productId", "message": found}]


def test_some_ids_have_a_shorter_limit() -> None:
    assert check_id("x" * 64, "location", 64)
    with pytest.raises(Invalid) as refused:
        check_id("x" * 65, "location", 64)
    assert refused.value.details[0]["message"].startswith("must be 1 to 64 characters")
