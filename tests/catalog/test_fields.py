"""The fields of a product: those that somebody gives are in the model, in the bodies and in what is shown."""

from __future__ import annotations

import pytest

from stockwright.catalog.routes import SHOWN_AS
from stockwright.catalog.wire import ProductBody, ProductPatch, ProductView
from stockwright.http.rules import Wire
from stockwright.products.model import FIELD_NAMES, OptionalFields, Product


def test_every_field_that_somebody_gives_is_stored_with_the_product() -> None:
    assert set(FIELD_NAMES) <= set(Product.__struct_fields__)
    assert set(OptionalFields.__struct_fields__) <= set(FIELD_NAMES)


def test_an_optional_field_has_the_default_of_the_product() -> None:
    product = Product("prd_1", "OAK-1", "Oak Chair")
    given = OptionalFields()
    assert [name for name in given.__struct_fields__ if getattr(given, name) != getattr(product, name)] == []


@pytest.mark.parametrize("wire", [ProductBody, ProductPatch, ProductView])
def test_every_field_that_somebody_gives_is_on_the_wire(wire: type[Wire]) -> None:
    assert {SHOWN_AS.get(name, name) for name in FIELD_NAMES} - set(wire.__struct_fields__) == set()
