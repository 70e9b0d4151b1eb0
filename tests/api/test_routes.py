"""The types of the route table: what a handler is declared to take is what its route gives it."""

from __future__ import annotations

from typing import get_args, get_origin, get_type_hints

import pytest

from stockwright.http.route import Call, Route
from stockwright.routes import ROUTES


@pytest.mark.parametrize("route", ROUTES, ids=lambda each: each.name)
def test_a_handler_names_the_body_and_the_query_of_its_route(route: Route) -> None:
    """The type checker compares them where they are named; `Call[Any, Any]` would take every route."""
    taken = next(iter(get_type_hints(route.run).values()))
    assert get_origin(taken) is Call
    body, query = get_args(taken)
    assert body is (type(None) if route.body is None else route.body)
    assert issubclass(route.query, query)


def test_an_alias_of_a_route_behaves_the_same() -> None:
    by_path = {(route.method, route.path): route for route in ROUTES}
    patch, put = by_path["PATCH", "/products/{id}"], by_path["PUT", "/products/{id}"]
    assert patch == put.at("/products/{id}", "PATCH")
    assert by_path["GET", "/order/{id}"] == by_path["GET", "/orders/{id}"].at("/order/{id}")
