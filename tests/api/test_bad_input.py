"""Bad input of every kind, at every route: the documented refusal, never a fault of ours."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from stockwright.http.route import Route
from stockwright.routes import ROUTES
from tests.api.asking import Client
from tests.api.conftest import Made

WITH_BODY = [route for route in ROUTES if route.body is not None]
WITH_QUERY = [route for route in ROUTES if route.query is not None and not route.path.endswith("/stream")]
WITH_PATH = [route for route in ROUTES if "{" in route.path]
ODD_VALUES: list[Any] = [
    None, True, -1, 0, 1.5, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**30, "", " ", "x", "x" * 5000, "\x00", "a\x00b",
    "\u202e", "💥", "' OR 1=1 --", "../../etc/passwd", "${jndi:x}", [], {}, [[]], [None], {"a": {"b": []}},
    ["x"] * 1001, [{}], [{"productId": "none", "quantity": 1}], [{"productId": None, "quantity": 10**20}],
]  # fmt: skip
ODD_TEXTS = ["", " ", "0", "-1", "abc", "1e9", "9" * 40, "\x00", "a\nb", "💥", "%", "x" * 3000, "true", "[]", "null"]
ODD_PARTS = [
    "x",
    "%00",
    "%0A",
    "%2F",
    "..%2F..",
    "%25",
    "%FF",
    "%F0%9F%92%A5",
    "x" * 129,
    "x" * 3000,
    "%20",
    "'",
    "%3F",
]


def ids(route: Route) -> str:
    return route.name


def path_of(route: Route, part: str = "none") -> str:
    return re.sub(r"{\w+}", lambda _: part, route.full_path)


async def sent(client: Client, route: Route, raw: bytes, content_type: str = "application/json") -> tuple[int, Any]:
    headers = {"content-type": content_type, "authorization": client.authorization or ""}
    response = await client.http.request(route.method, path_of(route), content=raw, headers=headers)
    return response.status_code, response.json()


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_a_body_that_is_not_a_json_object_gets_400(admin: Client, route: Route) -> None:
    for raw in (b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b"{}{}", b"\x00", b"[" * 100_000, b'{"a":' * 50_000):
        status, body = await sent(admin, route, raw)
        assert (status, body["error"]["code"]) == (400, "VALIDATION_ERROR"), raw[:20]
    status, body = await sent(admin, route, b"{}", "text/xml")
    assert (status, body["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert "text/xml" in body["error"]["message"]


@pytest.mark.one_engine
@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_a_body_that_is_too_large_gets_413(admin: Client, route: Route) -> None:
    status, body = await sent(admin, route, b" " * (route.body_bytes_max + 1))
    assert (status, body["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("route", WITH_BODY, ids=ids)
async def test_no_value_of_any_field_causes_a_server_error(admin: Client, route: Route) -> None:
    for field in msgspec.structs.fields(route.body):
        for value in ODD_VALUES:
            body = {**plausible(route), field.encode_name: value}
            status, answer = await sent(admin, route, json.dumps(body).encode())
            assert status < 500, (field.name, value, answer)
            if status == 400:
                assert answer["error"]["code"] == "VALIDATION_ERROR"
                assert answer["error"].get("details"), (field.name, value, answer)


@pytest.mark.parametrize(
    "color",
    ["[" * 960 + "]" * 960, "[" * 900 + r'"\u0001"' + "]" * 900, '{"":1}', "1e200", "1" * 25, f'"{"x" * 3000}"'],
    ids=["nested", "nested around a control character", "empty name", "huge", "many digits", "long"],
)
async def test_additional_fields_of_a_line_must_be_readable_again(admin: Client, made: Made, color: str) -> None:
    chair = (await made(quantity=5))["id"]
    line = f'{{"productId":"{chair}","quantity":1,"color":{color}}}'
    for path in ("/orders", "/sales"):
        answer = await admin.post(path, raw=f'{{"items":[{line}]}}'.encode())
        assert answer.refusal == (400, "VALIDATION_ERROR"), answer.response.text
    described = await admin.patch(f"/products/{chair}", raw=f'{{"attributes":{{"color":{color}}}}}'.encode())
    assert described.status == (200 if len(color) > 3000 else 400)
    assert (await admin.get("/orders?scope=all")).data["items"] == []


@pytest.mark.parametrize("route", WITH_QUERY, ids=ids)
async def test_no_value_of_any_filter_causes_a_server_error(admin: Client, route: Route) -> None:
    for field in msgspec.structs.fields(route.query):
        for text in ODD_TEXTS:
            headers = {"authorization": admin.authorization or ""}
            response = await admin.http.request(
                route.method, path_of(route), params={field.encode_name: text}, headers=headers
            )
            assert response.status_code in {200, 400, 404}, (field.name, text, response.text)


@pytest.mark.parametrize("route", WITH_PATH, ids=ids)
async def test_no_id_in_the_path_causes_a_server_error(admin: Client, route: Route) -> None:
    for part in ODD_PARTS:
        headers = {"authorization": admin.authorization or ""}
        body = json.dumps(plausible(route)).encode() if route.changes else None
        response = await admin.http.request(route.method, path_of(route, part), content=body, headers=headers)
        assert response.status_code in {400, 404, 409}, (part, response.text)


@pytest.mark.one_engine
async def test_no_header_causes_a_server_error(admin: Client) -> None:
    for name in ("if-none-match", "if-match", "idempotency-key", "origin", "content-type", "x-forwarded-for", "accept"):
        for value in (
            b"",
            b"\xff\xfe",
            b'"',
            b"W/",
            b"*",
            b",,,",
            b"x" * 8000,
            b"\x7f",
            b'"999999999999999999999"',
            b"-1",
        ):
            response = await admin.http.request(
                "POST",
                "/api/sales",
                content=b"{}",
                headers=[(b"authorization", (admin.authorization or "").encode()), (name.encode(), value)],
            )
            assert response.status_code == 400, (name, value, response.text)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "query", ["a" * 20_000, "&".join(["limit=1"] * 100), "limit=1;limit=2", "%", "%zz", "=", "&&&"]
)
async def test_no_query_string_causes_a_server_error(admin: Client, query: str) -> None:
    headers = {"authorization": admin.authorization or ""}
    response = await admin.http.get(f"/api/products?{query}", headers=headers)

    assert response.status_code in {200, 400}


async def test_a_search_takes_every_character_literally(admin: Client) -> None:
    for text in ("%", "_", "*", "'", '"', "\\", "(", "💥", "İ", "ß"):
        assert (await admin.get(f"/products?search={quote(text)}")).data["items"] == []


def plausible(route: Route) -> dict[str, Any]:
    """Fields that many bodies share, so that one odd value is not hidden behind what else is missing."""
    return {
        "name": "A plausible name",
        "description": "A plausible description",
        "category": "other",
        "price": 100,
        "sku": f"SKU-{route.name[:40]}",
        "quantity": 1,
        "productId": "none",
        "type": "RESTOCK",
        "from": "default",
        "to": "other",
        "email": "somebody@example.com",
        "password": "Plausible-Pass-1",
        "code": "123456",
        "token": "none",
        "refreshToken": "none.none",
        "currentPassword": "Plausible-Pass-1",
        "newPassword": "Plausible-Pass-2",
        "action": "confirm",
        "scopes": ["inventory"],
    }
