"""Every wrong field of a request is reported at once: on every route, for every field, for every rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import pytest
from msgspec.structs import replace

from stockwright.base.errors import Invalid
from stockwright.context import App
from stockwright.http import decode
from stockwright.http.describe import bounds_of, options_of
from stockwright.http.route import NoQuery, Route
from stockwright.http.rules import Field, Wire, check_rules, plan_of, struct_of
from stockwright.products.records import load_products, put_product
from stockwright.routes import ROUTES
from stockwright.store.batch import Batch
from tests.api.asking import Answer, Client
from tests.api.conftest import Made

WITH_BODY = [route for route in ROUTES if route.body is not None and plan_of(route.body).fields]
WITH_QUERY = [route for route in ROUTES if route.query is not NoQuery]

CHECKED: dict[str, Any] = {
    "mapping": "[1]",
    "alt": "a\u202eb",
    "attributes": {"": 1},
    "color": "x" * 3000,
    "currency": "XXX",
    "email": "a@b@c",
    "from": "1 May",
    "imageUrl": "http://x.org/a.png",
    "location": " ",
    "mfa": True,
    "name": "\t",
    "newPassword": "short",
    "nextToken": "!",
    "options": {"": 1},
    "orderId": "a\nb",
    "password": "short",
    "productId": "a\nb",
    "productName": " a ",
    "reference": "a\nb",
    "scopes": ["none"],
    "since": "yesterday",
    "sku": "   ",
    "timeZone": "Mars/Olympus",
    "to": "1 May",
    "type": "a" * 101,
    "brand": "a" * 101,
    "until": "tomorrow",
    "username": "nobody",
}
"""A value of the right type and length that a Check refuses, by the field's name."""
IN_BODY: dict[str, Any] = {"from": " ", "to": " ", "fromLocation": " ", "toLocation": " "}
NAME_OF_A_PERSON = "a\tb"

BETWEEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "ChangeStockBody._has_the_sign_of_its_type": ({"quantity": -1, "type": "RESTOCK"}, {"quantity"}),
    "TransferBody._goes_to_another_location": (
        {"productId": "p", "quantity": 1, "from": "a", "toLocation": "a"},
        {"to"},
    ),
    "ShareBody._has_each_location_once": (
        {"options": {"color": "red"}, "quantity": 1, "locations": [{"location": "default", "quantity": 1}]},
        {"locations"},
    ),
    "LocationBody._has_an_id": ({"name": "n" * 65}, {"id"}),
    "PlaceOrderBody._is_of_one_form": ({"items": [{"sku": "abc", "count": 1}], "quantity": 1}, {"items", "quantity"}),
    "AddressBody._is_as_in_its_country": (
        {"name": "Ada", "line1": "1 Main St", "country": "US"},
        {"city", "postalCode", "region"},
    ),
    "DiscountBody._is_of_one_kind": ({"reason": "late", "amount": 5, "percent": 5}, {"amount", "percent"}),
    "SaleBody._is_of_one_form": ({"items": [{"sku": "abc", "count": 1}], "sku": "abc"}, {"items", "productId"}),
    "LineBody._code_stands_alone": ({"code": "abc", "sku": "abc", "count": 1}, {"code", "sku"}),
    "ProductBody._is_described": ({"name": "A chair", "price": 1, "description": "Short"}, {"description"}),
    "Credentials._has_a_password_of_its_own": (
        {"email": "Somebody1@example.com", "password": "Somebody1@example.com"},
        {"password"},
    ),
    "SetUpBody._has_a_password_of_its_own": (
        {"token": "t", "email": "Somebody1@example.com", "password": "Somebody1@example.com"},
        {"password"},
    ),
    "ConfirmBody._has_a_password_of_its_own": (
        {"code": "1", "email": "Somebody1@example.com", "password": "Somebody1@example.com"},
        {"password"},
    ),
    "ResetBody._has_a_password_of_its_own": (
        {"code": "1", "username": "Somebody1@example.com", "password": "Somebody1@example.com"},
        {"password"},
    ),
    "MfaBody._has_what_its_step_takes": ({"action": "confirm", "password": "x"}, {"code"}),
    "MovementsExport._one_range": ({"from": "2025-01-01", "since": "2025-01-01"}, {"from", "since"}),
    "RangeQuery._ends_in_time": ({"from": "2025-02-01", "to": "2025-01-31"}, {"to"}),
}
"""For each rule between fields: what breaks it and nothing else, and what is reported."""


def ids(of: Any) -> str:
    return of.name if isinstance(of, Route) else of.__name__


def path_of(route: Route) -> str:
    return re.sub(r"{\w+}", "none", route.full_path)


async def send(client: Client, route: Route, body: Any = None, query: dict[str, str] | None = None) -> Answer:
    response = await client.http.request(
        route.method, path_of(route), json=body, params=query, headers={"authorization": client.authorization or ""}
    )
    return Answer(response)


def reported(answer: Answer) -> set[str]:
    assert answer.refusal == (400, "VALIDATION_ERROR"), answer.response.text
    assert all(each.keys() == {"field", "message"} and each["message"] for each in answer.details)
    return {each["field"] for each in answer.details}


def every_type(routes: Iterable[Route]) -> list[type[Wire]]:
    """Every wire type of a request, those inside others too."""
    found: dict[type[Wire], None] = {}
    waiting = [each for route in routes for each in (route.body, route.query) if each is not None]
    while waiting:
        struct = waiting.pop()
        if struct not in found:
            found[struct] = None
            waiting += [field.inner for field in plan_of(struct).fields if field.inner is not None]
    return sorted(found, key=lambda each: each.__name__)


TYPES = every_type(ROUTES)


def kind_of(wanted: Any) -> Any:
    option = next(each for each in options_of(wanted) if each not in {type(None), msgspec.UnsetType})
    bare = get_args(option)[0] if get_origin(option) is Annotated else option
    return get_origin(bare) or bare


def of_wrong_type(field: Field) -> Any:
    return 5 if field.item is not None else [5]


def broken_bound(wanted: Any) -> Any:
    """Return a value of the right type that is out of bounds, or None where any value is in them."""
    kind = kind_of(wanted)
    if kind is str:
        return "x" * (bounds_of(wanted, "min_length", "max_length")[1] + 1)
    if kind is int:
        return bounds_of(wanted, "ge", "le")[1] + 1
    if kind is Literal:
        return "NONE"
    if kind is list:
        return [{}] * (bounds_of(wanted, "min_length", "max_length")[1] + 1)
    if kind is dict:
        return {"k" * 101: 1}
    return None


def broken_check(struct: type[Wire], field: Field) -> Any:
    if issubclass(struct, (*(route.query for route in WITH_QUERY),)):
        return CHECKED[field.name]
    if field.name == "name" and struct.__name__ in {"Credentials", "SetUpBody", "MeBody", "UserPatch"}:
        return NAME_OF_A_PERSON
    return IN_BODY.get(field.name, CHECKED.get(field.name))


def with_nested(struct: type[Wire], value: Any) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Make the bodies in which every field, and then every field of two items of each list, is as `value` says."""
    plan = plan_of(struct)
    whole = {field.name: made for field in plan.fields if (made := value(struct, field)) is not None}
    yield whole, set(whole)
    for field in plan.fields:
        if field.inner is not None and field.item is not None:
            inner = plan_of(field.inner)
            item = {each.name: made for each in inner.fields if (made := value(field.inner, each)) is not None}
            if item:
                beside = {name: made for name, made in whole.items() if name != field.name}
                names = {f"{field.name}[{number}].{name}" for number in (0, 1) for name in item}
                yield {**beside, field.name: [item, item]}, {*beside, *names}


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_every_field_of_a_wrong_type_is_reported(admin: Client, route: Route) -> None:
    assert route.body is not None

    def wrong(_: type[Wire], field: Field) -> Any:
        return None if kind_of(field.type) is Any else of_wrong_type(field)

    for body, names in with_nested(route.body, wrong):
        assert reported(await send(admin, route, body)) >= names


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_every_field_out_of_bounds_is_reported(admin: Client, route: Route) -> None:
    assert route.body is not None
    for body, names in with_nested(route.body, lambda _, field: broken_bound(field.type)):
        if names:
            assert reported(await send(admin, route, body)) >= names


@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_every_field_that_breaks_a_rule_is_reported(admin: Client, route: Route) -> None:
    assert route.body is not None

    def broken(struct: type[Wire], field: Field) -> Any:
        return broken_check(struct, field) if field.checks or field.item_checks else None

    for body, names in with_nested(route.body, broken):
        if names:
            found = {re.sub(r"(scopes)\[\d+\]$", r"\1", name) for name in reported(await send(admin, route, body))}
            assert found >= names


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_every_missing_field_is_reported(admin: Client, route: Route) -> None:
    assert route.body is not None
    plan = plan_of(route.body)
    missing = {field.name for field in plan.fields if field.required} | {name for name, _ in plan.needs}
    if missing:
        assert reported(await send(admin, route, {})) >= missing
    for field in plan.fields:
        if field.inner is not None and field.item is not None:
            inner = plan_of(field.inner)
            names = {each.name for each in inner.fields if each.required} | {name for name, _ in inner.needs}
            found = reported(await send(admin, route, {field.name: [{}, {}]}))
            assert found >= {f"{field.name}[{number}].{name}" for number in (0, 1) for name in names}


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_QUERY, ids=ids)
async def test_every_wrong_parameter_of_a_query_is_reported(admin: Client, route: Route) -> None:
    plan = plan_of(route.query)
    bounds = {
        field.name: "maybe" if kind_of(field.type) is bool else str(broken_bound(field.type)) for field in plan.fields
    }
    checked = {field.name: CHECKED[field.name] for field in plan.fields if field.checks}
    of_no_number = {field.name: "ten" for field in plan.fields if kind_of(field.type) is int}
    for query in ({**bounds, "none": "x"}, {**bounds, **checked}, {**bounds, **of_no_number}):
        assert reported(await send(admin, route, query=query)) == set(query)


@pytest.mark.one_engine
@pytest.mark.parametrize("struct", TYPES, ids=ids)
def test_every_field_of_a_request_has_limits(struct: type[Wire]) -> None:
    """What has none is one that nobody thought about: give it a length or a range, or a Check."""
    for field in plan_of(struct).fields:
        for wanted in (field.type, *([field.item] if field.item is not None else [])):
            kind = kind_of(wanted)
            assert kind in {str, int, bool, list, dict, Literal, Any} or struct_of(wanted), field.name
            if kind in {str, list}:
                assert bounds_of(wanted, "min_length", "max_length")[1], field.name
            if kind is int:
                assert None not in bounds_of(wanted, "ge", "le"), field.name
            if kind in {dict, Any}:
                assert field.checks, field.name


@pytest.mark.one_engine
@pytest.mark.parametrize("struct", TYPES, ids=ids)
def test_every_rule_between_fields_is_reported(struct: type[Wire]) -> None:
    for _, method in plan_of(struct).rules:
        sent, names = BETWEEN[method.__qualname__]
        of_query = any(struct is route.query for route in WITH_QUERY)
        report = decode.Report(struct, sent, strict=not of_query)
        assert {each["field"] for each in report.entries} == names
        with pytest.raises(Invalid):
            check_rules(msgspec.convert(sent, struct, strict=not of_query))


GROUPS = [(struct, group) for struct in TYPES for group in plan_of(struct).groups]


@pytest.mark.one_engine
@pytest.mark.parametrize(("struct", "group"), GROUPS, ids=lambda each: ids(each) if isinstance(each, type) else None)
def test_contradicting_aliases_of_one_field_are_refused(struct: type[Wire], group: Any) -> None:
    fields = {field.name: field for field in plan_of(struct).fields}
    names = [name for _, name in group]
    one, other = {
        str: ("some@example.com", "other@example.com"), int: (1, 2)
    }[kind_of(fields[names[0]].type)]  # fmt: skip
    assert len({kind_of(fields[name].type) for name in names}) == 1
    assert all(fields[name].default() in {None, msgspec.UNSET} for name in names)

    def contradicting(*values: Any) -> set[str]:
        report = decode.Report(struct, dict(zip(names, values, strict=True)), strict=True)
        return {each["field"] for each in report.entries if "contradicts" in each["message"]}

    assert contradicting(*[one] * len(names)) == set()
    assert contradicting(*[one] * (len(names) - 1), other) == set(names)


@pytest.mark.one_engine
def test_the_message_of_a_refusal_says_what_is_valid() -> None:
    from stockwright.catalog.wire import ProductBody
    from stockwright.http.wire import ListQuery

    with pytest.raises(decode.WrongFields) as wrong:
        decode.body(ProductBody, b'{"name": "x", "price": "1", "quantity": -1, "options": [], "status": "OLD"}', "")
    assert {each["field"]: each["message"] for each in wrong.value.details} == {
        "name": "must be 3 to 200 characters",
        "price": "must be a whole number from 1 to 1000000000000, not text",
        "quantity": "must be a whole number from 0 to 1000000000",
        "options": "must be a list of 1 to 3 items, not 0",
        "status": "must be one of ACTIVE, INACTIVE",
    }
    with pytest.raises(decode.WrongFields) as wrong:
        decode.query(ListQuery, b"limt=5")
    assert wrong.value.details == [
        {"field": "limt", "message": "is not a query parameter here; known: limit, nextToken"}
    ]


async def test_unknown_resources_are_reported_together_with_other_errors(admin: Client, made: Made) -> None:
    created = await admin.post("/products", {"name": "x", "price": "1", "category": "none", "location": "none"})
    assert reported(created) == {"name", "price", "category", "location"}
    created = await admin.post("/products", {"name": "A chair", "price": 1, "category": "none", "location": "none"})
    assert reported(created) == {"category", "location"}

    chair = await made()
    change = {"category": "none", "imageUrl": "http://x.org/a.png", "currency": "XXX", "price": 0}
    assert reported(await admin.patch(f"/products/{chair['id']}", change)) == set(change)
    assert reported(await admin.patch("/products/none", change)) == {"price"}


async def test_a_product_with_values_that_a_former_version_accepted_stays_editable(
    app: App, admin: Client, made: Made
) -> None:
    chair = await made()
    path, former = f"/products/{chair['id']}", {"imageUrl": "http://x.org/a.png", "currency": "XXX"}
    product = (await load_products(app.store, [chair["id"]]))[chair["id"]]
    batch = Batch()
    put_product(batch, replace(product, image_url=former["imageUrl"], currency=former["currency"]))
    await batch.commit(app.store)

    read = (await admin.get(path)).data
    assert {name: read[name] for name in former} == former
    for change in ({"price": 5}, {"price": 6, **former}):
        answer = await admin.patch(path, change)
        assert (answer.status, answer.data["price"]) == (200, change["price"])
    assert reported(await admin.patch(path, {"imageUrl": "http://x.org/b.png", "currency": "XTS"})) == set(former)
    better = {"imageUrl": "https://x.org/a.png", "currency": "EUR"}
    assert (await admin.patch(path, better)).status == 200
    assert reported(await admin.patch(path, former)) == set(former)


async def test_a_name_with_direction_changing_characters_is_refused_everywhere(
    app: App, admin: Client, made: Made
) -> None:
    odd = "ab\u202ecd"
    names = {"name": odd, "sku": odd, "type": odd, "brand": odd}
    assert reported(await admin.post("/products", {**names, "price": 0})) == {*names, "price"}
    foreign = {"productId": "f-1", "sku": "F-1"}
    assert reported(await admin.post("/inventory/initialize", {**foreign, "sku": odd})) == {"sku"}
    assert reported(await admin.post("/inventory/initialize", {**foreign, "location": odd})) == {"location"}
    assert reported(await admin.post("/categories", {"name": odd})) == {"name"}
    assert reported(await admin.patch("/categories/food", {"name": odd})) == {"name"}
    assert reported(await admin.post("/locations", {"id": odd})) == {"id"}
    assert reported(await admin.post("/locations", {"id": "north", "name": odd})) == {"name"}
    assert reported(await admin.patch("/locations/default", {"name": odd})) == {"name"}
    assert reported(await admin.patch("/users/me", {"name": odd})) == {"name"}

    chair = await made()
    path = f"/products/{chair['id']}"
    assert reported(await admin.patch(path, names)) == set(names)
    # What a former version took may stay, and be sent back as it was read.
    product, batch = (await load_products(app.store, [chair["id"]]))[chair["id"]], Batch()
    put_product(batch, replace(product, name=odd))
    await batch.commit(app.store)
    assert (await admin.patch(path, {"name": odd, "price": 5})).data["price"] == 5
    assert reported(await admin.patch(path, {"name": f"{odd}!"})) == {"name"}


async def test_a_location_without_a_name_is_named_by_its_id_and_an_empty_name_is_refused(admin: Client) -> None:
    for name in ("", "  "):
        assert reported(await admin.post("/locations", {"id": "north", "name": name})) == {"name"}
        assert reported(await admin.patch("/locations/default", {"name": name})) == {"name"}
    assert (await admin.post("/locations", {"id": "north"})).data["name"] == "north"
    assert (await admin.patch("/locations/north", {"name": " The  north "})).data["name"] == "The north"


async def test_a_change_without_fields_is_refused_with_what_it_needs(admin: Client, made: Made) -> None:
    path = f"/inventory/product/{(await made())['id']}/stock"
    for kind in ("ADJUSTMENT", "RESTOCK", "SALE"):
        answer = await admin.patch(path, {"quantity": 0, "type": kind})
        assert answer.details == [
            {"field": "quantity", "message": "must be a whole number from -1000000000 to 1000000000, but not 0"}
        ]


@pytest.mark.parametrize("path", ["/orders", "/sales", "/reservations"])
async def test_every_unknown_product_is_reported_with_its_line(admin: Client, made: Made, path: str) -> None:
    chair = (await made(quantity=5))["id"]
    items: list[dict[str, Any]] = [
        {"productId": "none-1", "quantity": 1},
        {"productId": chair, "quantity": 1},
        {"sku": "NONE-2", "quantity": 1},
        {"productId": "none-1", "quantity": 1},
    ]
    unknown = {"items[0].productId", "items[2].sku", "items[3].productId"}

    answer = await admin.post(path, {"items": items})
    assert answer.refusal == (404, "NOT_FOUND")
    assert (answer.details["productId"], answer.details["line"]) == ("none-1", 0)
    assert {each["field"] for each in answer.details["lines"]} == unknown

    items[1]["quantity"] = 0
    assert reported(await admin.post(path, {"items": items})) == unknown | {"items[1].quantity"}


@pytest.mark.parametrize("path", ["/orders", "/sales"])
async def test_a_total_beyond_exact_json_numbers_is_refused(admin: Client, made: Made, path: str) -> None:
    gem = (await made(quantity=10**9, price=10**12))["id"]
    line = {"productId": gem, "quantity": 5000}
    assert reported(await admin.post(path, {"items": [line, line]})) == {"items"}
    answer = await admin.post(path, {"productId": gem, "quantity": 10**9})
    assert reported(answer) == {"quantity"}
    assert "at most 9007199254740991 minor units" in answer.details[0]["message"]
    assert (await admin.get(f"/products/{gem}")).data["quantity"] == 10**9
    assert (await admin.post(path, {"productId": gem, "quantity": 9007})).data["totalAmount"] == 9007 * 10**12


async def test_the_unknown_product_of_a_short_form_is_reported_with_its_field(admin: Client) -> None:
    for path in ("/orders", "/sales"):
        answer = await admin.post(path, {"productId": "none", "quantity": 1})
        assert answer.refusal == (404, "NOT_FOUND")
        assert [each["field"] for each in answer.details["lines"]] == ["productId"]
    answer = await admin.post("/inventory/product/none/reserve", {"quantity": 1})
    assert answer.refusal == (404, "NOT_FOUND")


async def test_a_refused_request_changes_nothing(admin: Client, made: Made) -> None:
    chair = await made(quantity=5)
    before = (await admin.get(f"/products/{chair['id']}")).data
    await admin.patch(f"/products/{chair['id']}", {"price": 5, "quantity": 9, "threshold": 1, "lowStockThreshold": 2})
    await admin.post("/orders", {"items": [{"productId": chair["id"], "quantity": 1}], "productId": chair["id"]})
    assert (await admin.get(f"/products/{chair['id']}")).data == before


# ---- queries ---------------------------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize("route", [route for route in ROUTES if not route.any_query], ids=ids)
async def test_an_unknown_parameter_is_refused(admin: Client, route: Route) -> None:
    if "stream" not in route.path:
        answer = await send(admin, route, {} if route.changes else None, {"serach": "x", "utm_source": "a", "_": "1"})
        assert "serach" in reported(answer)
        assert not {"utm_source", "_"} & reported(answer)


@pytest.mark.one_engine
@pytest.mark.parametrize("name", ["email", "from", "to", "payment", "sort"])
async def test_filters_of_orders_that_do_not_exist_yet_are_refused(admin: Client, name: str) -> None:
    assert reported(await admin.get("/orders", **{name: "x"})) == {name}
    assert reported(await admin.get("/orders", **{name: ""})) == {name}


@pytest.mark.one_engine
async def test_health_accepts_any_parameter(nobody: Client) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        assert (await nobody.get(path, probe="7")).status == 200


@pytest.mark.parametrize("name", [".", "..", " .. "])
async def test_a_name_that_cannot_stand_in_a_path_is_refused(admin: Client, name: str) -> None:
    assert (await admin.post("/categories", {"name": name})).fields == {"name"}
    assert (await admin.patch("/categories/food", {"name": name})).fields == {"name"}
    for body in ({"id": name}, {"name": name}, {"id": name, "name": "Depot"}):
        assert (await admin.post("/locations", body)).fields == {"id"}
