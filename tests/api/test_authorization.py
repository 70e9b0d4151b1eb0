"""Who may do what: the whole matrix, made from the route table."""

from __future__ import annotations

import re

import pytest

from stockwright.api.route import Route
from stockwright.api.table import ROUTES
from stockwright.domain.account import SCOPES
from tests.api.asking import Client
from tests.api.conftest import AsKey

OPEN_BY_RULE = {
    "/api/health", "/api/health/live", "/api/health/ready", "/api/docs", "/api/docs/spec", "/.well-known/jwks.json",
    "/api/signup", "/api/users", "/api/signup/confirm", "/api/signup/resend", "/api/signin", "/api/users/login",
    "/api/auth/login", "/api/token/refresh", "/api/password/forgot", "/api/password/reset", "/api/setup",
    "/api/items", "/api/items/{id}", "/api/inventory/product/{productId}", "/api/inventory/sku/{sku}",
    "/api/inventory/check-availability",
}  # fmt: skip
"""Everything that SPEC lets anybody do, written down apart from the table."""

SIGNED_IN_MAY_CHANGE = {
    ("POST", "/api/signout"), ("PATCH", "/api/users/me"), ("POST", "/api/users/me/password"),
    ("POST", "/api/users/me/mfa"), ("POST", "/api/orders"), ("POST", "/api/orders/{id}/cancel"),
    ("POST", "/api/reservations"), ("POST", "/api/reservations/{id}/extend"),
    ("POST", "/api/inventory/product/{productId}/reserve"), ("POST", "/api/inventory/reservation/{id}/confirm"),
    ("POST", "/api/inventory/reservation/{id}/cancel"),
}  # fmt: skip
"""Everything that SPEC lets a customer change."""

BY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)


async def asked(client: Client, route: Route) -> int:
    path = re.sub(r"{\w+}", "none", route.full_path)
    headers = {} if client.authorization is None else {"authorization": client.authorization}
    body: dict[str, str] | None = {} if route.changes else None
    response = await client.http.request(route.method, path, json=body, headers=headers)
    return response.status_code


def is_stream(route: Route) -> bool:
    return route.path.endswith("/stream")


def test_what_is_open_to_anybody_is_what_the_rules_say() -> None:
    assert {route.full_path for route in ROUTES if route.who == "public"} <= OPEN_BY_RULE


def test_what_a_customer_may_change_is_what_the_rules_say() -> None:
    found = {(route.method, route.full_path) for route in ROUTES if route.who == "any" and route.changes}
    assert found <= SIGNED_IN_MAY_CHANGE


@BY_ROUTE
async def test_without_a_good_token_only_open_routes_answer(nobody: Client, route: Route) -> None:
    rubbish = ["Bearer", "Bearer ", "Bearer x.y.z", "Basic YWRtaW46YWRtaW4=", "x" * 5000, "sw_rubbish", "Bearer null"]
    for authorization in (None, *rubbish):
        status = await asked(Client(nobody.http, authorization), route)
        if route.who == "public":
            assert status != 403
        else:
            assert status == 401, authorization


@BY_ROUTE
async def test_a_customer_is_kept_from_what_is_for_admins(alice: Client, route: Route) -> None:
    if route.who == "any" and is_stream(route):
        return
    status = await asked(alice, route)

    assert (status == 403) is (route.who == "admin")
    assert status != 401 or route.who == "public"


@BY_ROUTE
async def test_an_admin_is_let_in_everywhere(admin: Client, route: Route) -> None:
    if is_stream(route):
        return
    status = await asked(admin, route)

    assert status != 403
    assert status < 500
    assert status != 401 or route.who == "public"


@BY_ROUTE
async def test_a_key_opens_what_its_scope_names_and_nothing_else(as_key: AsKey, route: Route) -> None:
    if route.who == "public":
        return
    for scope in SCOPES:
        status = await asked(await as_key(scope), route)
        assert (status == 403) is (scope not in route.scopes), scope
        assert status != 401
