"""The OpenAPI document: valid, whole, and true to what the edge does."""

from __future__ import annotations

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from stockwright.examples import EXAMPLES
from stockwright.http.openapi import document
from stockwright.http.wire import Empty, Versioned
from stockwright.routes import ROUTES
from tests.api.asking import Client
from tests.api.conftest import Made
from tests.pictures import picture


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document(ROUTES, EXAMPLES)))
    return read


def test_the_document_is_valid_openapi(specification: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(specification).validate()


def test_every_route_is_documented_under_its_own_name(specification: dict[str, Any]) -> None:
    operations = [each for path in specification["paths"].values() for each in path.values()]

    assert len(operations) == len(ROUTES)
    assert len({each["operationId"] for each in operations}) == len(ROUTES)
    for each in operations:
        assert each["summary"]
        assert {"429", "500"} <= each["responses"].keys()


def test_every_part_of_a_path_is_a_parameter(specification: dict[str, Any]) -> None:
    for path, methods in specification["paths"].items():
        for operation in methods.values():
            named = {each["name"] for each in operation["parameters"] if each.get("in") == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_changes_document_the_idempotency_key_and_its_errors(specification: dict[str, Any]) -> None:
    for route in ROUTES:
        operation = specification["paths"][route.full_path][route.method.lower()]
        keyed = {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
        assert keyed is route.takes_key
        if route.takes_key:
            assert {"409", "413", "422"} <= operation["responses"].keys()


def test_every_operation_documents_who_may_use_it(specification: dict[str, Any]) -> None:
    for route in ROUTES:
        operation = specification["paths"][route.full_path][route.method.lower()]
        assert bool(operation["security"]) is (route.who != "public")
        assert ("401" in operation["responses"]) or route.who == "public"
        if route.who == "admin":
            assert "403" in operation["responses"]


def test_every_body_has_an_example_that_its_type_accepts(specification: dict[str, Any]) -> None:
    bodies = {route.body for route in ROUTES if route.body is not None}
    bodies |= {fields for route in ROUTES for kind, fields in route.also.items() if kind == "application/json"}
    assert EXAMPLES.keys() == bodies - {Empty, Versioned}
    for body, example in EXAMPLES.items():
        msgspec.convert(example, body)
        known = {field.encode_name for field in msgspec.structs.fields(body)}
        assert example.keys() <= known, body
    placing = specification["paths"]["/api/orders"]["post"]["requestBody"]["content"]["application/json"]
    assert placing["example"]["items"][0]["quantity"] == 2


async def test_the_document_is_served_without_the_envelope(nobody: Client, specification: dict[str, Any]) -> None:
    answer = await nobody.get("/docs/spec")

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.response.json() == specification


async def test_answers_match_their_schemas(
    specification: dict[str, Any], admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product = await made()
    line = {"productId": product["id"], "quantity": 1}
    image = f"/products/{product['id']}/images"
    picture_id = (await admin.post(image, raw=picture(), headers={"content-type": "image/png"})).data["id"]
    order = (await alice.post("/orders", line)).data
    hold = (await alice.post("/reservations", {"items": [line]})).data
    for client, method, template, names, body in (
        (nobody, "GET", "/health", {}, None),
        (nobody, "GET", "/health/ready", {}, None),
        (alice, "GET", "/products", {}, None),
        (alice, "GET", "/products/{id}", {"id": product["id"]}, None),
        (admin, "PATCH", "/products/{id}/images/{imageId}", {"id": product["id"], "imageId": picture_id}, {"alt": "x"}),
        (nobody, "GET", "/items", {}, None),
        (nobody, "GET", "/items/{id}", {"id": product["id"]}, None),
        (alice, "GET", "/categories", {}, None),
        (alice, "GET", "/locations", {}, None),
        (alice, "GET", "/inventory", {}, None),
        (nobody, "GET", "/inventory/product/{productId}", {"productId": product["id"]}, None),
        (admin, "GET", "/inventory/product/{productId}/movements", {"productId": product["id"]}, None),
        (admin, "GET", "/inventory/product/{productId}/explain", {"productId": product["id"]}, None),
        (admin, "GET", "/inventory/low-stock", {}, None),
        (admin, "PUT", "/stock", {}, {"productId": product["id"], "quantity": 9}),
        (nobody, "POST", "/inventory/check-availability", {}, {"items": [line]}),
        (alice, "GET", "/orders", {}, None),
        (alice, "GET", "/orders/{id}", {"id": order["id"]}, None),
        (alice, "POST", "/orders", {}, {"items": [line, line]}),
        (alice, "GET", "/reservations/{id}", {"id": hold["id"]}, None),
        (admin, "POST", "/sales", {}, line),
        (admin, "POST", "/orders", {}, {}),
        (alice, "GET", "/orders/{id}", {"id": "none"}, None),
    ):
        path = template
        for name, value in names.items():
            path = path.replace("{" + name + "}", value)
        answer = await client.ask(method, path, body)
        said = specification["paths"][f"/api{template}"][method.lower()]["responses"][str(answer.status)]
        schema = {**said["content"]["application/json"]["schema"], "components": specification["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json)
