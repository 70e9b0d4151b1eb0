"""Barcodes of products and variants: unique in the shop, freed with what bore them, and found by every scan."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stockwright.audit.usecases import audit
from stockwright.base.errors import AlreadyExists, Conflict, Invalid, NotFound
from stockwright.catalog.inventory_views import get_by_sku
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.catalog.variants import (
    AddVariant,
    ChangeVariant,
    VariantFields,
    add_variant,
    change_variant,
    remove_variant,
)
from stockwright.context import App
from stockwright.counts.usecases import OpenCount, Scan, open_count, scan
from stockwright.orders.usecases import PlaceOrder, place_order
from stockwright.products import records as product_records
from stockwright.products.model import ProductFields
from stockwright.products.variant_rules import NewVariant
from stockwright.sales.load_lines import LineWanted
from stockwright.sales.model import Sale
from stockwright.sales.usecases import Sell, record_sale
from stockwright.store.batch import Batch
from tests.conftest import ADMIN, ALICE
from tests.shops import meanwhile

EAN, UPC, UPC_AS_EAN, OTHER = "4006381333931", "036000291452", "0036000291452", "SHELF-7"


async def make(app: App, sku: str, barcode: str | None = None, **fields: Any) -> StockedProduct:
    return await create_product(
        app, ADMIN, CreateProduct(f"Chair {sku}", sku, None, None, 100, 10, barcode=barcode, **fields)
    )


async def phone(app: App, sku: str = "PH-1", coral: str | None = EAN, mint: str | None = UPC) -> StockedProduct:
    variants = [
        NewVariant(options={"color": color}, sku=f"{sku}-{color}", quantity=5, barcode=barcode)
        for color, barcode in (("coral", coral), ("mint", mint))
    ]
    return await create_product(app, ADMIN, CreateProduct("Phone", sku, None, None, 900, variants=variants))


async def sell(app: App, code: str) -> Sale:
    return await record_sale(app, ADMIN, Sell([LineWanted(1, code=code)]))


async def change(app: App, product_id: str, **fields: Any) -> StockedProduct:
    return await update_product(app, ADMIN, UpdateProduct(product_id, ProductFields(**fields)))


async def test_a_barcode_belongs_to_one_product_and_the_refusal_names_it(app: App) -> None:
    first = await make(app, "CHAIR-1", EAN)
    for attempt in (
        lambda: make(app, "CHAIR-2", EAN),
        lambda: make(app, "CHAIR-2", f"0{EAN}"),
        lambda: phone(app, coral=EAN, mint=None),
    ):
        with pytest.raises(AlreadyExists) as refused:
            await attempt()
        assert "Chair CHAIR-1, SKU CHAIR-1" in refused.value.message
        assert refused.value.details["productId"] == first.product.id
    second = await make(app, "CHAIR-2", UPC)
    with pytest.raises(AlreadyExists):
        await change(app, second.product.id, barcode=EAN)
    assert (await get_product(app, second.product.id)).product.barcode == UPC


async def test_two_variants_of_a_product_cannot_have_one_barcode(app: App) -> None:
    with pytest.raises(Invalid) as refused:
        await phone(app, coral=UPC, mint=UPC_AS_EAN)
    assert refused.value.details[0]["field"] == "variants[1].barcode"


async def test_of_two_that_are_made_at_once_one_gets_the_barcode(app: App) -> None:
    made = await asyncio.gather(*(make(app, f"CHAIR-{n}", EAN) for n in range(6)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["AlreadyExists"] * 5 + ["StockedProduct"]
    other = await make(app, "CHAIR-9")
    late = meanwhile(app, lambda: make(app, "CHAIR-10", OTHER))
    with pytest.raises(AlreadyExists, match="CHAIR-10"):
        await change(late, other.product.id, barcode=OTHER)


async def test_a_barcode_moves_when_it_was_given_up(app: App) -> None:
    first, second = await make(app, "CHAIR-1", EAN), await make(app, "CHAIR-2")
    await change(app, first.product.id, barcode=None)
    await change(app, second.product.id, barcode=EAN)
    assert (await sell(app, EAN)).lines[0].sku == "CHAIR-2"
    await delete_product(app, ADMIN, second.product.id)
    with pytest.raises(NotFound):
        await sell(app, EAN)
    await change(app, first.product.id, barcode=EAN)
    assert (await sell(app, EAN)).lines[0].sku == "CHAIR-1"


async def test_another_spelling_of_a_barcode_keeps_it(app: App) -> None:
    made = await make(app, "CHAIR-1", UPC)
    after = await change(app, made.product.id, barcode=UPC_AS_EAN)
    assert after.product.barcode == UPC_AS_EAN
    for code in (UPC, UPC_AS_EAN, f"00{UPC}", " 0 36000 29145 2"):
        assert (await sell(app, code)).lines[0].product_id == made.product.id


async def test_variants_have_barcodes_of_their_own(app: App) -> None:
    made = await phone(app)
    coral, mint = made.product.variants
    assert (await sell(app, EAN)).lines[0].own_variant == coral.id
    assert (await sell(app, UPC_AS_EAN)).lines[0].own_variant == mint.id
    with pytest.raises(Invalid) as twice:
        await change_variant(app, ADMIN, ChangeVariant(made.product.id, mint.id, VariantFields(barcode=EAN)))
    assert twice.value.details[0]["message"] == f"{EAN} stands twice in this product"
    with pytest.raises(AlreadyExists) as refused:
        await make(app, "CHAIR-1", EAN)
    assert "Phone (color: coral), SKU PH-1-coral" in refused.value.message
    await change_variant(app, ADMIN, ChangeVariant(made.product.id, mint.id, VariantFields(barcode=OTHER)))
    assert (await sell(app, "shelf-7")).lines[0].own_variant == mint.id
    await change_variant(app, ADMIN, ChangeVariant(made.product.id, mint.id, VariantFields(barcode=None)))
    sage = NewVariant(options={"color": "sage"}, sku="PH-1-sage", quantity=1, barcode=UPC)
    await add_variant(app, ADMIN, AddVariant(made.product.id, sage))
    assert (await sell(app, UPC)).lines[0].sku == "PH-1-sage"
    await remove_variant(app, ADMIN, made.product.id, coral.id)
    await make(app, "CHAIR-1", EAN)
    await delete_product(app, ADMIN, made.product.id)
    await make(app, "CHAIR-2", UPC)


async def test_a_barcode_of_a_product_with_variants_names_none_of_them(app: App) -> None:
    made = await phone(app, coral=None, mint=None)
    await change(app, made.product.id, barcode=OTHER)
    with pytest.raises(Invalid) as refused:
        await sell(app, OTHER)
    assert "several variants" in refused.value.details[0]["message"]
    assert refused.value.details[0]["field"] == "items[0].code"
    line = LineWanted(1, code=OTHER, options={"color": "mint"})
    assert (await record_sale(app, ADMIN, Sell([line]))).lines[0].sku == "PH-1-mint"
    await delete_product(app, ADMIN, made.product.id)
    await make(app, "CHAIR-1", OTHER)


async def test_one_code_is_not_the_sku_of_one_product_and_the_barcode_of_another(app: App) -> None:
    await make(app, "SHELF-7")
    with pytest.raises(AlreadyExists, match="is the SKU of Chair SHELF-7"):
        await make(app, "CHAIR-1", "shelf-7")
    await make(app, "CHAIR-2", "BOX-9")
    with pytest.raises(AlreadyExists, match="is the barcode of Chair CHAIR-2"):
        await make(app, "box-9")
    own = await make(app, EAN, EAN)
    assert (await sell(app, EAN)).lines[0].product_id == own.product.id


async def test_a_code_is_a_barcode_or_a_sku_or_an_id(app: App) -> None:
    made = await make(app, "CHAIR-1", EAN)
    for code in (EAN, "chair-1", made.product.id):
        assert (await sell(app, code)).lines[0].product_id == made.product.id
        order = await place_order(app, ALICE, PlaceOrder([LineWanted(1, code=code)]))
        assert order.lines[0].sku == "CHAIR-1"
    with pytest.raises(NotFound) as refused:
        await sell(app, "nothing")
    assert refused.value.details["code"] == "nothing"
    with pytest.raises(NotFound):
        await get_by_sku(app, EAN)


async def test_a_count_scans_barcodes(app: App) -> None:
    made = await phone(app)
    count = await open_count(app, ADMIN, OpenCount())
    for code in (EAN, "ph-1-CORAL", made.product.variants[0].id):
        line = (await scan(app, ADMIN, Scan(count.count.id, code))).line
        assert line.sku == "PH-1-coral"
    assert line.counted == 3
    with pytest.raises(NotFound, match="No product has the code"):
        await scan(app, ADMIN, Scan(count.count.id, "nothing"))
    chair = await make(app, "CHAIR-1", OTHER)
    partial = await open_count(app, ADMIN, OpenCount(skus=["CHAIR-1"]))
    assert (await scan(app, ADMIN, Scan(partial.count.id, OTHER))).line.product_id == chair.product.id
    with pytest.raises(Conflict):
        await scan(app, ADMIN, Scan(partial.count.id, EAN))


async def test_a_search_finds_whole_barcodes(app: App) -> None:
    made, chair = await phone(app), await make(app, "CHAIR-1", OTHER)
    for search in (EAN, UPC, UPC_AS_EAN, f"00{UPC}"):
        found, following = await list_products(app, ADMIN, ListProducts(search=search))
        assert ([each.product.id for each in found], following) == ([made.product.id], None)
    found, _ = await list_products(app, ADMIN, ListProducts(search=OTHER))
    assert [each.product.id for each in found] == [chair.product.id]
    found, _ = await list_products(app, ADMIN, ListProducts(search=EAN, category="food"))
    assert found == []
    await change(app, made.product.id, status="INACTIVE")
    found, _ = await list_products(app, ALICE, ListProducts(search=EAN))
    assert found == []


async def test_a_product_of_very_many_variants_gives_all_barcodes_up(app: App) -> None:
    variants = [
        NewVariant(options={"size": str(number)}, sku=f"SHOE-{number}", quantity=1, barcode=f"S{number}")
        for number in range(60)
    ]
    made = await create_product(app, ADMIN, CreateProduct("Shoe", "SHOE", None, None, 900, variants=variants))
    assert (await sell(app, "s59")).lines[0].sku == "SHOE-59"
    await delete_product(app, ADMIN, made.product.id)
    for number in (0, 30, 59):
        await make(app, f"CHAIR-{number}", f"S{number}")


async def test_a_lost_claim_is_found_by_the_audit(app: App) -> None:
    await phone(app)
    chair = await make(app, "CHAIR-1", OTHER)
    lost = Batch()
    product_records.release_barcode(lost, OTHER)
    await lost.commit(app.store)
    drifts = (await audit(app)).drifts
    assert [(each.sku, each.rule) for each in drifts] == [("CHAIR-1", "the barcode is claimed by its product")]
    found = Batch()
    product_records.claim_barcode(found, OTHER, chair.product.id)
    await found.commit(app.store)


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("barcode", "4006381333932", "barcode"),
        ("cost_cents", -1, "cost"),
        ("weight_grams", -1, "weightGrams"),
        ("tax_rate", 10_001, "taxRate"),
    ],
)
async def test_wrong_values_are_refused_wherever_they_come_from(app: App, field: str, value: Any, name: str) -> None:
    fields: dict[str, Any] = {field: value}
    with pytest.raises(Invalid) as refused:
        await create_product(app, ADMIN, CreateProduct("Chair", "CHAIR-1", None, None, 100, **fields))
    assert refused.value.details[0]["field"] == name
    made = await make(app, "CHAIR-1")
    with pytest.raises(Invalid) as refused:
        await change(app, made.product.id, **fields)
    assert refused.value.details[0]["field"] == name
    variant = NewVariant(options={"color": "coral"}, **fields)
    with pytest.raises(Invalid) as refused:
        await create_product(app, ADMIN, CreateProduct("Phone", "PH-1", None, None, 900, variants=[variant]))
    assert refused.value.details[0]["field"] == f"variants[0].{name}"


async def test_what_a_variant_has_not_is_as_the_product_has_it(app: App) -> None:
    made = await phone(app, coral=None, mint=None)
    coral, mint = made.product.variants
    await change(app, made.product.id, cost_cents=500, weight_grams=170, tax_rate=1900)
    fields = VariantFields(cost_cents=0, weight_grams=180, tax_rate=700)
    after = (await change_variant(app, ADMIN, ChangeVariant(made.product.id, mint.id, fields))).product
    assert [(after.cost_of(each), after.weight_of(each), after.tax_rate_of(each)) for each in (coral.id, mint.id)] == [
        (500, 170, 1900),
        (0, 180, 700),
    ]
    fields = VariantFields(cost_cents=None, weight_grams=None, tax_rate=None)
    after = (await change_variant(app, ADMIN, ChangeVariant(made.product.id, mint.id, fields))).product
    assert (after.cost_of(mint.id), after.weight_of(mint.id), after.tax_rate_of(mint.id)) == (500, 170, 1900)
